#include "cli/session.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/api/problem.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"
#include "lib/log/request.h"
#include "lib/rpc/request_id.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::cli {
namespace {

using management::v1::Users;

absl::Duration TimeoutOf(Patience patience) {
  // Each a little more than ocaconfigsvc gives ocafsd, so that its message arrives.
  switch (patience) {
    case Patience::kLook:
      return absl::Seconds(60);
    case Patience::kChange:
      return absl::Minutes(5);
    case Patience::kWork:
      return absl::Minutes(35);
  }
  return absl::ZeroDuration();
}

std::string Trimmed(const std::string& line) {
  return std::string(absl::StripAsciiWhitespace(line));
}

}  // namespace

Session::~Session() { crypto::Wipe(login_password_.data(), login_password_.size()); }

void Session::Bind(CLI::App* verb, std::function<absl::Status()> action) {
  verb->add_flag("--json", json_, "Answer in JSON");
  if (context_.user.empty()) {
    verb->add_option("--home", home_, "The appliance's folder (default: $OCA_HOME)");
    verb->add_option("--login", login_,
                     "Act as this user; the password, and a code where one is needed, are asked "
                     "for, or read first");
  }
  verb->callback([this, action = std::move(action)] { action_ = action; });
}

void Session::AddYes(CLI::App* verb) { verb->add_flag("--yes,-y", yes_, "Do not ask"); }

absl::Status Session::Connect() {
  std::string home = home_.empty() ? context_.home : home_;
  if (home.empty()) {
    return absl::InvalidArgumentError(
        "which appliance? Give --home DIR, or set OCA_HOME to its folder");
  }
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(home, error);
  home_ = absolute.lexically_normal().string();
  while (home_.size() > 1 && home_.back() == '/') home_.pop_back();
  socket_ = context_.user.empty()    ? api::ManagementSocket(home_)
            : context_.token.empty() ? api::SshSocket(home_)
                                     : api::AccountsSocket(home_);
  OCA_ASSIGN_OR_RETURN(channel_, rpc::UnixChannel(socket_));
  return absl::OkStatus();
}

absl::Status Session::SignIn() {
  OCA_ASSIGN_OR_RETURN(
      login_password_,
      AskSecret("password", fmt::format("Password of user '{}'", login_), /*twice=*/false));
  management::v1::LoginRequest request;
  request.set_name(login_);
  request.set_password(login_password_);
  management::v1::LoginResponse response;
  absl::Status status = Call(&Users::Stub::Login, request, &response);
  if (api::TypeOf(status) == api::kCodeNeeded) {
    absl::StatusOr<std::string> code = AskSecret(
        "code", fmt::format("Code of the second factor of user '{}'", login_), /*twice=*/false);
    status = code.status();
    if (code.ok()) {
      request.set_one_time_code(*code);
      status = Call(&Users::Stub::Login, request, &response);
    }
  }
  crypto::Wipe(request.mutable_password()->data(), request.password().size());
  if (status.ok()) token_ = response.token();
  return status;
}

absl::Status Session::RunAction() {
  if (!action_) return absl::OkStatus();
  if (login_.empty()) return action_();
  OCA_RETURN_IF_ERROR(SignIn());
  absl::Status status = action_();
  management::v1::LogoutResponse response;
  absl::Status ended = Call(&Users::Stub::Logout, management::v1::LogoutRequest(), &response);
  // The login may be over already: its password was set anew, or the service is gone.
  ended.IgnoreError();
  return status;
}

absl::Status Session::Unreachable() const {
  if (!context_.user.empty()) {
    return absl::UnavailableError(
        "the configuration service cannot be reached; it may be starting");
  }
  return absl::UnavailableError(
      fmt::format("the configuration service ocaconfigsvc cannot be reached at {}; start it: "
                  "oca-appliance start --home {} (from a checkout: make run)",
                  socket_, home_));
}

