#include "cli/replication_text.h"

#include "cli/values.h"
#include "cli/week.h"
#include "fmt/format.h"

namespace oca::cli {
namespace {

namespace mgmt = management::v1;

std::string PeerGroupText(const mgmt::ReplicationLink& link) {
  return link.peer_group_name().empty() ? "-" : link.peer_group_name();
}

std::string LinkRecord(const mgmt::ReplicationLink& link) {
  std::string state = EnumWord(link.state());
  if (link.state() == mgmt::REPLICATION_STATE_NOT_SERVED) {
    state += ": this release has no replication service";
  }
  Record record;
  record.Add("Container", link.name())
      .Add("Role", EnumWord(link.role()))
      .Add("Peer", link.peer())
      .Add("Peer Container", link.peer_name())
      .Add("Peer Storage Group", PeerGroupText(link))
      .Add("Replication Traffic", ReplicationTrafficText(link))
      .Add("Encryption", EnumWord(link.encryption()))
      .Add("User", ReplicationUserText(link))
      .Add("Enabled", link.enabled() ? "yes" : "no")
      .Add("State", state);
  if (link.role() == mgmt::REPLICATION_ROLE_SOURCE) {
    record.Add("Windows", WindowsText(link.windows()));
  }
  return record.Add("Created", TimeText(link.created()))
      .Add("Revision", std::to_string(link.revision()))
      .Text();
}

}  // namespace

std::string ReplicationTrafficText(const mgmt::ReplicationLink& link) {
  return link.replication_traffic().empty() ? kAsPeerWord : link.replication_traffic();
}

std::string ReplicationUserText(const mgmt::ReplicationLink& link) {
  return link.username().empty() ? kNobodyWord : link.username();
}

std::string ReplicationLinksText(const mgmt::ListReplicationLinksResponse& list, bool verbose) {
  std::string text;
  Table table({"Container", "Role", "Peer", "Peer Container", "Encryption", "Enabled", "State"});
  for (const mgmt::ReplicationLink& link : list.links()) {
    text += (text.empty() ? "" : "\n") + LinkRecord(link);
    table.Add({link.name(), EnumWord(link.role()), link.peer(), link.peer_name(),
               EnumWord(link.encryption()), link.enabled() ? "yes" : "no", EnumWord(link.state())});
  }
  if (list.links().empty()) {
    return "There is no such replication link. Make one: oca replication --add --name C --role "
           "source --peer HOST\n";
  }
  return fmt::format("{}\n{}", verbose ? text : table.Text(), kNothingIsCopied);
}

void PrintReplicationLink(Session& session, std::string_view done,
                          const mgmt::ReplicationLink& link) {
  if (session.json()) {
    session.PrintJson(ToJson(link));
    return;
  }
  session.Print(fmt::format("{}{}", done, LinkRecord(link)));
  if (link.enabled()) session.Print(fmt::format("\n{}", kNothingIsCopied));
}

}  // namespace oca::cli
