// The table of the commands that every logical unit has, and what reports of it.
#include "gateways/vtl/scsi/logical_unit.h"

namespace oca::scsi {
namespace {

constexpr uint32_t kTimeoutSeconds = 300;  // that initiators had better wait, of any command

void PutTimeouts(std::string* out) {
  PutBe(out, 0x0a, 2);
  PutBe(out, 0, 2);
  PutBe(out, 0, 4);
  PutBe(out, kTimeoutSeconds, 4);
}

// CDB USAGE DATA: which bits mean something.
std::string Usage(const CommandSpec& spec) {
  std::string out(spec.usage.begin(), spec.usage.begin() + spec.bytes);
  out[0] = static_cast<char>(spec.opcode);
  if (spec.action != CommandSpec::kNoAction) out[1] = static_cast<char>(out[1] | spec.action);
  return out;
}

}  // namespace

std::span<const CommandSpec> LogicalUnit::CommonCommands() {
  using enum Sharing;
  constexpr int kNone = CommandSpec::kNoAction;
  using Unit = LogicalUnit;
  static constexpr CommandSpec kCommands[] = {
      {0x00, kNone, 6, {}, kAlways, kNever, Run<&Unit::TestUnitReady>},
      {0x03, kNone, 6, {0, 0x01, 0, 0, 0xff}, kAlways, kAlways, Run<&Unit::RequestSense>},
      {0x12, kNone, 6, {0, 0x01, 0xff, 0xff, 0xff}, kAlways, kAlways, Run<&Unit::Inquiry>},
      {0x15, kNone, 6, {0, 0x11, 0, 0, 0xff}, kNever, kNever, Run<&Unit::ModeSelect>},
      {0x16, kNone, 6, {}, kAlways, kNever, Run<&Unit::Reserve>},
      {0x17, kNone, 6, {}, kAlways, kAlways, Run<&Unit::Release>},
      {0x1a, kNone, 6, {0, 0x08, 0xff, 0xff, 0xff}, kNever, kNever, Run<&Unit::ModeSense>},
      {0x1d, kNone, 6, {0, 0x14, 0, 0xff, 0xff}, kNever, kNever, Run<&Unit::SendDiagnostic>},
      {0x1e, kNone, 6, {0, 0, 0, 0, 0x03}, kAlways, kAlways, Run<&Unit::PreventRemoval>},
      {0x4c,
       kNone,
       10,
       {0, 0x03, 0xff, 0xff, 0, 0, 0, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Unit::LogSelect>},
      {0x4d,
       kNone,
       10,
       {0, 0, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0xff},
       kAlways,
       kAlways,
       Run<&Unit::LogSense>},
      {0x55,
       kNone,
       10,
       {0, 0x11, 0, 0, 0, 0, 0, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Unit::ModeSelect>},
      {0x56, kNone, 10, {}, kAlways, kNever, Run<&Unit::Reserve>},
      {0x57, kNone, 10, {}, kAlways, kAlways, Run<&Unit::Release>},
      {0x5a,
       kNone,
       10,
       {0, 0x08, 0xff, 0xff, 0, 0, 0, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Unit::ModeSense>},
      {0x5e, 0, 10, {0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, kAlways, kNever, Run<&Unit::ReserveIn>},
      {0x5e, 1, 10, {0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, kAlways, kNever, Run<&Unit::ReserveIn>},
      {0x5e, 2, 10, {0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, kAlways, kNever, Run<&Unit::ReserveIn>},
      {0x5e, 3, 10, {0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, kAlways, kNever, Run<&Unit::ReserveIn>},
#define OUT(action)                            \
  {0x5f,                                       \
   action,                                     \
   10,                                         \
   {0, 0, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff}, \
   kAlways,                                    \
   kNever,                                     \
   Run<&Unit::ReserveOut>}
      OUT(0),
      OUT(1),
      OUT(2),
      OUT(3),
      OUT(4),
      OUT(5),
      OUT(6),
#undef OUT
      {0xa0,
       kNone,
       12,
       {0, 0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
       kAlways,
       kAlways,
       Run<&Unit::ReportLuns>},
      {0xa3,
       0x0c,
       12,
       {0, 0, 0x87, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Unit::ReportSupportedOpcodes>},
      {0xa3,
       0x0d,
       12,
       {0, 0, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Unit::ReportTaskManagement>},
  };
  return kCommands;
}

std::vector<const CommandSpec*> LogicalUnit::AllCommands() const {
  std::vector<const CommandSpec*> out;
  for (std::span<const CommandSpec> table : {CommonCommands(), Commands()}) {
    for (const CommandSpec& spec : table) out.push_back(&spec);
  }
  std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
    return a->opcode != b->opcode ? a->opcode < b->opcode : a->action < b->action;
  });
  return out;
}

Outcome LogicalUnit::ReportSupportedOpcodes(Command& command) {
  bool timeouts = command.cdb.Has(2, 0x80);
  uint8_t option = command.cdb[2] & 0x07;
  uint8_t opcode = command.cdb[3];
  uint64_t action = command.cdb.Get(4, 2);
  uint64_t allocation = command.cdb.Get(6, 4);
  std::string out;
  if (option == 0) {
    std::string list;
    for (const CommandSpec* spec : AllCommands()) {
      bool has_action = spec->action != CommandSpec::kNoAction;
      PutBe(&list, spec->opcode, 1);
      PutBe(&list, 0, 1);
      PutBe(&list, has_action ? spec->action : 0, 2);
      PutBe(&list, 0, 1);
      PutBe(&list, (timeouts ? 0x02 : 0) | (has_action ? 0x01 : 0), 1);
      PutBe(&list, spec->bytes, 2);
      if (timeouts) PutTimeouts(&list);
    }
    PutBe(&out, list.size(), 4);
    return command.Reply(out + list, allocation);
  }
  if (option > 3) return InvalidCdb(2);
  const CommandSpec* found = nullptr;
  bool has_actions = false;
  for (const CommandSpec* spec : AllCommands()) {
    if (spec->opcode != opcode) continue;
    has_actions = has_actions || spec->action != CommandSpec::kNoAction;
    if (spec->action == CommandSpec::kNoAction ? action == 0 || option == 1
                                               : static_cast<uint64_t>(spec->action) == action) {
      found = spec;
    }
  }
  // 1 asks for commands without service actions, 2 for those with them, 3 for either.
  if (option == 1 && has_actions) return InvalidCdb(2);
  if (option == 2 && !has_actions && found != nullptr) return InvalidCdb(2);
  constexpr uint8_t kSupported = 3;
  constexpr uint8_t kNotSupported = 1;
  PutBe(&out, 0, 1);
  if (found == nullptr) {
    PutBe(&out, kNotSupported, 1);
    PutBe(&out, 0, 2);
    return command.Reply(out, allocation);
  }
  PutBe(&out, kSupported | (timeouts ? 0x80 : 0), 1);
  PutBe(&out, found->bytes, 2);
  out += Usage(*found);
  if (timeouts) PutTimeouts(&out);
  return command.Reply(out, allocation);
}

Outcome LogicalUnit::ReportTaskManagement(Command& command) {
  constexpr uint8_t kFunctions = 0xda;  // abort task, abort and clear task set, both resets
  std::string out;
  PutBe(&out, kFunctions, 1);
  PutBe(&out, 0, 2);
  if (command.cdb.Has(2, 0x80)) {
    PutBe(&out, 12, 1);
    PutBe(&out, 0, 12);
  } else {
    PutBe(&out, 0, 1);
  }
  return command.Reply(out, command.cdb.Get(6, 4));
}

}  // namespace oca::scsi
