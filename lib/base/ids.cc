#include "lib/base/ids.h"

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace oca {

std::string Fingerprint::ToHex() const { return fmt::format("{:02x}", fmt::join(bytes, "")); }

}  // namespace oca
