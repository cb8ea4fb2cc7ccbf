// An initiator for tests: sends CDBs to a logical unit and takes answers apart.
#ifndef OCA_T_UNIT_GATEWAYS_VTL_SCSI_HOST_H_
#define OCA_T_UNIT_GATEWAYS_VTL_SCSI_HOST_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "gateways/vtl/scsi/drive.h"
#include "gateways/vtl/scsi/logical_unit.h"
#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "lib/vtape/cartridge.h"
#include "t/support/scsi_answer.h"
#include "t/support/vtape_storage.h"

namespace oca::scsi {

class Host {
 public:
  Host(LogicalUnit& unit, std::string port, uint64_t session)
      : unit_(unit), initiator_{std::move(port), session} {}

  Answer Send(const std::string& cdb, std::string_view out = {}, size_t in_bytes = 1 << 16) {
    std::string buffer(in_bytes, '\xee');
    Response response = unit_.Execute({initiator_, cdb, out, buffer});
    EXPECT_LE(response.in_bytes, in_bytes);
    buffer.resize(response.in_bytes);
    return {response.status, buffer, response.sense};
  }
  Answer Send(std::initializer_list<int> cdb, std::string_view out = {},
              size_t in_bytes = 1 << 16) {
    return Send(Raw(cdb), out, in_bytes);
  }
  // Nothing when the unit does not do it at once.
  std::optional<Answer> SendIfQuick(const std::string& cdb, std::string_view out, size_t in_bytes) {
    std::string buffer(in_bytes, '\xee');
    auto response = unit_.ExecuteIfQuick({initiator_, cdb, out, buffer});
    if (!response) return std::nullopt;
    buffer.resize(response->in_bytes);
    return Answer{response->status, buffer, response->sense};
  }
  const Initiator& initiator() const { return initiator_; }

 private:
  LogicalUnit& unit_;
  Initiator initiator_;
};

// READ(6) and WRITE(6) of one block.
inline Answer ReadBlock(Host& host, uint32_t bytes, bool sili = false) {
  std::string cdb = Raw({0x08, sili ? 0x02 : 0x00});
  PutBe(&cdb, bytes, 3);
  return host.Send(cdb + '\0', {}, bytes);
}
inline Answer WriteBlock(Host& host, const std::string& block) {
  std::string cdb = Raw({0x0a, 0x00});
  PutBe(&cdb, block.size(), 3);
  return host.Send(cdb + '\0', block, 0);
}
inline Answer WriteMarks(Host& host, uint32_t count) {
  std::string cdb = Raw({0x10, 0x00});
  PutBe(&cdb, count, 3);
  return host.Send(cdb + '\0');
}
inline Answer Rewind(Host& host) { return host.Send({0x01, 0, 0, 0, 0, 0}); }
inline uint64_t Position(Host& host) {
  return host.Send({0x34, 0x06, 0, 0, 0, 0, 0, 0, 0, 0}).Number(8, 8);
}
// MODE SELECT(6) of a block length, 0 for variable ones.
inline Answer SetBlockLength(Host& host, uint32_t bytes) {
  std::string list = Raw({0, 0, 0x10, 8, 0, 0, 0, 0, 0});
  PutBe(&list, bytes, 3);
  return host.Send(Raw({0x15, 0x10, 0, 0, static_cast<int>(list.size()), 0}), list);
}

// A drive of LTO-6 with cartridges of any kind, and two hosts.
class DriveTest : public testing::Test {
 protected:
  void MakeTape(const std::string& dir, uint64_t capacity_bytes = 64 << 20,
                vtape::MediumKind kind = vtape::MediumKind::kData, uint8_t generation = 6) {
    vtape::Attributes attributes;
    attributes.barcode = "A00001L6";
    attributes.kind = kind;
    attributes.generation = generation;
    attributes.capacity_bytes = capacity_bytes;
    vtape::Status made = vtape::Cartridge::Create(storage_, dir, attributes);
    ASSERT_TRUE(made.ok()) << made.message();
  }
  // Makes a tape and loads it; hosts have heard of it.
  void LoadTape(uint64_t capacity_bytes = 64 << 20,
                vtape::MediumKind kind = vtape::MediumKind::kData, uint8_t generation = 6) {
    MakeTape("/tape", capacity_bytes, kind, generation);
    drive_.Insert("/tape");
  }
  static DriveConfig Config() {
    return {.model = vtape::DriveModelOf(6),
            .oem_vendor = "",
            .serial = "LIB0010001",
            .changer_serial = "LIB001"};
  }

  io::FaultFileSystem fs_;
  support::VtapeStorage storage_{fs_};
  Drive drive_{storage_, Config()};
  Host host_{drive_, "iqn.a:one,i,0x1", 1};
  Host other_{drive_, "iqn.a:two,i,0x2", 2};
};

}  // namespace oca::scsi

#endif  // OCA_T_UNIT_GATEWAYS_VTL_SCSI_HOST_H_
