#include "fs/format/repair_history.h"

#include "fs/format/pack_parts.h"
#include "lib/base/coding.h"

namespace oca::format {
namespace {

constexpr std::string_view kRepairsMagic = "OCAREPRS";
constexpr size_t kRepairsFixedSize = 8 + 2 + 2 + 4;

void PutLines(const std::vector<std::string>& lines, std::string* out) {
  PutVarint(out, lines.size());
  for (const std::string& line : lines) PutLengthPrefixed(out, line);
}

std::vector<std::string> TakeLines(ByteReader& in) {
  std::vector<std::string> lines;
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    lines.emplace_back(in.LengthPrefixed());
  }
  return lines;
}

}  // namespace

std::string EncodeRepairHistory(const std::vector<RepairRecord>& records) {
  std::string out(kRepairsMagic);
  PutLe<uint16_t>(&out, kPackVersion);
  PutLe<uint16_t>(&out, 0);
  PutLe<uint32_t>(&out, static_cast<uint32_t>(records.size()));
  for (const RepairRecord& record : records) {
    PutVarint(&out, static_cast<uint64_t>(record.started));
    PutVarint(&out, static_cast<uint64_t>(record.ended));
    PutVarint(&out, record.group.value);
    PutVarint(&out, record.fault_count);
    PutLengthPrefixed(&out, record.error);
    PutLines(record.repairs, &out);
    PutLines(record.faults, &out);
  }
  PutCrc(&out);
  return out;
}

absl::StatusOr<std::vector<RepairRecord>> DecodeRepairHistory(std::string_view bytes) {
  if (bytes.size() < kRepairsFixedSize + kCrcSize || !bytes.starts_with(kRepairsMagic) ||
      !CrcHolds(bytes)) {
    return absl::DataLossError("repair history: not such a file, or its checksum is wrong");
  }
  ByteReader in(bytes.substr(kRepairsMagic.size(), bytes.size() - kRepairsMagic.size() - kCrcSize));
  if (absl::Status known = CheckVersion(in.Le<uint16_t>(), "repair history"); !known.ok()) {
    return known;
  }
  in.Le<uint16_t>();
  std::vector<RepairRecord> records;
  for (uint32_t left = in.Le<uint32_t>(); left > 0 && in.ok(); --left) {
    RepairRecord record;
    record.started = static_cast<int64_t>(in.Varint());
    record.ended = static_cast<int64_t>(in.Varint());
    record.group = GroupId(static_cast<uint32_t>(in.Varint()));
    record.fault_count = in.Varint();
    record.error = std::string(in.LengthPrefixed());
    record.repairs = TakeLines(in);
    record.faults = TakeLines(in);
    records.push_back(std::move(record));
  }
  if (!in.ok() || !in.empty()) {
    return absl::DataLossError("repair history: counts and size contradict each other");
  }
  return records;
}

}  // namespace oca::format
