// oca audit
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Users;

namespace mgmt = management::v1;

struct AuditFlags {
  std::string user;
  std::string target;
  std::string since;
  uint32_t limit = 100;
  bool verbose = false;
};

// The JSON inside of an entry as a part of ours; null for none.
Json NestedJson(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

Json EntryJson(const mgmt::AuditEntry& entry) {
  Json json = ToJson(entry);
  json["request"] = NestedJson(entry.request());
  json["before"] = NestedJson(entry.before());
  json["after"] = NestedJson(entry.after());
  return json;
}

std::string EntryText(const mgmt::AuditEntry& entry) {
  return Record()
      .Add("Time", TimeText(entry.started()))
      .Add("Ended", TimeText(entry.ended()))
      .Add("User", entry.user())
      .Add("From", entry.origin())
      .Add("What", entry.method())
      .Add("Target", entry.target())
      .Add("Outcome", EnumWord(entry.outcome()))
      .Add("Message", entry.message())
      .Add("Request", entry.request())
      .Add("Before", entry.before())
      .Add("After", entry.after())
      .Text();
}

absl::Status ShowAudit(Session& session, const AuditFlags& flags) {
  mgmt::ListAuditRequest request;
  request.set_user(flags.user);
  request.set_target(flags.target);
  request.set_limit(flags.limit);
  if (!flags.since.empty()) {
    OCA_ASSIGN_OR_RETURN(uint64_t seconds, ParsePeriod("period", flags.since));
    *request.mutable_since() = google::protobuf::util::TimeUtil::SecondsToTimestamp(
        absl::ToUnixSeconds(absl::Now()) - static_cast<int64_t>(seconds));
  }
  mgmt::ListAuditResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Users::Stub::ListAudit, request, &list));
  if (session.json()) {
    Json entries = Json::array();
    for (const mgmt::AuditEntry& entry : list.entries()) entries.push_back(EntryJson(entry));
    session.PrintJson({{"entries", entries}});
    return absl::OkStatus();
  }
  if (flags.verbose) {
    std::string text;
    for (const mgmt::AuditEntry& entry : list.entries()) {
      text += (text.empty() ? "" : "\n") + EntryText(entry);
    }
    session.Print(text);
    return absl::OkStatus();
  }
  Table table({"Time", "User", "From", "What", "Target", "Outcome"});
  for (const mgmt::AuditEntry& entry : list.entries()) {
    table.Add({TimeText(entry.started()), entry.user(), entry.origin(), entry.method(),
               entry.target(), EnumWord(entry.outcome())});
  }
  session.Print(table.empty() ? "Nothing is on record.\n" : table.Text());
  return absl::OkStatus();
}

}  // namespace

void AddAudit(CLI::App* group, Session& session) {
  auto flags = std::make_shared<AuditFlags>();
  CLI::App* show = group->add_subcommand("show", "Changes and logins, the newest first");
  show->add_option("--user", flags->user, "Only of this user");
  show->add_option("--target", flags->target, "Only of what has this name");
  show->add_option("--since", flags->since, "Only of the last 90s, 30m, 12h, 30d ...");
  show->add_option("--limit", flags->limit, "At most so many (100)")->check(CLI::Range(1, 10000));
  show->add_flag("--verbose", flags->verbose,
                 "A record of each, with what was there before and after");
  session.Bind(show, [&session, flags] { return ShowAudit(session, *flags); });
  show->footer("Example:\n  oca audit --show --target vms --since 30d --verbose");
}

}  // namespace oca::cli
