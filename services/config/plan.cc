#include "services/config/plan.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "services/config/rules.h"

namespace oca::config {
namespace {

using Step = Action::Kind;
using management::v1::STATE_READY;

Action OnGroup(Step kind, GroupRow row) { return {kind, std::move(row), {}}; }
Action OnContainer(Step kind, ContainerRow row) { return {kind, {}, std::move(row)}; }

class Planner {
 public:
  Planner(const Desired& desired, const Actual& actual) : desired_(desired) {
    for (const fs::v1::StorageGroup& group : actual.groups) {
      held_groups_[group.name()] = &group;
      group_names_[group.id()] = group.name();
    }
    for (const fs::v1::Container& container : actual.containers) {
      if (container.deleting()) {
        going_.insert(container.name());
      } else {
        held_containers_[container.name()] = &container;
      }
    }
  }

  std::vector<Action> Run() {
    for (const ContainerRow& row : desired_.containers) PlanContainer(row);
    AdoptContainers();
    for (const GroupRow& row : desired_.groups) PlanGroup(row);
    AdoptGroups();
    std::vector<Action> plan = std::move(forget_containers_);
    for (auto* part : {&groups_, &containers_, &forget_groups_}) {
      plan.insert(plan.end(), part->begin(), part->end());
    }
    return plan;
  }

 private:
  void PlanContainer(const ContainerRow& row) {
    auto held = held_containers_.find(row.name);
    if (held == held_containers_.end()) {
      // One that is just being deleted by ocafsd was asked to be, whatever the row says.
      bool make = row.state == STATE_READY && going_.count(row.name) == 0;
      if (make) {
        needed_groups_.insert(row.group);
        containers_.push_back(OnContainer(Step::kRecreateContainer, row));
      } else {
        forget_containers_.push_back(OnContainer(Step::kForgetContainer, row));
      }
      return;
    }
    ContainerRow wanted = row;
    wanted.fs_id = held->second->id();
    wanted.group = group_names_[held->second->group_id()];
    wanted.state = STATE_READY;
    needed_groups_.insert(wanted.group);
    if (wanted.fs_id != row.fs_id || wanted.group != row.group || wanted.state != row.state) {
      containers_.push_back(OnContainer(Step::kConfirmContainer, wanted));
    }
    if (held->second->marker() != row.marker) {
      containers_.push_back(OnContainer(Step::kPushContainer, wanted));
    }
  }

  void AdoptContainers() {
    std::set<std::string_view> known;
    for (const ContainerRow& row : desired_.containers) known.insert(row.name);
    for (const auto& [name, held] : held_containers_) {
      if (known.count(name) != 0) continue;
      ContainerRow row;
      row.name = name;
      row.fs_id = held->id();
      row.group = group_names_[held->group_id()];
      row.marker = held->marker();
      row.state = STATE_READY;
      containers_.push_back(OnContainer(Step::kAdoptContainer, row));
    }
  }

  void PlanGroup(const GroupRow& row) {
    auto held = held_groups_.find(row.name);
    if (held == held_groups_.end()) {
      if (row.state == STATE_READY || row.name == kDefaultGroup ||
          needed_groups_.count(row.name) != 0) {
        groups_.push_back(OnGroup(Step::kRecreateGroup, row));
      } else {
        forget_groups_.push_back(OnGroup(Step::kForgetGroup, row));
      }
      return;
    }
    GroupRow wanted = row;
    wanted.fs_id = held->second->id();
    wanted.chunk_size_bytes = held->second->chunk_size_bytes();  // a fact, not a setting
    wanted.state = STATE_READY;
    if (wanted.fs_id != row.fs_id || wanted.chunk_size_bytes != row.chunk_size_bytes ||
        wanted.state != row.state) {
      groups_.push_back(OnGroup(Step::kConfirmGroup, wanted));
    }
    if (held->second->compression_mode() != row.compression_mode ||
        held->second->quota_bytes() != row.quota_bytes) {
      groups_.push_back(OnGroup(Step::kPushGroup, wanted));
    }
  }

  void AdoptGroups() {
    std::set<std::string_view> known;
    for (const GroupRow& row : desired_.groups) known.insert(row.name);
    for (const auto& [name, held] : held_groups_) {
      if (known.count(name) != 0) continue;
      groups_.push_back(OnGroup(Step::kAdoptGroup, RowOf(*held)));
    }
    if (known.count(kDefaultGroup) == 0 && held_groups_.count(std::string(kDefaultGroup)) == 0) {
      GroupRow row;
      row.name = kDefaultGroup;
      groups_.push_back(OnGroup(Step::kMakeGroup, row));
    }
  }

  static GroupRow RowOf(const fs::v1::StorageGroup& held) {
    GroupRow row;
    row.name = held.name();
    row.fs_id = held.id();
    row.compression_mode = held.compression_mode();
    row.chunk_size_bytes = held.chunk_size_bytes();
    row.quota_bytes = held.quota_bytes();
    row.state = STATE_READY;
    return row;
  }

  const Desired& desired_;
  std::map<std::string, const fs::v1::StorageGroup*> held_groups_;
  std::map<std::string, const fs::v1::Container*> held_containers_;
  std::map<uint32_t, std::string> group_names_;  // of ocafsd's ids
  std::set<std::string> going_;                  // containers that ocafsd is deleting
  std::set<std::string> needed_groups_;          // by containers that stay
  std::vector<Action> forget_containers_, groups_, containers_, forget_groups_;
};

}  // namespace

std::vector<Action> Plan(const Desired& desired, const Actual& actual) {
  return Planner(desired, actual).Run();
}

std::string_view ActionName(Step kind) {
  switch (kind) {
    case Step::kForgetContainer:
      return "forget_container";
    case Step::kMakeGroup:
      return "make_group";
    case Step::kAdoptGroup:
      return "adopt_group";
    case Step::kConfirmGroup:
      return "confirm_group";
    case Step::kRecreateGroup:
      return "recreate_group";
    case Step::kPushGroup:
      return "push_group";
    case Step::kAdoptContainer:
      return "adopt_container";
    case Step::kConfirmContainer:
      return "confirm_container";
    case Step::kPushContainer:
      return "push_container";
    case Step::kRecreateContainer:
      return "recreate_container";
    case Step::kForgetGroup:
      return "forget_group";
  }
  return "";
}

}  // namespace oca::config
