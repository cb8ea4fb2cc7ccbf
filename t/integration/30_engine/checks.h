// What tests of the engine make and check alike.
#ifndef OCA_T_INTEGRATION_30_ENGINE_CHECKS_H_
#define OCA_T_INTEGRATION_30_ENGINE_CHECKS_H_

#include <optional>
#include <string>

#include "fs/engine/filesystem.h"
#include "gtest/gtest.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/status_matchers.h"

namespace oca::engine {

// Container "c" in storage group "g"; its root.
inline absl::StatusOr<InodeNo> MakeContainer(Filesystem& filesystem) {
  StorageGroup group;
  group.name = "g";
  OCA_ASSIGN_OR_RETURN(group, filesystem.AddGroup(group));
  Container container;
  container.name = "c";
  container.group = group.id;
  OCA_ASSIGN_OR_RETURN(container, filesystem.AddContainer(container));
  return container.root;
}

// A scan of all data finds nothing.
inline void ExpectSound(Filesystem& filesystem) {
  ASSERT_OK(filesystem.StartScan(ScanLevel::kVerifyData, std::nullopt));
  WaitWhile([&] { return filesystem.GetScanStatus().state == JobState::kRunning; });
  const ScanStatus scan = filesystem.GetScanStatus();
  EXPECT_EQ(scan.state, JobState::kDone) << scan.error;
  for (const std::string& fault : scan.faults) ADD_FAILURE() << fault;
}

// What was acknowledged is there.
inline void ExpectKept(Filesystem& filesystem, const State& acknowledged) {
  absl::StatusOr<State> found = ReadState(filesystem);
  ASSERT_OK(found);
  for (const auto& [name, data] : acknowledged) EXPECT_TRUE((*found)[name] == data) << name;
}

}  // namespace oca::engine

#endif  // OCA_T_INTEGRATION_30_ENGINE_CHECKS_H_
