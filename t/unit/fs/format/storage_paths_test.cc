#include "fs/format/storage_paths.h"

#include <string>

#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/support/status_matchers.h"

namespace oca::format {
namespace {

RepositoryUuid Uuid(uint8_t first) {
  RepositoryUuid uuid{};
  for (uint8_t& byte : uuid) byte = first++;
  return uuid;
}

// The bytes under a good checksum.
std::string Fixed(std::string bytes) {
  StoreLe<uint32_t>(bytes.data() + bytes.size() - 4,
                    Crc32c(std::string_view(bytes).substr(0, bytes.size() - 4)));
  return bytes;
}

TEST(PathIdentity, RoundTripAndBytes) {
  const PathIdentity identity{Uuid(1), Uuid(100)};
  const std::string bytes = EncodePathIdentity(identity);
  ASSERT_EQ(bytes.size(), kPathIdentitySize);
  EXPECT_EQ(bytes.substr(0, 8), "OCA-PATH");
  EXPECT_EQ(bytes[16], 1);
  EXPECT_EQ(bytes[32], 100);
  ASSERT_OK_AND_ASSIGN(PathIdentity decoded, DecodePathIdentity(bytes));
  EXPECT_EQ(decoded, identity);
}

TEST(PathIdentity, EveryFlippedBitIsFound) {
  const std::string good = EncodePathIdentity({Uuid(1), Uuid(100)});
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_TRUE(absl::IsDataLoss(DecodePathIdentity(bytes).status())) << bit;
  }
  EXPECT_TRUE(absl::IsDataLoss(DecodePathIdentity("").status()));
  EXPECT_TRUE(absl::IsDataLoss(DecodePathIdentity(good.substr(0, 63)).status()));
  std::string set = good;
  set[50] = 1;  // reserved
  EXPECT_TRUE(absl::IsDataLoss(DecodePathIdentity(Fixed(set)).status()));
}

TEST(PathIdentity, ANewerVersionIsNoDamage) {
  std::string bytes = EncodePathIdentity({Uuid(1), Uuid(100)});
  bytes[8] = 3;
  EXPECT_TRUE(absl::IsFailedPrecondition(DecodePathIdentity(Fixed(bytes)).status()));
}

TEST(PathIdentity, OfTheTier) {
  const PathIdentity identity{Uuid(1), Uuid(100), true};
  std::string bytes = EncodePathIdentity(identity);
  ASSERT_EQ(bytes.size(), kPathIdentitySize);
  EXPECT_EQ(bytes[8], 2);
  EXPECT_EQ(bytes[48], 1);
  ASSERT_OK_AND_ASSIGN(PathIdentity decoded, DecodePathIdentity(bytes));
  EXPECT_EQ(decoded, identity);
  EXPECT_EQ(EncodePathIdentity({Uuid(1), Uuid(100)})[8], 1);  // older versions go on reading that
  for (const char use : {0, 2}) {
    bytes[48] = use;
    EXPECT_TRUE(absl::IsDataLoss(DecodePathIdentity(Fixed(bytes)).status()));
  }
}

TEST(StoragePathList, WithPathsOfTheTierAndSuchAsAreDrained) {
  const std::vector<StoragePath> paths{{Uuid(1), "/srv/a"},
                                       {Uuid(2), "/srv/b", true},
                                       {Uuid(3), "/srv/c", false, true, 123'456'789},
                                       {Uuid(4), "/srv/d", true, true, 0}};
  std::string bytes = EncodeStoragePaths(paths);
  EXPECT_EQ(bytes[8], 2);
  ASSERT_OK_AND_ASSIGN(auto decoded, DecodeStoragePaths(bytes));
  EXPECT_EQ(decoded, paths);
  EXPECT_EQ(EncodeStoragePaths({paths[0]})[8], 1);
  bytes[bytes.size() - 4 - 2] = 4;  // flags of the last path
  EXPECT_TRUE(absl::IsDataLoss(DecodeStoragePaths(Fixed(bytes)).status()));
  bytes[8] = 3;
  EXPECT_TRUE(absl::IsFailedPrecondition(DecodeStoragePaths(Fixed(bytes)).status()));
}

TEST(StoragePathList, RoundTrip) {
  const std::vector<StoragePath> paths{{Uuid(1), "/srv/a"}, {Uuid(2), "/srv/b"}};
  ASSERT_OK_AND_ASSIGN(auto decoded, DecodeStoragePaths(EncodeStoragePaths(paths)));
  EXPECT_EQ(decoded, paths);
  ASSERT_OK_AND_ASSIGN(decoded, DecodeStoragePaths(EncodeStoragePaths({})));
  EXPECT_TRUE(decoded.empty());
}

TEST(StoragePathList, WhatContradictsItselfIsDamage) {
  const std::string good = EncodeStoragePaths({{Uuid(1), "/srv/a"}});
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_TRUE(absl::IsDataLoss(DecodeStoragePaths(good.substr(0, cut)).status())) << cut;
  }
  EXPECT_TRUE(
      absl::IsDataLoss(DecodeStoragePaths(EncodeStoragePaths({{Uuid(1), "srv/a"}})).status()));
  std::string many = good;
  many[12] = 2;
  EXPECT_TRUE(absl::IsDataLoss(DecodeStoragePaths(Fixed(many)).status()));
  const std::vector<StoragePath> too_many(kMaxStoragePaths + 1, {Uuid(1), "/a"});
  EXPECT_TRUE(absl::IsDataLoss(DecodeStoragePaths(EncodeStoragePaths(too_many)).status()));
}

TEST(PackIdBound, RoundTripAndDamage) {
  const std::string good = EncodePackIdBound(4097);
  ASSERT_OK_AND_ASSIGN(uint64_t bound, DecodePackIdBound(good));
  EXPECT_EQ(bound, 4097u);
  std::string bytes = good;
  bytes[17] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(DecodePackIdBound(bytes).status()));
}

}  // namespace
}  // namespace oca::format
