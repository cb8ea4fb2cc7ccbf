// The medium as a whole: LOAD UNLOAD, READ BLOCK LIMITS, REPORT DENSITY SUPPORT.
#include "gateways/vtl/scsi/drive.h"
#include "gateways/vtl/scsi/drive_tables.h"

namespace oca::scsi {

Outcome Drive::LoadUnload(Command& command) {
  constexpr uint8_t kLoad = 0x01;
  constexpr uint8_t kToEnd = 0x04;
  if (command.cdb.Has(4, kLoad) && command.cdb.Has(4, kToEnd)) return InvalidCdb(4);
  if (dir_.empty()) return Check(Key::kNotReady, Asc::kMediumNotPresent);
  if (!command.cdb.Has(4, kLoad)) {
    if (tape_ == nullptr) return Good();
    if (RemovalPrevented()) {
      Raise(TapeAlertFlag(kAlertNoRemoval));
      return Check(Key::kIllegalRequest, Asc::kRemovalPrevented);
    }
    vtape::Status status = Unload();
    return status.ok() ? Good() : WriteFailed(status, 0);
  }
  if (tape_ != nullptr) {
    if (Outcome settled = Settle(); !settled.good()) return settled;
    tape_->Rewind();
    return Good();
  }
  Outcome loaded = Load();
  if (loaded.good()) {
    attentions_.AddForOthers(command.initiator.port, Asc::kMediumMayHaveChanged);
  }
  return loaded;
}

Outcome Drive::ReadBlockLimits(Command& command) {
  std::string out;
  PutBe(&out, 0, 1);  // any length
  PutBe(&out, vtape::kMaxBlockBytes, 3);
  PutBe(&out, 1, 2);
  return command.Reply(out, out.size());
}

Outcome Drive::ReportDensity(Command& command) {
  bool of_medium = command.cdb.Has(1, 0x01);
  if (of_medium) {
    if (Outcome ready = Ready(); !ready.good()) return ready;
  }
  std::string list;
  for (const vtape::DriveModel& model : vtape::DriveModels()) {
    uint8_t own = config_.model->generation;
    bool wanted = of_medium ? model.generation == tape_->attributes().generation
                            : vtape::DriveReads(own, model.generation);
    if (!wanted) continue;
    list += DensityDescriptor(model, vtape::DriveWrites(own, model.generation),
                              model.generation == own);
  }
  std::string out;
  PutBe(&out, list.size() + 2, 2);
  PutBe(&out, 0, 2);
  return command.Reply(out + list, command.cdb.Get(7, 2));
}

}  // namespace oca::scsi
