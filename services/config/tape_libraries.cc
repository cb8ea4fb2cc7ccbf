#include "services/config/tape_libraries.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "lib/api/iscsi.h"
#include "lib/base/bell.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"
#include "lib/log/log.h"
#include "services/config/find.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

// Between looks: what a user's new password changes is told within this time.
constexpr absl::Duration kPause = absl::Seconds(5);
constexpr absl::Duration kCalmPause = absl::Seconds(30);  // while there are none, and ocavtl knows

constexpr absl::Duration kSettlePatience = absl::Minutes(3);

constexpr uint32_t kDefaultDrives = 10;
constexpr uint32_t kMaxDrives = 60;
constexpr uint32_t kDefaultSlots = 60;
constexpr uint32_t kMaxSlots = 60000;
constexpr uint32_t kDefaultTapes = 60;
constexpr uint32_t kMaxTapes = 10000;
constexpr uint64_t kDefaultTapeSize = 800'000'000'000;
constexpr uint64_t kMinTapeSize = 1 << 20;
constexpr uint64_t kMaxTapeSize = 1'000'000'000'000'000;
constexpr uint32_t kDefaultGeneration = 4;
constexpr uint32_t kMaxGeneration = 9;
constexpr size_t kMaxVendorBytes = 8;

absl::Status InRange(std::string_view what, uint64_t value, uint64_t least, uint64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} {} is not possible: {} to {}", what, value, least, most));
}

// The spec with its defaults.
absl::StatusOr<vtl::v1::LibrarySpec> Completed(vtl::v1::LibrarySpec spec) {
  if (spec.drives() == 0) spec.set_drives(kDefaultDrives);
  if (spec.slots() == 0) spec.set_slots(kDefaultSlots);
  if (!spec.has_tapes()) spec.set_tapes(kDefaultTapes);
  if (spec.tape_size_bytes() == 0) spec.set_tape_size_bytes(kDefaultTapeSize);
  if (spec.generation() == 0) spec.set_generation(kDefaultGeneration);
  OCA_RETURN_IF_ERROR(InRange("a number of drives of", spec.drives(), 1, kMaxDrives));
  OCA_RETURN_IF_ERROR(InRange("a number of slots of", spec.slots(), 1, kMaxSlots));
  OCA_RETURN_IF_ERROR(InRange("a number of tapes of", spec.tapes(), 0, kMaxTapes));
  OCA_RETURN_IF_ERROR(
      InRange("a tape size in bytes of", spec.tape_size_bytes(), kMinTapeSize, kMaxTapeSize));
  OCA_RETURN_IF_ERROR(
      InRange("an LTO generation of", spec.generation(), kDefaultGeneration, kMaxGeneration));
  const std::string& vendor = spec.oem_vendor();
  if (vendor.size() > kMaxVendorBytes ||
      !std::all_of(vendor.begin(), vendor.end(), [](char c) { return c > ' ' && c < 0x7f; })) {
    return absl::InvalidArgumentError("a vendor has at most 8 ASCII characters without blanks");
  }
  return spec;
}

// Six random capital letters and digits: drives' serials and barcodes begin with them.
absl::StatusOr<std::string> NewSerial() {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  OCA_ASSIGN_OR_RETURN(std::string serial, crypto::RandomBytes(6));
  for (char& c : serial) c = kAlphabet[static_cast<unsigned char>(c) % kAlphabet.size()];
  return serial;
}

std::string TargetName(std::string_view container, std::string_view serial) {
  std::string name = fmt::format("iqn.2026-11.local.oca:{}.{}", container, serial);
  absl::AsciiStrToLower(&name);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::vector<std::string> PortalsOf(const VtlRows& rows) {
  std::vector<std::string> portals;
  for (const LibraryRow& row : rows.libraries) portals.push_back(row.portal);
  return portals;
}

absl::Status NoSuchLibrary(const std::string& name, const VtlRows& rows) {
  return UnknownName(Kind::kTapeLibrary, name, NamesOf(rows.libraries));
}

}  // namespace

TapeLibraries::TapeLibraries(TapeParts parts) : parts_(std::move(parts)) {}

TapeLibraries::~TapeLibraries() {
  stop_.Ring();
  if (loop_.joinable()) loop_.join();
}

void TapeLibraries::Start() {
  loop_ = std::thread([this] { Loop(); });
}

void TapeLibraries::Loop() {
  bool none = false;
  do {
    Turn turn(turns_);
    none = false;
    if (!turn.status().ok()) continue;
    absl::StatusOr<States> states = Push();
    none = states.ok() && states->empty();
    Note(states.status());
  } while (!stop_.WaitFor(none ? kCalmPause : kPause));
}

