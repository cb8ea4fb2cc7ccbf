#include "t/integration/50_rpc_services/config_service.h"

#include "absl/base/thread_annotations.h"
#include "lib/api/storage.grpc.pb.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(ConfigService, FirstStartMakesDefaultGroup) {
  mgmt::ListStorageGroupsResponse list;
  ASSERT_OK(Call(&Management::Stub::ListStorageGroups, mgmt::ListStorageGroupsRequest(), &list));
  ASSERT_EQ(list.groups_size(), 1);
  EXPECT_EQ(list.groups(0).name(), "DefaultGroup");
  EXPECT_EQ(list.groups(0).id(), 1u);
  EXPECT_EQ(list.groups(0).chunk_size_bytes(), 16384u);
  EXPECT_EQ(list.groups(0).compression_mode(), fs::v1::COMPRESSION_MODE_FAST);
  EXPECT_EQ(list.groups(0).state(), mgmt::STATE_READY);
  EXPECT_EQ(list.notice(), "");
}

TEST_F(ConfigService, SystemShowsAllParts) {
  mgmt::System system = System();
  EXPECT_EQ(system.home_path(), home_.path());
  EXPECT_EQ(system.mount_path(), "/mnt");
  EXPECT_EQ(system.capacity_total_bytes(), 1000u);
  EXPECT_EQ(system.capacity_used_bytes(), 600u);
  EXPECT_EQ(system.system_id(), Sql("SELECT system_id FROM oca_config.appliance"));
  ASSERT_EQ(system.parts_size(), 4);
  for (const mgmt::Part& part : system.parts()) {
    EXPECT_TRUE(part.up()) << part.DebugString();
    EXPECT_GT(part.pid(), 0u) << part.name();
    EXPECT_TRUE(part.has_started()) << part.name();
  }
}

TEST_F(ConfigService, ContainerIsMadeShownAndDeleted) {
  ASSERT_OK_AND_ASSIGN(mgmt::Container made, AddContainer("c1"));
  EXPECT_EQ(made.name(), "c1");
  EXPECT_EQ(made.group(), "DefaultGroup");
  EXPECT_EQ(made.mount_path(), "/mnt/c1");
  EXPECT_EQ(made.state(), mgmt::STATE_READY);
  EXPECT_EQ(Sql("SELECT state || fs_id FROM oca_config.container"),
            fmt::format("ready{}", made.id()));
  EXPECT_THAT(Names(), ElementsAre("c1"));
  ASSERT_OK(DeleteContainer("c1"));
  EXPECT_THAT(Names(), ElementsAre());
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.container"), "0");
}

