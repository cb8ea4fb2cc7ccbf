#include "fs/tools/structures.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <random>

#include "fmt/format.h"
#include "fs/engine/names_seal.h"
#include "fs/format/key_ring.h"
#include "fs/format/pack_health.h"
#include "fs/format/repository.h"
#include "fs/store/storage_paths.h"
#include "lib/base/status.h"

namespace oca::ofsck {
namespace {

absl::Status KeepAside(io::FileSystem& fs, const std::string& path) {
  OCA_RETURN_IF_ERROR(fs.Rename(path, path + ".broken"));
  return fs.SyncDir(io::DirName(path));
}

absl::Status WriteFormat(io::FileSystem& fs, const std::string& path) {
  format::RepositoryFormat fresh;
  OCA_ASSIGN_OR_RETURN(auto listed, store::StoragePaths::ReadList(fs, io::DirName(path)));
  if (auto known = store::StoragePaths::RepositoryOf(fs, listed)) {
    fresh.uuid = *known;
  } else if (!listed.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("{}: only its storage paths know which repository this is, and all of them are "
                    "missing; bring one back",
                    path));
  } else {
    format::RepositoryUuid seed;
    std::random_device entropy;
    for (uint8_t& byte : seed) byte = static_cast<uint8_t>(entropy());
    fresh.uuid = format::UuidFromRandom(seed);
  }
  return io::WriteFileAtomically(fs, path, format::EncodeRepositoryFormat(fresh));
}

absl::Status MendFormat(io::FileSystem& fs, const std::string& repository, Findings* findings) {
  const std::string path = io::JoinPath(repository, "format");
  absl::StatusOr<std::string> bytes = io::ReadFile(fs, path);
  if (absl::IsNotFound(bytes.status())) {
    OCA_ASSIGN_OR_RETURN(std::vector<GroupId> groups, GroupFolders(fs, repository));
    if (groups.empty()) return PosixError(ENOENT, fmt::format("{}: no repository", repository));
    findings->Fault(fmt::format("{}: the file is missing", path));
  } else if (!bytes.ok()) {
    return bytes.status();
  } else {
    absl::StatusOr<format::RepositoryFormat> known = format::DecodeRepositoryFormat(*bytes);
    if (known.ok()) return Annotate(format::CheckWritable(*known), path);
    if (!absl::IsDataLoss(known.status())) return Annotate(known.status(), path);
    findings->Fault(fmt::format("{}: {}", path, MessageOf(known.status())));
    OCA_RETURN_IF_ERROR(KeepAside(fs, path));
  }
  OCA_RETURN_IF_ERROR(WriteFormat(fs, path));
  findings->Done(fmt::format("{}: written anew", path));
  return absl::OkStatus();
}

absl::Status MendSeal(io::FileSystem& fs, const std::string& repository, Findings* findings) {
  const absl::Status seal = engine::CheckNamesSeal(fs, repository);
  if (seal.ok()) return seal;
  if (!absl::IsDataLoss(seal) && !absl::IsInvalidArgument(seal)) return seal;
  findings->Fault(std::string(MessageOf(seal)));
  const std::string path = io::JoinPath(repository, "names.seal");
  OCA_RETURN_IF_ERROR(KeepAside(fs, path));
  findings->Done(
      fmt::format("{}: set aside: names are taken as they are, possibly an older state", path));
  return absl::OkStatus();
}

// One copy of a key ring that is whole takes the place of one that is not.
absl::Status MendKeys(io::FileSystem& fs, const std::string& folder, Findings* findings) {
  const std::string paths[] = {io::JoinPath(folder, "keys"), io::JoinPath(folder, "keys.copy")};
  absl::StatusOr<std::string> copies[2];
  absl::Status whole[2];
  for (int i = 0; i < 2; ++i) {
    copies[i] = io::ReadFile(fs, paths[i]);
    whole[i] = copies[i].ok() ? format::DecodeKeyRing(*copies[i]).status() : copies[i].status();
  }
  if (absl::IsNotFound(whole[0]) && absl::IsNotFound(whole[1])) return absl::OkStatus();
  for (int i = 0; i < 2; ++i) {
    if (whole[i].ok() || absl::IsFailedPrecondition(whole[i])) continue;
    findings->Fault(fmt::format("{}: {}", paths[i], MessageOf(whole[i])));
    if (!whole[1 - i].ok()) continue;
    OCA_RETURN_IF_ERROR(io::WriteFileAtomically(fs, paths[i], *copies[1 - i]));
    findings->Done(fmt::format("{}: written anew from {}", paths[i], paths[1 - i]));
  }
  return absl::OkStatus();
}

absl::Status MendHealth(io::FileSystem& fs, const std::string& folder, Findings* findings) {
  const std::string path = io::JoinPath(folder, "health");
  absl::StatusOr<std::string> bytes = io::ReadFile(fs, path);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  if (!bytes.ok()) return bytes.status();
  const absl::Status whole = format::DecodePackHealth(*bytes).status();
  if (!absl::IsDataLoss(whole)) return Annotate(whole, path);
  findings->Fault(fmt::format("{}: {}", path, MessageOf(whole)));
  OCA_RETURN_IF_ERROR(KeepAside(fs, path));
  findings->Done(fmt::format("{}: set aside; each pack counts as not checked yet", path));
  return absl::OkStatus();
}

}  // namespace

std::string GroupFolder(const std::string& repository, GroupId id) {
  return io::JoinPath(repository, fmt::format("groups/{:08x}", id.value));
}

absl::StatusOr<std::vector<GroupId>> GroupFolders(io::FileSystem& fs,
                                                  const std::string& repository) {
  std::vector<GroupId> ids;
  absl::StatusOr<std::vector<std::string>> names = fs.List(io::JoinPath(repository, "groups"));
  if (absl::IsNotFound(names.status())) return ids;
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value, 16);
    if (error == std::errc() && end == name.data() + name.size() && name.size() == 8) {
      ids.emplace_back(value);
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

absl::Status MendStructures(io::FileSystem& fs, const std::string& repository, Findings* findings) {
  OCA_RETURN_IF_ERROR(MendFormat(fs, repository, findings));
  OCA_RETURN_IF_ERROR(MendSeal(fs, repository, findings));
  if (auto listed = store::StoragePaths::ReadList(fs, repository);
      absl::IsDataLoss(listed.status()))
    findings->Fault(fmt::format("{}; add each path again, by oca system --storage --add",
                                MessageOf(listed.status())));
  OCA_ASSIGN_OR_RETURN(std::vector<GroupId> groups, GroupFolders(fs, repository));
  for (GroupId id : groups) {
    const std::string folder = GroupFolder(repository, id);
    OCA_RETURN_IF_ERROR(MendKeys(fs, folder, findings));
    OCA_RETURN_IF_ERROR(MendHealth(fs, folder, findings));
  }
  return absl::OkStatus();
}

}  // namespace oca::ofsck
