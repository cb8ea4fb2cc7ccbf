// A virtual tape cartridge: blocks and filemarks in a directory of three files, as a drive sees
// them once the cartridge is loaded. Format and durability: docs/format/cartridge.md.
#ifndef OCA_LIB_VTAPE_CARTRIDGE_H_
#define OCA_LIB_VTAPE_CARTRIDGE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lib/vtape/attributes.h"
#include "lib/vtape/index_file.h"
#include "lib/vtape/index_format.h"
#include "lib/vtape/read_ahead.h"
#include "lib/vtape/status.h"
#include "lib/vtape/storage.h"
#include "lib/vtape/write_behind.h"

namespace oca::vtape {

constexpr uint64_t kFilemarkCost = 4096;  // bytes of capacity

// Not thread-safe. Positions are logical object numbers: blocks and filemarks count alike, from 0
// at the beginning; the end of data is objects().
//
// Durability: what was written is durable after WriteFilemarks that is not immediate, Sync or
// Unload returned ok; and now and then in between. A power cut leaves all that was durable, and of
// what was written after it whole objects, the first so many. Overwriting makes all that stood at
// and after the position unreachable, durably, before a byte of it is replaced.
//
// Write takes blocks before they are in the payload. When the storage refuses one, a later Write
// fails and takes nothing; those before it stay in memory and are tried again by each call, so all
// of them become durable once there is space, and none of them if the cartridge is unloaded before.
//
// After a failed sync or one that cannot be completed, every change fails with kIo until the
// cartridge is loaded again; reading goes on.
class Cartridge {
 public:
  struct Options {
    // Written since the last sync; bounds what Load verifies.
    uint64_t sync_every_bytes = 256 << 20;
    // Of blocks that were taken and go to the payload in one piece; up to two of these are in
    // memory. 0 = each block is there when Write returns.
    size_t write_behind_bytes = 1 << 20;
    // Of the payload, fetched before they are asked for while blocks are read one after the other;
    // up to two of these are in memory. 0 = none.
    size_t read_ahead_bytes = 1 << 20;
  };

  // Makes an empty cartridge in directory `dir`, whose parent exists. kExists when a cartridge is
  // there; what a crashed Create left is replaced. Durable.
  static Status Create(Storage& storage, const std::string& dir, const Attributes& attributes);
  // Opens the cartridge at its beginning and repairs what a crash tore. kBusy while somebody else
  // has it loaded. Damage of what was durable does not fail it: what is whole can be read, and
  // changes fail with kDamaged.
  static Result<std::unique_ptr<Cartridge>> Load(Storage& storage, const std::string& dir,
                                                 Options options);
  // Without loading; not the newest counters while it is loaded.
  static Result<Attributes> ReadAttributes(Storage& storage, const std::string& dir);
  // Durably. kBusy while it is loaded.
  static Status Remove(Storage& storage, const std::string& dir);

  Cartridge(const Cartridge&) = delete;
  Cartridge& operator=(const Cartridge&) = delete;

  uint64_t position() const { return position_; }
  uint64_t objects() const { return index_.objects(); }
  uint64_t filemarks() const { return filemarks_; }
  // Filemarks before the position.
  Result<uint64_t> FileNumber() { return FilemarksBefore(position_); }
  uint64_t used_bytes() const { return payload_bytes_ + filemarks_ * kFilemarkCost; }
  uint64_t remaining_bytes() const;
  // Whether the end of medium is near (the last hundredth) as of the end of data.
  bool in_early_warning() const;
  const Attributes& attributes() const { return attributes_; }
  // ok, or why changes are refused: kWriteProtected, kDamaged, kIo.
  Status CanWrite() const;

  struct ReadOutcome {
    enum Kind { kBlock, kFilemark, kEndOfData } kind = kEndOfData;
    uint32_t block_bytes = 0;  // of the whole block
    size_t copied = 0;         // into `out`: the smaller of the block and the buffer
  };
  // Reads the object at the position and moves past it. A block that fails its checksum is
  // kDamaged, is moved past, and leaves `out` undefined.
  Result<ReadOutcome> Read(std::span<char> out);

