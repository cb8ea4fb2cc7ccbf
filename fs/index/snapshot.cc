// The index in a file, so that a start need not read every pack. Byte map: docs/format/index.md.
#include "fmt/format.h"
#include "fs/index/index_impl.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "lib/base/status.h"

namespace oca::index {
namespace {

constexpr char kMagic[] = "OCAINDEX";  // 8 bytes
constexpr uint32_t kVersion = 1;
constexpr uint32_t kStripeMagic = 0x5358494f;  // "OIXS"
constexpr uint32_t kEndMagic = 0x4558494f;     // "OIXE"
constexpr size_t kHeaderBytes = 16;            // before the meta
constexpr size_t kStripeHeaderBytes = 12;
constexpr size_t kEndBytes = 16;  // without the CRC
constexpr size_t kCrcBytes = 4;

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(fmt::format("index snapshot: {}", what));
}

// Appends parts to a file. Each part ends in a CRC that continues the one before, so that parts of
// different snapshots cannot stand in one file.
class PartWriter {
 public:
  explicit PartWriter(io::File& file) : file_(file) {}

  absl::Status Write(std::string& part) {
    crc_ = Crc32c(part, crc_);
    PutLe(&part, crc_);
    OCA_RETURN_IF_ERROR(file_.WriteAt(offset_, part));
    file_.StartWriteback(offset_, part.size());
    offset_ += part.size();
    return absl::OkStatus();
  }

 private:
  io::File& file_;
  uint64_t offset_ = 0;
  uint32_t crc_ = 0;
};

class PartReader {
 public:
  PartReader(io::File& file, uint64_t size) : file_(file), left_(size) {}

  // Adds the next `n` bytes to the part.
  absl::Status Read(uint64_t n) {
    if (n > left_) return Damaged("cut short");
    size_t old = part_.size();
    part_.resize(old + n);
    OCA_ASSIGN_OR_RETURN(size_t got,
                         file_.ReadAt(offset_, std::span(part_.data() + old, part_.size() - old)));
    if (got != n) return Damaged("cut short");
    offset_ += n;
    left_ -= n;
    return absl::OkStatus();
  }
  // Reads the CRC that ends the part, and checks it.
  absl::Status CheckCrc() {
    crc_ = Crc32c(part_, crc_);
    size_t n = part_.size();
    OCA_RETURN_IF_ERROR(Read(kCrcBytes));
    bool same = GetLe<uint32_t>(part_.data() + n) == crc_;
    part_.resize(n);
    return same ? absl::OkStatus() : Damaged("wrong checksum");
  }
  void NextPart() { part_.clear(); }
  const std::string& part() const { return part_; }
  uint64_t left() const { return left_; }

