#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fmt/format.h"
#include "fs/store/file_cache.h"
#include "fs/store/local_pack_writer.h"
#include "fs/store/pack_scan.h"
#include "fs/store/pack_store.h"
#include "lib/base/status.h"

namespace oca::store {
namespace {

constexpr std::string_view kSetAsideEnd = ".damaged";  // after a pack's name

constexpr size_t kOpenFiles = 256;
// Read from the end of a pack to get footer and trailer at once.
constexpr uint64_t kTailBytes = 96 << 10;
constexpr std::string_view kSuffix = ".pack";
// Longer reads are first compared with the file's size, before memory is taken for them.
constexpr size_t kUncheckedReadBytes = 1 << 20;

std::string FanOutName(PackId id) { return fmt::format("{:02x}", id.value & 0xff); }
std::string FileName(PackId id) { return fmt::format("{:016x}{}", id.value, kSuffix); }

// The id in a pack's file name, if it is one and belongs in that fan-out folder.
std::optional<PackId> ParseFileName(std::string_view fan_out, std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  std::string_view digits = name.substr(0, name.size() - kSuffix.size());
  PackId id;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id.value, 16);
  if (error != std::errc() || id.value == 0 || name != FileName(id) || fan_out != FanOutName(id)) {
    return std::nullopt;
  }
  return id;
}

// kNotFound whose errno is ENODATA.
absl::Status NoFooter(std::string_view path) {
  absl::Status with_errno = PosixError(ENODATA, fmt::format("{}: not sealed", path));
  absl::Status status(absl::StatusCode::kNotFound, with_errno.message());
  with_errno.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { status.SetPayload(url, payload); });
  return status;
}

// Footer as far as it could be read.
struct Tail {
  format::PackTrailer trailer;  // good, and agrees with the file's size
  absl::StatusOr<format::PackFooter> footer;
};

class LocalPackStore final : public PackStore {
 public:
  LocalPackStore(io::FileSystem& fs, std::string dir, GroupId group, const GroupKeys* keys)
      : fs_(fs),
        dir_(std::move(dir)),
        group_(group),
        keys_(keys),
        cache_(kOpenFiles,
               [this](PackId id) { return fs_.Open(PathOf(id), io::OpenMode::kRead); }) {}

  absl::StatusOr<std::unique_ptr<PackWriter>> Create(PackId id) override;
  absl::StatusOr<std::string> Read(PackId id, uint64_t offset, size_t length) override;
  void StartReadahead(PackId id, uint64_t offset, uint64_t length) override;
  absl::StatusOr<format::PackFooter> ReadFooter(PackId id) override;
  absl::Status CheckHeader(PackId id) override;
  absl::Status RepairHeader(PackId id) override;
  absl::StatusOr<std::vector<PackInfo>> List() override;
  absl::Status Remove(PackId id) override;
  absl::StatusOr<format::PackFooter> Recover(PackId id) override;
  absl::StatusOr<uint64_t> RemoveSetAside() override;

 private:
  std::string FanOutPath(PackId id) const { return io::JoinPath(dir_, FanOutName(id)); }
  std::string PathOf(PackId id) const { return io::JoinPath(FanOutPath(id), FileName(id)); }

  absl::Status MakeFanOut(PackId id);
  // Makes the entry of a pack's file, and that of its folder, durable.
  absl::Status SyncEntry(PackId id);
  absl::StatusOr<std::vector<std::string>> FanOuts();  // names of the folders with packs
  absl::Status ListFanOut(const std::string& name, std::vector<PackInfo>* out);
  // kNotFound when there is no trailer.
  absl::StatusOr<Tail> ReadTail(PackId id, io::File& file, uint64_t file_size);
  absl::StatusOr<format::PackHeader> ReadHeader(PackId id, io::File& file);
  // kFailedPrecondition or kDataLoss when the file's header says that Recover must not touch it.
  absl::Status MayRecover(PackId id, io::File& file);
  // For a pack without a whole group: the file goes, and the answer is ENOENT.
  absl::Status GiveUp(PackId id, bool was_sealed);

