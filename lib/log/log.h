// The log of a process: a thin front of spdlog. A line is an event's name and key=value fields, the
// last of them request=<id> where the thread works for one (request.h):
//   2026-01-02T03:04:05.678+00:00 I ocafsd[123] mounted dir=/oca threads=10
// Usable before InitLog (to stderr). Thread-safe but for InitLog, which runs before threads start.
#ifndef OCA_LIB_LOG_LOG_H_
#define OCA_LIB_LOG_LOG_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace oca::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// Sends the log of process `name` to the file `path` (appended to, its folder made when missing):
// through ocardslogwriter where one listens beside it (see writer_sink.h), or to stderr when path
// is empty. level: "debug", "info", "warning" or "error". kInvalidArgument
// for another level; the error of the file when it cannot be opened.
absl::Status InitLog(std::string_view name, std::string_view path, std::string_view level);

// True when a line of `level` would be written.
bool Enabled(Level level);

// One line. Prefer the functions below.
void Write(Level level, std::string_view line);

// Appends ` key=value`; a value that is empty or holds blanks, quotes, '=' or control bytes is
// quoted and escaped.
void AppendField(std::string* line, std::string_view key, std::string_view value);

namespace internal {

inline void AppendFields(std::string*) {}

template <typename Value, typename... Rest>
void AppendFields(std::string* line, std::string_view key, const Value& value,
                  const Rest&... rest) {
  AppendField(line, key, fmt::format("{}", value));
  AppendFields(line, rest...);
}

template <typename... Fields>
void WriteEvent(Level level, std::string_view event, const Fields&... fields) {
  static_assert(sizeof...(Fields) % 2 == 0, "fields come in pairs: key, value");
  if (!Enabled(level)) return;
  std::string line(event);
  AppendFields(&line, fields...);
  Write(level, line);
}

}  // namespace internal

// log::Info("mounted", "dir", dir, "threads", 10)
template <typename... Fields>
void Debug(std::string_view event, const Fields&... fields) {
  internal::WriteEvent(Level::kDebug, event, fields...);
}
template <typename... Fields>
void Info(std::string_view event, const Fields&... fields) {
  internal::WriteEvent(Level::kInfo, event, fields...);
}
template <typename... Fields>
void Warning(std::string_view event, const Fields&... fields) {
  internal::WriteEvent(Level::kWarning, event, fields...);
}
template <typename... Fields>
void Error(std::string_view event, const Fields&... fields) {
  internal::WriteEvent(Level::kError, event, fields...);
}

}  // namespace oca::log

#endif  // OCA_LIB_LOG_LOG_H_
