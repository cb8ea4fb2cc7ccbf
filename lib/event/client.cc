#include "lib/event/client.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "lib/crypto/uuid.h"
#include "lib/log/log.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::event {
namespace {

constexpr size_t kBatch = 100;
constexpr absl::Duration kTimeout = absl::Seconds(5);
constexpr absl::Duration kPause = absl::Milliseconds(500);  // after a failure
constexpr absl::Duration kLastTry = absl::Seconds(1);

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Start(std::string process,
                                                      const std::string& socket) {
  OCA_RETURN_IF_ERROR(rpc::CheckSocketPath(socket));
  return std::unique_ptr<Client>(new Client(std::move(process), socket));
}

Client::Client(std::string process, std::string socket)
    : process_(std::move(process)), socket_(std::move(socket)), thread_([this] { Loop(); }) {}

Client::~Client() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  stopping_.Ring();
  thread_.join();
}

void Client::Send(v1::Event event) {
  absl::StatusOr<std::string> id = crypto::RandomUuid();
  if (!id.ok()) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  event.set_id(*std::move(id));
  *event.mutable_happened() = api::TimestampOf(absl::Now());
  event.set_process(process_);
  event.set_pid(static_cast<uint32_t>(::getpid()));
  absl::MutexLock lock(&mu_);
  if (queue_.size() >= kQueue) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  queue_.push_back(std::move(event));
}

void Client::Loop() {
  for (;;) {
    {
      absl::MutexLock lock(&mu_);
      const auto work = [this]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stop_ || !queue_.empty(); };
      mu_.Await(absl::Condition(&work));
      if (stop_) break;
    }
    if (!Deliver(kTimeout)) stopping_.WaitFor(kPause);
  }
  Deliver(kLastTry);
}

bool Client::Deliver(absl::Duration timeout) {
  v1::SendRequest request;
  {
    absl::MutexLock lock(&mu_);
    if (queue_.empty()) return true;
    const size_t count = std::min(queue_.size(), kBatch);
    for (size_t i = 0; i < count; ++i) *request.add_events() = queue_[i];
  }
  if (stub_ == nullptr) {
    auto channel = rpc::UnixChannel(socket_);
    if (!channel.ok()) return false;
    stub_ = v1::Collector::NewStub(*std::move(channel));
  }
  const uint64_t dropped = dropped_.load(std::memory_order_relaxed);
  request.set_process(process_);
  request.set_dropped(dropped - told_);
  grpc::ClientContext context;
  rpc::SetTimeout(&context, timeout);
  v1::SendResponse response;
  const absl::Status status = rpc::FromGrpc(stub_->Send(&context, request, &response));
  // What it will never take must not stand in the way of what comes after it.
  const bool refused = absl::IsInvalidArgument(status);
  if (!status.ok() && !refused) return false;
  if (refused) {
    log::Error("events_refused", "count", request.events_size(), "error", MessageOf(status));
    dropped_.fetch_add(static_cast<uint64_t>(request.events_size()), std::memory_order_relaxed);
  } else {
    told_ = dropped;
  }
  absl::MutexLock lock(&mu_);
  queue_.erase(queue_.begin(), queue_.begin() + request.events_size());
  return true;
}

}  // namespace oca::event
