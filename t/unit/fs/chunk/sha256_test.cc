#include "fs/chunk/sha256.h"

#include <gtest/gtest.h>

#include "fs/chunk/sha256_avx512.h"
#include "fs/chunk/sha256_lanes.h"
#include "fs/chunk/sha256_ni.h"
#include "t/unit/fs/chunk/streams.h"

namespace oca::chunk {
namespace {

using internal::Sha256Kernels;

// Each choice that some CPU makes, of those that this one can make.
std::vector<Sha256Kernels> Choices() {
  std::vector<Sha256Kernels> choices;
  if (internal::HasShaNi()) choices.push_back({.sha_ni = true, .avx512 = false});
  if (internal::HasAvx512()) choices.push_back({.sha_ni = false, .avx512 = true});
  if (internal::HasShaNi() && internal::HasAvx512()) {
    choices.push_back({.sha_ni = true, .avx512 = true});
  }
  return choices;
}

void ExpectSameAsReference(const std::vector<std::string_view>& chunks) {
  std::vector<Fingerprint> expected(chunks.size());
  for (size_t i = 0; i < chunks.size(); ++i) expected[i] = Sha256Reference(chunks[i]);
  const auto expect = [&](const std::vector<Fingerprint>& out, const std::string& by) {
    for (size_t i = 0; i < chunks.size(); ++i) {
      ASSERT_EQ(out[i], expected[i]) << by << ", chunk " << i << " of " << chunks.size() << ", "
                                     << chunks[i].size() << " bytes";
    }
  };
  std::vector<Fingerprint> out(chunks.size());
  Sha256Many(chunks, out);
  expect(out, "as this CPU prefers");
  for (const Sha256Kernels& kernels : Choices()) {
    std::vector<Fingerprint> by_kernels(chunks.size());
    internal::Sha256InLanes(kernels, chunks, by_kernels);
    expect(by_kernels,
           std::string(kernels.sha_ni ? "SHA-NI" : "") + (kernels.avx512 ? " AVX-512" : ""));
  }
}

// FIPS 180-4 examples.
TEST(Sha256, KnownAnswers) {
  const std::vector<std::string_view> chunks = {
      "", "abc", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"};
  const std::vector<std::string> expected = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"};
  std::vector<Fingerprint> out(chunks.size());
  Sha256Many(chunks, out);
  for (size_t i = 0; i < chunks.size(); ++i) {
    EXPECT_EQ(out[i].ToHex(), expected[i]);
    EXPECT_EQ(Sha256(chunks[i]).ToHex(), expected[i]);
    EXPECT_EQ(Sha256Reference(chunks[i]).ToHex(), expected[i]);
  }
}

TEST(Sha256, EmptyBatchIsNothing) { Sha256Many({}, {}); }

TEST(Sha256, OneChunkOfEveryShortLength) {
  const std::string data = RandomBytes(1, 300);
  for (size_t length = 0; length <= 300; ++length) {
    const std::string_view chunk = std::string_view(data).substr(0, length);
    ASSERT_EQ(Sha256(chunk), Sha256Reference(chunk)) << length;
    ExpectSameAsReference({chunk});
  }
}

TEST(Sha256, EqualLengthsInEveryBatchSize) {
  const std::string data = RandomBytes(2, 700);
  for (size_t batch = 1; batch <= 33; ++batch) {
    for (size_t length = 0; length <= 300; ++length) {
      std::vector<std::string_view> chunks;
      for (size_t i = 0; i < batch; ++i)
        chunks.push_back(std::string_view(data).substr(11 * i, length));
      ExpectSameAsReference(chunks);
    }
  }
}

TEST(Sha256, EveryShortLengthInOneBatch) {
  const std::string data = RandomBytes(3, 300);
  std::vector<std::string_view> up, down;
  for (size_t length = 0; length <= 300; ++length) {
    up.push_back(std::string_view(data).substr(0, length));
    down.push_back(std::string_view(data).substr(length));
  }
  ExpectSameAsReference(up);
  ExpectSameAsReference(down);
}

TEST(Sha256, AnyComposition) {
  const std::string data = RandomBytes(4, 400000);
  SplitMix random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string_view> chunks(random.Below(100));
    for (std::string_view& chunk : chunks) {
      const size_t limit = random.Below(4) == 0 ? 40000 : 200;
      chunk =
          std::string_view(data).substr(random.Below(data.size() - limit), random.Below(limit + 1));
    }
    ExpectSameAsReference(chunks);
  }
}

// One lane outlives all others.
TEST(Sha256, OneLongChunkAmongShortOnes) {
  const std::string data = RandomBytes(6, 300000);
  for (size_t batch : {8, 20}) {
    for (size_t at = 0; at < batch; ++at) {
      std::vector<std::string_view> chunks(batch, std::string_view(data).substr(7, 1000));
      chunks[at] = data;
      ExpectSameAsReference(chunks);
    }
  }
}

}  // namespace
}  // namespace oca::chunk
