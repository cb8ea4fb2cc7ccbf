// The check of all relations of one moment, for Names::Verify. One walk over the inodes takes along
// the keys that belong to them (entries of both kinds, xattrs, orphan markers), for all are ordered
// by inode number. Then each entry is compared with what it points at: kInodesAtOnce inodes are
// held in memory, and all entries are walked for them, so memory is bounded.
#ifndef OCA_FS_NAMES_VERIFIER_H_
#define OCA_FS_NAMES_VERIFIER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {

// Not thread-safe.
class Verifier {
 public:
  Verifier(const Names::Impl& impl, std::unique_ptr<Snapshot> snapshot,
           absl::flat_hash_map<ContainerId, ContainerCounters> counters_in_memory,
           const std::function<bool(uint64_t)>& progress)
      : db_(*impl.db),
        snapshot_(std::move(snapshot)),
        counters_in_memory_(std::move(counters_in_memory)),
        progress_(progress) {}

  // What was found is in TakeFaults().
  absl::Status Run();
  // A damaged record is a fault, other errors end the check.
  absl::Status FaultIfDamaged(const absl::Status& status);
  std::vector<std::string> TakeFaults() { return std::move(faults_); }

 private:
  // Keys of one kind that belong to inodes, walked along with them.
  struct Side {
    Cursor cursor;
    std::string_view what;      // for messages
    uint64_t last_missing = 0;  // reported
  };
  // What one kind of a directory's entries adds up to. The sum is of hashes of the entries, the
  // same whatever their order.
  struct Listing {
    uint64_t entries = 0;
    uint64_t subdirs = 0;
    uint64_t sum = 0;
    void Add(const EntryValue& entry, std::string_view name);
  };
  // An inode to which entries are compared.
  struct Target {
    uint64_t ino = 0;
    uint64_t parent = 0;
    uint32_t container = 0;
    uint32_t type = 0;  // S_IF* bits; 0: the record is damaged
    uint32_t expected = 0;
    uint32_t found = 0;  // names
  };

  template <typename... Args>
  void Fault(fmt::format_string<Args...> format, Args&&... args) {
    if (faults_.size() < kMaxFaults) {
      faults_.push_back(fmt::format(format, std::forward<Args>(args)...));
    }
  }
  absl::Status Progress();
  // Calls fn for each key with `prefix`.
  template <typename Fn>
  absl::Status ForEach(std::string_view prefix, Fn fn);
  // Calls fn for the keys of inode `ino`. Those passed over belong to no inode.
  template <typename Fn>
  absl::Status Advance(Side* side, uint64_t ino, Fn fn);
  Side WalkSide(char prefix, std::string_view what) const;
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key);
  absl::StatusOr<std::optional<Inode>> FindInode(InodeNo ino);
  uint64_t Limit(SuperItem item) const { return limits_.at(item); }

  // --- verify.cc: tables, and each inode with what hangs on it ---
  absl::Status LoadTables();
  absl::Status CheckPrefixes();
  absl::Status CheckContainers();
  absl::Status CheckInodes();
  void CheckInode(const Inode& inode, uint64_t number);
  absl::Status CheckOrphan(const Inode& inode, Side* orphans);
  absl::Status CheckXattrs(const Inode& inode, Side* xattrs);
  void CountInode(const Inode& inode);
  absl::Status CheckRetentionKeys();
  absl::Status CheckRecycleKeys();
  void CheckCounters();

  // --- verify_tree.cc: directories, and what entries point at ---
  absl::Status CheckEntriesOf(const Inode& inode, Side* by_order, Side* by_name);
  absl::Status AddOrder(const Inode& dir, std::string_view key, std::string_view value,
                        Listing* listing);
  // Finds the entries that are not in both listings.
  absl::Status CompareListings(InodeNo dir);
  absl::Status CheckReachable(const Inode& dir);
  absl::Status CheckTargets();
  absl::StatusOr<std::vector<Target>> LoadTargets(uint64_t* next_ino);
  Target MakeTarget(uint64_t number, const absl::StatusOr<Inode>& inode) const;
  absl::Status CheckEntry(std::string_view key, std::string_view value, uint64_t first,
                          uint64_t next, std::vector<Target>* targets);
  // 0: the mount's root, or unknown.
  absl::StatusOr<uint32_t> ContainerOf(uint64_t dir);

  static constexpr size_t kInodesAtOnce = 1u << 20;
  static constexpr size_t kMaxKnownDirs = 2u << 20;
  static constexpr size_t kMaxFaults = 1000;

  const Database& db_;
  const std::unique_ptr<Snapshot> snapshot_;
  const absl::flat_hash_map<ContainerId, ContainerCounters> counters_in_memory_;
  const std::function<bool(uint64_t)>& progress_;
  std::vector<std::string> faults_;
  uint64_t inodes_seen_ = 0;
  uint64_t steps_ = 0;
  uint64_t locks_ = 0;  // inodes that have or had one
  uint64_t recycled_ = 0;
  std::map<SuperItem, uint64_t> limits_;
  std::map<ContainerId, Container> containers_;
  absl::flat_hash_map<ContainerId, ContainerCounters> counted_;
  absl::flat_hash_set<InodeNo> reachable_;  // directories known to hang below the mount's root
  std::pair<uint64_t, uint32_t> last_container_ = {};  // ContainerOf's last answer
};

template <typename Fn>
absl::Status Verifier::ForEach(std::string_view prefix, Fn fn) {
  Cursor cursor = db_.Walk(prefix, snapshot_.get(), /*fill_cache=*/false);
  for (; cursor.Valid(); cursor.Next()) {
    OCA_RETURN_IF_ERROR(Progress());
    OCA_RETURN_IF_ERROR(FaultIfDamaged(fn(cursor.key(), cursor.value())));
  }
  return FaultIfDamaged(cursor.status());
}

template <typename Fn>
absl::Status Verifier::Advance(Side* side, uint64_t ino, Fn fn) {
  for (; side->cursor.Valid(); side->cursor.Next()) {
    const absl::StatusOr<uint64_t> number = NumberOfKey(side->cursor.key());
    if (number.ok() && *number > ino) return absl::OkStatus();
    OCA_RETURN_IF_ERROR(Progress());
    if (!number.ok()) {
      OCA_RETURN_IF_ERROR(FaultIfDamaged(number.status()));
    } else if (*number == ino) {
      OCA_RETURN_IF_ERROR(FaultIfDamaged(fn(side->cursor.key(), side->cursor.value())));
    } else if (std::exchange(side->last_missing, *number) != *number) {
      Fault("{} belongs to the missing inode {}", side->what, *number);
    }
  }
  return FaultIfDamaged(side->cursor.status());
}

}  // namespace oca::names

#endif  // OCA_FS_NAMES_VERIFIER_H_
