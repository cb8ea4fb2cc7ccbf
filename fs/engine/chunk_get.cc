// How chunks go out: find, read their group once, verify every chunk of it, remember it.
#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"
#include "fs/engine/chunk_store.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr uint64_t kMergedGapBytes = 256u << 10;  // reading it costs less than a second request
constexpr uint32_t kUnsealedPart = 1u << 31;      // no pack has so many groups
constexpr size_t kGroupsTogether = 4;             // their chunks fill the lanes of any kernel

}  // namespace

std::optional<uint32_t> ChunkStore::FindInFooter(const format::PackFooter& footer,
                                                 const Fingerprint& fp, uint32_t ordinal_block) {
  const size_t end = std::min<size_t>(ordinal_block * 16 + 16, footer.chunks.size());
  for (size_t i = ordinal_block * 16; i < end; ++i) {
    if (footer.chunks[i].fp == fp) return static_cast<uint32_t>(i);
  }
  return std::nullopt;
}

std::shared_ptr<OpenPack> ChunkStore::FindOpen(PackId id) {
  absl::MutexLock lock(&open_mu_);
  auto it = open_.find(id);
  return it == open_.end() ? nullptr : it->second;
}

absl::StatusOr<ChunkStore::FooterPtr> ChunkStore::GetFooter(PackId id) {
  using Footers = LruCache<format::PackFooter>;
  return options_.caches->footers.Get(
      {options_.group, id, kFooterPart}, [this, id]() -> absl::StatusOr<Footers::Loaded> {
        OCA_ASSIGN_OR_RETURN(format::PackFooter footer, packs_->ReadFooter(id));
        size_t bytes = footer.chunks.size() * sizeof(format::FooterChunk) +
                       footer.groups.size() * sizeof(format::FooterGroup);
        return Footers::Loaded{std::make_shared<format::PackFooter>(std::move(footer)), bytes};
      });
}

absl::StatusOr<Chunk> ChunkStore::GetNext(const Fingerprint& fp, ChunkCursor* cursor) {
  const FooterPtr footer = cursor->footer;
  const size_t end = std::min<size_t>(cursor->ordinal + 2, footer->chunks.size());
  for (uint32_t ordinal = cursor->ordinal; ordinal < end; ++ordinal) {
    if (footer->chunks[ordinal].fp == fp) return GetListed(footer, ordinal, cursor);
  }
  return absl::NotFoundError("not the next one");
}

absl::StatusOr<Chunk> ChunkStore::Get(const Fingerprint& fp, ChunkCursor* cursor) {
  return Find(fp, As::kAny, cursor);
}

absl::StatusOr<Chunk> ChunkStore::GetPlain(const Fingerprint& fp) {
  return Find(fp, As::kPlain, nullptr);
}

absl::StatusOr<Chunk> ChunkStore::Find(const Fingerprint& fp, As as, ChunkCursor* cursor) {
  OCA_RETURN_IF_ERROR(Opened());
  absl::Status error;
  if (cursor != nullptr && cursor->footer != nullptr) {
    absl::StatusOr<Chunk> next = GetNext(fp, cursor);
    if (next.ok()) return next;
    // Another pack may hold it, whatever is wrong with this one.
    if (!absl::IsNotFound(next.status())) error = next.status();
  }
  for (int attempt = 0; attempt < 3; ++attempt) {
    bool moved = false;
    const uint64_t rebuilds = rebuilds_.load();
    absl::StatusOr<std::vector<index::Location>> places;
    if (attempt == 0) {
      places = index_.LookupInRam(fp);
      moved = index_.sampled();  // look on disk too
    } else {
      places = Places(fp);
      OCA_RETURN_IF_ERROR(places.status());
    }
    for (const index::Location& at : *places) {
      absl::StatusOr<Chunk> chunk = GetAt(fp, at, as, cursor);
      if (chunk.ok()) return chunk;
      if (absl::IsNotFound(chunk.status())) {
        // The pack was swept after the lookup, or the index answered for another chunk.
        moved = true;
      } else {
        error = chunk.status();
        // What was not durable in a path that went missing is put elsewhere.
        if (!store::IsPathMissing(error)) continue;
        moved = true;
        if (auto open = FindOpen(at.pack)) GiveUpPack(open).IgnoreError();
      }
    }
    if (!moved && !AwaitRebuild(rebuilds)) break;
  }
  if (!error.ok()) return error;
  return absl::DataLossError(fmt::format("chunk {} is in no pack", fp.ToHex()));
}

