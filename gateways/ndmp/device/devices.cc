#include "gateways/ndmp/device/devices.h"

#include <algorithm>

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::ndmp {
namespace {

constexpr uint32_t kLunListBytes = 8 + 8 * 1024;
constexpr uint32_t kInquiryBytes = 36;
constexpr int kTapeType = 1;
constexpr int kChangerType = 8;

// The unit numbers that REPORT LUNS names, ascending; only those of the simple form.
absl::StatusOr<std::vector<uint32_t>> Luns(ScsiUnit& unit) {
  std::string cdb(12, '\0');
  cdb[0] = '\xa0';
  cdb[8] = static_cast<char>(kLunListBytes >> 8);
  cdb[9] = static_cast<char>(kLunListBytes & 0xff);
  OCA_ASSIGN_OR_RETURN(ScsiAnswer answer, unit.Execute({.cdb = cdb, .in_bytes = kLunListBytes}));
  if (!answer.good()) return absl::UnavailableError("REPORT LUNS failed");
  ByteReader reader(answer.in);
  uint32_t bytes = reader.Be32();
  reader.Be32();
  std::vector<uint32_t> luns;
  for (uint32_t i = 0; i < bytes / 8 && reader.remaining() >= 8; ++i) {
    uint64_t lun = reader.Be64();
    if (lun >> 62 <= 1) luns.push_back(static_cast<uint32_t>(lun >> 48 & 0x3fff));
  }
  std::sort(luns.begin(), luns.end());
  return luns;
}

std::string Trimmed(std::string_view text) {
  size_t end = text.find_last_not_of(std::string_view(" \0", 2));
  return std::string(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

absl::StatusOr<std::vector<Device>> DevicesOf(const std::string& library, ScsiUnit& unit) {
  OCA_ASSIGN_OR_RETURN(std::vector<uint32_t> luns, Luns(unit));
  std::vector<Device> devices;
  int drives = 0;
  for (uint32_t lun : luns) {
    unit.SelectLun(lun);
    std::string cdb(6, '\0');
    cdb[0] = 0x12;
    cdb[4] = static_cast<char>(kInquiryBytes);
    OCA_ASSIGN_OR_RETURN(ScsiAnswer answer, unit.Execute({.cdb = cdb, .in_bytes = kInquiryBytes}));
    if (!answer.good() || answer.in.size() < 32) continue;
    int type = answer.in[0] & 0x1f;
    std::string model =
        fmt::format("{} {}", Trimmed(answer.in.substr(8, 8)), Trimmed(answer.in.substr(16, 16)));
    if (type == kTapeType) {
      devices.push_back(
          {fmt::format("/oca/{}/drive{}", library, drives++), model, DeviceKind::kTape, lun});
    } else if (type == kChangerType) {
      devices.push_back(
          {fmt::format("/oca/{}/changer", library), model, DeviceKind::kChanger, lun});
    }
  }
  return devices;
}

}  // namespace

DeviceLease::~DeviceLease() {
  absl::MutexLock lock(&devices_.mu_);
  devices_.used_.erase(name_);
}

std::unique_ptr<DeviceLease> Devices::Take(const std::string& name) {
  absl::MutexLock lock(&mu_);
  if (!used_.insert(name).second) return nullptr;
  return std::make_unique<DeviceLease>(*this, name);
}

std::vector<Device> Devices::List() {
  std::vector<Device> all;
  for (const LibraryAddress& library : directory_.Libraries()) {
    absl::StatusOr<std::vector<Device>> found = [&]() -> absl::StatusOr<std::vector<Device>> {
      OCA_ASSIGN_OR_RETURN(std::unique_ptr<ScsiUnit> unit, opener_(library));
      return DevicesOf(library.name, *unit);
    }();
    if (!found.ok()) {
      log::Warning("library_does_not_answer", "library", library.name, "error",
                   MessageOf(found.status()));
      continue;
    }
    all.insert(all.end(), found->begin(), found->end());
  }
  return all;
}

Error Devices::Open(std::string_view name, DeviceKind kind, OpenedDevice* opened) {
  for (const LibraryAddress& library : directory_.Libraries()) {
    if (name.rfind(fmt::format("/oca/{}/", library.name), 0) != 0) continue;
    absl::StatusOr<std::unique_ptr<ScsiUnit>> unit = opener_(library);
    absl::StatusOr<std::vector<Device>> devices =
        unit.ok() ? DevicesOf(library.name, **unit) : unit.status();
    if (!devices.ok()) {
      log::Warning("library_does_not_answer", "library", library.name, "error",
                   MessageOf(devices.status()));
      return Error::kNoDevice;
    }
    for (const Device& device : *devices) {
      if (device.name != name || device.kind != kind) continue;
      opened->lease = Take(device.name);
      if (opened->lease == nullptr) return Error::kDeviceBusy;
      (*unit)->SelectLun(device.lun);
      opened->unit = *std::move(unit);
      return Error::kNone;
    }
  }
  return Error::kNoDevice;
}

}  // namespace oca::ndmp
