// The file `attributes` of a tape cartridge: what decodes encodes to the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/vtape/attributes.h"
#include "t/fuzz/target.h"

OCA_FUZZ(cartridge_attributes_fuzz) {
  using namespace oca::vtape;  // NOLINT
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto attributes = DecodeAttributes(bytes);
  if (attributes.ok() && EncodeAttributes(*attributes) != bytes) std::abort();
  return 0;
}
