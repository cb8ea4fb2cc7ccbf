#include "lib/io/overlay_file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "absl/time/clock.h"
#include "lib/base/status.h"

namespace oca::io {
namespace {

constexpr uint64_t kPageBytes = 64u << 10;
constexpr uint64_t kMaxFileBytes = INT64_MAX;
constexpr size_t kMaxNameBytes = 255;

absl::Status ImpossibleOffset() { return PosixError(EINVAL, "beyond the end of any file"); }

}  // namespace

// A file or directory. `base_path`: what it is below; empty when it was made here.
struct OverlayFileSystem::Node {
  Node(bool directory, std::string base) : is_directory(directory), base_path(std::move(base)) {
    entries_known = base_path.empty();
  }

  const bool is_directory;
  const std::string base_path;
  int64_t mtime_seconds = absl::ToUnixSeconds(absl::Now());

  // Of a directory, under the file system's mutex.
  bool entries_known;
  std::map<std::string, NodePtr, std::less<>> entries;
  bool locked = false;

  // Of a file.
  absl::Mutex mu;
  uint64_t size ABSL_GUARDED_BY(mu) = 0;
  uint64_t base_end ABSL_GUARDED_BY(mu) = 0;  // from here on nothing is read from below
  std::map<uint64_t, std::string> pages ABSL_GUARDED_BY(mu);  // changed ones, by number
};

class OverlayFileSystem::Handle final : public File {
 public:
  // base: null when the file has nothing below.
  Handle(NodePtr node, std::unique_ptr<File> base, bool writable)
      : node_(std::move(node)), base_(std::move(base)), writable_(writable) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    if (offset > kMaxFileBytes) return ImpossibleOffset();
    absl::MutexLock lock(&node_->mu);
    if (offset >= node_->size) return size_t{0};
    const size_t length = std::min<uint64_t>(out.size(), node_->size - offset);
    for (size_t done = 0; done < length;) {
      const uint64_t at = offset + done;
      const uint64_t in_page = at % kPageBytes;
      const size_t part = std::min<uint64_t>(length - done, kPageBytes - in_page);
      if (auto page = node_->pages.find(at / kPageBytes); page != node_->pages.end()) {
        std::memcpy(out.data() + done, page->second.data() + in_page, part);
      } else {
        OCA_RETURN_IF_ERROR(ReadBelow(at, out.subspan(done, part)));
      }
      done += part;
    }
    return length;
  }

  absl::Status WriteAt(uint64_t offset, std::string_view data) override {
    if (!writable_) return PosixError(EBADF, "not open for writing");
    if (offset > kMaxFileBytes || data.size() > kMaxFileBytes - offset) return ImpossibleOffset();
    absl::MutexLock lock(&node_->mu);
    for (size_t done = 0; done < data.size();) {
      const uint64_t at = offset + done;
      const uint64_t in_page = at % kPageBytes;
      const size_t part = std::min<uint64_t>(data.size() - done, kPageBytes - in_page);
      auto page = node_->pages.find(at / kPageBytes);
      if (page == node_->pages.end()) {
        std::string bytes(kPageBytes, '\0');
        OCA_RETURN_IF_ERROR(ReadBelow(at - in_page, std::span(bytes)));
        page = node_->pages.emplace(at / kPageBytes, std::move(bytes)).first;
      }
      std::memcpy(page->second.data() + in_page, data.data() + done, part);
      done += part;
    }
    if (!data.empty()) node_->size = std::max(node_->size, offset + data.size());
    return absl::OkStatus();
  }

  absl::Status Sync() override { return absl::OkStatus(); }
  void StartWriteback(uint64_t, uint64_t) override {}
  void StartReadahead(uint64_t offset, uint64_t length) override {
    if (base_ != nullptr) base_->StartReadahead(offset, length);
  }
  absl::StatusOr<uint64_t> Size() override {
    absl::MutexLock lock(&node_->mu);
    return node_->size;
  }

  absl::Status Truncate(uint64_t size) override {
    if (!writable_) return PosixError(EINVAL, "not open for writing");
    if (size > kMaxFileBytes) return ImpossibleOffset();
    absl::MutexLock lock(&node_->mu);
    node_->size = size;
    node_->base_end = std::min(node_->base_end, size);
    node_->pages.erase(node_->pages.lower_bound((size + kPageBytes - 1) / kPageBytes),
                       node_->pages.end());
    if (auto page = node_->pages.find(size / kPageBytes); page != node_->pages.end()) {
      std::fill(page->second.begin() + static_cast<ptrdiff_t>(size % kPageBytes),
                page->second.end(), '\0');
    }
    return absl::OkStatus();
  }

