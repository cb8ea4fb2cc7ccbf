#include "lib/log/log.h"

#include <memory>
#include <utility>

#include "lib/log/request.h"
#include "lib/log/writer_sink.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace oca::log {
namespace {

constexpr char kPattern[] = "%Y-%m-%dT%H:%M:%S.%e%z %L %n[%P] %v";

void Install(std::string_view name, spdlog::sink_ptr sink, spdlog::level::level_enum level) {
  auto logger = std::make_shared<spdlog::logger>(std::string(name), std::move(sink));
  logger->set_pattern(kPattern);
  logger->set_level(level);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

// spdlog's own default writes to stdout, which belongs to the program's output.
void EnsureDefault() {
  [[maybe_unused]] static const bool installed = [] {
    Install("oca", std::make_shared<spdlog::sinks::stderr_sink_mt>(), spdlog::level::info);
    return true;
  }();
}

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

bool ParseLevel(std::string_view text, spdlog::level::level_enum* level) {
  if (text == "debug")
    *level = spdlog::level::debug;
  else if (text == "info")
    *level = spdlog::level::info;
  else if (text == "warning")
    *level = spdlog::level::warn;
  else if (text == "error")
    *level = spdlog::level::err;
  else
    return false;
  return true;
}

bool NeedsQuotes(std::string_view value) {
  if (value.empty()) return true;
  for (unsigned char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  }
  return false;
}

}  // namespace

absl::Status InitLog(std::string_view name, std::string_view path, std::string_view level) {
  EnsureDefault();
  spdlog::level::level_enum parsed;
  if (!ParseLevel(level, &parsed)) {
    return absl::InvalidArgumentError(
        fmt::format("log level \"{}\": must be debug, info, warning or error", level));
  }
  if (path.empty()) {
    Install(name, std::make_shared<spdlog::sinks::stderr_sink_mt>(), parsed);
    return absl::OkStatus();
  }
  try {
    Install(name, std::make_shared<WriterSink>(std::string(name), std::string(path)), parsed);
  } catch (const spdlog::spdlog_ex& error) {
    return absl::UnavailableError(fmt::format("log file {}: {}", path, error.what()));
  }
  return absl::OkStatus();
}

bool Enabled(Level level) {
  EnsureDefault();
  return spdlog::default_logger_raw()->should_log(ToSpdlog(level));
}

void Write(Level level, std::string_view line) {
  EnsureDefault();
  std::string whole;
  if (std::string_view request = CurrentRequest(); !request.empty()) {
    whole = line;
    AppendField(&whole, "request", request);
    line = whole;
  }
  spdlog::default_logger_raw()->log(ToSpdlog(level),
                                    spdlog::string_view_t(line.data(), line.size()));
}

void AppendField(std::string* line, std::string_view key, std::string_view value) {
  line->push_back(' ');
  line->append(key);
  line->push_back('=');
  if (!NeedsQuotes(value)) {
    line->append(value);
    return;
  }
  line->push_back('"');
  for (unsigned char c : value) {
    if (c == '"' || c == '\\') {
      line->push_back('\\');
      line->push_back(static_cast<char>(c));
    } else if (c == '\n') {
      line->append("\\n");
    } else if (c < ' ' || c == 0x7f) {
      line->append(fmt::format("\\x{:02x}", c));
    } else {
      line->push_back(static_cast<char>(c));
    }
  }
  line->push_back('"');
}

}  // namespace oca::log
