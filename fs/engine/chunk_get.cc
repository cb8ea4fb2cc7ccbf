// How chunks go out: find, read their group once, verify every chunk of it, remember it.
#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "fs/chunk/sha256.h"
#include "fs/engine/chunk_store.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {

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

absl::StatusOr<Chunk> ChunkStore::Get(const Fingerprint& fp) {
  absl::Status error = absl::DataLossError(fmt::format("chunk {} is in no pack", fp.ToHex()));
  for (int attempt = 0; attempt < 3; ++attempt) {
    bool moved = false;
    for (const index::Location& at : index_.LookupAll(fp)) {
      absl::StatusOr<Chunk> chunk = GetAt(fp, at);
      if (chunk.ok()) return chunk;
      if (absl::IsNotFound(chunk.status())) {
        moved =
            true;  // the pack was swept after the lookup, or the index answered for another chunk
      } else {
        error = chunk.status();
      }
    }
    if (!moved) break;
  }
  return error;
}

absl::StatusOr<Chunk> ChunkStore::GetAt(const Fingerprint& fp, const index::Location& at) {
  uint32_t first = at.ordinal_block * 16;
  if (auto open = FindOpen(at.pack)) {
    std::optional<uint32_t> ordinal = open->Find(fp, first, 16);
    if (!ordinal) return absl::NotFoundError("not in this pack");
    OpenPack::ChunkPlace place = open->Place(*ordinal);
    if (place.bytes) {
      auto holder = std::make_shared<const std::string>(*std::move(place.bytes));
      return Chunk{holder, *holder};
    }
    OCA_ASSIGN_OR_RETURN(auto group,
                         GetGroup(at.pack, place.chunk.group, place.group, place.peers));
    return Chunk{group,
                 std::string_view(*group).substr(place.chunk.offset_in_group, place.chunk.length)};
  }
  OCA_ASSIGN_OR_RETURN(FooterPtr footer, GetFooter(at.pack));
  size_t end = std::min<size_t>(first + 16, footer->chunks.size());
  for (size_t i = first; i < end; ++i) {
    const format::FooterChunk& chunk = footer->chunks[i];
    if (chunk.fp != fp) continue;
    const format::FooterGroup& place = footer->groups[chunk.group];
    std::span<const format::FooterChunk> peers(&footer->chunks[place.first_chunk],
                                               place.chunk_count);
    OCA_ASSIGN_OR_RETURN(auto group, GetGroup(at.pack, chunk.group, place, peers));
    return Chunk{group, std::string_view(*group).substr(chunk.offset_in_group, chunk.length)};
  }
  return absl::NotFoundError("not in this pack");
}

absl::StatusOr<std::shared_ptr<const std::string>> ChunkStore::GetNode(const Fingerprint& fp) {
  OCA_ASSIGN_OR_RETURN(Chunk chunk, Get(fp));
  return std::make_shared<const std::string>(chunk.bytes);
}

absl::StatusOr<std::shared_ptr<const GroupBytes>> ChunkStore::GetGroup(
    PackId pack, uint32_t index, const format::FooterGroup& place,
    std::span<const format::FooterChunk> chunks) {
  using Groups = LruCache<GroupBytes>;
  auto load = [&]() -> absl::StatusOr<Groups::Loaded> {
    absl::StatusOr<GroupBytes> raw = ReadGroup(pack, place, chunks);
    if (!raw.ok()) {
      if (absl::IsDataLoss(raw.status())) Distrust(pack, place, chunks);
      return raw.status();
    }
    size_t bytes = raw->size();
    return Groups::Loaded{std::make_shared<const GroupBytes>(*std::move(raw)), bytes};
  };
  return options_.caches->groups.Get({options_.group, pack, index}, load);
}

