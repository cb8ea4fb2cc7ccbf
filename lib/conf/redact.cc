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
    if (element.is_table()) RedactTable(*element.as_table());
    if (element.is_array()) RedactArray(*element.as_array());
  }
}

void RedactTable(toml::table& table) {
  for (auto&& [key, value] : table) {
    const std::string_view name = key.str();
    const bool secret = std::any_of(std::begin(kSecretEnds), std::end(kSecretEnds),
                                    [&](std::string_view end) { return name.ends_with(end); });
    if (value.is_table()) RedactTable(*value.as_table());
    if (value.is_array()) RedactArray(*value.as_array());
    if (secret && value.is_string() && !value.as_string()->get().empty()) {
      value.as_string()->get() = "(secret)";
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
