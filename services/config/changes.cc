#include "services/config/changes.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/log/log.h"
#include "services/config/find.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

using management::v1::STATE_READY;

// Between looks at both sides: while they agree, and while they do not.
constexpr absl::Duration kReconcilePeriod = absl::Seconds(10);
constexpr absl::Duration kEager = absl::Seconds(1);

}  // namespace

Changes::Changes(Store& store, FilesystemClient& filesystem)
    : store_(store),
      filesystem_(filesystem),
      last_(absl::UnavailableError("the configuration has not been compared with ocafsd yet")) {}

Changes::~Changes() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  wake_.Ring();
  if (loop_.joinable()) loop_.join();
}

void Changes::Start() {
  loop_ = std::thread([this] { Loop(); });
}

void Changes::Loop() {
  while (true) {
    // A change that fails ends the pause.
    if (Reconcile().ok()) wake_.WaitFor(kReconcilePeriod);
    if (Stopping()) return;
    if (!last_reconcile().ok()) wake_.WaitFor(kEager);
    if (Stopping()) return;
  }
}

bool Changes::Stopping() const {
  absl::MutexLock lock(&mu_);
  return stop_;
}

absl::Status Changes::last_reconcile() const {
  absl::MutexLock lock(&mu_);
  return last_;
}

void Changes::Note(const absl::Status& status) {
  absl::MutexLock lock(&mu_);
  if (status == last_) return;
  last_ = status;
  if (!status.ok()) wake_.Ring();
  if (status.ok()) {
    agreed_before_ = true;
    log::Info("configuration_agrees");
  } else if (absl::IsUnavailable(status) && !agreed_before_) {
    // Both start at the same time.
    log::Info("configuration_not_compared_yet", "error", MessageOf(status));
  } else {
    log::Warning("configuration_not_confirmed", "error", MessageOf(status));
  }
}

absl::Status Changes::Reconcile() {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  return Agree().status();
}

absl::StatusOr<Changes::Both> Changes::Agree() {
  absl::StatusOr<Both> result = [&]() -> absl::StatusOr<Both> {
    Both both;
    OCA_ASSIGN_OR_RETURN(both.actual, filesystem_.List());
    OCA_ASSIGN_OR_RETURN(both.desired, store_.Load());
    std::vector<Action> plan = Plan(both.desired, both.actual);
    if (plan.empty()) return both;
    absl::Status first_error;
    for (const Action& action : plan) {
      absl::Status done = Do(action, &both.actual);
      log::Info("reconcile", "action", ActionName(action.kind), "group", action.group.name,
                "container", action.container.name, "result", MessageOf(done));
      if (first_error.ok()) first_error = done;
      if (IsUncertain(done)) break;
    }
    OCA_RETURN_IF_ERROR(first_error);
    OCA_ASSIGN_OR_RETURN(both.desired, store_.Load());
    return both;
  }();
  Note(result.status());
  return result;
}

absl::Status Changes::Do(const Action& action, Actual* actual) {
  switch (action.kind) {
    case Action::Kind::kForgetContainer:
      return store_.DeleteContainer(action.container.name);
    case Action::Kind::kForgetGroup:
      return store_.DeleteGroup(action.group.name);
    case Action::Kind::kAdoptGroup:
      return store_.Insert(action.group);
    case Action::Kind::kAdoptContainer:
      return store_.Insert(action.container);
    case Action::Kind::kConfirmGroup:
      return store_.Update(action.group);
    case Action::Kind::kConfirmContainer:
      return store_.Update(action.container);
    case Action::Kind::kMakeGroup:
      OCA_RETURN_IF_ERROR(store_.Insert(action.group));
      return MakeGroup(action.group, actual);
    case Action::Kind::kRecreateGroup:
      return MakeGroup(action.group, actual);
    case Action::Kind::kPushGroup:
      return PushGroup(action.group, *actual);
    case Action::Kind::kPushContainer:
      return filesystem_.SetMarker(action.container.fs_id, action.container.marker);
    case Action::Kind::kRecreateContainer:
      return MakeContainer(action.container, actual);
  }
  return absl::InternalError("unknown action");
}

// The row stands; makes the group and confirms the row.
absl::Status Changes::MakeGroup(GroupRow row, Actual* actual) {
  fs::v1::AddStorageGroupRequest request;
  request.set_name(row.name);
  request.set_compression_mode(row.compression_mode);
  request.set_chunk_size_bytes(row.chunk_size_bytes);
  request.set_quota_bytes(row.quota_bytes);
  request.set_performance_tier(row.name == kPerformanceTier);
  OCA_ASSIGN_OR_RETURN(fs::v1::StorageGroup made, filesystem_.AddGroup(request));
  row.fs_id = made.id();
  row.state = STATE_READY;
  actual->groups.push_back(std::move(made));
  return store_.Update(row);
}

absl::Status Changes::MakeContainer(ContainerRow row, Actual* actual) {
  const fs::v1::StorageGroup* group = FindByName(actual->groups, row.group);
  if (group == nullptr) return UnknownName(Kind::kStorageGroup, row.group, {});
  OCA_ASSIGN_OR_RETURN(fs::v1::Container made,
                       filesystem_.AddContainer(row.name, group->id(), row.marker));
  row.fs_id = made.id();
  row.state = STATE_READY;
  actual->containers.push_back(std::move(made));
  return store_.Update(row);
}

absl::Status Changes::PushGroup(const GroupRow& row, const Actual& actual) {
  fs::v1::UpdateStorageGroupRequest request;
  request.set_id(row.fs_id);
  request.set_compression_mode(row.compression_mode);
  request.set_quota_bytes(row.quota_bytes);
  absl::Status pushed = filesystem_.UpdateGroup(request).status();
  if (pushed.ok() || IsUncertain(pushed)) return pushed;
  // It cannot have these settings (a quota below what is used by now): keep those that it has.
  log::Warning("group_settings_refused", "group", row.name, "error", MessageOf(pushed));
  const fs::v1::StorageGroup* held = FindByName(actual.groups, row.name);
  if (held == nullptr) return pushed;
  GroupRow kept = row;
  kept.compression_mode = held->compression_mode();
  kept.quota_bytes = held->quota_bytes();
  return store_.Update(kept);
}

}  // namespace oca::config
