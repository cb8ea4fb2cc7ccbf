#include "t/integration/30_engine/recycle_script.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "t/support/random.h"

namespace oca::engine {
namespace {

using support::RandomBytes;

absl::Status ReadTree(Filesystem& filesystem, InodeNo dir, const std::string& prefix,
                      State* state) {
  std::vector<DirEntry> entries;
  OCA_RETURN_IF_ERROR(filesystem.ReadDir(dir, 0, [&](const DirEntry& entry) {
    entries.push_back(entry);
    return true;
  }));
  for (const DirEntry& entry : entries) {
    const std::string path = prefix + entry.name;
    if (S_ISDIR(entry.type)) {
      (*state)[path + "/"];
      OCA_RETURN_IF_ERROR(ReadTree(filesystem, entry.ino, path + "/", state));
    } else {
      OCA_ASSIGN_OR_RETURN((*state)[path], ReadAll(filesystem, entry.ino));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<State> TryReadWithBin(Filesystem& filesystem) {
  State state;
  for (const Container& container : filesystem.ListContainers()) {
    if (container.name != "c") continue;
    OCA_RETURN_IF_ERROR(ReadTree(filesystem, container.root, "", &state));
    OCA_ASSIGN_OR_RETURN(const auto bin, filesystem.ListRecycled(container.id, {}, 1000));
    int n = 0;
    for (const RecycledVersion& version : bin) {
      const std::string name = fmt::format("bin {} {}", n++, version.path);
      if (S_ISDIR(version.mode)) {
        state[name + "/"];
      } else {
        OCA_ASSIGN_OR_RETURN(state[name], ReadAll(filesystem, version.place.ino));
      }
    }
  }
  return state;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Filesystem>> OpenForTest(io::FileSystem& fs, Clock& clock) {
  Options options = OptionsForTest(fs);
  options.clock = &clock;
  return Filesystem::Open(options);
}

absl::StatusOr<std::string> ReadAll(Filesystem& filesystem, InodeNo ino) {
  OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem.Open(ino, O_RDONLY));
  absl::StatusOr<ReadResult> read = filesystem.Read(handle, 0, 64u << 20);
  filesystem.Release(handle);
  OCA_RETURN_IF_ERROR(read.status());
  return read->Joined();
}

absl::StatusOr<State> ReadWithBin(Filesystem& filesystem) {
  absl::StatusOr<State> found;
  WaitWhile([&] {  // what expires while it is read is not found
    found = TryReadWithBin(filesystem);
    return ErrnoOf(found.status()) == ENOENT;
  });
  return found;
}

void RecycleScript::MayHappen() {
  State state = now_.live;
  for (size_t n = 0; n < now_.bin.size(); ++n) {
    state[fmt::format("bin {} {}", n, now_.bin[n].path)] = now_.bin[n].data;
  }
  states_.push_back(std::move(state));
  models_.push_back(now_);
}

absl::Status RecycleScript::Acknowledge(absl::Status status) {
  if (status.ok()) acknowledged_ = states_.size() - 1;
  return status;
}

absl::StatusOr<std::pair<InodeNo, std::string>> RecycleScript::Place(const std::string& path) {
  const size_t slash = path.find('/');
  if (slash == std::string::npos) return std::pair(root_, path);
  OCA_ASSIGN_OR_RETURN(const Inode dir, filesystem_.Lookup(root_, path.substr(0, slash)));
  return std::pair(dir.ino, path.substr(slash + 1));
}

absl::StatusOr<Inode> RecycleScript::Find(const std::string& path) {
  OCA_ASSIGN_OR_RETURN(const auto place, Place(path));
  return filesystem_.Lookup(place.first, place.second);
}

absl::StatusOr<RecycledVersion> RecycleScript::Version(size_t n) {
  OCA_ASSIGN_OR_RETURN(const auto bin, filesystem_.ListRecycled(container_, {}, 1000));
  if (bin.size() != now_.bin.size()) return absl::DataLossError("another number in the bin");
  return bin[n];
}

absl::Status RecycleScript::MakeContainer(uint32_t days) {
  std::vector<StorageGroup> groups = filesystem_.ListGroups();
  if (groups.empty()) {
    OCA_ASSIGN_OR_RETURN(const StorageGroup group,
                         filesystem_.AddGroup({.name = "g", .chunk_target_bytes = 8192}));
    groups.push_back(group);
  }
  std::vector<Container> containers = filesystem_.ListContainers();
  if (containers.empty()) {
    OCA_ASSIGN_OR_RETURN(const Container made,
                         filesystem_.AddContainer({.name = "c", .group = groups[0].id}));
    containers.push_back(made);
  }
  container_ = containers[0].id;
  root_ = containers[0].root;
  return filesystem_.SetRecycleBin(container_, {.on = true, .days = days}).status();
}

absl::Status RecycleScript::Put(const std::string& path, const std::string& data) {
  const bool is_new = !now_.live.contains(path);
  now_.live[path] = "";
  MayHappen();
  OCA_ASSIGN_OR_RETURN(const auto place, Place(path));
  OCA_ASSIGN_OR_RETURN(const Inode inode, is_new ? filesystem_.Create(place.first, place.second,
                                                                      {.mode = S_IFREG | 0644})
                                                 : Find(path));
  OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem_.Open(inode.ino, O_WRONLY | O_TRUNC));
  now_.live[path] = data;
  MayHappen();
  absl::Status status = filesystem_.Write(handle, 0, data, false).status();
  if (status.ok()) status = filesystem_.Fsync(inode.ino);
  filesystem_.Release(handle);
  return Acknowledge(status);
}

absl::Status RecycleScript::MakeFolder(const std::string& path) {
  now_.live[path + "/"];
  MayHappen();
  return filesystem_.Create(root_, path, {.mode = S_IFDIR | 0755}).status();
}

void RecycleScript::ToBin(const std::string& path) {
  now_.bin.push_back({path, now_.live[path], absl::ToUnixNanos(clock_.Now())});
  now_.live.erase(path);
}

absl::Status RecycleScript::Remove(const std::string& path) {
  ToBin(path);
  MayHappen();
  OCA_ASSIGN_OR_RETURN(const auto place, Place(path));
  return filesystem_.Unlink(place.first, place.second);
}

absl::Status RecycleScript::RemoveFolder(const std::string& path) {
  ToBin(path + "/");
  MayHappen();
  return filesystem_.Rmdir(root_, path);
}

absl::Status RecycleScript::Replace(const std::string& from, const std::string& to) {
  ToBin(to);
  now_.live[to] = now_.live[from];
  now_.live.erase(from);
  MayHappen();
  return filesystem_.Rename(root_, from, root_, to, 0);
}

// With the folder that held it, when that is in the bin.
void RecycleScript::PutBack(size_t n, const std::string& to) {
  const std::string path = now_.bin[n].path;
  now_.live[to.empty() ? path : to] = now_.bin[n].data;
  now_.bin.erase(now_.bin.begin() + static_cast<ptrdiff_t>(n));
  const size_t slash = path.find('/');
  if (!to.empty() || slash == std::string::npos) return;
  const std::string folder = path.substr(0, slash + 1);
  const auto gone = std::find_if(now_.bin.begin(), now_.bin.end(),
                                 [&](const Binned& each) { return each.path == folder; });
  if (gone == now_.bin.end()) return;
  now_.live[folder];
  now_.bin.erase(gone);
}

absl::Status RecycleScript::Restore(size_t n, const std::string& to) {
  OCA_ASSIGN_OR_RETURN(const RecycledVersion version, Version(n));
  PutBack(n, to);
  MayHappen();
  return Acknowledge(
      filesystem_.RestoreRecycled(container_, {.version = version.place.ino, .to = to}).status());
}

absl::Status RecycleScript::RestoreAll() {
  for (size_t n = now_.bin.size(); n-- > 0;) {  // the newest first
    if (now_.live.contains(now_.bin[n].path)) continue;
    PutBack(n, "");
    MayHappen();
  }
  return Acknowledge(filesystem_.RestoreRecycled(container_, {}).status());
}

absl::Status RecycleScript::PurgeOne(size_t n) {
  OCA_ASSIGN_OR_RETURN(const RecycledVersion version, Version(n));
  now_.bin.erase(now_.bin.begin() + static_cast<ptrdiff_t>(n));
  MayHappen();
  return Acknowledge(filesystem_.PurgeRecycled(container_, version.place.ino, 0).status());
}

absl::Status RecycleScript::PurgeAll() {
  now_.bin.clear();
  MayHappen();
  return Acknowledge(filesystem_.PurgeRecycled(container_, std::nullopt, INT64_MAX).status());
}

absl::Status RecycleScript::Expire(uint32_t days) {
  const int64_t until = absl::ToUnixNanos(clock_.Now() - absl::Hours(24 * days));
  std::erase_if(now_.bin, [&](const Binned& each) { return each.deleted_ns <= until; });
  MayHappen();
  OCA_RETURN_IF_ERROR(filesystem_.SetRecycleBin(container_, {.on = true, .days = days}).status());
  const auto goes_on = [&] {
    const absl::StatusOr<RecycleStatus> bin = filesystem_.GetRecycleBin(container_);
    return (!bin.ok() || bin->inodes != now_.bin.size()) && !(gives_up_ && gives_up_());
  };
  WaitWhile(goes_on);
  OCA_ASSIGN_OR_RETURN(const RecycleStatus bin, filesystem_.GetRecycleBin(container_));
  if (bin.inodes == now_.bin.size()) return absl::OkStatus();
  return absl::UnavailableError("what is to expire is still there");
}

absl::Status RecycleScript::Reclaim() {
  OCA_RETURN_IF_ERROR(filesystem_.StartReclaim());
  WaitWhile([&] { return filesystem_.GetCleanerStatus().state == JobState::kRunning; });
  const CleanerStatus status = filesystem_.GetCleanerStatus();
  if (status.state != JobState::kDone) return absl::UnavailableError(status.error);
  return Acknowledge(absl::OkStatus());
}

absl::Status RecycleScript::Sync() { return Acknowledge(filesystem_.Sync()); }

std::vector<std::function<absl::Status()>> RecycleScript::Steps() {
  const auto later = [&](uint32_t days) {
    clock_.Advance(absl::Hours(24 * days));
    return absl::OkStatus();
  };
  return {
      [this] { return MakeContainer(30); },
      [this] { return Put("a", RandomBytes(40'000, 1)); },
      [this] { return Put("b", RandomBytes(30'000, 2)); },
      [this] { return Remove("a"); },
      [this] { return Put("a", RandomBytes(20'000, 3)); },
      [this] { return Replace("a", "b"); },
      [this] { return MakeFolder("d"); },
      [this] { return Put("d/inside", RandomBytes(25'000, 4)); },
      [this] { return Remove("d/inside"); },
      [this] { return RemoveFolder("d"); },
      [this] { return Sync(); },
      [this] { return Reclaim(); },
      [this] { return Restore(0, "first-a"); },
      [this] { return Restore(1); },  // d/inside, and d
      [this] { return Remove("d/inside"); },
      [later] { return later(8); },
      [this] { return Remove("b"); },
      [this] { return Expire(7); },  // all but b
      [this] { return Reclaim(); },
      [this] { return Remove("first-a"); },
      [this] { return RestoreAll(); },
      [this] { return Remove("b"); },
      [this] { return Remove("first-a"); },
      [this] { return PurgeOne(0); },
      [this] { return PurgeAll(); },
      [this] { return Put("last", RandomBytes(10'000, 1)); },
      [this] { return Reclaim(); },
      [this] { return Sync(); },
  };
}

absl::Status RecycleScript::Run() {
  const auto steps = Steps();
  for (; next_step_ < steps.size(); ++next_step_) {
    before_step_ = states_.size() - 1;
    OCA_RETURN_IF_ERROR(Annotate(steps[next_step_](), fmt::format("step {}", next_step_)));
  }
  return absl::OkStatus();
}

absl::Status RecycleScript::CheckCounters() {
  if (container_ == ContainerId()) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(const RecycleStatus bin, filesystem_.GetRecycleBin(container_));
  uint64_t files = 0, bytes = 0;
  for (const Binned& each : now_.bin) {
    files += absl::EndsWith(each.path, "/") ? 0 : 1;
    bytes += each.data.size();
  }
  if (bin.inodes == now_.bin.size() && bin.files == files && bin.bytes == bytes) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      fmt::format("the bin counts {} inodes, {} files, {} bytes; it holds {}, {}, {}", bin.inodes,
                  bin.files, bin.bytes, now_.bin.size(), files, bytes));
}

absl::Status RecycleScript::TrySettle() {
  OCA_ASSIGN_OR_RETURN(const State found, ReadWithBin(filesystem_));
  for (size_t i = states_.size(); i-- > before_step_;) {
    if (states_[i] != found) continue;
    now_ = models_[i];
    OCA_RETURN_IF_ERROR(CheckCounters());
    if (i + 1 < states_.size()) {
      MayHappen();
    } else if (i > before_step_) {
      ++next_step_;
    }
    return absl::OkStatus();
  }
  return absl::DataLossError(
      fmt::format("step {} left a state that is none of its own", next_step_));
}

absl::Status RecycleScript::Settle() {
  absl::Status settled;
  WaitWhile([&] {  // what expires meanwhile is counted no more
    settled = TrySettle();
    return absl::IsDataLoss(settled);
  });
  return settled;
}

}  // namespace oca::engine
