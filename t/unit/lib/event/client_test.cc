#include "lib/event/client.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::event {
namespace {

// Stands for oca_idm_eda.
class FakeCollector final : public v1::Collector::Service {
 public:
  grpc::Status Send(grpc::ServerContext*, const v1::SendRequest* in, v1::SendResponse*) override {
    absl::MutexLock lock(&mu_);
    if (!answer_.ok()) return rpc::ToGrpc(answer_);
    for (const v1::Event& event : in->events()) events_.push_back(event);
    dropped_ += in->dropped();
    return grpc::Status::OK;
  }
  void Answer(absl::Status answer) {
    absl::MutexLock lock(&mu_);
    answer_ = std::move(answer);
  }
  // Waits until so many have come.
  std::vector<v1::Event> Await(size_t count) {
    absl::MutexLock lock(&mu_);
    wanted_ = count;
    EXPECT_TRUE(
        mu_.AwaitWithTimeout(absl::Condition(this, &FakeCollector::Enough), absl::Seconds(60)));
    return events_;
  }
  uint64_t dropped() {
    absl::MutexLock lock(&mu_);
    return dropped_;
  }

 private:
  bool Enough() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return events_.size() >= wanted_; }

  absl::Mutex mu_;
  absl::Status answer_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::Event> events_ ABSL_GUARDED_BY(mu_);
  uint64_t dropped_ ABSL_GUARDED_BY(mu_) = 0;
  size_t wanted_ ABSL_GUARDED_BY(mu_) = 0;
};

class ClientTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::chmod(dir_.path().c_str(), 0700), 0);
    ASSERT_OK_AND_ASSIGN(client_, Client::Start("tester", socket_));
  }
  void StartCollector() {
    ASSERT_OK_AND_ASSIGN(server_, rpc::UnixServer::Start(socket_, {&collector_}));
  }

  support::TempDir dir_;
  const std::string socket_ = dir_.Path("s");
  FakeCollector collector_;
  std::unique_ptr<rpc::UnixServer> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, EventsArriveInOrderWithSenderTimeAndId) {
  StartCollector();
  for (int i = 0; i < 250; ++i) client_->Send(Make<Kind::kScanFoundFaults>(i));
  const std::vector<v1::Event> events = collector_.Await(250);
  std::set<std::string> ids;
  for (int i = 0; i < 250; ++i) {
    EXPECT_EQ(events[i].fields(0).value(), std::to_string(i));
    ids.insert(events[i].id());
  }
  EXPECT_EQ(ids.size(), 250u);
  EXPECT_EQ(events[0].process(), "tester");
  EXPECT_EQ(events[0].pid(), static_cast<uint32_t>(::getpid()));
  EXPECT_GT(events[0].happened().seconds(), 1'700'000'000);
}

TEST_F(ClientTest, WhatIsSentWhileNobodyListensArrivesLater) {
  for (int i = 0; i < 10; ++i) client_->Send(Make<Kind::kScanFoundFaults>(i));
  StartCollector();
  EXPECT_EQ(collector_.Await(10).size(), 10u);
}

TEST_F(ClientTest, WhatIsRefusedForNowIsSentAgainAndForGoodIsDropped) {
  collector_.Answer(absl::UnavailableError("the disk is full"));
  StartCollector();
  client_->Send(Make<Kind::kScanFoundFaults>(1));
  collector_.Answer(absl::OkStatus());
  EXPECT_EQ(collector_.Await(1).size(), 1u);
  collector_.Answer(absl::InvalidArgumentError("it is nonsense"));
  client_->Send(Make<Kind::kScanFoundFaults>(2));
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (client_->dropped() == 0 && absl::Now() < deadline) {
    sched_yield();
  }
  collector_.Answer(absl::OkStatus());
  client_->Send(Make<Kind::kScanFoundFaults>(3));
  EXPECT_EQ(collector_.Await(2)[1].fields(0).value(), "3");
  EXPECT_EQ(client_->dropped(), 1u);
  client_.reset();
  EXPECT_EQ(collector_.dropped(), 1u);
}

TEST_F(ClientTest, FullQueueDropsTheNewestAndTellsHowMany) {
  const absl::Time start = absl::Now();
  for (size_t i = 0; i < Client::kQueue + 7; ++i) client_->Send(Make<Kind::kScanFoundFaults>(i));
  // It waited for nobody: each try to connect alone may take longer.
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
  EXPECT_EQ(client_->dropped(), 7u);
  StartCollector();
  EXPECT_EQ(collector_.Await(Client::kQueue).back().fields(0).value(),
            std::to_string(Client::kQueue - 1));
  client_->Send(Make<Kind::kScanFoundFaults>(0));
  collector_.Await(Client::kQueue + 1);
  EXPECT_EQ(collector_.dropped(), 7u);
}

TEST_F(ClientTest, EndDeliversWhatWaits) {
  StartCollector();
  for (int i = 0; i < 50; ++i) client_->Send(Make<Kind::kScanFoundFaults>(i));
  client_.reset();
  EXPECT_EQ(collector_.Await(50).size(), 50u);
}

}  // namespace
}  // namespace oca::event