void TapeLibraries::Note(const absl::Status& status) {
  absl::MutexLock lock(&mu_);
  if (status == last_) return;
  last_ = status;
  if (status.ok()) {
    log::Info("tape_libraries_agree");
  } else if (IsUncertain(status)) {
    // A part is away; who watches it says so.
    log::Info("tape_libraries_not_told", "error", MessageOf(status));
  } else {
    log::Warning("tape_libraries_not_told", "error", MessageOf(status));
  }
}

absl::StatusOr<vtl::v1::ApplyRequest> TapeLibraries::Wish(const VtlRows& rows) {
  vtl::v1::ApplyRequest wish;
  if (rows.libraries.empty()) return wish;
  OCA_ASSIGN_OR_RETURN(fs::v1::Info info, parts_.filesystem.GetInfo());
  for (const LibraryRow& row : rows.libraries) {
    const ContainerRow* container = FindByName(rows.containers, row.name);
    if (container == nullptr || container->state != mgmt::STATE_READY ||
        withdrawn_.contains(row.name)) {
      continue;
    }
    vtl::v1::Library* library = wish.add_libraries();
    library->set_id(container->fs_id);
    library->set_name(row.name);
    library->set_folder(fmt::format("{}/{}/library", info.mount_path(), row.name));
    library->set_serial(row.serial);
    *library->mutable_spec() = row.spec;
    library->set_make(!row.made);
    library->set_target(row.target);
    library->set_portal(row.portal);
    const ConnectionRow* connection = FindByName(rows.connections, row.name);
    if (connection == nullptr || !connection->enabled) continue;
    absl::StatusOr<vtl::v1::HostAccess> access = AccessOf(*connection);
    // Whoever is no longer allowed in is out, with his host.
    if (access.ok()) {
      *library->mutable_hosts() = *std::move(access);
    } else if (!absl::IsFailedPrecondition(access.status())) {
      return access.status();
    }
  }
  return wish;
}

absl::StatusOr<TapeLibraries::States> TapeLibraries::Push() {
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  OCA_ASSIGN_OR_RETURN(vtl::v1::ApplyRequest wish, Wish(rows));
  OCA_ASSIGN_OR_RETURN(vtl::v1::ApplyResponse answer, parts_.vtl.Apply(wish));
  States states;
  for (vtl::v1::LibraryState& state : *answer.mutable_libraries()) {
    const LibraryRow* row = FindByName(rows.libraries, state.name());
    if (row != nullptr && !row->made && state.state() == vtl::v1::SERVICE_STATE_SERVING) {
      OCA_RETURN_IF_ERROR(parts_.store.NoteMade(state.name()));
    }
    states[state.name()] = std::move(state);
  }
  return states;
}

absl::StatusOr<TapeLibraries::States> TapeLibraries::PushUntilSettled(const std::string& name) {
  const absl::Time deadline = MonotonicNow() + kSettlePatience;
  absl::StatusOr<States> states = Push();
  // Each Apply waits itself; making many tapes on a slow disk takes several.
  while (states.ok() && MonotonicNow() < deadline &&
         (*states)[name].state() == vtl::v1::SERVICE_STATE_STARTING) {
    states = Push();
  }
  return states;
}

absl::StatusOr<LibraryRow> TapeLibraries::Row(const std::string& name) {
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  LibraryRow* row = FindByName(rows.libraries, name);
  if (row == nullptr) return NoSuchLibrary(name, rows);
  return std::move(*row);
}

absl::Status TapeLibraries::AddContainer(const mgmt::AddContainerRequest& request) {
  LibraryRow row;
  row.name = request.name();
  OCA_ASSIGN_OR_RETURN(row.spec, Completed(request.library()));
  OCA_RETURN_IF_ERROR(parts_.vtl.GetInfo().status());
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  OCA_ASSIGN_OR_RETURN(row.serial, NewSerial());
  row.target = TargetName(row.name, row.serial);
  OCA_ASSIGN_OR_RETURN(row.portal, ChoosePortal(parts_.portals, PortalsOf(rows)));
  OCA_RETURN_IF_ERROR(parts_.changes.AddContainer(
      request, [&](db::Connection& db) { return VtlStore::Insert(db, row); }));
  absl::StatusOr<States> states = PushUntilSettled(row.name);
  absl::Status failed = states.status();
  if (states.ok() && (*states)[row.name].state() != vtl::v1::SERVICE_STATE_SERVING) {
    failed = absl::FailedPreconditionError(
        fmt::format("the tape library cannot be served: {}", (*states)[row.name].error()));
  }
  if (failed.ok()) {
    log::Info("tape_library_added", "name", row.name, "serial", row.serial, "portal", row.portal);
    return failed;
  }
  // Nothing of it stays.
  withdrawn_.insert(row.name);
  (void)Push();
  absl::Status removed = parts_.changes.DeleteContainer(row.name, /*delete_files=*/true);
  withdrawn_.erase(row.name);
  if (removed.ok()) return failed;
  return Annotate(failed, fmt::format("container '{}' could not be taken back ({}); the library",
                                      row.name, MessageOf(removed)));
}

