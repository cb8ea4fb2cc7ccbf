// The packs of one storage group, at home and in all storage paths, as one store.
#ifndef OCA_FS_STORE_SPREAD_PACK_STORE_H_
#define OCA_FS_STORE_SPREAD_PACK_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "fs/store/pack_store.h"
#include "fs/store/storage_paths.h"

namespace oca::store {

// Thread-safe. A pack in a path that is missing is *offline*: every call for it fails with
// PathMissingError, as does one during which the path goes missing. A path is used once it is
// attached, and again after it was missing once it is attached anew. The engine asks for that, so
// that it can take in what lies there.
class SpreadPackStore final : public PackStore {
 public:
  struct Options {
    io::FileSystem* fs = nullptr;
    std::string home;  // folder of the packs at home; created when missing
    GroupId group;
    const GroupKeys* keys = nullptr;  // as in OpenLocalPackStore
    StoragePaths* paths = nullptr;    // null: home is all there is
    // kTier: packs belong in the paths of the performance tier, and lie at home only while those
    // take none. Paths for the other use are as if they were not there.
    PathUse use = PathUse::kCapacity;
  };
  // Attaches the paths that are online.
  static absl::StatusOr<std::unique_ptr<SpreadPackStore>> Open(Options options);

  absl::StatusOr<std::unique_ptr<PackWriter>> Create(PackId id) override;
  absl::StatusOr<std::string> Read(PackId id, uint64_t offset, size_t length) override;
  void StartReadahead(PackId id, uint64_t offset, uint64_t length) override;
  absl::StatusOr<format::PackFooter> ReadFooter(PackId id) override;
  absl::Status CheckHeader(PackId id) override;
  absl::Status RepairHeader(PackId id) override;
  // Of home and of what is attached.
  absl::StatusOr<std::vector<PackInfo>> List() override;
  absl::Status Remove(PackId id) override;
  absl::StatusOr<format::PackFooter> Recover(PackId id) override;
  absl::StatusOr<uint64_t> RemoveSetAside() override;

  // As Create, but at home as long as there is room.
  absl::StatusOr<std::unique_ptr<PackWriter>> CreateAtHome(PackId id);
  bool has_paths() const { return options_.paths != nullptr && options_.paths->any(options_.use); }
  bool IsOffline(PackId id) const;
  // Some path is not attached, or nobody knows whether there are others.
  bool AnyOffline() const;
  // The pack is known and lies neither at home nor in an attached path: it is offline until a path
  // is attached in which it lies.
  void NoteUnplaced(PackId id);
  // Those that NoteUnplaced told of and that nobody found; to be asked when no path is offline.
  // They are not offline any more.
  std::vector<PackId> TakeUnplaced();

  // Another group's path may have come or gone: looks whether all of this one's are there, so that
  // calls need not. To be called now and then.
  void Settle() {
    if (!Settled()) NoteSettled();
  }
  // Paths that are online and not attached.
  std::vector<size_t> Returned() const;
  struct Attached {
    std::vector<PackInfo> packs;  // in the path, by id
    std::vector<PackId> gone;     // lay there before
  };
  absl::StatusOr<Attached> Attach(size_t path);
  // Closes what is open in paths that went missing; their numbers.
  std::vector<size_t> Detach();

  // There is a better place for packs that ShallMove names.
  bool CanMove();
  // The pack lies in a path that is being drained, or at home while it belongs in the tier.
  bool ShallMove(PackId id) const;
  // Every pack file in the path; of those of a locked group nothing else is known. PathMissingError
  // while it is not attached.
  absl::StatusOr<std::vector<PackInfo>> ListIn(size_t path);
  // Says which paths are missing.
  std::string MissingPaths() const;
  // The path was removed, or given up for lost: what is known to lie there, and nowhere else, is
  // not offline any more, but gone.
  std::vector<PackId> Forget(size_t path);

  // Where the pack lies: a path, or home; what is unplaced is said to be in the missing path when
  // there is only one.
  std::optional<size_t> PathOf(PackId id) const;

 private:
  class Writer;
  static constexpr uint8_t kUnplaced = 255;
  // One path as this store uses it.
  struct Attachment {
    uint64_t generation = 0;  // 0: not attached
    std::shared_ptr<PackStore> store;
  };
  // Where a call for a pack goes.
  struct Route {
    std::optional<size_t> path;  // none: home
    uint64_t generation = 0;
    std::shared_ptr<PackStore> store;
  };

  explicit SpreadPackStore(Options options) : options_(std::move(options)) {}

  bool Mine(size_t path) const {
    return !options_.paths->removed(path) && options_.paths->use(path) == options_.use;
  }
  bool Settled() const;
  void NoteSettled() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status MissingError(uint8_t path) const;
  absl::StatusOr<Route> RouteOf(PackId id) const ABSL_LOCKS_EXCLUDED(mu_);
  // The error of a call that took `route`: PathMissingError when the path went missing.
  absl::Status Explain(const Route& route, const absl::Status& status, bool writes) const;
  template <typename Fn>
  auto Through(PackId id, bool writes, Fn call) const;
  // EEXIST when a pack of this id lies anywhere.
  absl::Status CheckUnused(PackId id) ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<std::unique_ptr<PackWriter>> CreateIn(size_t path, PackId id);
  std::string DirIn(size_t path) const;

  const Options options_;
  std::shared_ptr<PackStore> home_;
  mutable absl::Mutex mu_;
  std::vector<Attachment> attached_ ABSL_GUARDED_BY(mu_);            // by path
  absl::flat_hash_map<PackId, uint8_t> where_ ABSL_GUARDED_BY(mu_);  // those not at home
  // paths->changes() when every path was attached; else another value.
  std::atomic<uint64_t> settled_{0};
};

}  // namespace oca::store

#endif  // OCA_FS_STORE_SPREAD_PACK_STORE_H_
