// What was recognised in the streams of one container since the daemon started.
#ifndef OCA_FS_ENGINE_MARKER_COUNTERS_H_
#define OCA_FS_ENGINE_MARKER_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "fs/markers/splitter.h"

namespace oca::engine {

// Thread-safe.
struct MarkerCounters {
  std::array<std::atomic<uint64_t>, markers::kFormats> streams{};  // by the first header's format
  std::atomic<uint64_t> headers{0};
  std::atomic<uint64_t> header_bytes{0};
  std::atomic<uint64_t> payload_bytes{0};

  // One stream went from `before` to `now`.
  void Add(const markers::Recognised& before, const markers::Recognised& now) {
    if (!now.first) return;
    if (!before.first) ++streams[static_cast<size_t>(*now.first)];
    headers += now.headers - before.headers;
    header_bytes += now.header_bytes - before.header_bytes;
    payload_bytes += now.payload_bytes - before.payload_bytes;
  }
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_MARKER_COUNTERS_H_
