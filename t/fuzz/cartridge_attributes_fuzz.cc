// The file `attributes` of a tape cartridge: what decodes encodes to the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/vtape/attributes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace oca::vtape;  // NOLINT
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto attributes = DecodeAttributes(bytes);
  if (attributes.ok() && EncodeAttributes(*attributes) != bytes) std::abort();
  return 0;
}