 private:
  io::File& file_;
  uint64_t offset_ = 0;
  uint64_t left_;
  uint32_t crc_ = 0;
  std::string part_;
};

// Entries of a stripe as its part holds them: for each shard that has any, in order: number, count,
// slots in ascending order. Returns how many there were. Locks for one shard at a time.
uint64_t EncodeStripe(const Stripe& stripe, std::string* out) {
  std::vector<Slot> entries;
  uint64_t total = 0;
  for (uint32_t s = 0; s < kShardsPerStripe; ++s) {
    entries.clear();
    {
      StripeLockHolder lock(&stripe.mu);
      stripe.shards[s].CopyTo(&entries);
    }
    if (entries.empty()) continue;
    out->push_back(static_cast<char>(s));
    PutLe<uint32_t>(out, entries.size());
    out->append(reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(Slot));
    total += entries.size();
  }
  return total;
}

// Fills a stripe; adds the number of entries to *total.
absl::Status DecodeStripe(std::string_view bytes, Stripe& stripe, uint64_t* total) {
  if (bytes.empty()) return Damaged("empty part");
  ByteReader in(bytes);
  int last = -1;
  std::vector<Slot> entries;
  StripeLockHolder lock(&stripe.mu);
  while (!in.empty()) {
    int number = in.Le<uint8_t>();
    uint64_t count = in.Le<uint32_t>();
    std::string_view raw = in.Take(count * sizeof(Slot));
    if (!in.ok() || count == 0 || number <= last) return Damaged("malformed shard");
    entries.resize(count);
    std::memcpy(entries.data(), raw.data(), raw.size());
    for (size_t i = 0; i < count; ++i) {
      if (!IsEntry(entries[i]) || (i > 0 && entries[i] <= entries[i - 1])) {
        return Damaged("malformed entry");
      }
    }
    stripe.Count(stripe.shards[number].Assign(entries));
    *total += count;
    last = number;
  }
  return absl::OkStatus();
}

absl::Status WriteSnapshot(io::File& file, std::span<const Stripe> stripes, std::string_view meta) {
  PartWriter writer(file);
  std::string part(kMagic, 8);
  PutLe(&part, kVersion);
  PutLe<uint32_t>(&part, meta.size());
  part.append(meta);
  OCA_RETURN_IF_ERROR(writer.Write(part));

  uint64_t total = 0;
  uint32_t parts = 0;
  for (uint32_t number = 0; number < stripes.size(); ++number) {
    part.clear();
    PutLe(&part, kStripeMagic);
    PutLe(&part, number);
    PutLe<uint32_t>(&part, 0);
    uint64_t count = EncodeStripe(stripes[number], &part);
    if (count == 0) continue;
    StoreLe<uint32_t>(part.data() + 8, part.size() - kStripeHeaderBytes);
    OCA_RETURN_IF_ERROR(writer.Write(part));
    total += count;
    ++parts;
  }

  part.clear();
  PutLe(&part, kEndMagic);
  PutLe(&part, parts);
  PutLe(&part, total);
  OCA_RETURN_IF_ERROR(writer.Write(part));
  return file.Sync();
}

// Fills `stripes`, which are empty; returns the meta.
absl::StatusOr<std::string> ReadSnapshot(io::File& file, std::span<Stripe> stripes) {
  OCA_ASSIGN_OR_RETURN(uint64_t size, file.Size());
  PartReader reader(file, size);
  OCA_RETURN_IF_ERROR(reader.Read(kHeaderBytes));
  if (std::string_view(reader.part()).substr(0, 8) != kMagic) return Damaged("wrong magic");
  uint32_t version = GetLe<uint32_t>(reader.part().data() + 8);
  if (version != kVersion) return Damaged(fmt::format("unknown version {}", version));
  OCA_RETURN_IF_ERROR(reader.Read(GetLe<uint32_t>(reader.part().data() + 12)));
  std::string meta = reader.part().substr(kHeaderBytes);
  OCA_RETURN_IF_ERROR(reader.CheckCrc());

  uint64_t total = 0, next = 0;
  uint32_t parts = 0;
  for (;; ++parts) {
    reader.NextPart();
    OCA_RETURN_IF_ERROR(reader.Read(kStripeHeaderBytes));
    ByteReader header(reader.part());
    uint32_t magic = header.Le<uint32_t>(), number = header.Le<uint32_t>();
    if (magic != kStripeMagic) break;
    if (number < next || number >= stripes.size()) return Damaged("parts out of order");
    next = number + 1;
    OCA_RETURN_IF_ERROR(reader.Read(header.Le<uint32_t>()));
    OCA_RETURN_IF_ERROR(reader.CheckCrc());
    std::string_view entries = std::string_view(reader.part()).substr(kStripeHeaderBytes);
    OCA_RETURN_IF_ERROR(DecodeStripe(entries, stripes[number], &total));
  }
  OCA_RETURN_IF_ERROR(reader.Read(kEndBytes - kStripeHeaderBytes));
  ByteReader end(reader.part());
  bool whole =
      end.Le<uint32_t>() == kEndMagic && end.Le<uint32_t>() == parts && end.Le<uint64_t>() == total;
  OCA_RETURN_IF_ERROR(reader.CheckCrc());
  if (!whole || reader.left() != 0) return Damaged("wrong end");
  return meta;
}

}  // namespace

absl::Status FingerprintIndex::Save(io::FileSystem& fs, const std::string& path,
                                    std::string_view meta) const {
  absl::MutexLock lock(&impl_->save_mu);
  const std::string temporary = path + ".tmp";
  absl::Status status = [&] {
    OCA_ASSIGN_OR_RETURN(auto file, fs.Open(temporary, io::OpenMode::kTruncate));
    OCA_RETURN_IF_ERROR(WriteSnapshot(*file, impl_->stripes, meta));
    file.reset();
    OCA_RETURN_IF_ERROR(fs.Rename(temporary, path));
    return fs.SyncDir(io::DirName(path));
  }();
  if (status.ok()) return status;
  // Best effort: the next Save truncates it.
  fs.RemoveFile(temporary).IgnoreError();
  return Annotate(status, "save index snapshot");
}

absl::StatusOr<std::string> FingerprintIndex::Load(io::FileSystem& fs, const std::string& path) {
  impl_->Clear();
  OCA_ASSIGN_OR_RETURN(auto file, fs.Open(path, io::OpenMode::kRead));
  absl::StatusOr<std::string> meta = ReadSnapshot(*file, impl_->stripes);
  if (!meta.ok()) {
    impl_->Clear();
    return Annotate(meta.status(), path);
  }
  return meta;
}

}  // namespace oca::index
