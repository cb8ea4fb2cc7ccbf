// A whole pack file: ReadFooter and Recover of whatever bytes stand there.
#include <cstdint>
#include <string_view>

#include "fs/store/pack_store.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/fuzz/target.h"

namespace {

using oca::fuzz::Require;

}  // namespace

OCA_FUZZ(pack_scan_fuzz) {
  using namespace oca;  // NOLINT
  constexpr PackId kPack(42);
  io::MemoryFileSystem fs;
  auto store = store::OpenLocalPackStore(fs, "/packs", GroupId(3));
  Require(store.ok() && fs.CreateDir("/packs/2a").ok());
  {
    auto file = fs.Open("/packs/2a/000000000000002a.pack", io::OpenMode::kCreateNew);
    Require(file.ok());
    Require((*file)->WriteAt(0, {reinterpret_cast<const char*>(data), size}).ok());
  }
  auto before = (*store)->ReadFooter(kPack);
  auto recovered = (*store)->Recover(kPack);
  if (before.ok()) Require(recovered.ok() && *recovered == *before);
  if (!recovered.ok()) return 0;
  auto after = (*store)->ReadFooter(kPack);
  Require(after.ok() && *after == *recovered);
  for (const format::FooterGroup& group : after->groups) {
    Require((*store)->Read(kPack, group.file_offset, group.encoded_size).ok());
  }
  return 0;
}
