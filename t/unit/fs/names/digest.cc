#include "t/unit/fs/names/digest.h"

#include <sys/stat.h>

#include <cstdlib>
#include <iterator>

#include "absl/hash/hash.h"
#include "fmt/format.h"
#include "lib/base/crc32c.h"
#include "t/unit/fs/names/must.h"

namespace oca::names {
namespace {

void AddInode(const Names& names, const Inode& inode, std::string* out) {
  const auto to = std::back_inserter(*out);
  fmt::format_to(to, "inode {} crc {:08x}\n", inode.ino.value, Crc32c(EncodeInode(inode)));
  for (const std::string& name : Value(names.ListXattrs(inode.ino))) {
    fmt::format_to(to, "  xattr {} {:08x}\n", name, Crc32c(Value(names.GetXattr(inode.ino, name))));
  }
  if ((inode.mode & S_IFMT) != S_IFDIR) return;
  Check(names.ReadDir(inode.ino, 0, [&](const DirEntry& entry) {
    fmt::format_to(to, "  entry {} {} {:o} {}\n", entry.cookie, entry.name, entry.type,
                   entry.ino.value);
    return true;
  }));
}

}  // namespace

std::string Digest(const Names& names) {
  std::string out;
  const auto to = std::back_inserter(out);
  for (const StorageGroup& group : names.ListGroups()) {
    fmt::format_to(to, "group {} {:08x}\n", group.id.value, Crc32c(EncodeStorageGroup(group)));
  }
  for (const Container& container : names.ListContainers()) {
    fmt::format_to(to, "container {} {:08x} counters {:08x}\n", container.id.value,
                   Crc32c(EncodeContainer(container)),
                   Crc32c(EncodeCounters(names.Counters(container.id))));
  }
  for (InodeNo orphan : Value(names.ListOrphans())) {
    fmt::format_to(to, "orphan {}\n", orphan.value);
  }
  Check(names.ForEachInode([&](const Inode& inode) {
    AddInode(names, inode, &out);
    return absl::OkStatus();
  }));
  return out;
}

}  // namespace oca::names
