// What a drive says of itself: vital product data and log pages.
#include "gateways/vtl/scsi/drive.h"
#include "gateways/vtl/scsi/drive_tables.h"

namespace oca::scsi {
namespace {

constexpr uint64_t kMB = 1'000'000;

enum Page : uint8_t {
  kWriteErrors = 0x02,
  kReadErrors = 0x03,
  kSequentialAccess = 0x0c,
  kDeviceStatus = 0x11,
  kVolumeStatistics = 0x17,
  kTapeUsage = 0x30,
  kTapeCapacity = 0x31,
};

}  // namespace

std::map<uint8_t, std::string> Drive::ProductData() {
  std::string extended(60, '\0');
  extended[1] = 0x07;  // head-of-queue, ordered and simple task attributes
  return {
      {0x86, extended},
      {0xb0, std::string("\1\0", 2)},  // WORM is supported
      {0xb1, identity().serial},       // as the manufacturer gave it
      {0xb2, SupportedTapeAlerts()},
      {0xb3, config_.changer_serial},  // of the automation device
  };
}

std::vector<uint8_t> Drive::LogPageCodes() const {
  return {kWriteErrors,      kReadErrors,    kSequentialAccess, kDeviceStatus,
          kVolumeStatistics, kTapeAlertPage, kTapeUsage,        kTapeCapacity};
}

void Drive::ResetLog() { log_ = {}; }

std::vector<LogParameter> Drive::ErrorCounters(uint64_t bytes, uint64_t errors) const {
  return {Counter(0x0000, 0, 4),     Counter(0x0001, 0, 4), Counter(0x0002, 0, 4),
          Counter(0x0003, 0, 4),     Counter(0x0004, 0, 4), Counter(0x0005, bytes, 8),
          Counter(0x0006, errors, 4)};
}

// Bytes as hosts send them: what the storage makes of them is not the tape's business.
std::vector<LogParameter> Drive::SequentialAccess() const {
  std::vector<LogParameter> out = {
      Counter(0x0000, log_.written_bytes, 8), Counter(0x0001, log_.written_bytes, 8),
      Counter(0x0002, log_.read_bytes, 8), Counter(0x0003, log_.read_bytes, 8)};
  if (tape_ != nullptr) {
    uint64_t capacity = tape_->attributes().capacity_bytes;
    out.push_back(Counter(0x0004, tape_->used_bytes() / kMB, 4));
    out.push_back(Counter(0x0005, (capacity - capacity / 100) / kMB, 4));
    out.push_back(Counter(0x0006, capacity / 100 / kMB, 4));
  }
  out.push_back(Counter(0x0100, 0, 4));  // cleaning is never needed
  return out;
}

std::vector<LogParameter> Drive::VolumeStatistics() const {
  if (tape_ == nullptr) return {Counter(0x0000, 0, 1)};
  const vtape::Attributes& a = tape_->attributes();
  bool worm = a.kind == vtape::MediumKind::kWorm;
  return {
      Counter(0x0000, 1, 1),  // the page is valid
      Counter(0x0001, a.loads, 4),
      Counter(0x0004, mount_.write_errors, 4),
      Counter(0x0009, mount_.read_errors, 4),
      Counter(0x000c, mount_.write_errors, 2),
      Counter(0x000d, mount_.read_errors, 2),
      Counter(0x000e, mount_.written_bytes / kMB, 4),
      Counter(0x000f, mount_.read_bytes / kMB, 4),
      Counter(0x0010, a.written_bytes / kMB, 8),
      Counter(0x0011, a.read_bytes / kMB, 8),
      Counter(0x0016, a.capacity_bytes / kMB, 4),
      Counter(0x0017, tape_->used_bytes() / kMB, 4),
      Text(0x0040, a.barcode, 32),
      Text(0x0042, a.barcode, 32),
      Text(0x0045, "Ultrium-" + std::to_string(a.generation), 9),
      Counter(0x0080, a.write_protected ? 1 : 0, 1),
      Counter(0x0081, worm ? 1 : 0, 1),
  };
}

std::vector<LogParameter> Drive::TapeUsage() const {
  if (tape_ == nullptr) return {};
  const vtape::Attributes& a = tape_->attributes();
  return {Counter(0x0001, a.loads, 4),
          Counter(0x0002, tape_->objects(), 8),
          Counter(0x0003, 0, 4),
          Counter(0x0004, mount_.write_errors, 2),
          Counter(0x0005, 0, 2),
          Counter(0x0006, 0, 2),
          Counter(0x0007, a.read_bytes / kMB, 8),
          Counter(0x0008, 0, 4),
          Counter(0x0009, mount_.read_errors, 2),
          Counter(0x000a, 0, 2),
          Counter(0x000b, 0, 2)};
}

// DT device status, SSC-3 8.2.3: very high frequency data and how often to look at them.
std::vector<LogParameter> Drive::DeviceStatus() {
  constexpr uint8_t kPreventsRemoval = 0x80;
  constexpr uint8_t kMamAccessible = 0x20;
  constexpr uint8_t kCompresses = 0x10;
  constexpr uint8_t kWriteProtect = 0x08;
  constexpr uint8_t kInitialized = 0x01;
  constexpr uint8_t kRobotMay = 0x20;
  constexpr uint8_t kPresent = 0x10;
  constexpr uint8_t kMountedThreaded = 0x07;
  bool protects = (Header(PageControl::kCurrent).device_specific & 0x80) != 0;
  std::string data;
  PutBe(&data,
        (RemovalPrevented() ? kPreventsRemoval : 0) | (tape_ != nullptr ? kMamAccessible : 0) |
            kCompresses | (protects ? kWriteProtect : 0) | kInitialized,
        1);
  PutBe(&data,
        (tape_ == nullptr || !RemovalPrevented() ? kRobotMay : 0) | (dir_.empty() ? 0 : kPresent) |
            (tape_ != nullptr ? kMountedThreaded : 0),
        1);
  PutBe(&data, 0, 2);
  std::string delay;
  PutBe(&delay, 1000, 2);
  return {{0x0000, LogParameter::kBinary, data}, {0x0001, LogParameter::kBinary, delay}};
}

std::vector<LogParameter> Drive::LogPage(uint8_t page, const std::string& port) {
  constexpr uint64_t kMiB = 1 << 20;
  switch (page) {
    case kWriteErrors:
      return ErrorCounters(log_.written_bytes, log_.write_errors);
    case kReadErrors:
      return ErrorCounters(log_.read_bytes, log_.read_errors);
    case kSequentialAccess:
      return SequentialAccess();
    case kDeviceStatus:
      return DeviceStatus();
    case kVolumeStatistics:
      return VolumeStatistics();
    case kTapeAlertPage:
      return TapeAlertParameters(TakeTapeAlerts(port));
    case kTapeUsage:
      return TapeUsage();
    default: {  // tape capacity, in MiB: what is left and all of it, of the partition and the other
      if (tape_ == nullptr) return {};
      return {Counter(0x0001, tape_->remaining_bytes() / kMiB, 4), Counter(0x0002, 0, 4),
              Counter(0x0003, tape_->attributes().capacity_bytes / kMiB, 4), Counter(0x0004, 0, 4)};
    }
  }
}

}  // namespace oca::scsi
