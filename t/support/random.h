// Seeded random data: the same seed gives the same bytes on every machine.
#ifndef OCA_T_SUPPORT_RANDOM_H_
#define OCA_T_SUPPORT_RANDOM_H_

#include <cstdint>
#include <random>
#include <string>

namespace oca::support {

// Not thread-safe.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t Next() { return engine_(); }
  // In [0, n); n > 0.
  uint64_t Below(uint64_t n) { return engine_() % n; }
  // In [low, high].
  uint64_t Between(uint64_t low, uint64_t high) { return low + Below(high - low + 1); }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  // Incompressible.
  std::string Bytes(size_t n);
  // Words of a small vocabulary: compresses to about a third.
  std::string Text(size_t n);

 private:
  std::mt19937_64 engine_;
};

// Random(seed).Bytes(n).
std::string RandomBytes(size_t n, uint64_t seed);

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_RANDOM_H_
