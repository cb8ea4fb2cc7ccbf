// Identities of storage paths, their list, and the bound of pack ids.
#include <cstdint>
#include <string>
#include <string_view>

#include "fs/format/storage_paths.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/fuzz/target.h"

namespace {

using namespace oca;  // NOLINT

using oca::fuzz::Require;

void TryPaths(std::string_view bytes) {
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

OCA_FUZZ(storage_paths_fuzz) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  TryPaths(bytes);
  if (size < 4) return 0;
  // Once more under a good checksum, else a fuzzer never gets past it.
  StoreLe<uint32_t>(bytes.data() + size - 4, Crc32c(std::string_view(bytes).substr(0, size - 4)));
  TryPaths(bytes);
  return 0;
}
