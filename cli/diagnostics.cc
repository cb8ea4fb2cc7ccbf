// oca maintenance --diags
#include <memory>
#include <string>

#include "cli/progress.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/diagnostics.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Diagnostics;

namespace mgmt = management::v1;

constexpr absl::Duration kBetweenBundleLooks = absl::Milliseconds(200);

struct DiagnosticsFlags {
  bool collect = false;
  std::string extent;  // of what is collected
  bool show = false;
  std::string name;
  bool delete_all = false;
  bool no_wait = false;
};

absl::Status GetBundles(Session& session, mgmt::ListDiagnosticsResponse* bundles) {
  return session.Call(&Diagnostics::Stub::ListDiagnostics, mgmt::ListDiagnosticsRequest(), bundles);
}

std::string BundleText(const mgmt::DiagnosticBundle& bundle) {
  Record record;
  record.Add("Bundle", bundle.path())
      .Add("State", EnumWord(bundle.state()))
      .Add("Created", TimeText(bundle.created()));
  if (bundle.size_bytes() > 0) record.Add("Size", ShortBytes(bundle.size_bytes()));
  if (!bundle.error().empty()) record.Add("Error", bundle.error());
  return record.Text();
}

void PrintBundle(Session& session, const mgmt::DiagnosticBundle& bundle) {
  if (session.json()) {
    session.PrintJson(ToJson(bundle));
  } else {
    session.Print(BundleText(bundle));
  }
}

// Until the bundle is there, or cannot be.
absl::StatusOr<mgmt::DiagnosticBundle> AwaitBundle(Session& session,
                                                   mgmt::DiagnosticBundle bundle) {
  Progress progress(session);
  while (bundle.state() == mgmt::DIAGNOSTIC_STATE_COLLECTING) {
    progress.Draw(fmt::format("Diagnostics: {:.0f} %", bundle.progress_percent()));
    session.Pause(kBetweenBundleLooks);
    mgmt::ListDiagnosticsResponse bundles;
    OCA_RETURN_IF_ERROR(GetBundles(session, &bundles));
    bool found = false;
    for (const mgmt::DiagnosticBundle& each : bundles.bundles()) {
      if (each.name() != bundle.name()) continue;
      bundle = each;
      found = true;
      break;
    }
    if (!found) return absl::NotFoundError("the bundle was deleted meanwhile");
  }
  return bundle;
}

absl::Status CollectBundle(Session& session, const DiagnosticsFlags& flags) {
  if (!flags.extent.empty() && flags.extent != "basic" && flags.extent != "all") {
    return absl::InvalidArgumentError("--collect takes nothing, all or basic");
  }
  mgmt::CollectDiagnosticsRequest request;
  request.set_basic(flags.extent == "basic");
  mgmt::DiagnosticBundle bundle;
  OCA_RETURN_IF_ERROR(session.Call(&Diagnostics::Stub::CollectDiagnostics, request, &bundle));
  if (!flags.no_wait) {
    OCA_ASSIGN_OR_RETURN(bundle, AwaitBundle(session, std::move(bundle)));
  }
  PrintBundle(session, bundle);
  if (bundle.state() != mgmt::DIAGNOSTIC_STATE_FAILED) return absl::OkStatus();
  return absl::InternalError(fmt::format("no bundle was made: {}", bundle.error()));
}

absl::Status ShowBundles(Session& session) {
  mgmt::ListDiagnosticsResponse bundles;
  OCA_RETURN_IF_ERROR(GetBundles(session, &bundles));
  if (session.json()) {
    session.PrintJson(ToJson(bundles));
    return absl::OkStatus();
  }
  if (bundles.bundles().empty()) {
    session.Print("There is no bundle; oca maintenance --diags --collect makes one.\n");
  }
  for (const mgmt::DiagnosticBundle& bundle : bundles.bundles()) {
    session.Print(BundleText(bundle) + "\n");
  }
  return absl::OkStatus();
}

absl::Status DeleteBundle(Session& session, const DiagnosticsFlags& flags) {
  mgmt::DeleteDiagnosticsResponse response;
  if (flags.delete_all) {
    OCA_RETURN_IF_ERROR(session.Confirm("All bundles of diagnostics will be deleted. Go on?"));
    OCA_RETURN_IF_ERROR(session.Call(&Diagnostics::Stub::DeleteAllDiagnostics,
                                     mgmt::DeleteAllDiagnosticsRequest(), &response));
  } else {
    mgmt::DeleteDiagnosticsRequest request;
    request.set_name(flags.name);
    OCA_RETURN_IF_ERROR(session.Call(&Diagnostics::Stub::DeleteDiagnostics, request, &response));
  }
  if (session.json()) {
    session.PrintJson(ToJson(response));
  } else {
    session.Print(fmt::format("{} deleted.\n", response.deleted()));
  }
  return absl::OkStatus();
}

absl::Status Diags(Session& session, const DiagnosticsFlags& flags) {
  if (flags.collect + flags.show + !flags.name.empty() + flags.delete_all != 1) {
    return absl::InvalidArgumentError(
        "give one of --collect, --show, --delete, --delete_all (see oca maintenance --diags "
        "--help)");
  }
  if (flags.collect) return CollectBundle(session, flags);
  if (flags.show) return ShowBundles(session);
  return DeleteBundle(session, flags);
}

}  // namespace

void AddDiagnostics(CLI::App* group, Session& session) {
  auto flags = std::make_shared<DiagnosticsFlags>();
  CLI::App* diags = group->add_subcommand(
      "diags", "Bundles for who is asked for help: logs, configuration without secrets, states");
  diags
      ->add_option("--collect", flags->extent,
                   "Make a bundle; basic: without old logs, and the end of the others")
      ->expected(0, 1);
  diags->add_flag("--show", flags->show, "The bundles there are, and where");
  diags->add_option("--delete", flags->name, "Delete the bundle of this name");
  diags->add_flag("--delete_all", flags->delete_all, "Delete all of them");
  diags->add_flag("--no_wait", flags->no_wait, "With --collect: return once it has begun");
  session.AddYes(diags);
  session.Bind(diags, [&session, flags, diags] {
    flags->collect = diags->count("--collect") > 0;
    return Diags(session, *flags);
  });
  diags->footer("Example:\n  oca maintenance --diags --collect");
}

}  // namespace oca::cli
