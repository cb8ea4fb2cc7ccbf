#include "gateways/ndmp/ocandmpd/settings.h"

#include <cerrno>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/conf/suggest.h"
#include "lib/daemon/secret_file.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "toml++/toml.h"

namespace oca::ndmp {
namespace {

// Takes one key's value; the error says what it must be.
using Setter = std::function<absl::Status(const toml::node& value)>;

Setter Text(std::string* field) {
  return [field](const toml::node& value) -> absl::Status {
    std::optional<std::string> text = value.value_exact<std::string>();
    if (!text) return absl::InvalidArgumentError("must be a string");
    *field = *text;
    return absl::OkStatus();
  };
}

Setter Port(uint16_t* field) {
  return [field](const toml::node& value) -> absl::Status {
    std::optional<int64_t> number = value.value_exact<int64_t>();
    if (!number || *number < 0 || *number > 65535) {
      return absl::InvalidArgumentError("must be a port, 0 to 65535");
    }
    *field = static_cast<uint16_t>(*number);
    return absl::OkStatus();
  };
}

Setter Ip(uint32_t* field) {
  return [field](const toml::node& value) -> absl::Status {
    std::optional<std::string> text = value.value_exact<std::string>();
    absl::StatusOr<uint32_t> ip = ParseIp(text.value_or(""));
    if (!ip.ok()) return absl::InvalidArgumentError("must be an IPv4 address");
    *field = *ip;
    return absl::OkStatus();
  };
}

Setter Ports(PortRange* field) {
  return [field](const toml::node& value) -> absl::Status {
    const toml::array* pair = value.as_array();
    absl::Status wrong = absl::InvalidArgumentError("must be two ports, such as [11000, 11099]");
    if (pair == nullptr || pair->size() != 2) return wrong;
    OCA_RETURN_IF_ERROR(Port(&field->first)(*pair->get(0)));
    OCA_RETURN_IF_ERROR(Port(&field->last)(*pair->get(1)));
    return field->first > 0 && field->first <= field->last ? absl::OkStatus() : wrong;
  };
}

Setter SecretOfFile(crypto::Secret* field) {
  return [field](const toml::node& value) -> absl::Status {
    std::string path;
    OCA_RETURN_IF_ERROR(Text(&path)(value));
    OCA_ASSIGN_OR_RETURN(*field, daemon::ReadSecretFile(path));
    return absl::OkStatus();
  };
}

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  absl::Status Error(const toml::source_region& at, std::string_view text) const {
    return absl::InvalidArgumentError(fmt::format("{}:{}: {}", source_, at.begin.line, text));
  }

  absl::Status Read(const toml::table& table, const std::map<std::string, Setter>& setters) const {
    for (const auto& [key, value] : table) {
      std::string name(key.str());
      auto found = setters.find(name);
      if (found == setters.end()) return Error(key.source(), Unknown(name, setters));
      absl::Status status = found->second(value);
      // What stands deeper has said where already.
      if (!status.ok() && value.is_array_of_tables()) return status;
      if (!status.ok()) {
        return Error(key.source(), fmt::format("{} {}", name, MessageOf(status)));
      }
    }
    return absl::OkStatus();
  }

  Setter Libraries(std::vector<LibraryAddress>* libraries) const {
    return [=, this](const toml::node& value) -> absl::Status {
      const toml::array* entries = value.as_array();
      if (entries == nullptr || !value.is_array_of_tables()) {
        return absl::InvalidArgumentError("must be sections: [[library]]");
      }
      for (const toml::node& entry : *entries) {
        LibraryAddress library;
        OCA_RETURN_IF_ERROR(Read(*entry.as_table(),
                                 {{"name", Text(&library.name)},
                                  {"portal", Text(&library.portal)},
                                  {"target", Text(&library.target)},
                                  {"initiator", Text(&library.initiator)},
                                  {"chap_user", Text(&library.chap_user)},
                                  {"chap_password_file", SecretOfFile(&library.chap_password)}}));
        OCA_RETURN_IF_ERROR(Check(library, *libraries, entry.source()));
        libraries->push_back(std::move(library));
      }
      return absl::OkStatus();
    };
  }

 private:
  absl::Status Check(const LibraryAddress& library, const std::vector<LibraryAddress>& others,
                     const toml::source_region& at) const {
    if (library.name.empty() || library.portal.empty() || library.target.empty()) {
      return Error(at, "a library needs name, portal and target");
    }
    if (library.name.find('/') != std::string::npos) {
      return Error(at, fmt::format("the name of library '{}' is part of its devices' names: no '/'",
                                   library.name));
    }
    for (const LibraryAddress& other : others) {
      if (other.name == library.name) {
        return Error(at, fmt::format("there are two libraries '{}'", library.name));
      }
    }
    return absl::OkStatus();
  }

  static std::string Unknown(const std::string& name,
                             const std::map<std::string, Setter>& setters) {
    std::vector<std::string> known;
    for (const auto& [key, setter] : setters) known.push_back(key);
    std::string nearest = conf::Nearest(name, known);
    if (!nearest.empty()) {
      return fmt::format("unknown key: \"{}\"; did you mean \"{}\"?", name, nearest);
    }
    return fmt::format("unknown key: \"{}\"; known are {}", name, fmt::join(known, ", "));
  }

  const std::string_view source_;
};

}  // namespace

absl::StatusOr<Settings> ParseSettings(std::string_view text, std::string_view source) {
  toml::parse_result parsed = toml::parse(text, source);
  Reader reader(source);
  if (!parsed) return reader.Error(parsed.error().source(), parsed.error().description());
  Settings settings;
  OCA_RETURN_IF_ERROR(
      reader.Read(parsed.table(), {{"address", Ip(&settings.reach.control.ip)},
                                   {"port", Port(&settings.reach.control.port)},
                                   {"data_address", Ip(&settings.reach.data.ip)},
                                   {"mount", Text(&settings.mount)},
                                   {"data_ports", Ports(&settings.reach.data.ports)},
                                   {"library", reader.Libraries(&settings.libraries)}}));
  return settings;
}

absl::StatusOr<Settings> LoadSettings(const std::string& path) {
  std::ifstream in(path);
  if (!in) return PosixError(errno != 0 ? errno : ENOENT, fmt::format("configuration {}", path));
  std::stringstream text;
  text << in.rdbuf();
  if (in.bad()) return PosixError(EIO, fmt::format("configuration {}", path));
  return ParseSettings(text.str(), path);
}

}  // namespace oca::ndmp
