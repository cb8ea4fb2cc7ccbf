#include "services/logs/run.h"

#include <syslog.h>

#include <atomic>
#include <memory>
#include <string_view>
#include <thread>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/base/bell.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/arguments.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/log/log.h"
#include "lib/log/writer_sink.h"
#include "services/logs/compressor.h"
#include "services/logs/log_files.h"
#include "services/logs/receiver.h"

namespace oca::logs {
namespace {

constexpr char kName[] = "ocardslogwriter";
constexpr absl::Duration kLookAfterEach = absl::Seconds(1);  // at most; before lines are written
constexpr absl::Duration kLongestRest = absl::Seconds(10);   // without any line

// The severity of a line, by the letter after its time.
int Priority(std::string_view line) {
  const size_t blank = line.find(' ');
  const char letter = blank + 1 < line.size() ? line[blank + 1] : 'I';
  if (letter == 'E') return LOG_ERR;
  if (letter == 'W') return LOG_WARNING;
  return letter == 'D' ? LOG_DEBUG : LOG_INFO;
}

absl::Status Serve(const std::string& home, const Context& context) {
  OCA_ASSIGN_OR_RETURN(conf::Config config, conf::LoadOfHome(home));
  // Its own lines go to where the watcher directs them: they may be about the files.
  OCA_RETURN_IF_ERROR(log::InitLog(kName, "", config.log.level));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<daemon::PidFile> pid_file,
                       daemon::PidFile::Acquire(fmt::format("{}/run/{}.pid", home, kName)));
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start();
  const std::string folder = home + "/log";
  Compressor compressor;
  for (const std::string& path : LogFiles::Uncompressed(folder)) compressor.Add(path);
  LogFiles files(folder,
                 {.max_bytes = config.log.max_size_bytes,
                  .max_age = absl::Hours(config.log.max_age_hours),
                  .keep_files = static_cast<size_t>(config.log.keep_files)},
                 absl::Now, [&](const std::string& path) { compressor.Add(path); });
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Receiver> receiver,
                       Receiver::Open(log::WriterSocket(folder + "/any.log")));
  if (config.log.syslog) openlog("oca", LOG_NDELAY, LOG_DAEMON);
  absl::Time next_look = MonotonicNow();
  uint64_t told = 0;
  auto look = [&] {
    if (MonotonicNow() < next_look) return;
    next_look = MonotonicNow() + kLookAfterEach;
    files.LookAfter();
    if (files.lost() != told) log::Error("log_lines_lost", "lines", files.lost() - told);
    told = files.lost();
  };
  auto take = [&](std::string_view name, std::string_view line) {
    look();
    files.Append(name, line);
    if (config.log.syslog) {
      syslog(Priority(line), "%.*s", static_cast<int>(line.size()), line.data());
    }
  };
  daemon::TellReady();

  std::atomic<bool> stop = false;  // set by the thread that waits, read by this one
  std::thread waiter([&] {
    context.wait_for_stop();
    stop = true;
    receiver->Wake();
  });
  while (!stop) {
    receiver->TakeSome(kLongestRest, take);
    look();
  }
  waiter.join();
  receiver->Drain(take);
  return absl::OkStatus();
}

}  // namespace

int Run(std::span<const std::string> args, Context& context) {
  CLI::App app{"Oca's log writer: keeps the log files of all processes.", kName};
  std::string home;
  app.add_option("--home", home, "The appliance's folder")->required();
  app.set_version_flag("--version", std::string(api::Version()));
  if (auto code = daemon::ParseArguments(app, args, context.out, context.err)) return *code;
  absl::Status status = Serve(home, context);
  if (status.ok()) return 0;
  context.err << fmt::format("{}: {}\n", kName, MessageOf(status));
  return 1;
}

}  // namespace oca::logs
