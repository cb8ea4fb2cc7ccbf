#include "fs/engine/open_pack.h"

#include <algorithm>
#include <utility>

#include "fs/format/delta.h"
#include "lib/base/status.h"

namespace oca::engine {

bool OpenPack::NeedsNewGroup(ContainerId container, size_t bytes) {
  absl::MutexLock lock(&mu_);
  if (groups_.empty() || groups_.back()->state != Group::State::kOpen) return true;
  const Group& group = *groups_.back();
  return group.place.container != container || group.raw.size() + bytes > kGroupTargetBytes ||
         group.place.chunk_count >= kMaxChunksPerGroup;
}

bool OpenPack::Full(uint64_t target_bytes) {
  absl::MutexLock lock(&mu_);
  return closed_ || writer_->behind() == store::PackWriter::Behind::kFillNoMore ||
         writer_->size() + unstored_raw_ >= target_bytes ||
         chunks_.size() + kMaxChunksPerGroup > format::kMaxChunksPerPack;
}

std::optional<uint32_t> OpenPack::CloseGroup() {
  absl::MutexLock lock(&mu_);
  if (groups_.empty() || groups_.back()->state != Group::State::kOpen) return std::nullopt;
  groups_.back()->state = Group::State::kClosed;
  return static_cast<uint32_t>(groups_.size() - 1);
}

uint32_t OpenPack::AddChunk(ContainerId container, std::string_view bytes, const Fingerprint& fp,
                            format::ChunkKind kind, const Delta* delta) {
  absl::MutexLock lock(&mu_);
  if (groups_.empty() || groups_.back()->state != Group::State::kOpen) {
    auto group = std::make_unique<Group>();
    group->place.container = container;
    group->place.first_chunk = static_cast<uint32_t>(chunks_.size());
    group->raw.reserve(std::max(kGroupTargetBytes, bytes.size()));
    groups_.push_back(std::move(group));
  }
  Group& group = *groups_.back();
  uint32_t ordinal = static_cast<uint32_t>(chunks_.size());
  chunks_.push_back({fp, static_cast<uint32_t>(groups_.size() - 1),
                     static_cast<uint32_t>(group.raw.size()), static_cast<uint32_t>(bytes.size()),
                     kind});
  group.raw.append(bytes);
  if (delta != nullptr) {
    bases_.push_back(delta->base);
    group.deltas.push_back(delta->bytes);
  }
  group.place.raw_bytes += static_cast<uint32_t>(bytes.size());
  group.place.chunk_count++;
  unstored_raw_ += bytes.size();
  return ordinal;
}

void OpenPack::CloseToChunks() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
}

std::string OpenPack::Encode(const Group& group, format::GroupHeader* header) {
  store::Compressed payload{format::Codec::kDelta, ""};
  if (group.deltas.empty()) {
    payload = store::Compress(group.raw, compression_);
  } else {
    std::vector<format::DeltaChunk> deltas;
    absl::MutexLock lock(&mu_);
    for (uint32_t i = 0; i < group.place.chunk_count; ++i) {
      const uint32_t ordinal = group.place.first_chunk + i;
      deltas.push_back({chunks_[ordinal].fp, bases_[ordinal], group.deltas[i]});
    }
    payload.bytes = format::EncodeDeltas(deltas);
  }
  header->codec = payload.codec;
  header->stored_bytes = static_cast<uint32_t>(payload.bytes.size());
  return format::EncodeGroup(*header, payload.bytes);
}

absl::Status OpenPack::StoreGroup(uint32_t index) {
  Group* group;
  format::GroupHeader header;
  {
    absl::MutexLock lock(&mu_);
    group = groups_[index].get();
    if (retired_) return absl::AbortedError("the pack is given up");
    if (group->state != Group::State::kClosed) return absl::OkStatus();  // stored by another
    group->state = Group::State::kStoring;
    header.container = group->place.container;
    header.raw_bytes = group->place.raw_bytes;
    for (uint32_t i = 0; i < group->place.chunk_count; ++i) {
      const format::FooterChunk& chunk = chunks_[group->place.first_chunk + i];
      header.chunks.push_back({chunk.length, chunk.kind});
    }
  }
  // In state kStoring nobody else changes what the group holds, so it is read without the lock.
  absl::StatusOr<std::string> encoded = Encode(*group, &header);
  if (key_ != 0) encoded = keys_->Seal(key_, format::SealedKind::kGroup, id_.value, *encoded);
  absl::StatusOr<uint64_t> offset =
      encoded.ok() ? writer_->Append(*encoded) : absl::StatusOr<uint64_t>(encoded.status());

  absl::MutexLock lock(&mu_);
  if (!offset.ok()) {
    group->state = Group::State::kClosed;
    return offset.status();
  }
  group->place.file_offset = *offset;
  group->place.encoded_size = static_cast<uint32_t>(encoded->size());
  group->place.stored_bytes = header.stored_bytes;
  group->state = Group::State::kStored;
  unstored_raw_ -= group->raw.size();
  std::string raw = std::exchange(group->raw, std::string());
  if (writer_->may_go_missing()) {
    // What deltas need may go missing with them.
    if (group->deltas.empty()) {
      group->encoded = *std::move(encoded);
    } else {
      group->raw = std::move(raw);
    }
  }
  group->deltas.clear();
  dirty_ = true;
  return absl::OkStatus();
}

bool OpenPack::AllStored() {
  return std::all_of(groups_.begin(), groups_.end(), [](const std::unique_ptr<Group>& group) {
    return group->state == Group::State::kStored;
  });
}

