#include "fs/store/codec.h"

#include <lz4.h>
#include <zstd.h>

#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::store {
namespace {

using format::Codec;
using support::StatusIs;

constexpr Compression kAll[] = {Compression::kFast, Compression::kBest, Compression::kLz4};

std::string ZstdOf(std::string_view raw) {
  std::string out(ZSTD_compressBound(raw.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), raw.data(), raw.size(), 3));
  return out;
}
std::string Lz4Of(std::string_view raw) {
  std::string out(LZ4_compressBound(static_cast<int>(raw.size())), '\0');
  out.resize(LZ4_compress_default(raw.data(), out.data(), static_cast<int>(raw.size()),
                                  static_cast<int>(out.size())));
  return out;
}

void ExpectRoundTrip(std::string_view raw, Compression how) {
  Compressed compressed = Compress(raw, how);
  EXPECT_LE(compressed.bytes.size(), raw.size());
  ASSERT_OK_AND_ASSIGN(Buffer back, Decompress(compressed.codec, compressed.bytes,
                                               static_cast<uint32_t>(raw.size())));
  EXPECT_TRUE(back == raw) << raw.size() << " bytes";
}

TEST(Codec, TextShrinksAndComesBack) {
  std::string raw = support::Random(1).Text(128 << 10);
  for (Compression how : kAll) {
    Compressed compressed = Compress(raw, how);
    EXPECT_EQ(compressed.codec, how == Compression::kLz4 ? Codec::kLz4 : Codec::kZstd);
    EXPECT_LT(compressed.bytes.size(), raw.size() * 2 / 3);
    ExpectRoundTrip(raw, how);
  }
  EXPECT_LT(Compress(raw, Compression::kBest).bytes.size(),
            Compress(raw, Compression::kFast).bytes.size());
}

TEST(Codec, IncompressibleDataStaysRaw) {
  for (size_t size : {1, 2, 15, 16, 17, 100, 4096, 16384, 65536, 131072, 1 << 20}) {
    std::string raw = support::RandomBytes(size, size);
    for (Compression how : kAll) {
      Compressed compressed = Compress(raw, how);
      EXPECT_EQ(compressed.codec, Codec::kRaw) << size;
      EXPECT_TRUE(compressed.bytes == raw);
      ExpectRoundTrip(raw, how);
    }
  }
}

TEST(Codec, AnySizeComesBack) {
  support::Random random(2);
  for (size_t size : {1, 2, 3, 16, 17, 255, 4095, 16383, 16384, 16385, 200000}) {
    std::string text = random.Text(size);
    std::string zeros(size, '\0');
    for (Compression how : kAll) {
      ExpectRoundTrip(text, how);
      ExpectRoundTrip(zeros, how);
    }
  }
  std::string largest = random.Text(format::kMaxGroupRawBytes);
  for (Compression how : kAll) ExpectRoundTrip(largest, how);
}

TEST(Codec, SavingOfLessThanASixteenthIsNotTaken) {
  // Random bytes with a run of zeros of one part in `part`.
  auto with_zeros = [](size_t part) {
    std::string raw = support::RandomBytes(8 << 10, part);
    raw.replace(0, raw.size() / part, raw.size() / part, '\0');
    return raw;
  };
  for (Compression how : kAll) {
    EXPECT_EQ(Compress(with_zeros(20), how).codec, Codec::kRaw);
    EXPECT_NE(Compress(with_zeros(10), how).codec, Codec::kRaw);
  }
}

TEST(Codec, ProbeSeesOneCompressiblePart) {
  // A quarter of text among random bytes, wherever it lies. (Of less, zstd 1 itself saves next to
  // nothing.)
  constexpr size_t kQuarter = 32 << 10;
  for (size_t at = 0; at < 4; ++at) {
    std::string raw = support::RandomBytes(4 * kQuarter, at);
    raw.replace(at * kQuarter, kQuarter, support::Random(at).Text(kQuarter));
    EXPECT_EQ(Compress(raw, Compression::kBest).codec, Codec::kZstd) << at;
  }
}

