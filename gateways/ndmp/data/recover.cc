#include "gateways/ndmp/data/recover.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gateways/ndmp/data/attributes.h"
#include "gateways/ndmp/data/placer.h"
#include "gateways/ndmp/data/tar_reader.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

// An item of the order and how far it is.
struct Wanted {
  Wanted(const RecoverItem& ordered, const FileDescriptor& root, Reporter& reporter)
      : item(ordered), placer(root, reporter) {}

  const RecoverItem& item;
  Placer placer;
  bool found = false;
  bool done = false;  // nothing more of it comes
  absl::Status status;
};
// Where an entry goes: for which item, and the path.
struct Place {
  Wanted* wanted = nullptr;
  std::string path;
};

// "a/b" within "a" put to "x" is "x/b".
std::string PathFor(const RecoverItem& item, const std::string& entry) {
  if (entry == item.original) return item.target;
  return Join(item.target, item.original.empty() ? entry : entry.substr(item.original.size() + 1));
}

// Names in our archives are bytes; others' may be in UTF-8, which the locale may have no way to
// say.
const char* Either(const char* bytes, const char* utf8) { return bytes != nullptr ? bytes : utf8; }

// An archive's entry may have no name at all, or none that is valid.
absl::StatusOr<std::string> PathOf(archive_entry* entry) {
  const char* name = Either(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry));
  if (name == nullptr) return absl::InvalidArgumentError("an entry of the archive has no name");
  return CleanPath(name);
}

