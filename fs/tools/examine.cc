#include "fs/tools/examine.h"

#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "fs/tools/bare_group.h"
#include "fs/tools/structures.h"
#include "lib/base/status.h"

namespace oca::ofsck {
namespace {

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(200);

void TakeScan(const engine::ScanStatus& scan, Findings* findings) {
  for (const std::string& what : scan.repairs) findings->Done(what);
  for (const std::string& what : scan.faults) findings->Fault(what);
  if (scan.fault_count > scan.faults.size()) {
    findings->Fault(fmt::format("{} more of this kind", scan.fault_count - scan.faults.size()));
  }
  if (!scan.error.empty()) findings->Fault(fmt::format("the check ended early: {}", scan.error));
}

void TakeStart(const std::vector<engine::FoundAtStart>& all, bool repair, Findings* findings) {
  for (const engine::FoundAtStart& found : all) {
    if (repair && found.mended) {
      findings->Done(found.what);
    } else {
      findings->Fault(found.what);
    }
  }
}

void TakeGroups(engine::Filesystem& filesystem, Findings* findings) {
  using Keys = engine::EncryptionStatus::Keys;
  for (const engine::StorageGroup& group : filesystem.ListGroups()) {
    absl::StatusOr<engine::EncryptionStatus> encryption = filesystem.EncryptionOf(group.id);
    if (!encryption.ok() || encryption->keys == Keys::kNone || encryption->keys == Keys::kUnlocked)
      continue;
    findings->Unchecked(
        fmt::format("storage group {}: {}", group.name,
                    encryption->keys == Keys::kLocked
                        ? "it is encrypted: its passphrase is needed (see --passphrase-dir)"
                        : "its key ring cannot be used"));
  }
}

absl::Status Scan(const Examination& what, engine::Filesystem& filesystem, Findings* findings) {
  OCA_RETURN_IF_ERROR(what.repair ? filesystem.StartRepair(std::nullopt)
                                  : filesystem.StartScan(engine::ScanLevel::kVerifyData, {}));
  engine::ScanStatus status;
  do {
    filesystem.AwaitScan(kBetweenLooks);
    status = filesystem.GetScanStatus();
    if (what.progress != nullptr) what.progress(status);
  } while (status.state == engine::JobState::kRunning);
  TakeScan(status, findings);
  return absl::OkStatus();
}

// Names say nothing: at least each pack is read.
absl::Status ExaminePacks(const Examination& what, Findings* findings) {
  io::FileSystem& fs = *what.engine.fs;
  OCA_ASSIGN_OR_RETURN(std::vector<GroupId> ids, GroupFolders(fs, what.engine.dir));
  for (GroupId id : ids) {
    auto keys = store::GroupKeys::Open(fs, GroupFolder(what.engine.dir, id), id, /*wanted=*/false,
                                       what.engine.passphrase_cost);
    if (keys->state() != store::GroupKeys::State::kNone) {
      findings->Unchecked(fmt::format("storage group {}: it is encrypted", id.value));
      continue;
    }
    OCA_ASSIGN_OR_RETURN(auto group, BareGroup::Open(fs, what.engine.dir, id, std::move(keys),
                                                     what.engine.memory_budget_bytes));
    engine::ScanStatus status;
    TakeStart(group->chunks().found_at_start(), what.repair, findings);
    const std::vector<PackId> packs = group->chunks().SealedPacks();
    for (PackId pack : packs) {
      if (what.repair) {
        for (std::string& done : group->chunks().RepairPack(pack)) findings->Done(std::move(done));
      }
      for (std::string& fault : group->chunks().VerifyPack(pack, &status.chunks_checked)) {
        findings->Fault(std::move(fault));
      }
      ++status.packs_checked;
      status.progress_percent =
          100.0 * static_cast<double>(status.packs_checked) / static_cast<double>(packs.size());
      if (what.progress != nullptr) what.progress(status);
    }
    if (what.repair) OCA_RETURN_IF_ERROR(group->chunks().Stop());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Examine(const Examination& what, Findings* findings) {
  OCA_RETURN_IF_ERROR(MendStructures(*what.engine.fs, what.engine.dir, findings));
  absl::StatusOr<std::unique_ptr<engine::Filesystem>> filesystem =
      engine::Filesystem::Open(what.engine);
  if (ErrnoOf(filesystem.status()) == EIO) {  // damaged, or it cannot be read
    findings->Fault(std::string(MessageOf(filesystem.status())));
    return ExaminePacks(what, findings);
  }
  if (!filesystem.ok()) return filesystem.status();
  TakeStart((*filesystem)->GetHealth(std::nullopt).found_at_start, what.repair, findings);
  OCA_RETURN_IF_ERROR(Scan(what, **filesystem, findings));
  TakeGroups(**filesystem, findings);
  return what.repair ? (*filesystem)->Stop() : absl::OkStatus();
}

absl::Status NamesOpen(const engine::Options& options) {
  Findings quiet(nullptr);
  OCA_RETURN_IF_ERROR(MendStructures(*options.fs, options.dir, &quiet));
  return engine::Filesystem::Open(options).status();
}

}  // namespace oca::ofsck
