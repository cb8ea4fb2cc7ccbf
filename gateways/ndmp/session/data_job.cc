#include "gateways/ndmp/session/data_job.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

constexpr size_t kMaxEvents = 64;

}  // namespace

absl::StatusOr<std::unique_ptr<DataJob>> DataJob::Start(Socket stream, bool local, Work work) {
  OCA_ASSIGN_OR_RETURN(Waker stop, LocalPair());
  OCA_ASSIGN_OR_RETURN(Waker told, LocalPair());
  return std::unique_ptr<DataJob>(
      new DataJob(std::move(stream), local, std::move(stop), std::move(told), std::move(work)));
}

DataJob::DataJob(Socket stream, bool local, Waker stop, Waker told, Work work)
    : stream_(std::move(stream)),
      local_(local),
      stop_(std::move(stop)),
      told_(std::move(told)),
      thread_([this, work = std::move(work)] { Tell(EndEvent{work(*this, *this, *this)}); }) {}

DataJob::~DataJob() {
  {
    absl::MutexLock lock(&mu_);
    stopped_ = true;
  }
  size_t moved = 0;
  ndmp::Send(stop_.first, "x", &moved);
  thread_.join();
}

std::deque<DataEvent> DataJob::Take() {
  absl::MutexLock lock(&mu_);
  std::array<char, kMaxEvents> woken{};
  size_t moved = 0;
  Receive(told_.second, woken.data(), woken.size(), &moved);
  return std::exchange(events_, {});
}

bool DataJob::HasRoom() const { return stopped_ || events_.size() < kMaxEvents; }

void DataJob::Tell(DataEvent event) {
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &DataJob::HasRoom));
  if (events_.empty()) {
    size_t moved = 0;
    ndmp::Send(told_.first, "x", &moved);
  }
  events_.push_back(std::move(event));
}

absl::Status DataJob::WaitForStream(short events) {
  while (!stopped_) {
    std::array<pollfd, 2> wanted = {pollfd{stop_.second.fd(), POLLIN, 0},
                                    {stream_.fd(), events, 0}};
    if (poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR) {
      return PosixError(errno, "poll");
    }
    if (wanted[1].revents != 0 && !stopped_) return absl::OkStatus();
  }
  return absl::CancelledError("the operation is aborted");
}

absl::Status DataJob::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (stopped_) return absl::CancelledError("the operation is aborted");
    size_t moved = 0;
    Flow flow = ndmp::Send(stream_, bytes, &moved);
    bytes.remove_prefix(moved);
    bytes_ += moved;
    if (flow == Flow::kWouldBlock) OCA_RETURN_IF_ERROR(WaitForStream(POLLOUT));
    if (flow == Flow::kEnded || flow == Flow::kFailed) {
      return absl::UnavailableError("who took the data has closed the connection");
    }
  }
  return absl::OkStatus();
}

absl::Status DataJob::Ask(uint64_t offset, uint64_t length) {
  if (stopped_) return absl::CancelledError("the operation is aborted");
  Tell(ReadEvent{offset, length});
  return absl::OkStatus();
}

absl::StatusOr<size_t> DataJob::Read(char* to, size_t room) {
  while (true) {
    if (stopped_) return absl::CancelledError("the operation is aborted");
    size_t moved = 0;
    Flow flow = Receive(stream_, to, room, &moved);
    if (flow == Flow::kFailed) {
      return absl::UnavailableError("the connection that the data came by has failed");
    }
    if (flow != Flow::kWouldBlock) {
      bytes_ += moved;
      return moved;
    }
    OCA_RETURN_IF_ERROR(WaitForStream(POLLIN));
  }
}

void DataJob::History(std::vector<HistoryEntry> entries) { Tell(HistoryEvent{std::move(entries)}); }

void DataJob::FileResult(const std::string& name, const absl::Status& status) {
  Tell(FileResultEvent{name, status});
}

void DataJob::Say(LogType type, const std::string& text) { Tell(SayEvent{type, text}); }

}  // namespace oca::ndmp
