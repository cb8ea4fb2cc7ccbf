// oca container
#include <memory>
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/api/tape_size.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::Management;

namespace mgmt = management::v1;

struct ContainerFlags {
  std::string name;
  std::string group;
  bool performance_tier = false;
  std::string type;
  std::string tape_size;
  uint32_t drives = 0;
  uint32_t slots = 0;
  uint32_t tapes = 0;
  uint32_t generation = 0;
  std::string is_oem;
  std::string oem_vendor;
  std::string marker;
  bool delete_files = false;
  bool verbose = false;
  bool names_only = false;
};

// Options of --add that only a tape library has.
constexpr const char* kLibraryOptions[] = {"--tape_size",   "--no_of_drives", "--no_of_slots",
                                           "--no_of_tapes", "--generation",   "--is_oem",
                                           "--oem_vendor"};

std::string ContainerText(const mgmt::Container& container) {
  return Record()
      .Add("Name", container.name())
      .Add("ID", std::to_string(container.id()))
      .Add("Storage Group", container.group())
      .Add("Type", EnumWord(container.type()))
      .Add("Marker", EnumWord(container.marker()))
      .Add("Mount Path", container.mount_path())
      .Add("State", EnumWord(container.state()))
      .Add("Created", TimeText(container.created()))
      .Text();
}

std::string ContainersText(const mgmt::ListContainersResponse& list) {
  Table table({"Name", "ID>", "Storage Group", "Type", "State", "Mount Path"});
  for (const mgmt::Container& container : list.containers()) {
    table.Add({container.name(), std::to_string(container.id()), container.group(),
               EnumWord(container.type()), EnumWord(container.state()), container.mount_path()});
  }
  return table.empty() ? "There is no container yet. Make one: oca container --add --name NAME\n"
                       : table.Text();
}

void PrintContainer(Session& session, std::string_view done, const mgmt::Container& container) {
  if (session.json()) {
    session.PrintJson(ToJson(container));
  } else {
    session.Print(fmt::format("{}{}", done, ContainerText(container)));
  }
}

absl::Status ShowContainers(Session& session, const ContainerFlags& flags) {
  mgmt::ListContainersRequest request;
  request.set_name(flags.name);
  mgmt::ListContainersResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::ListContainers, request, &list));
  if (!list.notice().empty()) session.Note(list.notice());
  if (flags.names_only) {
    for (const mgmt::Container& container : list.containers()) {
      session.Print(container.name() + "\n");
    }
  } else if (!flags.name.empty()) {
    PrintContainer(session, "", list.containers(0));
  } else if (session.json()) {
    session.PrintJson(ToJson(list));
  } else if (flags.verbose) {
    std::string text;
    for (const mgmt::Container& container : list.containers()) {
      text += (text.empty() ? "" : "\n") + ContainerText(container);
    }
    session.Print(text);
  } else {
    session.Print(ContainersText(list));
  }
  return absl::OkStatus();
}

// The tape library that the words ask for.
absl::Status FillLibrary(const ContainerFlags& flags, const CLI::App& verb,
                         vtl::v1::LibrarySpec* library) {
  library->set_drives(flags.drives);
  library->set_slots(flags.slots);
  library->set_generation(flags.generation);
  if (verb.count("--no_of_tapes") > 0) library->set_tapes(flags.tapes);
  if (!flags.tape_size.empty()) {
    OCA_ASSIGN_OR_RETURN(uint64_t bytes, api::ParseTapeSize(flags.tape_size));
    library->set_tape_size_bytes(bytes);
  }
  bool is_oem = !flags.oem_vendor.empty();
  if (!flags.is_oem.empty()) {
    OCA_ASSIGN_OR_RETURN(is_oem, ParseYesNo("--is_oem", flags.is_oem));
  }
  if (is_oem == flags.oem_vendor.empty()) {
    return absl::InvalidArgumentError("--is_oem yes and --oem_vendor go together");
  }
  library->set_oem_vendor(flags.oem_vendor);
  return absl::OkStatus();
}

absl::Status MakeContainer(Session& session, ContainerFlags& flags, const CLI::App& verb) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  mgmt::AddContainerRequest request;
  request.set_name(flags.name);
  if (flags.performance_tier && !flags.group.empty()) {
    return absl::InvalidArgumentError("give --group_name or --performance_tier, not both");
  }
  request.set_group(flags.performance_tier ? kTierGroup : flags.group);
  if (!flags.type.empty()) {
    OCA_ASSIGN_OR_RETURN(auto type, ParseContainerType(flags.type));
    request.set_type(type);
  }
  for (const char* option : kLibraryOptions) {
    if (verb.count(option) == 0 || request.type() == mgmt::CONTAINER_TYPE_VTL) continue;
    return absl::InvalidArgumentError(fmt::format("{} goes with --type VTL", option));
  }
  if (request.type() == mgmt::CONTAINER_TYPE_VTL) {
    OCA_RETURN_IF_ERROR(FillLibrary(flags, verb, request.mutable_library()));
  }
  if (!flags.marker.empty()) {
    OCA_ASSIGN_OR_RETURN(auto marker, ParseMarker(flags.marker));
    request.set_marker(marker);
  }
  mgmt::Container made;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::AddContainer, request, &made, Patience::kWork));
  PrintContainer(session, "Container added.\n", made);
  return absl::OkStatus();
}