absl::StatusOr<Chunk> ChunkStore::GetAt(const Fingerprint& fp, const index::Location& at, As as,
                                        ChunkCursor* cursor) {
  if (auto open = FindOpen(at.pack)) {
    std::optional<uint32_t> ordinal = open->Find(fp, at.ordinal_block * 16, 16);
    if (!ordinal) return absl::NotFoundError("not in this pack");
    OpenPack::ChunkPlace place = open->Place(*ordinal);
    if (place.is_delta && as == As::kPlain) return absl::NotFoundError("a delta");
    if (place.bytes) {
      auto holder = std::make_shared<const std::string>(*std::move(place.bytes));
      return Chunk{holder, *holder};
    }
    // A pack that is given up may be recovered later, with its groups in another order.
    const uint32_t part = place.chunk.group | (open->may_go_missing() ? kUnsealedPart : 0);
    OCA_ASSIGN_OR_RETURN(auto group, GetGroup(at.pack, part, place.group, place.peers));
    return Chunk{group,
                 std::string_view(*group).substr(place.chunk.offset_in_group, place.chunk.length)};
  }
  OCA_ASSIGN_OR_RETURN(FooterPtr footer, GetFooter(at.pack));
  const std::optional<uint32_t> ordinal = FindInFooter(*footer, fp, at.ordinal_block);
  if (!ordinal) return absl::NotFoundError("not in this pack");
  if (footer->of_deltas() && as == As::kPlain) return absl::NotFoundError("a delta");
  UseFooter(*footer);
  return GetListed(footer, *ordinal, cursor);
}

absl::StatusOr<Chunk> ChunkStore::GetListed(const FooterPtr& footer, uint32_t ordinal,
                                            ChunkCursor* cursor) {
  const format::FooterChunk& chunk = footer->chunks[ordinal];
  std::shared_ptr<const GroupBytes> group;
  if (cursor != nullptr && cursor->footer == footer &&
      footer->chunks[cursor->ordinal].group == chunk.group) {
    group = cursor->group;
  } else {
    const PackId pack = footer->pack.pack_id;
    const format::FooterGroup& place = footer->groups[chunk.group];
    if (quarantine_.Holds(pack, place.file_offset)) {
      return absl::DataLossError(fmt::format("pack {:016x}, group at {}: damaged, in quarantine",
                                             pack.value, place.file_offset));
    }
    OCA_ASSIGN_OR_RETURN(group, GetGroup(pack, chunk.group, place, footer->ChunksOf(place)));
  }
  if (cursor != nullptr) *cursor = {footer, ordinal, group};
  return Chunk{group, std::string_view(*group).substr(chunk.offset_in_group, chunk.length)};
}

absl::StatusOr<std::shared_ptr<const std::string>> ChunkStore::GetNode(const Fingerprint& fp) {
  OCA_ASSIGN_OR_RETURN(Chunk chunk, Get(fp));
  return std::make_shared<const std::string>(chunk.bytes);
}

absl::StatusOr<std::shared_ptr<const GroupBytes>> ChunkStore::GetGroup(
    PackId pack, uint32_t index, const format::FooterGroup& place,
    std::span<const format::FooterChunk> chunks) {
  return options_.caches->groups.Get({options_.group, pack, index}, [&] {
    return ForCache(pack, place, chunks, ReadGroup(pack, place, chunks));
  });
}

absl::StatusOr<LoadedGroup> ChunkStore::ForCache(PackId pack, const format::FooterGroup& place,
                                                 std::span<const format::FooterChunk> chunks,
                                                 absl::StatusOr<GroupBytes> raw) {
  if (!raw.ok()) {
    if (absl::IsDataLoss(raw.status()) && !GroupDecoder::OfBase(raw.status())) {
      Distrust(pack, place, chunks);
    }
    return raw.status();
  }
  const size_t bytes = raw->size();
  return LoadedGroup{std::make_shared<const GroupBytes>(*std::move(raw)), bytes};
}

absl::StatusOr<GroupBytes> ChunkStore::ReadGroup(PackId pack, const format::FooterGroup& place,
                                                 std::span<const format::FooterChunk> chunks) {
  OCA_ASSIGN_OR_RETURN(std::string stored,
                       packs_->Read(pack, place.file_offset, place.encoded_size));
  return decoder_.Decode({pack, place, chunks, std::move(stored)});
}