// Of another name of a file; nullptr: it is none.
const char* HardLinkOf(archive_entry* entry) {
  return Either(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
}

class Unpacking {
 public:
  Unpacking(FileDescriptor root, const RecoverOrder& order, Source& source, Reporter& reporter)
      : root_(std::move(root)), order_(order), source_(source), reporter_(reporter) {}

  absl::Status Run();

 private:
  absl::Status ReadAll();
  absl::Status ReadDirect();
  absl::Status ReadOne(Wanted* wanted);
  absl::Status ReadSubtree(TarReader& reader, Wanted* wanted);
  absl::Status ReadMissing();
  // Puts the entry to its places. Failures of places are noted there.
  absl::Status Put(TarReader& reader, archive_entry* entry, const std::string& path,
                   std::vector<Place> places);
  absl::Status PutContents(TarReader& reader, archive_entry* entry, const std::string& path,
                           std::vector<Place> places);
  absl::Status PutOther(archive_entry* entry, const Place& place);
  absl::Status PutHardLink(const std::string& target, const Place& place);
  // The places of an entry, of all items that want it.
  std::vector<Place> PlacesOf(const std::string& entry);
  // Of the items that were found, these are done.
  template <typename Condition>
  void CloseIf(const Condition& condition);
  void Note(const Place& place, const absl::Status& status);
  void Report();

  const FileDescriptor root_;
  const RecoverOrder& order_;
  Source& source_;
  Reporter& reporter_;
  std::vector<std::unique_ptr<Wanted>> wanted_;
  std::unordered_map<std::string, std::vector<Wanted*>> by_original_;
  std::vector<Wanted*> current_;  // found, and not done
  size_t left_ = 0;               // not done
  // Where files that may have more names went, by their name in the backup and the item.
  std::unordered_map<std::string, std::vector<std::pair<const Wanted*, std::string>>> linked_;
  // Names of files that were not recovered yet, by the one that has the contents.
  std::unordered_map<std::string, std::vector<Place>> missing_;
};

absl::Status Unpacking::Run() {
  for (const RecoverItem& item : order_.items) {
    wanted_.push_back(std::unique_ptr<Wanted>(new Wanted(item, root_, reporter_)));
    by_original_[item.original].push_back(wanted_.back().get());
  }
  left_ = wanted_.size();
  OCA_RETURN_IF_ERROR(order_.direct ? ReadDirect() : ReadAll());
  Report();
  return absl::OkStatus();
}

absl::Status Unpacking::ReadAll() {
  std::unique_ptr<TarReader> reader = TarReader::Whole(source_);
  while (left_ > 0) {
    OCA_ASSIGN_OR_RETURN(auto entry, reader->Next());
    if (entry == nullptr) break;
    absl::StatusOr<std::string> path = PathOf(entry);
    if (!path.ok()) {
      reporter_.Say(LogType::kError, std::string(MessageOf(path.status())));
      continue;
    }
    CloseIf([&](const Wanted& wanted) { return !IsWithin(*path, wanted.item.original); });
    const bool is_folder = archive_entry_filetype(entry) == AE_IFDIR;
    OCA_RETURN_IF_ERROR(Put(*reader, entry, *path, PlacesOf(*path)));
    // Nothing more comes of a file that was named itself.
    if (!is_folder) CloseIf([&](const Wanted& wanted) { return wanted.item.original == *path; });
  }
  return reader->Drain();
}

absl::Status Unpacking::ReadDirect() {
  std::vector<Wanted*> sorted;
  sorted.reserve(wanted_.size());
  for (const auto& wanted : wanted_) sorted.push_back(wanted.get());
  // Tapes go forwards.
  std::stable_sort(sorted.begin(), sorted.end(), [](const Wanted* a, const Wanted* b) {
    return a->item.offset < b->item.offset;
  });
  for (Wanted* wanted : sorted) OCA_RETURN_IF_ERROR(ReadOne(wanted));
  return missing_.empty() ? absl::OkStatus() : ReadMissing();
}

// What several names share stands in the stream under the first of them; where that is, no offset
// of ours says.
absl::Status Unpacking::ReadMissing() {
  std::unique_ptr<TarReader> reader = TarReader::Whole(source_);
  while (!missing_.empty()) {
    OCA_ASSIGN_OR_RETURN(auto entry, reader->Next());
    if (entry == nullptr) break;
    absl::StatusOr<std::string> path = PathOf(entry);
    auto found = path.ok() ? missing_.find(*path) : missing_.end();
    if (found == missing_.end()) continue;
    const std::vector<Place> places = std::move(found->second);
    missing_.erase(found);
    OCA_RETURN_IF_ERROR(Put(*reader, entry, *path, {places[0]}));
    for (size_t i = 1; i < places.size(); ++i) {
      Note(places[i], places[0].wanted->placer.HardLink(places[0].path, places[i].path));
    }
  }
  for (const auto& [path, places] : missing_) {
    for (const Place& place : places) {
      Note(place, absl::NotFoundError(fmt::format("the backup does not have /{}", path)));
    }
  }
  return reader->Drain();
}

// An offset that leads nowhere is that name's failure alone.
absl::Status Unpacking::ReadOne(Wanted* wanted) {
  std::unique_ptr<TarReader> reader = TarReader::From(source_, wanted->item.offset);
  absl::Status status = ReadSubtree(*reader, wanted);
  if (absl::IsDataLoss(status)) {
    Note({wanted, wanted->item.target}, status);
    wanted->found = true;
  } else {
    OCA_RETURN_IF_ERROR(status);
  }
  return reader->Drain();
}

absl::Status Unpacking::ReadSubtree(TarReader& reader, Wanted* wanted) {
  while (true) {
    OCA_ASSIGN_OR_RETURN(auto entry, reader.Next());
    if (entry == nullptr) break;
    absl::StatusOr<std::string> path = PathOf(entry);
    if (!path.ok() || !IsWithin(*path, wanted->item.original)) break;
    const bool is_folder = archive_entry_filetype(entry) == AE_IFDIR;
    OCA_RETURN_IF_ERROR(Put(reader, entry, *path, {{wanted, PathFor(wanted->item, *path)}}));
    if (*path == wanted->item.original && !is_folder) break;
  }
  return absl::OkStatus();
}

std::vector<Place> Unpacking::PlacesOf(const std::string& entry) {
  std::vector<Place> places;
  std::string original = entry;
  while (true) {
    if (auto found = by_original_.find(original); found != by_original_.end()) {
      for (Wanted* wanted : found->second) {
        if (wanted->done) continue;
        // A folder is in the stream before what is in it; others may have left it out.
        if (!wanted->found) current_.push_back(wanted);
        wanted->found = true;
        places.push_back({wanted, PathFor(wanted->item, entry)});
      }
    }
    if (original.empty()) return places;
    const size_t slash = original.rfind('/');
    original.resize(slash == std::string::npos ? 0 : slash);
  }
}

template <typename Condition>
void Unpacking::CloseIf(const Condition& condition) {
  std::erase_if(current_, [&](Wanted* wanted) {
    wanted->done = condition(*wanted);
    left_ -= wanted->done ? 1 : 0;
    return wanted->done;
  });
}

absl::Status Unpacking::Put(TarReader& reader, archive_entry* entry, const std::string& path,
                            std::vector<Place> places) {
  if (reporter_.stopped()) return absl::CancelledError("the recovery is aborted");
  for (const Place& place : places) place.wanted->found = true;
  if (HardLinkOf(entry) == nullptr && archive_entry_filetype(entry) == AE_IFREG) {
    return PutContents(reader, entry, path, std::move(places));
  }
  for (const Place& place : places) Note(place, PutOther(entry, place));
  return absl::OkStatus();
}

absl::Status Unpacking::PutContents(TarReader& reader, archive_entry* entry,
                                    const std::string& path, std::vector<Place> places) {
  struct Output {
    const Place* place = nullptr;
    std::unique_ptr<NewFile> file;
  };
  std::vector<Output> outputs;
  for (const Place& place : places) {
    absl::StatusOr<std::unique_ptr<NewFile>> file = place.wanted->placer.File(place.path);
    Note(place, file.status());
    if (file.ok()) outputs.push_back({&place, *std::move(file)});
  }
  const Attributes attributes = AttributesOf(entry);
  const bool linked = archive_entry_nlink(entry) != 1;  // 0: it is not said
  while (!outputs.empty()) {
    if (reporter_.stopped()) return absl::CancelledError("the recovery is aborted");
    bool ended = false;
    OCA_ASSIGN_OR_RETURN(TarReader::Block block, reader.Data(&ended));
    if (ended) break;
    std::erase_if(outputs, [&](Output& output) {
      absl::Status status = output.file->Write(block.offset, block.bytes);
      Note(*output.place, status);
      return !status.ok();
    });
  }
  for (Output& output : outputs) {
    std::vector<std::string> refused;
    absl::Status status = output.file->Finish(attributes, &refused);
    Note(*output.place, status);
    output.place->wanted->placer.TellRefused(output.place->path, refused);
    if (status.ok() && linked) linked_[path].emplace_back(output.place->wanted, output.place->path);
  }
  return absl::OkStatus();
}

absl::Status Unpacking::PutOther(archive_entry* entry, const Place& place) {
  if (const char* target = HardLinkOf(entry); target != nullptr) {
    return PutHardLink(target, place);
  }
  Attributes attributes = AttributesOf(entry);
  switch (archive_entry_filetype(entry)) {
    case AE_IFDIR:
      return place.wanted->placer.Folder(place.path, std::move(attributes));
    case AE_IFLNK: {
      const char* target = Either(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry));
      return place.wanted->placer.SymbolicLink(target != nullptr ? target : "", place.path,
                                               attributes);
    }
    case AE_IFIFO:
    case AE_IFCHR:
    case AE_IFBLK:
      return place.wanted->placer.Special(place.path, attributes);
    default:
      return absl::UnimplementedError("a file of a kind that there is not here");
  }
}

