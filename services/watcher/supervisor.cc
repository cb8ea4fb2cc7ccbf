#include "services/watcher/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/daemon/notify.h"
#include "lib/event/event.h"
#include "lib/io/file_system.h"
#include "lib/log/log.h"

namespace oca::watcher {
namespace {

// Between looks at what gives no sign by itself; also the beat of our own heart.
constexpr absl::Duration kTick = absl::Seconds(1);      // while something starts or stops
constexpr absl::Duration kCalmTick = absl::Seconds(5);  // otherwise: what ends says so at once
constexpr absl::Duration kBeat = absl::Seconds(4);      // at most so often, to who watches us
// Between two looks at all; longer, and we were kept from looking.
constexpr absl::Duration kAbsence = absl::Seconds(15);
// How long the start of one waits for the one before it.
constexpr absl::Duration kOrderPatience = absl::Seconds(30);
// After SIGKILL; longer only for a process that hangs in the kernel.
constexpr absl::Duration kKillPatience = absl::Seconds(30);

sigset_t OurSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

bool Says(const Notice& notice, std::string_view what) {
  for (absl::string_view line : absl::StrSplit(notice.text, '\n')) {
    if (std::string_view(line.data(), line.size()) == what) return true;
  }
  return false;
}

}  // namespace

absl::Status Supervisor::BlockSignals() {
  signal(SIGPIPE, SIG_IGN);
  const sigset_t set = OurSignals();
  if (int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    return PosixError(error, "blocking signals");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Supervisor>> Supervisor::Create(Options options,
                                                               std::vector<Spec> specs) {
  OCA_ASSIGN_OR_RETURN(
      std::unique_ptr<NotifySocket> socket,
      NotifySocket::Open(fmt::format("{}/run/{}.notify", options.home, options.name)));
  const sigset_t set = OurSignals();
  int signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (signal_fd < 0 || wake_fd < 0) return PosixError(errno, "signalfd or eventfd");
  std::unique_ptr<Supervisor> made(
      new Supervisor(std::move(options), std::move(socket), signal_fd, wake_fd));
  for (Spec& spec : specs) made->Add(std::move(spec));
  return made;
}

Supervisor::Supervisor(Options options, std::unique_ptr<NotifySocket> socket, int signal_fd,
                       int wake_fd)
    : options_(std::move(options)),
      socket_(std::move(socket)),
      signal_fd_(signal_fd),
      wake_fd_(wake_fd) {}

Supervisor::~Supervisor() {
  all_.clear();  // ends the probers, which use wake_fd_
  close(signal_fd_);
  close(wake_fd_);
}

void Supervisor::Add(Spec spec) {
  auto watched = std::make_unique<Watched>(std::move(spec), options_.give_up_after);
  if (watched->spec.probe) {
    watched->prober = std::make_unique<Prober>(watched->spec.probe, [this] {
      uint64_t n = 1;
      // Fails only when the event is set already.
      [[maybe_unused]] ssize_t written = write(wake_fd_, &n, sizeof n);
    });
  }
  all_.push_back(std::move(watched));
}

std::string_view Supervisor::Word(State state) {
  switch (state) {
    case State::kIdle:
      return "waits";
    case State::kStarting:
      return "starts";
    case State::kUp:
      return "up";
    case State::kKilled:
      return "killed";
    case State::kPausing:
      return "pauses";
    case State::kGivenUp:
      return "given_up";
    case State::kAskedDown:
      return "asked_down";
  }
  return "";
}

void Supervisor::Run() {
  while (!stop_) {
    ForgiveOurAbsence();
    StartInOrder();
    for (auto& watched : all_) LookAfter(*watched);
    WriteStatus();
    TellParent();
    WaitForSomething();
    TakeSignals();
    TakeNotices();
    TakeAnswers();
  }
  StopAll();
}

// When we were not there ourselves (the machine slept, or somebody stopped us), silence says
// nothing.
void Supervisor::ForgiveOurAbsence() {
  const absl::Time now = MonotonicNow();
  if (now - last_look_ > kAbsence) {
    for (auto& watched : all_) watched->health.Begin(now);
  }
  last_look_ = now;
}

// The first that has never been started, once those before it serve, cannot, or take too long.
void Supervisor::StartInOrder() {
  for (auto& watched : all_) {
    if (watched->state == State::kIdle) {
      Start(*watched);
      return;
    }
    if (watched->state == State::kStarting && MonotonicNow() - watched->started < kOrderPatience) {
      return;
    }
  }
}

void Supervisor::WaitForSomething() {
  std::vector<pollfd> fds = {
      {signal_fd_, POLLIN, 0}, {socket_->fd(), POLLIN, 0}, {wake_fd_, POLLIN, 0}};
  const absl::Time now = MonotonicNow();
  absl::Time wake = now + (Settled() ? kCalmTick : kTick);
  for (const auto& watched : all_) {
    if (watched->process.has_value()) {
      fds.push_back({watched->process->fd(), POLLIN, 0});
      wake = std::min(wake, now + watched->spec.silence);
    }
    if (watched->state == State::kPausing) wake = std::min(wake, watched->next_start);
  }
  absl::Duration left = std::max(wake - MonotonicNow(), absl::ZeroDuration());
  poll(fds.data(), fds.size(), static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
}

void Supervisor::TakeSignals() {
  signalfd_siginfo info;
  while (read(signal_fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo != SIGHUP) {
      stop_ = true;
      continue;
    }
    log::Info("start_asked");
    for (auto& watched : all_) {
      watched->policy.Reset();
      if (!watched->process.has_value()) watched->state = State::kIdle;
    }
  }
}

void Supervisor::TakeNotices() {
  while (std::optional<Notice> notice = socket_->Next()) {
    for (auto& watched : all_) {
      if (!watched->process.has_value() || watched->process->pid() != notice->pid) continue;
      watched->health.Beat(MonotonicNow());
      if (Says(*notice, "READY=1") && watched->spec.tells_ready) NoteUp(*watched);
      if (Says(*notice, "X_STAY_DOWN=1")) watched->stay_down = true;
    }
  }
}

void Supervisor::TakeAnswers() {
  uint64_t n = 0;
  [[maybe_unused]] ssize_t taken = read(wake_fd_, &n, sizeof n);
  for (auto& watched : all_) {
    if (watched->prober == nullptr || !watched->process.has_value()) continue;
    const absl::Time answered = watched->prober->last_answer();
    if (answered == absl::InfinitePast()) continue;
    watched->health.Answered(answered);
    // Also when it had said so to an earlier watcher.
    NoteUp(*watched);
  }
}

void Supervisor::LookAfter(Watched& watched) {
  if (watched.process.has_value() && watched.process->Ended(absl::ZeroDuration())) {
    NoteEnd(watched);
  }
  if (watched.process.has_value() && watched.state == State::kUp &&
      watched.health.Hung(MonotonicNow())) {
    log::Error("process_hangs", "name", watched.spec.name, "pid", watched.process->pid(),
               "silence_s", absl::ToInt64Seconds(watched.spec.silence), "action", "kill");
    Tell(event::Make<event::Kind::kProcessHangs>(watched.spec.name,
                                                 absl::ToInt64Seconds(watched.spec.silence)));
    watched.process->Signal(SIGKILL);
    watched.state = State::kKilled;
  }
  if (watched.state == State::kPausing && MonotonicNow() >= watched.next_start) Start(watched);
}

void Supervisor::Start(Watched& watched) {
  // An instance that we do not know of: of an earlier watcher.
  if (std::optional<pid_t> pid = watched.spec.find()) {
    std::optional<Process> process = Process::Adopt(*pid);
    if (process.has_value() && watched.spec.find() == pid) {
      Begin(watched, *std::move(process), /*found=*/true);
      return;
    }
  }
  absl::StatusOr<Process> started =
      Process::Start(watched.spec.command, Environment(),
                     fmt::format("{}/log/{}.out", options_.home, watched.spec.name));
  if (!started.ok()) {
    log::Error("process_cannot_be_started", "name", watched.spec.name, "error",
               MessageOf(started.status()));
    watched.started = MonotonicNow();
    NoteEnd(watched);
    return;
  }
  Begin(watched, *std::move(started), /*found=*/false);
}

void Supervisor::Begin(Watched& watched, Process process, bool found) {
  watched.process = std::move(process);
  watched.started = MonotonicNow();
  watched.state = State::kStarting;
  watched.stay_down = false;
  watched.health.Begin(watched.started);
  if (watched.prober != nullptr) watched.prober->Begin();
  log::Info(found ? "process_found" : "process_started", "name", watched.spec.name, "pid",
            watched.process->pid());
  // What says READY once has said it to the watcher before.
  if (found && watched.prober == nullptr) NoteUp(watched);
}

void Supervisor::NoteUp(Watched& watched) {
  if (watched.state != State::kStarting) return;
  watched.state = State::kUp;
  watched.health.Begin(MonotonicNow());
  log::Info("process_up", "name", watched.spec.name, "pid", watched.process->pid(), "after_ms",
            absl::ToInt64Milliseconds(MonotonicNow() - watched.started));
  if (watched.missed) Tell(event::Make<event::Kind::kProcessServes>(watched.spec.name));
  watched.missed = false;
}

void Supervisor::NoteEnd(Watched& watched) {
  std::string how = "not started";
  if (watched.process.has_value()) {
    how = watched.process->Reap();
    // What it said last may still be unread.
    TakeNotices();
    if (watched.prober != nullptr) watched.prober->Pause();
  }
  watched.process.reset();
  if (watched.stay_down) {
    watched.state = State::kAskedDown;
    log::Info("process_asked_down", "name", watched.spec.name);
    return;
  }
  watched.missed = true;
  const absl::Time now = MonotonicNow();
  watched.next_start = watched.policy.Ended(watched.started, now);
  if (watched.next_start == absl::InfiniteFuture()) {
    watched.state = State::kGivenUp;
    log::Error("process_given_up", "name", watched.spec.name, "how", how, "ends",
               watched.policy.ends(), "what_to_do",
               fmt::format("see {0}/log/{1}.log and {1}.out; then oca-appliance start --home {0}",
                           options_.home, watched.spec.name));
    Tell(event::Make<event::Kind::kProcessGivenUp>(watched.spec.name, how, watched.policy.ends()));
    return;
  }
  Tell(event::Make<event::Kind::kProcessEnded>(watched.spec.name, how));
  watched.state = State::kPausing;
  log::Warning("process_ended", "name", watched.spec.name, "how", how, "ends",
               watched.policy.ends(), "again_in_ms",
               absl::ToInt64Milliseconds(watched.next_start - now));
}

void Supervisor::StopAll() {
  log::Info("stopping");
  (void)daemon::Notify("STOPPING=1");  // a courtesy
  for (auto it = all_.rbegin(); it != all_.rend(); ++it) StopOne(**it);
  WriteStatus();
  log::Info("stopped");
}

void Supervisor::StopOne(Watched& watched) {
  if (!watched.process.has_value()) {
    if (std::optional<pid_t> pid = watched.spec.find()) watched.process = Process::Adopt(*pid);
  }
  watched.state = State::kIdle;
  if (!watched.process.has_value()) return;
  if (watched.prober != nullptr) watched.prober->Pause();
  const absl::Time deadline = MonotonicNow() + watched.spec.stop_timeout;
  watched.process->Signal(watched.spec.stop_signal);
  watched.process->Signal(SIGCONT);  // should somebody have stopped it: then it could not end
  bool ended = false;
  while (!(ended = watched.process->Ended(kTick)) && MonotonicNow() < deadline) {
    (void)daemon::Notify("WATCHDOG=1");  // a courtesy
    TakeNotices();
  }
  if (!ended) {
    log::Error("process_does_not_stop", "name", watched.spec.name, "pid", watched.process->pid(),
               "action", "kill");
    watched.process->Signal(SIGKILL);
    ended = watched.process->Ended(kKillPatience);
  }
  log::Info("process_stopped", "name", watched.spec.name, "how",
            ended ? watched.process->Reap() : "it hangs in the kernel");
  watched.process.reset();
}

bool Supervisor::Settled() const {
  return std::none_of(all_.begin(), all_.end(), [](const auto& watched) {
    return watched->state == State::kIdle || watched->state == State::kStarting;
  });
}

void Supervisor::Tell(event::v1::Event event) {
  if (options_.events != nullptr) options_.events->Send(std::move(event));
}

void Supervisor::TellParent() {
  // Whoever started us may be gone; then nobody listens.
  if (const absl::Time now = MonotonicNow(); now >= next_beat_) {
    (void)daemon::Notify("WATCHDOG=1");
    next_beat_ = now + kBeat;
  }
  if (told_ready_ || !Settled()) return;
  told_ready_ = true;
  (void)daemon::Notify("READY=1");
}

// For oca-appliance status: one line for each process.
void Supervisor::WriteStatus() {
  std::string text;
  for (const auto& watched : all_) {
    text += fmt::format("{} {} {} {}\n", watched->spec.name, Word(watched->state),
                        watched->process.has_value() ? watched->process->pid() : 0,
                        watched->policy.ends());
  }
  if (text == written_status_) return;
  absl::Status written = io::WriteFileAtomically(
      io::PosixFileSystem(), fmt::format("{}/run/{}.status", options_.home, options_.name), text);
  if (written.ok()) {
    written_status_ = text;
  } else if (!status_lost_) {
    // A full disk stays full for a while: it is said once.
    log::Error("status_not_written", "error", MessageOf(written));
  }
  status_lost_ = !written.ok();
}

std::vector<std::string> Supervisor::Environment() const {
  std::vector<std::string> environment = {fmt::format("OCA_HOME={}", options_.home),
                                          fmt::format("NOTIFY_SOCKET={}", socket_->path())};
  environment.insert(environment.end(), options_.environment.begin(), options_.environment.end());
  return environment;
}

}  // namespace oca::watcher
