// A tape drive as hosts see it: SSC-3's and SSC-4's commands on the cartridge that it holds.
#ifndef OCA_GATEWAYS_VTL_SCSI_DRIVE_H_
#define OCA_GATEWAYS_VTL_SCSI_DRIVE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateways/vtl/scsi/logical_unit.h"
#include "lib/vtape/cartridge.h"
#include "lib/vtape/models.h"
#include "lib/vtape/storage.h"

namespace oca::scsi {

struct DriveConfig {
  const vtape::DriveModel* model = nullptr;
  std::string oem_vendor;  // in place of the model's; or empty
  std::string serial;
  std::string changer_serial;
  bool read_only = false;
};

Identity IdentityOf(const DriveConfig& config);

// Thread-safe. The cartridge that it holds is its own until the robot takes it.
class Drive final : public LogicalUnit {
 public:
  Drive(vtape::Storage& storage, const DriveConfig& config);

  // What the robot does.

  // Puts the cartridge in directory `dir` in, and loads it. When it cannot be loaded the drive
  // holds it all the same and says why to hosts.
  void Insert(const std::string& dir);
  // Unloads the cartridge, which the robot then takes away. kPrevented while a host keeps it in.
  // kIo or another error when not all that was written is durable: it is unloaded all the same.
  vtape::Status Eject();
  // The drive goes out of service: unloads what it holds, whoever keeps it in. Errors as Eject.
  vtape::Status Close();
  // Whether the robot may take a cartridge. Does not wait for a command that runs.
  bool Accessible() const { return !RemovalPrevented(); }
  void SetReadOnly(bool on);

 private:
  std::span<const CommandSpec> Commands() const override;
  Outcome Ready() override;
  std::map<uint8_t, std::string> ProductData() override;
  ModeHeader Header(PageControl control) override;
  Outcome CheckHeader(const ModeHeader& header, size_t offset) override;
  void SetHeader(const ModeHeader& header) override;
  bool IsQuick(const Command& command) override;
  std::vector<uint8_t> LogPageCodes() const override;
  std::vector<LogParameter> LogPage(uint8_t page, const std::string& port) override;
  void ResetLog() override;

  // drive_blocks.cc
  Outcome Read(Command& command);
  Outcome Write(Command& command);
  Outcome Verify(Command& command);
  Outcome WriteFilemarks(Command& command);
  Outcome Erase(Command& command);
  Outcome FormatMedium(Command& command);
  // drive_position.cc
  Outcome Rewind(Command& command);
  Outcome Space6(Command& command);
  Outcome Space16(Command& command);
  Outcome Locate10(Command& command);
  Outcome Locate16(Command& command);
  Outcome ReadPosition(Command& command);
  // drive_medium.cc
  Outcome LoadUnload(Command& command);
  Outcome ReadBlockLimits(Command& command);
  Outcome ReportDensity(Command& command);
  // drive_attributes.cc
  Outcome ReadAttribute(Command& command);
  Outcome WriteAttribute(Command& command);

  // Reads `count` blocks, or one of at most `count` bytes; into `in` unless that is null.
  Outcome Transfer(bool fixed, bool short_is_well, uint64_t count, std::span<char>* in,
                   size_t* in_bytes);
  Outcome Space(uint8_t code, int64_t count);
  Outcome AfterLocate(bool found);
  // Makes what was written durable before the tape moves away from it.
  Outcome Settle();
  Outcome CheckWritable();
  bool SoftwareProtected() const;
  // The outcome of a write that failed with `residue` bytes, blocks or filemarks unwritten.
  Outcome WriteFailed(const vtape::Status& status, int64_t residue);
  Outcome ReadFailed(const vtape::Status& status, std::optional<int64_t> residue);
  Outcome EarlyWarning() const;
  uint8_t DensityCode() const;

  // Loads the cartridge that is in the drive.
  Outcome Load();
  vtape::Status Unload();

  struct MamValue {
    bool read_only;
    vtape::MamFormat format;
    std::string value;
  };
  std::map<uint16_t, MamValue> MamValues(const std::string& port);
  // The attributes of a parameter list of WRITE ATTRIBUTE.
  Outcome ParseAttributes(std::string_view list,
                          std::map<uint16_t, vtape::MamAttribute>* out) const;

  std::vector<LogParameter> ErrorCounters(uint64_t bytes, uint64_t errors) const;
  std::vector<LogParameter> SequentialAccess() const;
  std::vector<LogParameter> VolumeStatistics() const;
  std::vector<LogParameter> TapeUsage() const;
  std::vector<LogParameter> DeviceStatus();

  // Of the cartridge in the drive, or of all since the last reset of the log.
  struct Counters {
    uint64_t written_bytes = 0;
    uint64_t read_bytes = 0;
    uint64_t write_errors = 0;
    uint64_t read_errors = 0;
  };

  vtape::Storage& storage_;
  const DriveConfig config_;
  bool read_only_;
  std::string dir_;                         // of the cartridge in the drive; empty: none
  std::unique_ptr<vtape::Cartridge> tape_;  // loaded
  std::optional<Sense> fault_;              // why what is in the drive is not loaded
  uint32_t block_bytes_ = 0;                // of fixed blocks; 0: none
  bool buffered_ = true;                    // writes end before they are durable
  bool unsettled_ = false;                  // written to since it was last made durable
  Counters mount_;
  Counters log_;
};

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_DRIVE_H_
