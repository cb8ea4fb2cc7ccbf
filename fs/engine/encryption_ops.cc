// Encryption of storage groups at rest: passphrases, turning it on, and what follows in the
// background. Data that is there already is encrypted as the cleaner moves it (sweep.cc).
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/filesystem_impl.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

// After a run of the cleaner left plain packs behind (damaged ones stay, for example).
constexpr absl::Duration kSweepAgainAfter = absl::Minutes(10);
// After a try to encrypt names, which may have failed, or have been another group's.
constexpr absl::Duration kNamesAgainAfter = absl::Seconds(30);

absl::Status NoGroup(GroupId id) {
  return PosixError(ENOENT, fmt::format("storage group {}", id.value));
}

}  // namespace

std::unique_ptr<store::GroupKeys> FilesystemImpl::OpenKeys(const StorageGroup& record) {
  auto keys = store::GroupKeys::Open(*options_.fs, GroupDir(record.id), record.id, record.has_keys,
                                     options_.passphrase_cost);
  if (keys->state() == store::GroupKeys::State::kLocked && options_.passphrase_of != nullptr) {
    absl::StatusOr<crypto::Secret> passphrase = options_.passphrase_of(record);
    absl::Status status = passphrase.ok() ? keys->Unlock(passphrase->view()) : passphrase.status();
    if (!status.ok() && !absl::IsNotFound(status)) {
      log::Error("a storage group could not be unlocked", "group", record.name, "error",
                 MessageOf(status));
    }
  }
  if (absl::Status ready = keys->Ready(); !ready.ok()) {
    log::Warning("a storage group is not served until it is unlocked", "group", record.name,
                 "reason", MessageOf(ready));
  }
  return keys;
}

// Puts it on record that the group has a key ring, so that losing it is not taken for never having
// had one.
absl::Status FilesystemImpl::NoteKeys(GroupRuntime& group) {
  StorageGroup record = group.record();
  if (record.has_keys || group.keys->state() == store::GroupKeys::State::kNone) {
    return absl::OkStatus();
  }
  record.has_keys = true;
  OCA_RETURN_IF_ERROR(names_->UpdateGroup(record));
  group.SetRecord(record);
  return committer_.Commit();
}

absl::Status FilesystemImpl::SetGroupPassphrase(GroupId id, std::string_view passphrase) {
  std::shared_ptr<GroupRuntime> group = FindGroup(id);
  if (group == nullptr) return NoGroup(id);
  OCA_RETURN_IF_ERROR(
      group->keys->SetPassphrase(passphrase, absl::ToUnixSeconds(options_.clock->Now())));
  log::Info("the passphrase of a storage group was set", "group", group->record().name);
  return NoteKeys(*group);
}

absl::Status FilesystemImpl::UnlockGroup(GroupId id, std::string_view passphrase) {
  std::shared_ptr<GroupRuntime> group = FindGroup(id);
  if (group == nullptr) return NoGroup(id);
  absl::Status status = group->keys->Unlock(passphrase);
  if (!status.ok()) {
    log::Warning("unlocking a storage group failed", "group", group->record().name, "error",
                 MessageOf(status));
    return status;
  }
  OCA_RETURN_IF_ERROR(group->chunks->Unlocked());
  if (group->locked.exchange(false)) {
    --locked_groups_;
    log::Info("a storage group was unlocked", "group", group->record().name);
  }
  background_bell_.Ring();
  return absl::OkStatus();
}

absl::Status FilesystemImpl::EncryptGroup(GroupId id, EncryptionMode mode,
                                          uint64_t rotation_seconds) {
  std::shared_ptr<GroupRuntime> group = FindGroup(id);
  if (group == nullptr) return NoGroup(id);
  OCA_RETURN_IF_ERROR(group->keys->TurnOn(
      mode == EncryptionMode::kInternal ? format::KeyMode::kInternal : format::KeyMode::kStatic,
      rotation_seconds, absl::ToUnixSeconds(options_.clock->Now())));
  // Recordings that began before may still have written a plain root.
  for (const std::shared_ptr<OpenFile>& file : files_.All()) file->AwaitRecording();
  log::Info("encryption of a storage group is on", "group", group->record().name);
  absl::Status status = group->chunks->EncryptFromNowOn();
  background_bell_.Ring();
  return status;
}