absl::Status Session::CallWith(Patience patience,
                               const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  if (channel_ == nullptr) OCA_RETURN_IF_ERROR(Connect());
  if (request_id_.empty()) request_id_ = rpc::NewRequestId();
  const log::RequestScope scope(request_id_);
  grpc::ClientContext context;
  rpc::SetTimeout(&context, TimeoutOf(patience));
  if (!rpc::MayCall(*channel_, socket_, &context)) return Unreachable();
  const std::string& token = token_.empty() ? context_.token : token_;
  if (!token.empty()) context.AddMetadata("oca-token", token);
  if (!context_.user.empty() && token.empty()) context.AddMetadata("oca-user", context_.user);
  if (!context_.from.empty()) context.AddMetadata("oca-from", context_.from);
  absl::Status status = rpc::FromGrpc(call(&context));
  if (absl::IsUnavailable(status) && !rpc::SocketAnswers(socket_)) return Unreachable();
  if (absl::IsDeadlineExceeded(status)) {
    return absl::DeadlineExceededError(fmt::format(
        "no answer in time: {} (ocaconfigsvc at {}; its log is {}/log/ocaconfigsvc.log)",
        MessageOf(status), socket_, home_));
  }
  return status;
}

absl::Status Session::Require(std::string* value, std::string_view option,
                              std::string_view question) {
  if (!value->empty()) return absl::OkStatus();
  if (!context_.in_is_terminal || json_) {
    return absl::InvalidArgumentError(fmt::format("{} is missing", option));
  }
  context_.out << question << ": " << std::flush;
  std::string line;
  if (!std::getline(context_.in, line) || Trimmed(line).empty()) {
    return absl::InvalidArgumentError(fmt::format("{} is missing", option));
  }
  *value = Trimmed(line);
  return absl::OkStatus();
}

absl::Status Session::Offer(std::string_view question, std::string_view current,
                            std::string* value) {
  context_.out << question << " [" << current << "]: " << std::flush;
  std::string line;
  if (!std::getline(context_.in, line)) return absl::CancelledError("nothing is changed");
  *value = Trimmed(line);
  return absl::OkStatus();
}

std::string Session::ReadHidden(std::string_view question) {
  // First: what is typed once the question stands there must neither show nor get lost.
  if (context_.echo) context_.echo(false);
  context_.out << question << ": " << std::flush;
  std::string line;
  std::getline(context_.in, line);
  if (context_.echo) context_.echo(true);
  context_.out << '\n';
  return line;
}

absl::StatusOr<std::string> Session::AskSecret(std::string_view what, std::string_view question,
                                               bool twice) {
  std::string line;
  if (context_.in_is_terminal) {
    line = ReadHidden(question);
    if (twice && !line.empty() && ReadHidden("The same again") != line) {
      return absl::InvalidArgumentError("the two are different; nothing was changed");
    }
  } else {
    std::getline(context_.in, line);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "no {} was given: type it on a terminal, or give it in a line of standard input", what));
  }
  return line;
}

absl::StatusOr<std::string> Session::ReadLine(std::string_view what) {
  if (context_.in_is_terminal) context_.out << "The " << what << ": " << std::flush;
  std::string line;
  std::getline(context_.in, line);
  line = Trimmed(line);
  if (line.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("no {} was given, nor was there one on standard input", what));
  }
  return line;
}

absl::Status Session::Confirm(std::string_view question) {
  if (yes_) return absl::OkStatus();
  if (!context_.in_is_terminal || json_) {
    return absl::InvalidArgumentError(fmt::format(
        "this asks first, and there is nobody to ask: {} Add --yes to answer yes", question));
  }
  context_.out << question << " (yes/no) [n]? " << std::flush;
  std::string line;
  std::getline(context_.in, line);
  std::string answer = absl::AsciiStrToLower(Trimmed(line));
  if (answer == "yes" || answer == "y") return absl::OkStatus();
  return absl::CancelledError("nothing was changed");
}

void Session::Note(std::string_view text) { context_.err << "oca: " << text << '\n'; }

}  // namespace oca::cli
