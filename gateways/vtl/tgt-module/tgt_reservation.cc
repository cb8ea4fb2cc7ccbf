#include "gateways/vtl/tgt-module/tgt_reservation.h"

namespace oca::tgt {

void TgtReservation::Look(const std::function<bool(uint64_t)>& lives) {
  uint64_t shown = shown_.load();
  if (shown == 0 || __atomic_load_n(reserve_id_, __ATOMIC_SEQ_CST) != 0) return;
  // Unless the worker itself has just taken it back: it clears shown_ first.
  if (!shown_.compare_exchange_strong(shown, 0)) return;
  if (shown != kKeptIn && !lives(shown)) {
    ended_ = shown;
  } else {
    reset_ = true;
  }
}

void TgtReservation::TellUnit(scsi::LogicalUnit& unit) {
  if (uint64_t ended = ended_.exchange(0); ended != 0) unit.SessionEnded({"", ended});
  if (reset_.exchange(false)) unit.Reset();
}

void TgtReservation::TellTgtd(scsi::LogicalUnit& unit) {
  uint64_t holds = unit.reserved_by().value_or(unit.RemovalPrevented() ? kKeptIn : 0);
  // What has not changed is left alone: tgtd may have cleared it meanwhile.
  if (holds == shown_.load()) return;
  if (HasNews()) return;
  if (holds == 0) shown_ = 0;
  __atomic_store_n(reserve_id_, holds, __ATOMIC_SEQ_CST);
  shown_ = holds;
}

}  // namespace oca::tgt
