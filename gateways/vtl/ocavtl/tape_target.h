// One library in service: the tgtd that serves it.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_TAPE_TARGET_H_
#define OCA_GATEWAYS_VTL_OCAVTL_TAPE_TARGET_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateways/vtl/ocavtl/child.h"
#include "gateways/vtl/ocavtl/session_list.h"
#include "gateways/vtl/ocavtl/target_plan.h"
#include "lib/crypto/secret.h"

namespace oca::vtl {

// Who proves what by CHAP. Without user and gateway nobody has to.
struct Chap {
  std::string user;  // of hosts
  crypto::Secret password;
  std::string mutual_user;  // of the target
  crypto::Secret mutual_password;
  crypto::Secret gateway_password = {};  // of kGatewayUser (lib/api/iscsi.h); empty: no gateways
};

// Whether hosts take these users and passwords.
absl::Status CheckChap(const Chap& chap);

struct ServeOptions {
  TargetSpec target;
  Chap chap;
  std::string portal = "127.0.0.1:3260";  // address and port
  std::string module;                     // oca_tgt.so
};

// Not thread-safe but for WatchForEnd.
class TapeTarget {
 public:
  // Starts tgtd and tells it what to serve. `run_dir`, a folder of ours, holds its control socket
  // and what it says.
  static absl::StatusOr<std::unique_ptr<TapeTarget>> Start(const ServeOptions& options,
                                                           const std::string& run_dir);
  // Without Stop: tgtd is killed, which loses nothing that is durable.
  ~TapeTarget() = default;

  // Returns when tgtd has ended, by Stop or by itself. Thread-safe.
  void WatchForEnd() const { tgtd_->WatchForEnd(); }
  // Cuts sessions, unloads tapes and ends tgtd; one that does not end is killed, after 5 s or, with
  // tapes that are not unloaded, after a minute. The status says what
  // of it did not go well, or that tgtd had ended by itself.
  absl::Status Stop();
  // Drives are those with the indices below this.
  size_t drives() const { return drives_; }
  // A drive more, which the library has already, or the last one less. Sessions go on.
  absl::Status AddDrive();
  absl::Status RemoveDrive();
  // They may log in too, from now on.
  absl::Status LetIn(const std::vector<std::string>& initiators,
                     const std::vector<std::string>& addresses);
  // Who is logged in.
  absl::StatusOr<std::vector<SessionInfo>> Sessions();
  pid_t pid() const { return tgtd_->pid(); }
  // Whether tgtd has ended by itself.
  bool Ended() { return tgtd_->Wait(absl::ZeroDuration()); }
  // Readable once tgtd has ended.
  int end_fd() const { return tgtd_->end_fd(); }
  // The end of what tgtd said.
  std::string LastWords() const;

 private:
  TapeTarget(std::string run_dir, TargetSpec spec, std::unique_ptr<Child> tgtd)
      : run_dir_(std::move(run_dir)), spec_(std::move(spec)), tgtd_(std::move(tgtd)) {}

  // Runs tgtadm; an error is what it says.
  absl::Status Admin(const std::vector<std::string>& arguments);
  absl::Status WaitUntilItAnswers();
  // Whether it listens at `portal` and nowhere else.
  absl::Status CheckPortal(const std::string& portal);

  const std::string run_dir_;
  const TargetSpec spec_;
  const std::unique_ptr<Child> tgtd_;
  size_t drives_ = 0;
};

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_TAPE_TARGET_H_
