// A tape library in memory, as Oca's own SCSI units show it: what iSCSI leads to, without the way.
#ifndef OCA_T_UNIT_GATEWAYS_NDMP_MEMORY_LIBRARY_H_
#define OCA_T_UNIT_GATEWAYS_NDMP_MEMORY_LIBRARY_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gateways/ndmp/device/devices.h"
#include "gateways/ndmp/device/scsi_unit.h"
#include "gateways/vtl/scsi/changer.h"
#include "gtest/gtest.h"
#include "lib/io/testing/memory_file_system.h"
#include "lib/vtape/library.h"
#include "t/support/vtape_storage.h"

namespace oca::ndmp {

// A robot (unit 1) and two drives (2, 3; elements 500, 501), tapes in slots 1000 and up.
class MemoryLibrary {
 public:
  explicit MemoryLibrary(uint64_t tape_bytes = 64 << 20, uint32_t tapes = 4) {
    vtape::LibrarySpec spec{.serial = "LIB001",
                            .barcode_prefix = "AFNGC6",
                            .oem_vendor = "",
                            .drive_generation = 4,
                            .drives = 2,
                            .slots = 8,
                            .mail_slots = 1};
    EXPECT_TRUE(vtape::Library::Create(storage_, "/l", spec).ok());
    auto opened = vtape::Library::Open(storage_, "/l");
    EXPECT_TRUE(opened.ok());
    library_ = *std::move(opened);
    char next = 0;
    auto fill = [&](std::span<char> out) { std::fill(out.begin(), out.end(), ++next); };
    EXPECT_TRUE(
        library_->AddCartridges({tapes, tape_bytes, vtape::MediumKind::kData, 4}, fill).ok());
    changer_ = std::make_unique<scsi::Changer>(*library_);
    for (uint16_t i = 0; i < 2; ++i) {
      drives_.push_back(
          std::make_unique<scsi::Drive>(storage_, scsi::DriveConfigOf(library_->inventory(), i)));
      changer_->Attach(static_cast<uint16_t>(500 + i), *drives_.back());
    }
    changer_->SetLuns({1, 2, 3});
  }

  // A session of a host, as Devices wants it.
  std::unique_ptr<ScsiUnit> Connect(uint32_t lun = 0) {
    return std::make_unique<Session>(*this, ++sessions_, lun);
  }
  Devices::Opener Opener() {
    return [this](const LibraryAddress&) { return Connect(); };
  }
  // How many blocks hosts have asked for.
  int reads() const { return reads_; }
  // The robot's hand: from one element to another.
  bool Move(uint16_t from, uint16_t to) {
    std::string cdb(12, '\0');
    cdb[0] = '\xa5';
    cdb[4] = static_cast<char>(from >> 8);
    cdb[5] = static_cast<char>(from & 0xff);
    cdb[6] = static_cast<char>(to >> 8);
    cdb[7] = static_cast<char>(to & 0xff);
    std::unique_ptr<ScsiUnit> robot = Connect(1);
    for (int i = 0; i < 4; ++i) {
      auto answer = robot->Execute({.cdb = cdb});
      if (answer.ok() && answer->good()) return true;
    }
    return false;
  }

 private:
  class Session final : public ScsiUnit {
   public:
    Session(MemoryLibrary& library, uint64_t id, uint32_t lun)
        : library_(library), initiator_{"iqn.a:host,i,0x" + std::to_string(id), id}, lun_(lun) {}
    ~Session() override {
      for (uint32_t lun : {1, 2, 3}) library_.Unit(lun).SessionEnded(initiator_);
    }
    // Done at once: a drive may have done a command long before anybody looks for its answer.
    void Start(const ScsiCommand& command) override {
      if (command.cdb[0] == '\x08') ++library_.reads_;
      answer_ = {};
      if (command.into == nullptr) answer_.in.resize(command.in_bytes);
      const std::span<char> in(command.into != nullptr ? command.into : answer_.in.data(),
                               command.in_bytes);
      scsi::Response response =
          library_.Unit(lun_).Execute({initiator_, command.cdb, command.out, in});
      answer_.status = static_cast<uint8_t>(response.status);
      answer_.in_bytes = static_cast<uint32_t>(response.in_bytes);
      answer_.in.resize(std::min(answer_.in.size(), response.in_bytes));
      answer_.sense = response.sense;
      answer_.out_bytes = static_cast<uint32_t>(command.out.size());
    }
    absl::StatusOr<ScsiAnswer> Finish() override { return std::move(answer_); }
    void SelectLun(uint32_t lun) override { lun_ = lun; }

   private:
    MemoryLibrary& library_;
    const scsi::Initiator initiator_;
    uint32_t lun_;
    ScsiAnswer answer_;
  };

  // Unit 0 is there for REPORT LUNS alone, as in tgtd.
  scsi::LogicalUnit& Unit(uint32_t lun) {
    if (lun <= 1) return *changer_;
    return *drives_[lun - 2];
  }

  io::MemoryFileSystem fs_;
  support::VtapeStorage storage_{fs_};
  std::unique_ptr<vtape::Library> library_;
  std::unique_ptr<scsi::Changer> changer_;
  std::vector<std::unique_ptr<scsi::Drive>> drives_;
  std::atomic<uint64_t> sessions_ = 0;
  std::atomic<int> reads_ = 0;
};

}  // namespace oca::ndmp

#endif  // OCA_T_UNIT_GATEWAYS_NDMP_MEMORY_LIBRARY_H_
