#include "gateways/vtl/ocavtl/keeper.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "gateways/vtl/ocavtl/library_commands.h"
#include "lib/api/iscsi.h"
#include "lib/base/bell.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::vtl {
namespace {

// Between looks at the folder, and tries to serve what could not be.
constexpr int kLookMs = 1000;
// Before a tgtd that did not start, or not for long, is started again.
constexpr absl::Duration kPause = absl::Seconds(5);
constexpr absl::Duration kStable = absl::Seconds(10);
constexpr absl::Duration kAnswerTimeout = absl::Seconds(15);

// Hosts' names and addresses, and what lets gateways of this machine in beside them.
TargetSpec TargetOf(const v1::Library& wanted) {
  TargetSpec spec;
  spec.library_dir = wanted.folder();
  spec.name = wanted.target();
  for (const std::string& host : wanted.hosts().initiators()) {
    (api::IsIscsiName(host) ? spec.initiators : spec.addresses).push_back(host);
  }
  if (spec.addresses.empty()) {
    spec.initiators.emplace_back(api::kGatewayInitiator);
  } else if (auto portal = api::ParsePortal(wanted.portal()); portal.ok()) {
    spec.addresses.push_back(portal->Local().address);
  }
  return spec;
}

// `wanted` as far as a new tgtd is needed for it: without initiators that are only more than
// before, and without what FitLibrary and FitTarget see to.
std::string Essence(const v1::Library& library) {
  v1::Library essence = library;
  essence.clear_spec();
  essence.clear_make();
  if (essence.has_hosts()) essence.mutable_hosts()->clear_initiators();
  return essence.SerializeAsString();
}

std::vector<std::string> Added(const std::vector<std::string>& before,
                               const std::vector<std::string>& after) {
  std::vector<std::string> added;
  for (const std::string& each : after) {
    if (std::find(before.begin(), before.end(), each) == before.end()) added.push_back(each);
  }
  return added;
}

// Whether all of `before` may still log in, by the same kind of word.
bool OnlyMore(const TargetSpec& before, const TargetSpec& after) {
  return before.addresses.empty() == after.addresses.empty() &&
         Added(after.initiators, before.initiators).empty() &&
         Added(after.addresses, before.addresses).empty();
}

}  // namespace

Keeper::Keeper(KeeperSetup setup, v1::Library wanted)
    : setup_(std::move(setup)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      wanted_(std::move(wanted)),
      thread_([this] { Loop(); }) {}

Keeper::~Keeper() {
  BeginStop();
  thread_.join();
  ::close(wake_fd_);
}

void Keeper::BeginStop() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  Wake();
}

void Keeper::Set(v1::Library wanted) {
  {
    absl::MutexLock lock(&mu_);
    wanted_ = std::move(wanted);
    ++wanted_generation_;
  }
  Wake();
}

v1::Library Keeper::wanted() const {
  absl::MutexLock lock(&mu_);
  return wanted_;
}

v1::LibraryState Keeper::Await(absl::Time deadline) {
  {
    absl::MutexLock lock(&mu_);
    const uint64_t generation = wanted_generation_;
    auto settled = [this, generation]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
      return settled_generation_ >= generation;
    };
    mu_.AwaitWithDeadline(absl::Condition(&settled), deadline);
  }
  return State();
}

v1::LibraryState Keeper::State() const {
  absl::MutexLock lock(&mu_);
  v1::LibraryState state;
  state.set_name(wanted_.name());
  state.set_target(wanted_.target());
  state.set_portal(wanted_.portal());
  state.set_pid(static_cast<uint32_t>(pid_));
  if (settled_generation_ < wanted_generation_) {
    state.set_state(v1::SERVICE_STATE_STARTING);
  } else {
    state.set_state(serving_ ? v1::SERVICE_STATE_SERVING : v1::SERVICE_STATE_FAILED);
  }
  if (!status_.ok()) state.set_error(std::string(MessageOf(status_)));
  return state;
}

absl::StatusOr<std::vector<SessionInfo>> Keeper::Sessions() {
  auto question = std::make_shared<Question>();
  {
    absl::MutexLock lock(&mu_);
    questions_.push_back(question);
  }
  Wake();
  absl::MutexLock lock(&mu_);
  if (mu_.AwaitWithTimeout(absl::Condition(&question->answered), kAnswerTimeout)) {
    return question->answer;
  }
  return absl::DeadlineExceededError("tgtd is busy and does not tell who is logged in");
}

