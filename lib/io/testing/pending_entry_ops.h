// The changes of directories that a power cut may still take away.
#ifndef OCA_LIB_IO_TESTING_PENDING_ENTRY_OPS_H_
#define OCA_LIB_IO_TESTING_PENDING_ENTRY_OPS_H_

#include <random>
#include <vector>

#include "lib/io/testing/memory_file_system.h"

namespace oca::io {

// Works on MemoryNode::durable_entries. Not thread-safe.
class PendingEntryOps {
 public:
  void Add(EntryOp op);
  // Makes the changes of `dir` durable. A rename between two directories waits for both. What an
  // already durable change rests on (earlier changes of the same names and files, the emptying of a
  // removed directory) becomes durable with it.
  void Sync(const MemoryNodePtr& dir);
  // A power cut: some of the changes happen, the others never did. Any subset, as long as each
  // change finds what it needs: the name that it moves or removes, a free place for a new name, the
  // directory to put it in, an empty directory to remove.
  void LosePower(std::mt19937_64& rng);

 private:
  struct Pending {
    EntryOp op;
    bool from_synced;
    bool to_synced;
  };
  // The indexes of what Sync makes durable.
  std::vector<bool> ChooseDurable() const;

  std::vector<Pending> pending_;  // in the order of the calls
};

}  // namespace oca::io

#endif  // OCA_LIB_IO_TESTING_PENDING_ENTRY_OPS_H_
