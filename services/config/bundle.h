// A bundle of diagnostics: one compressed tar archive.
#ifndef OCA_SERVICES_CONFIG_BUNDLE_H_
#define OCA_SERVICES_CONFIG_BUNDLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct archive;

namespace oca::config {

// Writes `path` (tar, zstd, mode 0600), which is there once Finish was OK and not before. Not
// thread-safe.
class Bundle {
 public:
  // folder: the one in the archive that holds everything.
  static absl::StatusOr<std::unique_ptr<Bundle>> Create(const std::string& path,
                                                        std::string folder);
  ~Bundle();
  Bundle(const Bundle&) = delete;
  Bundle& operator=(const Bundle&) = delete;

  // A file in the archive. Errors are those of the disk that the archive is on.
  absl::Status AddText(std::string_view name, std::string_view text);
  // The last `most_bytes` of the file at `path`, as it is now. kNotFound and the like when it
  // cannot be read; the archive goes on without it.
  absl::Status AddFile(std::string_view name, const std::string& path, uint64_t most_bytes);
  absl::Status Finish();

 private:
  Bundle(std::string path, std::string folder, struct archive* archive);
  absl::Status Begin(std::string_view name, uint64_t bytes);
  absl::Status Failed() const;

  const std::string path_;
  const std::string folder_;
  struct archive* archive_;
  bool finished_ = false;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_BUNDLE_H_