// The file itself came earlier in the stream. Where an item did not want it, another may have.
absl::Status Unpacking::PutHardLink(const std::string& target, const Place& place) {
  OCA_ASSIGN_OR_RETURN(std::string path, CleanPath(target));
  auto found = linked_.find(path);
  if (found == linked_.end() && order_.direct) {
    missing_[path].push_back(place);
    return absl::OkStatus();
  }
  if (found == linked_.end()) {
    return absl::FailedPreconditionError(
        fmt::format("it is another name of /{}, which is not recovered: name both", path));
  }
  const auto& copies = found->second;
  auto own = std::find_if(copies.begin(), copies.end(),
                          [&](const auto& copy) { return copy.first == place.wanted; });
  return place.wanted->placer.HardLink(own != copies.end() ? own->second : copies[0].second,
                                       place.path);
}

void Unpacking::Note(const Place& place, const absl::Status& status) {
  if (status.ok()) return;
  reporter_.Say(LogType::kError, fmt::format("{}: {}", NameOfPath(place.path), MessageOf(status)));
  place.wanted->status.Update(status);
}

void Unpacking::Report() {
  for (const auto& wanted : wanted_) {
    Note({wanted.get(), wanted->item.target}, wanted->placer.LeaveAll());
    if (!wanted->found) wanted->status = absl::NotFoundError("the backup does not have it");
  }
  // One file's fsync makes all that went before durable.
  if (!wanted_.empty()) {
    const std::string& path = wanted_[0]->item.target;
    absl::StatusOr<FileDescriptor> container =
        OpenBeneath(root_, path.substr(0, path.find('/')), O_RDONLY | O_DIRECTORY);
    if (container.ok() && fsync(container->get()) != 0) {
      absl::Status status = PosixError(errno, "cannot be made durable");
      for (const auto& wanted : wanted_) wanted->status.Update(status);
    }
  }
  for (const auto& wanted : wanted_) reporter_.FileResult(wanted->item.name, wanted->status);
}

}  // namespace

absl::Status Recover(const Tree& tree, const RecoverOrder& order, Source& source,
                     Reporter& reporter) {
  OCA_ASSIGN_OR_RETURN(FileDescriptor root, tree.OpenRoot());
  return Unpacking(std::move(root), order, source, reporter).Run();
}

}  // namespace oca::ndmp
