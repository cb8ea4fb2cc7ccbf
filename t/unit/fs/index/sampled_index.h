// An index whose budget holds a part of what its tests insert.
#ifndef OCA_T_UNIT_FS_INDEX_SAMPLED_INDEX_H_
#define OCA_T_UNIT_FS_INDEX_SAMPLED_INDEX_H_

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/index/index_test_util.h"

namespace oca::index {

inline constexpr uint64_t kBudget = 8u << 20;
inline constexpr uint64_t kFitting = 360'000;  // entries that the budget holds

inline Fingerprint Nth(uint64_t n) {
  uint64_t z = (n + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return FingerprintOf(z ^ (z >> 31));
}
inline Location PlaceOfNth(uint64_t n) {
  return At(1 + n / 500, static_cast<uint32_t>(n % 500 / 16));
}

class SampledIndex : public ::testing::Test {
 protected:
  void SetUp() override {
    index_.SetBudget(kBudget);
    ASSERT_FALSE(index_.Load(fs_, kPath).ok());
  }
  // As the engine does now and then.
  void Care() {
    if (!index_.NeedsSave()) return;
    ASSERT_OK(index_.Save(fs_, kPath, "m"));
  }
  void InsertRange(uint64_t begin, uint64_t end) {
    for (uint64_t n = begin; n < end; ++n) {
      index_.Insert(Nth(n), PlaceOfNth(n), n % 200 == 0);
      if (n % 1000 == 0) {
        Care();
        ASSERT_LE(index_.memory_bytes(), kBudget) << n;
      }
    }
  }
  void EraseRange(uint64_t begin, uint64_t end) {
    for (uint64_t n = begin; n < end; ++n) {
      index_.Erase(Nth(n), PlaceOfNth(n));
      if (n % 1000 == 0) Care();
    }
  }
  // Of a part of those from `begin` to `end`.
  void ExpectThere(const FingerprintIndex& index, uint64_t begin, uint64_t end, bool there) {
    support::Random random(begin + end);
    for (int i = 0; i < 5000; ++i) {
      const uint64_t n = random.Between(begin, end - 1);
      ASSERT_OK_AND_ASSIGN(std::vector<Location> all, index.LookupAll(Nth(n)));
      ASSERT_EQ(testing::Value(all, testing::Contains(PlaceOfNth(n))), there) << n;
    }
  }

  io::MemoryFileSystem fs_;
  FingerprintIndex index_;
};

}  // namespace oca::index

#endif  // OCA_T_UNIT_FS_INDEX_SAMPLED_INDEX_H_
