// Where the lines of a process go: to ocardslogwriter, which keeps the files of all of them, and
// while it does not listen into the file itself.
#ifndef OCA_LIB_LOG_WRITER_SINK_H_
#define OCA_LIB_LOG_WRITER_SINK_H_

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "spdlog/sinks/base_sink.h"

namespace oca::log {

// The writer's socket (SOCK_SEQPACKET) beside the log file `path`. A connection's first packet is
// the greeting, each further one a line.
std::string WriterSocket(const std::string& path);
// What a process says first: the version of the protocol, and whose lines come.
std::string WriterGreeting(std::string_view name);

// Never waits for the writer: lines for which its socket has no room are dropped, and their number
// is the next line. Thread-safe.
class WriterSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // Throws spdlog::spdlog_ex, as spdlog's own do, when the file cannot be opened either.
  WriterSink(std::string name, std::string path);
  ~WriterSink() override;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  using Clock = std::chrono::steady_clock;
  enum class Sent { kYes, kNoRoom, kNoWriter };

  void Connect();
  void Disconnect();
  Sent Send(std::string_view packet);
  // The line of what was dropped, once there is room for it.
  Sent SendDropped();
  bool OpenFile();
  void WriteToFile(std::string_view line);

  const std::string name_;
  const std::string path_;
  int writer_ = -1;  // the connection
  int file_ = -1;    // while there is none
  Clock::time_point next_try_ = Clock::time_point::min();
  uint64_t dropped_ = 0;
};

}  // namespace oca::log

#endif  // OCA_LIB_LOG_WRITER_SINK_H_
