// oca container --recycle_bin
#include <memory>
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/recycle_bin.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::RecycleBin;

namespace mgmt = management::v1;

struct RecycleBinFlags {
  std::string name;
  bool enable = false;
  bool update = false;
  bool disable = false;
  bool file_list = false;
  bool restore = false;
  bool purge = false;
  uint32_t days = 0;  // 0: not given
  uint64_t id = 0;
  std::string to;
  std::string start_time;
  std::string end_time;
};

void PrintBin(Session& session, std::string_view done, const std::string& name,
              const mgmt::RecycleBinStatus& bin) {
  if (session.json()) {
    Json json = {{"name", name}};
    json.update(ToJson(bin));
    session.PrintJson(json);
    return;
  }
  Record record;
  record.Add("Container", name).Add("Recycle Bin", bin.on() ? "on" : "off");
  if (bin.retention_days() != 0) {
    record.Add("Retention Period", fmt::format("{} days", bin.retention_days()))
        .Add("Files", std::to_string(bin.files()))
        .Add("Files And Folders", std::to_string(bin.inodes()))
        .Add("Bytes", BytesText(bin.bytes()))
        .Add("Trusted Time", TimeText(bin.trusted_time()))
        .Add("First Expiry", TimeText(bin.first_expiry()));
  }
  session.Print(fmt::format("{}{}", done, record.Text()));
}

absl::Status ShowBin(Session& session, const RecycleBinFlags& flags) {
  mgmt::GetRecycleBinRequest request;
  request.set_name(flags.name);
  mgmt::RecycleBinStatus bin;
  OCA_RETURN_IF_ERROR(session.Call(&RecycleBin::Stub::GetRecycleBin, request, &bin));
  PrintBin(session, "", flags.name, bin);
  return absl::OkStatus();
}

absl::Status SetBin(Session& session, const RecycleBinFlags& flags) {
  mgmt::SetRecycleBinRequest request;
  request.set_name(flags.name);
  if (flags.enable || flags.disable) request.set_on(flags.enable);
  if (flags.days != 0) request.set_retention_days(flags.days);
  if (flags.update && flags.days == 0) {
    return absl::InvalidArgumentError("nothing to change: give --rb_retention_period 7 to 30");
  }
  mgmt::RecycleBinStatus bin;
  OCA_RETURN_IF_ERROR(
      session.Call(&RecycleBin::Stub::SetRecycleBin, request, &bin, Patience::kChange));
  PrintBin(session, "Recycle bin set.\n", flags.name, bin);
  return absl::OkStatus();
}

// The whole second counts: no more of a time is shown.
absl::StatusOr<google::protobuf::Timestamp> ParseEnd(std::string_view text) {
  OCA_ASSIGN_OR_RETURN(google::protobuf::Timestamp end, ParseTime(text));
  end.set_nanos(999'999'999);
  return end;
}

// Page by page: a bin may hold millions.
absl::Status ListRecycled(Session& session, const RecycleBinFlags& flags) {
  mgmt::ListRecycledRequest request;
  request.set_name(flags.name);
  Json files = Json::array();
  Table table({"ID>", "Deleted", "Expires", "Size>", "Path"});
  do {
    mgmt::ListRecycledResponse page;
    OCA_RETURN_IF_ERROR(session.Call(&RecycleBin::Stub::ListRecycled, request, &page));
    for (const mgmt::RecycledFile& file : page.files()) {
      if (session.json()) {
        files.push_back(ToJson(file));
      } else {
        table.Add({std::to_string(file.id()), TimeText(file.deleted()), TimeText(file.expires()),
                   std::to_string(file.size_bytes()), file.path()});
      }
    }
    request.set_page(page.next_page());
  } while (!request.page().empty());
  if (session.json()) {
    session.PrintJson({{"name", flags.name}, {"files", files}});
  } else {
    session.Print(table.empty() ? "The recycle bin is empty.\n" : table.Text());
  }
  return absl::OkStatus();
}

absl::Status RestoreRecycled(Session& session, const RecycleBinFlags& flags) {
  mgmt::RestoreRecycledRequest request;
  request.set_name(flags.name);
  request.set_id(flags.id);
  request.set_to(flags.to);
  if (flags.id == 0 && !flags.to.empty()) {
    return absl::InvalidArgumentError("--to goes with --id: it is the place of one version");
  }
  if (flags.id != 0 && !(flags.start_time + flags.end_time).empty()) {
    return absl::InvalidArgumentError("--id names one version; leave out --start_time, --end_time");
  }
  if (!flags.start_time.empty()) {
    OCA_ASSIGN_OR_RETURN(*request.mutable_start_time(), ParseTime(flags.start_time));
  }
  if (!flags.end_time.empty()) {
    OCA_ASSIGN_OR_RETURN(*request.mutable_end_time(), ParseEnd(flags.end_time));
  }
  mgmt::RestoreRecycledResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&RecycleBin::Stub::RestoreRecycled, request, &response, Patience::kWork));
  if (session.json()) {
    Json json = {{"name", flags.name}};
    json.update(ToJson(response));
    session.PrintJson(json);
    return absl::OkStatus();
  }
  session.Print(fmt::format("{} files and folders are back.\n", response.restored()));
  if (response.skipped() != 0) {
    session.Print(
        fmt::format("{} versions stay in the bin: their paths are taken. Put one back "
                    "elsewhere with --id and --to.\n",
                    response.skipped()));
  }
  return absl::OkStatus();
}