  // Whether Read of the object at the position, or Write of a block of so many bytes, is done
  // without the storage.
  bool ReadIsQuick();
  bool WriteIsQuick(size_t block_bytes);

  // Both write at the position, which becomes the end of data; on ok it stands after what was
  // written. kEndOfMedium: nothing was written. kWorm: something is there that may not go.
  // `block` has 1 to kMaxBlockBytes bytes, else kInvalid.
  Status Write(std::string_view block);
  // `count` 0 only syncs. `immediate`: returns before it is durable.
  Status WriteFilemarks(uint32_t count, bool immediate);
  // Makes the position the end of data. Durable.
  Status Erase();
  // Makes what was written durable.
  Status Sync();

  enum class Stop { kDone, kFilemark, kEndOfData, kBeginning };
  struct SpaceOutcome {
    uint64_t spaced = 0;  // blocks or filemarks passed
    Stop stop = Stop::kDone;
  };
  // Moves over `count` blocks; stops past a filemark, or, backwards, before it.
  Result<SpaceOutcome> SpaceBlocks(int64_t count);
  // Moves past `count` filemarks, or, backwards, before the last of them.
  Result<SpaceOutcome> SpaceFilemarks(int64_t count);
  void SpaceToEnd() { position_ = objects(); }
  void Rewind() { position_ = 0; }
  // Moves to `object`; false, and to the end of data, when there is less.
  bool Locate(uint64_t object);
  // Moves before the first object of file `number` (after so many filemarks); false as above.
  Result<bool> LocateFile(uint64_t number);

  // Sets or, with an empty value, removes a MAM attribute. kNoSpace beyond kMaxMamBytes. Durable.
  Status SetMam(uint16_t id, MamAttribute attribute);
  // Durable.
  Status SetWriteProtected(bool on);

  // Makes everything durable, with the counters. Then only the destructor may be called. A
  // cartridge that is destroyed without it is as after a crash.
  Status Unload();

 private:
  Cartridge(Storage& storage, std::string dir, Options options, Attributes attributes,
            std::unique_ptr<StorageLock> lock, std::unique_ptr<StorageFile> index,
            std::unique_ptr<StorageFile> payload);

  // Loading; cartridge_open.cc.
  Status Recover();
  // Whether the entries that came with `newest` are there: if not, its sync was never acknowledged.
  Result<bool> Arrived(const Checkpoint& newest, const Checkpoint& older);
  Status CheckDurablePart();
  // Takes over the objects after the durable ones that are whole, and writes them again.
  Status RecoverTail();
  // Whether entry `object`, as found in the file, follows what is known, with its payload whole.
  Result<bool> TakeTailObject(uint64_t object);

  // Makes everything written durable.
  Status MakeDurable();
  // Makes it durable, with the file, that what is before `durable` is so.
  Status WriteCheckpoint(Checkpoint durable);
  // Makes the position the end of data, before something is written there.
  Status TruncateHere();
  Status CheckOverwrite() const;
  Status BreakOn(Status status);
  Result<uint64_t> FilemarksBefore(uint64_t object);
  // The object that is filemark number `filemark` < filemarks(). O(log objects()).
  Result<uint64_t> FilemarkObject(uint64_t filemark);
  Status SaveAttributes();

  Storage& storage_;
  const std::string dir_;
  const Options options_;
  Attributes attributes_;
  std::unique_ptr<StorageLock> lock_;
  IndexFile index_;
  std::unique_ptr<StorageFile> payload_;
  // Of the payload, which is theirs while they hold something of it.
  WriteBehind behind_;
  ReadAhead ahead_;

  uint64_t position_ = 0;
  uint64_t filemarks_ = 0;           // of the whole cartridge
  uint64_t payload_bytes_ = 0;       // of the whole cartridge
  Checkpoint checkpoint_;            // the durable part
  bool confirmed_ = false;           // a checkpoint was written that brought no new entries with it
  uint64_t trailing_filemarks_ = 0;  // at the end of data
  Status damage_;                    // found by Load
  Status broken_;                    // a sync failed
};

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_CARTRIDGE_H_
