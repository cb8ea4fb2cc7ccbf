// A command as a logical unit gets it, and the tables that say which commands it knows.
#ifndef OCA_GATEWAYS_VTL_SCSI_COMMAND_H_
#define OCA_GATEWAYS_VTL_SCSI_COMMAND_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateways/vtl/scsi/sense.h"
#include "gateways/vtl/scsi/wire.h"

namespace oca::scsi {

// Who sends a command: one end of an I_T nexus.
struct Initiator {
  std::string port;      // its name, and what tells its ports apart: "iqn.x:host,i,0x00023d000000"
  uint64_t session = 0;  // differs between the sessions that one port has one after the other
};

// A CDB of at most 16 bytes; what it does not have reads as zeros.
class Cdb {
 public:
  explicit Cdb(std::string_view bytes) : size_(bytes.size()) {
    std::copy_n(bytes.begin(), std::min(bytes.size(), bytes_.size()), bytes_.begin());
  }
  uint64_t Get(size_t at, size_t bytes) const {
    return GetBe(std::string_view(bytes_.data(), bytes_.size()).substr(at, bytes));
  }
  uint8_t operator[](size_t at) const { return static_cast<uint8_t>(bytes_[at]); }
  bool Has(size_t at, uint8_t mask) const { return ((*this)[at] & mask) != 0; }
  size_t size() const { return size_; }

 private:
  size_t size_;
  std::array<char, 16> bytes_{};
};

// Buffers are borrowed for the call.
struct Request {
  const Initiator& initiator;
  std::string_view cdb;
  std::string_view out;  // what the initiator sends
  std::span<char> in;    // where what it expects goes
};

struct Response {
  Status status = Status::kGood;
  std::string sense;    // of CHECK CONDITION
  size_t in_bytes = 0;  // of Request::in that hold data
};

// A request on its way through a logical unit.
struct Command {
  const Initiator& initiator;
  Cdb cdb;
  std::string_view out;
  std::span<char> in;
  size_t in_bytes = 0;

  // Answers with as much of `data` as `allocation_bytes` and the initiator's buffer allow.
  Outcome Reply(std::string_view data, uint64_t allocation_bytes) {
    size_t n = std::min({data.size(), in.size(), static_cast<size_t>(allocation_bytes)});
    std::copy_n(data.begin(), n, in.begin());
    in_bytes = n;
    return Good();
  }
};

class LogicalUnit;

// What a command may do while somebody else holds a reservation of this kind (the tables of SPC-4
// 5.9, SSC-3 and SMC-3).
enum class Sharing : uint8_t {
  kAlways,   // it is allowed
  kReading,  // allowed but for exclusive access
  kNever,    // it conflicts
};

struct CommandSpec {
  static constexpr int kNoAction = -1;

  uint8_t opcode;
  int action;                     // service action in byte 1, or kNoAction
  uint8_t bytes;                  // of the CDB
  std::array<uint8_t, 16> usage;  // bits that mean something, without opcode and service action
  Sharing persistent;             // under persistent reservations of others
  Sharing reserved;               // under SPC-2 reservations of others
  Outcome (*run)(LogicalUnit& unit, Command& command);
};

namespace internal {
template <typename Unit>
Unit UnitOf(Outcome (Unit::*)(Command&));
}  // namespace internal

// CommandSpec::run of a member function.
template <auto kMethod>
Outcome Run(LogicalUnit& unit, Command& command) {
  using Unit = decltype(internal::UnitOf(kMethod));
  return (static_cast<Unit&>(unit).*kMethod)(command);
}

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_COMMAND_H_
