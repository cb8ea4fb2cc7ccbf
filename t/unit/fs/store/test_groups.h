// Groups of known contents for tests of pack stores.
#ifndef OCA_T_UNIT_FS_STORE_TEST_GROUPS_H_
#define OCA_T_UNIT_FS_STORE_TEST_GROUPS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fs/chunk/sha256.h"
#include "fs/format/pack.h"
#include "fs/store/codec.h"
#include "fs/store/pack_store.h"
#include "gtest/gtest.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::store {

struct TestGroup {
  format::GroupHeader header;
  std::string encoded;
  std::vector<std::string> chunks;
  std::vector<Fingerprint> fps;
};

inline TestGroup MakeGroup(const std::vector<std::string>& chunks, Compression how) {
  TestGroup group;
  group.chunks = chunks;
  std::string raw;
  for (const std::string& chunk : chunks) {
    raw += chunk;
    auto kind = chunk.size() % 5 == 0 ? format::ChunkKind::kNode : format::ChunkKind::kData;
    group.header.chunks.push_back({static_cast<uint32_t>(chunk.size()), kind});
    group.fps.push_back(chunk::Sha256(chunk));
  }
  Compressed payload = Compress(raw, how);
  group.header.codec = payload.codec;
  group.header.container = ContainerId(static_cast<uint32_t>(raw.size() % 7));
  group.header.raw_bytes = static_cast<uint32_t>(raw.size());
  group.header.stored_bytes = static_cast<uint32_t>(payload.bytes.size());
  group.encoded = format::EncodeGroup(group.header, payload.bytes);
  return group;
}

// One to five chunks of up to `max_chunk` bytes, text or random; the same seed gives the same
// group.
inline TestGroup MakeGroup(uint64_t seed, size_t max_chunk = 3000) {
  support::Random random(seed);
  std::vector<std::string> chunks;
  for (uint64_t n = random.Between(1, 5); n > 0; --n) {
    size_t size = random.Between(1, max_chunk);
    chunks.push_back(random.OneIn(2) ? random.Text(size) : random.Bytes(size));
  }
  return MakeGroup(chunks, static_cast<Compression>(seed % 3));
}

// A pack as its writer knows it: groups whose Append was OK.
struct TestPack {
  format::PackFooter footer;
  std::vector<TestGroup> groups;  // as in footer.groups

  explicit TestPack(PackId id, GroupId group_id = GroupId(1)) {
    footer.pack = {.group_id = group_id, .pack_id = id};
  }
  absl::Status Append(PackWriter& writer, const TestGroup& group) {
    OCA_ASSIGN_OR_RETURN(uint64_t offset, writer.Append(group.encoded));
    format::AddToFooter(offset, group.header, group.fps, &footer);
    groups.push_back(group);
    return absl::OkStatus();
  }
};

// True when `footer` lists a group of exactly these chunks, and the store gives its bytes.
inline testing::AssertionResult HoldsGroup(PackStore& store, const format::PackFooter& footer,
                                           const TestGroup& group) {
  for (const format::FooterGroup& listed : footer.groups) {
    if (listed.chunk_count != group.fps.size()) continue;
    bool same = true;
    for (uint32_t i = 0; i < listed.chunk_count; ++i) {
      const format::FooterChunk& chunk = footer.chunks[listed.first_chunk + i];
      same = same && chunk.fp == group.fps[i] && chunk.kind == group.header.chunks[i].kind;
    }
    if (!same) continue;
    auto bytes = store.Read(footer.pack.pack_id, listed.file_offset, listed.encoded_size);
    if (!bytes.ok()) return testing::AssertionFailure() << bytes.status();
    if (*bytes != group.encoded) return testing::AssertionFailure() << "other bytes are stored";
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "no such group in the footer";
}

// Every chunk that `footer` lists has the fingerprint that it should: nothing false is readable.
inline testing::AssertionResult ListsOnlyTrueChunks(PackStore& store,
                                                    const format::PackFooter& footer) {
  for (const format::FooterGroup& listed : footer.groups) {
    auto bytes = store.Read(footer.pack.pack_id, listed.file_offset, listed.encoded_size);
    if (!bytes.ok()) return testing::AssertionFailure() << bytes.status();
    auto group = format::DecodeGroup(*bytes);
    if (!group.ok()) return testing::AssertionFailure() << group.status();
    auto raw = Decompress(group->header.codec, group->payload, group->header.raw_bytes);
    if (!raw.ok()) return testing::AssertionFailure() << raw.status();
    for (uint32_t i = 0; i < listed.chunk_count; ++i) {
      const format::FooterChunk& chunk = footer.chunks[listed.first_chunk + i];
      std::string_view plain = std::string_view(*raw).substr(chunk.offset_in_group, chunk.length);
      if (chunk::Sha256(plain) != chunk.fp) return testing::AssertionFailure() << "false chunk";
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace oca::store

#endif  // OCA_T_UNIT_FS_STORE_TEST_GROUPS_H_
