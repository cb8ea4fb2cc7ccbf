// One run of the CLI: where it reads and writes, its common options, and the service it talks to.
#ifndef OCA_CLI_SESSION_H_
#define OCA_CLI_SESSION_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "CLI/App.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/output.h"
#include "cli/run.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace oca::fs::v1 {
class CleanerStatus;
}
namespace oca::management::v1 {
class StorageGroup;
}

namespace oca::cli {

// How long a call may take.
enum class Patience {
  kLook,    // it looks something up
  kChange,  // it commits a change
  kWork,    // it waits for work to end, or removes many files
};

class Session {
 public:
  explicit Session(Context& context) : context_(context) {}
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Adds --json, --home and --login to a verb; --yes too for one that asks. `action` runs once the
  // words are parsed.
  void Bind(CLI::App* verb, std::function<absl::Status()> action);
  void AddYes(CLI::App* verb);
  // What the words asked for, as the user of --login where it is given; OK when they asked for help
  // only.
  absl::Status RunAction();

  // Calls `method` of one of the services of ocaconfigsvc.
  template <typename Stub, typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response,
                    Patience patience = Patience::kLook) {
    return CallWith(patience, [&](grpc::ClientContext* context) {
      Stub stub(channel_);
      return (stub.*method)(context, request, response);
    });
  }

  // Fills an empty `value` by asking on a terminal; kInvalidArgument where there is none.
  absl::Status Require(std::string* value, std::string_view option, std::string_view question);
  // Asks on a terminal for another value than `current`; who says nothing leaves `*value` empty.
  absl::Status Offer(std::string_view question, std::string_view current, std::string* value);
  // A `what` (passphrase, password): on a terminal asked for without showing it, twice where
  // `twice`; else the next line of standard input. kInvalidArgument when there is none, or both
  // differ.
  absl::StatusOr<std::string> AskSecret(std::string_view what, std::string_view question,
                                        bool twice);
  // The next line of standard input, asked for on a terminal; kInvalidArgument when there is none.
  absl::StatusOr<std::string> ReadLine(std::string_view what);
  // Asks `question` (yes/no, default no). OK for yes or --yes; kCancelled for no; kInvalidArgument
  // where nobody can be asked.
  absl::Status Confirm(std::string_view question);

  bool json() const { return json_; }
  // There is somebody to ask.
  bool can_ask() const { return context_.in_is_terminal && !json_; }
  bool can_draw() const { return context_.out_is_terminal && !json_; }
  void Print(std::string_view text) { context_.out << text; }
  void PrintJson(const Json& json) { context_.out << json.dump(2) << '\n'; }
  // On standard error, which programs that read the answer do not see.
  void Note(std::string_view text);
  void Pause(absl::Duration time) { context_.pause(time); }
  void Flush() { context_.out.flush(); }
  const std::string& home() const { return home_; }
  // The user of --login; empty without.
  const std::string& login() const { return login_; }
  // Of the request that this is, in the logs of all who work for it; empty before the first call.
  const std::string& request_id() const { return request_id_; }
  // With which the user has signed in.
  const std::string& login_password() const { return login_password_; }

 private:
  absl::Status CallWith(Patience patience,
                        const std::function<grpc::Status(grpc::ClientContext*)>& call);
  absl::Status Connect();
  absl::Status Unreachable() const;
  absl::Status SignIn();
  std::string ReadHidden(std::string_view question);

  Context& context_;
  bool json_ = false;
  bool yes_ = false;
  std::string home_;
  std::function<absl::Status()> action_;
  std::string socket_;
  std::string login_;
  std::string login_password_;
  std::string token_;
  std::string request_id_;
  std::shared_ptr<grpc::Channel> channel_;
};

// What `--show` prints of one storage group.
std::string GroupText(const management::v1::StorageGroup& group);
// The record of a cleaner run, for stats and maintenance.
std::string CleanerText(const fs::v1::CleanerStatus& status);

// The storage group of the performance tier.
inline constexpr char kTierGroup[] = "PerformanceTier";
// Its statistics, as a record.
absl::StatusOr<std::string> TierStatsText(Session& session);

// Prints the API tokens of `user`; empty: of all.
absl::Status ShowTokens(Session& session, const std::string& user);

// Each adds one group's verbs.
void AddSystem(CLI::App* group, Session& session);
void AddSystemStorage(CLI::App* group, Session& session);  // a verb of the system
void AddSystemAudit(CLI::App* group, Session& session);    // another one
void AddStorageGroup(CLI::App* group, Session& session);
// `only`: the storage group that they are about; empty: the one of --name.
void AddStorageGroupEncryption(CLI::App* group, Session& session, const std::string& only = "");
void AddPerformanceTier(CLI::App* group, Session& session);
void AddContainer(CLI::App* group, Session& session);
void AddRetention(CLI::App* group, Session& session);   // a verb of containers
void AddRecycleBin(CLI::App* group, Session& session);  // another one
void AddContainerAccess(CLI::App* group, Session& session);
void AddConnection(CLI::App* group, Session& session);
void AddVtl(CLI::App* group, Session& session);
void AddIscsi(CLI::App* group, Session& session);
void AddNdmp(CLI::App* group, Session& session);
void AddReplication(CLI::App* group, Session& session);
void AddStats(CLI::App* group, Session& session);
void AddMachineStats(CLI::App* group, Session& session);  // verbs of stats
void AddHistory(CLI::App* group, Session& session);       // other ones
void AddNdmpStats(CLI::App* group, Session& session);     // and others
void AddMaintenance(CLI::App* group, Session& session);
void AddDiagnostics(CLI::App* group, Session& session);  // a verb of maintenance
void AddSchedule(CLI::App* group, Session& session);
void AddUser(CLI::App* group, Session& session);
void AddUserTokens(CLI::App* group, Session& session);  // verbs of users
void AddUserTotp(CLI::App* group, Session& session);
void AddAuthenticate(CLI::App* group, Session& session);
void AddAudit(CLI::App* group, Session& session);
void AddAlerts(CLI::App* group, Session& session);
void AddMachineChannels(CLI::App* group, Session& session);  // verbs of alerts
void AddEmailAlerts(CLI::App* group, Session& session);
void AddEmailStats(CLI::App* group, Session& session);

}  // namespace oca::cli

#endif  // OCA_CLI_SESSION_H_
