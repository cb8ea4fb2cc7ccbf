// A backup or recovery that runs: its thread, its data connection, and what it has to tell.
#ifndef OCA_GATEWAYS_NDMP_SESSION_DATA_JOB_H_
#define OCA_GATEWAYS_NDMP_SESSION_DATA_JOB_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "gateways/ndmp/data/stream.h"
#include "gateways/ndmp/session/socket.h"

namespace oca::ndmp {

struct HistoryEvent {
  std::vector<HistoryEntry> entries;
};
struct FileResultEvent {
  std::string name;
  absl::Status status;
};
struct SayEvent {
  LogType type = LogType::kNormal;
  std::string text;
};
// A part of the stream is wanted.
struct ReadEvent {
  uint64_t offset = 0;
  uint64_t length = 0;
};
// The last one.
struct EndEvent {
  absl::Status status;
};
using DataEvent = std::variant<HistoryEvent, FileResultEvent, SayEvent, ReadEvent, EndEvent>;

// The public part is for the session's thread, the rest is what the job's own thread calls. They
// share `mu_`, the two wakers and what is atomic, and nothing else.
class DataJob final : private Sink, private Source, private Reporter {
 public:
  using Work = std::function<absl::Status(Sink&, Source&, Reporter&)>;

  // Begins it. `local`: the mover is this session's own. An error when the machine has no more
  // descriptors.
  static absl::StatusOr<std::unique_ptr<DataJob>> Start(Socket stream, bool local, Work work);
  // Stops it, and waits until it has: for one call of the file system at most.
  ~DataJob() override;
  DataJob(const DataJob&) = delete;
  DataJob& operator=(const DataJob&) = delete;

  // Readable while there are events.
  int fd() const { return told_.second.fd(); }
  // Those that have come.
  std::deque<DataEvent> Take();
  uint64_t bytes() const { return bytes_; }

 private:
  using Waker = std::pair<Socket, Socket>;  // the second becomes readable

  DataJob(Socket stream, bool local, Waker stop, Waker told, Work work);
  absl::Status Write(std::string_view bytes) override;
  absl::Status Ask(uint64_t offset, uint64_t length) override;
  bool asks_cheaply() const override { return local_; }
  absl::StatusOr<size_t> Read(char* to, size_t room) override;
  bool stopped() const override { return stopped_; }
  void History(std::vector<HistoryEntry> entries) override;
  void FileResult(const std::string& name, const absl::Status& status) override;
  void Say(LogType type, const std::string& text) override;

  // Waits while there are many events.
  void Tell(DataEvent event);
  // Until the connection is ready. kCancelled.
  absl::Status WaitForStream(short events);
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Socket stream_;
  const bool local_;
  const Waker stop_;
  const Waker told_;
  std::atomic<bool> stopped_ = false;
  std::atomic<uint64_t> bytes_ = 0;
  absl::Mutex mu_;
  std::deque<DataEvent> events_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;  // last: it uses all the others
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_DATA_JOB_H_