TEST_F(ConfigService, ErrorsSayWhatToDo) {
  ASSERT_OK(AddContainer("backups"));
  EXPECT_THAT(AddContainer("backups").status(), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(AddContainer("a/b").status(), StatusIs(StatusCode::kInvalidArgument));
  absl::Status nogroup = AddContainer("x", "DefaultGruop").status();
  EXPECT_THAT(nogroup, StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Text(nogroup), HasSubstr("did you mean 'DefaultGroup'?"));
  EXPECT_THAT(Text(DeleteContainer("bakcups")), HasSubstr("did you mean 'backups'?"));
  EXPECT_THAT(Containers("nosuch").status(), StatusIs(StatusCode::kNotFound));
  absl::Status holds = DeleteGroup("DefaultGroup");
  EXPECT_THAT(holds, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(holds), HasSubstr("backups"));
  ASSERT_OK(DeleteContainer("backups"));
  EXPECT_THAT(Text(DeleteGroup("DefaultGroup")), HasSubstr("cannot be deleted"));
  EXPECT_THAT(AddGroup("tiny", 1000).status(), StatusIs(StatusCode::kInvalidArgument));
}

// The path first, then the group: a call that was cut short in between is made whole by the next.
TEST_F(ConfigService, PerformanceTierIsMadeOfAPathAndAGroup) {
  ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::ManagementSocket(home_.path())));
  auto storage = mgmt::Storage::NewStub(channel);
  mgmt::StorageGroup made;
  const auto add = [&](const std::string& name, uint64_t quota) {
    ::mkdir(home_.Path(name).c_str(), 0700);
    mgmt::AddPerformanceTierRequest request;
    request.set_path(home_.Path(name));
    request.set_quota_bytes(quota);
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    return rpc::FromGrpc(storage->AddPerformanceTier(&context, request, &made));
  };
  EXPECT_THAT(AddGroup("PerformanceTier", 0).status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(add("fast", 1000), StatusIs(StatusCode::kInvalidArgument));
  {
    absl::MutexLock lock(&filesystem_->mu);
    filesystem_->path_test.random_reads = 3;
  }
  const absl::Status slow = add("fast", 0);
  EXPECT_THAT(slow, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(slow), HasSubstr("too slow"));
  {
    absl::MutexLock lock(&filesystem_->mu);
    filesystem_->path_test.random_reads = 30'000;
  }
  ASSERT_OK(add("fast", 1 << 30));
  EXPECT_EQ(made.name(), "PerformanceTier");
  EXPECT_EQ(made.quota_bytes(), 1u << 30);
  {
    absl::MutexLock lock(&filesystem_->mu);
    EXPECT_TRUE(filesystem_->groups[made.id()].performance_tier);
    EXPECT_TRUE(filesystem_->paths.back().tier);
  }
  EXPECT_THAT(Text(add("faster", 1 << 30)), HasSubstr("--update"));
  ASSERT_OK(add("faster", 0));
  ASSERT_OK(AddContainer("c1", "PerformanceTier"));
  // What was lost in ocafsd is made again as what it was.
  ASSERT_OK(DeleteContainer("c1"));
  {
    absl::MutexLock lock(&filesystem_->mu);
    filesystem_->groups.erase(made.id());
  }
  ASSERT_OK(AddContainer("c2", "PerformanceTier"));
  absl::MutexLock lock(&filesystem_->mu);
  EXPECT_TRUE(filesystem_->groups.rbegin()->second.performance_tier);
}

TEST_F(ConfigService, RefusedDeletionLeavesTheContainerReady) {
  ASSERT_OK(AddContainer("c1"));
  {
    absl::MutexLock lock(&filesystem_->mu);
    filesystem_->delete_container_result = PosixError(ENOTEMPTY, "c1");
  }
  absl::Status full = DeleteContainer("c1");
  EXPECT_THAT(full, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(full), HasSubstr("--delete_files"));
  {
    absl::MutexLock lock(&filesystem_->mu);
    filesystem_->delete_container_result = PosixError(EBUSY, "c1");
  }
  EXPECT_THAT(Text(DeleteContainer("c1", true)), HasSubstr("open"));
  EXPECT_EQ(Sql("SELECT state FROM oca_config.container"), "ready");
}

TEST_F(ConfigService, GroupKeepsItsSettingsAndQuotaMayNotFallBelowUse) {
  ASSERT_OK_AND_ASSIGN(mgmt::StorageGroup made, AddGroup("g", 1 << 30));
  {
    absl::MutexLock lock(&filesystem_->mu);
    EXPECT_EQ(filesystem_->groups[made.id()].quota_bytes, 1u << 30);
    filesystem_->group_stats[made.id()].bytes.physical_bytes = 5 << 20;
  }
  absl::Status low = UpdateGroup("g", 2 << 20).status();
  EXPECT_THAT(low, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(low), HasSubstr("5242880"));
  ASSERT_OK_AND_ASSIGN(mgmt::StorageGroup changed, UpdateGroup("g", 6 << 20));
  EXPECT_EQ(changed.quota_bytes(), 6u << 20);
  ASSERT_OK_AND_ASSIGN(changed, UpdateGroup("g", 0));
  EXPECT_EQ(changed.quota_bytes(), 0u);
  EXPECT_EQ(Sql("SELECT quota_bytes FROM oca_config.storage_group WHERE name = 'g'"), "0");
  ASSERT_OK(DeleteGroup("g"));
  EXPECT_THAT(UpdateGroup("g", 0).status(), StatusIs(StatusCode::kNotFound));
}

