// What runs for one storage group, and for one container in it.
#ifndef OCA_FS_ENGINE_GROUP_RUNTIME_H_
#define OCA_FS_ENGINE_GROUP_RUNTIME_H_

#include <atomic>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/chunk/chunker.h"
#include "fs/engine/chunk_store.h"
#include "fs/engine/marker_counters.h"
#include "fs/engine/throughput.h"
#include "fs/markers/splitter.h"
#include "fs/names/records.h"

namespace oca::engine {

// Thread-safe.
class GroupRuntime {
 public:
  GroupRuntime(const names::StorageGroup& record, std::unique_ptr<store::GroupKeys> its_keys,
               std::unique_ptr<ChunkStore> its_chunks, Clock* clock)
      : chunker(chunk::ChunkerParams{record.chunk_target_bytes}),
        keys(std::move(its_keys)),
        chunks(std::move(its_chunks)),
        reads(clock),
        writes(clock),
        locked(!this->keys->Ready().ok()),
        record_(record) {}

  names::StorageGroup record() const {
    absl::MutexLock lock(&mu_);
    return record_;
  }
  void SetRecord(const names::StorageGroup& record) {
    absl::MutexLock lock(&mu_);
    record_ = record;
  }

  const chunk::Chunker chunker;
  const std::unique_ptr<store::GroupKeys> keys;
  const std::unique_ptr<ChunkStore> chunks;
  Throughput reads;
  Throughput writes;
  std::atomic<bool> locked;  // and counted among the locked ones

 private:
  mutable absl::Mutex mu_;
  names::StorageGroup record_ ABSL_GUARDED_BY(mu_);
};

struct ContainerRuntime {
  ContainerRuntime(const names::Container& container, std::shared_ptr<GroupRuntime> its_group,
                   Clock* clock)
      : id(container.id),
        group(std::move(its_group)),
        marker(static_cast<markers::Setting>(container.marker)),
        reads(clock),
        writes(clock),
        retention(container.retention.mode != names::RetentionMode::kNone) {}
  const ContainerId id;
  const std::shared_ptr<GroupRuntime> group;
  // For files that are opened from now on.
  std::atomic<markers::Setting> marker;
  const std::shared_ptr<MarkerCounters> recognised = std::make_shared<MarkerCounters>();
  Throughput reads;
  Throughput writes;
  std::atomic<bool> retention;  // its files may be locked, now or once
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_GROUP_RUNTIME_H_
