// Recycle bins through ocaconfigsvc: calls go on to ocafsd, and changes are on record.
#include "lib/api/recycle_bin.grpc.pb.h"
#include "t/integration/50_rpc_services/config_service.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using mgmt::RecycleBin;
using support::StatusIs;
using testing::HasSubstr;

class RecycleBinThrough : public ConfigService {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ConfigService::SetUp());
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::ManagementSocket(home_.path())));
    bin_ = RecycleBin::NewStub(channel);
    ASSERT_OK(AddContainer("backups"));
  }

  template <typename Request, typename Response>
  absl::Status CallBin(grpc::Status (RecycleBin::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                       const Request& request, Response* response) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    context.set_wait_for_ready(true);
    return rpc::FromGrpc((bin_.get()->*method)(&context, request, response));
  }

  std::unique_ptr<RecycleBin::Stub> bin_;
};

TEST_F(RecycleBinThrough, CallsReachOcafsdAndChangesAreOnRecord) {
  mgmt::SetRecycleBinRequest set;
  set.set_name("backups");
  set.set_on(true);
  set.set_retention_days(10);
  mgmt::RecycleBinStatus bin;
  ASSERT_OK(CallBin(&RecycleBin::Stub::SetRecycleBin, set, &bin));
  EXPECT_EQ(bin.retention_days(), 10u);
  mgmt::GetRecycleBinRequest get;
  get.set_name("backups");
  ASSERT_OK(CallBin(&RecycleBin::Stub::GetRecycleBin, get, &bin));
  EXPECT_TRUE(bin.on());
  mgmt::ListRecycledRequest list;
  list.set_name("backups");
  mgmt::ListRecycledResponse page;
  ASSERT_OK(CallBin(&RecycleBin::Stub::ListRecycled, list, &page));
  mgmt::RestoreRecycledRequest restore;
  restore.set_name("backups");
  mgmt::RestoreRecycledResponse restored;
  ASSERT_OK(CallBin(&RecycleBin::Stub::RestoreRecycled, restore, &restored));
  EXPECT_EQ(restored.restored(), 3u);
  mgmt::PurgeRecycledRequest purge;
  purge.set_name("backups");
  mgmt::PurgeRecycledResponse purged;
  ASSERT_OK(CallBin(&RecycleBin::Stub::PurgeRecycled, purge, &purged));
  EXPECT_EQ(purged.bytes(), 77u);
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.audit WHERE target = 'backups' AND method IN "
                "('SetRecycleBin', 'RestoreRecycled', 'PurgeRecycled')"),
            "3");
}

TEST_F(RecycleBinThrough, WrongNamesAndDaysAreRefused) {
  mgmt::GetRecycleBinRequest get;
  mgmt::RecycleBinStatus bin;
  EXPECT_THAT(CallBin(&RecycleBin::Stub::GetRecycleBin, get, &bin),
              StatusIs(StatusCode::kInvalidArgument));
  get.set_name("backup");
  const absl::Status unknown = CallBin(&RecycleBin::Stub::GetRecycleBin, get, &bin);
  EXPECT_THAT(unknown, StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(unknown.ToString(), HasSubstr("did you mean 'backups'"));
  mgmt::SetRecycleBinRequest set;
  set.set_name("backups");
  set.set_on(true);
  set.set_retention_days(31);
  EXPECT_THAT(CallBin(&RecycleBin::Stub::SetRecycleBin, set, &bin),
              StatusIs(StatusCode::kInvalidArgument));
  StopFilesystem();
  EXPECT_THAT(CallBin(&RecycleBin::Stub::SetRecycleBin, set, &bin),
              StatusIs(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace oca::config
