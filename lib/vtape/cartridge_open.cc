// How cartridges are made, loaded and repaired.
#include <utility>

#include "lib/vtape/cartridge.h"
#include "lib/vtape/crc32c.h"

namespace oca::vtape {
namespace {

constexpr Storage::Mode kOpen = Storage::Mode::kReadWrite;

std::string IndexPath(const std::string& dir) { return dir + "/index"; }
std::string PayloadPath(const std::string& dir) { return dir + "/payload"; }
std::string AttributesPath(const std::string& dir) { return dir + "/attributes"; }
std::string LockPath(const std::string& dir) { return dir + "/lock"; }

bool Missing(const Status& status) { return status.code() == Code::kNotFound; }

}  // namespace

// The file `attributes` comes last: a cartridge is there when it is.
Status Cartridge::Create(Storage& storage, const std::string& dir, const Attributes& attributes) {
  if (!IsBarcode(attributes.barcode) || attributes.capacity_bytes < kMinCapacityBytes) {
    return Status(Code::kInvalid, dir +
                                      ": a cartridge needs a barcode of 1 to 10 capital letters "
                                      "and digits, and a capacity of 1 MiB or more");
  }
  VTAPE_RETURN_IF_ERROR(storage.CreateDir(dir));
  VTAPE_ASSIGN_OR_RETURN(auto lock, storage.Lock(LockPath(dir)));
  auto there = ReadAttributes(storage, dir);
  if (there.ok()) return Status(Code::kExists, dir + ": a cartridge is there already");
  if (!Missing(there.status())) return there.status();
  VTAPE_ASSIGN_OR_RETURN(auto payload, storage.Open(PayloadPath(dir), Storage::Mode::kTruncate));
  VTAPE_ASSIGN_OR_RETURN(auto file, storage.Open(IndexPath(dir), Storage::Mode::kTruncate));
  VTAPE_RETURN_IF_ERROR(file->WriteAt(0, EncodeIndexHeader(attributes.id)));
  VTAPE_RETURN_IF_ERROR(file->Truncate(kEntriesOffset));
  IndexFile index(std::move(file), attributes.id);
  VTAPE_RETURN_IF_ERROR(index.WriteCheckpoint(Checkpoint{.sequence = 1, .epoch = 1}));
  VTAPE_RETURN_IF_ERROR(index.Sync());
  VTAPE_RETURN_IF_ERROR(payload->Sync());
  VTAPE_RETURN_IF_ERROR(storage.SyncDir(ParentOf(dir)));
  VTAPE_RETURN_IF_ERROR(storage.SyncDir(dir));
  return WriteAtomically(storage, AttributesPath(dir), EncodeAttributes(attributes));
}

Result<Attributes> Cartridge::ReadAttributes(Storage& storage, const std::string& dir) {
  VTAPE_ASSIGN_OR_RETURN(std::string bytes,
                         ReadWhole(storage, AttributesPath(dir), kMaxAttributesBytes));
  auto attributes = DecodeAttributes(bytes);
  if (attributes.ok()) return attributes;
  return Status(attributes.status().code(),
                AttributesPath(dir) + ": " + attributes.status().message());
}

Status Cartridge::Remove(Storage& storage, const std::string& dir) {
  VTAPE_ASSIGN_OR_RETURN(auto lock, storage.Lock(LockPath(dir)));
  // Without attributes there is no cartridge; the rest only takes room.
  Status status = storage.RemoveFile(AttributesPath(dir));
  if (!status.ok() && !Missing(status)) return status;
  VTAPE_RETURN_IF_ERROR(storage.SyncDir(dir));
  for (const std::string& path :
       {AttributesPath(dir) + ".tmp", PayloadPath(dir), IndexPath(dir), LockPath(dir)}) {
    status = storage.RemoveFile(path);
    if (!status.ok() && !Missing(status)) return status;
  }
  VTAPE_RETURN_IF_ERROR(storage.RemoveDir(dir));
  return storage.SyncDir(ParentOf(dir));
}

Result<std::unique_ptr<Cartridge>> Cartridge::Load(Storage& storage, const std::string& dir,
                                                   Options options) {
  VTAPE_ASSIGN_OR_RETURN(auto lock, storage.Lock(LockPath(dir)));
  VTAPE_ASSIGN_OR_RETURN(Attributes attributes, ReadAttributes(storage, dir));
  VTAPE_ASSIGN_OR_RETURN(auto index, storage.Open(IndexPath(dir), kOpen));
  VTAPE_ASSIGN_OR_RETURN(auto payload, storage.Open(PayloadPath(dir), kOpen));
  std::string header(kIndexHeaderBytes, '\0');
  VTAPE_ASSIGN_OR_RETURN(size_t n, index->ReadAt(0, header));
  VTAPE_ASSIGN_OR_RETURN(CartridgeId id, DecodeIndexHeader(std::string_view(header).substr(0, n)));
  if (id != attributes.id) {
    return Status(Code::kDamaged, dir + ": index and attributes belong to different cartridges");
  }
  ++attributes.loads;
  std::unique_ptr<Cartridge> cartridge(new Cartridge(storage, dir, options, std::move(attributes),
                                                     std::move(lock), std::move(index),
                                                     std::move(payload)));
  VTAPE_RETURN_IF_ERROR(cartridge->Recover());
  return cartridge;
}

Status Cartridge::Recover() {
  VTAPE_ASSIGN_OR_RETURN(std::vector<Checkpoint> checkpoints, index_.ReadCheckpoints());
  checkpoint_ = checkpoints.front();
  if (checkpoints.size() == 2) {
    VTAPE_ASSIGN_OR_RETURN(bool arrived, Arrived(checkpoints.front(), checkpoints.back()));
    if (!arrived) checkpoint_ = checkpoints.back();
  }
  filemarks_ = checkpoint_.filemarks;
  payload_bytes_ = checkpoint_.payload_bytes;
  damage_ = CheckDurablePart();
  if (!damage_.ok()) {
    checkpoint_.objects = objects();
    return damage_.code() == Code::kDamaged ? Status() : damage_;
  }
  VTAPE_RETURN_IF_ERROR(RecoverTail());
  for (uint64_t object = objects(); object > 0; --object) {
    VTAPE_ASSIGN_OR_RETURN(Entry entry, index_.Get(object - 1));
    if (entry.kind != ObjectKind::kFilemark) break;
    ++trailing_filemarks_;
  }
  // Entries behind the end of data, if any were left, are of an older epoch from now on.
  return WriteCheckpoint({0, checkpoint_.epoch + 1, objects(), filemarks_, payload_bytes_});
}

Result<bool> Cartridge::Arrived(const Checkpoint& newest, const Checkpoint& older) {
  if (newest.epoch != older.epoch) return true;
  VTAPE_ASSIGN_OR_RETURN(uint64_t entries, index_.EntriesInFile());
  if (entries < newest.objects) return newest.objects == older.objects;
  index_.SetObjects(newest.objects);
  for (uint64_t object = older.objects; object < newest.objects; ++object) {
    auto entry = index_.Get(object);
    if (!entry.ok() && entry.status().code() != Code::kDamaged) return entry.status();
    if (!entry.ok() || entry->epoch != newest.epoch) return false;
  }
  return true;
}

Status Cartridge::CheckDurablePart() {
  VTAPE_ASSIGN_OR_RETURN(uint64_t entries, index_.EntriesInFile());
  VTAPE_ASSIGN_OR_RETURN(uint64_t payload_size, payload_->Size());
  index_.SetObjects(std::min(entries, checkpoint_.objects));
  Status damage(Code::kDamaged, dir_ +
                                    ": what was durable is not whole; it can be read, as far as "
                                    "it is, but not written");
  if (entries < checkpoint_.objects || payload_size < checkpoint_.payload_bytes) return damage;
  if (checkpoint_.objects == 0) return checkpoint_.payload_bytes == 0 ? Status() : damage;
  auto last = index_.Get(checkpoint_.objects - 1);
  if (!last.ok()) return last.status().code() == Code::kDamaged ? damage : last.status();
  bool agrees = last->payload_end() == checkpoint_.payload_bytes &&
                last->filemarks_after() == checkpoint_.filemarks;
  return agrees ? Status() : damage;
}

Result<bool> Cartridge::TakeTailObject(uint64_t object) {
  auto entry = index_.Get(object);
  if (!entry.ok()) {
    if (entry.status().code() == Code::kDamaged) return false;
    return entry.status();
  }
  if (entry->epoch != checkpoint_.epoch || entry->payload_offset != payload_bytes_ ||
      entry->filemarks_before != filemarks_) {
    return false;
  }
  if (entry->kind == ObjectKind::kBlock) {
    std::string block(entry->length, '\0');
    VTAPE_ASSIGN_OR_RETURN(size_t n, payload_->ReadAt(payload_bytes_, block));
    if (n != block.size() || Crc32c(block) != entry->payload_crc) return false;
    VTAPE_RETURN_IF_ERROR(payload_->WriteAt(payload_bytes_, block));
  }
  payload_bytes_ = entry->payload_end();
  filemarks_ = entry->filemarks_after();
  return true;
}

Status Cartridge::RecoverTail() {
  VTAPE_ASSIGN_OR_RETURN(uint64_t entries, index_.EntriesInFile());
  index_.SetObjects(entries);
  std::vector<Entry> tail;
  uint64_t whole = checkpoint_.objects;
  for (; whole < entries; ++whole) {
    VTAPE_ASSIGN_OR_RETURN(bool taken, TakeTailObject(whole));
    if (!taken) break;
    VTAPE_ASSIGN_OR_RETURN(Entry entry, index_.Get(whole));
    tail.push_back(entry);
  }
  // Nobody was promised the tail, so it may be cut and written again. It must be written: after a
  // sync that failed the page cache may hold what the disk does not.
  VTAPE_RETURN_IF_ERROR(index_.Truncate(checkpoint_.objects));
  for (const Entry& entry : tail) VTAPE_RETURN_IF_ERROR(index_.Append(entry));
  VTAPE_RETURN_IF_ERROR(index_.Flush());
  VTAPE_RETURN_IF_ERROR(payload_->Truncate(payload_bytes_));
  VTAPE_RETURN_IF_ERROR(payload_->Sync());
  return index_.Sync();
}

}  // namespace oca::vtape
