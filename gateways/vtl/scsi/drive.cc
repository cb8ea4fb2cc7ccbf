#include "gateways/vtl/scsi/drive.h"

#include <utility>

#include "gateways/vtl/scsi/drive_tables.h"

namespace oca::scsi {
namespace {

constexpr uint16_t kSsc3 = 0x0400;
constexpr uint8_t kMediumConfigurationPage = 0x1d;

std::string MediumConfiguration(bool worm) {
  std::string out(30, '\0');
  if (!worm) return out;
  out[0] = 0x01;
  out[2] = 0x01;  // labels: as filemarks, which can be overwritten at the end of data alone
  out[3] = 0x02;
  return out;
}

Sense FaultOf(const vtape::Status& status) {
  switch (status.code()) {
    case vtape::Code::kNewer:
      return {.key = Key::kMediumError, .asc = Asc::kIncompatibleMedium};
    case vtape::Code::kDamaged:
      return {.key = Key::kMediumError, .asc = Asc::kMediumFormatCorrupted};
    default:
      return {.key = Key::kMediumError, .asc = Asc::kMediaLoadFailed};
  }
}

}  // namespace

Identity IdentityOf(const DriveConfig& config) {
  const vtape::DriveModel& model = *config.model;
  return {.device_type = 1,
          .vendor = config.oem_vendor.empty() ? std::string(model.vendor) : config.oem_vendor,
          .product = std::string(model.product),
          .revision = std::string(model.revision),
          .serial = config.serial,
          .standard = kSsc3};
}

Drive::Drive(vtape::Storage& storage, const DriveConfig& config)
    : LogicalUnit(IdentityOf(config), DriveModePages()),
      storage_(storage),
      config_(config),
      read_only_(config.read_only) {}

void Drive::Insert(const std::string& dir) {
  std::lock_guard lock(mu_);
  dir_ = dir;
  Load();
  attentions_.AddForAll(Asc::kMediumMayHaveChanged);
}

vtape::Status Drive::Eject() {
  std::lock_guard lock(mu_);
  if (RemovalPrevented() && tape_ != nullptr) {
    Raise(TapeAlertFlag(kAlertNoRemoval));
    return vtape::Status(vtape::Code::kPrevented, dir_ + ": a host keeps the cartridge in");
  }
  vtape::Status status = Unload();
  fault_.reset();
  dir_.clear();
  return status;
}

vtape::Status Drive::Close() {
  std::lock_guard lock(mu_);
  return Unload();
}

void Drive::SetReadOnly(bool on) {
  std::lock_guard lock(mu_);
  read_only_ = on;
}

Outcome Drive::Load() {
  tape_.reset();
  fault_.reset();
  mount_ = {};
  auto loaded = vtape::Cartridge::Load(storage_, dir_, {});
  if (!loaded.ok()) {
    fault_ = FaultOf(loaded.status());
    return Check(*fault_);
  }
  const vtape::Attributes& attributes = (*loaded)->attributes();
  if (attributes.kind == vtape::MediumKind::kCleaning) {
    fault_ = Sense{.key = Key::kNotReady, .asc = Asc::kCleaningCartridgeInstalled};
  } else if (!vtape::DriveReads(config_.model->generation, attributes.generation)) {
    fault_ = Sense{.key = Key::kMediumError, .asc = Asc::kIncompatibleMedium};
  }
  if (fault_) {
    static_cast<void>((*loaded)->Unload());  // nothing was written
    return Check(*fault_);
  }
  tape_ = *std::move(loaded);
  pages_.Set(kMediumConfigurationPage,
             MediumConfiguration(attributes.kind == vtape::MediumKind::kWorm));
  return Good();
}

vtape::Status Drive::Unload() {
  unsettled_ = false;
  if (tape_ == nullptr) return {};
  vtape::Status status = tape_->Unload();
  tape_.reset();
  pages_.Set(kMediumConfigurationPage, MediumConfiguration(false));
  if (!status.ok()) Raise(TapeAlertFlag(kAlertWriteFailure));
  return status;
}

Outcome Drive::Ready() {
  if (tape_ != nullptr) return Good();
  return fault_ ? Check(*fault_) : Check(Key::kNotReady, Asc::kMediumNotPresent);
}

bool Drive::SoftwareProtected() const {
  constexpr size_t kProtectionByte = 8;
  constexpr uint8_t kSoftwareProtection = 0x04;
  return (pages_.Get(kDeviceConfigurationPage)[kProtectionByte] & kSoftwareProtection) != 0;
}

Outcome Drive::CheckWritable() {
  if (SoftwareProtected()) return Check(Key::kDataProtect, Asc::kSoftwareWriteProtected);
  if (read_only_) return Check(Key::kDataProtect, Asc::kWriteProtected);
  if (!vtape::DriveWrites(config_.model->generation, tape_->attributes().generation)) {
    return Check(Key::kDataProtect, Asc::kCannotWriteMedium);
  }
  vtape::Status status = tape_->CanWrite();
  return status.ok() ? Good() : WriteFailed(status, 0);
}

Outcome Drive::Settle() {
  if (!std::exchange(unsettled_, false)) return Good();
  vtape::Status status = tape_->Sync();
  return status.ok() ? Good() : WriteFailed(status, 0);
}

Outcome Drive::EarlyWarning() const {
  return Check(Sense{.key = Key::kNoSense,
                     .asc = Asc::kEndOfMediumDetected,
                     .end_of_medium = true,
                     .information = 0});
}

Outcome Drive::WriteFailed(const vtape::Status& status, int64_t residue) {
  switch (status.code()) {
    case vtape::Code::kEndOfMedium:
      return Check(Sense{.key = Key::kVolumeOverflow,
                         .asc = Asc::kEndOfMediumDetected,
                         .end_of_medium = true,
                         .information = residue});
    case vtape::Code::kWriteProtected:
      Raise(TapeAlertFlag(kAlertWriteProtected));
      return Check(Key::kDataProtect, Asc::kWriteProtected);
    case vtape::Code::kWorm:
      Raise(TapeAlertFlag(kAlertWormOverwrite));
      return Check(Key::kDataProtect, Asc::kWormOverwrite);
    case vtape::Code::kNoSpace:
      return Check(Sense{
          .key = Key::kDataProtect, .asc = Asc::kSpaceAllocationFailed, .information = residue});
    case vtape::Code::kDamaged:
      return Check(Key::kMediumError, Asc::kMediumFormatCorrupted);
    default:
      // It is said now, and no later attempt can help.
      if (tape_ != nullptr && !tape_->CanWrite().ok()) unsettled_ = false;
      Raise(TapeAlertFlag(kAlertWriteFailure));
      ++mount_.write_errors;
      ++log_.write_errors;
      return Check(
          Sense{.key = Key::kMediumError, .asc = Asc::kWriteError, .information = residue});
  }
}

Outcome Drive::ReadFailed(const vtape::Status& status, std::optional<int64_t> residue) {
  Raise(TapeAlertFlag(kAlertMedia) | TapeAlertFlag(kAlertReadFailure));
  ++mount_.read_errors;
  ++log_.read_errors;
  return Check(
      Sense{.key = Key::kMediumError, .asc = Asc::kUnrecoveredReadError, .information = residue});
}

uint8_t Drive::DensityCode() const {
  const vtape::DriveModel* model =
      tape_ == nullptr ? nullptr : vtape::DriveModelOf(tape_->attributes().generation);
  return (model == nullptr ? config_.model : model)->density_code;
}

Drive::ModeHeader Drive::Header(PageControl control) {
  constexpr uint8_t kWriteProtected = 0x80;
  constexpr uint8_t kBuffered = 0x10;
  ModeHeader out;
  bool worm = false;
  if (tape_ != nullptr) {
    const vtape::Attributes& attributes = tape_->attributes();
    worm = attributes.kind == vtape::MediumKind::kWorm;
    out.medium_type = static_cast<uint8_t>(attributes.generation << 4 | (worm ? 0xc : 0x8));
    bool writable = !read_only_ && !SoftwareProtected() && !attributes.write_protected &&
                    vtape::DriveWrites(config_.model->generation, attributes.generation);
    if (!writable) out.device_specific |= kWriteProtected;
  }
  bool initial = control == PageControl::kDefault;
  if (buffered_ || initial) out.device_specific |= kBuffered;
  PutBe(&out.block_descriptor, DensityCode(), 1);
  PutBe(&out.block_descriptor, 0, 4);
  PutBe(&out.block_descriptor, initial ? 0 : block_bytes_, 3);
  return out;
}

Outcome Drive::CheckHeader(const ModeHeader& header, size_t offset) {
  constexpr uint8_t kProtection = 0x80;  // means nothing here
  constexpr uint8_t kNoChange = 0x7f;
  uint8_t mode = header.device_specific & ~kProtection;
  if (mode != 0x00 && mode != 0x10) return InvalidParameter(offset == 4 ? 2 : 3);
  if (header.block_descriptor.empty()) return Good();
  auto density = static_cast<uint8_t>(header.block_descriptor[0]);
  if (density != 0 && density != kNoChange && density != DensityCode()) {
    return InvalidParameter(offset);
  }
  if (GetBe(header.block_descriptor.substr(1, 3)) != 0) return InvalidParameter(offset + 1);
  if (GetBe(header.block_descriptor.substr(5, 3)) > vtape::kMaxBlockBytes) {
    return InvalidParameter(offset + 5);
  }
  return Good();
}

void Drive::SetHeader(const ModeHeader& header) {
  buffered_ = (header.device_specific & 0x10) != 0;
  if (header.block_descriptor.empty()) return;
  block_bytes_ = static_cast<uint32_t>(GetBe(header.block_descriptor.substr(5, 3)));
}

}  // namespace oca::scsi
