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

TEST_F(PathsService, RefusesWhatIsNotThereAndTheMountItself) {
  fs::v1::StoragePath added;
  EXPECT_TRUE(absl::IsNotFound(Add(dir_.Path("nowhere"), &added)));
  ASSERT_OK(io::CreateDirs(io::PosixFileSystem(), dir_.Path("mnt/c")));
  EXPECT_TRUE(absl::IsInvalidArgument(Add(dir_.Path("mnt"), &added)));
  EXPECT_TRUE(absl::IsInvalidArgument(Add(dir_.Path("mnt/c"), &added)));
}

}  // namespace
}  // namespace oca::fs_rpc
