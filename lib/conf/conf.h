// The configuration of all processes: typed, with a default for each value, read from one TOML
// file. etc/oca.toml shows every key. An unknown key or a value of the wrong type or range is an
// error that says file and line.
#ifndef OCA_LIB_CONF_CONF_H_
#define OCA_LIB_CONF_CONF_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace oca::conf {

// [fs]: the filesystem daemon and its mount.
struct Fs {
  uint64_t memory_budget_bytes = 1ull << 30;  // "memory_budget": of the whole daemon
  int64_t commit_interval_ms = 5000;          // longest time that a change stays volatile
  int64_t workers = 0;                        // compression and hashing threads; 0 = one per CPU
  int64_t mount_threads = 4;                  // requests of the kernel served at once
  // Bytes a second that are read again to find damage; 0 = none.
  uint64_t scrub_rate_bytes = 8u << 20;
  int64_t scrub_interval_days = 30;  // each pack is read again as often, when the rate allows it
  bool allow_other = true;  // other users may enter the mount, where the system lets us allow it
  int64_t read_ahead_kib =
      2048;  // the kernel's read-ahead on the mount; 0 = leave the kernel's default
  std::string passphrase_dir;  // a file for each encrypted storage group; empty = none
};

// [cleaner]: when space is reclaimed without being asked.
struct Cleaner {
  bool automatic = true;
  int64_t start_percent = 5;   // of what is stored may be dead before a run begins
  int64_t idle_seconds = 120;  // less is reclaimed too once nobody has read or written for so long
};

// [database]: of the control plane.
struct Database {
  std::string dsn;  // libpq connection string; empty = a private cluster under the home
};

// [log]
struct Log {
  std::string level = "info";           // debug, info, warning, error
  uint64_t max_size_bytes = 16u << 20;  // "max_size": of a file; then another one is begun
  int64_t max_age_hours = 24;           // of a file
  int64_t keep_files = 20;              // old ones of a process
  bool syslog = false;                  // lines go to the system's log too
};

// [watcher]
struct Watcher {
  int64_t give_up_after = 10;  // a process that ends so often in a row, within a minute each
};

// [ssh]
struct Ssh {
  std::string group;  // whose accounts bring users in; empty = that of the appliance's own account
  std::string account_group;  // whose accounts are users by their own names; empty = none are
};

// [vtl]: tape libraries.
struct Vtl {
  std::string portal_address = "127.0.0.1";  // where new ones are reached
  int64_t first_port = 3260;                 // the first free one from here on is theirs
};

// [http]: REST
struct Http {
  std::string address = "127.0.0.1";  // to listen at; "::" = everywhere
  int64_t port = 5233;                // 0 = a free one, another at each start
};

// [gateways]
struct Gateways {
  std::string group;  // whose accounts run gateways; empty = that of the appliance's own account
};

// [mail]
struct Mail {
  // PEM: what certificates of mail relays are checked against; empty = the system's authorities.
  std::string ca_file;
};

struct Config {
  Fs fs;
  Cleaner cleaner;
  Database database;
  Log log;
  Watcher watcher;
  Ssh ssh;
  Vtl vtl;
  Http http;
  Gateways gateways;
  Mail mail;
};

// The file's contents over the defaults. kNotFound when there is no such file, kInvalidArgument for
// what it says.
absl::StatusOr<Config> LoadFile(const std::string& path);

// The configuration of the appliance in `home`: `path` when it is not empty, else <home>/oca.toml,
// and the defaults when that is not there. Errors as LoadFile.
absl::StatusOr<Config> LoadOfHome(const std::string& home, const std::string& path = "");

// The same from text; `source` is the file's name for messages.
absl::StatusOr<Config> Parse(std::string_view text, std::string_view source);

// All keys as "section.key", in the order of etc/oca.toml.
std::vector<std::string> KnownKeys();

}  // namespace oca::conf

#endif  // OCA_LIB_CONF_CONF_H_
