// Bundles of diagnostics: what somebody needs who is asked for help, without any secret.
#ifndef OCA_SERVICES_CONFIG_DIAGNOSTICS_H_
#define OCA_SERVICES_CONFIG_DIAGNOSTICS_H_

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/api/diagnostics.pb.h"
#include "services/config/bundle.h"

namespace oca::config {

// A text of the bundle, made when it is collected: a list, statistics. An error stands in its
// place.
struct DiagnosticText {
  std::string name;  // in the bundle, "state/system.json"
  std::function<absl::StatusOr<std::string>()> make;
};

// In <home>/diagnostics, one file each. One is collected at a time, on a thread of its own.
// Thread-safe.
class Diagnostics {
 public:
  Diagnostics(std::string home, std::vector<DiagnosticText> texts, std::function<absl::Time()> now);
  // Waits for the one that is being collected.
  ~Diagnostics();
  Diagnostics(const Diagnostics&) = delete;
  Diagnostics& operator=(const Diagnostics&) = delete;

  // Begins a bundle. basic: without old logs, and the end alone of the others. kFailedPrecondition
  // while one is being collected; the error of the disk.
  absl::StatusOr<management::v1::DiagnosticBundle> Collect(bool basic) ABSL_LOCKS_EXCLUDED(mu_);
  // The newest first; also the one that is being collected, or could not be.
  std::vector<management::v1::DiagnosticBundle> List() ABSL_LOCKS_EXCLUDED(mu_);
  // kNotFound when there is none of this name; kFailedPrecondition while it is being collected.
  absl::Status Delete(std::string_view name) ABSL_LOCKS_EXCLUDED(mu_);
  // All but the one that is being collected; how many.
  absl::StatusOr<int> DeleteAll() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  std::string PathOf(std::string_view name) const;
  std::vector<std::string> Names() const;
  void Work(const std::string& name, bool basic) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Fill(Bundle& bundle, bool basic) ABSL_LOCKS_EXCLUDED(mu_);
  void Progress(size_t done, size_t of) ABSL_LOCKS_EXCLUDED(mu_);

  const std::string folder_;
  const std::string home_;
  const std::vector<DiagnosticText> texts_;
  const std::function<absl::Time()> now_;
  absl::Mutex mu_;
  management::v1::DiagnosticBundle current_ ABSL_GUARDED_BY(mu_);  // or the last that failed
  bool collecting_ ABSL_GUARDED_BY(mu_) = false;
  std::thread worker_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_DIAGNOSTICS_H_
