// The ring: read, unlocked, changed. Encryption with its keys: group_cipher.cc.
#include "fs/store/group_keys.h"

#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::store {

absl::Status NoKeyError(std::string_view what) {
  absl::Status with_errno = PosixError(ENOKEY, what);
  absl::Status status(absl::StatusCode::kFailedPrecondition, with_errno.message());
  with_errno.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { status.SetPayload(url, payload); });
  return status;
}

absl::Status CheckPassphrase(std::string_view passphrase) {
  if (passphrase.size() < kMinPassphraseBytes || passphrase.size() > kMaxPassphraseBytes) {
    return PosixError(
        EINVAL, fmt::format("a passphrase has {} to {} bytes, this one {}", kMinPassphraseBytes,
                            kMaxPassphraseBytes, passphrase.size()));
  }
  if (passphrase.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
    return PosixError(EINVAL, "a passphrase is one line of text");
  }
  return absl::OkStatus();
}

GroupKeys::GroupKeys(io::FileSystem& fs, const std::string& dir, GroupId group,
                     const crypto::ScryptCost& cost)
    : fs_(fs),
      path_(io::JoinPath(dir, "keys")),
      copy_path_(io::JoinPath(dir, "keys.copy")),
      group_(group),
      cost_(cost) {}

std::unique_ptr<GroupKeys> GroupKeys::Open(io::FileSystem& fs, const std::string& dir,
                                           GroupId group, bool wanted,
                                           const crypto::ScryptCost& cost) {
  std::unique_ptr<GroupKeys> keys(new GroupKeys(fs, dir, group, cost));
  keys->Load(wanted);
  return keys;
}

absl::StatusOr<format::DecodedKeyRing> GroupKeys::ReadCopy(const std::string& path) const {
  OCA_ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(fs_, path));
  absl::StatusOr<format::DecodedKeyRing> ring = format::DecodeKeyRing(bytes);
  if (!ring.ok()) return Annotate(ring.status(), path);
  if (ring->info.group != group_) {
    return absl::DataLossError(
        fmt::format("{}: the key ring of storage group {}", path, ring->info.group.value));
  }
  return ring;
}

void GroupKeys::Load(bool wanted) {
  absl::MutexLock change_lock(&change_mu_);
  absl::StatusOr<format::DecodedKeyRing> first = ReadCopy(path_), second = ReadCopy(copy_path_);
  absl::MutexLock lock(&mu_);
  if (absl::IsNotFound(first.status()) && absl::IsNotFound(second.status())) {
    if (!wanted) return;
    state_ = State::kUnusable;
    unusable_ = NoKeyError(
        fmt::format("the key ring of storage group {} is missing: put {} back from a backup of it",
                    group_.value, path_));
    return;
  }
  // A newer program's ring counts more than an older one beside it.
  const bool newer =
      absl::IsFailedPrecondition(first.status()) || absl::IsFailedPrecondition(second.status());
  if (newer || (!first.ok() && !second.ok())) {
    state_ = State::kUnusable;
    const absl::Status& why =
        newer ? (absl::IsFailedPrecondition(first.status()) ? first.status() : second.status())
        : absl::IsNotFound(first.status()) ? second.status()
                                           : first.status();
    unusable_ = Annotate(why, fmt::format("the key ring of storage group {} cannot be used; put "
                                          "{} back from a backup of it",
                                          group_.value, path_));
    return;
  }
  bool use_first =
      first.ok() && (!second.ok() || first->info.generation >= second->info.generation);
  copies_agree_ = first.ok() && second.ok() && first->code == second->code;
  locked_ring_ = use_first ? *std::move(first) : *std::move(second);
  info_ = locked_ring_.info;
  key_count_ = locked_ring_.keys.size();
  state_ = State::kLocked;
}

GroupKeys::State GroupKeys::state() const {
  absl::MutexLock lock(&mu_);
  return state_;
}