void ChunkStore::LoadGroups(const format::PackFooter& footer, std::span<const uint32_t> indexes) {
  const PackId pack = footer.pack.pack_id;
  const auto settle = [&](uint32_t index, absl::StatusOr<GroupBytes> raw) {
    options_.caches->groups
        .Settle({options_.group, pack, index},
                ForCache(pack, footer.groups[index], footer.ChunksOf(footer.groups[index]),
                         std::move(raw)))
        .IgnoreError();
  };
  std::vector<uint32_t> read;
  std::vector<StoredGroup> stored;
  for (uint32_t index : indexes) {
    if (!options_.caches->groups.Claim({options_.group, pack, index})) continue;
    const format::FooterGroup& place = footer.groups[index];
    absl::StatusOr<std::string> bytes = packs_->Read(pack, place.file_offset, place.encoded_size);
    if (!bytes.ok()) {
      settle(index, bytes.status());
      continue;
    }
    read.push_back(index);
    stored.push_back({pack, place, footer.ChunksOf(place), *std::move(bytes)});
  }
  std::vector<absl::StatusOr<GroupBytes>> decoded = decoder_.DecodeAll(std::move(stored));
  for (size_t i = 0; i < read.size(); ++i) settle(read[i], std::move(decoded[i]));
}

// A damaged group serves no reader and no writer any more: its chunks leave the index, so that
// writing the same data again stores it anew and heals every file that uses it.
void ChunkStore::Distrust(PackId pack, const format::FooterGroup& place,
                          std::span<const format::FooterChunk> chunks) {
  if (quarantine_.Add(pack, place.file_offset, NowSeconds())) {
    log::Error("a damaged group of chunks was found and taken out of use", "group",
               options_.group.value, "pack", pack.value, "offset", place.file_offset);
    references_.Invalidate();  // they are counted where the index no longer leads to
  }
  for (uint32_t i = 0; i < chunks.size(); ++i) {
    index_.Erase(chunks[i].fp, {pack, (place.first_chunk + i) / 16});
  }
}

void ChunkStore::ForEachGroup(
    std::span<const Fingerprint> fps,
    const std::function<void(const FooterPtr&, const GroupPlace&)>& visit) {
  std::vector<index::Candidates> candidates(fps.size());
  LocateAll(fps, candidates);
  FooterPtr footer;
  absl::flat_hash_set<std::pair<PackId, uint32_t>> visited;
  for (size_t i = 0; i < fps.size(); ++i) {
    if (candidates[i].count == 0) continue;
    const index::Location at = candidates[i].at[0];
    if (footer == nullptr || footer->pack.pack_id != at.pack) {
      absl::StatusOr<FooterPtr> loaded =
          FindOpen(at.pack) ? absl::NotFoundError("open") : GetFooter(at.pack);
      if (!loaded.ok()) continue;
      footer = *std::move(loaded);
    }
    const std::optional<uint32_t> ordinal = FindInFooter(*footer, fps[i], at.ordinal_block);
    if (!ordinal) continue;
    const GroupPlace place{at.pack, footer->chunks[*ordinal].group};
    if (visited.insert({place.pack, place.index}).second) visit(footer, place);
  }
}

void ChunkStore::StartReadahead(std::span<const Fingerprint> fps) {
  struct {
    PackId pack;
    uint64_t begin = 0;
    uint64_t end = 0;
  } range;
  const auto start = [&] {
    if (range.end > 0) packs_->StartReadahead(range.pack, range.begin, range.end - range.begin);
  };
  ForEachGroup(fps, [&](const FooterPtr& footer, const GroupPlace& place) {
    const format::FooterGroup& group = footer->groups[place.index];
    const uint64_t end = group.file_offset + group.encoded_size;
    if (place.pack == range.pack && group.file_offset >= range.begin &&
        group.file_offset <= range.end + kMergedGapBytes) {
      range.end = std::max(range.end, end);
      return;
    }
    start();
    range = {place.pack, group.file_offset, end};
  });
  start();
}

void ChunkStore::Prefetch(std::span<const Fingerprint> fps) {
  FooterPtr of;
  std::vector<uint32_t> together;
  const auto hand_over = [&] {
    if (together.empty()) return;
    TaskBegins();
    const bool queued = options_.decoders->TryAdd([this, of, indexes = std::move(together)] {
      LoadGroups(*of, indexes);
      TaskEnds();
    });
    if (!queued) TaskEnds();
    together.clear();
  };
  ForEachGroup(fps, [&](const FooterPtr& footer, const GroupPlace& place) {
    if (options_.caches->groups.Peek({options_.group, place.pack, place.index})) return;
    if (of != footer || together.size() == kGroupsTogether) hand_over();
    of = footer;
    together.push_back(place.index);
  });
  hand_over();
}

bool ChunkStore::Holds(const Fingerprint& fp) {
  // The sweep may move the chunk between the lookup and the look into the footer.
  for (int attempt = 0; attempt < 3; ++attempt) {
    FooterPtr footer;
    absl::StatusOr<std::vector<index::Location>> places = Places(fp);
    if (!places.ok()) return false;
    for (const index::Location& at : *places) {
      if (ListedAt(fp, at, &footer)) return true;
    }
  }
  return false;
}

}  // namespace oca::engine