absl::Status UpdateContainer(Session& session, ContainerFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  if (flags.marker.empty()) {
    return absl::InvalidArgumentError("nothing to change: give --marker auto, none or tar");
  }
  mgmt::UpdateContainerRequest request;
  request.set_name(flags.name);
  OCA_ASSIGN_OR_RETURN(auto marker, ParseMarker(flags.marker));
  request.set_marker(marker);
  mgmt::Container changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::UpdateContainer, request, &changed, Patience::kChange));
  PrintContainer(session, "Container updated.\n", changed);
  return absl::OkStatus();
}

absl::Status DeleteContainer(Session& session, ContainerFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the container"));
  OCA_RETURN_IF_ERROR(session.Confirm(
      flags.delete_files
          ? fmt::format("Container '{}' and ALL FILES in it will be deleted. Go on?", flags.name)
          : fmt::format("Container '{}' will be deleted. Go on?", flags.name)));
  mgmt::DeleteContainerRequest request;
  request.set_name(flags.name);
  request.set_delete_files(flags.delete_files);
  mgmt::DeleteContainerResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::DeleteContainer, request, &response, Patience::kWork));
  if (session.json()) {
    session.PrintJson({{"name", flags.name}, {"deleted", true}});
  } else {
    session.Print(fmt::format("Container '{}' deleted.\n", flags.name));
  }
  return absl::OkStatus();
}

}  // namespace

void AddContainer(CLI::App* group, Session& session) {
  auto flags = std::make_shared<ContainerFlags>();
  CLI::App* show = group->add_subcommand("show", "List containers, or show one");
  show->add_option("--name", flags->name, "Only this one");
  show->add_flag("--verbose", flags->verbose, "A record of each instead of a table");
  show->add_flag("--names_only", flags->names_only, "Names only, one per line");
  session.Bind(show, [&session, flags] { return ShowContainers(session, *flags); });
  show->footer("Example:\n  oca container --show");

  CLI::App* add = group->add_subcommand("add", "Make a container: a folder of the mount");
  add->add_option("--name", flags->name, "1 to 64 letters, digits, '.', '_' or '-'");
  add->add_option("--group_name,--group", flags->group,
                  "Storage group that holds it (DefaultGroup)");
  add->add_flag("--performance_tier", flags->performance_tier,
                "In the performance tier, in place of a storage group");
  add->add_option("--type", flags->type,
                  "local, a folder of the mount (the default), or VTL, a tape library");
  const char* kMarker =
      "Formats whose headers are stored apart: auto (all that are known, the default), none, tar";
  add->add_option("--marker", flags->marker, kMarker);
  add->add_option("--tape_size", flags->tape_size, "VTL: size of tapes (800GB)");
  add->add_option("--no_of_drives", flags->drives, "VTL: 1 to 60 drives (10)");
  add->add_option("--no_of_slots", flags->slots, "VTL: slots for tapes (60)");
  add->add_option("--no_of_tapes", flags->tapes, "VTL: tapes to begin with (60)");
  add->add_option("--generation", flags->generation, "VTL: LTO generation, 4 to 9 (4)");
  add->add_option("--is_oem", flags->is_oem, "VTL: yes: robot and drives show --oem_vendor");
  add->add_option("--oem_vendor", flags->oem_vendor, "VTL: vendor to show, at most 8 letters");
  session.Bind(add, [&session, flags, add] { return MakeContainer(session, *flags, *add); });
  add->footer("Example:\n  oca container --add --name backups --group_name DefaultGroup");

  CLI::App* update = group->add_subcommand("update", "Change a container");
  update->add_option("--name", flags->name, "Which one");
  update->add_option("--marker", flags->marker, kMarker);
  session.Bind(update, [&session, flags] { return UpdateContainer(session, *flags); });
  update->footer("Example:\n  oca container --update --name backups --marker none");

  CLI::App* remove = group->add_subcommand("delete", "Delete a container");
  remove->add_option("--name", flags->name, "Which one");
  remove->add_flag("--delete_files", flags->delete_files,
                   "With the files in it; without this only an empty one is deleted");
  session.AddYes(remove);
  session.Bind(remove, [&session, flags] { return DeleteContainer(session, *flags); });
  remove->footer("Example:\n  oca container --delete --name backups --delete_files");
}

}  // namespace oca::cli
