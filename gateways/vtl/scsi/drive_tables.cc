#include "gateways/vtl/scsi/drive_tables.h"

#include "gateways/vtl/scsi/wire.h"

namespace oca::scsi {
namespace {

using vtape::MamFormat;

std::string Bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values) out.push_back(static_cast<char>(value));
  return out;
}

// What of a recording format is not in vtape::DriveModel. As published for LTO.
struct Recording {
  uint8_t generation;
  uint32_t bits_per_mm;
  uint16_t tracks;
};
constexpr Recording kRecordings[] = {
    {4, 12725, 896},  {5, 15142, 1280}, {6, 15142, 2176},
    {7, 19107, 3584}, {8, 20668, 6656}, {9, 20668, 8960},
};
constexpr uint16_t kMediaWidth = 127;  // tenths of a millimetre

struct HostAttributeRow {
  uint16_t id;
  HostAttribute attribute;
};
constexpr HostAttributeRow kHostAttributes[] = {
    {0x0800, {MamFormat::kAscii, 8, true}},       // application vendor
    {0x0801, {MamFormat::kAscii, 32, true}},      // application name
    {0x0802, {MamFormat::kAscii, 8, true}},       // application version
    {0x0803, {MamFormat::kText, 160, true}},      // user medium text label
    {0x0804, {MamFormat::kAscii, 12, true}},      // date and time last written
    {0x0805, {MamFormat::kBinary, 1, true}},      // text localization identifier
    {0x0806, {MamFormat::kAscii, 32, true}},      // barcode
    {0x0807, {MamFormat::kText, 80, true}},       // owning host textual name
    {0x0808, {MamFormat::kText, 160, true}},      // media pool
    {0x0809, {MamFormat::kAscii, 16, true}},      // partition user text label
    {0x080a, {MamFormat::kBinary, 1, true}},      // load/unload at partition
    {0x080b, {MamFormat::kAscii, 16, true}},      // application format version
    {0x080c, {MamFormat::kBinary, 1023, false}},  // volume coherency information
    {0x0820, {MamFormat::kBinary, 36, true}},     // medium globally unique identifier
    {0x0821, {MamFormat::kBinary, 36, true}},     // media pool globally unique identifier
};
constexpr uint16_t kFirstVendorAttribute = 0x1400;  // of those that hosts may write
constexpr uint16_t kLastVendorAttribute = 0x17ff;
constexpr size_t kMaxVendorAttributeBytes = 1023;

}  // namespace

std::string SupportedTapeAlerts() {
  std::string out(8, '\0');
  for (int flag : {kAlertMedia, kAlertReadFailure, kAlertWriteFailure, kAlertWriteProtected,
                   kAlertNoRemoval, kAlertWormOverwrite}) {
    size_t at = (flag - 1) / 8;
    out[at] = static_cast<char>(out[at] | 0x80 >> ((flag - 1) % 8));
  }
  return out;
}

std::vector<ModePage> DriveModePages() {
  const std::string none;
  return {
      // Read-write error recovery: three retries each way.
      {0x01, 0, Bytes({0, 3, 0, 0, 0, 0, 3, 0, 0, 0}), none, {}},
      // Disconnect-reconnect.
      {0x02, 0, std::string(14, '\0'), none, {}},
      // Control: sense data in descriptor format can be asked for.
      {kControlPage, 0, std::string(10, '\0'), Bytes({0x04}), {}},
      {kControlPage, 1, std::string(28, '\0'), none, {}},
      // Data compression: on, and only a promise: the storage below compresses in any case.
      {0x0f, 0, Bytes({0xc0, 0x80, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0}), Bytes({0x80}), {}},
      // Device configuration: logical objects have numbers; EOD at each write; software write
      // protection, write delay and the compression algorithm can be set.
      {kDeviceConfigurationPage,
       0,
       Bytes({0, 0, 0, 0, 0, 0, 0x40, 0, 0x18, 0, 0, 0, 1, 0}),
       Bytes({0, 0, 0, 0, 0xff, 0xff, 0, 0, 0x04, 0, 0, 0, 0x01, 0}),
       {}},
      // Medium partition: one is all there is.
      {0x11, 0, Bytes({0, 0, 0, 0x03, 0, 0, 0xff, 0xff}), none, {}},
      // Informational exceptions: TapeAlert by the log page alone.
      {0x1c, 0, Bytes({0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Bytes({0x08}), {}},
      // Medium configuration: WORM.
      {0x1d, 0, std::string(30, '\0'), none, {}},
  };
}

std::string DensityDescriptor(const vtape::DriveModel& model, bool writes, bool is_default) {
  std::string out;
  PutBe(&out, model.density_code, 1);
  PutBe(&out, model.density_code, 1);
  PutBe(&out, (writes ? 0x80 : 0) | (is_default ? 0x20 : 0), 1);
  PutBe(&out, 0, 2);
  for (const Recording& recording : kRecordings) {
    if (recording.generation != model.generation) continue;
    PutBe(&out, recording.bits_per_mm, 3);
    PutBe(&out, kMediaWidth, 2);
    PutBe(&out, recording.tracks, 2);
  }
  PutBe(&out, model.native_capacity_mb, 4);
  PutText(&out, "LTO-CVE", 8);
  PutText(&out, model.density_name, 8);
  std::string description = "Ultrium " + std::to_string(model.generation);
  PutText(&out, description, 20);
  return out;
}

std::optional<HostAttribute> HostAttributeOf(uint16_t id) {
  for (const HostAttributeRow& row : kHostAttributes) {
    if (row.id == id) return row.attribute;
  }
  if (id >= kFirstVendorAttribute && id <= kLastVendorAttribute) {
    return HostAttribute{MamFormat::kBinary, kMaxVendorAttributeBytes, false};
  }
  return std::nullopt;
}

std::vector<uint16_t> HostAttributeIds() {
  std::vector<uint16_t> out;
  for (const HostAttributeRow& row : kHostAttributes) out.push_back(row.id);
  return out;
}

}  // namespace oca::scsi
