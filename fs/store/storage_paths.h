// The storage paths of a repository: folders beside its home, mostly on other disks, that hold
// packs. Which there are, whether each is there now, and which of them has room. Metadata stays at
// home. Paths of the performance tier hold packs of the storage groups in that tier, and no others.
#ifndef OCA_FS_STORE_STORAGE_PATHS_H_
#define OCA_FS_STORE_STORAGE_PATHS_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/format/storage_paths.h"
#include "lib/io/file_system.h"

namespace oca::store {

enum class PathState {
  kOnline,
  kMissing,  // the folder is empty, or cannot be read or written
  kForeign,  // another path's, or another repository's, folder is there
};

// EIO, naming the path.
absl::Status PathMissingError(std::string_view dir);
// What only a missing path refuses: it is no damage, and says nothing about other paths.
bool IsPathMissing(const absl::Status& status);

// Which paths: those of the performance tier, or all others.
enum class PathUse { kCapacity, kTier };
// Those that a storage group's data goes to.
inline PathUse PathUseOf(bool performance_tier) {
  return performance_tier ? PathUse::kTier : PathUse::kCapacity;
}

// Thread-safe. Paths have numbers from 0 on, which last as long as this object; that of a path that
// was removed is not given again. A path has a
// *generation* while it is online, and another one each time that it comes back: what was opened in
// an earlier one is not used any more.
class StoragePaths {
 public:
  struct Options {
    io::FileSystem* fs = nullptr;
    std::string home;  // the repository
    format::RepositoryUuid repository{};
    // Of a file system's space, what stays free.
    std::function<uint64_t(const io::SpaceInfo&)> reserve;
    uint64_t pack_target_bytes = 8u << 20;
    // What may be in memory because it is not durable in its path yet: of all paths together.
    uint64_t behind_bytes = 32u << 20;
  };
  // A look at one path.
  struct Status {
    std::string dir;
    std::string uuid;
    PathState state = PathState::kMissing;
    std::string why;      // when it is not online
    io::SpaceInfo space;  // zero when it is not online
    bool full = false;    // takes no new packs
    size_t number = 0;
    PathUse use = PathUse::kCapacity;
    bool draining = false;
    uint64_t drain_from_bytes = 0;  // see StartDrain
  };
  struct Room {
    uint64_t available_bytes = 0;
    uint64_t free_bytes = 0;  // above the reserves
  };

  explicit StoragePaths(Options options) : options_(std::move(options)) {}

  // The paths that the repository `home` has, as its list says; none when there is no list.
  static absl::StatusOr<std::vector<format::StoragePath>> ReadList(io::FileSystem& fs,
                                                                   const std::string& home);
  // The repository that the listed paths say they belong to: the first one that can be read.
  static std::optional<format::RepositoryUuid> RepositoryOf(
      io::FileSystem& fs, const std::vector<format::StoragePath>& paths);

  // Reads the list and looks at each path. A damaged list is no obstacle: then lost() is true.
  // kFailedPrecondition for a list of a newer version; errors of reading it.
  absl::Status Load();
  // The list was damaged: there may be paths that nobody knows.
  bool lost() const { return lost_; }

  // Makes `dir` a storage path, durably, or takes in one that knows this repository and is not in
  // the list, or that is in it with another folder. Returns its number. A power cut in between
  // leaves the list as it was, and the folder such that this can be called again. EINVAL: the
  // folder is not empty, or lies within home or another path, or they in it. ENOENT, ENOTDIR, and
  // errors of writing there, or the path is one for the other use. EEXIST: it is one already.
  // EBUSY: it is another repository's. One that is being drained is not any more.
  absl::StatusOr<size_t> Add(const std::string& dir, PathUse use = PathUse::kCapacity)
      ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  // The path in this folder; ENOENT.
  absl::StatusOr<size_t> Find(const std::string& dir) const ABSL_LOCKS_EXCLUDED(mu_);
  // From now on, and durably, the path takes no new packs, and what lies there shall be moved away.
  // `bytes`: in packs there now. Ended by Remove, or by Add of the same folder.
  absl::Status StartDrain(size_t path, uint64_t bytes) ABSL_LOCKS_EXCLUDED(change_mu_, mu_);
  // Takes the path out of the list, durably, then, when nothing but empty folders is left in it,
  // those and what marks the folder as a path. What lies there is not looked at: the caller knows
  // that nothing is needed. A power cut in between leaves a folder that can be added again.
  // `missing_only`: EINVAL when it is online.
  absl::Status Remove(size_t path, bool missing_only = false) ABSL_LOCKS_EXCLUDED(change_mu_, mu_);

  // How many numbers were given.
  size_t count() const { return count_; }
  bool removed(size_t path) const { return paths_[path]->removed; }
  PathUse use(size_t path) const { return paths_[path]->use; }
  bool draining(size_t path) const { return paths_[path]->draining; }
  bool any(PathUse use) const;
  bool any_draining() const;
  // 0 while the path is not online.
  uint64_t generation(size_t path) const { return paths_[path]->generation; }
  // Changes whenever a generation does, and when a path is added or removed.
  uint64_t changes() const { return changes_; }
  bool all_online(PathUse use = PathUse::kCapacity) const;
  std::string dir(size_t path) const;

