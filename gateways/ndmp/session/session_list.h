// The sessions that there are, and those that have ended and were not told to anybody yet.
#ifndef OCA_GATEWAYS_NDMP_SESSION_SESSION_LIST_H_
#define OCA_GATEWAYS_NDMP_SESSION_SESSION_LIST_H_

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateways/ndmp/wire/enums.h"

namespace oca::ndmp {

// What a session is at the moment.
struct SessionState {
  int version = 0;   // of the protocol
  std::string user;  // empty: nobody has signed in
  MoverState mover = MoverState::kIdle;
  DataState data = DataState::kIdle;
  std::string device;       // that is open; empty: none
  uint64_t tape_bytes = 0;  // by the mover, and in single blocks
  uint64_t data_bytes = 0;  // by the data service

  bool operator==(const SessionState&) const = default;

  // What goes through both counts once.
  uint64_t bytes_moved() const { return tape_bytes > data_bytes ? tape_bytes : data_bytes; }
};

struct OpenSession {
  std::string id;
  std::string client;  // address and port
  absl::Time started;
  SessionState state;
};

enum class SessionResult { kSuccessful, kFailed, kShutDown };

struct EndedSession {
  OpenSession session;  // with the last device that was open
  absl::Time ended;
  SessionResult result = SessionResult::kSuccessful;
  std::string error;  // what failed last; empty: nothing
};

// Thread-safe.
class SessionList {
 public:
  // Ended sessions that are kept at most; of more the oldest are forgotten.
  static constexpr size_t kMostEnded = 1000;

  // A session begins; `id` is its own.
  void Add(const std::string& id, const std::string& client);
  void Set(const std::string& id, const SessionState& state);
  // It is over. Sessions that nobody has signed in to are not kept.
  void End(const std::string& id, SessionResult result, const std::string& error);

  // The oldest first.
  std::vector<OpenSession> Open() const;
  // In the order of their ends.
  std::vector<EndedSession> Ended() const;
  // Those are known elsewhere.
  void Forget(const std::vector<EndedSession>& ended);

 private:
  mutable absl::Mutex mu_;
  std::map<std::string, OpenSession> open_ ABSL_GUARDED_BY(mu_);  // by id
  std::deque<EndedSession> ended_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_SESSION_LIST_H_
