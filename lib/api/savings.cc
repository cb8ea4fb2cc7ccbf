#include "lib/api/savings.h"

namespace oca::api {

double SavingsPercent(uint64_t before, uint64_t after) {
  if (before == 0 || after >= before) return 0;
  // In integers: a double would round 1 byte left of a petabyte up to 100 %.
  auto hundredths =
      static_cast<uint64_t>(static_cast<unsigned __int128>(before - after) * 10000 / before);
  return static_cast<double>(hundredths) / 100;
}

}  // namespace oca::api
