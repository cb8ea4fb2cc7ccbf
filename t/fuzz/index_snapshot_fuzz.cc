// The index snapshot: as it is, and with its checksums made right, so that the search gets past
// them. What loads must save to the same bytes.
#include <cstdlib>
#include <string>

#include "fs/index/fingerprint_index.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "lib/io/testing/memory_file_system.h"

namespace oca::index {
namespace {

constexpr char kPath[] = "/index";

void Require(bool condition) {
  if (!condition) std::abort();
}

void LoadAndSave(std::string_view bytes) {
  static io::MemoryFileSystem fs;
  static FingerprintIndex index;
  Require(io::WriteFileAtomically(fs, kPath, bytes).ok());
  absl::StatusOr<std::string> meta = index.Load(fs, kPath);
  if (!meta.ok()) {
    Require(index.size() == 0);
    return;
  }
  Require(index.Save(fs, kPath, *meta).ok());
  absl::StatusOr<std::string> again = io::ReadFile(fs, kPath);
  Require(again.ok() && *again == bytes);
}

// Sets the checksum of each part by the lengths that the bytes tell.
std::string Repaired(std::string bytes) {
  uint32_t crc = 0;
  for (size_t at = 0, length = 16; at + length + 4 <= bytes.size();) {
    char* part = bytes.data() + at;
    if (at == 0) {
      length += GetLe<uint32_t>(part + 12);
    } else if (GetLe<uint32_t>(part) == 0x5358494f) {
      length = size_t{12} + GetLe<uint32_t>(part + 8);
    }
    if (length > bytes.size() || at + length + 4 > bytes.size()) break;
    crc = Crc32c({part, length}, crc);
    StoreLe(part + length, crc);
    at += length + 4;
    length = 16;
  }
  return bytes;
}

}  // namespace
}  // namespace oca::index

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  oca::index::LoadAndSave(bytes);
  oca::index::LoadAndSave(oca::index::Repaired(std::move(bytes)));
  return 0;
}
