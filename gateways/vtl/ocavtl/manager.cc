#include "gateways/vtl/ocavtl/manager.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "gateways/vtl/ocavtl/library_commands.h"
#include "gateways/vtl/ocavtl/library_view.h"
#include "google/protobuf/util/json_util.h"
#include "lib/api/iscsi.h"
#include "lib/base/status.h"
#include "lib/crypto/password.h"
#include "lib/io/file_system.h"
#include "lib/log/log.h"
#include "lib/vtape/inventory.h"
#include "lib/vtape/models.h"

namespace oca::vtl {
namespace {

constexpr absl::Duration kApplyPatience = absl::Seconds(30);

absl::StatusOr<std::string> ToText(const v1::ApplyRequest& wish) {
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  auto written = google::protobuf::util::MessageToJsonString(wish, &text, options);
  if (!written.ok()) return absl::InternalError(std::string(written.message()));
  return text;
}

absl::StatusOr<v1::ApplyRequest> FromText(const std::string& text) {
  v1::ApplyRequest wish;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  auto parsed = google::protobuf::util::JsonStringToMessage(text, &wish, options);
  if (!parsed.ok()) return absl::DataLossError(std::string(parsed.message()));
  return wish;
}

absl::Status CheckWish(const v1::ApplyRequest& wish) {
  std::set<std::string> names;
  std::set<std::string> portals;
  for (const v1::Library& library : wish.libraries()) {
    if (library.id() == 0 || library.folder().empty() || !names.insert(library.name()).second) {
      return absl::InvalidArgumentError("each library needs a number, a name and a folder");
    }
    if (!portals.insert(library.portal()).second) {
      return absl::InvalidArgumentError(
          fmt::format("two libraries have the portal {}", library.portal()));
    }
    OCA_RETURN_IF_ERROR(api::ParsePortal(library.portal()).status());
  }
  return absl::OkStatus();
}

}  // namespace

Manager::Manager(ManagerSetup setup, crypto::Secret gateway_password)
    : setup_(std::move(setup)), gateway_password_(std::move(gateway_password)) {}

absl::StatusOr<std::unique_ptr<Manager>> Manager::Start(ManagerSetup setup) {
  OCA_ASSIGN_OR_RETURN(crypto::Secret password, crypto::GeneratePassword());
  std::unique_ptr<Manager> manager(new Manager(std::move(setup), std::move(password)));
  absl::StatusOr<std::string> text =
      io::ReadFile(io::PosixFileSystem(), manager->setup_.state_path);
  if (absl::IsNotFound(text.status())) return manager;
  absl::StatusOr<v1::ApplyRequest> wish =
      text.ok() ? FromText(*text) : absl::StatusOr<v1::ApplyRequest>(text.status());
  if (!wish.ok()) {
    log::Error("copy_not_read", "path", manager->setup_.state_path, "error",
               MessageOf(wish.status()), "action", "wait for ocaconfigsvc");
    return manager;
  }
  manager->Serve(*wish);
  return manager;
}

Manager::~Manager() {
  Keepers all = All();
  for (auto& [name, keeper] : all) keeper->BeginStop();
}

Manager::Keepers Manager::All() const {
  absl::MutexLock lock(&mu_);
  return keepers_;
}

void Manager::Serve(const v1::ApplyRequest& wish) {
  Keepers before = All();
  Keepers after;
  for (const v1::Library& library : wish.libraries()) {
    auto known = before.find(library.name());
    if (known != before.end() && known->second->wanted().id() == library.id()) {
      if (known->second->wanted().SerializeAsString() != library.SerializeAsString()) {
        known->second->Set(library);
      }
      after.insert(*known);
      before.erase(known);
    }
  }
  for (auto& [name, keeper] : before) keeper->BeginStop();
  {
    absl::MutexLock lock(&mu_);
    keepers_ = after;
  }
  // Their portals are free, and their cartridges unloaded, before another begins.
  before.clear();
  for (const v1::Library& library : wish.libraries()) {
    if (after.contains(library.name())) continue;
    after[library.name()] =
        std::make_shared<Keeper>(KeeperSetup{fmt::format("{}/{}", setup_.run_dir, library.id()),
                                             setup_.module, gateway_password_},
                                 library);
  }
  absl::MutexLock lock(&mu_);
  keepers_ = std::move(after);
}

absl::StatusOr<v1::ApplyResponse> Manager::Apply(const v1::ApplyRequest& request) {
  OCA_RETURN_IF_ERROR(CheckWish(request));
  const absl::Time deadline = absl::Now() + kApplyPatience;
  {
    absl::MutexLock lock(&applying_);
    OCA_ASSIGN_OR_RETURN(std::string text, ToText(request));
    if (text != kept_) {
      OCA_RETURN_IF_ERROR(io::WriteFileAtomically(io::PosixFileSystem(), setup_.state_path, text));
      kept_ = std::move(text);
    }
    Serve(request);
  }
  Keepers all = All();
  v1::ApplyResponse response;
  for (const v1::Library& library : request.libraries()) {
    auto found = all.find(library.name());
    if (found != all.end()) *response.add_libraries() = found->second->Await(deadline);
  }
  return response;
}

absl::StatusOr<v1::ListLibrariesResponse> Manager::List(const v1::ListLibrariesRequest& request) {
  v1::ListLibrariesResponse response;
  for (auto& [name, keeper] : All()) {
    if (!request.name().empty() && request.name() != name) continue;
    v1::LibraryState* state = response.add_libraries();
    *state = keeper->State();
    absl::Status described = DescribeLibrary(keeper->wanted().folder(), state);
    absl::StatusOr<std::vector<SessionInfo>> sessions = keeper->Sessions();
    if (sessions.ok()) {
      for (const SessionInfo& session : *sessions) {
        v1::Session* out = state->add_sessions();
        out->set_initiator(session.initiator);
        out->set_address(session.address);
      }
    }
    described.Update(sessions.status());
    if (state->error().empty()) state->set_error(std::string(MessageOf(described)));
  }
  if (!request.name().empty() && response.libraries().empty()) {
    return absl::NotFoundError(fmt::format("ocavtl serves no library '{}'", request.name()));
  }
  return response;
}

v1::ListServedResponse Manager::ListServed() {
  v1::ListServedResponse response;
  for (auto& [name, keeper] : All()) {
    // Also while a change is being made: most leave it in service.
    if (keeper->State().pid() == 0) continue;
    const v1::Library wanted = keeper->wanted();
    auto portal = api::ParsePortal(wanted.portal());
    if (!portal.ok()) continue;
    v1::ServedLibrary* out = response.add_libraries();
    out->set_name(name);
    out->set_portal(portal->Local().Text());
    out->set_target(wanted.target());
    out->set_initiator(std::string(api::kGatewayInitiator));
    out->set_user(std::string(api::kGatewayUser));
    out->set_password(std::string(gateway_password_.view()));
    out->set_changer_lun(kChangerLun);
    for (uint32_t i = 0; i < wanted.spec().drives(); ++i) out->add_drive_luns(kFirstDriveLun + i);
  }
  return response;
}

absl::StatusOr<std::unique_ptr<vtape::Library>> Manager::Open(const std::string& name) const {
  Keepers all = All();
  auto found = all.find(name);
  if (found == all.end()) {
    return absl::NotFoundError(fmt::format("ocavtl serves no library '{}'", name));
  }
  return OpenLibrary(found->second->wanted().folder());
}

absl::StatusOr<v1::AddCartridgesResponse> Manager::AddCartridges(
    const v1::AddCartridgesRequest& request) {
  if (vtape::DriveModelOf(static_cast<uint8_t>(request.generation())) == nullptr ||
      request.generation() > UINT8_MAX) {
    return absl::InvalidArgumentError("an LTO generation is 4 to 9");
  }
  OCA_ASSIGN_OR_RETURN(auto library, Open(request.name()));
  vtape::CartridgeSpec spec;
  spec.count = request.count();
  spec.capacity_bytes = request.capacity_bytes();
  spec.kind = request.worm() ? vtape::MediumKind::kWorm : vtape::MediumKind::kData;
  spec.generation = static_cast<uint8_t>(request.generation());
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> made, vtl::AddCartridges(*library, spec));
  log::Info("cartridges_added", "library", request.name(), "count", made.size());
  v1::AddCartridgesResponse response;
  for (std::string& barcode : made) response.add_barcodes(std::move(barcode));
  return response;
}

