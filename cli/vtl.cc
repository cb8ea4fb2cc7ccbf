// oca vtl
#include "cli/vtl.h"

#include <map>
#include <memory>
#include <string>

#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/tape_libraries.grpc.pb.h"
#include "lib/api/tape_size.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::TapeLibraries;

namespace mgmt = management::v1;

struct VtlFlags {
  std::string name;
  bool verbose = false;
  bool names_only = false;
  uint32_t drives = 0;
  uint32_t slots = 0;
  std::string portal;
  uint64_t revision = 0;
  uint32_t id = 0;
};

std::string LibraryText(const mgmt::TapeLibrary& library) {
  const vtl::v1::LibraryState& live = library.live();
  Record record;
  record.Add("Name", library.name())
      .Add("State", EnumWord(live.state()))
      .Add("Robot", fmt::format("{} {} {}", live.vendor(), live.product(), live.serial()))
      .Add("Drives", std::to_string(library.spec().drives()))
      .Add("Tapes", std::to_string(live.cartridges_size()))
      .Add("Tape Size", api::TapeSizeText(library.spec().tape_size_bytes()))
      .Add("Generation", fmt::format("LTO-{}", library.spec().generation()))
      .Add("Target", live.target())
      .Add("Portal", live.portal())
      .Add("Sessions", std::to_string(live.sessions_size()))
      .Add("Revision", std::to_string(library.revision()));
  if (!live.error().empty()) record.Add("Error", live.error());
  return record.Text();
}

// What stands where; slots that hold nothing only with `all`.
std::string ElementsText(const vtl::v1::LibraryState& live, bool all) {
  std::map<std::string, const vtl::v1::Cartridge*> cartridges;
  for (const vtl::v1::Cartridge& each : live.cartridges()) cartridges[each.barcode()] = &each;
  Table table({"Media Type", "Address>", "Model", "Serial", "Barcode", "Size>", "Used>", "Status"});
  auto add = [&](const std::string& type, const std::string& address, const std::string& model,
                 const std::string& serial, const std::string& barcode, std::string status) {
    auto found = cartridges.find(barcode);
    const bool full = found != cartridges.end();
    if (full && found->second->worm()) status += status.empty() ? "worm" : " worm";
    table.Add({type, address, model, serial, barcode,
               full ? api::TapeSizeText(found->second->capacity_bytes()) : "",
               full ? ShortBytes(found->second->used_bytes()) : "", status});
  };
  for (const vtl::v1::Element& element : live.elements()) {
    const bool drive = element.type() == vtl::v1::ELEMENT_TYPE_DRIVE;
    if (!drive && element.barcode().empty() && !all) continue;
    add(EnumWord(element.type()), std::to_string(element.address()), element.product(),
        element.serial(), element.barcode(),
        !drive                ? ""
        : element.read_only() ? "ro"
                              : "rw");
  }
  for (const vtl::v1::Cartridge& each : live.cartridges()) {
    if (each.address() == 0) add("shelf", "-", "", "", each.barcode(), "");
  }
  return table.empty() ? "" : "\n" + table.Text();
}

std::string LibrariesText(const mgmt::ListTapeLibrariesResponse& list) {
  Table table({"Name", "State", "Drives>", "Tapes>", "Sessions>", "Portal", "Target"});
  for (const mgmt::TapeLibrary& library : list.libraries()) {
    const vtl::v1::LibraryState& live = library.live();
    table.Add({library.name(), EnumWord(live.state()), std::to_string(library.spec().drives()),
               std::to_string(live.cartridges_size()), std::to_string(live.sessions_size()),
               live.portal(), live.target()});
  }
  return table.empty()
             ? "There is no tape library yet. Make one: oca container --add --name NAME --type "
               "VTL\n"
             : table.Text();
}

