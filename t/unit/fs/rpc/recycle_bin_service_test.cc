#include <sys/stat.h>

#include <memory>

#include "fs/rpc/server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/recycle_bin.grpc.pb.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"
#include "t/unit/fs/rpc/fake_filesystem.h"

namespace oca::fs_rpc {
namespace {

namespace mgmt = management::v1;
using mgmt::RecycleBin;
using support::StatusIs;

class RecycleBinServer : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, Server::Start(filesystem_, dir_.Path("s"), {}, {}));
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(dir_.Path("s")));
    stub_ = RecycleBin::NewStub(channel);
    absl::MutexLock lock(&filesystem_.mu);
    filesystem_.containers[7] = {.id = ContainerId(7), .name = "c"};
  }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (RecycleBin::Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                    Request request, Response* response) {
    if (request.name().empty()) request.set_name("c");
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(10));
    return rpc::FromGrpc((stub_.get()->*method)(&context, request, response));
  }

  support::TempDir dir_;
  engine::FakeFilesystem filesystem_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<RecycleBin::Stub> stub_;
};

TEST_F(RecycleBinServer, SetsWhatIsGivenAndLeavesTheRest) {
  mgmt::RecycleBinStatus bin;
  mgmt::SetRecycleBinRequest set;
  set.set_on(true);
  ASSERT_OK(Call(&RecycleBin::Stub::SetRecycleBin, set, &bin));
  EXPECT_TRUE(bin.on());
  EXPECT_EQ(bin.retention_days(), 7u);
  EXPECT_EQ(bin.trusted_time().seconds(), 1'000'000'000);
  EXPECT_FALSE(bin.has_first_expiry());
  set.clear_on();
  set.set_retention_days(30);
  ASSERT_OK(Call(&RecycleBin::Stub::SetRecycleBin, set, &bin));
  EXPECT_TRUE(bin.on());
  EXPECT_EQ(bin.retention_days(), 30u);
  set.set_on(false);
  set.clear_retention_days();
  ASSERT_OK(Call(&RecycleBin::Stub::SetRecycleBin, set, &bin));
  EXPECT_FALSE(bin.on());
  EXPECT_EQ(bin.retention_days(), 30u);
  set.set_retention_days(0);
  EXPECT_THAT(Call(&RecycleBin::Stub::SetRecycleBin, set, &bin),
              StatusIs(absl::StatusCode::kInvalidArgument));
  set.set_name("other");
  EXPECT_THAT(Call(&RecycleBin::Stub::SetRecycleBin, set, &bin),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RecycleBinServer, ListsPageByPage) {
  {
    absl::MutexLock lock(&filesystem_.mu);
    for (int i = 1; i <= 3; ++i) {
      filesystem_.recycled.push_back({.place = {i * 100, InodeNo(static_cast<uint64_t>(i))},
                                      .path = "p" + std::to_string(i),
                                      .mode = i == 3 ? S_IFDIR | 0755u : S_IFREG | 0644u,
                                      .size = 4096,
                                      .deleted_ns = 5'000'000'001,
                                      .expires_ns = 6'000'000'000});
    }
  }
  mgmt::ListRecycledRequest list;
  list.set_page_size(2);
  mgmt::ListRecycledResponse page;
  ASSERT_OK(Call(&RecycleBin::Stub::ListRecycled, list, &page));
  ASSERT_EQ(page.files_size(), 2);
  EXPECT_EQ(page.files(0).path(), "p1");
  EXPECT_EQ(page.files(0).size_bytes(), 4096u);
  EXPECT_EQ(page.files(0).deleted().nanos(), 1);
  EXPECT_EQ(page.files(0).expires().seconds(), 6);
  list.set_page(page.next_page());
  ASSERT_OK(Call(&RecycleBin::Stub::ListRecycled, list, &page));
  ASSERT_EQ(page.files_size(), 1);
  EXPECT_EQ(page.files(0).path(), "p3/");
  EXPECT_EQ(page.files(0).size_bytes(), 0u);
  EXPECT_EQ(page.next_page(), "");
  for (const char* wrong : {"x", "1", "1-", "-1", "-1-1", "1-x"}) {
    list.set_page(wrong);
    EXPECT_THAT(Call(&RecycleBin::Stub::ListRecycled, list, &page),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << wrong;
  }
}

TEST_F(RecycleBinServer, RestoresAndPurgesWhatIsAskedFor) {
  mgmt::RestoreRecycledRequest restore;
  restore.mutable_end_time()->set_seconds(9);
  mgmt::RestoreRecycledResponse restored;
  ASSERT_OK(Call(&RecycleBin::Stub::RestoreRecycled, restore, &restored));
  EXPECT_EQ(restored.restored(), 3u);
  EXPECT_EQ(restored.skipped(), 1u);
  {
    absl::MutexLock lock(&filesystem_.mu);
    EXPECT_FALSE(filesystem_.restore_wish.version.has_value());
    EXPECT_EQ(filesystem_.restore_wish.from_ns, 0);
    EXPECT_EQ(filesystem_.restore_wish.until_ns, 9'000'000'000);
  }
  restore.set_to("d/f");
  EXPECT_THAT(Call(&RecycleBin::Stub::RestoreRecycled, restore, &restored),
              StatusIs(absl::StatusCode::kInvalidArgument));
  restore.set_id(404);
  EXPECT_THAT(Call(&RecycleBin::Stub::RestoreRecycled, restore, &restored),
              StatusIs(absl::StatusCode::kNotFound));
  mgmt::PurgeRecycledRequest purge;
  mgmt::PurgeRecycledResponse purged;
  ASSERT_OK(Call(&RecycleBin::Stub::PurgeRecycled, purge, &purged));
  EXPECT_EQ(purged.purged(), 2u);
  EXPECT_EQ(purged.bytes(), 77u);
  {
    absl::MutexLock lock(&filesystem_.mu);
    EXPECT_EQ(filesystem_.purged_until_ns, INT64_MAX);
  }
  // Times that no file has do not run over.
  purge.mutable_end_time()->set_seconds(INT64_MAX);
  ASSERT_OK(Call(&RecycleBin::Stub::PurgeRecycled, purge, &purged));
  purge.set_id(5);
  ASSERT_OK(Call(&RecycleBin::Stub::PurgeRecycled, purge, &purged));
  absl::MutexLock lock(&filesystem_.mu);
  EXPECT_EQ(filesystem_.purged_version, InodeNo(5));
  EXPECT_GT(filesystem_.purged_until_ns, 1'000'000'000'000'000'000);
}

}  // namespace
}  // namespace oca::fs_rpc
