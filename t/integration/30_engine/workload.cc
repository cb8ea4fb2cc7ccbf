#include "t/integration/30_engine/workload.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "lib/base/status.h"
#include "t/support/random.h"

namespace oca::engine {
namespace {

using support::RandomBytes;

std::string Text(uint64_t seed, size_t size) { return support::Random(seed).Text(size); }

}  // namespace

void WaitWhile(const std::function<bool()>& running) {
  const absl::Time deadline = absl::Now() + absl::Minutes(1);
  absl::Notification never;
  while (running() && absl::Now() < deadline) {
    never.WaitForNotificationWithTimeout(absl::Milliseconds(1));
  }
}

Options OptionsForTest(io::FileSystem& fs) {
  Options options;
  options.fs = &fs;
  options.clock = &SystemClock();
  options.dir = "/oca";
  options.commit_interval = absl::Hours(1);
  options.memory_budget_bytes = 32u << 20;
  options.workers = 1;
  options.pack_target_bytes = 96u << 10;
  options.reserve_bytes = 1;
  return options;
}

absl::StatusOr<std::unique_ptr<Filesystem>> OpenForTest(io::FileSystem& fs) {
  return Filesystem::Open(OptionsForTest(fs));
}

absl::StatusOr<State> ReadState(Filesystem& filesystem) {
  State state;
  for (const Container& container : filesystem.ListContainers()) {
    if (container.name != "c") continue;
    std::vector<DirEntry> entries;
    OCA_RETURN_IF_ERROR(filesystem.ReadDir(container.root, 0, [&](const DirEntry& entry) {
      entries.push_back(entry);
      return true;
    }));
    for (const DirEntry& entry : entries) {
      OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem.Open(entry.ino, O_RDONLY));
      absl::StatusOr<ReadResult> read = filesystem.Read(handle, 0, 64u << 20);
      filesystem.Release(handle);
      if (!read.ok()) return Annotate(read.status(), entry.name);
      state[entry.name] = read->Joined();
    }
  }
  return state;
}

void Workload::MayHappen() { states_.push_back(now_); }

absl::StatusOr<InodeNo> Workload::Find(const std::string& name) {
  OCA_ASSIGN_OR_RETURN(Inode inode, filesystem_.Lookup(root_, name));
  return inode.ino;
}

absl::Status Workload::MakeContainer() {
  StorageGroup group;
  group.name = "g";
  group.chunk_target_bytes = 8192;
  OCA_ASSIGN_OR_RETURN(group, filesystem_.AddGroup(group));
  Container container;
  container.name = "c";
  container.group = group.id;
  OCA_ASSIGN_OR_RETURN(container, filesystem_.AddContainer(container));
  root_ = container.root;
  return absl::OkStatus();
}

absl::Status Workload::Put(const std::string& name, const std::string& data, bool sync) {
  NewInode what;
  what.mode = S_IFREG | 0644;
  now_[name] = "";
  MayHappen();
  OCA_ASSIGN_OR_RETURN(Inode inode, filesystem_.Create(root_, name, what));
  OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem_.Open(inode.ino, O_WRONLY));
  now_[name] = data;
  MayHappen();
  absl::Status status = filesystem_.Write(handle, 0, data, false).status();
  if (status.ok()) {  // Flush, or Release below, or Fsync records it
    status = sync ? filesystem_.Fsync(inode.ino) : filesystem_.Flush(handle);
    if (status.ok() && sync) acknowledged_ = states_.size() - 1;
  }
  filesystem_.Release(handle);
  return status;
}

absl::Status Workload::Overwrite(const std::string& name, size_t offset, const std::string& data,
                                 bool sync) {
  OCA_ASSIGN_OR_RETURN(InodeNo ino, Find(name));
  OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem_.Open(ino, O_RDWR));
  std::string& file = now_[name];
  if (file.size() < offset + data.size()) file.resize(offset + data.size());
  file.replace(offset, data.size(), data);
  MayHappen();
  absl::Status status = filesystem_.Write(handle, offset, data, false).status();
  if (status.ok()) {
    status = sync ? filesystem_.Fsync(ino) : filesystem_.Flush(handle);
    if (status.ok() && sync) acknowledged_ = states_.size() - 1;
  }
  filesystem_.Release(handle);
  return status;
}

