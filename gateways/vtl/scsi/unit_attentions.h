// Unit attention conditions: what happened to a logical unit that each initiator has to hear once.
#ifndef OCA_GATEWAYS_VTL_SCSI_UNIT_ATTENTIONS_H_
#define OCA_GATEWAYS_VTL_SCSI_UNIT_ATTENTIONS_H_

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "gateways/vtl/scsi/sense.h"

namespace oca::scsi {

// Not thread-safe. Ports that never sent a command hear nothing: a new session begins with the
// transport's own unit attention.
class UnitAttentions {
 public:
  static constexpr size_t kMaxPorts = 1024;  // the one heard of longest ago goes first

  void Know(const std::string& port);
  // A condition that `port` has not heard of yet is established once only.
  void Add(const std::string& port, Asc asc);
  void AddForAll(Asc asc) { AddForOthers("", asc); }
  void AddForOthers(const std::string& port, Asc asc);
  // The oldest condition of `port`, which is then cleared.
  std::optional<Asc> Take(const std::string& port);

 private:
  struct Port {
    std::deque<Asc> pending;
    uint64_t known_at = 0;
  };
  std::map<std::string, Port> ports_;
  uint64_t clock_ = 0;
};

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_UNIT_ATTENTIONS_H_
