#include <memory>
#include <string>

#include "fs/rpc/server.h"
#include "gtest/gtest.h"
#include "lib/api/paths.grpc.pb.h"
#include "lib/io/file_system.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"
#include "t/unit/fs/rpc/fake_filesystem.h"

namespace oca::fs_rpc {
namespace {

using fs::v1::Paths;

class PathsService : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, Server::Start(filesystem_, dir_.Path("s"), {},
                                                {"1.2.3", "/repo", dir_.Path("mnt")}));
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(dir_.Path("s")));
    stub_ = Paths::NewStub(channel);
  }
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Paths::Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(10));
    return rpc::FromGrpc((stub_.get()->*method)(&context, request, response));
  }
  absl::Status Add(const std::string& path, fs::v1::StoragePath* added) {
    fs::v1::AddPathRequest request;
    request.set_path(path);
    return Call(&Paths::Stub::AddPath, request, added);
  }

  support::TempDir dir_;
  engine::FakeFilesystem filesystem_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Paths::Stub> stub_;
};

TEST_F(PathsService, AddsAndShowsPaths) {
  fs::v1::StoragePath added;
  ASSERT_OK(Add(dir_.path(), &added));
  EXPECT_EQ(added.name(), "u1");
  EXPECT_EQ(added.state(), fs::v1::PATH_STATE_ONLINE);
  EXPECT_EQ(added.free_bytes(), 90u);
  fs::v1::ListPathsResponse paths;
  ASSERT_OK(Call(&Paths::Stub::ListPaths, fs::v1::ListPathsRequest(), &paths));
  ASSERT_EQ(paths.paths_size(), 2);
  EXPECT_EQ(paths.paths(0).name(), "repository");
  EXPECT_EQ(paths.paths(0).packs(), 7u);
  ASSERT_OK(Call(&Paths::Stub::RescanPaths, fs::v1::RescanPathsRequest(), &paths));
  EXPECT_EQ(paths.paths(1).state(), fs::v1::PATH_STATE_MISSING);
  EXPECT_EQ(paths.paths(1).problem(), "is it mounted?");
}

TEST_F(PathsService, TestsAPathAndTakesIntoTheTierWhatIsFast) {
  fs::v1::TestPathRequest request;
  request.set_path(dir_.path());
  fs::v1::PathTest test;
  ASSERT_OK(Call(&Paths::Stub::TestPath, request, &test));
  EXPECT_TRUE(test.passed());
  EXPECT_EQ(test.sequential_iops(), 5000u);
  EXPECT_EQ(test.sequential_iops_required(), 2000u);
  EXPECT_EQ(test.random_iops(), 900u);
  EXPECT_EQ(test.random_iops_required(), 850u);
  EXPECT_EQ(test.total_bytes(), 100u);
  EXPECT_EQ(test.free_bytes(), 90u);
  EXPECT_FALSE(test.cached());
  request.set_path(dir_.Path("nowhere"));
  EXPECT_TRUE(absl::IsNotFound(Call(&Paths::Stub::TestPath, request, &test)));

  fs::v1::AddPathRequest add;
  add.set_path(dir_.path());
  add.set_performance_tier(true);
  fs::v1::StoragePath added;
  {
    absl::MutexLock lock(&filesystem_.mu);
    filesystem_.path_test.random_reads = 849;
  }
  const absl::Status slow = Call(&Paths::Stub::AddPath, add, &added);
  EXPECT_TRUE(absl::IsFailedPrecondition(slow)) << slow;
  EXPECT_NE(slow.message().find("849"), std::string::npos) << slow;
  {
    absl::MutexLock lock(&filesystem_.mu);
    EXPECT_EQ(filesystem_.paths.size(), 1u);
    filesystem_.path_test.random_reads = 850;
  }
  ASSERT_OK(Call(&Paths::Stub::AddPath, add, &added));
  EXPECT_TRUE(added.performance_tier());
}

TEST_F(PathsService, DrainsAndForgetsPaths) {
  fs::v1::StoragePath added;
  ASSERT_OK(Add(dir_.path(), &added));
  fs::v1::DrainPathRequest drain;
  drain.set_path(dir_.path() + "/.");
  fs::v1::StoragePath drained;
  ASSERT_OK(Call(&Paths::Stub::DrainPath, drain, &drained));
  EXPECT_EQ(drained.state(), fs::v1::PATH_STATE_DRAINING);
  EXPECT_TRUE(drained.draining());
  EXPECT_EQ(drained.drained_percent(), 40);
  drain.set_path("/nowhere");
  EXPECT_TRUE(absl::IsNotFound(Call(&Paths::Stub::DrainPath, drain, &drained)));
  fs::v1::ForgetPathRequest forget;
  forget.set_path(dir_.path());
  fs::v1::ForgetPathResponse response;
  ASSERT_OK(Call(&Paths::Stub::ForgetPath, forget, &response));
  EXPECT_TRUE(absl::IsNotFound(Call(&Paths::Stub::ForgetPath, forget, &response)));
}

TEST_F(PathsService, RefusesWhatIsNotThereAndTheMountItself) {
  fs::v1::StoragePath added;
  EXPECT_TRUE(absl::IsNotFound(Add(dir_.Path("nowhere"), &added)));
  ASSERT_OK(io::CreateDirs(io::PosixFileSystem(), dir_.Path("mnt/c")));
  EXPECT_TRUE(absl::IsInvalidArgument(Add(dir_.Path("mnt"), &added)));
  EXPECT_TRUE(absl::IsInvalidArgument(Add(dir_.Path("mnt/c"), &added)));
}

}  // namespace
}  // namespace oca::fs_rpc
