#include "lib/conf/conf.h"

#include <cctype>
#include <charconv>
#include <fstream>
#include <functional>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/conf/suggest.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "toml++/toml.h"

namespace oca::conf {
namespace {

// Reads one value into a Config; the error says what the value must be.
using Setter = std::function<absl::Status(const toml::node& value, Config* config)>;

struct Field {
  std::string section;
  std::string key;
  Setter set;
};

Setter Integer(int64_t* (*field)(Config*), int64_t least, int64_t most) {
  return [=](const toml::node& value, Config* config) -> absl::Status {
    std::optional<int64_t> number = value.value_exact<int64_t>();
    if (!number || *number < least || *number > most) {
      return absl::InvalidArgumentError(
          fmt::format("must be a whole number from {} to {}", least, most));
    }
    *field(config) = *number;
    return absl::OkStatus();
  };
}

Setter Boolean(bool* (*field)(Config*)) {
  return [=](const toml::node& value, Config* config) -> absl::Status {
    std::optional<bool> flag = value.value_exact<bool>();
    if (!flag) return absl::InvalidArgumentError("must be true or false");
    *field(config) = *flag;
    return absl::OkStatus();
  };
}

// allowed empty = anything.
Setter Text(std::string* (*field)(Config*), std::vector<std::string> allowed = {}) {
  return [=](const toml::node& value, Config* config) -> absl::Status {
    std::optional<std::string> text = value.value_exact<std::string>();
    bool listed = allowed.empty();
    for (const std::string& word : allowed) listed |= text == word;
    if (text && listed) {
      *field(config) = *text;
      return absl::OkStatus();
    }
    if (allowed.empty()) return absl::InvalidArgumentError("must be a string");
    return absl::InvalidArgumentError(
        fmt::format("must be one of \"{}\"", fmt::join(allowed, "\", \"")));
  };
}

std::optional<uint64_t> ParseByteSize(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  std::string_view unit = text.substr(end - text.data());
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  static constexpr std::pair<std::string_view, int> kUnits[] = {
      {"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  for (const auto& [name, shift] : kUnits) {
    if (unit != name) continue;
    if (number > std::numeric_limits<uint64_t>::max() >> shift) return std::nullopt;
    return number << shift;
  }
  return std::nullopt;
}

// A number of bytes, or a string such as "512MiB".
Setter ByteSize(uint64_t* (*field)(Config*), uint64_t least) {
  return [=](const toml::node& value, Config* config) -> absl::Status {
    std::optional<uint64_t> bytes;
    if (auto number = value.value_exact<int64_t>(); number && *number >= 0) bytes = *number;
    if (auto text = value.value_exact<std::string>()) bytes = ParseByteSize(*text);
    if (!bytes || *bytes < least) {
      return absl::InvalidArgumentError(
          fmt::format("must be a number of bytes, or a string like \"512MiB\" or \"4GiB\", "
                      "at least {} MiB",
                      least >> 20));
    }
    *field(config) = *bytes;
    return absl::OkStatus();
  };
}

const std::vector<Field>& Fields() {
  static const auto* fields = new std::vector<Field>{
      {"fs", "memory_budget",
       ByteSize([](Config* c) { return &c->fs.memory_budget_bytes; }, 64u << 20)},
      {"fs", "commit_interval_ms",
       Integer([](Config* c) { return &c->fs.commit_interval_ms; }, 10, 600'000)},
      {"fs", "workers", Integer([](Config* c) { return &c->fs.workers; }, 0, 1024)},
      {"fs", "mount_threads", Integer([](Config* c) { return &c->fs.mount_threads; }, 2, 256)},
      {"fs", "scrub_rate", ByteSize([](Config* c) { return &c->fs.scrub_rate_bytes; }, 0)},
      {"fs", "scrub_interval_days",
       Integer([](Config* c) { return &c->fs.scrub_interval_days; }, 1, 3650)},
      {"fs", "allow_other", Boolean([](Config* c) { return &c->fs.allow_other; })},
      {"fs", "read_ahead_kib",
       Integer([](Config* c) { return &c->fs.read_ahead_kib; }, 0, 1 << 20)},
      {"fs", "passphrase_dir", Text([](Config* c) { return &c->fs.passphrase_dir; })},
      {"cleaner", "automatic", Boolean([](Config* c) { return &c->cleaner.automatic; })},
      {"cleaner", "start_percent",
       Integer([](Config* c) { return &c->cleaner.start_percent; }, 1, 100)},
      {"cleaner", "idle_seconds",
       Integer([](Config* c) { return &c->cleaner.idle_seconds; }, 1, 86'400)},
      {"database", "dsn", Text([](Config* c) { return &c->database.dsn; })},
      {"log", "level",
       Text([](Config* c) { return &c->log.level; }, {"debug", "info", "warning", "error"})},
      {"log", "max_size", ByteSize([](Config* c) { return &c->log.max_size_bytes; }, 1u << 20)},
      {"log", "max_age_hours", Integer([](Config* c) { return &c->log.max_age_hours; }, 1, 8760)},
      {"log", "keep_files", Integer([](Config* c) { return &c->log.keep_files; }, 1, 10'000)},
      {"log", "syslog", Boolean([](Config* c) { return &c->log.syslog; })},
      {"watcher", "give_up_after",
       Integer([](Config* c) { return &c->watcher.give_up_after; }, 2, 1000)},
      {"ssh", "group", Text([](Config* c) { return &c->ssh.group; })},
      {"ssh", "account_group", Text([](Config* c) { return &c->ssh.account_group; })},
      {"vtl", "portal_address", Text([](Config* c) { return &c->vtl.portal_address; })},
      {"vtl", "first_port", Integer([](Config* c) { return &c->vtl.first_port; }, 1, 65535)},
      {"http", "address", Text([](Config* c) { return &c->http.address; })},
      {"http", "port", Integer([](Config* c) { return &c->http.port; }, 0, 65535)},
      {"gateways", "group", Text([](Config* c) { return &c->gateways.group; })},
      {"mail", "ca_file", Text([](Config* c) { return &c->mail.ca_file; })},
  };
  return *fields;
}

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  absl::Status Error(const toml::source_region& at, std::string_view text) const {
    return absl::InvalidArgumentError(fmt::format("{}:{}: {}", source_, at.begin.line, text));
  }

  absl::Status ReadSection(const std::string& section, const toml::node& node, Config* config) {
    std::vector<std::string> sections;
    for (const Field& field : Fields()) {
      if (sections.empty() || sections.back() != field.section) sections.push_back(field.section);
    }
    bool known = false;
    for (const std::string& name : sections) known |= name == section;
    if (!known) return Error(node.source(), Unknown("section", section, sections));
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      return Error(node.source(), fmt::format("{} must be a section: [{}]", section, section));
    }
    for (const auto& [key, value] : *table) {
      OCA_RETURN_IF_ERROR(ReadKey(section, std::string(key.str()), key.source(), value, config));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadKey(const std::string& section, const std::string& key,
                       const toml::source_region& at, const toml::node& value, Config* config) {
    std::vector<std::string> keys;
    for (const Field& field : Fields()) {
      if (field.section != section) continue;
      keys.push_back(field.key);
      if (field.key != key) continue;
      absl::Status status = field.set(value, config);
      if (status.ok()) return status;
      return Error(at, fmt::format("{}.{} {}", section, key, MessageOf(status)));
    }
    return Error(at, Unknown(fmt::format("key in [{}]", section), key, keys));
  }

  static std::string Unknown(std::string_view what, const std::string& name,
                             const std::vector<std::string>& candidates) {
    std::string nearest = Nearest(name, candidates);
    if (!nearest.empty()) {
      return fmt::format("unknown {}: \"{}\"; did you mean \"{}\"?", what, name, nearest);
    }
    return fmt::format("unknown {}: \"{}\"; known are {}", what, name, fmt::join(candidates, ", "));
  }

  std::string_view source_;
};

}  // namespace

absl::StatusOr<Config> Parse(std::string_view text, std::string_view source) {
  toml::parse_result parsed = toml::parse(text, source);
  Reader reader(source);
  if (!parsed) {
    return reader.Error(parsed.error().source(), parsed.error().description());
  }
  Config config;
  for (const auto& [key, node] : parsed.table()) {
    OCA_RETURN_IF_ERROR(reader.ReadSection(std::string(key.str()), node, &config));
  }
  return config;
}

absl::StatusOr<Config> LoadFile(const std::string& path) {
  std::ifstream in(path);
  if (!in) return PosixError(errno != 0 ? errno : ENOENT, fmt::format("configuration {}", path));
  std::stringstream text;
  text << in.rdbuf();
  if (in.bad()) return PosixError(EIO, fmt::format("configuration {}", path));
  return Parse(text.str(), path);
}

absl::StatusOr<Config> LoadOfHome(const std::string& home, const std::string& path) {
  if (!path.empty()) return LoadFile(path);
  absl::StatusOr<Config> config = LoadFile(home + "/oca.toml");
  if (absl::IsNotFound(config.status())) return Config();
  return config;
}

std::vector<std::string> KnownKeys() {
  std::vector<std::string> keys;
  for (const Field& field : Fields()) keys.push_back(field.section + "." + field.key);
  return keys;
}

}  // namespace oca::conf
