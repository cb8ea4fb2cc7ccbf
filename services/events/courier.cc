#include "services/events/courier.h"

#include <utility>
#include <vector>

#include "lib/base/status.h"
#include "lib/log/log.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::events {
namespace {

constexpr size_t kBatch = 200;
constexpr absl::Duration kTick = absl::Seconds(1);
constexpr absl::Duration kPause = absl::Milliseconds(500);  // after a failure
constexpr absl::Duration kTimeout = absl::Seconds(10);

}  // namespace

Courier::Courier(Spool& spool, Collector& collector,
                 std::unique_ptr<event::v1::Recorder::Stub> stub)
    : spool_(spool), collector_(collector), stub_(std::move(stub)), thread_([this] { Loop(); }) {}

Courier::~Courier() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  stopping_.Ring();
  thread_.join();
}

bool Courier::Stopping() {
  absl::MutexLock lock(&mu_);
  return stop_;
}

void Courier::Loop() {
  while (!Stopping()) {
    collector_.Tick();
    if (!spool_.AwaitRecord(kTick)) continue;
    const absl::Status status = Deliver();
    if (status.ok() == down_) {
      down_ = !status.ok();
      log::Info(down_ ? "events_wait" : "events_delivered", "waiting", spool_.records(), "reason",
                MessageOf(status));
    }
    if (!status.ok()) stopping_.WaitFor(kPause);
  }
}

absl::Status Courier::Deliver() {
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> records, spool_.Front(kBatch));
  event::v1::RecordRequest request;
  for (const std::string& record : records) {
    // Its checksum was right: then an older or newer version has written it.
    if (!request.add_events()->ParseFromString(record)) {
      request.mutable_events()->RemoveLast();
      log::Error("event_unreadable", "bytes", record.size());
    }
  }
  if (request.events_size() > 0) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, kTimeout);
    event::v1::RecordResponse response;
    OCA_RETURN_IF_ERROR(rpc::FromGrpc(stub_->Record(&context, request, &response)));
  }
  spool_.Pop(records.size());
  collector_.NoteDelivered(static_cast<uint64_t>(request.events_size()));
  return absl::OkStatus();
}

}  // namespace oca::events
