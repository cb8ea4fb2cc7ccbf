// Every change of the configuration: a row that says what shall be, the call to ocafsd, the row
// that says that it is. One at a time; a background thread mends what was cut short (plan.h).
#ifndef OCA_SERVICES_CONFIG_CHANGES_H_
#define OCA_SERVICES_CONFIG_CHANGES_H_

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
#include "lib/api/management.pb.h"
#include "lib/base/bell.h"
#include "services/config/filesystem_client.h"
#include "services/config/plan.h"
#include "services/config/store.h"
#include "services/config/turns.h"

namespace oca::config {

// Thread-safe. Changes need PostgreSQL and ocafsd; they fail with kUnavailable, naming what is
// down, before anything is changed.
class Changes {
 public:
  // Borrows both; they must outlive this.
  Changes(Store& store, FilesystemClient& filesystem);
  // Stops the background thread.
  ~Changes();
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;

  // Starts the background thread; once.
  void Start();

  // Makes configuration and ocafsd agree. The first error; what does not depend on it is done all
  // the same.
  absl::Status Reconcile();
  // How the last Reconcile ended; kUnavailable before the first.
  absl::Status last_reconcile() const;

  absl::Status AddGroup(const management::v1::AddStorageGroupRequest& request);
  absl::Status UpdateGroup(const management::v1::UpdateStorageGroupRequest& request);
  absl::Status DeleteGroup(std::string_view name);
  // `also`: as of Store::Insert.
  absl::Status AddContainer(const management::v1::AddContainerRequest& request,
                            const std::function<absl::Status(db::Connection&)>& also = {});
  absl::Status UpdateContainer(const management::v1::UpdateContainerRequest& request);
  absl::Status DeleteContainer(std::string_view name, bool delete_files);

 private:
  // Loads both sides after making them agree.
  struct Both {
    Desired desired;
    Actual actual;
  };
  absl::StatusOr<Both> Agree();
  absl::Status Do(const Action& action, Actual* actual);
  absl::Status MakeGroup(GroupRow row, Actual* actual);
  absl::Status PushGroup(const GroupRow& row, const Actual& actual);
  absl::Status MakeContainer(ContainerRow row, Actual* actual);
  // Notes `status` and tells the background thread when there is something to mend. Logs changes of
  // state.
  void Note(const absl::Status& status);
  void Loop();
  bool Stopping() const;

  Store& store_;
  FilesystemClient& filesystem_;
  Turns turns_;
  mutable absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status last_ ABSL_GUARDED_BY(mu_);
  bool agreed_before_ ABSL_GUARDED_BY(mu_) = false;
  Bell wake_;  // rung when stop_ is set, and after a failure
  std::thread loop_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_CHANGES_H_
