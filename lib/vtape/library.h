// A tape library on disk: its inventory, and a directory for each of its cartridges.
#ifndef OCA_LIB_VTAPE_LIBRARY_H_
#define OCA_LIB_VTAPE_LIBRARY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/vtape/attributes.h"
#include "lib/vtape/inventory.h"
#include "lib/vtape/status.h"
#include "lib/vtape/storage.h"

namespace oca::vtape {

struct LibrarySpec {
  std::string serial;          // of the changer: 1 to 6 capital letters and digits
  std::string barcode_prefix;  // 6 of the same
  std::string oem_vendor;      // at most 8 characters; empty: the models' own
  uint8_t drive_generation = 4;
  size_t drives = 10;  // 1 to kMaxDrives
  size_t slots = 60;
  size_t mail_slots = 4;
};

struct CartridgeSpec {
  size_t count = 1;
  uint64_t capacity_bytes = 0;
  MediumKind kind = MediumKind::kData;
  uint8_t generation = 4;
};

// Several objects, in several processes, may stand on one library: each change reads the inventory
// anew under a lock, and is durable and seen by all when it returns ok. An object itself is not
// thread-safe. A cartridge that stands in a drive belongs to the drive: nothing but the robot may
// touch it.
class Library {
 public:
  // Makes a library without cartridges in `dir`, whose parent exists. kExists, kInvalid. Durable.
  static Status Create(Storage& storage, const std::string& dir, const LibrarySpec& spec);
  // Also finishes removals that a crash cut short.
  static Result<std::unique_ptr<Library>> Open(Storage& storage, const std::string& dir);

  // As of the last call of this object that read it.
  const Inventory& inventory() const { return inventory_; }
  // Reads the inventory again: others may have changed it.
  Status Refresh();
  std::string CartridgeDir(std::string_view barcode) const;

  // The robot's moves; errors as of MoveMedium and ExchangeMedium. To or from a drive: the caller
  // has unloaded the cartridge before, and loads it after.
  Status Move(uint16_t source, uint16_t destination);
  Status Exchange(uint16_t source, uint16_t first, uint16_t second);

  // The operator's changes, all possible while the library is in use.

  // New cartridges with the next barcodes in free slots, and new slots when those do not do.
  // Returns the barcodes. `fill_random` fills a buffer with random bytes for the cartridges' ids.
  Result<std::vector<std::string>> AddCartridges(
      const CartridgeSpec& spec, const std::function<void(std::span<char>)>& fill_random);
  // Removes a cartridge that is not in a drive, with all that is on it. kNotFound, kBusy.
  Status RemoveCartridge(const std::string& barcode);
  // kInvalid beyond kMaxDrives, or for a generation without a model.
  Status AddDrives(size_t count, uint8_t generation);
  // Removes the last `count` drives. kBusy while one holds a cartridge; one drive stays.
  Status RemoveDrives(size_t count);
  Status AddSlots(size_t count);
  // Lets hosts only read (or write again) in the drive at `address`.
  Status SetDriveReadOnly(uint16_t address, bool on);
  // Takes a cartridge from a mail slot or a slot out of the library, to the shelf. kEmpty.
  Status Export(uint16_t address);
  // Puts a cartridge of the shelf into the mail slot at `address`. kNotFound, kOccupied.
  Status Import(const std::string& barcode, uint16_t address);

 private:
  Library(Storage& storage, std::string dir) : storage_(storage), dir_(std::move(dir)) {}

  // Changes the inventory under the lock, and makes that durable. After an error from `change`
  // nothing has changed.
  Status Update(const std::function<Status(Inventory&)>& change);
  Status FinishRemovals();
  Status MakeCartridge(const std::string& barcode, const CartridgeSpec& spec,
                       const std::function<void(std::span<char>)>& fill_random);

  Storage& storage_;
  const std::string dir_;
  Inventory inventory_;
};

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_LIBRARY_H_
