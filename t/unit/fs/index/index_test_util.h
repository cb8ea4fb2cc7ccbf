// Shared by the tests of fs/index.
#ifndef OCA_T_UNIT_FS_INDEX_INDEX_TEST_UTIL_H_
#define OCA_T_UNIT_FS_INDEX_INDEX_TEST_UTIL_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

#include "fs/index/fingerprint_index.h"
#include "gtest/gtest.h"
#include "t/support/random.h"

namespace oca::index {

inline constexpr char kPath[] = "/index";

// A fingerprint with these first eight bytes; the index reads the first five.
inline Fingerprint FingerprintOf(uint64_t prefix) {
  Fingerprint fp;
  prefix = __builtin_bswap64(prefix);
  std::memcpy(fp.bytes.data(), &prefix, sizeof prefix);
  return fp;
}

inline Location At(uint64_t pack, uint32_t block) { return {PackId(pack), block}; }

// Ascending by pack, then block: the order in which the index answers.
inline bool Before(const Location& a, const Location& b) {
  return a.pack != b.pack ? a.pack < b.pack : a.ordinal_block < b.ordinal_block;
}

inline std::vector<Location> Sorted(std::vector<Location> locations) {
  std::sort(locations.begin(), locations.end(), Before);
  return locations;
}

inline Candidates LookupOne(const FingerprintIndex& index, const Fingerprint& fp) {
  Candidates out;
  index.LookupMany({&fp, 1}, {&out, 1});
  return out;
}

struct Item {
  Fingerprint fp;
  Location at;
};

inline std::vector<Item> RandomItems(uint64_t seed, size_t count, uint64_t mask = ~uint64_t{0}) {
  support::Random random(seed);
  std::vector<Item> items;
  for (size_t i = 0; i < count; ++i) {
    items.push_back({FingerprintOf(random.Next() & mask),
                     At(random.Between(1, 1000), static_cast<uint32_t>(random.Below(1024)))});
  }
  return items;
}

inline void InsertAll(FingerprintIndex& index, const std::vector<Item>& items) {
  for (const Item& item : items) index.Insert(item.fp, item.at);
}

inline void ExpectHoldsExactly(const FingerprintIndex& index, const std::vector<Item>& items) {
  FingerprintIndex expected;
  InsertAll(expected, items);
  ASSERT_EQ(index.size(), expected.size());
  for (const Item& item : items) {
    ASSERT_EQ(index.LookupInRam(item.fp), expected.LookupInRam(item.fp));
    ASSERT_EQ(index.LookupAll(item.fp).value(), expected.LookupInRam(item.fp));
  }
}

}  // namespace oca::index

#endif  // OCA_T_UNIT_FS_INDEX_INDEX_TEST_UTIL_H_