absl::StatusOr<EncryptionStatus> FilesystemImpl::EncryptionOf(GroupId id) {
  std::shared_ptr<GroupRuntime> group = FindGroup(id);
  if (group == nullptr) return NoGroup(id);
  const store::GroupKeys& keys = *group->keys;
  const format::KeyRingInfo info = keys.info();
  EncryptionStatus status;
  status.keys = static_cast<EncryptionStatus::Keys>(keys.state());
  if (status.keys == EncryptionStatus::Keys::kUnusable) {
    status.problem = std::string(MessageOf(keys.Ready()));
  }
  status.on = info.encrypting;
  status.mode =
      info.mode == format::KeyMode::kInternal ? EncryptionMode::kInternal : EncryptionMode::kStatic;
  status.rotation_seconds = info.rotation_seconds;
  status.content_keys = keys.key_count();
  status.newest_key = absl::FromUnixSeconds(keys.newest_key_created());
  status.names_done = info.names_converted;
  const EncryptionProgress progress = group->chunks->encryption_progress();
  status.plain_bytes = progress.plain_bytes;
  status.encrypted_bytes = progress.encrypted_bytes;
  if (!status.on || status.keys != EncryptionStatus::Keys::kUnlocked) return status;
  const bool done = status.plain_bytes == 0 && status.names_done;
  status.state = done ? JobState::kDone : JobState::kRunning;
  const double total = static_cast<double>(status.plain_bytes + status.encrypted_bytes);
  status.progress_percent = done ? 100
                            : total == 0
                                ? 0
                                : 100 * static_cast<double>(status.encrypted_bytes) / total;
  return status;
}

// A new file in a group that cannot take its contents would only be in the way.
absl::Status FilesystemImpl::CheckUnlocked(InodeNo parent) {
  if (locked_groups_.load() == 0) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(Inode inode, names_->GetInode(parent));
  std::shared_ptr<ContainerRuntime> container = FindContainer(inode.container);
  return container == nullptr ? absl::OkStatus() : container->group->keys->Ready();
}

void FilesystemImpl::AdvanceEncryption() {
  const absl::Time now = options_.clock->Now();
  for (const std::shared_ptr<GroupRuntime>& group : Groups()) {
    absl::StatusOr<bool> rotated = group->keys->RotateIfDue(absl::ToUnixSeconds(now));
    if (!rotated.ok()) {
      log::Error("a new content key could not be made; the one before stays in use", "group",
                 group->record().name, "error", MessageOf(rotated.status()));
    } else if (*rotated) {
      log::Info("a new content key is in use", "group", group->record().name, "keys",
                group->keys->key_count());
    }
    if (group->keys->active() == 0) continue;
    if (!group->keys->info().names_converted && now >= next_names_try_ &&
        names_encrypter_
            .Start("names are being encrypted", NamesJob(),
                   [this, group] { return EncryptNames(group); })
            .ok()) {
      next_names_try_ = now + kNamesAgainAfter;
    }
    if (now >= next_encrypting_sweep_ && group->chunks->encryption_progress().plain_bytes > 0 &&
        cleaner_->StartAutomatically().ok()) {
      next_encrypting_sweep_ = now + kSweepAgainAfter;
    }
  }
}

absl::Status FilesystemImpl::EncryptNames(const std::shared_ptr<GroupRuntime>& group) {
  const GroupId id = group->record().id;
  absl::Status status = names_->ForEachInode([&](const Inode& inode) -> absl::Status {
    if (names_encrypter_.stopping()) return absl::CancelledError("stopped");
    if (!S_ISREG(inode.mode) || inode.content.empty() ||
        store::GroupKeys::IsSealedContent(inode.content)) {
      return absl::OkStatus();
    }
    std::shared_ptr<ContainerRuntime> container = FindContainer(inode.container);
    if (container == nullptr || container->group->record().id != id) return absl::OkStatus();
    OCA_ASSIGN_OR_RETURN(std::string sealed, group->keys->SealContent(inode.ino, inode.content));
    return names_->ReplaceRecipe(inode.ino, inode.content, sealed).status();
  });
  // What the tables held before must go too.
  if (status.ok()) status = names_->ForgetOldValues();
  if (status.ok()) status = group->keys->SetNamesConverted();
  if (!status.ok() && !absl::IsCancelled(status)) {
    log::Error("encrypting names will be tried again", "group", group->record().name, "error",
               MessageOf(status));
  }
  return status;
}

}  // namespace oca::engine
