// The vector searches at the width of AVX-512, with plain arrays for registers: tested so on every
// CPU.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "fs/chunk/scan.h"
#include "t/unit/fs/chunk/streams.h"

#define OCA_TARGET

namespace oca::chunk::internal {
namespace {

struct Vec {
  static constexpr size_t kLanes = 16;
  using Reg = std::array<uint32_t, kLanes>;
  static Reg Load(const uint8_t* p) {
    Reg r;
    std::memcpy(r.data(), p, sizeof r);
    return r;
  }
  static Reg Broadcast(uint32_t x) {
    Reg r;
    r.fill(x);
    return r;
  }
  static Reg Mul(Reg a, const Reg& b) {
    for (size_t i = 0; i < kLanes; ++i) a[i] *= b[i];
    return a;
  }
  static Reg Add(Reg a, const Reg& b) {
    for (size_t i = 0; i < kLanes; ++i) a[i] += b[i];
    return a;
  }
  static Reg Max(Reg a, const Reg& b) {
    for (size_t i = 0; i < kLanes; ++i) a[i] = Signed(a[i]) > Signed(b[i]) ? a[i] : b[i];
    return a;
  }
  static Reg Shift2(const Reg& before, const Reg& now) { return Shift(2, before, now); }
  static Reg Shift4(const Reg& before, const Reg& now) { return Shift(4, before, now); }
  static uint64_t Above(const Reg& a, const Reg& floor) {
    uint64_t bits = 0;
    for (size_t i = 0; i < kLanes; ++i) bits |= uint64_t{Signed(a[i]) > Signed(floor[i])} << i;
    return bits;
  }

 private:
  static int32_t Signed(uint32_t x) { return static_cast<int32_t>(x); }
  static Reg Shift(size_t lanes, const Reg& before, const Reg& now) {
    Reg r;
    for (size_t i = 0; i < kLanes; ++i)
      r[i] = i < lanes ? before[kLanes - lanes + i] : now[i - lanes];
    return r;
  }
};

#include "fs/chunk/scan_vector.inc"

TEST(ScanVector, SixteenLanesFindWhatScalarFinds) {
  for (const NamedStream& stream : AllStreams(200000)) {
    const auto* data = reinterpret_cast<const uint8_t*>(stream.data.data());
    SplitMix random(77);
    for (int round = 0; round < 40; ++round) {
      const uint8_t* from = data + random.Below(90000);
      const size_t first = 2048 + random.Below(64);
      const size_t split = first + 64 * random.Below(300);
      const size_t last = first + random.Below(60000);
      const int32_t strict = FloorOf(1u << (18 + random.Below(8)));
      const int32_t loose = FloorOf(1u << (20 + random.Below(8)));
      ASSERT_EQ(FindFirstVector(from, first, split, last, strict, loose),
                FindFirstScalar(from, first, split, last, strict, loose))
          << stream.name;
      ASSERT_EQ(FindLastVector(from, first, last, strict),
                FindLastScalar(from, first, last, strict))
          << stream.name;
    }
  }
}

}  // namespace
}  // namespace oca::chunk::internal
