#include "gateways/vtl/ocavtl/run.h"

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "gateways/vtl/ocavtl/library_commands.h"
#include "gateways/vtl/ocavtl/manage.h"
#include "gateways/vtl/ocavtl/run_dir.h"
#include "gateways/vtl/ocavtl/tape_target.h"
#include "lib/api/tape_size.h"
#include "lib/base/status.h"
#include "lib/daemon/arguments.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/secret_file.h"
#include "lib/log/log.h"

namespace oca::vtl {
namespace {

struct Arguments {
  std::string home;
  std::string library;
  vtape::LibrarySpec spec;
  size_t tapes = 1;
  std::string tape_size;
  bool worm = false;
  bool json = false;
  uint16_t address = 0;
  std::string barcode;
  ServeOptions serve;
  std::string password_file;
  std::string mutual_password_file;
};

absl::Status ServeLibrary(Arguments arguments, const Context& context) {
  OCA_RETURN_IF_ERROR(log::InitLog(kProgramName, "", "info"));
  if (!arguments.serve.chap.user.empty()) {
    OCA_ASSIGN_OR_RETURN(arguments.serve.chap.password,
                         daemon::ReadSecretFile(arguments.password_file));
  }
  if (!arguments.serve.chap.mutual_user.empty()) {
    OCA_ASSIGN_OR_RETURN(arguments.serve.chap.mutual_password,
                         daemon::ReadSecretFile(arguments.mutual_password_file));
  }
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<RunDir> run_dir, RunDir::Create());
  arguments.serve.target.library_dir = std::filesystem::absolute(arguments.library);
  if (arguments.serve.module.empty()) arguments.serve.module = context.module;
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<TapeTarget> target,
                       TapeTarget::Start(arguments.serve, run_dir->path()));
  log::Info("serving", "library", arguments.serve.target.library_dir, "target",
            arguments.serve.target.name, "portal", arguments.serve.portal);
  daemon::TellReady();
  std::thread watch([&] {
    target->WatchForEnd();
    context.stop_now();
  });
  context.wait_for_stop();
  log::Info("stopping");
  absl::Status stopped = target->Stop();
  watch.join();
  return stopped;
}

absl::Status AddTapes(const Arguments& arguments, const Context& context) {
  OCA_ASSIGN_OR_RETURN(uint64_t capacity, api::ParseTapeSize(arguments.tape_size));
  vtape::CartridgeSpec spec;
  spec.count = arguments.tapes;
  spec.capacity_bytes = capacity;
  spec.kind = arguments.worm ? vtape::MediumKind::kWorm : vtape::MediumKind::kData;
  spec.generation = arguments.spec.drive_generation;
  return AddCartridges(arguments.library, spec, context.out);
}

// A command line. Each command sets `action` to what it does.
using Action = std::function<absl::Status(const Arguments&, const Context&)>;

CLI::App* Command(CLI::App& app, Arguments& arguments, const std::string& name,
                  const std::string& help, Action* action, Action own) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("--library", arguments.library, "The library's folder")->required();
  command->callback([action, own] { *action = own; });
  return command;
}

