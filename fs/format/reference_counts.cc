#include "fs/format/reference_counts.h"

#include <algorithm>

#include "fmt/format.h"
#include "fs/format/pack.h"
#include "fs/format/whole_file.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"

namespace oca::format {
namespace {

constexpr std::string_view kCountsMagic = "OCA-REFS";
constexpr uint32_t kCountsVersion = 1;
constexpr std::string_view kCounts = "reference counts";

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(fmt::format("{}: {}", kCounts, what));
}

// Most chunks have one reference, and most of their neighbours too.
void PutRuns(std::string_view counts, std::string* out) {
  for (size_t at = 0, end = 0; at < counts.size(); at = end) {
    end = std::min(counts.find_first_not_of(counts[at], at), counts.size());
    out->push_back(counts[at]);
    PutVarint(out, end - at);
  }
}

bool TakeRuns(ByteReader& in, uint64_t chunks, std::string* counts) {
  while (in.ok() && counts->size() < chunks) {
    const char count = static_cast<char>(in.Le<uint8_t>());
    const uint64_t run = in.Varint();
    if (run == 0 || run > chunks - counts->size()) return false;
    counts->append(run, count);
  }
  return in.ok();
}

absl::Status DecodePacks(ByteReader& in, ReferenceCounts* out) {
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    ReferenceCounts::Pack pack;
    pack.id = PackId{in.Varint()};
    pack.file_bytes = in.Varint();
    pack.plain_bytes = in.Varint();
    pack.dead_bytes = in.Varint();
    const uint64_t chunks = in.Varint();
    if (!out->packs.empty() && !(out->packs.back().id < pack.id)) return Damaged("order of packs");
    if (pack.dead_bytes > pack.plain_bytes) return Damaged("dead bytes");
    if (chunks > kMaxChunksPerPack || !TakeRuns(in, chunks, &pack.counts)) return Damaged("counts");
    pack.bases = std::string(in.LengthPrefixed());
    if (pack.bases.size() > kMaxChunksPerPack / 8) return Damaged("bases");
    out->packs.push_back(std::move(pack));
  }
  return absl::OkStatus();
}

void DecodeRest(ByteReader& in, ReferenceCounts* out) {
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const PackId pack{in.Varint()};
    const uint32_t ordinal = in.Le<uint32_t>();
    out->many.push_back({pack, ordinal, in.Le<uint32_t>()});
  }
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const Fingerprint fp = in.Fp();
    out->missing.push_back({fp, in.Le<uint32_t>()});
  }
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const InodeNo ino{in.Varint()};
    const std::string before(in.LengthPrefixed());
    out->changes.push_back({ino, before, std::string(in.LengthPrefixed())});
  }
}

// One for each count of kManyReferences, in the same order.
bool ManyAgree(const ReferenceCounts& counts) {
  auto many = counts.many.begin();
  for (const ReferenceCounts::Pack& pack : counts.packs) {
    for (size_t at = pack.counts.find(static_cast<char>(kManyReferences)); at != std::string::npos;
         at = pack.counts.find(static_cast<char>(kManyReferences), at + 1)) {
      if (many == counts.many.end() || many->pack != pack.id || many->ordinal != at ||
          many->references < kManyReferences) {
        return false;
      }
      ++many;
    }
  }
  return many == counts.many.end();
}

}  // namespace

std::string EncodeReferenceCounts(const ReferenceCounts& counts) {
  std::string out = BeginFile(kCountsMagic, kCountsVersion);
  PutLengthPrefixed(&out, counts.names_state);
  PutLe<uint64_t>(&out, counts.dropped_bytes);
  PutVarint(&out, counts.packs.size());
  for (const ReferenceCounts::Pack& pack : counts.packs) {
    PutVarint(&out, pack.id.value);
    PutVarint(&out, pack.file_bytes);
    PutVarint(&out, pack.plain_bytes);
    PutVarint(&out, pack.dead_bytes);
    PutVarint(&out, pack.counts.size());
    PutRuns(pack.counts, &out);
    PutLengthPrefixed(&out, pack.bases);
  }
  PutVarint(&out, counts.many.size());
  for (const ReferenceCounts::Many& many : counts.many) {
    PutVarint(&out, many.pack.value);
    PutLe<uint32_t>(&out, many.ordinal);
    PutLe<uint32_t>(&out, many.references);
  }
  PutVarint(&out, counts.missing.size());
  for (const ReferenceCounts::Missing& missing : counts.missing) {
    out.append(reinterpret_cast<const char*>(missing.fp.bytes.data()), missing.fp.bytes.size());
    PutLe<uint32_t>(&out, missing.references);
  }
  PutVarint(&out, counts.changes.size());
  for (const ReferenceCounts::Change& change : counts.changes) {
    PutVarint(&out, change.ino.value);
    PutLengthPrefixed(&out, change.before);
    PutLengthPrefixed(&out, change.after);
  }
  EndFile(&out);
  return out;
}

absl::StatusOr<ReferenceCounts> DecodeReferenceCounts(std::string_view bytes) {
  OCA_ASSIGN_OR_RETURN(const std::string_view contents,
                       ContentsOfFile(kCounts, kCountsMagic, kCountsVersion, bytes));
  ByteReader in(contents);
  ReferenceCounts out;
  out.names_state = std::string(in.LengthPrefixed());
  out.dropped_bytes = in.Le<uint64_t>();
  if (absl::Status status = DecodePacks(in, &out); !status.ok()) return status;
  DecodeRest(in, &out);
  if (!in.ok() || !in.empty()) return Damaged("length");
  if (!ManyAgree(out)) return Damaged("numbers of references");
  return out;
}

}  // namespace oca::format
