// What ocandmpd is told by <home>/ndmp.toml: where it listens, and what it serves.
#ifndef OCA_GATEWAYS_NDMP_OCANDMPD_SETTINGS_H_
#define OCA_GATEWAYS_NDMP_OCANDMPD_SETTINGS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateways/ndmp/device/library_directory.h"
#include "gateways/ndmp/session/server.h"

namespace oca::ndmp {

struct Settings {
  Reach reach{{0, 10000}, {}};
  std::string mount;  // of the containers; empty: where ocafsd mounts them by default
  std::vector<LibraryAddress> libraries;
};

// kNotFound when there is no such file; kInvalidArgument, with the line, for what it says.
// Passwords of CHAP are read from the files that it names.
absl::StatusOr<Settings> LoadSettings(const std::string& path);
// The same from text; `source` is the file's name for messages.
absl::StatusOr<Settings> ParseSettings(std::string_view text, std::string_view source);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_OCANDMPD_SETTINGS_H_
