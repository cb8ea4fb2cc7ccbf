// oca storage_group
#include <memory>
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Management;

namespace mgmt = management::v1;

struct GroupFlags {
  std::string name;
  std::string compression_mode;
  std::string chunk_size;
  std::string quota;
  uint64_t revision = 0;
  bool verbose = false;
  bool names_only = false;
};
using GroupFlagsPtr = std::shared_ptr<GroupFlags>;

std::string EncryptionText(const fs::v1::Encryption& encryption) {
  switch (encryption.keys()) {
    case fs::v1::KEY_STATE_LOCKED:
      return "locked";
    case fs::v1::KEY_STATE_UNUSABLE:
      return "keys unusable";
    default:
      break;
  }
  return encryption.on() ? EnumWord(encryption.mode()) : "off";
}

std::string GroupsText(const mgmt::ListStorageGroupsResponse& list) {
  Table table({"Name", "ID>", "Compression", "Chunk Size>", "Quota>", "Containers>", "State"});
  for (const mgmt::StorageGroup& group : list.groups()) {
    table.Add({group.name(), std::to_string(group.id()), EnumWord(group.compression_mode()),
               ShortBytes(group.chunk_size_bytes()), QuotaText(group.quota_bytes()),
               std::to_string(group.containers_size()), EnumWord(group.state())});
  }
  return table.Text();
}

void PrintGroup(Session& session, std::string_view done, const mgmt::StorageGroup& group) {
  if (session.json()) {
    session.PrintJson(ToJson(group));
  } else {
    session.Print(fmt::format("{}{}", done, GroupText(group)));
  }
}

absl::Status ShowGroups(Session& session, const GroupFlags& flags) {
  mgmt::ListStorageGroupsRequest request;
  request.set_name(flags.name);
  mgmt::ListStorageGroupsResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::ListStorageGroups, request, &list));
  if (!list.notice().empty()) session.Note(list.notice());
  if (flags.names_only) {
    for (const mgmt::StorageGroup& group : list.groups()) session.Print(group.name() + "\n");
  } else if (!flags.name.empty()) {
    PrintGroup(session, "", list.groups(0));
  } else if (session.json()) {
    session.PrintJson(ToJson(list));
  } else if (flags.verbose) {
    std::string text;
    for (const mgmt::StorageGroup& group : list.groups()) {
      text += (text.empty() ? "" : "\n") + GroupText(group);
    }
    session.Print(text);
  } else {
    session.Print(GroupsText(list));
  }
  return absl::OkStatus();
}

absl::Status AddGroup(Session& session, GroupFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the storage group"));
  mgmt::AddStorageGroupRequest request;
  request.set_name(flags.name);
  OCA_RETURN_IF_ERROR(FillGroupSettings(flags.compression_mode, flags.quota, &request));
  if (!flags.chunk_size.empty()) {
    OCA_ASSIGN_OR_RETURN(uint32_t chunk_size, ParseChunkSize(flags.chunk_size));
    request.set_chunk_size_bytes(chunk_size);
  }
  mgmt::StorageGroup made;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::AddStorageGroup, request, &made, Patience::kChange));
  PrintGroup(session, "Storage group added.\n", made);
  return absl::OkStatus();
}

absl::Status UpdateGroup(Session& session, GroupFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the storage group"));
  mgmt::UpdateStorageGroupRequest request;
  request.set_name(flags.name);
  request.set_revision(flags.revision);
  if (flags.compression_mode.empty() && flags.quota.empty()) {
    return absl::InvalidArgumentError(
        "nothing to change: give --compression_mode or --quota (the chunk size is fixed when a "
        "group is made)");
  }
  OCA_RETURN_IF_ERROR(FillGroupSettings(flags.compression_mode, flags.quota, &request));
  mgmt::StorageGroup changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::UpdateStorageGroup, request, &changed, Patience::kChange));
  PrintGroup(session, "Storage group updated.\n", changed);
  return absl::OkStatus();
}

absl::Status DeleteGroup(Session& session, GroupFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the storage group"));
  OCA_RETURN_IF_ERROR(
      session.Confirm(fmt::format("Storage group '{}' will be deleted. Go on?", flags.name)));
  mgmt::DeleteStorageGroupRequest request;
  request.set_name(flags.name);
  mgmt::DeleteStorageGroupResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::DeleteStorageGroup, request, &response, Patience::kWork));
  if (session.json()) {
    session.PrintJson({{"name", flags.name}, {"deleted", true}});
  } else {
    session.Print(fmt::format("Storage group '{}' deleted.\n", flags.name));
  }
  return absl::OkStatus();
}

}  // namespace

std::string GroupText(const mgmt::StorageGroup& group) {
  return Record()
      .Add("Name", group.name())
      .Add("ID", std::to_string(group.id()))
      .Add("Compression Mode", EnumWord(group.compression_mode()))
      .Add("Chunk Size", ShortBytes(group.chunk_size_bytes()))
      .Add("Quota", group.quota_bytes() == 0 ? "none" : BytesText(group.quota_bytes()))
      .Add("Encryption", EncryptionText(group.encryption()))
      .Add("State", EnumWord(group.state()))
      .Add("Containers", fmt::format("{}", fmt::join(group.containers(), ", ")))
      .Text();
}

void AddStorageGroup(CLI::App* group, Session& session) {
  auto flags = std::make_shared<GroupFlags>();
  CLI::App* show = group->add_subcommand("show", "List storage groups, or show one");
  show->add_option("--name", flags->name, "Only this one");
  show->add_flag("--verbose", flags->verbose, "A record of each instead of a table");
  show->add_flag("--names_only", flags->names_only, "Names only, one per line");
  session.Bind(show, [&session, flags] { return ShowGroups(session, *flags); });
  show->footer("Example:\n  oca storage_group --show --name DefaultGroup");

  const char* kCompression = "fast (zstd, the default), best (smaller, slower) or lz4 (fastest)";
  const char* kQuota = "Limit of physical bytes, as in 500GiB or 2TiB; none = no limit";
  CLI::App* add = group->add_subcommand("add", "Make a storage group");
  add->add_option("--name", flags->name, "1 to 64 letters, digits, '.', '_' or '-'");
  add->add_option("--compression_mode", flags->compression_mode, kCompression);
  add->add_option("--chunk_size", flags->chunk_size,
                  "Mean chunk: 8KiB, 16KiB (the default), 32KiB or 64KiB; fixed for good");
  add->add_option("--quota", flags->quota, kQuota);
  session.Bind(add, [&session, flags] { return AddGroup(session, *flags); });
  add->footer(
      "Example:\n  oca storage_group --add --name vms --compression_mode best --quota 2TiB");

  CLI::App* update = group->add_subcommand(
      "update", "Change a storage group; counts for data written from now on");
  update->add_option("--name", flags->name, "Which one");
  update->add_option("--compression_mode", flags->compression_mode, kCompression);
  update->add_option("--quota", flags->quota, kQuota);
  update->add_option("--revision", flags->revision, "Only when the group still has this revision");
  session.Bind(update, [&session, flags] { return UpdateGroup(session, *flags); });
  update->footer("Example:\n  oca storage_group --update --name vms --quota none");

  CLI::App* remove =
      group->add_subcommand("delete", "Delete a storage group that holds no containers");
  remove->add_option("--name", flags->name, "Which one");
  session.AddYes(remove);
  session.Bind(remove, [&session, flags] { return DeleteGroup(session, *flags); });
  remove->footer("Example:\n  oca storage_group --delete --name vms");
}

}  // namespace oca::cli
