#include "services/config/plan.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

using management::v1::State;
using management::v1::STATE_CREATING;
using management::v1::STATE_DELETING;
using management::v1::STATE_READY;
using testing::ElementsAre;
using testing::IsEmpty;

GroupRow Group(std::string name, uint32_t id, State state = STATE_READY) {
  GroupRow row;
  row.name = std::move(name);
  row.fs_id = id;
  row.state = state;
  return row;
}
ContainerRow Container(std::string name, uint32_t id, State state = STATE_READY,
                       std::string group = "DefaultGroup") {
  ContainerRow row;
  row.name = std::move(name);
  row.fs_id = id;
  row.group = std::move(group);
  row.state = state;
  return row;
}
fs::v1::StorageGroup HeldGroup(const std::string& name, uint32_t id) {
  fs::v1::StorageGroup group;
  group.set_name(name);
  group.set_id(id);
  group.set_compression_mode(fs::v1::COMPRESSION_MODE_FAST);
  group.set_chunk_size_bytes(16384);
  return group;
}
fs::v1::Container Held(const std::string& name, uint32_t id, uint32_t group = 1) {
  fs::v1::Container container;
  container.set_name(name);
  container.set_id(id);
  container.set_group_id(group);
  container.set_marker(fs::v1::MARKER_AUTO);
  return container;
}

// "recreate_container c1", in order.
std::vector<std::string> Steps(const Desired& desired, const Actual& actual) {
  std::vector<std::string> steps;
  for (const Action& action : Plan(desired, actual)) {
    steps.push_back(std::string(ActionName(action.kind)) + " " + action.group.name +
                    action.container.name);
  }
  return steps;
}

class ConfigPlan : public testing::Test {
 protected:
  // Both sides agree on DefaultGroup.
  Desired desired_{{Group("DefaultGroup", 1)}, {}};
  Actual actual_{{HeldGroup("DefaultGroup", 1)}, {}};
};

TEST_F(ConfigPlan, IsEmptyWhenBothSidesAgree) {
  desired_.groups.push_back(Group("g", 2));
  desired_.containers = {Container("a", 1), Container("b", 2, STATE_READY, "g")};
  actual_.groups.push_back(HeldGroup("g", 2));
  actual_.containers = {Held("a", 1), Held("b", 2, 2)};
  EXPECT_THAT(Steps(desired_, actual_), IsEmpty());
}

TEST_F(ConfigPlan, MakesDefaultGroupAtTheFirstStart) {
  EXPECT_THAT(Steps({}, {}), ElementsAre("make_group DefaultGroup"));
}

TEST_F(ConfigPlan, AdoptsWhatOnlyOcafsdKnows) {
  actual_.groups.push_back(HeldGroup("g", 7));
  actual_.containers = {Held("c", 3, 7)};
  std::vector<Action> plan = Plan(desired_, actual_);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].kind, Action::Kind::kAdoptGroup);
  EXPECT_EQ(plan[0].group.fs_id, 7u);
  EXPECT_EQ(plan[0].group.state, STATE_READY);
  EXPECT_EQ(plan[1].kind, Action::Kind::kAdoptContainer);
  EXPECT_EQ(plan[1].container.group, "g");
  EXPECT_EQ(plan[1].container.state, STATE_READY);
}

// An empty database beside a full repository: all comes back, nothing is deleted.
TEST_F(ConfigPlan, AdoptsEverythingIntoAnEmptyDatabase) {
  actual_.containers = {Held("a", 1), Held("b", 2)};
  EXPECT_THAT(Steps({}, actual_),
              ElementsAre("adopt_group DefaultGroup", "adopt_container a", "adopt_container b"));
}

TEST_F(ConfigPlan, RecreatesReadyRowsThatOcafsdLacksGroupsFirst) {
  desired_.groups.push_back(Group("g", 2));
  desired_.containers = {Container("c", 5, STATE_READY, "g")};
  EXPECT_THAT(Steps(desired_, actual_), ElementsAre("recreate_group g", "recreate_container c"));
}

TEST_F(ConfigPlan, CreationThatWasNotConfirmedIsConfirmedWhenItHappened) {
  desired_.groups.push_back(Group("g", 0, STATE_CREATING));
  desired_.containers = {Container("c", 0, STATE_CREATING)};
  actual_.groups.push_back(HeldGroup("g", 2));
  actual_.containers = {Held("c", 4)};
  std::vector<Action> plan = Plan(desired_, actual_);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].kind, Action::Kind::kConfirmGroup);
  EXPECT_EQ(plan[0].group.fs_id, 2u);
  EXPECT_EQ(plan[1].kind, Action::Kind::kConfirmContainer);
  EXPECT_EQ(plan[1].container.fs_id, 4u);
  EXPECT_EQ(plan[1].container.state, STATE_READY);
}

