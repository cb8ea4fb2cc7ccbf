// The cartridges of oca vtl.
#include <memory>
#include <string>

#include "cli/values.h"
#include "cli/vtl.h"
#include "fmt/format.h"
#include "lib/api/tape_libraries.grpc.pb.h"
#include "lib/api/tape_size.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

using management::v1::TapeLibraries;

namespace mgmt = management::v1;

struct CartridgeFlags {
  std::string name;
  std::string barcode;
  bool add = false;
  uint32_t tapes = 1;
  std::string tape_size;
  uint32_t generation = 0;
  bool worm = false;
  uint32_t address = 0;
};

absl::Status RequireBoth(Session& session, CartridgeFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the tape library"));
  return session.Require(&flags.barcode, "--barcode", "Barcode of the cartridge");
}

absl::Status AddTapes(Session& session, CartridgeFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the tape library"));
  mgmt::AddTapesRequest request;
  request.set_name(flags.name);
  request.set_count(flags.tapes);
  request.set_generation(flags.generation);
  request.set_worm(flags.worm);
  if (!flags.tape_size.empty()) {
    OCA_ASSIGN_OR_RETURN(uint64_t bytes, api::ParseTapeSize(flags.tape_size));
    request.set_capacity_bytes(bytes);
  }
  mgmt::AddTapesResponse made;
  OCA_RETURN_IF_ERROR(
      session.Call(&TapeLibraries::Stub::AddTapes, request, &made, Patience::kWork));
  if (session.json()) {
    session.PrintJson(ToJson(made));
  } else {
    for (const std::string& barcode : made.barcodes()) session.Print(barcode + "\n");
  }
  return absl::OkStatus();
}

absl::Status UpdateCarts(Session& session, CartridgeFlags& flags) {
  if (!flags.add) {
    return absl::InvalidArgumentError("what to do with the cartridges? --add adds some");
  }
  return AddTapes(session, flags);
}

absl::Status DeleteTape(Session& session, CartridgeFlags& flags) {
  OCA_RETURN_IF_ERROR(RequireBoth(session, flags));
  OCA_RETURN_IF_ERROR(session.Confirm(
      fmt::format("Cartridge {} and ALL THAT IS ON IT will be deleted. Go on?", flags.barcode)));
  mgmt::DeleteTapeRequest request;
  request.set_name(flags.name);
  request.set_barcode(flags.barcode);
  mgmt::DeleteTapeResponse response;
  OCA_RETURN_IF_ERROR(
      session.Call(&TapeLibraries::Stub::DeleteTape, request, &response, Patience::kWork));
  if (session.json()) {
    session.PrintJson({{"name", flags.name}, {"barcode", flags.barcode}, {"deleted", true}});
  } else {
    session.Print(fmt::format("Cartridge {} deleted.\n", flags.barcode));
  }
  return absl::OkStatus();
}

absl::Status ImportTape(Session& session, CartridgeFlags& flags) {
  OCA_RETURN_IF_ERROR(RequireBoth(session, flags));
  mgmt::ImportTapeRequest request;
  request.set_name(flags.name);
  request.set_barcode(flags.barcode);
  request.set_address(flags.address);
  mgmt::TapeLibrary changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&TapeLibraries::Stub::ImportTape, request, &changed, Patience::kChange));
  PrintLibrary(session, fmt::format("Cartridge {} is in a mail slot.\n", flags.barcode), changed);
  return absl::OkStatus();
}

absl::Status ExportTape(Session& session, CartridgeFlags& flags) {
  OCA_RETURN_IF_ERROR(RequireBoth(session, flags));
  mgmt::ExportTapeRequest request;
  request.set_name(flags.name);
  request.set_barcode(flags.barcode);
  mgmt::TapeLibrary changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&TapeLibraries::Stub::ExportTape, request, &changed, Patience::kChange));
  PrintLibrary(session, fmt::format("Cartridge {} is on the shelf.\n", flags.barcode), changed);
  return absl::OkStatus();
}

void AddNewTapes(CLI::App* verb, CartridgeFlags* flags) {
  verb->add_option("--name", flags->name, "Of the tape library");
  verb->add_option("--no_of_tapes", flags->tapes, "How many (1)");
  verb->add_option("--tape_size", flags->tape_size, "Such as 400GB (the library's)");
  verb->add_option("--generation", flags->generation, "LTO generation, 4 to 9 (the library's)");
  verb->add_flag("--worm", flags->worm, "They can be written once");
}

}  // namespace

void AddCartridgeVerbs(CLI::App* group, Session& session) {
  auto flags = std::make_shared<CartridgeFlags>();
  CLI::App* add = group->add_subcommand("add_carts", "Add cartridges; prints their barcodes");
  AddNewTapes(add, flags.get());
  session.Bind(add, [&session, flags] { return AddTapes(session, *flags); });
  add->footer("Example:\n  oca vtl --add_carts --name lib1 --no_of_tapes 20");

  CLI::App* update = group->add_subcommand("update_carts", "The same, with --add");
  update->add_flag("--add", flags->add, "Add cartridges");
  AddNewTapes(update, flags.get());
  session.Bind(update, [&session, flags] { return UpdateCarts(session, *flags); });
  update->footer("Example:\n  oca vtl --update_carts --name lib1 --add --no_of_tapes 20");

  CLI::App* remove = group->add_subcommand("delete_cart", "Delete a cartridge and its data");
  remove->add_option("--name", flags->name, "Of the tape library");
  remove->add_option("--barcode", flags->barcode, "Of the cartridge");
  session.AddYes(remove);
  session.Bind(remove, [&session, flags] { return DeleteTape(session, *flags); });

  CLI::App* in = group->add_subcommand("import_cart",
                                       "Put a cartridge of the shelf into a mail "
                                       "slot, where hosts find it");
  in->add_option("--name", flags->name, "Of the tape library");
  in->add_option("--barcode", flags->barcode, "Of the cartridge");
  in->add_option("--address", flags->address, "Of the mail slot (the first free one)");
  session.Bind(in, [&session, flags] { return ImportTape(session, *flags); });

  CLI::App* out = group->add_subcommand("export_cart", "Take a cartridge out, to the shelf");
  out->add_option("--name", flags->name, "Of the tape library");
  out->add_option("--barcode", flags->barcode, "Of the cartridge");
  session.Bind(out, [&session, flags] { return ExportTape(session, *flags); });
}

}  // namespace oca::cli