 private:
  // All of `out`: what is not below is zero.
  absl::Status ReadBelow(uint64_t offset, std::span<char> out)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(node_->mu) {
    size_t got = 0;
    if (base_ != nullptr && offset < node_->base_end) {
      const size_t there = std::min<uint64_t>(out.size(), node_->base_end - offset);
      OCA_ASSIGN_OR_RETURN(got, base_->ReadAt(offset, out.first(there)));
    }
    std::fill(out.begin() + static_cast<ptrdiff_t>(got), out.end(), '\0');
    return absl::OkStatus();
  }

  const NodePtr node_;
  const std::unique_ptr<File> base_;
  const bool writable_;
};

class OverlayFileSystem::HeldLock final : public FileLock {
 public:
  HeldLock(OverlayFileSystem& fs, NodePtr node) : fs_(fs), node_(std::move(node)) {}
  ~HeldLock() override {
    absl::MutexLock lock(&fs_.mu_);
    node_->locked = false;
  }

 private:
  OverlayFileSystem& fs_;
  const NodePtr node_;
};

OverlayFileSystem::OverlayFileSystem(FileSystem& base, std::vector<std::string> dirs)
    : base_(base) {
  for (std::string& dir : dirs) {
    NodePtr root = std::make_shared<Node>(true, dir);
    tops_.push_back({std::move(dir), std::move(root)});
  }
}

OverlayFileSystem::~OverlayFileSystem() = default;

absl::Status OverlayFileSystem::LoadEntries(Node& dir) {
  if (dir.entries_known) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> names, base_.List(dir.base_path));
  for (const std::string& name : names) {
    std::string path = JoinPath(dir.base_path, name);
    OCA_ASSIGN_OR_RETURN(const FileInfo info, base_.Stat(path));
    auto node = std::make_shared<Node>(info.is_directory, std::move(path));
    node->mtime_seconds = info.mtime_seconds;
    absl::MutexLock lock(&node->mu);
    node->size = node->base_end = info.size_bytes;
    dir.entries[name] = node;
  }
  dir.entries_known = true;
  return absl::OkStatus();
}

const OverlayFileSystem::Top* OverlayFileSystem::TopOf(std::string_view path) const {
  for (const Top& top : tops_) {
    if (!path.starts_with(top.dir)) continue;
    const std::string_view rest = path.substr(top.dir.size());
    if (rest.empty() || rest[0] == '/' || top.dir.ends_with('/')) return &top;
  }
  return nullptr;
}

absl::StatusOr<OverlayFileSystem::Spot> OverlayFileSystem::Find(std::string_view path) {
  const Top* top = TopOf(path);
  if (top == nullptr) return PosixError(ENOENT, path);
  std::string_view rest = path.substr(top->dir.size());
  Spot spot{nullptr, "", top->root};
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    if (rest.empty()) return spot;
    if (spot.node == nullptr) return PosixError(ENOENT, path);
    if (!spot.node->is_directory) return PosixError(ENOTDIR, path);
    OCA_RETURN_IF_ERROR(LoadEntries(*spot.node));
    const std::string_view name = rest.substr(0, rest.find('/'));
    if (name.size() > kMaxNameBytes) return PosixError(ENAMETOOLONG, path);
    rest.remove_prefix(name.size());
    const auto entry = spot.node->entries.find(name);
    spot = Spot{spot.node, std::string(name),
                entry == spot.node->entries.end() ? nullptr : entry->second};
  }
}

absl::StatusOr<OverlayFileSystem::Spot> OverlayFileSystem::FindExisting(std::string_view path) {
  OCA_ASSIGN_OR_RETURN(Spot spot, Find(path));
  if (spot.node == nullptr) return PosixError(ENOENT, path);
  return spot;
}

absl::StatusOr<OverlayFileSystem::NodePtr> OverlayFileSystem::OpenNode(const std::string& path,
                                                                       OpenMode mode) {
  OCA_ASSIGN_OR_RETURN(const Spot spot, Find(path));
  const bool must_exist = ReadsOnly(mode) || mode == OpenMode::kReadWrite;
  if (spot.node == nullptr) {
    if (must_exist) return PosixError(ENOENT, path);
    return spot.dir->entries[spot.name] = std::make_shared<Node>(false, "");
  }
  if (mode == OpenMode::kCreateNew) return PosixError(EEXIST, path);
  if (spot.node->is_directory) return PosixError(EISDIR, path);
  return spot.node;
}

absl::StatusOr<std::unique_ptr<File>> OverlayFileSystem::Open(const std::string& path,
                                                              OpenMode mode) {
  NodePtr node;
  {
    absl::MutexLock lock(&mu_);
    OCA_ASSIGN_OR_RETURN(node, OpenNode(path, mode));
  }
  std::unique_ptr<File> base;
  if (!node->base_path.empty()) {
    OCA_ASSIGN_OR_RETURN(base, base_.Open(node->base_path, OpenMode::kRead));
  }
  auto file = std::make_unique<Handle>(std::move(node), std::move(base), !ReadsOnly(mode));
  if (mode == OpenMode::kTruncate) OCA_RETURN_IF_ERROR(file->Truncate(0));
  return file;
}

