// MODE SENSE and SELECT, LOG SENSE and SELECT.
#include "gateways/vtl/scsi/logical_unit.h"

namespace oca::scsi {
namespace {

constexpr uint8_t kModeSense10 = 0x5a;
constexpr uint8_t kModeSelect10 = 0x55;
constexpr uint8_t kSave = 0x01;
constexpr uint8_t kNoBlockDescriptors = 0x08;
constexpr uint8_t kCodeMask = 0x3f;
constexpr size_t kBlockDescriptorBytes = 8;

}  // namespace

Outcome LogicalUnit::ModeSense(Command& command) {
  bool ten = command.cdb[0] == kModeSense10;
  uint8_t page = command.cdb[2] & kCodeMask;
  uint8_t subpage = command.cdb[3];
  auto control = static_cast<PageControl>(command.cdb[2] >> 6);
  if (control == PageControl::kSaved) return Check(Key::kIllegalRequest, Asc::kSavingNotSupported);
  // Page 0, of which there is nothing, asks for the header alone.
  std::string body;
  if (page != 0) {
    if (subpage != 0 && subpage != kAllSubpages && page == kAllPages) return InvalidCdb(3);
    body = pages_.Read(page, subpage, control);
    if (body.empty()) return InvalidCdb(2);
  } else if (subpage != 0) {
    return InvalidCdb(3);
  }
  ModeHeader header = Header(control);
  if (command.cdb.Has(1, kNoBlockDescriptors)) header.block_descriptor.clear();
  size_t size = (ten ? 8 : 4) + header.block_descriptor.size() + body.size();
  std::string out;
  PutBe(&out, ten ? size - 2 : size - 1, ten ? 2 : 1);
  PutBe(&out, header.medium_type, 1);
  PutBe(&out, header.device_specific, 1);
  if (ten) PutBe(&out, 0, 2);
  PutBe(&out, header.block_descriptor.size(), ten ? 2 : 1);
  out += header.block_descriptor + body;
  return command.Reply(out, ten ? command.cdb.Get(7, 2) : command.cdb[4]);
}

Outcome LogicalUnit::ModeSelect(Command& command) {
  bool ten = command.cdb[0] == kModeSelect10;
  if (command.cdb.Has(1, kSave)) return InvalidCdb(1);
  size_t length = ten ? command.cdb.Get(7, 2) : command.cdb[4];
  if (length == 0) return Good();
  const size_t header_bytes = ten ? 8 : 4;
  if (length < header_bytes || command.out.size() < length) {
    return Check(Key::kIllegalRequest, Asc::kParameterListLengthError);
  }
  std::string_view list = command.out.substr(0, length);
  size_t descriptor_bytes = ten ? GetBe(list.substr(6, 2)) : GetBe(list.substr(3, 1));
  if (descriptor_bytes != 0 && descriptor_bytes != kBlockDescriptorBytes) {
    return InvalidParameter(ten ? 6 : 3);
  }
  if (ten && (list[4] & 1) != 0) return InvalidParameter(4);  // long block descriptors
  if (list.size() - header_bytes < descriptor_bytes) {
    return Check(Key::kIllegalRequest, Asc::kParameterListLengthError);
  }
  ModeHeader header{static_cast<uint8_t>(list[ten ? 2 : 1]),
                    static_cast<uint8_t>(list[ten ? 3 : 2]),
                    std::string(list.substr(header_bytes, descriptor_bytes))};
  auto state = [&] {
    ModeHeader now = Header(PageControl::kCurrent);
    return now.block_descriptor + static_cast<char>(now.device_specific) +
           pages_.Read(kAllPages, kAllSubpages, PageControl::kCurrent);
  };
  std::string before = state();
  if (Outcome checked = CheckHeader(header, header_bytes); !checked.good()) return checked;
  if (Outcome set = pages_.Select(list, header_bytes + descriptor_bytes); !set.good()) return set;
  SetHeader(header);
  if (state() != before) {
    attentions_.AddForOthers(command.initiator.port, Asc::kModeParametersChanged);
  }
  return Good();
}

Outcome LogicalUnit::LogSense(Command& command) {
  uint8_t page = command.cdb[2] & kCodeMask;
  auto first = static_cast<uint16_t>(command.cdb.Get(5, 2));
  if (command.cdb[3] != 0) return InvalidCdb(3);
  // Only cumulative values are kept: 01b. The others are thresholds and defaults.
  if (command.cdb[2] >> 6 != 1) return InvalidCdb(2);
  std::vector<uint8_t> codes = LogPageCodes();
  if (page == 0) {
    std::string out;
    PutBe(&out, 0, 2);
    PutBe(&out, codes.size() + 1, 2);
    PutBe(&out, 0, 1);
    for (uint8_t code : codes) PutBe(&out, code, 1);
    return first == 0 ? command.Reply(out, command.cdb.Get(7, 2)) : InvalidCdb(5);
  }
  if (std::find(codes.begin(), codes.end(), page) == codes.end()) return InvalidCdb(2);
  std::vector<LogParameter> parameters = LogPage(page, command.initiator.port);
  if (first > 0 && (parameters.empty() || parameters.back().code < first)) return InvalidCdb(5);
  return command.Reply(EncodeLogPage(page, parameters, first), command.cdb.Get(7, 2));
}

// Counters can be reset; nothing else of a log can be set.
Outcome LogicalUnit::LogSelect(Command& command) {
  constexpr uint8_t kParameterCodeReset = 0x02;
  if (command.cdb.Has(1, kSave)) return InvalidCdb(1);
  if (command.cdb.Get(7, 2) != 0) return InvalidCdb(7);
  if (command.cdb.Has(1, kParameterCodeReset)) ResetLog();
  return Good();
}

}  // namespace oca::scsi