void AddLibraryCommands(CLI::App& app, Arguments& a, Action* action) {
  auto* create = Command(
      app, a, "create", "Make a library without tapes", action,
      [](const Arguments& args, const Context&) { return CreateLibrary(args.library, args.spec); });
  create->add_option("--serial", a.spec.serial, "Of the robot: 1 to 6 of A-Z, 0-9")->required();
  create->add_option("--barcode_prefix", a.spec.barcode_prefix, "6 of A-Z, 0-9")->required();
  create->add_option("--no_of_drives", a.spec.drives, "1 to 60 (10)");
  create->add_option("--slots", a.spec.slots, "Slots for tapes (60)");
  create->add_option("--mail_slots", a.spec.mail_slots, "Import/export elements (4)");
  create->add_option("--generation", a.spec.drive_generation, "LTO generation, 4 to 9 (4)");
  create->add_option("--oem_vendor", a.spec.oem_vendor, "Vendor that all units show");

  auto* add = Command(app, a, "add_carts", "Add tapes; prints their barcodes", action, AddTapes);
  add->add_option("--no_of_tapes", a.tapes, "How many (1)")->check(CLI::Range(1, 10000));
  add->add_option("--tape_size", a.tape_size, "Such as 800GB")->required();
  add->add_option("--generation", a.spec.drive_generation, "LTO generation, 4 to 9 (4)");
  add->add_flag("--worm", a.worm, "They can be written once");

  auto* show = Command(app, a, "show", "What stands where", action,
                       [](const Arguments& args, const Context& context) {
                         return ShowLibrary(args.library, args.json, context.out);
                       });
  show->add_flag("--json", a.json, "For programs");

  auto* out = Command(app, a, "export_cart", "Take a tape out of a slot, to the shelf", action,
                      [](const Arguments& args, const Context&) {
                        return ExportCartridge(args.library, args.address);
                      });
  out->add_option("--address", a.address, "Of the slot or mail slot")->required();

  auto* in = Command(app, a, "import_cart", "Put a tape of the shelf into a mail slot", action,
                     [](const Arguments& args, const Context&) {
                       return ImportCartridge(args.library, args.barcode, args.address);
                     });
  in->add_option("--barcode", a.barcode, "Of the tape")->required();
  in->add_option("--address", a.address, "Of the mail slot")->required();
}

void AddManageCommand(CLI::App& app, Arguments& a, Action* action) {
  auto* manage = app.add_subcommand(
      "manage", "Serve all libraries of an appliance until SIGTERM; its watcher starts this");
  manage->add_option("--home", a.home, "The appliance's folder")->required();
  manage->callback([action] {
    *action = [](const Arguments& args, const Context& context) {
      return Manage({args.home, context.module, context.wait_for_stop});
    };
  });
}

void AddServeCommand(CLI::App& app, Arguments& a, Action* action) {
  auto* serve =
      Command(app, a, "serve", "Serve a library over iSCSI until SIGTERM", action, ServeLibrary);
  serve->add_option("--target", a.serve.target.name, "The target's iSCSI name")->required();
  serve->add_option("--portal", a.serve.portal, "Address and port (127.0.0.1:3260)");
  serve->add_option("--initiator", a.serve.target.initiators, "A host's iSCSI name; may repeat");
  serve->add_option("--address", a.serve.target.addresses, "Hosts' address or network; may repeat");
  auto* user = serve->add_option("--chap_user", a.serve.chap.user, "What hosts log in as");
  user->needs(serve->add_option("--chap_password_file", a.password_file,
                                "File with their password: 12 to 16 characters, mode 0600"));
  auto* mutual = serve->add_option("--mutual_user", a.serve.chap.mutual_user,
                                   "What the target proves itself as to hosts");
  mutual->needs(user)->needs(serve->add_option("--mutual_password_file", a.mutual_password_file,
                                               "File with the target's password"));
  serve->add_option("--module", a.serve.module, "oca_tgt.so (beside this program)");
}

}  // namespace

int Run(std::span<const std::string> args, const Context& context) {
  CLI::App app{"Virtual tape libraries: makes them, and serves them over iSCSI by tgtd.",
               std::string(kProgramName)};
  app.require_subcommand(1);
  Arguments arguments;
  Action action;
  AddLibraryCommands(app, arguments, &action);
  AddServeCommand(app, arguments, &action);
  AddManageCommand(app, arguments, &action);
  if (auto code = daemon::ParseArguments(app, args, context.out, context.err)) return *code;
  absl::Status status = action(arguments, context);
  if (status.ok()) return 0;
  context.err << fmt::format("{}: {}\n", kProgramName, MessageOf(status));
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace oca::vtl