TEST(Codec, OtherSizeThanPromisedIsDataLoss) {
  std::string raw = support::Random(3).Text(5000);
  for (Compression how : kAll) {
    Compressed compressed = Compress(raw, how);
    for (uint32_t size : {0u, 1u, 4999u, 5001u, format::kMaxGroupRawBytes, 0xffffffffu}) {
      EXPECT_THAT(Decompress(compressed.codec, compressed.bytes, size),
                  StatusIs(absl::StatusCode::kDataLoss))
          << size;
    }
  }
  EXPECT_THAT(Decompress(Codec::kRaw, "abc", 4), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Decompress(static_cast<Codec>(9), "abc", 4), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(Codec, BombIsDataLoss) {
  std::string zeros(64 << 20, '\0');
  std::string zstd_bomb = ZstdOf(zeros);
  std::string lz4_bomb = Lz4Of(zeros);
  EXPECT_THAT(Decompress(Codec::kZstd, zstd_bomb, 128 << 10),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Decompress(Codec::kLz4, lz4_bomb.substr(0, 100 << 10), 128 << 10),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Decompress(Codec::kZstd, zstd_bomb, 64 << 20), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(Codec, DamagedPayloadNeverGivesAnotherSize) {
  std::string raw = support::Random(4).Text(3000);
  support::Random random(5);
  for (Codec codec : {Codec::kZstd, Codec::kLz4}) {
    std::string good = codec == Codec::kZstd ? ZstdOf(raw) : Lz4Of(raw);
    for (int round = 0; round < 3000; ++round) {
      std::string bad =
          good.substr(0, random.OneIn(3) ? random.Below(good.size() + 1) : good.size());
      for (uint64_t flips = random.Below(4); flips > 0 && !bad.empty(); --flips) {
        bad[random.Below(bad.size())] = static_cast<char>(random.Next());
      }
      auto out = Decompress(codec, bad, 3000);
      if (out.ok()) {
        EXPECT_EQ(out->size(), 3000u);
      } else {
        EXPECT_THAT(out, StatusIs(absl::StatusCode::kDataLoss));
      }
    }
  }
}

TEST(Codec, ThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      support::Random random(t);
      for (int i = 0; i < 20; ++i) ExpectRoundTrip(random.Text(20000 + i), kAll[i % 3]);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::string Delta(const std::string& chunk, const std::string& base) {
  return CompressDelta(chunk, base, chunk.size());
}

TEST(Codec, DeltaIsWhatAChunkHasBeyondItsBase) {
  for (size_t size : {size_t{1000}, size_t{3000}, size_t{16} << 10, size_t{1} << 20}) {
    const std::string base = support::RandomBytes(size, size);
    std::string chunk = base.substr(0, size / 2) + "and something new" + base.substr(size / 2);
    const std::string delta = Delta(chunk, base);
    ASSERT_FALSE(delta.empty()) << size;
    EXPECT_LT(delta.size(), 200u) << size;
    std::string back(chunk.size(), '\0');
    ASSERT_OK(DecompressDelta(delta, base, back.data(), static_cast<uint32_t>(back.size())));
    EXPECT_TRUE(back == chunk) << size;
  }
}

TEST(Codec, DeltaThatTakesMoreThanItMayIsNone) {
  const std::string base = support::RandomBytes(16 << 10, 1),
                    other = support::RandomBytes(16 << 10, 2);
  EXPECT_EQ(CompressDelta(other, base, 8 << 10), "");
  EXPECT_EQ(CompressDelta(base, base, 0), "");
}

TEST(Codec, DeltaOfAnotherBaseOrLengthGivesNoBytesBeyondItsRoom) {
  const std::string base = support::RandomBytes(16 << 10, 1);
  const std::string chunk = "new" + base;
  const std::string delta = Delta(chunk, base);
  std::string out(chunk.size(), '\0');
  const auto length = static_cast<uint32_t>(chunk.size());
  EXPECT_THAT(DecompressDelta(delta, base, out.data(), length - 1),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(DecompressDelta(delta.substr(0, delta.size() / 2), base, out.data(), length),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(DecompressDelta("", base, out.data(), length), StatusIs(absl::StatusCode::kDataLoss));
  // Of another base: it fails, or the fingerprint tells.
  absl::Status status = DecompressDelta(delta, base.substr(9), out.data(), length);
  EXPECT_TRUE(!status.ok() || out != chunk);
}

}  // namespace
}  // namespace oca::store
