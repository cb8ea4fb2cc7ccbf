// oca stats --ndmp, --ndmp_completed
#include <memory>
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/ndmp.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Ndmp;

namespace mgmt = management::v1;

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

std::string NdmpSessionsText(const mgmt::ListNdmpSessionsResponse& list) {
  Table table({"Session", "Client", "User", "Version>", "Connection", "Mover", "Data", "Device",
               "Moved>", "Rate>", "Started"});
  for (const mgmt::NdmpSession& each : list.sessions()) {
    table.Add({each.id(), each.client(), OrDash(each.user()),
               std::to_string(each.protocol_version()), EnumWord(each.connection_state()),
               EnumWord(each.mover_state()), EnumWord(each.data_state()), OrDash(each.device()),
               ShortBytes(each.bytes_moved()), fmt::format("{:.2f} MiB/s", each.mib_per_s()),
               TimeText(each.started())});
  }
  return table.empty() ? "There is no NDMP session.\n" : table.Text();
}

std::string CompletedNdmpSessionsText(const mgmt::ListCompletedNdmpSessionsResponse& list) {
  Table table({"Session", "Client", "User", "Version>", "Device", "Moved>", "Started", "Ended",
               "Result", "Error"});
  for (const mgmt::CompletedNdmpSession& each : list.sessions()) {
    table.Add({each.id(), each.client(), each.user(), std::to_string(each.protocol_version()),
               OrDash(each.device()), ShortBytes(each.bytes_moved()), TimeText(each.started()),
               TimeText(each.ended()), EnumWord(each.result()), OrDash(each.error())});
  }
  return table.empty() ? "No NDMP session has completed yet.\n" : table.Text();
}

absl::Status ShowNdmpSessions(Session& session) {
  mgmt::ListNdmpSessionsResponse list;
  OCA_RETURN_IF_ERROR(
      session.Call(&Ndmp::Stub::ListNdmpSessions, mgmt::ListNdmpSessionsRequest(), &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
  } else {
    session.Print(NdmpSessionsText(list));
  }
  return absl::OkStatus();
}

absl::Status ShowCompletedNdmpSessions(Session& session, uint32_t limit) {
  mgmt::ListCompletedNdmpSessionsRequest request;
  request.set_limit(limit);
  mgmt::ListCompletedNdmpSessionsResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Ndmp::Stub::ListCompletedNdmpSessions, request, &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
  } else {
    session.Print(CompletedNdmpSessionsText(list));
  }
  return absl::OkStatus();
}

}  // namespace

void AddNdmpStats(CLI::App* group, Session& session) {
  CLI::App* open = group->add_subcommand("ndmp", "Of the NDMP sessions that are open");
  session.Bind(open, [&session] { return ShowNdmpSessions(session); });
  open->footer("Example:\n  oca stats --ndmp");

  auto limit = std::make_shared<uint32_t>(0);
  CLI::App* completed =
      group->add_subcommand("ndmp_completed", "Of those that have ended, the latest first");
  completed->add_option("--limit", *limit, "At most so many (all that are kept, 1000)");
  session.Bind(completed, [&session, limit] { return ShowCompletedNdmpSessions(session, *limit); });
  completed->footer("Example:\n  oca stats --ndmp_completed --limit 20");
}

}  // namespace oca::cli
