// The index in files: written while it serves, loaded at a start. What stands where and why a power
// cut leaves a whole snapshot: docs/format/index.md.
#include <algorithm>
#include <charconv>
#include <thread>

#include "fs/index/index_impl.h"
#include "fs/index/manifest.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::index {
namespace {

constexpr int kLoadThreads = 4;

// Files beside the snapshot at `path` that bear its name.
absl::StatusOr<std::vector<std::string>> FilesBeside(io::FileSystem& fs, const std::string& path) {
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> names, fs.List(io::DirName(path)));
  std::vector<std::string> files;
  for (const std::string& name : names) {
    std::string file = io::JoinPath(io::DirName(path), name);
    if (file.starts_with(path + ".")) files.push_back(std::move(file));
  }
  return files;
}

// One above every number that a run's file beside `path` has.
uint64_t FirstFreeNumber(io::FileSystem& fs, const std::string& path) {
  uint64_t next = 1;
  for (const std::string& file : FilesBeside(fs, path).value_or(std::vector<std::string>())) {
    uint64_t number = 0;
    const char* begin = file.data() + path.size() + 1;
    auto [end, error] = std::from_chars(begin, file.data() + file.size(), number, 16);
    if (error == std::errc() && end == file.data() + file.size()) next = std::max(next, number + 1);
  }
  return next;
}

// Writes a run from what fill(writer) adds; null when that is nothing.
template <typename Fill>
absl::StatusOr<std::shared_ptr<const Run>> WriteRun(io::FileSystem& fs, const std::string& path,
                                                    uint64_t number, const Fill& fill) {
  const std::string file_path = RunPath(path, number);
  RunInfo info;
  absl::Status status = [&] {
    OCA_ASSIGN_OR_RETURN(auto file, fs.Open(file_path, io::OpenMode::kTruncate));
    RunWriter writer(std::move(file), number);
    OCA_RETURN_IF_ERROR(fill(writer));
    if (writer.empty()) return fs.RemoveFile(file_path);
    OCA_RETURN_IF_ERROR(writer.Finish());
    info = writer.info();
    return fs.SyncDir(io::DirName(path));
  }();
  if (!status.ok()) {
    fs.RemoveFile(file_path).IgnoreError();  // else it goes with the next Save
    return status;
  }
  if (info.entries == 0) return nullptr;
  return Run::Open(fs, file_path, info);
}

absl::StatusOr<std::shared_ptr<const Run>> WriteMerged(io::FileSystem& fs, const std::string& path,
                                                       uint64_t number, const RunSet& set,
                                                       size_t from) {
  return WriteRun(fs, path, number, [&](RunWriter& writer) -> absl::Status {
    MergedRuns merged(set, from, 0);
    std::vector<Entry> entries;
    for (uint32_t shard = 0; shard < kShards; ++shard) {
      OCA_RETURN_IF_ERROR(merged.Take(shard, &entries));
      for (const Entry& entry : entries) {
        if (from == 0 && entry.erased()) continue;  // there is nothing older to hide
        OCA_RETURN_IF_ERROR(writer.Add(entry));
      }
    }
    return absl::OkStatus();
  });
}

absl::Status WriteManifest(io::FileSystem& fs, const std::string& path, const RunSet& set,
                           uint64_t next_run, std::string_view meta) {
  Manifest manifest;
  manifest.next_run = next_run;
  for (const auto& run : set.runs) manifest.runs.push_back(run->info());
  manifest.dropped = set.dropped;
  manifest.meta = meta;
  return io::WriteFileAtomically(fs, path, EncodeManifest(manifest));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Run>> FingerprintIndex::Impl::WriteFresh(
    io::FileSystem& to, const std::string& to_path) {
  // The first time all that is in RAM, which is all; entries that come while it is written are also
  // fresh.
  const bool all = !recording.exchange(true);
  if (!all && FreshSize() == 0) return nullptr;
  return WriteRun(to, to_path, next_run++, [&](RunWriter& writer) -> absl::Status {
    std::vector<Entry> entries;
    std::vector<Slot> slots;
    for (uint32_t number = 0; number < kShards; ++number) {
      Stripe& stripe = stripes[number / kShardsPerStripe];
      const auto shard = static_cast<uint16_t>(number);
      entries.clear();
      slots.clear();
      {
        StripeLockHolder lock(&stripe.mu);
        if (all) stripe.shards[number % kShardsPerStripe].CopyTo(&slots);
        for (Slot slot : slots) entries.push_back({slot, shard});
        stripe.AddFresh(shard, &entries);
      }
      for (const Entry& entry : entries) OCA_RETURN_IF_ERROR(writer.Add(entry));
    }
    return absl::OkStatus();
  });
}

// There is still no snapshot: RAM holds all, and the next Save takes all.
void FingerprintIndex::Impl::StopRecording() {
  recording = false;
  for (Stripe& stripe : stripes) {
    StripeLockHolder lock(&stripe.mu);
    stripe.ClearFresh();
  }
}

// Entries that are in `run` now, as they are, need not be kept as fresh ones.
absl::Status FingerprintIndex::Impl::ForgetFresh(const Run& run) {
  RunReader reader(run, 0);
  std::vector<Entry> entries;
  for (uint32_t number = 0; number < kShards; ++number) {
    entries.clear();
    OCA_RETURN_IF_ERROR(reader.TakeShard(number, &entries));
    if (entries.empty()) continue;
    Stripe& stripe = stripes[number / kShardsPerStripe];
    StripeLockHolder lock(&stripe.mu);
    for (const Entry& entry : entries) {
      auto it = stripe.fresh.find(entry);
      if (it == stripe.fresh.end() || it->flags != entry.flags) continue;
      stripe.ForgetFresh(it);
    }
  }
  return absl::OkStatus();
}

absl::Status FingerprintIndex::Impl::Write(io::FileSystem& to, const std::string& to_path,
                                           std::string_view meta) {
  const std::shared_ptr<const RunSet> old = Runs();
  const bool moved = fs != &to || path != to_path;
  if (moved) next_run = std::max(next_run, FirstFreeNumber(to, to_path));
  auto next = std::make_shared<RunSet>(*old);
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<const Run> flushed, WriteFresh(to, to_path));
  if (flushed != nullptr) next->runs.push_back(flushed);
  if (moved && !old->runs.empty()) {
    OCA_ASSIGN_OR_RETURN(auto whole, WriteMerged(to, to_path, next_run++, *next, 0));
    *next = RunSet();
    if (whole != nullptr) next->runs.push_back(whole);
  }
  OCA_RETURN_IF_ERROR(WriteManifest(to, to_path, *next, next_run, meta));
  orphans |= moved;
  fs = &to;
  path = to_path;
  Publish(next);
  if (flushed != nullptr) OCA_RETURN_IF_ERROR(ForgetFresh(*flushed));
  return absl::OkStatus();
}

