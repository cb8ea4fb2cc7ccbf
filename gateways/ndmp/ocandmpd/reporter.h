// Tells ocaconfigsvc what this gateway is and does, and makes it listen as ocaconfigsvc says.
#ifndef OCA_GATEWAYS_NDMP_OCANDMPD_REPORTER_H_
#define OCA_GATEWAYS_NDMP_OCANDMPD_REPORTER_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateways/ndmp/session/server.h"
#include "gateways/ndmp/session/session_list.h"
#include "lib/api/gateways.grpc.pb.h"
#include "lib/base/bell.h"

namespace oca::ndmp {

// Start and Stop, and what comes before and after, are for one thread.
class Reporter {
 public:
  // By the service Gateways at `socket`. `defaults`: what counts where nobody has said otherwise.
  // Borrows `sessions`. kInvalidArgument for a path that cannot be a socket.
  static absl::StatusOr<std::unique_ptr<Reporter>> Create(const std::string& socket,
                                                          const Reach& defaults,
                                                          SessionList& sessions);
  ~Reporter();
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  // How to listen at first: as ocaconfigsvc says, or `defaults` while it does not answer.
  Reach FirstReach();
  // From now on it reports every second, and `server` is changed by nobody else until Stop.
  void Start(Server& server);
  void Stop();
  // The last word, once all sessions have ended.
  void SayEnd();

 private:
  // What a session had moved at a time.
  struct Mark {
    uint64_t bytes = 0;
    absl::Time at;
  };

  Reporter(std::unique_ptr<management::v1::Gateways::Stub> stub, const Reach& defaults,
           SessionList& sessions);
  void Loop(Server& server);
  void Follow(const Reach& wanted, Server& server);
  // Tells what there is, with `server` where there is one. The answer: how to listen; none: it is
  // not known now.
  absl::StatusOr<Reach> Report(const Server* server);
  void AddSessions(management::v1::ReportNdmpRequest* request);

  const std::unique_ptr<management::v1::Gateways::Stub> stub_;
  const Reach defaults_;
  SessionList& sessions_;
  const std::string instance_;
  const absl::Time started_;
  std::string problem_;  // why it does not listen as it was told
  Reach tried_;
  absl::Time try_again_;
  bool ends_ = false;
  bool told_ = true;                   // the last report was taken
  std::map<std::string, Mark> marks_;  // by the session's id
  std::atomic<bool> stopping_ = false;
  Bell bell_;
  std::thread loop_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_OCANDMPD_REPORTER_H_
