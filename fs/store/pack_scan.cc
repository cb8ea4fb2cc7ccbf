#include "fs/store/pack_scan.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "fs/chunk/sha256.h"
#include "fs/format/delta.h"
#include "fs/store/codec.h"
#include "lib/base/status.h"

namespace oca::store {
namespace {

constexpr uint64_t kMaxUnitBytes = format::kMaxEncodedGroupSize + format::kSealedHeaderSize;

// A window on the file that moves forward.
class Window {
 public:
  Window(io::File& file, uint64_t limit) : file_(file), limit_(limit) {}

  // The bytes from `offset`: a group's largest size of them, or all up to the limit. Valid until
  // the next call.
  absl::StatusOr<std::string_view> At(uint64_t offset) {
    uint64_t want_end = std::min(limit_, offset + kMaxUnitBytes);
    if (offset < begin_ || want_end > begin_ + bytes_.size()) {
      size_t size = std::min<uint64_t>(limit_ - offset, 2 * kMaxUnitBytes);
      bytes_.resize(size);
      begin_ = offset;
      OCA_ASSIGN_OR_RETURN(size_t n, file_.ReadAt(offset, {bytes_.data(), size}));
      if (n < size) {
        limit_ = offset + n;  // the file ends before
        bytes_.resize(n);
      }
    }
    return std::string_view(bytes_).substr(offset - begin_);
  }

  uint64_t limit() const { return limit_; }

 private:
  io::File& file_;
  uint64_t limit_;
  uint64_t begin_ = 0;
  std::string bytes_;
};

struct Named {
  std::vector<Fingerprint> fps;
  std::vector<Fingerprint> bases;  // of deltas
};

// Deltas cannot be decoded here, as their bases lie in other packs: what the group says is taken,
// its checksum holds.
absl::StatusOr<Named> NamesOfDeltas(const format::DecodedGroup& group) {
  OCA_ASSIGN_OR_RETURN(std::vector<format::DeltaChunk> deltas,
                       format::DecodeDeltas(group.payload, group.header.chunks.size()));
  Named out;
  for (const format::DeltaChunk& chunk : deltas) {
    out.fps.push_back(chunk.fp);
    out.bases.push_back(chunk.base);
  }
  return out;
}

// Fingerprints of the group's chunks, or kDataLoss when its payload does not decode.
absl::StatusOr<Named> NamesOf(const format::DecodedGroup& group) {
  if (group.header.codec == format::Codec::kDelta) return NamesOfDeltas(group);
  OCA_ASSIGN_OR_RETURN(Buffer raw,
                       Decompress(group.header.codec, group.payload, group.header.raw_bytes));
  std::vector<std::string_view> chunks;
  size_t offset = 0;
  for (const format::GroupChunk& chunk : group.header.chunks) {
    chunks.push_back(std::string_view(raw).substr(offset, chunk.length));
    offset += chunk.length;
  }
  Named out;
  out.fps.resize(chunks.size());
  chunk::Sha256Many(chunks, out.fps);
  return out;
}

// Bytes to go forward in `rest`, which begins with no whole group, to where one may begin.
size_t ToNextMagic(std::string_view rest) {
  // Both magics begin with the same three bytes.
  static_assert(format::kGroupMagic.substr(0, 3) == format::kSealedMagic.substr(0, 3));
  static_assert(format::kGroupMagic.size() == format::kSealedMagic.size());
  for (size_t at = rest.find("OCA", 1); at != std::string_view::npos;
       at = rest.find("OCA", at + 1)) {
    std::string_view here = rest.substr(at, format::kGroupMagic.size());
    if (here == format::kGroupMagic || here == format::kSealedMagic) return at;
  }
  // A magic may begin in the last bytes and end beyond them.
  size_t keep = std::min(rest.size() - 1, format::kGroupMagic.size() - 1);
  return rest.size() - keep;
}

// What stands at a place: a group as it was before encryption, or just the bytes that are there.
struct Plain {
  std::string bytes;
  format::KeyId key = 0;
  size_t encoded_size = 0;
  std::string_view view(std::string_view as_stored) const {
    return key != 0 ? std::string_view(bytes) : as_stored;
  }
};

absl::StatusOr<Plain> ToPlain(std::string_view rest, PackId id, const GroupKeys* keys) {
  Plain out;
  if (!format::LooksSealed(rest)) return out;
  auto sealed = format::DecodeSealed(rest);
  if (sealed.status().code() == absl::StatusCode::kFailedPrecondition) return sealed.status();
  if (!sealed.ok()) return out;
  if (keys == nullptr)
    return NoKeyError("a pack is encrypted, but its storage group has no key ring");
  auto bytes = keys->Unseal(format::SealedKind::kGroup, id.value, *sealed);
  if (absl::IsDataLoss(bytes.status())) return out;
  if (!bytes.ok()) return bytes.status();
  out.bytes = *std::move(bytes);
  out.key = sealed->header.key;
  out.encoded_size = sealed->encoded_size;
  return out;
}

}  // namespace

absl::StatusOr<ScanResult> ScanPack(io::File& file, uint64_t limit, PackId id,
                                    const GroupKeys* keys) {
  ScanResult out;
  out.end = format::kPackHeaderSize;
  absl::flat_hash_set<Fingerprint> seen;
  Window window(file, limit);
  for (uint64_t offset = format::kPackHeaderSize; offset < window.limit();) {
    OCA_ASSIGN_OR_RETURN(std::string_view rest, window.At(offset));
    if (rest.empty()) break;
    OCA_ASSIGN_OR_RETURN(Plain plain, ToPlain(rest, id, keys));
    auto group = format::DecodeGroup(plain.view(rest));
    if (group.status().code() == absl::StatusCode::kFailedPrecondition) return group.status();
    absl::StatusOr<Named> names = absl::DataLossError("no group");
    if (group.ok()) names = NamesOf(*group);
    if (!names.ok()) {
      if (group.ok() && names.status().code() != absl::StatusCode::kDataLoss) return names.status();
      offset += ToNextMagic(rest);
      continue;
    }
    const std::vector<Fingerprint>& fps = names->fps;
    if (!out.footer.groups.empty() && out.footer.key != plain.key) {
      return absl::DataLossError("groups of one pack are encrypted with different keys");
    }
    if (!out.footer.groups.empty() && out.footer.of_deltas() != !names->bases.empty()) {
      return absl::DataLossError("groups of one pack are deltas and none");
    }
    out.footer.key = plain.key;
    size_t known = seen.size();
    seen.insert(fps.begin(), fps.end());
    if (seen.size() > known) {
      if (out.footer.chunks.size() + fps.size() > format::kMaxChunksPerPack) {
        return absl::DataLossError("pack holds more chunks than a pack may");
      }
      format::AddToFooter(offset, group->header, fps, &out.footer, names->bases);
    }
    offset += plain.key != 0 ? plain.encoded_size : group->encoded_size;
    out.end = offset;
  }
  return out;
}

}  // namespace oca::store
