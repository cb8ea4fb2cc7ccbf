// The robot of a tape library as hosts see it: SMC-3's commands on the library's inventory.
#ifndef OCA_GATEWAYS_VTL_SCSI_CHANGER_H_
#define OCA_GATEWAYS_VTL_SCSI_CHANGER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateways/vtl/scsi/drive.h"
#include "gateways/vtl/scsi/logical_unit.h"
#include "lib/vtape/library.h"

namespace oca::scsi {

// What the library's drive number `index` is.
DriveConfig DriveConfigOf(const vtape::Inventory& inventory, size_t index);

// Thread-safe. Locks of drives are taken while its own is held, never the other way round.
class Changer final : public LogicalUnit {
 public:
  // `library` must outlive it and is used by nobody else in this process.
  explicit Changer(vtape::Library& library);

  // From now on `drive`, which must outlive the changer or be taken away, is the one at `address`.
  // It is given the cartridge that the inventory has there.
  void Attach(uint16_t address, Drive& drive);
  void Detach(uint16_t address);
  // What drive number `index` is, as the inventory has it now; nothing when there is none.
  std::optional<DriveConfig> DriveConfigAt(size_t index);

 private:
  std::span<const CommandSpec> Commands() const override;
  Outcome Ready() override;
  std::map<uint8_t, std::string> ProductData() override;
  ModeHeader Header(PageControl control) override;
  Outcome CheckHeader(const ModeHeader& header, size_t offset) override;
  void SetHeader(const ModeHeader&) override {}
  std::vector<uint8_t> LogPageCodes() const override;
  std::vector<LogParameter> LogPage(uint8_t page, const std::string& port) override;
  void ResetLog() override {}
  Outcome BeforeCommand() override;

  // changer_moves.cc
  Outcome InitializeStatus(Command& command);
  Outcome InitializeStatusRange(Command& command);
  Outcome OpenClose(Command& command);
  Outcome PositionTo(Command& command);
  Outcome Move(Command& command);
  Outcome Exchange(Command& command);
  // changer_status.cc
  Outcome ReadElementStatus(Command& command);

  // Carries out a move between `places`: `rehearse` tells whether it can be, `perform` does it.
  // Drives among the places are unloaded before and loaded after.
  Outcome Carry(std::span<const uint16_t> places,
                const std::function<vtape::Status(vtape::Inventory&)>& rehearse,
                const std::function<vtape::Status()>& perform);
  // Takes the cartridges out of the drives among `addresses`. With an error none is out.
  Outcome TakeOut(std::span<const uint16_t> addresses);
  // Gives the drives among `addresses` the cartridges that the inventory has there.
  void PutIn(std::span<const uint16_t> addresses);
  static Outcome MoveFailed(const vtape::Status& status);

  struct Selection {
    vtape::ElementType type;
    std::vector<uint16_t> addresses;
  };
  // The elements of `type` (0: all) from `first` on, at most `count`, by type.
  std::vector<Selection> Select(uint8_t type, uint16_t first, size_t count) const;
  std::string Descriptor(uint16_t address, bool volume_tags, bool device_ids) const;
  std::string DescriptorPage(const Selection& selection, bool volume_tags, bool device_ids) const;

  vtape::Library& library_;
  std::map<uint16_t, Drive*> drives_;
  vtape::Inventory known_;  // as of the last look, or our own last change
};

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_CHANGER_H_
