// The packs of t/golden/format-v1 read as their manifest says, now and in every later version; and
// version 1 is still written as it was.
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "fs/chunk/sha256.h"
#include "fs/format/pack.h"
#include "fs/format/repository.h"
#include "fs/store/codec.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::store {
namespace {

using format::ChunkKind;
using format::Codec;

// A line of the manifest, and what it stands for.
struct ChunkLine {
  ChunkKind kind;
  uint32_t length;
  std::string sha256;
  std::string plain;
};
struct GroupLine {
  uint64_t offset;
  Codec codec;
  uint32_t container, raw_bytes, stored_bytes;
  std::vector<ChunkLine> chunks;
};
struct PackLine {
  std::string file;
  uint32_t group_id;
  uint64_t pack_id, size, footer_offset, footer_size;
  std::vector<GroupLine> groups;
};

std::string Golden(const std::string& name) {
  std::ifstream in(std::string(OCA_SOURCE_DIR "/t/golden/format-v1/") + name, std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// "text 3 word": lines "word 1\n" to "word 3\n". "hash 2 word": SHA-256 of "word 1", then of "word
// 2".
std::string Content(std::istream& in) {
  std::string kind, word, out;
  int n = 0;
  in >> kind >> n >> word;
  for (int i = 1; i <= n; ++i) {
    std::string line = fmt::format("{} {}", word, i);
    out += kind == "text" ? line + "\n" : std::string(chunk::Sha256(line).view());
  }
  return out;
}

std::vector<PackLine> ReadManifest() {
  std::istringstream manifest(Golden("pack.manifest"));
  std::vector<PackLine> packs;
  for (std::string line; std::getline(manifest, line);) {
    if (line.empty()) continue;
    std::istringstream in(line);
    std::string what, name;
    in >> what;
    if (what == "pack") {
      PackLine& pack = packs.emplace_back();
      in >> pack.file >> pack.group_id >> pack.pack_id >> pack.size;
    } else if (what == "group") {
      GroupLine& group = packs.back().groups.emplace_back();
      in >> group.offset >> name >> group.container >> group.raw_bytes >> group.stored_bytes;
      group.codec = name == "raw" ? Codec::kRaw : name == "zstd" ? Codec::kZstd : Codec::kLz4;
    } else if (what == "chunk") {
      ChunkLine& chunk = packs.back().groups.back().chunks.emplace_back();
      in >> name >> chunk.length >> chunk.sha256;
      chunk.kind = name == "node" ? ChunkKind::kNode : ChunkKind::kData;
      chunk.plain = Content(in);
    } else if (what == "footer") {
      in >> packs.back().footer_offset >> packs.back().footer_size;
    }
    EXPECT_FALSE(in.fail()) << line;
  }
  return packs;
}

std::string PlainOf(const GroupLine& group) {
  std::string plain;
  for (const ChunkLine& chunk : group.chunks) plain += chunk.plain;
  return plain;
}

TEST(GoldenPack, DecodesAsTheManifestSays) {
  std::vector<PackLine> packs = ReadManifest();
  ASSERT_EQ(packs.size(), 2u);
  for (const PackLine& pack : packs) {
    SCOPED_TRACE(pack.file);
    std::string bytes = Golden(pack.file);
    std::string_view all = bytes;
    ASSERT_EQ(all.size(), pack.size);
    ASSERT_OK_AND_ASSIGN(format::PackHeader header, format::DecodePackHeader(all));
    EXPECT_EQ(header.group_id.value, pack.group_id);
    EXPECT_EQ(header.pack_id.value, pack.pack_id);
    ASSERT_OK_AND_ASSIGN(auto trailer,
                         format::DecodeTrailer(all.substr(all.size() - format::kPackTrailerSize)));
    ASSERT_EQ(trailer.footer_offset, pack.footer_offset);
    ASSERT_EQ(trailer.footer_size, pack.footer_size);
    ASSERT_OK_AND_ASSIGN(
        format::PackFooter footer,
        format::DecodeFooter(all.substr(pack.footer_offset, pack.footer_size), pack.footer_offset));
    format::PackFooter expected;
    expected.pack = header;
    for (const GroupLine& line : pack.groups) {
      ASSERT_OK_AND_ASSIGN(format::DecodedGroup group,
                           format::DecodeGroup(all.substr(line.offset)));
      EXPECT_EQ(group.header.codec, line.codec);
      EXPECT_EQ(group.header.container.value, line.container);
      EXPECT_EQ(group.header.raw_bytes, line.raw_bytes);
      EXPECT_EQ(group.header.stored_bytes, line.stored_bytes);
      ASSERT_OK_AND_ASSIGN(Buffer plain, Decompress(line.codec, group.payload, line.raw_bytes));
      EXPECT_EQ(std::string_view(plain), PlainOf(line));
      std::vector<Fingerprint> fps;
      std::vector<format::GroupChunk> chunks;
      for (const ChunkLine& chunk : line.chunks) {
        fps.push_back(chunk::Sha256Reference(chunk.plain));
        EXPECT_EQ(fps.back().ToHex(), chunk.sha256);
        chunks.push_back({chunk.length, chunk.kind});
      }
      EXPECT_EQ(group.header.chunks, chunks);
      format::AddToFooter(line.offset, group.header, fps, &expected);
    }
    EXPECT_EQ(footer, expected);
  }
}

TEST(GoldenPack, IsStillWrittenTheSame) {
  // The bytes that zstd gives depend on its version; those of raw and LZ4 groups do not.
  PackLine pack = ReadManifest()[0];
  format::PackFooter footer;
  footer.pack = {GroupId(pack.group_id), PackId(pack.pack_id)};
  std::string bytes = format::EncodePackHeader(footer.pack);
  for (const GroupLine& line : pack.groups) {
    Compressed payload = Compress(PlainOf(line), Compression::kLz4);
    ASSERT_EQ(payload.codec, line.codec);
    format::GroupHeader header;
    header.codec = payload.codec;
    header.container = ContainerId(line.container);
    header.raw_bytes = line.raw_bytes;
    header.stored_bytes = line.stored_bytes;
    std::vector<Fingerprint> fps;
    for (const ChunkLine& chunk : line.chunks) {
      header.chunks.push_back({chunk.length, chunk.kind});
      fps.push_back(chunk::Sha256(chunk.plain));
    }
    bytes.resize(line.offset, '\0');
    bytes += format::EncodeGroup(header, payload.bytes);
    format::AddToFooter(line.offset, header, fps, &footer);
  }
  bytes.resize(pack.footer_offset, '\0');
  bytes += format::EncodeFooter(footer, pack.footer_offset);
  EXPECT_TRUE(bytes == Golden(pack.file));
}

TEST(GoldenRepositoryFormat, DecodesAndIsStillWrittenTheSame) {
  format::RepositoryFormat expected;
  for (uint8_t i = 0; i < 16; ++i) expected.uuid[i] = static_cast<uint8_t>(0x11 * i);
  expected.uuid = format::UuidFromRandom(expected.uuid);
  expected.compatible = 1;
  std::string bytes = Golden("format");
  ASSERT_OK_AND_ASSIGN(format::RepositoryFormat decoded, format::DecodeRepositoryFormat(bytes));
  EXPECT_EQ(decoded, expected);
  EXPECT_TRUE(format::EncodeRepositoryFormat(expected) == bytes);
}

}  // namespace
}  // namespace oca::store