absl::Status Manager::RemoveCartridge(const v1::RemoveCartridgeRequest& request) {
  OCA_ASSIGN_OR_RETURN(auto library, Open(request.name()));
  OCA_RETURN_IF_ERROR(StatusOf(library->RemoveCartridge(request.barcode())));
  log::Info("cartridge_deleted", "library", request.name(), "barcode", request.barcode());
  return absl::OkStatus();
}

absl::Status Manager::ImportCartridge(const v1::ImportCartridgeRequest& request) {
  OCA_ASSIGN_OR_RETURN(auto library, Open(request.name()));
  auto address = static_cast<uint16_t>(std::min<uint32_t>(request.address(), UINT16_MAX));
  if (address == 0) {
    const auto& mail_slots = library->inventory().mail_slots;
    auto free = std::find_if(mail_slots.begin(), mail_slots.end(),
                             [](const vtape::Element& slot) { return !slot.full(); });
    if (free == mail_slots.end()) {
      return absl::FailedPreconditionError(
          "each mail slot holds a cartridge: let a host take one out first");
    }
    address = static_cast<uint16_t>(vtape::kMailSlotAddress + (free - mail_slots.begin()));
  }
  return StatusOf(library->Import(request.barcode(), address));
}

absl::Status Manager::ExportCartridge(const v1::ExportCartridgeRequest& request) {
  OCA_ASSIGN_OR_RETURN(auto library, Open(request.name()));
  auto address = vtape::FindBarcode(library->inventory(), request.barcode());
  if (!address) {
    return absl::NotFoundError(fmt::format("no cartridge {} is in the library", request.barcode()));
  }
  if (vtape::TypeOf(library->inventory(), *address) == vtape::ElementType::kDrive) {
    return absl::FailedPreconditionError(
        fmt::format("{} is in a drive: let a host move it to a slot first", request.barcode()));
  }
  return StatusOf(library->Export(*address));
}

absl::Status Manager::SetDriveMode(const v1::SetDriveModeRequest& request) {
  OCA_ASSIGN_OR_RETURN(auto library, Open(request.name()));
  const size_t drives = library->inventory().drives.size();
  if (request.address() != 0) {
    auto address = static_cast<uint16_t>(std::min<uint32_t>(request.address(), UINT16_MAX));
    return StatusOf(library->SetDriveReadOnly(address, request.read_only()));
  }
  for (size_t i = 0; i < drives; ++i) {
    OCA_RETURN_IF_ERROR(StatusOf(library->SetDriveReadOnly(
        static_cast<uint16_t>(vtape::kDriveAddress + i), request.read_only())));
  }
  return absl::OkStatus();
}

}  // namespace oca::vtl
