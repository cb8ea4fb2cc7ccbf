#include "gateways/vtl/ocavtl/tape_target.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lib/api/iscsi.h"
#include "lib/base/status.h"
#include "lib/vtape/library.h"

namespace oca::vtl {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(30);
constexpr absl::Duration kStopTimeout = absl::Minutes(1);
constexpr absl::Duration kEndTimeout = absl::Seconds(5);
constexpr absl::Duration kAdminTimeout =
    absl::Minutes(2);  // loading a torn cartridge takes a while
constexpr absl::Duration kRetry = absl::Milliseconds(20);
constexpr size_t kLastWordsBytes = 2000;
// tgtd takes a number as part of its control socket's name; each tgtd has a folder of its own.
constexpr char kControlPort[] = "1";

std::string Variable(const std::string& run_dir) {
  return fmt::format("TGT_IPC_SOCKET={}/tgtd", run_dir);
}

// What the last tgtadm said.
std::string AdminLog(const std::string& run_dir) { return run_dir + "/tgtadm.log"; }

// The file that the module reads; only we can read it.
absl::Status WriteAccounts(const std::string& path, const Chap& chap) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return PosixError(errno, path);
  std::string text;
  if (!chap.user.empty()) text += fmt::format("in {} {}\n", chap.user, chap.password.view());
  if (!chap.gateway_password.empty()) {
    text += fmt::format("in {} {}\n", api::kGatewayUser, chap.gateway_password.view());
  }
  if (!chap.mutual_user.empty()) {
    text += fmt::format("out {} {}\n", chap.mutual_user, chap.mutual_password.view());
  }
  ssize_t written = ::write(fd, text.data(), text.size());
  int error = errno;
  bool whole = written == static_cast<ssize_t>(text.size());
  crypto::Wipe(text.data(), text.size());
  ::close(fd);
  return whole ? absl::OkStatus() : PosixError(written < 0 ? error : EIO, path);
}

std::string Whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string Tail(const std::string& path) {
  std::string all = Whole(path);
  return all.size() <= kLastWordsBytes ? all : all.substr(all.size() - kLastWordsBytes);
}

}  // namespace