absl::Status TapeLibraries::RefuseWhileInUse(const std::string& name, bool with_tapes) {
  absl::StatusOr<vtl::v1::ListLibrariesResponse> list = parts_.vtl.List(name);
  if (absl::IsNotFound(list.status())) return absl::OkStatus();  // not served
  OCA_RETURN_IF_ERROR(list.status());
  const vtl::v1::LibraryState& state = list->libraries(0);
  if (!state.sessions().empty()) {
    std::vector<std::string> names;
    for (const vtl::v1::Session& session : state.sessions()) names.push_back(session.initiator());
    return absl::FailedPreconditionError(
        fmt::format("hosts are logged in to tape library '{}': {}; let them log out first (oca "
                    "connection --disable --name {} ends their sessions)",
                    name, ListNames(names, 10), name));
  }
  if (with_tapes) return absl::OkStatus();
  if (state.elements().empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "what is in tape library '{}' cannot be seen ({}); add --delete_files to delete it all the "
        "same",
        name, state.error()));
  }
  if (!state.cartridges().empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "tape library '{}' holds {} cartridge{}; add --delete_files to delete them with it", name,
        state.cartridges_size(), state.cartridges_size() == 1 ? "" : "s"));
  }
  return absl::OkStatus();
}

absl::Status TapeLibraries::DeleteContainer(const std::string& name, bool delete_files) {
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  if (FindByName(rows.libraries, name) == nullptr) {
    return parts_.changes.DeleteContainer(name, delete_files);
  }
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_RETURN_IF_ERROR(RefuseWhileInUse(name, delete_files));
  withdrawn_.insert(name);
  absl::Status done = Push().status();
  if (done.ok()) done = parts_.changes.DeleteContainer(name, /*delete_files=*/true);
  withdrawn_.erase(name);
  if (!done.ok()) (void)Push();
  return done;
}

absl::StatusOr<mgmt::ListTapeLibrariesResponse> TapeLibraries::List(const std::string& name) {
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  if (!name.empty() && FindByName(rows.libraries, name) == nullptr) {
    return NoSuchLibrary(name, rows);
  }
  absl::StatusOr<vtl::v1::ListLibrariesResponse> live = parts_.vtl.List(name);
  mgmt::ListTapeLibrariesResponse response;
  for (const LibraryRow& row : rows.libraries) {
    if (!name.empty() && row.name != name) continue;
    mgmt::TapeLibrary* out = response.add_libraries();
    out->set_name(row.name);
    *out->mutable_spec() = row.spec;
    out->set_revision(row.revision);
    const vtl::v1::LibraryState* state =
        live.ok() ? FindByName(*live->mutable_libraries(), row.name) : nullptr;
    if (state != nullptr) {
      *out->mutable_live() = *state;
      continue;
    }
    out->mutable_live()->set_name(row.name);
    out->mutable_live()->set_state(vtl::v1::SERVICE_STATE_FAILED);
    out->mutable_live()->set_target(row.target);
    out->mutable_live()->set_portal(row.portal);
    out->mutable_live()->set_serial(row.serial);
    out->mutable_live()->set_error(live.ok() || absl::IsNotFound(live.status())
                                       ? "ocavtl does not know it yet"
                                       : std::string(MessageOf(live.status())));
  }
  return response;
}

absl::StatusOr<mgmt::TapeLibrary> TapeLibraries::Get(const std::string& name) {
  if (name.empty()) return absl::InvalidArgumentError("the name of the tape library is missing");
  OCA_ASSIGN_OR_RETURN(mgmt::ListTapeLibrariesResponse list, List(name));
  return std::move(*list.mutable_libraries(0));
}

// Tells ocavtl, and when the library `name` is not as wanted then, takes the change back.
absl::Status TapeLibraries::PushOrRestore(const std::function<absl::Status()>& restore,
                                          const std::string& name) {
  absl::StatusOr<States> states = PushUntilSettled(name);
  absl::Status failed = states.status();
  if (states.ok() && !(*states)[name].error().empty()) {
    failed = absl::FailedPreconditionError((*states)[name].error());
  }
  if (failed.ok()) return failed;
  if (absl::Status restored = restore(); !restored.ok()) {
    return Annotate(failed, fmt::format("the change stands ({}), but", MessageOf(restored)));
  }
  (void)Push();
  return failed;
}

