// Identities of storage paths, their list, and the bound of pack ids.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fs/format/storage_paths.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"

namespace {

using namespace oca;  // NOLINT

void Require(bool holds) {
  if (!holds) std::abort();
}

void Try(std::string_view bytes) {
  if (auto identity = format::DecodePathIdentity(bytes); identity.ok())
    Require(format::EncodePathIdentity(*identity) == bytes);
  if (auto bound = format::DecodePackIdBound(bytes); bound.ok())
    Require(format::EncodePackIdBound(*bound) == bytes);
  auto paths = format::DecodeStoragePaths(bytes);
  if (!paths.ok()) return;
  Require(paths->size() <= format::kMaxStoragePaths);
  auto again = format::DecodeStoragePaths(format::EncodeStoragePaths(*paths));
  Require(again.ok() && *again == *paths);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  Try(bytes);
  if (size < 4) return 0;
  // Once more under a good checksum, else a fuzzer never gets past it.
  StoreLe<uint32_t>(bytes.data() + size - 4, Crc32c(std::string_view(bytes).substr(0, size - 4)));
  Try(bytes);
  return 0;
}