TEST_F(ConfigPlan, CreationThatDidNotHappenIsForgotten) {
  desired_.groups.push_back(Group("g", 0, STATE_CREATING));
  desired_.containers = {Container("c", 0, STATE_CREATING)};
  EXPECT_THAT(Steps(desired_, actual_), ElementsAre("forget_container c", "forget_group g"));
}

TEST_F(ConfigPlan, DeletionThatHappenedIsForgottenContainersFirst) {
  desired_.groups.push_back(Group("g", 2, STATE_DELETING));
  desired_.containers = {Container("c", 3, STATE_DELETING)};
  EXPECT_THAT(Steps(desired_, actual_), ElementsAre("forget_container c", "forget_group g"));
}

TEST_F(ConfigPlan, DeletionThatWasNotConfirmedIsCalledOff) {
  desired_.containers = {Container("c", 3, STATE_DELETING)};
  actual_.containers = {Held("c", 3)};
  std::vector<Action> plan = Plan(desired_, actual_);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].kind, Action::Kind::kConfirmContainer);
  EXPECT_EQ(plan[0].container.state, STATE_READY);
}

TEST_F(ConfigPlan, MarkerOfTheRowIsPushedAndThatOfAnAdoptedContainerKept) {
  desired_.containers = {Container("c", 3)};
  desired_.containers[0].marker = fs::v1::MARKER_NONE;
  actual_.containers = {Held("c", 3), Held("d", 4)};
  actual_.containers[1].set_marker(fs::v1::MARKER_TAR);
  std::vector<Action> plan = Plan(desired_, actual_);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].kind, Action::Kind::kPushContainer);
  EXPECT_EQ(plan[0].container.marker, fs::v1::MARKER_NONE);
  EXPECT_EQ(plan[1].kind, Action::Kind::kAdoptContainer);
  EXPECT_EQ(plan[1].container.marker, fs::v1::MARKER_TAR);
}

TEST_F(ConfigPlan, ContainerThatOcafsdIsDeletingIsNeitherMadeAgainNorAdopted) {
  fs::v1::Container going = Held("c", 3);
  going.set_deleting(true);
  actual_.containers = {going};
  EXPECT_THAT(Steps(desired_, actual_), IsEmpty());
  desired_.containers = {Container("c", 3)};
  EXPECT_THAT(Steps(desired_, actual_), ElementsAre("forget_container c"));
}

TEST_F(ConfigPlan, NewContainerOfADeletedOnesNameIsKept) {
  fs::v1::Container going = Held("c", 3);
  going.set_deleting(true);
  actual_.containers = {going, Held("c", 4)};
  desired_.containers = {Container("c", 4)};
  EXPECT_THAT(Steps(desired_, actual_), IsEmpty());
}

TEST_F(ConfigPlan, NumbersAndGroupFollowOcafsd) {
  desired_.groups.push_back(Group("g", 2));
  desired_.containers = {Container("c", 3)};
  actual_.groups.push_back(HeldGroup("g", 9));
  actual_.containers = {Held("c", 8, 9)};
  std::vector<Action> plan = Plan(desired_, actual_);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].group.fs_id, 9u);
  EXPECT_EQ(plan[1].container.fs_id, 8u);
  EXPECT_EQ(plan[1].container.group, "g");
}

TEST_F(ConfigPlan, SettingsAreTheConfigurations) {
  desired_.groups[0].quota_bytes = 1 << 30;
  std::vector<Action> plan = Plan(desired_, actual_);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].kind, Action::Kind::kPushGroup);
  EXPECT_EQ(plan[0].group.quota_bytes, 1u << 30);
}

TEST_F(ConfigPlan, ChunkSizeIsOcafsds) {
  actual_.groups[0].set_chunk_size_bytes(65536);
  std::vector<Action> plan = Plan(desired_, actual_);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].kind, Action::Kind::kConfirmGroup);
  EXPECT_EQ(plan[0].group.chunk_size_bytes, 65536u);
}

// A container that must be made again keeps its group, whatever that group's row says.
TEST_F(ConfigPlan, GroupOfAReadyContainerIsMadeAgain) {
  desired_.groups.push_back(Group("g", 2, STATE_DELETING));
  desired_.containers = {Container("c", 3, STATE_READY, "g")};
  EXPECT_THAT(Steps(desired_, actual_), ElementsAre("recreate_group g", "recreate_container c"));
}

// There is no action that could.
TEST_F(ConfigPlan, NothingEverDeletesFromOcafsd) {
  for (const Action& action :
       Plan({{Group("x", 5, STATE_DELETING)}, {Container("y", 6, STATE_DELETING)}}, actual_)) {
    EXPECT_TRUE(action.kind == Action::Kind::kForgetContainer ||
                action.kind == Action::Kind::kForgetGroup ||
                action.kind == Action::Kind::kAdoptGroup);
  }
}

}  // namespace
}  // namespace oca::config
