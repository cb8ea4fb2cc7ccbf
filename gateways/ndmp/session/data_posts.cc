#include "gateways/ndmp/session/data_posts.h"

#include <cerrno>

#include "fmt/format.h"
#include "gateways/ndmp/wire/messages_data.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

FileType TypeOf(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return FileType::kDirectory;
    case S_IFIFO:
      return FileType::kFifo;
    case S_IFCHR:
      return FileType::kCharacter;
    case S_IFBLK:
      return FileType::kBlock;
    case S_IFREG:
      return FileType::kRegular;
    case S_IFLNK:
      return FileType::kSymlink;
    default:
      return FileType::kOther;
  }
}

// What v2 and the later versions say of a file under the same names.
template <typename Stat>
Stat StatOf(const struct stat& info) {
  Stat stat;
  stat.type = TypeOf(info.st_mode);
  stat.mtime = static_cast<uint32_t>(info.st_mtime);
  stat.atime = static_cast<uint32_t>(info.st_atime);
  stat.ctime = static_cast<uint32_t>(info.st_ctime);
  stat.owner = info.st_uid;
  stat.group = info.st_gid;
  stat.mode = info.st_mode & ALLPERMS;
  stat.size = S_ISREG(info.st_mode) ? static_cast<uint64_t>(info.st_size) : 0;
  return stat;
}

UnixStat OldStatOf(const HistoryEntry& entry) {
  auto stat = StatOf<UnixStat>(entry.info);
  stat.fh_info = entry.offset;
  return stat;
}

FileStat NewStatOf(const HistoryEntry& entry) {
  auto stat = StatOf<FileStat>(entry.info);
  stat.links = static_cast<uint32_t>(entry.info.st_nlink);
  return stat;
}

FileName NameOf(const std::string& name) { return {FsType::kUnix, name, ""}; }

std::string LastPart(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void PostFiles(const std::vector<HistoryEntry>& entries, Outbox& outbox) {
  FhList<FhUnixPath> old_files;
  FhList<FhFile> files;
  for (const HistoryEntry& entry : entries) {
    const std::string path = fmt::format("/{}", entry.path);
    if (outbox.version() == 2) {
      old_files.items.push_back({path, OldStatOf(entry)});
    } else {
      files.items.push_back({{NameOf(path)}, {NewStatOf(entry)}, entry.node, entry.offset});
    }
  }
  if (outbox.version() == 2) return outbox.Post(Code::kFhAddUnixPath, old_files);
  outbox.Post(Code::kFhAddFile, files);
}

// Names before what they stand for; the top is told by two names of its own.
template <typename Dir, typename Make>
FhList<Dir> DirsOf(const std::vector<HistoryEntry>& entries, const Make& make) {
  FhList<Dir> dirs;
  for (const HistoryEntry& entry : entries) {
    if (entry.path.empty()) {
      dirs.items.push_back(make(".", entry));
      dirs.items.push_back(make("..", entry));
    } else {
      dirs.items.push_back(make(LastPart(entry.path), entry));
    }
  }
  return dirs;
}

void PostNodes(const std::vector<HistoryEntry>& entries, Outbox& outbox) {
  if (outbox.version() == 2) {
    auto dirs = DirsOf<FhUnixDir>(entries, [](const std::string& name, const HistoryEntry& entry) {
      return FhUnixDir{name, static_cast<uint32_t>(entry.node),
                       static_cast<uint32_t>(entry.parent)};
    });
    FhList<FhUnixNode> nodes;
    for (const HistoryEntry& entry : entries) {
      nodes.items.push_back({OldStatOf(entry), static_cast<uint32_t>(entry.node)});
    }
    outbox.Post(Code::kFhAddUnixDir, dirs);
    outbox.Post(Code::kFhAddUnixNode, nodes);
    return;
  }
  auto dirs = DirsOf<FhDir>(entries, [](const std::string& name, const HistoryEntry& entry) {
    return FhDir{{NameOf(name)}, entry.node, entry.parent};
  });
  FhList<FhNode> nodes;
  for (const HistoryEntry& entry : entries) {
    nodes.items.push_back({{NewStatOf(entry)}, entry.node, entry.offset});
  }
  outbox.Post(Code::kFhAddDir, dirs);
  outbox.Post(Code::kFhAddNode, nodes);
}

struct FileOutcome {
  Error error;      // up to v3
  uint32_t status;  // v4
};

// The one table of how files fared.
FileOutcome OutcomeOf(const absl::Status& status) {
  if (status.ok()) return {Error::kNone, 0};
  switch (ErrnoOf(status)) {
    case EPERM:
    case EACCES:
      return {Error::kPermission, 1};
    case ENOENT:
      return {Error::kFileNotFound, 2};
    case ENOTDIR:
      return {Error::kBadFile, 3};
    case ENOMEM:
      return {Error::kNoMemory, 4};
    case EIO:
    case ENOSPC:
    case EDQUOT:
      return {Error::kIo, 5};
    case EEXIST:
    case EISDIR:
    case ENOTEMPTY:
      return {Error::kBadFile, 7};
    default:
      return {Error::kUndefined, 6};
  }
}

}  // namespace

void PostHistory(const std::vector<HistoryEntry>& entries, HistoryKind kind, Outbox& outbox) {
  if (kind == HistoryKind::kFiles) PostFiles(entries, outbox);
  if (kind == HistoryKind::kNodes) PostNodes(entries, outbox);
}

void PostFileResult(const std::string& name, const absl::Status& status, Outbox& outbox) {
  const FileOutcome outcome = OutcomeOf(status);
  LogFile log;
  log.name = name;
  log.status = outbox.version() >= 4 ? outcome.status : static_cast<uint32_t>(outcome.error);
  outbox.Post(Code::kLogFile, log);
}

void PostText(LogType type, const std::string& text, uint32_t id, Outbox& outbox) {
  if (outbox.version() == 2) return outbox.Post(Code::kLogNormal, LogLine{text});
  outbox.Post(Code::kLogMessage, LogMessage{type, id, text});
}

}  // namespace oca::ndmp
