// How we hear of what tgtd keeps to itself: that a unit was reset, or that the session that holds
// it has ended. Then tgtd clears the unit's reservation, which is its only state that we may set.
#ifndef OCA_GATEWAYS_VTL_TGT_MODULE_TGT_RESERVATION_H_
#define OCA_GATEWAYS_VTL_TGT_MODULE_TGT_RESERVATION_H_

#include <atomic>
#include <cstdint>
#include <functional>

#include "gateways/vtl/scsi/logical_unit.h"

namespace oca::tgt {

// Worker and main thread use it at once.
class TgtReservation {
 public:
  // `reserve_id` is tgtd's: the session that holds the unit, or 0. Before any other call.
  void Follow(uint64_t* reserve_id) { reserve_id_ = reserve_id; }

  // On tgtd's main thread: looks whether tgtd has cleared it. `lives` tells whether a session does.
  void Look(const std::function<bool(uint64_t)>& lives);
  // Whether Look found something that the unit has not been told.
  bool HasNews() const { return ended_.load() != 0 || reset_.load(); }
  // On a worker thread, before a command: tells `unit` what Look found.
  void TellUnit(scsi::LogicalUnit& unit);
  // On the unit's worker thread, after a command: shows tgtd what `unit` holds.
  void TellTgtd(scsi::LogicalUnit& unit);

 private:
  static constexpr uint64_t kKeptIn = ~uint64_t{0};  // nobody's session: the medium is kept in

  uint64_t* reserve_id_ = nullptr;
  std::atomic<uint64_t> shown_ = 0;  // what tgtd's should be; 0: nothing to be cleared
  std::atomic<uint64_t> ended_ = 0;  // the session that has ended with its reservation
  std::atomic<bool> reset_ = false;
};

}  // namespace oca::tgt

#endif  // OCA_GATEWAYS_VTL_TGT_MODULE_TGT_RESERVATION_H_