absl::Status OverlayFileSystem::CreateDir(const std::string& path) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(const Spot spot, Find(path));
  if (spot.node != nullptr) return PosixError(EEXIST, path);
  spot.dir->entries[spot.name] = std::make_shared<Node>(true, "");
  return absl::OkStatus();
}

absl::Status OverlayFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(const Spot source, FindExisting(from));
  OCA_ASSIGN_OR_RETURN(const Spot target, Find(to));
  if (source.dir == nullptr || target.dir == nullptr) return PosixError(EBUSY, to);
  if (source.node == target.node) return absl::OkStatus();
  if (source.node->is_directory && to.starts_with(from + "/")) return PosixError(EINVAL, to);
  if (target.node != nullptr) {
    if (target.node->is_directory != source.node->is_directory) {
      return PosixError(target.node->is_directory ? EISDIR : ENOTDIR, to);
    }
    if (target.node->is_directory) {
      OCA_RETURN_IF_ERROR(LoadEntries(*target.node));
      if (!target.node->entries.empty()) return PosixError(ENOTEMPTY, to);
    }
  }
  source.dir->entries.erase(source.name);
  target.dir->entries[target.name] = source.node;
  return absl::OkStatus();
}

absl::Status OverlayFileSystem::Link(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(const Spot source, FindExisting(from));
  OCA_ASSIGN_OR_RETURN(const Spot target, Find(to));
  if (source.node->is_directory) return PosixError(EPERM, from);
  if (target.node != nullptr) return PosixError(EEXIST, to);
  target.dir->entries[target.name] = source.node;
  return absl::OkStatus();
}

absl::Status OverlayFileSystem::Remove(const std::string& path, bool directory) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(const Spot spot, FindExisting(path));
  if (spot.node->is_directory != directory) return PosixError(directory ? ENOTDIR : EISDIR, path);
  if (spot.dir == nullptr) return PosixError(EBUSY, path);
  if (directory) {
    OCA_RETURN_IF_ERROR(LoadEntries(*spot.node));
    if (!spot.node->entries.empty()) return PosixError(ENOTEMPTY, path);
  }
  spot.dir->entries.erase(spot.name);
  return absl::OkStatus();
}

absl::Status OverlayFileSystem::RemoveFile(const std::string& path) { return Remove(path, false); }
absl::Status OverlayFileSystem::RemoveDir(const std::string& path) { return Remove(path, true); }

absl::StatusOr<std::vector<std::string>> OverlayFileSystem::List(const std::string& dir) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(const Spot spot, FindExisting(dir));
  if (!spot.node->is_directory) return PosixError(ENOTDIR, dir);
  OCA_RETURN_IF_ERROR(LoadEntries(*spot.node));
  std::vector<std::string> names;
  for (const auto& [name, node] : spot.node->entries) names.push_back(name);
  return names;
}

bool OverlayFileSystem::LeadsThere(std::string_view path) const {
  return std::any_of(tops_.begin(), tops_.end(), [path](const Top& top) {
    return top.dir.starts_with(path) && top.dir.size() > path.size() &&
           (path.ends_with('/') || top.dir[path.size()] == '/');
  });
}

absl::Status OverlayFileSystem::SyncDir(const std::string& dir) {
  if (LeadsThere(dir)) return absl::OkStatus();
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(const Spot spot, FindExisting(dir));
  return spot.node->is_directory ? absl::OkStatus() : PosixError(ENOTDIR, dir);
}

absl::StatusOr<FileInfo> OverlayFileSystem::Stat(const std::string& path) {
  if (LeadsThere(path)) return base_.Stat(path);
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(const Spot spot, FindExisting(path));
  absl::MutexLock node_lock(&spot.node->mu);
  return FileInfo{spot.node->size, spot.node->is_directory, spot.node->mtime_seconds};
}

absl::StatusOr<SpaceInfo> OverlayFileSystem::Space(const std::string& path) {
  OCA_RETURN_IF_ERROR(Stat(path).status());
  const Top* top = TopOf(path);
  return base_.Space(top == nullptr ? tops_.front().dir : top->dir);
}

absl::StatusOr<std::unique_ptr<FileLock>> OverlayFileSystem::Lock(const std::string& path) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(NodePtr node, OpenNode(path, OpenMode::kOpenOrCreate));
  if (std::exchange(node->locked, true)) return PosixError(EAGAIN, path);
  return std::make_unique<HeldLock>(*this, std::move(node));
}

}  // namespace oca::io
