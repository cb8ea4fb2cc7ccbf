#include "lib/log/writer_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "fmt/format.h"
#include "spdlog/common.h"

namespace oca::log {
namespace {

constexpr auto kPauseBetweenTries = std::chrono::seconds(1);
// What the kernel may hold for the writer: some thousand lines.
constexpr int kSendBufferBytes = 1 << 20;

}  // namespace

std::string WriterSocket(const std::string& path) {
  return (std::filesystem::path(path).parent_path() / "ocardslogwriter.sock").string();
}

std::string WriterGreeting(std::string_view name) { return fmt::format("oca-log 1 {}", name); }

WriterSink::WriterSink(std::string name, std::string path)
    : name_(std::move(name)), path_(std::move(path)) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
  Connect();
  if (writer_ < 0 && !OpenFile()) spdlog::throw_spdlog_ex(std::strerror(errno));
}

WriterSink::~WriterSink() {
  Disconnect();
  if (file_ >= 0) close(file_);
}

void WriterSink::Connect() {
  if (Clock::now() < next_try_) return;
  next_try_ = Clock::now() + kPauseBetweenTries;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string socket_path = WriterSocket(path_);
  if (socket_path.size() >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  writer_ = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (writer_ < 0) return;
  // As far as the system lets us.
  setsockopt(writer_, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof(kSendBufferBytes));
  if (connect(writer_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      Send(WriterGreeting(name_)) != Sent::kYes) {
    Disconnect();
    return;
  }
  if (file_ >= 0) close(file_);
  file_ = -1;
}

void WriterSink::Disconnect() {
  if (writer_ >= 0) close(writer_);
  writer_ = -1;
}

WriterSink::Sent WriterSink::Send(std::string_view packet) {
  const ssize_t n = send(writer_, packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n >= 0) return Sent::kYes;
  if (errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE) return Sent::kNoRoom;
  Disconnect();
  return Sent::kNoWriter;
}

WriterSink::Sent WriterSink::SendDropped() {
  if (dropped_ == 0) return Sent::kYes;
  const std::string text = fmt::format("log_lines_dropped lines={}", dropped_);
  const spdlog::details::log_msg message(name_, spdlog::level::warn, text);
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  const Sent sent = Send({line.data(), line.size() - 1});
  if (sent == Sent::kYes) dropped_ = 0;
  return sent;
}

void WriterSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (writer_ < 0) Connect();
  if (writer_ >= 0) {
    Sent sent = SendDropped();
    if (sent == Sent::kYes) sent = Send({line.data(), line.size() - 1});  // without its newline
    if (sent == Sent::kYes) return;
    if (sent == Sent::kNoRoom) {
      ++dropped_;
      return;
    }
  }
  WriteToFile({line.data(), line.size()});
}

bool WriterSink::OpenFile() {
  if (file_ < 0) file_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  return file_ >= 0;
}

void WriterSink::WriteToFile(std::string_view line) {
  if (!OpenFile() || write(file_, line.data(), line.size()) < 0) ++dropped_;
}

}  // namespace oca::log
