// A drive and a robot against whatever an initiator sends. The input is a sequence of commands:
// a byte that chooses the unit (bit 0) and the initiator (bit 1), 16 bytes of CDB, how much data
// follows (2 bytes, little-endian), the data, and how much is expected (2 bytes).
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateways/vtl/scsi/changer.h"
#include "lib/io/testing/memory_file_system.h"
#include "lib/vtape/library.h"
#include "t/fuzz/target.h"
#include "t/support/vtape_storage.h"

namespace {

constexpr size_t kMaxCommands = 64;

class CommandBytes {
 public:
  CommandBytes(const uint8_t* data, size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}
  std::string_view Take(size_t n) {
    std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(out.size());
    return out;
  }
  uint16_t Short() {
    std::string_view raw = Take(2);
    uint16_t out = 0;
    for (size_t i = raw.size(); i-- > 0;) out = out << 8 | static_cast<uint8_t>(raw[i]);
    return out;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

using oca::fuzz::Require;

}  // namespace

OCA_FUZZ(vtl_scsi_fuzz) {
  using namespace oca;  // NOLINT
  io::MemoryFileSystem fs;
  support::VtapeStorage storage(fs);
  vtape::LibrarySpec spec{.serial = "LIB001",
                          .barcode_prefix = "AFNGC6",
                          .oem_vendor = "",
                          .drive_generation = 4,
                          .drives = 1,
                          .slots = 2,
                          .mail_slots = 1};
  Require(vtape::Library::Create(storage, "/l", spec).ok());
  auto library = vtape::Library::Open(storage, "/l");
  Require(library.ok());
  char next = 0;
  auto fill = [&](std::span<char> out) { std::fill(out.begin(), out.end(), ++next); };
  Require((*library)->AddCartridges({1, 1 << 20, vtape::MediumKind::kData, 4}, fill).ok());
  Require((*library)->Move(1000, 500).ok());
  scsi::Changer changer(**library);
  scsi::Drive drive(storage, scsi::DriveConfigOf((*library)->inventory(), 0));
  changer.Attach(500, drive);
  const scsi::Initiator initiators[] = {{"iqn.a:one,i,0x1", 1}, {"iqn.a:two,i,0x2", 2}};
  CommandBytes input(data, size);
  for (size_t i = 0; i < kMaxCommands && !input.empty(); ++i) {
    auto choice = static_cast<uint8_t>(input.Take(1)[0]);
    std::string_view cdb = input.Take(16);
    std::string_view out = input.Take(input.Short());
    std::vector<char> in(input.Short());
    scsi::LogicalUnit& unit = (choice & 1) != 0 ? static_cast<scsi::LogicalUnit&>(changer) : drive;
    scsi::Response response = unit.Execute({initiators[choice >> 1 & 1], cdb, out, in});
    Require(response.in_bytes <= in.size());
    Require((response.status == scsi::Status::kCheckCondition) == !response.sense.empty());
    Require(response.sense.size() <= 252);
  }
  return 0;
}
