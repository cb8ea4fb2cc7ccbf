// Starts processes in order, keeps them running, stops them in reverse order. watcher is one over
// the appliance's processes, watcher_spawn one over watcher.
#ifndef OCA_SERVICES_WATCHER_SUPERVISOR_H_
#define OCA_SERVICES_WATCHER_SUPERVISOR_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/event/client.h"
#include "services/watcher/notify_socket.h"
#include "services/watcher/policy.h"
#include "services/watcher/prober.h"
#include "services/watcher/process.h"

namespace oca::watcher {

struct Options {
  std::string name;  // of the program: of its socket and its status file
  std::string home;
  int give_up_after = 10;
  std::vector<std::string> environment;  // of the processes, besides OCA_HOME and NOTIFY_SOCKET
  event::Sink* events = nullptr;         // borrowed; null: nobody is told
};

// Owned by one thread. What runs already, started by an earlier watcher, is taken over: when a
// watcher dies its processes go on.
class Supervisor {
 public:
  // Blocks SIGTERM, SIGINT and SIGHUP in this thread and those that it starts later: before the
  // first one that anything starts, and so before Create.
  static absl::Status BlockSignals();
  static absl::StatusOr<std::unique_ptr<Supervisor>> Create(Options options,
                                                            std::vector<Spec> specs);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Until SIGTERM or SIGINT; then stops everything. SIGHUP: start at once what does not run, also
  // what was given up. Tells its own watcher (READY=1, WATCHDOG=1).
  void Run();
  // Stops what runs, in reverse order, whoever started it.
  void StopAll();

 private:
  enum class State { kIdle, kStarting, kUp, kKilled, kPausing, kGivenUp, kAskedDown };
  struct Watched {
    Watched(Spec s, int give_up_after)
        : spec(std::move(s)),
          policy(give_up_after),
          health(spec.silence, static_cast<bool>(spec.probe)) {}
    Spec spec;
    RestartPolicy policy;
    Health health;
    State state = State::kIdle;
    std::optional<Process> process;
    absl::Time started;
    absl::Time next_start = absl::InfiniteFuture();
    std::unique_ptr<Prober> prober;
    bool stay_down = false;
    bool missed = false;  // it ended by itself, and has not served since
  };

  Supervisor(Options options, std::unique_ptr<NotifySocket> socket, int signal_fd, int wake_fd);
  void Add(Spec spec);
  static std::string_view Word(State state);
  void WaitForSomething();
  void TakeSignals();
  void TakeNotices();
  void TakeAnswers();
  void LookAfter(Watched& watched);
  // Takes over the running instance, or starts one.
  void Start(Watched& watched);
  void Begin(Watched& watched, Process process, bool found);
  void NoteUp(Watched& watched);
  void NoteEnd(Watched& watched);
  void ForgiveOurAbsence();
  void StartInOrder();
  void StopOne(Watched& watched);
  bool Settled() const;
  void TellParent();
  void Tell(event::v1::Event event);
  void WriteStatus();
  std::vector<std::string> Environment() const;

  const Options options_;
  const std::unique_ptr<NotifySocket> socket_;
  const int signal_fd_;
  const int wake_fd_;  // an event: a probe has answered
  std::vector<std::unique_ptr<Watched>> all_;
  bool stop_ = false;
  absl::Time last_look_ = absl::InfiniteFuture();
  absl::Time next_beat_ = absl::InfinitePast();  // when our own watcher is told next
  bool told_ready_ = false;
  std::string written_status_;
  bool status_lost_ = false;  // the last one could not be written
};

}  // namespace oca::watcher

#endif  // OCA_SERVICES_WATCHER_SUPERVISOR_H_