void OpenPack::AwaitStoring(size_t count) {
  auto quiet = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return std::none_of(
        groups_.begin(), groups_.begin() + static_cast<ptrdiff_t>(count),
        [](const std::unique_ptr<Group>& group) { return group->state == Group::State::kStoring; });
  };
  mu_.Await(absl::Condition(&quiet));
}

absl::Status OpenPack::SyncStored() {
  std::vector<Group*> stored;
  {
    absl::MutexLock lock(&mu_);
    for (const std::unique_ptr<Group>& group : groups_) {
      const bool is_stored = group->state == Group::State::kStored;
      if (is_stored && !(group->encoded.empty() && group->raw.empty()))
        stored.push_back(group.get());
    }
  }
  OCA_RETURN_IF_ERROR(writer_->Sync());
  absl::MutexLock lock(&mu_);
  for (Group* group : stored) group->Forget();
  return absl::OkStatus();
}

std::vector<OpenPack::Leaving> OpenPack::Retire() {
  absl::MutexLock sync_lock(&sync_mu_);
  absl::MutexLock lock(&mu_);
  std::vector<Leaving> leaving;
  if (sealed_) return leaving;
  closed_ = true;
  retired_ = true;
  AwaitStoring(groups_.size());
  for (const std::unique_ptr<Group>& group : groups_) {
    auto first = chunks_.begin() + group->place.first_chunk;
    leaving.push_back(
        {group->place, {first, first + group->place.chunk_count}, group->raw, group->encoded});
  }
  return leaving;
}

bool OpenPack::retired() {
  absl::MutexLock lock(&mu_);
  return retired_;
}

absl::Status OpenPack::MakeDurable() {
  size_t count;
  std::vector<uint32_t> closed;
  {
    absl::MutexLock lock(&mu_);
    count = groups_.size();
    // A group that is open now may be closed while we store the others: it is not ours to wait for.
    if (count > 0 && groups_.back()->state == Group::State::kOpen) --count;
    for (uint32_t i = 0; i < count; ++i) {
      if (groups_[i]->state == Group::State::kClosed) closed.push_back(i);
    }
  }
  for (uint32_t index : closed) OCA_RETURN_IF_ERROR(StoreGroup(index));
  {
    absl::MutexLock lock(&mu_);
    AwaitStoring(count);
    for (uint32_t i = 0; i < count; ++i) {
      if (groups_[i]->state == Group::State::kClosed) {
        return absl::ResourceExhaustedError("a group of chunks could not be written");
      }
    }
  }
  absl::MutexLock sync_lock(&sync_mu_);
  {
    absl::MutexLock lock(&mu_);
    if (retired_) return absl::AbortedError("the pack is given up");
    if (!dirty_) return absl::OkStatus();
    dirty_ = false;
  }
  absl::Status status = SyncStored();
  if (!status.ok()) {
    absl::MutexLock lock(&mu_);
    dirty_ = true;
  }
  return status;
}

bool OpenPack::ReadyToSeal() {
  absl::MutexLock lock(&mu_);
  return closed_ && !sealed_ && !retired_ && AllStored();
}

bool OpenPack::sealed() {
  absl::MutexLock lock(&mu_);
  return sealed_;
}

absl::Status OpenPack::Seal() {
  absl::MutexLock sync_lock(&sync_mu_);
  format::PackFooter footer;
  {
    absl::MutexLock lock(&mu_);
    if (sealed_) return absl::OkStatus();
    if (!closed_ || retired_ || !AllStored())
      return absl::FailedPreconditionError("pack is still being filled");
    footer = FooterLocked();
  }
  OCA_RETURN_IF_ERROR(writer_->Seal(footer));
  absl::MutexLock lock(&mu_);
  sealed_ = true;
  dirty_ = false;
  for (const std::unique_ptr<Group>& group : groups_) group->Forget();
  return absl::OkStatus();
}

format::PackFooter OpenPack::Footer() {
  absl::MutexLock lock(&mu_);
  return FooterLocked();
}

format::PackFooter OpenPack::FooterLocked() {
  format::PackFooter footer;
  footer.pack = {storage_group_, id_};
  footer.key = key_;
  footer.chunks = chunks_;
  footer.bases = bases_;
  for (const auto& group : groups_) footer.groups.push_back(group->place);
  return footer;
}

std::optional<uint32_t> OpenPack::Find(const Fingerprint& fp, uint32_t first, uint32_t count) {
  absl::MutexLock lock(&mu_);
  uint32_t end = std::min<uint32_t>(first + count, static_cast<uint32_t>(chunks_.size()));
  for (uint32_t i = first; i < end; ++i) {
    if (chunks_[i].fp == fp) return i;
  }
  return std::nullopt;
}

std::optional<Fingerprint> OpenPack::FingerprintAt(uint32_t ordinal) {
  absl::MutexLock lock(&mu_);
  if (ordinal >= chunks_.size()) return std::nullopt;
  return chunks_[ordinal].fp;
}

bool OpenPack::of_deltas() {
  absl::MutexLock lock(&mu_);
  return !bases_.empty();
}

OpenPack::ChunkPlace OpenPack::Place(uint32_t ordinal) {
  absl::MutexLock lock(&mu_);
  ChunkPlace place;
  place.chunk = chunks_[ordinal];
  place.is_delta = !bases_.empty();
  const Group& group = *groups_[place.chunk.group];
  if (group.state != Group::State::kStored) {
    place.bytes = group.raw.substr(place.chunk.offset_in_group, place.chunk.length);
    return place;
  }
  place.group = group.place;
  auto first = chunks_.begin() + group.place.first_chunk;
  place.peers.assign(first, first + group.place.chunk_count);
  return place;
}

OpenPack::Usage OpenPack::usage() {
  absl::MutexLock lock(&mu_);
  return {writer_->size(), unstored_raw_};
}

}  // namespace oca::engine
