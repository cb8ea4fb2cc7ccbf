#include "gateways/vtl/scsi/changer.h"

#include <utility>

namespace oca::scsi {
namespace {

constexpr uint16_t kSmc3 = 0x0480;
constexpr uint8_t kAddressPage = 0x1d;
constexpr uint8_t kGeometryPage = 0x1e;
constexpr uint8_t kCapabilitiesPage = 0x1f;
constexpr uint8_t kExceptionsPage = 0x1c;

Identity ChangerIdentity(const vtape::Inventory& inventory) {
  const vtape::ChangerModel& model = vtape::kChangerL700;
  return {.device_type = 8,
          .vendor = inventory.oem_vendor.empty() ? std::string(model.vendor) : inventory.oem_vendor,
          .product = std::string(model.product),
          .revision = std::string(model.revision),
          .serial = inventory.serial,
          .standard = kSmc3};
}

// Element address assignment, SMC-3 7.3.4.
std::string Addresses(const vtape::Inventory& inventory) {
  std::string out;
  for (auto [first, count] : {std::pair<uint16_t, size_t>{vtape::kRobotAddress, 1},
                              {vtape::kSlotAddress, inventory.slots.size()},
                              {vtape::kMailSlotAddress, inventory.mail_slots.size()},
                              {vtape::kDriveAddress, inventory.drives.size()}}) {
    PutBe(&out, first, 2);
    PutBe(&out, count, 2);
  }
  PutBe(&out, 0, 2);
  return out;
}

// Device capabilities, SMC-3 7.3.3: every place but the robot's hand keeps cartridges, and each
// can be moved and exchanged between all of them.
std::string Capabilities() {
  constexpr uint8_t kPlaces = 0x0e;  // drives, mail slots, slots
  std::string out;
  PutBe(&out, kPlaces, 1);
  PutBe(&out, 0, 2);
  for (int kind = 0; kind < 3; ++kind) PutBe(&out, kPlaces, 1);
  PutBe(&out, 0, 5);
  for (int kind = 0; kind < 3; ++kind) PutBe(&out, kPlaces, 1);
  PutBe(&out, 0, 4);
  return out;
}

std::vector<ModePage> ChangerModePages(const vtape::Inventory& inventory) {
  return {
      {kControlPage, 0, std::string(10, '\0'), std::string(1, '\4'), {}},
      {kExceptionsPage, 0, '\x08' + std::string(9, '\0'), std::string(1, '\x08'), {}},
      {kAddressPage, 0, Addresses(inventory), "", {}},
      {kGeometryPage, 0, std::string(2, '\0'), "", {}},
      {kCapabilitiesPage, 0, Capabilities(), "", {}},
  };
}

}  // namespace

DriveConfig DriveConfigOf(const vtape::Inventory& inventory, size_t index) {
  const vtape::Drive& drive = inventory.drives[index];
  return {.model = vtape::DriveModelOf(drive.generation),
          .oem_vendor = inventory.oem_vendor,
          .serial = drive.serial,
          .changer_serial = inventory.serial,
          .read_only = drive.read_only};
}

Changer::Changer(vtape::Library& library)
    : LogicalUnit(ChangerIdentity(library.inventory()), ChangerModePages(library.inventory())),
      library_(library),
      known_(library.inventory()) {}

void Changer::Attach(uint16_t address, Drive& drive) {
  std::lock_guard lock(mu_);
  drives_[address] = &drive;
  PutIn(std::span(&address, 1));
}

void Changer::Detach(uint16_t address) {
  std::lock_guard lock(mu_);
  drives_.erase(address);
}

std::optional<DriveConfig> Changer::DriveConfigAt(size_t index) {
  std::lock_guard lock(mu_);
  if (!BeforeCommand().good() || index >= library_.inventory().drives.size()) return std::nullopt;
  return DriveConfigOf(library_.inventory(), index);
}

Outcome Changer::Ready() { return Good(); }

std::map<uint8_t, std::string> Changer::ProductData() { return {}; }

// Operators add and remove cartridges, slots and drives, and fill mail slots, while hosts work.
Outcome Changer::BeforeCommand() {
  if (!library_.Refresh().ok()) return Check(Key::kHardwareError, Asc::kInternalTargetFailure);
  const vtape::Inventory& now = library_.inventory();
  if (now == known_) return Good();
  if (now.mail_slots != known_.mail_slots) attentions_.AddForAll(Asc::kImportExportAccessed);
  if (now.slots != known_.slots) attentions_.AddForAll(Asc::kMediumMayHaveChanged);
  if (Addresses(now) != Addresses(known_)) {
    attentions_.AddForAll(Asc::kModeParametersChanged);
    pages_.Set(kAddressPage, Addresses(now));
  }
  for (size_t i = 0; i < now.drives.size(); ++i) {
    auto found = drives_.find(static_cast<uint16_t>(vtape::kDriveAddress + i));
    if (found == drives_.end()) continue;
    bool known = i < known_.drives.size();
    if (!known || known_.drives[i].read_only != now.drives[i].read_only) {
      found->second->SetReadOnly(now.drives[i].read_only);
    }
  }
  known_ = now;
  return Good();
}

Changer::ModeHeader Changer::Header(PageControl) { return {}; }

Outcome Changer::CheckHeader(const ModeHeader& header, size_t offset) {
  return header.block_descriptor.empty() ? Good() : InvalidParameter(offset - 1);
}

std::vector<uint8_t> Changer::LogPageCodes() const { return {kTapeAlertPage}; }

std::vector<LogParameter> Changer::LogPage(uint8_t, const std::string& port) {
  return TapeAlertParameters(TakeTapeAlerts(port));
}

std::span<const CommandSpec> Changer::Commands() const {
  using enum Sharing;
  constexpr int kNone = CommandSpec::kNoAction;
  static constexpr CommandSpec kCommands[] = {
      {0x07, kNone, 6, {}, kNever, kNever, Run<&Changer::InitializeStatus>},
      {0x1b, kNone, 6, {0, 0, 0xff, 0xff, 0x1f}, kNever, kNever, Run<&Changer::OpenClose>},
      {0x2b, kNone, 10, {0, 0, 0xff, 0xff, 0xff, 0xff}, kNever, kNever, Run<&Changer::PositionTo>},
      {0x37,
       kNone,
       10,
       {0, 0x03, 0xff, 0xff, 0, 0, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Changer::InitializeStatusRange>},
      {0xa5,
       kNone,
       12,
       {0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Changer::Move>},
      {0xa6,
       kNone,
       12,
       {0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Changer::Exchange>},
      {0xb8,
       kNone,
       12,
       {0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0x03, 0xff, 0xff, 0xff},
       kAlways,
       kNever,
       Run<&Changer::ReadElementStatus>},
      // As some makers' libraries have it.
      {0xe7,
       kNone,
       10,
       {0, 0x03, 0xff, 0xff, 0, 0, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Changer::InitializeStatusRange>},
  };
  return kCommands;
}

}  // namespace oca::scsi