absl::Status GroupKeys::Ready() const {
  absl::MutexLock lock(&mu_);
  switch (state_) {
    case State::kNone:
    case State::kUnlocked:
      return absl::OkStatus();
    case State::kLocked:
      return NoKeyError(fmt::format(
          "storage group {} is locked: unlock it by oca storage_group --unlock", group_.value));
    case State::kUnusable:
      return unusable_;
  }
  return absl::InternalError("unknown state of keys");
}

format::KeyRingInfo GroupKeys::info() const {
  absl::MutexLock lock(&mu_);
  return info_;
}

size_t GroupKeys::key_count() const {
  absl::MutexLock lock(&mu_);
  return key_count_;
}

int64_t GroupKeys::newest_key_created() const {
  absl::MutexLock lock(&mu_);
  return usable_.empty() ? 0 : usable_.back()->created;
}

absl::Status GroupKeys::Unlock(std::string_view passphrase) {
  absl::MutexLock change_lock(&change_mu_);
  {
    absl::MutexLock lock(&mu_);
    if (state_ == State::kUnlocked) return absl::OkStatus();
    if (state_ == State::kUnusable) return unusable_;
    if (state_ == State::kNone) {
      return PosixError(EINVAL, fmt::format("storage group {} has no passphrase", group_.value));
    }
  }
  OCA_ASSIGN_OR_RETURN(
      format::RingKeys ring_keys,
      format::DeriveRingKeys(passphrase, locked_ring_.salt, locked_ring_.info.cost));
  absl::StatusOr<std::vector<format::ContentKey>> keys =
      format::OpenKeyRing(locked_ring_, ring_keys);
  if (!keys.ok()) return Annotate(keys.status(), fmt::format("storage group {}", group_.value));
  OCA_RETURN_IF_ERROR(Adopt(locked_ring_.info, locked_ring_.salt, *keys, ring_keys));
  // A copy that is damaged, missing or behind is made whole again; a full disk does not keep the
  // data locked.
  if (!copies_agree_) {
    absl::Status status =
        Replace(locked_ring_.info, locked_ring_.salt, *std::move(keys), std::move(ring_keys));
    if (!status.ok()) {
      log::Error(
          "the second copy of a key ring could not be made whole; it will be with the next "
          "change or start",
          "group", group_.value, "error", MessageOf(status));
    }
  }
  return absl::OkStatus();
}

absl::Status GroupKeys::Adopt(format::KeyRingInfo info, std::string salt,
                              std::vector<format::ContentKey> keys, format::RingKeys ring_keys) {
  std::vector<UsablePtr> usable;
  for (const format::ContentKey& key : keys) {
    OCA_ASSIGN_OR_RETURN(crypto::Xaes cipher, crypto::Xaes::Create(key.key.view()));
    usable.push_back(
        std::make_shared<const Usable>(Usable{key.id, key.created, std::move(cipher)}));
  }
  salt_ = std::move(salt);
  keys_ = std::move(keys);
  ring_keys_ = std::move(ring_keys);
  absl::MutexLock lock(&mu_);
  state_ = State::kUnlocked;
  info_ = info;
  key_count_ = usable.size();
  usable_ = std::move(usable);
  active_.store(info.encrypting ? usable_.back()->id : 0);
  return absl::OkStatus();
}

absl::Status GroupKeys::Replace(format::KeyRingInfo info, std::string salt,
                                std::vector<format::ContentKey> keys, format::RingKeys ring_keys) {
  info.group = group_;
  ++info.generation;
  OCA_ASSIGN_OR_RETURN(std::string bytes, format::EncodeKeyRing(info, salt, keys, ring_keys));
  OCA_RETURN_IF_ERROR(io::WriteFileAtomically(fs_, path_, bytes));
  OCA_RETURN_IF_ERROR(io::WriteFileAtomically(fs_, copy_path_, bytes));
  copies_agree_ = true;
  return Adopt(info, std::move(salt), std::move(keys), std::move(ring_keys));
}