absl::Status Workload::Append(const std::string& name, const std::string& data) {
  return Overwrite(name, now_[name].size(), data, false);
}

absl::Status Workload::TruncateTo(const std::string& name, size_t size) {
  OCA_ASSIGN_OR_RETURN(InodeNo ino, Find(name));
  now_[name].resize(size);
  MayHappen();
  return filesystem_.Truncate(ino, size).status();
}

absl::Status Workload::Copy(const std::string& from, const std::string& to) {
  OCA_ASSIGN_OR_RETURN(InodeNo source, Find(from));
  OCA_ASSIGN_OR_RETURN(InodeNo target, Find(to));
  OCA_ASSIGN_OR_RETURN(Handle * in, filesystem_.Open(source, O_RDONLY));
  absl::StatusOr<Handle*> out = filesystem_.Open(target, O_WRONLY);
  if (!out.ok()) {
    filesystem_.Release(in);
    return out.status();
  }
  now_[to].replace(0, now_[from].size(), now_[from]);
  MayHappen();
  absl::Status status = filesystem_.CopyRange(in, 0, *out, 0, now_[from].size()).status();
  if (status.ok()) status = filesystem_.Flush(*out);
  filesystem_.Release(*out);
  filesystem_.Release(in);
  return status;
}

absl::Status Workload::Remove(const std::string& name) {
  now_.erase(name);
  MayHappen();
  return filesystem_.Unlink(root_, name);
}

absl::Status Workload::Move(const std::string& from, const std::string& to) {
  now_[to] = now_[from];
  now_.erase(from);
  MayHappen();
  return filesystem_.Rename(root_, from, root_, to, 0);
}

absl::Status Workload::SyncAll() {
  OCA_RETURN_IF_ERROR(filesystem_.Sync());
  acknowledged_ = states_.size() - 1;
  return absl::OkStatus();
}

absl::Status Workload::Reclaim() {
  OCA_RETURN_IF_ERROR(filesystem_.StartReclaim());
  WaitWhile([this] { return filesystem_.GetCleanerStatus().state == JobState::kRunning; });
  CleanerStatus status = filesystem_.GetCleanerStatus();
  if (status.state != JobState::kDone) return absl::UnavailableError(status.error);
  acknowledged_ = states_.size() - 1;  // what it removes, names must have forgotten for good
  return absl::OkStatus();
}

absl::Status Workload::Run() {
  OCA_RETURN_IF_ERROR(MakeContainer());
  const std::string a = RandomBytes(150'000, 1), b = Text(2, 90'000);
  OCA_RETURN_IF_ERROR(Put("a", a, true));
  OCA_RETURN_IF_ERROR(Put("b", b, false));
  OCA_RETURN_IF_ERROR(Put("a-again", a, false));
  OCA_RETURN_IF_ERROR(Overwrite("a", 40'000, RandomBytes(9'000, 3), true));
  OCA_RETURN_IF_ERROR(Append("b", Text(4, 30'000)));
  OCA_RETURN_IF_ERROR(Put("new-b", Text(5, 50'000), false));
  OCA_RETURN_IF_ERROR(Move("new-b", "b"));
  OCA_RETURN_IF_ERROR(Overwrite("sparse-to-be", 0, "", false).code() == absl::StatusCode::kNotFound
                          ? absl::OkStatus()
                          : absl::InternalError("a file that never was"));
  OCA_RETURN_IF_ERROR(Put("sparse", "head", false));
  OCA_RETURN_IF_ERROR(Overwrite("sparse", 500'000, "tail", false));
  OCA_RETURN_IF_ERROR(SyncAll());
  OCA_RETURN_IF_ERROR(Put("copy", "", false));
  OCA_RETURN_IF_ERROR(Copy("a", "copy"));
  OCA_RETURN_IF_ERROR(Remove("a"));
  OCA_RETURN_IF_ERROR(TruncateTo("a-again", 70'000));
  OCA_RETURN_IF_ERROR(Reclaim());
  OCA_RETURN_IF_ERROR(Put("after", a, true));
  OCA_RETURN_IF_ERROR(Remove("copy"));
  OCA_RETURN_IF_ERROR(Remove("b"));
  OCA_RETURN_IF_ERROR(Reclaim());
  return SyncAll();
}

}  // namespace oca::engine
