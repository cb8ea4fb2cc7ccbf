// One library in the care of ocavtl: made when it shall be, served as long as its folder is there,
// by a tgtd that is started again when it ends.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_KEEPER_H_
#define OCA_GATEWAYS_VTL_OCAVTL_KEEPER_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateways/vtl/ocavtl/folder_watch.h"
#include "gateways/vtl/ocavtl/run_dir.h"
#include "gateways/vtl/ocavtl/tape_target.h"
#include "lib/api/vtl.pb.h"
#include "lib/crypto/secret.h"
#include "lib/vtape/library.h"

namespace oca::vtl {

struct KeeperSetup {
  std::string run_dir;  // of this library alone; made and removed
  std::string module;   // oca_tgt.so
  crypto::Secret gateway_password;
};

// Thread-safe. A thread of its own starts tgtd and talks to it: a child dies with the thread that
// started it.
class Keeper {
 public:
  Keeper(KeeperSetup setup, v1::Library wanted);
  // Ends service; tapes are unloaded, durably.
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // From now on it shall be so. Returns at once.
  void Set(v1::Library wanted);
  // Begins to end, without waiting as the destructor does.
  void BeginStop();
  // Until what was set last is served or has failed, or `deadline`; then how it stands.
  v1::LibraryState Await(absl::Time deadline);
  // How it stands, without what is in it.
  v1::LibraryState State() const;
  v1::Library wanted() const;
  // Who is logged in; nobody when it is not served. kDeadlineExceeded.
  absl::StatusOr<std::vector<SessionInfo>> Sessions();

 private:
  struct Question {
    absl::StatusOr<std::vector<SessionInfo>> answer;
    bool answered = false;
  };

  void Loop();
  void Wake() const;
  void WaitForSomething() const;
  // Brings what is in line with `wanted`. Owned by the thread, as all below it.
  absl::Status Settle(const v1::Library& wanted);
  absl::Status Make(const v1::Library& wanted);
  absl::StatusOr<vtape::Inventory> FitLibrary(const v1::Library& wanted);
  absl::Status StartTarget(const v1::Library& wanted);
  absl::Status FitTarget(const v1::Library& wanted, size_t drives);
  // What was served no longer can be: tgtd has died, or the folder went away under it.
  void DropWhatIsDead(const v1::Library& wanted);
  void StopTarget();
  void Note(const absl::Status& status, uint64_t generation);
  void Answer();

  const KeeperSetup setup_;
  const int wake_fd_;
  mutable absl::Mutex mu_;
  v1::Library wanted_ ABSL_GUARDED_BY(mu_);
  uint64_t wanted_generation_ ABSL_GUARDED_BY(mu_) = 1;
  uint64_t settled_generation_ ABSL_GUARDED_BY(mu_) = 0;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  bool serving_ ABSL_GUARDED_BY(mu_) = false;
  pid_t pid_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<std::shared_ptr<Question>> questions_ ABSL_GUARDED_BY(mu_);

  // Of the thread.
  std::unique_ptr<RunDir> run_dir_;
  std::unique_ptr<TapeTarget> target_;
  std::optional<FolderWatch> folder_;
  v1::Library served_;    // what was tried last, or is served
  uint64_t settled_ = 0;  // the generation that was tried last
  absl::Status last_;     // how that went
  absl::Time started_ = absl::InfinitePast();
  absl::Time next_start_ = absl::InfinitePast();

  std::thread thread_;
};

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_KEEPER_H_
