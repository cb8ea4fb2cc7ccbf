#include "fs/rpc/server.h"

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/fs.grpc.pb.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"
#include "t/unit/fs/rpc/fake_filesystem.h"

namespace oca::fs_rpc {
namespace {

using fs::v1::Fs;
using testing::ElementsAre;

class FsServer : public testing::Test {
 protected:
  void SetUp() override {
    Callbacks callbacks;
    callbacks.container_changed = [this](std::string_view name) {
      absl::MutexLock lock(&mu_);
      changed_.emplace_back(name);
    };
    callbacks.shutdown_requested = [this] {
      absl::MutexLock lock(&mu_);
      ++shutdowns_;
    };
    ASSERT_OK_AND_ASSIGN(
        server_, Server::Start(filesystem_, dir_.Path("s"), callbacks, {"1.2.3", "/repo", "/mnt"}));
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(dir_.Path("s")));
    stub_ = Fs::NewStub(channel);
  }

  // Calls `method` of the stub.
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Fs::Stub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(10));
    return rpc::FromGrpc((stub_.get()->*method)(&context, request, response));
  }

  uint32_t AddGroup(const std::string& name) {
    fs::v1::AddStorageGroupRequest request;
    request.set_name(name);
    fs::v1::StorageGroup made;
    EXPECT_OK(Call(&Fs::Stub::AddStorageGroup, request, &made));
    return made.id();
  }
  uint32_t AddContainer(const std::string& name, uint32_t group) {
    fs::v1::AddContainerRequest request;
    request.set_name(name);
    request.set_group_id(group);
    fs::v1::Container made;
    EXPECT_OK(Call(&Fs::Stub::AddContainer, request, &made));
    return made.id();
  }
  absl::Status DeleteContainer(uint32_t id) {
    fs::v1::DeleteContainerRequest request;
    request.set_id(id);
    fs::v1::DeleteContainerResponse response;
    return Call(&Fs::Stub::DeleteContainer, request, &response);
  }
  std::vector<std::string> Changed() {
    absl::MutexLock lock(&mu_);
    return changed_;
  }

  support::TempDir dir_;
  engine::FakeFilesystem filesystem_;
  absl::Mutex mu_;
  std::vector<std::string> changed_ ABSL_GUARDED_BY(mu_);
  int shutdowns_ ABSL_GUARDED_BY(mu_) = 0;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Fs::Stub> stub_;
};