TEST_F(ConfigService, ContainerKeepsItsMarkerAndTheMarkerCanBeChanged) {
  mgmt::AddContainerRequest add;
  add.set_name("c");
  add.set_marker(fs::v1::MARKER_NONE);
  mgmt::Container made;
  ASSERT_OK(Call(&Management::Stub::AddContainer, add, &made));
  EXPECT_EQ(made.marker(), fs::v1::MARKER_NONE);
  mgmt::UpdateContainerRequest update;
  update.set_name("c");
  update.set_marker(fs::v1::MARKER_TAR);
  mgmt::Container changed;
  ASSERT_OK(Call(&Management::Stub::UpdateContainer, update, &changed));
  EXPECT_EQ(changed.marker(), fs::v1::MARKER_TAR);
  EXPECT_EQ(Sql("SELECT marker FROM oca_config.container WHERE name = 'c'"), "tar");
  {
    absl::MutexLock lock(&filesystem_->mu);
    EXPECT_EQ(filesystem_->containers[made.id()].marker, names::ContainerMarker::kTar);
  }
  update.set_marker(static_cast<fs::v1::Marker>(77));
  EXPECT_THAT(Call(&Management::Stub::UpdateContainer, update, &changed),
              StatusIs(StatusCode::kInvalidArgument));
  update.set_marker(fs::v1::MARKER_AUTO);
  update.set_name("none");
  EXPECT_THAT(Call(&Management::Stub::UpdateContainer, update, &changed),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(ConfigService, OcafsdDownShowsComeFromTheConfigurationAndChangesFail) {
  ASSERT_OK(AddContainer("c1"));
  StopFilesystem();
  ASSERT_OK_AND_ASSIGN(auto list, Containers());
  ASSERT_EQ(list.containers_size(), 1);
  EXPECT_EQ(list.containers(0).name(), "c1");
  EXPECT_THAT(list.notice(), HasSubstr("ocafsd"));
  absl::Status add = AddContainer("c2").status();
  EXPECT_THAT(add, StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(Text(add), HasSubstr("ocafsd"));
  EXPECT_THAT(Text(add), HasSubstr("oca-appliance start"));
  mgmt::SystemStats stats;
  EXPECT_THAT(Call(&Management::Stub::GetSystemStats, mgmt::GetSystemStatsRequest(), &stats),
              StatusIs(StatusCode::kUnavailable));
  EXPECT_FALSE(System().ready());
  StartFilesystem();
  WaitReady();
  EXPECT_OK(AddContainer("c2"));
}

TEST_F(ConfigService, PostgresDownStatsAndMaintenanceGoOnAndChangesFail) {
  ASSERT_OK(AddContainer("c1"));
  database_server_->Kill();
  absl::Status add = AddContainer("c2").status();
  EXPECT_THAT(add, StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(Text(add), HasSubstr("PostgreSQL"));
  ASSERT_OK_AND_ASSIGN(auto list, Containers());
  ASSERT_EQ(list.containers_size(), 1);
  EXPECT_EQ(list.containers(0).mount_path(), "/mnt/c1");
  EXPECT_THAT(list.notice(), HasSubstr("PostgreSQL"));
  mgmt::SystemStats stats;
  EXPECT_OK(Call(&Management::Stub::GetSystemStats, mgmt::GetSystemStatsRequest(), &stats));
  mgmt::StartReclaimResponse started;
  EXPECT_OK(Call(&Management::Stub::StartReclaim, mgmt::StartReclaimRequest(), &started));
  EXPECT_FALSE(System().ready());
  database_server_->Start();
  WaitReady();
  EXPECT_OK(AddContainer("c2"));
}

TEST_F(ConfigService, LostDatabaseIsFilledFromOcafsd) {
  ASSERT_OK(AddGroup("g", 1 << 30));
  ASSERT_OK(AddContainer("c1", "g"));
  std::string id = System().system_id();
  StopService();
  Sql("DROP SCHEMA oca_config CASCADE");
  StartService();
  WaitReady();
  EXPECT_THAT(Names(), ElementsAre("c1"));
  EXPECT_EQ(Sql("SELECT storage_group || state FROM oca_config.container"), "gready");
  EXPECT_EQ(Sql("SELECT quota_bytes FROM oca_config.storage_group WHERE name = 'g'"),
            std::to_string(1 << 30));
  EXPECT_NE(System().system_id(), id);
}

TEST_F(ConfigService, LostRepositoryIsMadeAgainFromTheConfiguration) {
  ASSERT_OK(AddGroup("g", 1 << 30));
  ASSERT_OK(AddContainer("c1", "g"));
  StopFilesystem();
  filesystem_ = std::make_unique<engine::FakeFilesystem>();
  StartFilesystem();
  {
    absl::MutexLock lock(&filesystem_->mu);
    auto made = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(filesystem_->mu) {
      return filesystem_->containers.size() == 1;
    };
    ASSERT_TRUE(filesystem_->mu.AwaitWithTimeout(absl::Condition(&made), absl::Seconds(60)));
  }
  WaitReady();
  ASSERT_OK_AND_ASSIGN(auto list, Containers("c1"));
  EXPECT_EQ(list.containers(0).group(), "g");
}

// What a crash between the steps of a change leaves.
TEST_F(ConfigService, HalfDoneChangesAreMendedAtTheNextStart) {
  ASSERT_OK(AddContainer("kept"));
  ASSERT_OK(AddContainer("made"));
  StopService();
  Sql("UPDATE oca_config.container SET state = 'deleting' WHERE name = 'kept'");
  Sql("UPDATE oca_config.container SET state = 'creating', fs_id = NULL WHERE name = 'made'");
  Sql("INSERT INTO oca_config.container VALUES ('never', NULL, 'DefaultGroup', 'local', "
      "'creating')");
  StartService();
  WaitReady();
  EXPECT_THAT(Names(), ElementsAre("kept", "made"));
  EXPECT_EQ(
      Sql("SELECT string_agg(name || '=' || state, ',' ORDER BY name) FROM oca_config.container"),
      "kept=ready,made=ready");
}

TEST_F(ConfigService, ChangesAtOnceAllSucceedOrSayWhy) {
  std::vector<std::thread> threads;
  std::vector<absl::Status> results(8);
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = AddContainer(fmt::format("c{}", i / 2)).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  int made = 0;
  for (const absl::Status& status : results) {
    if (status.ok()) {
      ++made;
    } else {
      EXPECT_THAT(status, StatusIs(StatusCode::kAlreadyExists));
    }
  }
  EXPECT_EQ(made, 4);
  EXPECT_THAT(Names(), ElementsAre("c0", "c1", "c2", "c3"));
}

TEST_F(ConfigService, MaintenanceReachesOcafsdByNames) {
  ASSERT_OK_AND_ASSIGN(mgmt::StorageGroup group, AddGroup("g"));
  mgmt::StartReclaimResponse reclaim;
  ASSERT_OK(Call(&Management::Stub::StartReclaim, mgmt::StartReclaimRequest(), &reclaim));
  EXPECT_THAT(Call(&Management::Stub::StartReclaim, mgmt::StartReclaimRequest(), &reclaim),
              StatusIs(StatusCode::kFailedPrecondition));
  mgmt::StartScanRequest scan;
  scan.set_level(fs::v1::SCAN_LEVEL_VERIFY_DATA);
  scan.set_storage_group("nosuch");
  mgmt::StartScanResponse started;
  EXPECT_THAT(Call(&Management::Stub::StartScan, scan, &started), StatusIs(StatusCode::kNotFound));
  scan.set_storage_group("g");
  ASSERT_OK(Call(&Management::Stub::StartScan, scan, &started));
  absl::MutexLock lock(&filesystem_->mu);
  EXPECT_EQ(filesystem_->scanned_group, oca::GroupId(group.id()));
}

TEST_F(ConfigService, StatsComeByName) {
  ASSERT_OK(AddContainer("c1"));
  mgmt::GetContainerStatsRequest request;
  request.set_name("c1");
  mgmt::GetContainerStatsResponse containers;
  ASSERT_OK(Call(&Management::Stub::GetContainerStats, request, &containers));
  ASSERT_EQ(containers.containers_size(), 1);
  EXPECT_EQ(containers.containers(0).group(), "DefaultGroup");
  request.set_name("nosuch");
  EXPECT_THAT(Call(&Management::Stub::GetContainerStats, request, &containers),
              StatusIs(StatusCode::kNotFound));
  {
    absl::MutexLock lock(&filesystem_->mu);
    filesystem_->group_stats[1].bytes = {1000, 500, 100, 120};
  }
  mgmt::SystemStats stats;
  ASSERT_OK(Call(&Management::Stub::GetSystemStats, mgmt::GetSystemStatsRequest(), &stats));
  EXPECT_EQ(stats.current_bytes(), 1000u);
  EXPECT_EQ(stats.total_savings_percent(), 90);
}

TEST_F(ConfigService, SecondInstanceOnTheSameHomeIsRefused) {
  std::vector<std::string> args = {"--home", home_.path()};
  std::ostringstream out, err;
  Context context{out, err, [] {}};
  EXPECT_EQ(config::Run(args, context), 1);
  EXPECT_THAT(err.str(), HasSubstr("running"));
  EXPECT_TRUE(System().ready());
}

TEST(ConfigServiceArguments, WrongOnesAreAUsageError) {
  std::ostringstream out, err;
  Context context{out, err, [] {}};
  EXPECT_EQ(config::Run(std::vector<std::string>{}, context), 2);
  EXPECT_EQ(config::Run(std::vector<std::string>{"--nonsense"}, context), 2);
  EXPECT_EQ(config::Run(std::vector<std::string>{"--help"}, context), 0);
  EXPECT_THAT(out.str(), HasSubstr("--home"));
}

TEST_F(ConfigService, RetentionGoesToOcafsdByTheContainersName) {
  ASSERT_OK(AddContainer("c"));
  mgmt::SetRetentionRequest set;
  set.set_name("c");
  set.set_mode(fs::v1::RETENTION_MODE_COMPLIANCE);
  set.set_default_period_seconds(9);
  fs::v1::Retention retention;
  ASSERT_OK(Call(&Management::Stub::SetRetention, set, &retention));
  EXPECT_EQ(retention.mode(), fs::v1::RETENTION_MODE_COMPLIANCE);
  EXPECT_EQ(retention.default_period_seconds(), 9u);
  mgmt::GetRetentionRequest get;
  get.set_name("c");
  ASSERT_OK(Call(&Management::Stub::GetRetention, get, &retention));
  EXPECT_EQ(retention.default_period_seconds(), 9u);
  get.set_name("d");
  EXPECT_THAT(Call(&Management::Stub::GetRetention, get, &retention),
              StatusIs(StatusCode::kNotFound));
  get.set_name("");
  EXPECT_THAT(Call(&Management::Stub::GetRetention, get, &retention),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(ConfigService, CleanerScheduleGoesToOcafsd) {
  mgmt::SetCleanerWindowRequest set;
  set.mutable_window()->set_stop_minute(120);
  fs::v1::CleanerSchedule schedule;
  ASSERT_OK(Call(&Management::Stub::SetCleanerWindow, set, &schedule));
  EXPECT_EQ(schedule.windows_size(), 7);
}

TEST_F(ConfigService, WhatRetentionForbidsIsAState) {
  ASSERT_OK(AddContainer("c"));
  {
    absl::MutexLock lock(&filesystem_->mu);
    filesystem_->retention_result = PosixError(EPERM, "compliance mode");
    filesystem_->delete_container_result = PosixError(EPERM, "locked files");
  }
  mgmt::SetRetentionRequest set;
  set.set_name("c");
  set.set_mode(fs::v1::RETENTION_MODE_NONE);
  fs::v1::Retention retention;
  EXPECT_THAT(Call(&Management::Stub::SetRetention, set, &retention),
              StatusIs(StatusCode::kFailedPrecondition));
  mgmt::ReleaseLockRequest release;
  release.set_name("c");
  release.set_path("f");
  mgmt::ReleaseLockResponse response;
  const absl::Status refused = Call(&Management::Stub::ReleaseLock, release, &response);
  EXPECT_THAT(refused, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(refused.ToString(), HasSubstr("compliance mode"));
  EXPECT_THAT(DeleteContainer("c", true), StatusIs(StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace oca::config
