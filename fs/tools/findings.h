// What ofsck found and did, one line each: printed as it comes, and kept for the manifest.
#ifndef OCA_FS_TOOLS_FINDINGS_H_
#define OCA_FS_TOOLS_FINDINGS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace oca::ofsck {

// Not thread-safe.
class Findings {
 public:
  enum class Kind { kFault, kUnchecked, kDone };
  using Listener = std::function<void(Kind, const std::string& line)>;
  // Each line is told to `listener` when it is new.
  explicit Findings(Listener listener) : listener_(std::move(listener)) {}

  // Something is not as it was written.
  void Fault(std::string what) { Add(Kind::kFault, std::move(what), &faults_); }
  // Something could not be looked at.
  void Unchecked(std::string what) { Add(Kind::kUnchecked, std::move(what), &unchecked_); }
  // Something was changed.
  void Done(std::string what) { Add(Kind::kDone, std::move(what), &done_); }

  const std::vector<std::string>& faults() const { return faults_; }
  const std::vector<std::string>& unchecked() const { return unchecked_; }
  const std::vector<std::string>& done() const { return done_; }

 private:
  void Add(Kind kind, std::string what, std::vector<std::string>* to) {
    to->push_back(std::move(what));
    if (listener_ != nullptr) listener_(kind, to->back());
  }

  const Listener listener_;
  std::vector<std::string> faults_, unchecked_, done_;
};

}  // namespace oca::ofsck

#endif  // OCA_FS_TOOLS_FINDINGS_H_
