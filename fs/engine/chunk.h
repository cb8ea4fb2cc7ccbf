// What a read of chunks gives, and where it stands.
#ifndef OCA_FS_ENGINE_CHUNK_H_
#define OCA_FS_ENGINE_CHUNK_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "fs/engine/caches.h"
#include "fs/format/pack.h"

namespace oca::engine {

// A chunk's plain bytes, verified; valid while `holder` lives.
struct Chunk {
  std::shared_ptr<const void> holder;
  std::string_view bytes;
};

// Where a reader stands: the chunks of a file mostly lie one after the other, and then the index
// need not be asked for each. For one caller at a time.
struct ChunkCursor {
  std::shared_ptr<const format::PackFooter> footer;  // null: nowhere
  uint32_t ordinal = 0;                              // of the chunk that was read last
  std::shared_ptr<const GroupBytes> group;           // which holds it
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_CHUNK_H_
