// oca system --audit
#include <memory>
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/audit_limits.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::AuditLimits;

namespace mgmt = management::v1;

struct AuditLimitsFlags {
  bool show = false;
  bool update = false;
  uint32_t keep_days = 0;
  uint64_t keep_entries = 0;
  uint64_t revision = 0;
};

void PrintLimits(Session& session, std::string_view done, const mgmt::AuditLimitsStatus& limits) {
  if (session.json()) {
    session.PrintJson(ToJson(limits));
    return;
  }
  session.Print(done);
  session.Print(Record()
                    .Add("Keep Days", std::to_string(limits.keep_days()))
                    .Add("Keep Entries", std::to_string(limits.keep_entries()))
                    .Add("Entries", std::to_string(limits.entries()))
                    .Add("Oldest", TimeText(limits.oldest()))
                    .Add("Revision", std::to_string(limits.revision()))
                    .Text());
}

absl::Status RunAuditLimits(Session& session, const AuditLimitsFlags& flags, const CLI::App& verb) {
  const bool sets = verb.count("--keep_days") > 0 || verb.count("--keep_entries") > 0;
  if (flags.show && flags.update) {
    return absl::InvalidArgumentError("--show or --update, not both");
  }
  mgmt::AuditLimitsStatus limits;
  if (!flags.update) {
    if (sets || flags.revision != 0) {
      return absl::InvalidArgumentError(
          "--keep_days, --keep_entries and --revision go with --update");
    }
    OCA_RETURN_IF_ERROR(
        session.Call(&AuditLimits::Stub::GetAuditLimits, mgmt::GetAuditLimitsRequest(), &limits));
    PrintLimits(session, "", limits);
    return absl::OkStatus();
  }
  if (!sets) {
    return absl::InvalidArgumentError("nothing to change: give --keep_days or --keep_entries");
  }
  mgmt::SetAuditLimitsRequest request;
  if (verb.count("--keep_days") > 0) request.set_keep_days(flags.keep_days);
  if (verb.count("--keep_entries") > 0) request.set_keep_entries(flags.keep_entries);
  request.set_revision(flags.revision);
  OCA_RETURN_IF_ERROR(
      session.Call(&AuditLimits::Stub::SetAuditLimits, request, &limits, Patience::kChange));
  PrintLimits(session, "Limits of the record set.\n", limits);
  return absl::OkStatus();
}

}  // namespace

void AddSystemAudit(CLI::App* group, Session& session) {
  auto flags = std::make_shared<AuditLimitsFlags>();
  CLI::App* audit =
      group->add_subcommand("audit", "How long the record of changes is kept: show it, set it");
  audit->add_flag("--show", flags->show, "The limits, and what is on record (the default)");
  audit->add_flag("--update", flags->update, "Set what is given");
  audit->add_option("--keep_days", flags->keep_days,
                    "30 to 36500 (1095): older entries are deleted");
  audit->add_option("--keep_entries", flags->keep_entries,
                    "10000 to 100000000 (1000000): of more the oldest are deleted");
  audit->add_option("--revision", flags->revision, "Only when the limits still have this revision");
  session.Bind(audit, [&session, flags, audit] { return RunAuditLimits(session, *flags, *audit); });
  audit->footer("Example:\n  oca system --audit --update --keep_days 3650");
}

}  // namespace oca::cli