absl::Status ShowLibraries(Session& session, const VtlFlags& flags) {
  mgmt::ListTapeLibrariesRequest request;
  request.set_name(flags.name);
  mgmt::ListTapeLibrariesResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&TapeLibraries::Stub::ListTapeLibraries, request, &list));
  if (flags.names_only) {
    for (const mgmt::TapeLibrary& library : list.libraries()) session.Print(library.name() + "\n");
  } else if (session.json()) {
    session.PrintJson(flags.name.empty() ? ToJson(list) : ToJson(list.libraries(0)));
  } else if (flags.name.empty() && !flags.verbose) {
    session.Print(LibrariesText(list));
  } else {
    std::string text;
    for (const mgmt::TapeLibrary& library : list.libraries()) {
      text += (text.empty() ? "" : "\n") + LibraryText(library) +
              ElementsText(library.live(), flags.verbose);
    }
    session.Print(text);
  }
  return absl::OkStatus();
}

absl::Status UpdateLibrary(Session& session, VtlFlags& flags, const CLI::App& verb) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the tape library"));
  mgmt::UpdateTapeLibraryRequest request;
  request.set_name(flags.name);
  request.set_revision(flags.revision);
  if (verb.count("--no_of_drives") > 0) request.set_drives(flags.drives);
  if (verb.count("--no_of_slots") > 0) request.set_slots(flags.slots);
  if (verb.count("--portal") > 0) request.set_portal(flags.portal == "auto" ? "" : flags.portal);
  mgmt::TapeLibrary changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&TapeLibraries::Stub::UpdateTapeLibrary, request, &changed, Patience::kChange));
  PrintLibrary(session, "Tape library updated.\n", changed);
  return absl::OkStatus();
}

absl::Status SetDriveMode(Session& session, VtlFlags& flags, bool read_only) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the tape library"));
  mgmt::SetTapeDriveModeRequest request;
  request.set_name(flags.name);
  request.set_address(flags.id);
  request.set_read_only(read_only);
  mgmt::TapeLibrary changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&TapeLibraries::Stub::SetTapeDriveMode, request, &changed, Patience::kChange));
  PrintLibrary(session, read_only ? "Hosts can only read.\n" : "Hosts can read and write.\n",
               changed);
  return absl::OkStatus();
}

}  // namespace

void PrintLibrary(Session& session, std::string_view done, const mgmt::TapeLibrary& library) {
  if (session.json()) {
    session.PrintJson(ToJson(library));
  } else {
    session.Print(fmt::format("{}{}", done, LibraryText(library)));
  }
}

void AddLibraryUpdate(CLI::App* verb, Session& session) {
  auto flags = std::make_shared<VtlFlags>();
  verb->add_option("--name", flags->name, "Which one");
  verb->add_option("--no_of_drives", flags->drives, "1 to 60; while hosts work");
  verb->add_option("--no_of_slots", flags->slots, "More slots than there are");
  verb->add_option("--portal", flags->portal, "Address and port, or auto; ends sessions");
  verb->add_option("--revision", flags->revision, "Only when it still has this revision");
  session.Bind(verb, [&session, flags, verb] { return UpdateLibrary(session, *flags, *verb); });
}

void AddVtl(CLI::App* group, Session& session) {
  auto flags = std::make_shared<VtlFlags>();
  CLI::App* show = group->add_subcommand("show", "List tape libraries, or what is in one");
  show->add_option("--name", flags->name, "Only this one, with its drives and tapes");
  show->add_flag("--verbose", flags->verbose, "Empty slots too");
  show->add_flag("--names_only", flags->names_only, "Names only, one per line");
  session.Bind(show, [&session, flags] { return ShowLibraries(session, *flags); });
  show->footer("Example:\n  oca vtl --show --name lib1");

  CLI::App* update = group->add_subcommand("update", "Change drives, slots or the portal");
  AddLibraryUpdate(update, session);
  update->footer("Example:\n  oca vtl --update --name lib1 --portal 192.0.2.7:3260");

  for (bool read_only : {false, true}) {
    CLI::App* set = group->add_subcommand(
        read_only ? "set_ro" : "set_rw",
        read_only ? "Let hosts only read in drives" : "Let hosts write in drives again");
    set->add_option("--name", flags->name, "Of the tape library");
    set->add_option("--id", flags->id, "Address of one drive (all)");
    session.Bind(set,
                 [&session, flags, read_only] { return SetDriveMode(session, *flags, read_only); });
  }
  AddCartridgeVerbs(group, session);
}

}  // namespace oca::cli
