// The iSCSI sessions that send commands: who they are, and which of them have ended.
#ifndef OCA_GATEWAYS_VTL_TGT_MODULE_SESSIONS_H_
#define OCA_GATEWAYS_VTL_TGT_MODULE_SESSIONS_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gateways/vtl/scsi/command.h"
#include "gateways/vtl/tgt-module/tgtd.h"

namespace oca::tgt {

class Sessions {
 public:
  // `tgtd` must outlive it.
  explicit Sessions(const Tgtd& tgtd) : tgtd_(tgtd) {}

  // On tgtd's main thread: notes who sends `command`, and, unless it only moves data, which
  // sessions have ended.
  void Note(const ScsiCommand& command);
  // Who sends `command`, which was noted. Thread-safe.
  scsi::Initiator Of(const ScsiCommand& command);
  // Whether TakeEnded has something. Thread-safe.
  bool HasEnded();
  // Those that ended since the last call. Thread-safe.
  std::vector<scsi::Initiator> TakeEnded();

 private:
  using Key = std::pair<int, uint64_t>;  // target and nexus

  // The initiator port of a nexus, "name,i,0x<session identifier>"; empty when it has ended.
  std::string PortOf(const Key& key) const;
  void Sweep();

  const Tgtd& tgtd_;
  std::mutex mu_;
  std::map<Key, scsi::Initiator> known_;  // guarded by mu_
  std::vector<scsi::Initiator> ended_;    // guarded by mu_
};

}  // namespace oca::tgt

#endif  // OCA_GATEWAYS_VTL_TGT_MODULE_SESSIONS_H_
