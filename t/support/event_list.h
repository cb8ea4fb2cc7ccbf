// Where tests see the events that were sent.
#ifndef OCA_T_SUPPORT_EVENT_LIST_H_
#define OCA_T_SUPPORT_EVENT_LIST_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/event/client.h"

namespace oca::support {

// Thread-safe.
class EventList final : public event::Sink {
 public:
  void Send(event::v1::Event event) override {
    absl::MutexLock lock(&mu_);
    texts_.push_back(event::TextOf(event));
  }
  // Of the events since the last call.
  std::vector<std::string> Take() {
    absl::MutexLock lock(&mu_);
    return std::exchange(texts_, {});
  }

 private:
  absl::Mutex mu_;
  std::vector<std::string> texts_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_EVENT_LIST_H_
