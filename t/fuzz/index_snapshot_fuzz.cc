// The index snapshot: its main file, and a page of a run; as they are, and with their checksums
// made right, so that the search gets past them. A main file decodes to what encodes to the same
// bytes.
#include <string>

#include "fs/index/manifest.h"
#include "fs/index/run.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/fuzz/target.h"

namespace oca::index {
namespace {

constexpr uint64_t kNumber = 7, kPage = 3;

using oca::fuzz::Require;

void TryManifest(std::string_view bytes) {
  absl::StatusOr<Manifest> manifest = DecodeManifest(bytes);
  if (manifest.ok()) Require(EncodeManifest(*manifest) == bytes);
}

void TryPage(std::string_view bytes) {
  std::vector<Entry> entries;
  if (!DecodePage(bytes, kNumber, kPage, &entries).ok()) return;
  Require(!entries.empty());
  for (size_t i = 0; i < entries.size(); ++i) {
    Require(IsEntry(entries[i].slot) && (i == 0 || entries[i - 1] < entries[i]));
  }
}

}  // namespace
}  // namespace oca::index

OCA_FUZZ(index_snapshot_fuzz) {
  using namespace oca;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  index::TryManifest(bytes);
  index::TryPage(bytes);
  if (bytes.size() >= 4) {
    std::string repaired = bytes;
    const size_t end = repaired.size() - 4;
    StoreLe(repaired.data() + end, Crc32c(std::string_view(repaired).substr(0, end)));
    index::TryManifest(repaired);
  }
  bytes.resize(index::kPageBytes, '\0');
  char place[16];
  StoreLe(place, index::kNumber);
  StoreLe(place + 8, index::kPage);
  StoreLe(bytes.data(), Crc32c({place, sizeof place}, Crc32c(std::string_view(bytes).substr(4))));
  index::TryPage(bytes);
  return 0;
}