TEST_F(FsServer, InfoTellsWhoServesAndHowMuchRoomThereIs) {
  fs::v1::Info info;
  ASSERT_OK(Call(&Fs::Stub::GetInfo, fs::v1::GetInfoRequest(), &info));
  EXPECT_EQ(info.version(), "1.2.3");
  EXPECT_EQ(info.pid(), static_cast<uint32_t>(::getpid()));
  EXPECT_EQ(info.repository_path(), "/repo");
  EXPECT_EQ(info.mount_path(), "/mnt");
  EXPECT_EQ(info.capacity_total_bytes(), 1000u);
  EXPECT_EQ(info.capacity_free_bytes(), 400u);
  EXPECT_GT(info.started().seconds(), 1'600'000'000);
}

TEST_F(FsServer, GroupIsMadeWithDefaultsChangedAndDeleted) {
  uint32_t id = AddGroup("g");
  fs::v1::ListStorageGroupsResponse list;
  ASSERT_OK(Call(&Fs::Stub::ListStorageGroups, fs::v1::ListStorageGroupsRequest(), &list));
  ASSERT_EQ(list.groups_size(), 1);
  EXPECT_EQ(list.groups(0).chunk_size_bytes(), 16384u);
  EXPECT_EQ(list.groups(0).compression_mode(), fs::v1::COMPRESSION_MODE_FAST);

  fs::v1::UpdateStorageGroupRequest update;
  update.set_id(id);
  update.set_quota_bytes(1 << 30);
  fs::v1::StorageGroup changed;
  ASSERT_OK(Call(&Fs::Stub::UpdateStorageGroup, update, &changed));
  EXPECT_EQ(changed.quota_bytes(), 1u << 30);
  update.clear_quota_bytes();
  update.set_compression_mode(fs::v1::COMPRESSION_MODE_LZ4);
  ASSERT_OK(Call(&Fs::Stub::UpdateStorageGroup, update, &changed));
  EXPECT_EQ(changed.quota_bytes(), 1u << 30);  // not set = left
  EXPECT_EQ(changed.compression_mode(), fs::v1::COMPRESSION_MODE_LZ4);
  update.set_id(99);
  EXPECT_ERRNO(Call(&Fs::Stub::UpdateStorageGroup, update, &changed), ENOENT);

  fs::v1::DeleteStorageGroupRequest remove;
  remove.set_id(id);
  fs::v1::DeleteStorageGroupResponse removed;
  AddContainer("c", id);
  EXPECT_ERRNO(Call(&Fs::Stub::DeleteStorageGroup, remove, &removed), ENOTEMPTY);
}

TEST_F(FsServer, GroupIsEncryptedAndUnlocked) {
  const uint32_t id = AddGroup("g");
  fs::v1::Encryption encryption;
  fs::v1::EncryptStorageGroupRequest encrypt;
  encrypt.set_id(id);
  EXPECT_FALSE(Call(&Fs::Stub::EncryptStorageGroup, encrypt, &encryption).ok());
  fs::v1::SetStorageGroupPassphraseRequest set;
  set.set_id(id);
  set.set_passphrase("open sesame");
  ASSERT_OK(Call(&Fs::Stub::SetStorageGroupPassphrase, set, &encryption));
  EXPECT_FALSE(encryption.on());
  encrypt.set_mode(fs::v1::ENCRYPTION_MODE_INTERNAL);
  encrypt.set_rotation_seconds(604800);
  ASSERT_OK(Call(&Fs::Stub::EncryptStorageGroup, encrypt, &encryption));
  EXPECT_TRUE(encryption.on());

  fs::v1::UnlockStorageGroupRequest unlock;
  unlock.set_id(id);
  unlock.set_passphrase("open says me");
  EXPECT_TRUE(absl::IsPermissionDenied(Call(&Fs::Stub::UnlockStorageGroup, unlock, &encryption)));
  unlock.set_passphrase("open sesame");
  ASSERT_OK(Call(&Fs::Stub::UnlockStorageGroup, unlock, &encryption));

  fs::v1::ListStorageGroupsResponse list;
  ASSERT_OK(Call(&Fs::Stub::ListStorageGroups, fs::v1::ListStorageGroupsRequest(), &list));
  EXPECT_EQ(list.groups(0).encryption().keys(), fs::v1::KEY_STATE_UNLOCKED);
  EXPECT_EQ(list.groups(0).encryption().mode(), fs::v1::ENCRYPTION_MODE_INTERNAL);
  EXPECT_EQ(list.groups(0).encryption().rotation_seconds(), 604800u);
}

TEST_F(FsServer, MountHearsOfEveryContainerChange) {
  uint32_t group = AddGroup("g");
  uint32_t id = AddContainer("c1", group);
  EXPECT_THAT(Changed(), ElementsAre("c1"));
  ASSERT_OK(DeleteContainer(id));
  EXPECT_THAT(Changed(), ElementsAre("c1", "c1"));
  EXPECT_ERRNO(DeleteContainer(id), ENOENT);
  EXPECT_THAT(Changed(), ElementsAre("c1", "c1"));
}

TEST_F(FsServer, ContainerKeepsItsMarker) {
  fs::v1::AddContainerRequest add;
  add.set_name("c");
  add.set_group_id(AddGroup("g"));
  add.set_marker(static_cast<fs::v1::Marker>(9));
  fs::v1::Container container;
  EXPECT_EQ(Call(&Fs::Stub::AddContainer, add, &container).code(),
            absl::StatusCode::kInvalidArgument);
  add.set_marker(fs::v1::MARKER_TAR);
  ASSERT_OK(Call(&Fs::Stub::AddContainer, add, &container));
  EXPECT_EQ(container.marker(), fs::v1::MARKER_TAR);
  fs::v1::UpdateContainerRequest update;
  update.set_id(container.id());
  ASSERT_OK(Call(&Fs::Stub::UpdateContainer, update, &container));
  EXPECT_EQ(container.marker(), fs::v1::MARKER_TAR);
  update.set_marker(fs::v1::MARKER_NONE);
  ASSERT_OK(Call(&Fs::Stub::UpdateContainer, update, &container));
  fs::v1::ListContainersResponse list;
  ASSERT_OK(Call(&Fs::Stub::ListContainers, fs::v1::ListContainersRequest(), &list));
  EXPECT_EQ(list.containers(0).marker(), fs::v1::MARKER_NONE);
  update.set_marker(static_cast<fs::v1::Marker>(9));
  EXPECT_EQ(Call(&Fs::Stub::UpdateContainer, update, &container).code(),
            absl::StatusCode::kInvalidArgument);
  update.set_id(99);
  EXPECT_ERRNO(Call(&Fs::Stub::UpdateContainer, update, &container), ENOENT);
}

TEST_F(FsServer, BusyContainerKeepsItsErrno) {
  uint32_t id = AddContainer("c1", AddGroup("g"));
  {
    absl::MutexLock lock(&filesystem_.mu);
    filesystem_.delete_container_result = PosixError(EBUSY, "c1");
  }
  EXPECT_ERRNO(DeleteContainer(id), EBUSY);
}

TEST_F(FsServer, StatsComeForOneOrForAll) {
  uint32_t g1 = AddGroup("g1");
  AddGroup("g2");
  AddContainer("c1", g1);
  uint32_t c2 = AddContainer("c2", g1);
  fs::v1::GetStorageGroupStatsRequest request;
  fs::v1::GetStorageGroupStatsResponse groups;
  ASSERT_OK(Call(&Fs::Stub::GetStorageGroupStats, request, &groups));
  EXPECT_EQ(groups.groups_size(), 2);
  request.set_id(99);
  EXPECT_ERRNO(Call(&Fs::Stub::GetStorageGroupStats, request, &groups), ENOENT);

  fs::v1::GetContainerStatsRequest one;
  fs::v1::GetContainerStatsResponse containers;
  ASSERT_OK(Call(&Fs::Stub::GetContainerStats, one, &containers));
  EXPECT_EQ(containers.containers_size(), 2);
  one.set_id(c2);
  ASSERT_OK(Call(&Fs::Stub::GetContainerStats, one, &containers));
  ASSERT_EQ(containers.containers_size(), 1);
  EXPECT_EQ(containers.containers(0).name(), "c2");
  EXPECT_EQ(containers.containers(0).group(), "g1");
  one.set_id(99);
  EXPECT_ERRNO(Call(&Fs::Stub::GetContainerStats, one, &containers), ENOENT);
}

TEST_F(FsServer, CleanerStartsOnceAndStops) {
  fs::v1::StartReclaimResponse started;
  ASSERT_OK(Call(&Fs::Stub::StartReclaim, fs::v1::StartReclaimRequest(), &started));
  EXPECT_ERRNO(Call(&Fs::Stub::StartReclaim, fs::v1::StartReclaimRequest(), &started), EBUSY);
  fs::v1::CleanerStatus status;
  ASSERT_OK(Call(&Fs::Stub::GetCleanerStatus, fs::v1::GetCleanerStatusRequest(), &status));
  EXPECT_EQ(status.state(), fs::v1::JOB_STATE_RUNNING);
  fs::v1::StopReclaimResponse stopped;
  ASSERT_OK(Call(&Fs::Stub::StopReclaim, fs::v1::StopReclaimRequest(), &stopped));
  ASSERT_OK(Call(&Fs::Stub::GetCleanerStatus, fs::v1::GetCleanerStatusRequest(), &status));
  EXPECT_EQ(status.state(), fs::v1::JOB_STATE_STOPPED);
}

TEST_F(FsServer, ScanGetsItsLevelAndGroup) {
  fs::v1::StartScanRequest request;
  fs::v1::StartScanResponse response;
  EXPECT_ERRNO(Call(&Fs::Stub::StartScan, request, &response), EINVAL);
  request.set_level(fs::v1::SCAN_LEVEL_VERIFY_DATA);
  request.set_group_id(4);
  ASSERT_OK(Call(&Fs::Stub::StartScan, request, &response));
  {
    absl::MutexLock lock(&filesystem_.mu);
    EXPECT_EQ(filesystem_.scanned_group, GroupId(4));
    filesystem_.scan.faults = {"pack 9: torn"};
    filesystem_.scan.fault_count = 12;
  }
  fs::v1::ScanStatus status;
  ASSERT_OK(Call(&Fs::Stub::GetScanStatus, fs::v1::GetScanStatusRequest(), &status));
  EXPECT_EQ(status.level(), fs::v1::SCAN_LEVEL_VERIFY_DATA);
  EXPECT_EQ(status.fault_count(), 12u);
  EXPECT_THAT(status.faults(), ElementsAre("pack 9: torn"));
}

TEST_F(FsServer, ShutdownIsHandedOn) {
  fs::v1::ShutdownResponse response;
  ASSERT_OK(Call(&Fs::Stub::Shutdown, fs::v1::ShutdownRequest(), &response));
  absl::MutexLock lock(&mu_);
  EXPECT_EQ(shutdowns_, 1);
}

TEST_F(FsServer, StopEndsTheServiceAndIsSafeTwice) {
  server_->Stop();
  server_->Stop();
  EXPECT_FALSE(rpc::SocketAnswers(dir_.Path("s")));
}

TEST_F(FsServer, CleanerWindowsAreSetByDayOrForAll) {
  fs::v1::SetCleanerWindowRequest set;
  set.mutable_window()->set_start_minute(60);
  set.mutable_window()->set_stop_minute(1440);
  fs::v1::CleanerSchedule schedule;
  ASSERT_OK(Call(&Fs::Stub::SetCleanerWindow, set, &schedule));
  ASSERT_EQ(schedule.windows_size(), 7);
  EXPECT_EQ(schedule.windows(0).day(), fs::v1::WEEKDAY_MONDAY);
  EXPECT_EQ(schedule.windows(6).day(), fs::v1::WEEKDAY_SUNDAY);
  EXPECT_EQ(schedule.windows(6).stop_minute(), 1440u);
  set.mutable_window()->Clear();
  set.mutable_window()->set_day(fs::v1::WEEKDAY_MONDAY);
  ASSERT_OK(Call(&Fs::Stub::SetCleanerWindow, set, &schedule));
  ASSERT_EQ(schedule.windows_size(), 6);
  EXPECT_EQ(schedule.windows(0).day(), fs::v1::WEEKDAY_TUESDAY);
  set.mutable_window()->set_day(static_cast<fs::v1::Weekday>(8));
  EXPECT_THAT(Call(&Fs::Stub::SetCleanerWindow, set, &schedule),
              support::StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK(Call(&Fs::Stub::GetCleanerSchedule, fs::v1::GetCleanerScheduleRequest(), &schedule));
  EXPECT_EQ(schedule.windows_size(), 6);
}

TEST_F(FsServer, RetentionIsSetInPartsAndShown) {
  const uint32_t container = AddContainer("c", AddGroup("g"));
  fs::v1::SetRetentionRequest set;
  set.set_id(container);
  set.set_min_period_seconds(5);
  fs::v1::Retention retention;
  EXPECT_THAT(Call(&Fs::Stub::SetRetention, set, &retention),
              support::StatusIs(absl::StatusCode::kInvalidArgument));  // no mode yet
  set.set_mode(fs::v1::RETENTION_MODE_GOVERNANCE);
  ASSERT_OK(Call(&Fs::Stub::SetRetention, set, &retention));
  EXPECT_EQ(retention.mode(), fs::v1::RETENTION_MODE_GOVERNANCE);
  EXPECT_EQ(retention.min_period_seconds(), 5u);
  EXPECT_EQ(retention.max_period_seconds(), 30u * 365 * 86400);
  EXPECT_EQ(retention.default_period_seconds(), 30u * 86400);
  set.Clear();
  set.set_id(container);
  set.set_auto_lock_seconds(60);
  ASSERT_OK(Call(&Fs::Stub::SetRetention, set, &retention));
  EXPECT_EQ(retention.min_period_seconds(), 5u);
  EXPECT_EQ(retention.auto_lock_seconds(), 60u);
  fs::v1::GetRetentionRequest get;
  get.set_id(container);
  ASSERT_OK(Call(&Fs::Stub::GetRetention, get, &retention));
  EXPECT_EQ(retention.locked_files(), 2u);
  EXPECT_EQ(retention.trusted_time().seconds(), 1'700'000'000);
  EXPECT_EQ(retention.last_unlock().seconds(), 1'700'000'002);
  set.set_mode(fs::v1::RETENTION_MODE_NONE);
  ASSERT_OK(Call(&Fs::Stub::SetRetention, set, &retention));
  EXPECT_EQ(retention.auto_lock_seconds(), 0u);
  set.set_id(99);
  EXPECT_THAT(Call(&Fs::Stub::SetRetention, set, &retention),
              support::StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(FsServer, ReleaseHandsThePathOnAndTheErrnoBack) {
  fs::v1::ReleaseLockRequest request;
  request.set_id(AddContainer("c", AddGroup("g")));
  request.set_path("a/b");
  fs::v1::ReleaseLockResponse response;
  ASSERT_OK(Call(&Fs::Stub::ReleaseLock, request, &response));
  absl::MutexLock lock(&filesystem_.mu);
  EXPECT_EQ(filesystem_.released, "a/b");
}

}  // namespace
}  // namespace oca::fs_rpc
