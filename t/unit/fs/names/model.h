// What POSIX says a tree of names does, in plain containers: nothing of fs/names but its types.
#ifndef OCA_T_UNIT_FS_NAMES_MODEL_H_
#define OCA_T_UNIT_FS_NAMES_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fs/names/names.h"

namespace oca::names {

// One call of Names, all it depends on, and the number of what it made.
struct ModelOp {
  enum Kind {
    kCreate,
    kLink,
    kUnlink,
    kRmdir,
    kRename,
    kSetAttr,
    kSetContent,
    kSetXattr,
    kRemoveXattr,
    kDeleteOrphan,
    kKinds
  };
  Kind kind = kCreate;
  uint64_t dir = 0;
  std::string name;
  uint64_t to_dir = 0;
  std::string to_name;
  uint64_t ino = 0;  // what it works on; of kCreate: what it made
  uint32_t flags = 0;
  NewInode what;
  AttrChange change;
  Content content;
  std::string value;
  int64_t now_ns = 0;
  int64_t trusted_ns = 0;
};

// A copy is a snapshot. Not thread-safe.
class Model {
 public:
  Model() = default;

  void SetPolicy(ContainerId container, const RetentionPolicy& policy) {
    policies_[container.value] = policy;
  }
  void AddRoot(const Inode& root) { nodes_[root.ino.value].inode = root; }
  // Does `op`; 0 or the errno with which it must fail.
  int Apply(const ModelOp& op);
  // All of the tree as text, as TreeText(Names).
  std::string Text() const;
  size_t size() const { return nodes_.size(); }
  bool Has(uint64_t ino) const { return nodes_.contains(ino); }
  std::vector<uint64_t> Inodes() const;
  std::vector<uint64_t> Orphans() const;
  std::vector<std::pair<uint64_t, std::string>> Entries() const;  // directory and name

 private:
  struct Entry {
    uint64_t ino = 0;
    uint64_t place = 0;  // order of the listing
  };
  struct Node {
    Inode inode;
    std::map<std::string, Entry> entries;
    std::map<std::string, std::string> xattrs;
  };

  RetentionPolicy PolicyOf(const Inode& inode) const;
  static bool IsLocked(const Inode& inode, const ModelOp& op);
  bool MayMove(uint64_t ino, const ModelOp& op);
  int SetAttrOfLocked(const ModelOp& op, Inode* inode);
  Node* Find(uint64_t ino);
  int CheckDir(uint64_t dir);  // may names change in it
  void Touch(uint64_t dir, int64_t now);
  void AddEntry(uint64_t dir, const std::string& name, uint64_t ino, uint64_t place);
  Entry TakeEntry(uint64_t dir, const std::string& name);
  void DropName(uint64_t ino, int64_t now);
  bool IsBelow(uint64_t dir, uint64_t ancestor);  // or the same
  int Create(const ModelOp& op);
  int Link(const ModelOp& op);
  int Remove(const ModelOp& op, bool is_rmdir);
  int Rename(const ModelOp& op);
  void Exchange(const ModelOp& op);
  int SetAttr(const ModelOp& op);
  int SetContent(const ModelOp& op);
  int SetXattr(const ModelOp& op);
  int RemoveXattr(const ModelOp& op);

  std::map<uint64_t, Node> nodes_;
  std::map<uint32_t, RetentionPolicy> policies_;
  uint64_t next_place_ = 1;
};

// The same of a database, by its own calls; every entry is looked up too.
std::string TreeText(const Names& names);

}  // namespace oca::names

#endif  // OCA_T_UNIT_FS_NAMES_MODEL_H_