absl::Status PurgeRecycled(Session& session, const RecycleBinFlags& flags) {
  mgmt::PurgeRecycledRequest request;
  request.set_name(flags.name);
  request.set_id(flags.id);
  if (!flags.start_time.empty() || !flags.to.empty()) {
    return absl::InvalidArgumentError("--purge goes with --id or --end_time");
  }
  if (flags.id != 0 && !flags.end_time.empty()) {
    return absl::InvalidArgumentError("--id names one version; leave out --end_time");
  }
  std::string what = "ALL";
  if (flags.id != 0) what = fmt::format("Version {}", flags.id);
  if (!flags.end_time.empty()) {
    OCA_ASSIGN_OR_RETURN(*request.mutable_end_time(), ParseEnd(flags.end_time));
    what = fmt::format("All that was deleted until {}", TimeText(request.end_time()));
  }
  OCA_RETURN_IF_ERROR(session.Confirm(
      fmt::format("{} in the recycle bin of container '{}' will be deleted for good. Go on?", what,
                  flags.name)));
  mgmt::PurgeRecycledResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&RecycleBin::Stub::PurgeRecycled, request, &response, Patience::kWork));
  if (session.json()) {
    Json json = {{"name", flags.name}};
    json.update(ToJson(response));
    session.PrintJson(json);
  } else {
    session.Print(fmt::format("{} files and folders are deleted for good ({}).\n",
                              response.purged(), ShortBytes(response.bytes())));
  }
  return absl::OkStatus();
}

absl::Status RunRecycleBin(Session& session, RecycleBinFlags& flags) {
  const int actions = int{flags.enable} + flags.update + flags.disable + flags.file_list +
                      flags.restore + flags.purge;
  if (actions > 1) {
    return absl::InvalidArgumentError(
        "one at a time: --enable, --update, --disable, --file_list, --restore or --purge");
  }
  const bool picks = flags.id != 0 || !(flags.to + flags.start_time + flags.end_time).empty();
  if (picks && !flags.restore && !flags.purge) {
    return absl::InvalidArgumentError(
        "--id, --to, --start_time and --end_time go with --restore or --purge");
  }
  if (flags.days != 0 && !flags.enable && !flags.update) {
    return absl::InvalidArgumentError("--rb_retention_period goes with --enable or --update");
  }
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  if (flags.enable || flags.update || flags.disable) return SetBin(session, flags);
  if (flags.file_list) return ListRecycled(session, flags);
  if (flags.restore) return RestoreRecycled(session, flags);
  return flags.purge ? PurgeRecycled(session, flags) : ShowBin(session, flags);
}

}  // namespace

void AddRecycleBin(CLI::App* group, Session& session) {
  auto flags = std::make_shared<RecycleBinFlags>();
  CLI::App* bin = group->add_subcommand(
      "recycle_bin", "What was deleted, kept for a time; shows the bin, or changes it");
  bin->add_option("--name", flags->name, "Which container");
  bin->add_flag("--enable", flags->enable, "From now on deleted files go into the bin");
  bin->add_flag("--update", flags->update, "Set for how long the bin keeps them");
  bin->add_flag("--disable", flags->disable, "No more; what the bin holds stays for its time");
  bin->add_option("--rb_retention_period", flags->days, "Days: 7 (when nothing is given) to 30");
  bin->add_flag("--file_list", flags->file_list, "What the bin holds, the oldest deletion first");
  bin->add_flag("--restore", flags->restore,
                "Put back one version (--id), or all that were deleted in a time");
  bin->add_flag("--purge", flags->purge,
                "Delete for good: one version (--id), all until --end_time, or all");
  bin->add_option("--id", flags->id, "Of a version, as --file_list shows it");
  bin->add_option("--to", flags->to, "Put it here instead: a path from the container's top");
  bin->add_option("--start_time", flags->start_time, "Deleted at this time or later");
  bin->add_option("--end_time", flags->end_time, "Deleted at this time or before");
  session.AddYes(bin);
  session.Bind(bin, [&session, flags] { return RunRecycleBin(session, *flags); });
  bin->footer(
      "Times: \"2026-11-23 14:30:00\" (local), or 2026-11-23T14:30:00Z.\nExamples:\n"
      "  oca container --recycle_bin --name backups --enable --rb_retention_period 14\n"
      "  oca container --recycle_bin --name backups --file_list\n"
      "  oca container --recycle_bin --name backups --restore --start_time \"2026-11-23 "
      "14:00:00\"");
}

}  // namespace oca::cli
