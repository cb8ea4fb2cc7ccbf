// Every way to damage a small encoding a little.
#ifndef OCA_T_UNIT_FS_FORMAT_DAMAGE_H_
#define OCA_T_UNIT_FS_FORMAT_DAMAGE_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"

namespace oca::format {

// `decodes` says whether its input is accepted: the whole encoding must be, no proper prefix of it
// and no copy with one bit flipped may be. Inputs lie in memory of their exact size, so that
// AddressSanitizer sees a read past the end.
inline void ExpectOnlyTheWholeDecodes(std::string_view encoded,
                                      const std::function<bool(std::string_view)>& decodes) {
  auto accepts = [&](std::string_view bytes) {
    std::vector<char> exact(bytes.begin(), bytes.end());
    return decodes({exact.data(), exact.size()});
  };
  EXPECT_TRUE(accepts(encoded));
  for (size_t n = 0; n < encoded.size(); ++n) {
    EXPECT_FALSE(accepts(encoded.substr(0, n))) << "the first " << n << " bytes";
  }
  std::string damaged(encoded);
  for (size_t bit = 0; bit < 8 * encoded.size(); ++bit) {
    damaged[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_FALSE(accepts(damaged)) << "bit " << bit % 8 << " of byte " << bit / 8;
    damaged[bit / 8] ^= static_cast<char>(1 << (bit % 8));
  }
}

}  // namespace oca::format

#endif  // OCA_T_UNIT_FS_FORMAT_DAMAGE_H_
