#include "lib/rpc/request_id.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/synchronization/mutex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/fs.grpc.pb.h"
#include "lib/log/request.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::rpc {
namespace {

// Notes for which request each call runs, and asks the next server, where there is one.
class Hop final : public fs::v1::Fs::Service {
 public:
  explicit Hop(std::string next = "") : next_(std::move(next)) {}
  grpc::Status StopScan(grpc::ServerContext*, const fs::v1::StopScanRequest* in,
                        fs::v1::StopScanResponse* out) override {
    {
      absl::MutexLock lock(&mu_);
      seen_.emplace_back(log::CurrentRequest());
    }
    if (next_.empty()) return grpc::Status::OK;
    grpc::ClientContext context;
    SetTimeout(&context, absl::Seconds(60));
    return fs::v1::Fs::NewStub(*UnixChannel(next_))->StopScan(&context, *in, out);
  }
  std::string Seen() {
    absl::MutexLock lock(&mu_);
    return seen_.empty() ? "nothing" : seen_.back();
  }

 private:
  const std::string next_;
  absl::Mutex mu_;
  std::vector<std::string> seen_ ABSL_GUARDED_BY(mu_);
};

class RequestIds : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(last_server_, UnixServer::Start(dir_.Path("last"), {&last_}));
    ASSERT_OK_AND_ASSIGN(first_server_, UnixServer::Start(dir_.Path("first"), {&first_}));
  }
  // `given`: as metadata, whatever the thread works for.
  absl::Status Call(const std::string& given = "") {
    grpc::ClientContext context;
    SetTimeout(&context, absl::Seconds(60));
    if (!given.empty()) context.AddMetadata(kRequestIdKey, given);
    fs::v1::StopScanResponse response;
    return FromGrpc(fs::v1::Fs::NewStub(*UnixChannel(dir_.Path("first")))
                        ->StopScan(&context, fs::v1::StopScanRequest(), &response));
  }
  static bool IsNew(const std::string& id) {
    return id.size() == 16 && std::all_of(id.begin(), id.end(), [](char c) {
             return absl::ascii_isxdigit(static_cast<unsigned char>(c));
           });
  }

  support::TempDir dir_;
  Hop last_;
  Hop first_{dir_.Path("last")};
  std::unique_ptr<UnixServer> last_server_, first_server_;
};

TEST_F(RequestIds, GoFromServerToServer) {
  {
    log::RequestScope scope("id-7");
    ASSERT_OK(Call());
  }
  EXPECT_EQ(first_.Seen(), "id-7");
  EXPECT_EQ(last_.Seen(), "id-7");
}

TEST_F(RequestIds, AreMadeWhereNoneCame) {
  ASSERT_OK(Call());
  EXPECT_TRUE(IsNew(first_.Seen())) << first_.Seen();
  EXPECT_EQ(last_.Seen(), first_.Seen());
  const std::string before = first_.Seen();
  ASSERT_OK(Call());
  EXPECT_TRUE(IsNew(first_.Seen()));
  EXPECT_NE(first_.Seen(), before);
}

TEST_F(RequestIds, HostileOnesAreReplaced) {
  for (const std::string& hostile :
       {std::string("a b"), std::string("x\" I forged[1] line"), std::string(65, 'x')}) {
    ASSERT_OK(Call(hostile));
    EXPECT_TRUE(IsNew(first_.Seen())) << first_.Seen();
    EXPECT_EQ(last_.Seen(), first_.Seen());
  }
  ASSERT_OK(Call("good.one"));
  EXPECT_EQ(last_.Seen(), "good.one");
}

TEST_F(RequestIds, AreNewEachTime) {
  const std::string one = NewRequestId();
  EXPECT_TRUE(IsNew(one));
  EXPECT_NE(one, NewRequestId());
  EXPECT_EQ(RequestIdOr("given"), "given");
  EXPECT_TRUE(IsNew(RequestIdOr("")));
}

}  // namespace
}  // namespace oca::rpc