  io::FileSystem& fs_;
  const std::string dir_;
  const GroupId group_;
  const GroupKeys* const keys_;
  FileCache cache_;
  absl::Mutex dirs_mu_;  // held while folders are made and made durable: at most 256 times
  // Entries of fan-out folders in dir_ may be not durable; at first, those of an earlier process.
  bool dir_dirty_ ABSL_GUARDED_BY(dirs_mu_) = true;
};

absl::Status LocalPackStore::MakeFanOut(PackId id) {
  absl::MutexLock lock(&dirs_mu_);
  dir_dirty_ = true;
  absl::Status status = fs_.CreateDir(FanOutPath(id));
  return ErrnoOf(status) == EEXIST ? absl::OkStatus() : status;
}

absl::Status LocalPackStore::SyncEntry(PackId id) {
  OCA_RETURN_IF_ERROR(fs_.SyncDir(FanOutPath(id)));
  absl::MutexLock lock(&dirs_mu_);
  if (!dir_dirty_) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(fs_.SyncDir(dir_));
  dir_dirty_ = false;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<PackWriter>> LocalPackStore::Create(PackId id) {
  if (id.value == 0) return absl::InvalidArgumentError("pack ids begin at 1");
  auto create = [&] {
    return LocalPackWriter::Create(fs_, PathOf(id), {.group_id = group_, .pack_id = id}, keys_,
                                   [this, id] { return SyncEntry(id); });
  };
  auto writer = create();
  if (ErrnoOf(writer.status()) != ENOENT) return writer;
  OCA_RETURN_IF_ERROR(MakeFanOut(id));
  return create();
}

absl::StatusOr<std::string> LocalPackStore::Read(PackId id, uint64_t offset, size_t length) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<io::File> file, cache_.Get(id));
  auto ends_before = [&](uint64_t size) {
    return absl::DataLossError(fmt::format("{}: {} bytes at {} wanted, but it ends at {}",
                                           PathOf(id), length, offset, size));
  };
  if (length > kUncheckedReadBytes) {
    OCA_ASSIGN_OR_RETURN(uint64_t size, file->Size());
    if (offset > size || length > size - offset) return ends_before(size);
  }
  std::string out(length, '\0');
  OCA_ASSIGN_OR_RETURN(size_t n, file->ReadAt(offset, {out.data(), out.size()}));
  if (n < length) return ends_before(offset + n);
  return out;
}

void LocalPackStore::StartReadahead(PackId id, uint64_t offset, uint64_t length) {
  absl::StatusOr<std::shared_ptr<io::File>> file = cache_.Get(id);
  if (file.ok()) (*file)->StartReadahead(offset, length);
}

absl::StatusOr<Tail> LocalPackStore::ReadTail(PackId id, io::File& file, uint64_t file_size) {
  std::string tail(std::min(file_size, kTailBytes), '\0');
  uint64_t tail_offset = file_size - tail.size();
  OCA_ASSIGN_OR_RETURN(size_t n, file.ReadAt(tail_offset, {tail.data(), tail.size()}));
  tail.resize(n);
  if (tail.size() < format::kPackTrailerSize) return NoFooter(PathOf(id));
  auto trailer =
      format::DecodeTrailer(std::string_view(tail).substr(tail.size() - format::kPackTrailerSize));
  if (trailer.status().code() == absl::StatusCode::kNotFound) return NoFooter(PathOf(id));
  if (!trailer.ok()) return Annotate(trailer.status(), PathOf(id));
  uint64_t footer_end = file_size - format::kPackTrailerSize;
  if (trailer->footer_offset > footer_end ||
      trailer->footer_size != footer_end - trailer->footer_offset) {
    return absl::DataLossError(
        fmt::format("{}: the trailer disagrees with the file's size", PathOf(id)));
  }
  std::string bytes;
  if (trailer->footer_offset >= tail_offset) {
    bytes = tail.substr(trailer->footer_offset - tail_offset, trailer->footer_size);
  } else {
    bytes.resize(trailer->footer_size);
    OCA_ASSIGN_OR_RETURN(n, file.ReadAt(trailer->footer_offset, {bytes.data(), bytes.size()}));
    bytes.resize(n);
  }
  Tail out{*trailer, DecodeFooterWith(keys_, id, bytes, trailer->footer_offset)};
  if (!out.footer.ok()) {
    out.footer = Annotate(out.footer.status(), PathOf(id));
  } else if (out.footer->pack != format::PackHeader{.group_id = group_, .pack_id = id}) {
    out.footer = absl::DataLossError(fmt::format("{}: the footer of pack {:016x} of group {}",
                                                 PathOf(id), out.footer->pack.pack_id.value,
                                                 out.footer->pack.group_id.value));
  }
  return out;
}