absl::Status FingerprintIndex::Impl::MergeRuns(std::string_view meta) {
  const std::shared_ptr<const RunSet> old = Runs();
  const size_t from = MergeFrom(*old);
  if (from == old->runs.size()) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(auto merged, WriteMerged(*fs, path, next_run++, *old, from));
  auto next = std::make_shared<RunSet>(*old);
  next->runs.resize(from);
  if (from == 0) next->dropped.clear();
  if (merged != nullptr) next->runs.push_back(merged);
  OCA_RETURN_IF_ERROR(WriteManifest(*fs, path, *next, next_run, meta));
  orphans = true;
  Publish(next);
  return absl::OkStatus();
}

// Best effort: what stays is removed another time.
void FingerprintIndex::Impl::RemoveOrphans() {
  absl::StatusOr<std::vector<std::string>> files = FilesBeside(*fs, path);
  if (!files.ok()) return;
  const std::shared_ptr<const RunSet> set = Runs();
  const std::string main_path = path;
  orphans = false;
  for (const std::string& file : *files) {
    const bool used = std::any_of(set->runs.begin(), set->runs.end(), [&](const auto& run) {
      return file == RunPath(main_path, run->info().number);
    });
    if (!used && !fs->RemoveFile(file).ok()) orphans = true;
  }
}

absl::Status FingerprintIndex::Save(io::FileSystem& fs, const std::string& path,
                                    std::string_view meta) {
  Impl& impl = *impl_;
  absl::MutexLock lock(&impl.save_mu);
  const auto keep_to_budget = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.save_mu) {
    const uint32_t now = impl.level.load(), wanted = impl.WantedLevel(impl.Size());
    if (wanted == now) return absl::OkStatus();
    OCA_RETURN_IF_ERROR(impl.SetLevel(wanted, 1));
    log::Info("the index changes what it keeps in memory", "one_in_before", 1u << now, "one_in",
              1u << wanted, "entries", impl.Size(), "memory_bytes", impl.MemoryBytes());
    return absl::OkStatus();
  };
  absl::Status status = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.save_mu) -> absl::Status {
    if (impl.recording.load()) OCA_RETURN_IF_ERROR(keep_to_budget());
    const bool first = !impl.recording.load();
    absl::Status written = impl.Write(fs, path, meta);
    if (!written.ok() && first) impl.StopRecording();
    if (written.ok()) written = impl.MergeRuns(meta);
    if (!written.ok()) {
      impl.orphans = true;
      return written;
    }
    if (impl.orphans) impl.RemoveOrphans();
    return keep_to_budget();
  }();
  return Annotate(status, "save index snapshot");
}

absl::Status FingerprintIndex::Impl::Restore(std::string* meta) {
  OCA_ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(*fs, path));
  OCA_ASSIGN_OR_RETURN(Manifest manifest, DecodeManifest(bytes));
  auto set = std::make_shared<RunSet>();
  for (const RunInfo& info : manifest.runs) {
    absl::StatusOr<std::shared_ptr<const Run>> run =
        Run::Open(*fs, RunPath(path, info.number), info);
    if (absl::IsNotFound(run.status())) {
      return absl::DataLossError("index snapshot: a run is missing");
    }
    if (!run.ok()) return run.status();
    set->runs.push_back(*std::move(run));
  }
  set->dropped = std::move(manifest.dropped);
  next_run = std::max(next_run, manifest.next_run);
  const uint64_t entries = set->entries();
  Publish(std::move(set));
  *meta = std::move(manifest.meta);
  const auto cpus = static_cast<int>(std::thread::hardware_concurrency());
  return SetLevel(LevelFor(entries), std::clamp(cpus, 1, kLoadThreads));
}

absl::StatusOr<std::string> FingerprintIndex::Load(io::FileSystem& fs, const std::string& path) {
  absl::MutexLock lock(&impl_->save_mu);
  impl_->Clear();
  impl_->recording = true;
  impl_->fs = &fs;
  impl_->path = path;
  impl_->next_run = FirstFreeNumber(fs, path);
  std::string meta;
  absl::Status status = impl_->Restore(&meta);
  if (status.ok()) return meta;
  impl_->Clear();
  return Annotate(status, path);
}

absl::Status FingerprintIndex::RemoveSnapshot(io::FileSystem& fs, const std::string& path) {
  absl::Status removed = io::RemoveFileDurably(fs, path);
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> files, FilesBeside(fs, path));
  for (const std::string& file : files) OCA_RETURN_IF_ERROR(fs.RemoveFile(file));
  return fs.SyncDir(io::DirName(path));
}

}  // namespace oca::index
