// The backing store "oca" of tgtd: tape drives and robots of the libraries of lib/vtape. Loaded by
// LD_PRELOAD, or from tgtd's folder of modules; docs/decisions/0016-tgtd-by-preload.md.
#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "gateways/vtl/tgt-module/accounts.h"
#include "gateways/vtl/tgt-module/sessions.h"
#include "gateways/vtl/tgt-module/tgt_abi.h"
#include "gateways/vtl/tgt-module/tgtd.h"
#include "gateways/vtl/tgt-module/units.h"

namespace oca::tgt {
namespace {

constexpr uint64_t kMaxLun = 0x3fff;
constexpr size_t kCdbBytes = 16;
constexpr int kLargestCommandMemory = 32 << 20;  // the most that malloc takes as this limit

// What tgtd keeps for us behind each ScsiUnit, beginning with its own part.
struct UnitData {
  alignas(8) char threads[kThreadInfoBytes];
  Role* role;
  std::shared_ptr<Unit>* unit;
};

struct Module {
  Tgtd tgtd;
  Sessions sessions{tgtd};
  Units units;
  BackingStore store{};
};

// Lives as long as the process: tgtd's threads never end before it.
Module& TheModule() {
  static auto* module = new Module;
  return *module;
}

void Say(const std::string& text) { std::fprintf(stderr, "oca: %s\n", text.c_str()); }

UnitData& DataOf(ScsiUnit& unit) { return *reinterpret_cast<UnitData*>(&unit + 1); }

// What happened outside of commands since the last one, to any unit: the robot asks drives.
void CatchUp() {
  Module& module = TheModule();
  const std::vector<scsi::Initiator> ended = module.sessions.TakeEnded();
  for (const auto& unit : module.units.All()) {
    for (const scsi::Initiator& each : ended) unit->device().SessionEnded(each);
    unit->reservation.TellUnit(unit->device());
  }
}

// The unit was made without a library (tgtadm's -b): there is nothing behind it.
scsi::Response NothingThere() {
  const scsi::Sense sense{.key = scsi::Key::kNotReady, .asc = scsi::Asc::kMediumNotPresent};
  return {scsi::Status::kCheckCondition, scsi::EncodeSense(sense, false), 0};
}

bool Reads(const ScsiCommand& command) {
  return command.direction == kReads && command.in.address != 0;
}

scsi::Request RequestOf(const ScsiCommand& command, const scsi::Initiator& initiator) {
  bool writes = command.direction == kWrites && command.out.address != 0;
  return {initiator,
          {reinterpret_cast<const char*>(command.cdb), kCdbBytes},
          {reinterpret_cast<const char*>(command.out.address), writes ? command.out.length : 0},
          {reinterpret_cast<char*>(command.in.address), Reads(command) ? command.in.length : 0}};
}

void Answer(ScsiCommand& command, const scsi::Response& response) {
  command.sense_bytes = static_cast<int>(std::min(response.sense.size(), sizeof command.sense));
  std::memcpy(command.sense, response.sense.data(), command.sense_bytes);
  // Not a byte more than the answer leaves: the rest of the buffer is somebody else's.
  command.in.transfer_length = static_cast<uint32_t>(response.in_bytes);
  command.in.residual =
      Reads(command) ? static_cast<int32_t>(command.in.length - response.in_bytes) : 0;
  command.result = static_cast<int>(response.status);
}

scsi::Response Execute(const ScsiCommand& command) {
  std::shared_ptr<Unit>* unit = DataOf(*command.unit).unit;
  if (unit == nullptr) return NothingThere();
  CatchUp();
  const scsi::Initiator initiator = TheModule().sessions.Of(command);
  scsi::Response response = (*unit)->device().Execute(RequestOf(command, initiator));
  (*unit)->reservation.TellTgtd((*unit)->device());
  return response;
}

// On the unit's worker thread.
void Perform(ScsiCommand* command) {
  int before = 0;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  Answer(*command, Execute(*command));
  if (std::shared_ptr<Unit>* unit = DataOf(*command->unit).unit) --(*unit)->at_worker;
  pthread_setcancelstate(before, nullptr);
}

bool NothingToCatchUp(const std::vector<std::shared_ptr<Unit>>& units) {
  return !TheModule().sessions.HasEnded() &&
         std::none_of(units.begin(), units.end(),
                      [](const auto& unit) { return unit->reservation.HasNews(); });
}

// On tgtd's main thread, which must not wait, while there is nothing to catch up: a block that
// comes from or goes to memory is not worth two changes of threads. False: it is the worker's.
bool PerformAtOnce(ScsiCommand& command, Unit& unit) {
  if (unit.at_worker.load() != 0) return false;
  const scsi::Initiator initiator = TheModule().sessions.Of(command);
  auto response = unit.device().ExecuteIfQuick(RequestOf(command, initiator));
  if (response) Answer(command, *response);
  return response.has_value();
}

// On tgtd's main thread. Commands of one unit are done in the order in which they came: by its one
// worker, or here while that has none.
int OnCommand(int, ScsiCommand* command) {
  Module& module = TheModule();
  module.sessions.Note(*command);
  const std::vector<std::shared_ptr<Unit>> units = module.units.All();
  for (const auto& unit : units) {
    unit->reservation.Look(
        [&](uint64_t session) { return module.tgtd.find_nexus(unit->target, session) != nullptr; });
  }
  if (std::shared_ptr<Unit>* unit = DataOf(*command->unit).unit) {
    if (NothingToCatchUp(units) && PerformAtOnce(*command, **unit)) return command->result;
    ++(*unit)->at_worker;
  }
  return module.tgtd.submit(command);
}

int Init(ScsiUnit* unit, char* options) {
  Module& module = TheModule();
  std::string why = CheckUnit(module.tgtd, *unit, module.store);
  if (!why.empty()) {
    Say(why);
    return kUnknownError;
  }
  auto role = ParseRole(options == nullptr ? "" : options);
  if (!role || unit->lun > kMaxLun) {
    Say(role ? "LUNs go up to 16383" : "give --bsopts changer or --bsopts drive=<index>");
    return kUnknownError;
  }
  UnitData& data = DataOf(*unit);
  int opened = module.tgtd.open_threads(data.threads, Perform, 1);
  if (opened != kSuccess) return opened;
  data.role = new Role(*role);
  for (Operation& operation : unit->type.operations) operation = {OnCommand, nullptr, 0};
  return kSuccess;
}

void Exit(ScsiUnit* unit) {
  UnitData& data = DataOf(*unit);
  TheModule().tgtd.close_threads(data.threads);
  delete data.role;
}

// What tgtadm shows of the unit.
void Describe(const scsi::Identity& identity, UnitAttributes* attributes) {
  auto copy = [](const std::string& text, std::span<char> field) {
    size_t n = std::min(text.size(), field.size() - 1);
    std::memset(field.data(), 0, field.size());
    std::memcpy(field.data(), text.data(), n);
  };
  copy(identity.vendor, attributes->vendor);
  copy(identity.product, attributes->product);
  copy(identity.revision, attributes->revision);
  copy(identity.serial, attributes->serial);
  attributes->device_type = identity.device_type;
  attributes->removable = 1;
}

int Open(ScsiUnit* unit, char* path, int* fd, uint64_t* size) {
  UnitData& data = DataOf(*unit);
  // A target has one robot, and ocavtl makes it before anybody may log in.
  if (!data.role->drive) {
    std::string why = BindAccounts(TheModule().tgtd, unit->target->id);
    if (!why.empty()) {
      Say(why);
      return -1;
    }
  }
  auto opened = TheModule().units.Open(path, *data.role, unit->target->id,
                                       static_cast<uint16_t>(unit->lun), &unit->reserve_id);
  if (!opened.ok()) {
    Say(opened.status().message());
    return -1;
  }
  Describe((*opened)->device().identity(), &unit->attributes);
  data.unit = new std::shared_ptr<Unit>(*std::move(opened));
  *fd = 0;
  *size = 0;
  return 0;
}

void Close(ScsiUnit* unit) {
  UnitData& data = DataOf(*unit);
  vtape::Status status = TheModule().units.Close(*data.unit);
  if (!status.ok()) Say(status.message());
  delete data.unit;
  data.unit = nullptr;
}

// tgtd asks for the memory of each command's data on its own, aligned to pages. malloc would map
// each such piece afresh, and the kernel clear it: a third of the CPU time of reading a tape.
void KeepMemoryOfCommands() {
  mallopt(M_MMAP_THRESHOLD, kLargestCommandMemory);
  mallopt(M_TRIM_THRESHOLD, 2 * kLargestCommandMemory);
}

// Before main(): tgtd's list of backing stores is there from the beginning.
[[gnu::constructor]] void Register() {
  KeepMemoryOfCommands();
  Module& module = TheModule();
  std::string why = FindTgtd(&module.tgtd);
  if (!why.empty()) {
    Say("no tape libraries here: " + why);
    return;
  }
  module.store.name = "oca";
  module.store.data_bytes = sizeof(UnitData);
  module.store.open = Open;
  module.store.close = Close;
  module.store.init = Init;
  module.store.exit = Exit;
  module.store.submit = module.tgtd.submit;
  module.tgtd.register_backing_store(&module.store);
}

}  // namespace
}  // namespace oca::tgt

// What tgtd looks for in modules of its folder; loading has done it all.
extern "C" [[gnu::visibility("default")]] void register_bs_module() {}
