#include "lib/conf/redact.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "toml++/toml.h"

namespace oca::conf {
namespace {

constexpr std::string_view kSecretEnds[] = {"dsn",    "password", "passphrase",
                                            "secret", "token",    "key"};

void RedactTable(toml::table& table);

void RedactArray(toml::array& array) {
  for (toml::node& element : array) {
    if (toml::table* inner = element.as_table()) RedactTable(*inner);
    if (toml::array* inner = element.as_array()) RedactArray(*inner);
  }
}

void RedactTable(toml::table& table) {
  for (auto&& [key, value] : table) {
    const std::string_view name = key.str();
    const bool secret = std::any_of(std::begin(kSecretEnds), std::end(kSecretEnds),
                                    [&](std::string_view end) { return name.ends_with(end); });
    if (toml::table* inner = value.as_table()) {
      RedactTable(*inner);
    } else if (toml::array* inner = value.as_array()) {
      RedactArray(*inner);
    } else if (toml::value<std::string>* text = value.as_string();
               secret && text != nullptr && !text->get().empty()) {
      text->get() = "(secret)";
    }
  }
}

}  // namespace

std::string Redact(std::string_view toml) {
  toml::parse_result parsed = toml::parse(toml);
  if (!parsed) return "# not shown: it cannot be read as TOML\n";
  RedactTable(parsed.table());
  std::ostringstream out;
  out << parsed.table() << '\n';
  return out.str();
}

}  // namespace oca::conf