absl::StatusOr<format::PackFooter> LocalPackStore::ReadFooter(PackId id) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<io::File> file, cache_.Get(id));
  OCA_ASSIGN_OR_RETURN(uint64_t size, file->Size());
  OCA_ASSIGN_OR_RETURN(Tail tail, ReadTail(id, *file, size));
  return std::move(tail.footer);
}

absl::Status LocalPackStore::ListFanOut(const std::string& name, std::vector<PackInfo>* out) {
  std::string path = io::JoinPath(dir_, name);
  auto files = fs_.List(path);
  // A file of a fan-out folder's name, or one that went meanwhile, holds no packs.
  if (int error = ErrnoOf(files.status()); error == ENOTDIR || error == ENOENT) {
    return absl::OkStatus();
  }
  OCA_RETURN_IF_ERROR(files.status());
  for (const std::string& file : *files) {
    std::optional<PackId> id = ParseFileName(name, file);
    if (!id) continue;
    auto info = fs_.Stat(io::JoinPath(path, file));
    if (ErrnoOf(info.status()) == ENOENT) continue;  // removed meanwhile
    OCA_RETURN_IF_ERROR(info.status());
    if (!info->is_directory) out->push_back({*id, info->size_bytes});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> LocalPackStore::FanOuts() {
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> names, fs_.List(dir_));
  std::erase_if(names, [](const std::string& name) {
    return name.size() != 2 || name.find_first_not_of("0123456789abcdef") != std::string::npos;
  });
  return names;
}

absl::StatusOr<std::vector<PackInfo>> LocalPackStore::List() {
  OCA_ASSIGN_OR_RETURN(const std::vector<std::string> names, FanOuts());
  std::vector<PackInfo> out;
  for (const std::string& name : names) OCA_RETURN_IF_ERROR(ListFanOut(name, &out));
  std::sort(out.begin(), out.end(),
            [](const PackInfo& a, const PackInfo& b) { return a.id < b.id; });
  return out;
}

absl::Status LocalPackStore::Remove(PackId id) {
  absl::Status removed = fs_.RemoveFile(PathOf(id));
  if (!removed.ok() && ErrnoOf(removed) != ENOENT) return removed;
  cache_.Drop(id);
  // Also when it was gone: an earlier Remove may have failed here.
  absl::Status synced = fs_.SyncDir(FanOutPath(id));
  if (!synced.ok() && ErrnoOf(synced) != ENOENT) return synced;
  return removed;
}

absl::StatusOr<format::PackHeader> LocalPackStore::ReadHeader(PackId id, io::File& file) {
  std::string bytes(format::kPackHeaderSize, '\0');
  OCA_ASSIGN_OR_RETURN(size_t n, file.ReadAt(0, {bytes.data(), bytes.size()}));
  bytes.resize(n);
  auto header = format::DecodePackHeader(bytes);
  if (!header.ok()) return Annotate(header.status(), PathOf(id));
  if (*header != format::PackHeader{.group_id = group_, .pack_id = id}) {
    return PosixError(EBADMSG, fmt::format("{}: holds pack {:016x} of group {}", PathOf(id),
                                           header->pack_id.value, header->group_id.value));
  }
  return header;
}

absl::Status LocalPackStore::CheckHeader(PackId id) {
  OCA_ASSIGN_OR_RETURN(auto file, fs_.Open(PathOf(id), io::OpenMode::kRead));
  absl::Status status = ReadHeader(id, *file).status();
  if (ErrnoOf(status) == EBADMSG) return absl::DataLossError(status.message());
  return status;
}

absl::Status LocalPackStore::RepairHeader(PackId id) {
  OCA_ASSIGN_OR_RETURN(auto file, fs_.Open(PathOf(id), io::OpenMode::kReadWrite));
  absl::Status status = ReadHeader(id, *file).status();
  if (!absl::IsDataLoss(status)) return status;  // whole, another pack's, or of a newer version
  OCA_RETURN_IF_ERROR(
      file->WriteAt(0, format::EncodePackHeader({.group_id = group_, .pack_id = id})));
  return file->Sync();
}

absl::Status LocalPackStore::MayRecover(PackId id, io::File& file) {
  absl::Status status = ReadHeader(id, file).status();
  // A damaged header is no loss: the file's name says the same.
  if (absl::IsDataLoss(status)) return absl::OkStatus();
  if (ErrnoOf(status) == EBADMSG) return absl::DataLossError(status.message());
  return status;
}

absl::Status LocalPackStore::GiveUp(PackId id, bool was_sealed) {
  std::string path = PathOf(id);
  if (was_sealed) {
    OCA_RETURN_IF_ERROR(fs_.Rename(path, fmt::format("{}{}", path, kSetAsideEnd)));
  } else {
    OCA_RETURN_IF_ERROR(fs_.RemoveFile(path));
  }
  cache_.Drop(id);
  OCA_RETURN_IF_ERROR(fs_.SyncDir(FanOutPath(id)));
  return PosixError(ENOENT, fmt::format("recover {}: it holds no whole group", path));
}

absl::StatusOr<uint64_t> LocalPackStore::RemoveSetAside() {
  OCA_ASSIGN_OR_RETURN(const std::vector<std::string> names, FanOuts());
  uint64_t removed = 0;
  for (const std::string& name : names) {
    const std::string folder = io::JoinPath(dir_, name);
    absl::StatusOr<std::vector<std::string>> files = fs_.List(folder);
    if (!files.ok()) continue;  // no folder of packs
    for (const std::string& file : *files) {
      if (!file.ends_with(fmt::format(".pack{}", kSetAsideEnd))) continue;
      OCA_RETURN_IF_ERROR(io::RemoveFileDurably(fs_, io::JoinPath(folder, file)));
      ++removed;
    }
  }
  return removed;
}

absl::StatusOr<format::PackFooter> LocalPackStore::Recover(PackId id) {
  std::string path = PathOf(id);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, fs_.Open(path, io::OpenMode::kReadWrite));
  OCA_RETURN_IF_ERROR(MayRecover(id, *file));
  OCA_ASSIGN_OR_RETURN(uint64_t size, file->Size());
  auto tail = ReadTail(id, *file, size);
  const absl::Status& why = tail.ok() ? tail->footer.status() : tail.status();
  if (why.ok()) return std::move(tail->footer);  // nothing to do
  // Damage and absence are what Recover is for; a failing disk or a newer version is not.
  if (why.code() != absl::StatusCode::kDataLoss && why.code() != absl::StatusCode::kNotFound) {
    return why;
  }
  OCA_ASSIGN_OR_RETURN(ScanResult scan,
                       ScanPack(*file, tail.ok() ? tail->trailer.footer_offset : size, id, keys_));
  if (scan.footer.groups.empty()) return GiveUp(id, /*was_sealed=*/tail.ok());
  scan.footer.pack = {.group_id = group_, .pack_id = id};
  // Groups first, as when sealing: they may stand in the page cache only.
  OCA_RETURN_IF_ERROR(file->Sync());
  uint64_t offset = tail.ok() ? tail->trailer.footer_offset : AlignUp(scan.end);
  OCA_ASSIGN_OR_RETURN(std::string bytes, EncodeFooterWith(keys_, scan.footer, offset));
  OCA_RETURN_IF_ERROR(file->WriteAt(offset, bytes));
  if (size > offset + bytes.size()) OCA_RETURN_IF_ERROR(file->Truncate(offset + bytes.size()));
  OCA_RETURN_IF_ERROR(file->Sync());
  OCA_RETURN_IF_ERROR(SyncEntry(id));
  return std::move(scan.footer);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PackStore>> OpenLocalPackStore(io::FileSystem& fs,
                                                              const std::string& dir, GroupId group,
                                                              const GroupKeys* keys) {
  OCA_RETURN_IF_ERROR(io::CreateDirs(fs, dir));
  return std::unique_ptr<PackStore>(new LocalPackStore(fs, dir, group, keys));
}

}  // namespace oca::store