void Keeper::Wake() const {
  const uint64_t one = 1;
  // Full means that it is awake already.
  (void)!::write(wake_fd_, &one, sizeof one);
}

void Keeper::WaitForSomething() const {
  std::array<pollfd, 2> events = {pollfd{wake_fd_, POLLIN, 0},
                                  pollfd{target_ ? target_->end_fd() : -1, POLLIN, 0}};
  ::poll(events.data(), events.size(), kLookMs);
  uint64_t count = 0;
  (void)!::read(wake_fd_, &count, sizeof count);
}

void Keeper::Loop() {
  while (true) {
    v1::Library wanted;
    uint64_t generation = 0;
    {
      absl::MutexLock lock(&mu_);
      if (stop_) break;
      wanted = wanted_;
      generation = wanted_generation_;
    }
    DropWhatIsDead(wanted);
    // Once all is as wanted nothing is read: a look would keep the cleaner from its idle hours.
    if (generation != settled_ || target_ == nullptr || !last_.ok()) {
      last_ = Settle(wanted);
      settled_ = generation;
      Note(last_, generation);
    }
    Answer();
    WaitForSomething();
  }
  StopTarget();
  Answer();
}

void Keeper::Answer() {
  std::deque<std::shared_ptr<Question>> questions;
  {
    absl::MutexLock lock(&mu_);
    questions.swap(questions_);
  }
  if (questions.empty()) return;
  absl::StatusOr<std::vector<SessionInfo>> answer = std::vector<SessionInfo>();
  if (target_ != nullptr) answer = target_->Sessions();
  absl::MutexLock lock(&mu_);
  for (const auto& question : questions) {
    question->answer = answer;
    question->answered = true;
  }
}

void Keeper::Note(const absl::Status& status, uint64_t generation) {
  absl::MutexLock lock(&mu_);
  const bool serving = target_ != nullptr;
  if (status != status_ && !status.ok()) {
    log::Warning("library_not_as_wanted", "library", wanted_.name(), "serving", serving, "error",
                 MessageOf(status));
  }
  if (serving && !serving_) {
    log::Info("library_served", "library", wanted_.name(), "target", served_.target(), "portal",
              served_.portal(), "pid", target_->pid());
  }
  status_ = status;
  serving_ = serving;
  pid_ = serving ? target_->pid() : 0;
  settled_generation_ = generation;
}

void Keeper::DropWhatIsDead(const v1::Library& wanted) {
  if (target_ == nullptr) return;
  if (target_->Ended()) {
    if (MonotonicNow() - started_ < kStable) next_start_ = MonotonicNow() + kPause;
    log::Warning("tgtd_ended", "library", wanted.name(), "said", target_->LastWords());
  } else if (!folder_->StillThere()) {
    // Nothing can be unloaded any more; what was durable is.
    log::Warning("library_gone", "library", wanted.name(), "folder", served_.folder());
  } else {
    return;
  }
  target_.reset();
  folder_.reset();
}

absl::Status Keeper::Settle(const v1::Library& wanted) {
  if (target_ != nullptr &&
      (Essence(served_) != Essence(wanted) || !OnlyMore(TargetOf(served_), TargetOf(wanted)))) {
    StopTarget();
  }
  OCA_ASSIGN_OR_RETURN(vtape::Inventory inventory, FitLibrary(wanted));
  if (target_ == nullptr) {
    if (MonotonicNow() < next_start_ && served_.SerializeAsString() == wanted.SerializeAsString()) {
      return last_.ok() ? absl::UnavailableError("tgtd has ended; it is started again") : last_;
    }
    absl::Status started = StartTarget(wanted);
    served_ = wanted;
    started_ = MonotonicNow();
    if (!started.ok()) next_start_ = MonotonicNow() + kPause;
    OCA_RETURN_IF_ERROR(started);
  }
  OCA_RETURN_IF_ERROR(FitTarget(wanted, inventory.drives.size()));
  if (inventory.drives.size() == wanted.spec().drives()) return absl::OkStatus();
  // Fewer drives: the library says whether they can go, then hosts lose them.
  OCA_ASSIGN_OR_RETURN(auto library, OpenLibrary(wanted.folder()));
  OCA_RETURN_IF_ERROR(
      StatusOf(library->RemoveDrives(inventory.drives.size() - wanted.spec().drives())));
  while (target_->drives() > wanted.spec().drives()) OCA_RETURN_IF_ERROR(target_->RemoveDrive());
  return absl::OkStatus();
}