absl::Status TapeLibraries::Update(const mgmt::UpdateTapeLibraryRequest& request) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  const LibraryRow* before = FindByName(rows.libraries, request.name());
  if (before == nullptr) return NoSuchLibrary(request.name(), rows);
  OCA_RETURN_IF_ERROR(
      CheckRevision(Kind::kTapeLibrary, before->name, before->revision, request.revision()));
  LibraryRow row = *before;
  if (request.has_drives()) {
    OCA_RETURN_IF_ERROR(InRange("a number of drives of", request.drives(), 1, kMaxDrives));
    row.spec.set_drives(request.drives());
  }
  if (request.has_slots()) {
    OCA_RETURN_IF_ERROR(
        InRange("a number of slots of", request.slots(), before->spec.slots(), kMaxSlots));
    row.spec.set_slots(request.slots());
  }
  if (request.has_portal() && request.portal().empty()) {
    OCA_ASSIGN_OR_RETURN(row.portal, ChoosePortal(parts_.portals, PortalsOf(rows)));
  } else if (request.has_portal()) {
    OCA_ASSIGN_OR_RETURN(api::Portal portal, api::ParsePortal(request.portal()));
    row.portal = portal.Text();
  }
  for (const LibraryRow& other : rows.libraries) {
    if (other.name == row.name || other.portal != row.portal) continue;
    return absl::AlreadyExistsError(
        fmt::format("tape library '{}' has the portal {}", other.name, other.portal));
  }
  OCA_RETURN_IF_ERROR(parts_.store.Update(row));
  return PushOrRestore([&] { return parts_.store.Update(*before); }, row.name);
}

absl::StatusOr<mgmt::AddTapesResponse> TapeLibraries::AddTapes(
    const mgmt::AddTapesRequest& request) {
  OCA_ASSIGN_OR_RETURN(LibraryRow row, Row(request.name()));
  vtl::v1::AddCartridgesRequest to_vtl;
  to_vtl.set_name(row.name);
  to_vtl.set_count(std::max(request.count(), 1u));
  to_vtl.set_capacity_bytes(request.capacity_bytes() == 0 ? row.spec.tape_size_bytes()
                                                          : request.capacity_bytes());
  to_vtl.set_generation(request.generation() == 0 ? row.spec.generation() : request.generation());
  to_vtl.set_worm(request.worm());
  OCA_RETURN_IF_ERROR(InRange("a number of tapes of", to_vtl.count(), 1, kMaxTapes));
  OCA_RETURN_IF_ERROR(
      InRange("a tape size in bytes of", to_vtl.capacity_bytes(), kMinTapeSize, kMaxTapeSize));
  OCA_RETURN_IF_ERROR(
      InRange("an LTO generation of", to_vtl.generation(), kDefaultGeneration, kMaxGeneration));
  OCA_ASSIGN_OR_RETURN(vtl::v1::AddCartridgesResponse made, parts_.vtl.AddCartridges(to_vtl));
  mgmt::AddTapesResponse response;
  response.mutable_barcodes()->Swap(made.mutable_barcodes());
  return response;
}

absl::Status TapeLibraries::DeleteTape(const mgmt::DeleteTapeRequest& request) {
  OCA_RETURN_IF_ERROR(Row(request.name()).status());
  vtl::v1::RemoveCartridgeRequest to_vtl;
  to_vtl.set_name(request.name());
  to_vtl.set_barcode(request.barcode());
  return parts_.vtl.RemoveCartridge(to_vtl);
}

absl::Status TapeLibraries::ImportTape(const mgmt::ImportTapeRequest& request) {
  OCA_RETURN_IF_ERROR(Row(request.name()).status());
  vtl::v1::ImportCartridgeRequest to_vtl;
  to_vtl.set_name(request.name());
  to_vtl.set_barcode(request.barcode());
  to_vtl.set_address(request.address());
  return parts_.vtl.ImportCartridge(to_vtl);
}

absl::Status TapeLibraries::ExportTape(const mgmt::ExportTapeRequest& request) {
  OCA_RETURN_IF_ERROR(Row(request.name()).status());
  vtl::v1::ExportCartridgeRequest to_vtl;
  to_vtl.set_name(request.name());
  to_vtl.set_barcode(request.barcode());
  return parts_.vtl.ExportCartridge(to_vtl);
}

absl::Status TapeLibraries::SetDriveMode(const mgmt::SetTapeDriveModeRequest& request) {
  OCA_RETURN_IF_ERROR(Row(request.name()).status());
  vtl::v1::SetDriveModeRequest to_vtl;
  to_vtl.set_name(request.name());
  to_vtl.set_address(request.address());
  to_vtl.set_read_only(request.read_only());
  return parts_.vtl.SetDriveMode(to_vtl);
}

}  // namespace oca::config