absl::Status GroupKeys::AddKey(int64_t now, std::vector<format::ContentKey>* keys) const {
  OCA_ASSIGN_OR_RETURN(crypto::Secret fresh, crypto::RandomSecret(crypto::kKeyBytes));
  keys->push_back({keys->empty() ? 1 : keys->back().id + 1, now, std::move(fresh)});
  return absl::OkStatus();
}

absl::Status GroupKeys::SetPassphrase(std::string_view passphrase, int64_t now) {
  OCA_RETURN_IF_ERROR(CheckPassphrase(passphrase));
  OCA_RETURN_IF_ERROR(Ready());
  absl::MutexLock change_lock(&change_mu_);
  format::KeyRingInfo info = this->info();
  info.cost = cost_;
  info.passphrase_set = now;
  OCA_ASSIGN_OR_RETURN(std::string salt, crypto::RandomBytes(format::kKeyRingSaltBytes));
  OCA_ASSIGN_OR_RETURN(format::RingKeys ring_keys, format::DeriveRingKeys(passphrase, salt, cost_));
  std::vector<format::ContentKey> keys = keys_;
  if (keys.empty()) OCA_RETURN_IF_ERROR(AddKey(now, &keys));
  return Replace(info, std::move(salt), std::move(keys), std::move(ring_keys));
}

absl::Status GroupKeys::TurnOn(format::KeyMode mode, uint64_t rotation_seconds, int64_t now) {
  const bool internal = mode == format::KeyMode::kInternal;
  if (internal ? rotation_seconds < format::kMinRotationSeconds ||
                     rotation_seconds > format::kMaxRotationSeconds
               : rotation_seconds != 0) {
    return PosixError(
        EINVAL,
        "the interval of the internal mode is 7 days to 70 years; the static mode has "
        "none");
  }
  OCA_RETURN_IF_ERROR(Ready());
  absl::MutexLock change_lock(&change_mu_);
  if (keys_.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("storage group {} has no passphrase yet: set one by oca storage_group "
                    "--setpassphrase",
                    group_.value));
  }
  format::KeyRingInfo info = this->info();
  info.encrypting = true;
  info.mode = mode;
  info.rotation_seconds = rotation_seconds;
  return Replace(info, salt_, keys_, ring_keys_);
}

absl::StatusOr<bool> GroupKeys::RotateIfDue(int64_t now) {
  absl::MutexLock change_lock(&change_mu_);
  if (state() != State::kUnlocked) return false;
  format::KeyRingInfo info = this->info();
  const bool due = info.encrypting && info.mode == format::KeyMode::kInternal &&
                   keys_.size() < format::kMaxContentKeys &&
                   now - keys_.back().created >= static_cast<int64_t>(info.rotation_seconds);
  if (!due) return false;
  std::vector<format::ContentKey> keys = keys_;
  OCA_RETURN_IF_ERROR(AddKey(now, &keys));
  OCA_RETURN_IF_ERROR(Replace(info, salt_, std::move(keys), ring_keys_));
  return true;
}

absl::Status GroupKeys::SetNamesConverted() {
  OCA_RETURN_IF_ERROR(Ready());
  absl::MutexLock change_lock(&change_mu_);
  format::KeyRingInfo info = this->info();
  if (info.names_converted) return absl::OkStatus();
  info.names_converted = true;
  return Replace(info, salt_, keys_, ring_keys_);
}

absl::Status GroupKeys::Destroy() {
  absl::MutexLock change_lock(&change_mu_);
  for (const std::string& path : {path_, copy_path_}) {
    absl::Status status = io::RemoveFileDurably(fs_, path);
    if (!status.ok() && !absl::IsNotFound(status)) return status;
  }
  return absl::OkStatus();
}

}  // namespace oca::store