absl::Status Keeper::Make(const v1::Library& wanted) {
  vtape::LibrarySpec spec;
  spec.serial = wanted.serial();
  spec.barcode_prefix = wanted.serial();
  spec.oem_vendor = wanted.spec().oem_vendor();
  spec.drive_generation = static_cast<uint8_t>(wanted.spec().generation());
  spec.drives = wanted.spec().drives();
  spec.slots = wanted.spec().slots();
  absl::Status made = CreateLibrary(wanted.folder(), spec);
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  OCA_ASSIGN_OR_RETURN(auto library, OpenLibrary(wanted.folder()));
  const vtape::Inventory& inventory = library->inventory();
  if (inventory.serial != wanted.serial()) {
    return absl::FailedPreconditionError(
        fmt::format("{} holds another library ({})", wanted.folder(), inventory.serial));
  }
  // next_barcode counts those that were made, by a try that was cut short too.
  if (inventory.next_barcode >= wanted.spec().tapes()) return absl::OkStatus();
  vtape::CartridgeSpec tapes;
  tapes.count = wanted.spec().tapes() - inventory.next_barcode;
  tapes.capacity_bytes = wanted.spec().tape_size_bytes();
  tapes.generation = spec.drive_generation;
  return AddCartridges(*library, tapes).status();
}

// The inventory, with drives and slots added where it has fewer than it shall.
absl::StatusOr<vtape::Inventory> Keeper::FitLibrary(const v1::Library& wanted) {
  if (wanted.make() && target_ == nullptr) OCA_RETURN_IF_ERROR(Make(wanted));
  OCA_ASSIGN_OR_RETURN(auto library, OpenLibrary(wanted.folder()));
  const size_t drives = library->inventory().drives.size();
  if (drives < wanted.spec().drives()) {
    OCA_RETURN_IF_ERROR(StatusOf(library->AddDrives(
        wanted.spec().drives() - drives, static_cast<uint8_t>(wanted.spec().generation()))));
  }
  const size_t slots = library->inventory().slots.size();
  if (slots < wanted.spec().slots()) {
    OCA_RETURN_IF_ERROR(StatusOf(library->AddSlots(wanted.spec().slots() - slots)));
  }
  return library->inventory();
}

absl::Status Keeper::StartTarget(const v1::Library& wanted) {
  ServeOptions options;
  options.target = TargetOf(wanted);
  options.portal = wanted.portal();
  options.module = setup_.module;
  options.chap.user = wanted.hosts().user();
  options.chap.password = crypto::Secret(wanted.hosts().password());
  options.chap.mutual_user = wanted.hosts().target_user();
  options.chap.mutual_password = crypto::Secret(wanted.hosts().target_password());
  options.chap.gateway_password = setup_.gateway_password;
  OCA_ASSIGN_OR_RETURN(FolderWatch folder, FolderWatch::Of(wanted.folder()));
  run_dir_.reset();
  OCA_ASSIGN_OR_RETURN(run_dir_, RunDir::At(setup_.run_dir));
  OCA_ASSIGN_OR_RETURN(target_, TapeTarget::Start(options, run_dir_->path()));
  folder_.emplace(std::move(folder));
  return absl::OkStatus();
}

absl::Status Keeper::FitTarget(const v1::Library& wanted, size_t drives) {
  const TargetSpec before = TargetOf(served_);
  const TargetSpec after = TargetOf(wanted);
  OCA_RETURN_IF_ERROR(target_->LetIn(Added(before.initiators, after.initiators),
                                     Added(before.addresses, after.addresses)));
  served_ = wanted;
  while (target_->drives() < drives) OCA_RETURN_IF_ERROR(target_->AddDrive());
  return absl::OkStatus();
}

void Keeper::StopTarget() {
  if (target_ == nullptr) return;
  if (absl::Status stopped = target_->Stop(); !stopped.ok()) {
    log::Warning("library_not_stopped_well", "library", served_.name(), "error",
                 MessageOf(stopped));
  }
  target_.reset();
  folder_.reset();
  run_dir_.reset();
  log::Info("library_stopped", "library", served_.name());
}

}  // namespace oca::vtl
