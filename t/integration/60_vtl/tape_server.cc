#include "t/integration/60_vtl/tape_server.h"

#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "absl/time/clock.h"
#include "t/integration/60_vtl/units.h"
#include "t/support/free_port.h"

namespace oca::scsi {
namespace {

constexpr char kControlPort[] = "7";  // a part of the control socket's name

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "TapeServer: %s\n", what.c_str());
  std::abort();
}

void MustBeOk(const vtape::Status& status) {
  if (!status.ok()) Die(status.message());
}

}  // namespace

TapeServer::TapeServer() : port_(support::FreePort()) {
  vtape::LibrarySpec spec{.serial = "LIB001",
                          .barcode_prefix = "AFNGC6",
                          .oem_vendor = "",
                          .drive_generation = 6,
                          .drives = 2,
                          .slots = 4,
                          .mail_slots = 2};
  MustBeOk(vtape::Library::Create(vtape::PosixStorage(), library_dir(), spec));
  char next = 0;
  auto fill = [&](std::span<char> out) {
    for (char& c : out) c = ++next;
  };
  auto made = Operator()->AddCartridges({2, 64 << 20, vtape::MediumKind::kData, 6}, fill);
  if (!made.ok()) MustBeOk(made.status());
  Start();
}

TapeServer::~TapeServer() {
  if (server_ != nullptr) Stop();
}

std::unique_ptr<vtape::Library> TapeServer::Operator() const {
  auto library = vtape::Library::Open(vtape::PosixStorage(), library_dir());
  if (!library.ok()) MustBeOk(library.status());
  return *std::move(library);
}

int TapeServer::Admin(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {
      "env",  "TGT_IPC_SOCKET=" + dir_.Path("control"), "tgtadm", "-C", kControlPort, "--lld",
      "iscsi"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return support::RunCommand(command, dir_.Path("log"));
}

void TapeServer::Start() {
  server_ = std::make_unique<support::Process>(
      std::vector<std::string>{"env", "TGT_IPC_SOCKET=" + dir_.Path("control"),
                               std::string("LD_PRELOAD=") + OCA_TGT_MODULE, "tgtd", "-f", "-C",
                               kControlPort, "--iscsi",
                               "portal=127.0.0.1:" + std::to_string(port_)},
      dir_.Path("log"));
  absl::Time deadline = absl::Now() + kPatience;
  while (Admin({"--op", "show", "--mode", "system"}) != 0) {
    if (server_->WaitForEnd(absl::Milliseconds(20)) || absl::Now() > deadline) {
      Die("tgtd does not start:\n" + log());
    }
  }
  auto must = [&](const std::vector<std::string>& arguments) {
    if (Admin(arguments) != 0) Die("tgtadm failed:\n" + log());
  };
  must({"--op", "new", "--mode", "target", "--tid", "1", "-T", kTarget});
  auto unit = [&](int lun, const std::string& role) {
    must({"--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", std::to_string(lun), "-b",
          library_dir(), "--device-type", "disk", "--bstype", "oca", "--bsopts", role});
  };
  unit(kChanger, "changer");
  unit(kTape, "drive=0");
  unit(kTape + 1, "drive=1");
  must({"--op", "bind", "--mode", "target", "--tid", "1", "-I", "127.0.0.1"});
}

void TapeServer::Stop() {
  Admin({"--op", "delete", "--mode", "target", "--tid", "1", "--force"});
  Admin({"--op", "delete", "--mode", "system"});
  if (!server_->WaitForEnd(kPatience)) Die("tgtd does not stop:\n" + log());
  server_.reset();
}

void TapeServer::Kill() {
  server_->Signal(SIGKILL);
  if (!server_->WaitForEnd(kPatience)) Die("tgtd does not die");
  server_.reset();
}

Login TapeServer::LoginAs(const std::string& initiator) const {
  return {.portal = "127.0.0.1:" + std::to_string(port_),
          .target = kTarget,
          .initiator = initiator,
          .user = "",
          .password = "",
          .target_user = "",
          .target_password = ""};
}

}  // namespace oca::scsi
