// oca ndmp
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/ndmp.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Ndmp;

namespace mgmt = management::v1;

constexpr char kAny[] = "any";
constexpr char kReached[] = "as_reached";

struct NdmpFlags {
  std::string address;
  std::string port;
  std::string data_address;
  std::string data_ports;
  uint64_t revision = 0;

  bool empty() const {
    return address.empty() && port.empty() && data_address.empty() && data_ports.empty();
  }
};

std::string DataPortsText(const mgmt::NdmpSettings& settings) {
  if (settings.first_data_port() == 0) return kAny;
  return fmt::format("{}-{}", settings.first_data_port(), settings.last_data_port());
}

std::string DataAddressText(const mgmt::NdmpSettings& settings) {
  return settings.data_address().empty() ? kReached : settings.data_address();
}

template <typename List>
std::string OrNone(const List& list) {
  return list.empty() ? "none" : fmt::format("{}", fmt::join(list, ", "));
}

std::string NdmpStatusText(const mgmt::NdmpStatus& status) {
  const mgmt::NdmpSettings& settings = status.settings();
  Record record;
  record.Add("Running", status.running() ? "yes" : "no")
      .Add("Listens At", status.listen_port() == 0
                             ? "-"
                             : fmt::format("{}:{}", status.listen_address(), status.listen_port()));
  if (!status.problem().empty()) record.Add("Problem", status.problem());
  record.Add("Address", settings.address())
      .Add("Port", std::to_string(settings.port()))
      .Add("Data Address", DataAddressText(settings))
      .Add("Data Ports", DataPortsText(settings))
      .Add("NDMP Versions", OrNone(status.versions()))
      .Add("NDMP Users", OrNone(status.users()))
      .Add("Sessions", std::to_string(status.sessions()))
      .Add("Started", TimeText(status.started()))
      .Add("Revision", std::to_string(status.revision()));
  return record.Text();
}

void PrintNdmp(Session& session, std::string_view done, const mgmt::NdmpStatus& status) {
  if (session.json()) {
    session.PrintJson(ToJson(status));
  } else {
    session.Print(fmt::format("{}{}", done, NdmpStatusText(status)));
  }
}

absl::StatusOr<mgmt::NdmpStatus> GetNdmp(Session& session) {
  mgmt::NdmpStatus status;
  OCA_RETURN_IF_ERROR(session.Call(&Ndmp::Stub::GetNdmp, mgmt::GetNdmpRequest(), &status));
  return status;
}

absl::Status ShowNdmp(Session& session) {
  OCA_ASSIGN_OR_RETURN(mgmt::NdmpStatus status, GetNdmp(session));
  PrintNdmp(session, "", status);
  return absl::OkStatus();
}

// Everything, with what is there as the answer of who says nothing.
absl::Status AskAllNdmp(Session& session, NdmpFlags* flags) {
  OCA_ASSIGN_OR_RETURN(mgmt::NdmpStatus status, GetNdmp(session));
  const mgmt::NdmpSettings& settings = status.settings();
  OCA_RETURN_IF_ERROR(session.Offer("Address to listen at", settings.address(), &flags->address));
  OCA_RETURN_IF_ERROR(session.Offer("Port", std::to_string(settings.port()), &flags->port));
  OCA_RETURN_IF_ERROR(session.Offer("Address that peers of data connections are told",
                                    DataAddressText(settings), &flags->data_address));
  OCA_RETURN_IF_ERROR(
      session.Offer("Ports of data connections", DataPortsText(settings), &flags->data_ports));
  if (flags->revision == 0) flags->revision = status.revision();
  return flags->empty() ? absl::CancelledError("nothing is changed") : absl::OkStatus();
}

absl::StatusOr<uint32_t> ParseNdmpPort(std::string_view text) {
  uint32_t port = 0;
  if (!absl::SimpleAtoi(std::string(text), &port)) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no port", text));
  }
  return port;
}

absl::Status FillDataPorts(std::string_view text, mgmt::UpdateNdmpRequest* request) {
  uint32_t first = 0, last = 0;
  if (text != kAny) {
    const size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no range of ports, such as 43000-43040, nor {}", text, kAny));
    }
    OCA_ASSIGN_OR_RETURN(first, ParseNdmpPort(text.substr(0, dash)));
    OCA_ASSIGN_OR_RETURN(last, ParseNdmpPort(text.substr(dash + 1)));
  }
  request->set_first_data_port(first);
  request->set_last_data_port(last);
  return absl::OkStatus();
}

absl::Status UpdateNdmp(Session& session, NdmpFlags flags) {
  if (flags.empty() && session.can_ask()) OCA_RETURN_IF_ERROR(AskAllNdmp(session, &flags));
  mgmt::UpdateNdmpRequest request;
  if (!flags.address.empty()) request.set_address(flags.address);
  if (!flags.port.empty()) {
    OCA_ASSIGN_OR_RETURN(uint32_t port, ParseNdmpPort(flags.port));
    request.set_port(port);
  }
  if (!flags.data_address.empty()) {
    request.set_data_address(flags.data_address == kReached ? "" : flags.data_address);
  }
  if (!flags.data_ports.empty()) {
    OCA_RETURN_IF_ERROR(FillDataPorts(flags.data_ports, &request));
  }
  request.set_revision(flags.revision);
  mgmt::NdmpStatus status;
  OCA_RETURN_IF_ERROR(session.Call(&Ndmp::Stub::UpdateNdmp, request, &status, Patience::kChange));
  PrintNdmp(
      session,
      status.running()
          ? "Settings of NDMP changed. New sessions follow within seconds, those that are open "
            "go on.\n"
          : "Settings of NDMP changed. They count once ocandmpd runs.\n",
      status);
  return absl::OkStatus();
}

}  // namespace

void AddNdmp(CLI::App* group, Session& session) {
  CLI::App* show = group->add_subcommand("show", "Where NDMP is served, and who may sign in");
  session.Bind(show, [&session] { return ShowNdmp(session); });
  show->footer("Example:\n  oca ndmp --show");

  auto flags = std::make_shared<NdmpFlags>();
  CLI::App* update = group->add_subcommand(
      "update", "Set what is given; on a terminal and without options it asks for everything");
  update->add_option("--address", flags->address, "IPv4 address to listen at; 0.0.0.0 = all");
  update->add_option("--port", flags->port, "To listen at");
  update->add_option("--data_address", flags->data_address,
                     "IPv4 address that peers of data connections are told; as_reached = the one "
                     "at which the client came");
  update->add_option("--data_ports", flags->data_ports, "Of data connections: 43000-43040, or any");
  update->add_option("--revision", flags->revision, "Only when they still have this revision");
  session.Bind(update, [&session, flags] { return UpdateNdmp(session, *flags); });
  update->footer("Example:\n  oca ndmp --update --port 10001 --data_ports 43000-43040");
}

}  // namespace oca::cli
