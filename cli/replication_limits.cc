// oca replication --limit, and --show --limits
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "cli/replication_text.h"
#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/replication.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Replication;

namespace mgmt = management::v1;

constexpr char kUnlimited[] = "unlimited";

struct LimitFlags {
  std::string target;
  std::string speed;
  uint64_t revision = 0;
};

// KiB/s of "512", "10MiB" or "unlimited".
absl::StatusOr<uint64_t> ParseSpeed(const std::string& text) {
  if (absl::AsciiStrToLower(text) == kUnlimited) return 0;
  uint64_t speed = 0;
  bool whole = absl::SimpleAtoi(text, &speed);
  if (!whole) {
    OCA_ASSIGN_OR_RETURN(uint64_t bytes, ParseBytes("--speed", text));
    speed = bytes / 1024;
    whole = bytes % 1024 == 0;
  }
  if (!whole || speed == 0) {
    return absl::InvalidArgumentError(
        fmt::format("--speed is a number of KiB in a second, such as 512 or 10MiB, or {}: not '{}'",
                    kUnlimited, text));
  }
  return speed;
}

std::string LimitSpeedText(uint64_t kib_per_second) {
  return kib_per_second == 0 ? kUnlimited : fmt::format("{} KiB/s", kib_per_second);
}

absl::Status SetReplicationLimit(Session& session, LimitFlags flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.target, "--target", "Host of the other appliance"));
  OCA_RETURN_IF_ERROR(
      session.Require(&flags.speed, "--speed", "Most KiB in a second, or unlimited"));
  mgmt::SetReplicationLimitRequest request;
  request.set_name(flags.target);
  OCA_ASSIGN_OR_RETURN(uint64_t speed, ParseSpeed(flags.speed));
  request.set_kib_per_second(speed);
  request.set_revision(flags.revision);
  mgmt::ReplicationLimit limit;
  OCA_RETURN_IF_ERROR(
      session.Call(&Replication::Stub::SetReplicationLimit, request, &limit, Patience::kChange));
  if (session.json()) {
    session.PrintJson(ToJson(limit));
  } else {
    session.Print(fmt::format("Limit of replication to {}: {}. {} {} there.\n{}", limit.peer(),
                              LimitSpeedText(limit.kib_per_second()), limit.links(),
                              limit.links() == 1 ? "link leads" : "links lead", kNothingIsCopied));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ShowReplicationLimits(Session& session) {
  mgmt::ListReplicationLimitsResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Replication::Stub::ListReplicationLimits,
                                   mgmt::ListReplicationLimitsRequest(), &list));
  if (session.json()) {
    session.PrintJson(ToJson(list));
    return absl::OkStatus();
  }
  Table table({"Peer", "Limit>", "Links>", "Revision>"});
  for (const mgmt::ReplicationLimit& limit : list.limits()) {
    table.Add({limit.peer(), LimitSpeedText(limit.kib_per_second()), std::to_string(limit.links()),
               std::to_string(limit.revision())});
  }
  session.Print(table.empty() ? "No peer has a limit.\n" : table.Text());
  return absl::OkStatus();
}

void AddReplicationLimit(CLI::App* group, Session& session) {
  auto flags = std::make_shared<LimitFlags>();
  CLI::App* limit = group->add_subcommand("limit", "Set how fast data goes to a peer at most");
  limit->add_option("--target", flags->target, "The peer, as links name it");
  limit->add_option("--speed", flags->speed,
                    "KiB in a second, 192 at least; or with a unit, 10MiB; or unlimited");
  limit->add_option("--revision", flags->revision, "Only when it still has this revision");
  session.Bind(limit, [&session, flags] { return SetReplicationLimit(session, *flags); });
  limit->footer("Example:\n  oca replication --limit --target oca2.example.com --speed 10MiB");
}

}  // namespace oca::cli
