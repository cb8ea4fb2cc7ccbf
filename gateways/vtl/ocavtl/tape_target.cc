#include "gateways/vtl/ocavtl/tape_target.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/vtape/library.h"

namespace oca::vtl {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(30);
constexpr absl::Duration kStopTimeout = absl::Minutes(1);
constexpr absl::Duration kAdminTimeout =
    absl::Minutes(2);  // loading a torn cartridge takes a while
constexpr absl::Duration kRetry = absl::Milliseconds(20);
constexpr size_t kLastWordsBytes = 2000;
// tgtd takes a number as part of its control socket's name; each tgtd has a folder of its own.
constexpr char kControlPort[] = "1";

std::string Variable(const std::string& run_dir) {
  return fmt::format("TGT_IPC_SOCKET={}/control", run_dir);
}

std::string Tail(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  std::string all = text.str();
  return all.size() <= kLastWordsBytes ? all : all.substr(all.size() - kLastWordsBytes);
}

}  // namespace

std::string TapeTarget::LastWords() const { return Tail(run_dir_ + "/tgtd.log"); }

absl::Status TapeTarget::Admin(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"tgtadm", "-C", kControlPort, "--lld", "iscsi"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::string output = run_dir_ + "/tgtadm.log";
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

absl::StatusOr<std::unique_ptr<TapeTarget>> TapeTarget::Start(const ServeOptions& options,
                                                              const std::string& run_dir) {
  OCA_RETURN_IF_ERROR(CheckTarget(options.target));
  auto library = vtape::Library::Open(vtape::PosixStorage(), options.target.library_dir);
  if (!library.ok()) return absl::NotFoundError(library.status().message());
  size_t drives = (*library)->inventory().drives.size();
  OCA_ASSIGN_OR_RETURN(
      auto tgtd, Child::Start({"tgtd", "-f", "-C", kControlPort, "--iscsi",
                               fmt::format("portal={}", options.portal)},
                              {Variable(run_dir), fmt::format("LD_PRELOAD={}", options.module)},
                              run_dir + "/tgtd.log"));
  std::unique_ptr<TapeTarget> target(new TapeTarget(run_dir, std::move(tgtd)));
  OCA_RETURN_IF_ERROR(target->WaitUntilItAnswers());
  for (const std::vector<std::string>& arguments : TargetPlan(options.target, drives)) {
    OCA_RETURN_IF_ERROR(target->Admin(arguments));
  }
  return target;
}

absl::Status TapeTarget::Stop() {
  if (tgtd_->Wait(absl::ZeroDuration())) {
    return absl::UnavailableError(
        fmt::format("tgtd has ended ({}): {}", tgtd_->exit_code(), LastWords()));
  }
  absl::Status result;
  for (const std::vector<std::string>& arguments : StopPlan()) result.Update(Admin(arguments));
  absl::Time deadline = absl::Now() + kStopTimeout;
  while (!tgtd_->Wait(kRetry)) {
    if (absl::Now() < deadline) continue;
    tgtd_->Kill();
    return absl::DeadlineExceededError("tgtd did not end and was killed");
  }
  return result;
}

}  // namespace oca::vtl
