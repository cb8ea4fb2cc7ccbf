#include <string>
#include <utility>
#include <vector>

#include "fs/fuse/context.h"
#include "fs/fuse/operations.h"

namespace oca::fuse {
namespace {

// Positions in a directory stream: after "." and after ".."; the engine's cookies are larger.
constexpr uint64_t kAfterDot = 1;
constexpr uint64_t kAfterDotDot = 2;

// An answer to READDIR or READDIRPLUS under construction.
class Listing {
 public:
  Listing(fuse_req_t req, size_t size, bool plus) : req_(req), buffer_(size, '\0'), plus_(plus) {}

  size_t SizeOf(const std::string& name) const {
    return plus_ ? fuse_add_direntry_plus(req_, nullptr, 0, name.c_str(), nullptr, 0)
                 : fuse_add_direntry(req_, nullptr, 0, name.c_str(), nullptr, 0);
  }
  // An entry whose nodeid is 0 hands no inode to the kernel. False: it does not fit.
  bool Add(const std::string& name, const fuse_entry_param& entry, uint64_t cookie) {
    size_t room = buffer_.size() - used_;
    char* at = buffer_.data() + used_;
    off_t offset = static_cast<off_t>(cookie);
    size_t size = plus_ ? fuse_add_direntry_plus(req_, at, room, name.c_str(), &entry, offset)
                        : fuse_add_direntry(req_, at, room, name.c_str(), &entry.attr, offset);
    if (size > room) return false;
    used_ += size;
    return true;
  }
  bool AddNameOnly(const std::string& name, InodeNo ino, uint32_t type, uint64_t cookie) {
    fuse_entry_param entry{};
    entry.attr.st_ino = ino.value;
    entry.attr.st_mode = type;
    return Add(name, entry, cookie);
  }
  int Reply() { return fuse_reply_buf(req_, buffer_.data(), used_); }
  bool empty() const { return used_ == 0; }

 private:
  fuse_req_t req_;
  std::string buffer_;
  size_t used_ = 0;
  bool plus_;
};

// The entries after `after` that fit in `size` bytes.
absl::StatusOr<std::vector<engine::DirEntry>> Collect(engine::Filesystem& fs, InodeNo dir,
                                                      uint64_t after, const Listing& listing,
                                                      size_t size) {
  std::vector<engine::DirEntry> entries;
  absl::Status status = fs.ReadDir(dir, after, [&](const engine::DirEntry& entry) {
    size_t needed = listing.SizeOf(entry.name);
    if (needed > size) return false;
    size -= needed;
    entries.push_back(entry);
    return true;
  });
  if (!status.ok()) return status;
  return entries;
}

// "." and "..", then *offset is what the engine goes on from. The kernel takes no reference to
// them.
absl::Status AddDots(engine::Filesystem& fs, InodeNo dir, Listing* listing, uint64_t* offset) {
  if (*offset >= kAfterDotDot) return absl::OkStatus();
  absl::StatusOr<engine::Inode> inode = fs.GetAttr(dir);
  if (!inode.ok()) return inode.status();
  InodeNo parent = dir == names::kRootInode ? dir : inode->parent;
  if (*offset < kAfterDot && !listing->AddNameOnly(".", dir, S_IFDIR, kAfterDot)) {
    return absl::OkStatus();
  }
  if (!listing->AddNameOnly("..", parent, S_IFDIR, kAfterDotDot)) return absl::OkStatus();
  *offset = kAfterDotDot;
  return absl::OkStatus();
}

void Reply(fuse_req_t req, fuse_ino_t ino, size_t size, off_t position, bool plus) {
  Context& context = ContextOf(req);
  InodeNo dir(ino);
  uint64_t offset = static_cast<uint64_t>(position);
  Listing listing(req, size, plus);
  absl::Status status = AddDots(context.fs, dir, &listing, &offset);
  if (!status.ok()) return ReplyStatus(req, status, "readdir", dir);
  if (offset < kAfterDotDot) {  // no room for more than a dot
    listing.Reply();
    return;
  }
  auto entries = Collect(context.fs, dir, offset, listing, size);
  if (!entries.ok()) return ReplyStatus(req, entries.status(), "readdir", dir);
  std::vector<InodeNo> handed_out;
  for (const engine::DirEntry& entry : *entries) {
    absl::StatusOr<engine::Inode> inode =
        plus ? context.fs.GetAttr(entry.ino) : absl::UnimplementedError("name only");
    bool fits = inode.ok() ? listing.Add(entry.name, ToEntry(context, *inode), entry.cookie)
                           : listing.AddNameOnly(entry.name, entry.ino, entry.type, entry.cookie);
    if (!fits) break;
    if (!inode.ok()) continue;
    context.fs.AddReference(entry.ino);
    handed_out.push_back(entry.ino);
  }
  if (listing.Reply() == 0) return;
  for (InodeNo gone : handed_out) context.fs.DropReferences(gone, 1);
}

}  // namespace

void ReadDir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) {
  Reply(req, ino, size, offset, false);
}

void ReadDirPlus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) {
  Reply(req, ino, size, offset, true);
}

}  // namespace oca::fuse