  // Something failed there: looks whether the path is there, and marks it missing when it is not.
  // `writes`: also whether it can be written. Returns true when it is online still.
  bool Check(size_t path, bool writes, const absl::Status& error) ABSL_LOCKS_EXCLUDED(mu_);
  // Looks at all of them; those that are back are online afterwards.
  void Probe() ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<Status> List() ABSL_LOCKS_EXCLUDED(mu_);
  // Of all that are online and take packs, but for `without`.
  Room room(PathUse use = PathUse::kCapacity, std::optional<size_t> without = std::nullopt);
  // OK when a path for this use is online and takes packs; else why not, as PathMissingError.
  absl::Status CheckAny(PathUse use) const;
  // Where the next pack should lie: a path, or home (nullopt). By free space; full ones, those that
  // are drained, and those of `without`, are left out. Home when nothing has room; for the tier,
  // whose packs belong in its paths, only when no path there takes a pack even of its reserve.
  std::optional<size_t> Choose(uint64_t without, PathUse use = PathUse::kCapacity)
      ABSL_LOCKS_EXCLUDED(choose_mu_);
  bool HomeHasRoom() const;
  // Whether a path for this use takes packs now, without its reserve.
  bool PathsHaveRoom(PathUse use) const;

  // Packs being filled: they may need so much room each.
  void NotePackOpened(size_t path) { ++paths_[path]->open_packs; }
  void NotePackClosed(size_t path) { --paths_[path]->open_packs; }
  // A pack there could not be written: for a while new ones go elsewhere.
  void NoteRefused(size_t path);

  // Of packs being filled there, so many more bytes are not durable, or fewer.
  void NoteBehind(size_t path, int64_t bytes) ABSL_LOCKS_EXCLUDED(behind_mu_);
  // The disk is slower than who writes to it. Half way there its packs should be synced.
  bool IsBehind(size_t path) const { return behind(path) > MostBehind(); }
  bool IsHalfBehind(size_t path) const { return behind(path) > MostBehind() / 2; }
  // New data for this use has nowhere to go but to paths that are behind.
  bool MustWait(PathUse use) const;
  // Returns when that is over. Never called with a lock held that a sync needs.
  void AwaitKeepingUp(PathUse use) ABSL_LOCKS_EXCLUDED(behind_mu_);

 private:
  struct Path {
    format::RepositoryUuid uuid{};
    std::string dir;
    PathUse use = PathUse::kCapacity;  // const once it is shared
    std::atomic<bool> draining{false};
    std::atomic<bool> removed{false};
    uint64_t drain_from_bytes = 0;
    std::atomic<uint64_t> generation{0};
    std::atomic<uint64_t> open_packs{0};
    std::atomic<uint64_t> behind{0};
    std::atomic<int64_t> refused_until_ns{0};  // absl::GetCurrentTimeNanos
    PathState state = PathState::kMissing;
    std::string why;
    double credit = 0;  // of Choose
  };
  // What stands in a folder.
  struct Look {
    PathState state = PathState::kMissing;
    std::string why;
  };

  uint64_t behind(size_t path) const { return paths_[path]->behind; }
  uint64_t MostBehind() const { return options_.behind_bytes / std::max<size_t>(count_, 1); }
  std::string ListPath() const;
  Look LookAt(const std::string& dir, const format::RepositoryUuid& uuid, bool writes) const;
  absl::Status TryToWrite(const std::string& dir) const;
  // Room for new packs.
  absl::StatusOr<uint64_t> FreeAt(const std::string& dir, uint64_t open_packs,
                                  bool with_reserve = false) const;
  std::optional<size_t> ChooseOnce(uint64_t without, PathUse use, bool with_reserve)
      ABSL_LOCKS_EXCLUDED(choose_mu_);
  void SetState(size_t path, const Look& look) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status CheckPlace(const std::string& dir) ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<format::PathIdentity> Claim(const std::string& dir, PathUse use);
  absl::Status EndDrain(size_t path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mu_);
  void TidyUp(const std::string& dir, const format::RepositoryUuid& uuid) const;
  absl::Status SaveList(std::vector<format::StoragePath> list)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mu_);
  // The list as it is now, of those that were not removed.
  std::vector<format::StoragePath> Known() const ABSL_LOCKS_EXCLUDED(mu_);
  // The number of the path with this UUID; none.
  std::optional<size_t> NumberOf(const format::RepositoryUuid& uuid) const;

  const Options options_;
  std::array<std::unique_ptr<Path>, format::kMaxStoragePaths> paths_;  // the first count_ are set
  std::atomic<size_t> count_{0};
  std::atomic<uint64_t> changes_{1};
  std::atomic<bool> lost_{false};
  absl::Mutex change_mu_ ABSL_ACQUIRED_BEFORE(mu_);  // one change of the list at a time
  mutable absl::Mutex mu_;                           // state, why, dir, drain_from_bytes of paths
  uint64_t last_generation_ ABSL_GUARDED_BY(mu_) = 0;
  mutable absl::Mutex behind_mu_;
  uint64_t caught_up_ ABSL_GUARDED_BY(behind_mu_) = 0;  // how often it may be that a wait is over
  absl::Mutex choose_mu_;
  double home_credit_ ABSL_GUARDED_BY(choose_mu_) = 0;
};

}  // namespace oca::store

#endif  // OCA_FS_STORE_STORAGE_PATHS_H_