absl::Status CheckChap(const Chap& chap) {
  if (chap.user.empty()) {
    return chap.mutual_user.empty() ? absl::OkStatus()
                                    : absl::InvalidArgumentError("--mutual_user needs --chap_user");
  }
  OCA_RETURN_IF_ERROR(api::CheckChapAccount("CHAP", chap.user, chap.password.view()));
  if (chap.mutual_user.empty()) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(
      api::CheckChapAccount("mutual", chap.mutual_user, chap.mutual_password.view()));
  if (chap.mutual_user != chap.user && chap.mutual_password.view() != chap.password.view()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("the target needs a user and a password of its own");
}

std::string TapeTarget::LastWords() const { return Tail(run_dir_ + "/tgtd.log"); }

absl::Status TapeTarget::Admin(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"tgtadm", "-C", kControlPort, "--lld", "iscsi"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::string output = AdminLog(run_dir_);
  std::error_code ignored;
  std::filesystem::remove(output, ignored);
  OCA_ASSIGN_OR_RETURN(auto tgtadm, Child::Start(command, {Variable(run_dir_)}, output));
  if (!tgtadm->Wait(kAdminTimeout)) {
    return absl::DeadlineExceededError("tgtd does not answer tgtadm");
  }
  if (tgtadm->exit_code() == 0) return absl::OkStatus();
  return absl::InternalError(fmt::format("tgtadm {}: {}; tgtd: {}",
                                         fmt::join(arguments.begin(), arguments.end(), " "),
                                         Tail(output), LastWords()));
}

absl::Status TapeTarget::WaitUntilItAnswers() {
  absl::Time deadline = absl::Now() + kStartTimeout;
  absl::Status status;
  do {
    status = Admin({"--op", "show", "--mode", "system"});
    if (status.ok()) return status;
    if (tgtd_->Wait(kRetry)) {
      return absl::UnavailableError(fmt::format("tgtd ended at its start: {}", LastWords()));
    }
  } while (absl::Now() < deadline);
  return status;
}

// A tgtd that cannot listen where it is told to listens everywhere, and says nothing.
absl::Status TapeTarget::CheckPortal(const std::string& portal) {
  constexpr std::string_view kPortal = "Portal: ";
  OCA_RETURN_IF_ERROR(Admin({"--op", "show", "--mode", "portal"}));
  const std::string portals = Whole(AdminLog(run_dir_));
  const size_t first = portals.find(fmt::format("{}{},", kPortal, portal));
  if (first != std::string::npos && portals.find(kPortal) == portals.rfind(kPortal)) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(fmt::format(
      "tgtd cannot listen at {}: the port is in use, or it is no address of this machine", portal));
}

absl::StatusOr<std::unique_ptr<TapeTarget>> TapeTarget::Start(const ServeOptions& options,
                                                              const std::string& run_dir) {
  OCA_RETURN_IF_ERROR(CheckTarget(options.target));
  OCA_RETURN_IF_ERROR(CheckChap(options.chap));
  OCA_ASSIGN_OR_RETURN(const api::Portal portal, api::ParsePortal(options.portal));
  auto library = vtape::Library::Open(vtape::PosixStorage(), options.target.library_dir);
  if (!library.ok()) return absl::NotFoundError(library.status().message());
  size_t drives = (*library)->inventory().drives.size();
  std::vector<std::string> environment = {Variable(run_dir),
                                          fmt::format("LD_PRELOAD={}", options.module),
                                          // It is not tgtd that our watcher waits for.
                                          "NOTIFY_SOCKET="};
  const std::string accounts = run_dir + "/accounts";
  if (!options.chap.user.empty() || !options.chap.gateway_password.empty()) {
    OCA_RETURN_IF_ERROR(WriteAccounts(accounts, options.chap));
    environment.push_back(fmt::format("OCA_TGT_ACCOUNTS={}", accounts));
  }
  const std::vector<std::string> command = {
      "tgtd", "-f", "-C", kControlPort, "--iscsi", fmt::format("portal={}", portal.Text())};
  OCA_ASSIGN_OR_RETURN(auto tgtd, Child::Start(command, environment, run_dir + "/tgtd.log"));
  std::unique_ptr<TapeTarget> target(new TapeTarget(run_dir, options.target, std::move(tgtd)));
  OCA_RETURN_IF_ERROR(target->WaitUntilItAnswers());
  OCA_RETURN_IF_ERROR(target->CheckPortal(portal.Text()));
  for (const std::vector<std::string>& arguments : TargetPlan(options.target, drives)) {
    OCA_RETURN_IF_ERROR(target->Admin(arguments));
  }
  target->drives_ = drives;
  std::error_code ignored;
  std::filesystem::remove(accounts, ignored);  // tgtd has them now
  return target;
}

absl::Status TapeTarget::AddDrive() {
  OCA_RETURN_IF_ERROR(Admin(AddDrivePlan(spec_, drives_)));
  ++drives_;
  return absl::OkStatus();
}

absl::Status TapeTarget::RemoveDrive() {
  OCA_RETURN_IF_ERROR(Admin(RemoveDrivePlan(drives_ - 1)));
  --drives_;
  return absl::OkStatus();
}

absl::Status TapeTarget::LetIn(const std::vector<std::string>& initiators,
                               const std::vector<std::string>& addresses) {
  for (const std::string& name : initiators) OCA_RETURN_IF_ERROR(Admin(LetInByName(name)));
  for (const std::string& each : addresses) OCA_RETURN_IF_ERROR(Admin(LetInByAddress(each)));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SessionInfo>> TapeTarget::Sessions() {
  OCA_RETURN_IF_ERROR(Admin(SessionsPlan()));
  return ParseSessions(Whole(AdminLog(run_dir_)));
}

absl::Status TapeTarget::Stop() {
  if (tgtd_->Wait(absl::ZeroDuration())) {
    return absl::UnavailableError(
        fmt::format("tgtd has ended ({}): {}", tgtd_->exit_code(), LastWords()));
  }
  const std::vector<std::vector<std::string>> plan = StopPlan();
  const absl::Status unloaded = Admin(plan.front());
  absl::Status result = unloaded;
  for (size_t i = 1; i < plan.size(); ++i) result.Update(Admin(plan[i]));
  // Once the target is gone its tapes are unloaded, and nothing is left to wait for: a tgtd that a
  // host was writing to does not always end.
  const absl::Time deadline = absl::Now() + (unloaded.ok() ? kEndTimeout : kStopTimeout);
  while (!tgtd_->Wait(kRetry)) {
    if (absl::Now() < deadline) continue;
    tgtd_->Kill();
    return unloaded.ok() ? unloaded
                         : absl::DeadlineExceededError("tgtd did not end and was killed");
  }
  return result;
}

}  // namespace oca::vtl
