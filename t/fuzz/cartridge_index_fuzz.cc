// A whole index file of a tape cartridge, beside the payload that it was written with: whatever it
// says, each block that is read is whole, and a tape that takes writes goes on as a tape does.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lib/io/testing/memory_file_system.h"
#include "lib/vtape/cartridge.h"
#include "t/fuzz/target.h"
#include "t/support/vtape_storage.h"

namespace {

using oca::fuzz::Require;

}  // namespace

OCA_FUZZ(cartridge_index_fuzz) {
  using namespace oca::vtape;  // NOLINT
  oca::io::MemoryFileSystem fs;
  oca::support::VtapeStorage storage(fs);
  Attributes attributes;
  for (size_t i = 0; i < attributes.id.size(); ++i) attributes.id[i] = static_cast<char>(i + 1);
  attributes.barcode = "A00001L4";
  attributes.capacity_bytes = 64 << 20;
  Require(Cartridge::Create(storage, "/tape", attributes).ok());
  auto index = storage.Open("/tape/index", Storage::Mode::kTruncate);
  auto payload = storage.Open("/tape/payload", Storage::Mode::kTruncate);
  Require(index.ok() && payload.ok());
  Require((*index)->WriteAt(0, {reinterpret_cast<const char*>(data), size}).ok());
  Require((*payload)->WriteAt(0, std::string(80, 'V') + "block two" + std::string(3000, 'x')).ok());

  auto tape = Cartridge::Load(storage, "/tape", {});
  if (!tape.ok()) return 0;
  std::string buffer(4096, '\0');
  bool whole = true;
  while ((*tape)->position() < (*tape)->objects()) {
    uint64_t before = (*tape)->position();
    auto read = (*tape)->Read(buffer);
    whole = whole && read.ok();
    if (!read.ok() && !(*tape)->Locate(before + 1)) break;
  }
  if (!(*tape)->CanWrite().ok()) return 0;
  (*tape)->SpaceToEnd();
  uint64_t objects = (*tape)->objects();
  Require((*tape)->WriteFilemarks(1, false).ok());
  auto space = (*tape)->SpaceFilemarks(-1);
  Require(!space.ok() || (*tape)->position() == objects);
  Require((*tape)->Unload().ok());
  tape = Cartridge::Load(storage, "/tape", {});
  Require(tape.ok() && (*tape)->objects() == objects + 1);
  return 0;
}
