// Shared by the tests of fs/index.
#ifndef OCA_T_UNIT_FS_INDEX_INDEX_TEST_UTIL_H_
#define OCA_T_UNIT_FS_INDEX_INDEX_TEST_UTIL_H_

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "fs/index/fingerprint_index.h"

namespace oca::index {

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

}  // namespace oca::index

#endif  // OCA_T_UNIT_FS_INDEX_INDEX_TEST_UTIL_H_