absl::StatusOr<GroupBytes> ChunkStore::ReadGroup(PackId pack, const format::FooterGroup& place,
                                                 std::span<const format::FooterChunk> chunks) {
  OCA_ASSIGN_OR_RETURN(std::string encoded,
                       packs_->Read(pack, place.file_offset, place.encoded_size));
  absl::StatusOr<format::DecodedGroup> group = format::DecodeGroup(encoded);
  auto damaged = [&](std::string_view what) {
    return absl::DataLossError(
        fmt::format("pack {:016x}, group at {}: {}", pack.value, place.file_offset, what));
  };
  if (!group.ok()) return damaged(MessageOf(group.status()));
  absl::StatusOr<std::string> raw =
      store::Decompress(group->header.codec, group->payload, group->header.raw_bytes);
  if (!raw.ok()) return damaged(MessageOf(raw.status()));
  std::vector<std::string_view> views;
  views.reserve(chunks.size());
  for (const format::FooterChunk& chunk : chunks) {
    if (uint64_t{chunk.offset_in_group} + chunk.length > raw->size())
      return damaged("footer and group disagree");
    views.push_back(std::string_view(*raw).substr(chunk.offset_in_group, chunk.length));
  }
  std::vector<Fingerprint> fps(views.size());
  chunk::Sha256Many(views, fps);
  for (size_t i = 0; i < fps.size(); ++i) {
    if (fps[i] != chunks[i].fp)
      return damaged(fmt::format("chunk {} has other contents", chunks[i].fp.ToHex()));
  }
  return raw;
}

// A damaged group serves no reader and no writer any more: its chunks leave the index, so that
// writing the same data again stores it anew and heals every file that uses it.
void ChunkStore::Distrust(PackId pack, const format::FooterGroup& place,
                          std::span<const format::FooterChunk> chunks) {
  log::Error("a damaged group of chunks was found and taken out of use", "group",
             options_.group.value, "pack", pack.value, "offset", place.file_offset);
  for (uint32_t i = 0; i < chunks.size(); ++i) {
    index_.Erase(chunks[i].fp, {pack, (place.first_chunk + i) / 16});
  }
}

void ChunkStore::Prefetch(std::span<const Fingerprint> fps) {
  std::vector<index::Candidates> candidates(fps.size());
  index_.LookupMany(fps, candidates);
  FooterPtr footer;
  GroupPlace last;
  for (size_t i = 0; i < fps.size(); ++i) {
    if (candidates[i].count == 0) continue;
    const index::Location at = candidates[i].at[0];
    if (footer == nullptr || footer->pack.pack_id != at.pack) {
      footer = options_.caches->footers.Peek({options_.group, at.pack, kFooterPart});
      if (footer == nullptr) {
        absl::StatusOr<FooterPtr> loaded =
            FindOpen(at.pack) ? absl::NotFoundError("open") : GetFooter(at.pack);
        if (!loaded.ok()) continue;
        footer = *std::move(loaded);
      }
    }
    size_t end = std::min<size_t>(at.ordinal_block * 16 + 16, footer->chunks.size());
    for (size_t c = at.ordinal_block * 16; c < end; ++c) {
      if (footer->chunks[c].fp != fps[i]) continue;
      GroupPlace place{at.pack, footer->chunks[c].group};
      if (place == last) break;
      last = place;
      if (options_.caches->groups.Peek({options_.group, place.pack, place.index})) break;
      TaskBegins();
      bool queued = options_.workers->TryAdd([this, footer, place] {
        const format::FooterGroup& group = footer->groups[place.index];
        (void)GetGroup(place.pack, place.index, group,
                       std::span(&footer->chunks[group.first_chunk], group.chunk_count));
        TaskEnds();
      });
      if (!queued) TaskEnds();
      break;
    }
  }
}

std::vector<std::string> ChunkStore::VerifyPack(PackId pack, uint64_t* chunks) {
  std::vector<std::string> faults;
  absl::StatusOr<format::PackFooter> footer = packs_->ReadFooter(pack);
  if (!footer.ok()) {
    if (!absl::IsNotFound(footer.status()) || ErrnoOf(footer.status()) != ENOENT) {
      faults.push_back(fmt::format("pack {:016x}: {}", pack.value, MessageOf(footer.status())));
    }
    return faults;  // a pack that is gone was swept meanwhile
  }
  for (const format::FooterGroup& group : footer->groups) {
    std::span<const format::FooterChunk> peers(&footer->chunks[group.first_chunk],
                                               group.chunk_count);
    absl::StatusOr<GroupBytes> raw = ReadGroup(pack, group, peers);
    if (!raw.ok() && ErrnoOf(raw.status()) != ENOENT) {
      if (absl::IsDataLoss(raw.status())) Distrust(pack, group, peers);
      faults.emplace_back(MessageOf(raw.status()));
    }
    *chunks += group.chunk_count;
  }
  return faults;
}

bool ChunkStore::Holds(const Fingerprint& fp) {
  FooterPtr footer;
  absl::ReaderMutexLock gc_lock(&gc_mu_);
  for (const index::Location& at : index_.LookupAll(fp)) {
    if (KnownAt(fp, at, &footer)) return true;
  }
  return false;
}

}  // namespace oca::engine
