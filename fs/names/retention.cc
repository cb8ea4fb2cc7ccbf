// Retention: locks on files, and the clock that ends them.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr uint32_t kWriteBits = S_IWUSR | S_IWGRP | S_IWOTH;
constexpr int64_t kSecond = 1'000'000'000;
// What a crash may lose of the clock.
constexpr int64_t kStoreEachNs = 60 * kSecond;

std::string TimeText(int64_t ns) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixNanos(ns), absl::UTCTimeZone());
}

int64_t Later(int64_t now_ns, uint64_t seconds) {
  return now_ns + static_cast<int64_t>(seconds) * kSecond;
}

absl::Status CheckPolicy(const RetentionPolicy& policy) {
  if (policy.mode == RetentionMode::kNone) return absl::OkStatus();
  for (const uint64_t seconds :
       {policy.min_seconds, policy.max_seconds, policy.default_seconds, policy.auto_lock_seconds}) {
    if (seconds > kMaxRetentionSeconds) {
      return PosixError(EINVAL, "a retention period is longer than 100 years");
    }
  }
  if (policy.max_seconds == 0) return PosixError(EINVAL, "the maximum period is 0");
  if (policy.min_seconds > policy.max_seconds) {
    return PosixError(EINVAL,
                      fmt::format("the minimum period, {} s, is longer than the maximum, {} s",
                                  policy.min_seconds, policy.max_seconds));
  }
  if (policy.default_seconds != 0 && (policy.default_seconds < policy.min_seconds ||
                                      policy.default_seconds > policy.max_seconds)) {
    return PosixError(EINVAL,
                      fmt::format("the default period, {} s, is not from the minimum, {} s, to the "
                                  "maximum, {} s",
                                  policy.default_seconds, policy.min_seconds, policy.max_seconds));
  }
  if (policy.auto_lock_seconds != 0 && policy.default_seconds == 0) {
    return PosixError(EINVAL, "files that are locked by themselves need a default period");
  }
  return absl::OkStatus();
}

absl::Status Locked(const Inode& inode) {
  return PosixError(EPERM, fmt::format("inode {} is locked until {}", inode.ino.value,
                                       TimeText(inode.retain_until_ns)));
}

// The end that was asked for, within the policy's bounds.
int64_t Bounded(const RetentionPolicy& policy, int64_t now_ns, int64_t until_ns) {
  return std::clamp(until_ns, Later(now_ns, policy.min_seconds), Later(now_ns, policy.max_seconds));
}

}  // namespace

bool Names::Impl::IsLocked(const Inode& inode) const {
  return inode.retain_until_ns != 0 && inode.retain_until_ns > trusted.NowNs();
}

absl::Status Names::Impl::CheckUnlocked(const Inode& inode) const {
  return IsLocked(inode) ? Locked(inode) : absl::OkStatus();
}

absl::Status Names::Impl::CheckMovable(const Inode& inode) const {
  if (!IsDir(inode)) return CheckUnlocked(inode);
  if (inode.entries == 0) return absl::OkStatus();
  const std::optional<Container> container = FindContainer(inode.container);
  if (!container || container->retention.mode == RetentionMode::kNone) return absl::OkStatus();
  return PosixError(EPERM,
                    "a directory that is not empty keeps its place in a container that "
                    "locks files");
}

absl::StatusOr<Inode> Names::Impl::ChangeLocked(Inode inode, const AttrChange& change) {
  const bool same = (!change.mode || (*change.mode & 07777) == (inode.mode & 07777)) &&
                    (!change.uid || *change.uid == inode.uid) &&
                    (!change.gid || *change.gid == inode.gid) &&
                    (!change.mtime_ns || *change.mtime_ns == inode.mtime_ns);
  const int64_t wanted = change.atime_ns.value_or(inode.retain_until_ns);
  if (!same || wanted < inode.retain_until_ns) return Locked(inode);
  const std::optional<Container> container = FindContainer(inode.container);
  if (!container) return NoContainer(inode.container);
  const int64_t until = std::min(wanted, Later(trusted.NowNs(), container->retention.max_seconds));
  if (until <= inode.retain_until_ns) return inode;
  Mutation mutation(*this);
  mutation.SetRetainUntil(until, &inode);
  inode.atime_ns = until;
  inode.ctime_ns = NowNs();
  mutation.PutInode(inode);
  KeepTrustedTime(&mutation);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return inode;
}

void Names::Impl::FollowRetention(uint32_t mode_before, const AttrChange& change, Inode* inode,
                                  Mutation* mutation) {
  if (!IsRegular(*inode) || inode->nlink == 0) return;
  const bool writable = (inode->mode & kWriteBits) != 0;
  if (writable && inode->retain_until_ns != 0) mutation->SetRetainUntil(0, inode);
  if (writable) return;
  const std::optional<Container> container = FindContainer(inode->container);
  if (!container || container->deleting || container->retention.mode == RetentionMode::kNone) {
    return;
  }
  const bool just_closed = (mode_before & kWriteBits) != 0;
  const int64_t now = trusted.NowNs();
  int64_t until = 0;
  if (inode->atime_ns > now && (just_closed || change.atime_ns)) until = inode->atime_ns;
  if (until == 0 && just_closed && container->retention.default_seconds != 0) {
    until = Later(now, container->retention.default_seconds);
  }
  if (until == 0) return;
  until = Bounded(container->retention, now, until);
  mutation->SetRetainUntil(until, inode);
  inode->atime_ns = until;
  KeepTrustedTime(mutation);
}

absl::Status Names::Impl::BeginTrustedTime(Mutation* mutation) {
  bool relied_on = false;
  for (const char prefix : {kRetentionPrefix, kRecyclePrefix}) {
    Cursor cursor = db->Walk(std::string(1, prefix));
    relied_on |= cursor.Valid();
    OCA_RETURN_IF_ERROR(cursor.status());
  }
  if (!relied_on) {
    trusted.Start(std::nullopt);
    last_recycled_ns = 0;
  }
  KeepTrustedTime(mutation);
  return absl::OkStatus();
}

void Names::Impl::KeepTrustedTime(Mutation* mutation) {
  stored_trusted_ns = trusted.NowNs();
  mutation->PutSuper(SuperItem::kTrustedTime, static_cast<uint64_t>(stored_trusted_ns));
}

absl::Status Names::Impl::LoadTrustedTime() {
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists, db->Get(SuperKey(SuperItem::kTrustedTime), &value));
  if (!exists) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(const uint64_t stored, DecodeNumber(value));
  stored_trusted_ns = static_cast<int64_t>(stored);
  trusted.Start(stored_trusted_ns);
  return absl::OkStatus();
}

absl::Status Names::Impl::CheckDeletable(const Container& container) const {
  Cursor cursor =
      db->WalkFrom(RetentionAfter(container.id, trusted.NowNs()), RetentionPrefix(container.id));
  if (!cursor.Valid()) return cursor.status();
  OCA_ASSIGN_OR_RETURN(const TimedKeyParts first, ParseTimedKey(cursor.key()));
  return PosixError(EPERM,
                    fmt::format("the container \"{}\" holds locked files, one of them until {}",
                                container.name, TimeText(first.ns)));
}

absl::StatusOr<Container> Names::SetRetention(ContainerId id, const RetentionPolicy& policy) {
  OCA_RETURN_IF_ERROR(CheckPolicy(policy));
  absl::MutexLock lock(&impl_->mu);
  std::optional<Container> container = impl_->FindContainer(id);
  if (!container || container->deleting) return NoContainer(id);
  const RetentionMode before = container->retention.mode;
  if (before == RetentionMode::kCompliance && policy.mode != RetentionMode::kCompliance) {
    return PosixError(EPERM, fmt::format("the container \"{}\" is in compliance mode, which nobody "
                                         "can end",
                                         container->name));
  }
  if (policy.mode == RetentionMode::kNone) OCA_RETURN_IF_ERROR(impl_->CheckDeletable(*container));
  container->retention = policy.mode == RetentionMode::kNone ? RetentionPolicy() : policy;
  Mutation mutation(*impl_);
  mutation.PutContainer(*container);
  if (policy.mode != RetentionMode::kNone) {
    OCA_RETURN_IF_ERROR(impl_->BeginTrustedTime(&mutation));
  }
  OCA_RETURN_IF_ERROR(mutation.Write());
  return *container;
}

absl::StatusOr<RetentionStatus> Names::GetRetention(ContainerId id) const {
  const std::optional<Container> container = impl_->FindContainer(id);
  if (!container) return NoContainer(id);
  RetentionStatus status;
  status.policy = container->retention;
  status.trusted_now_ns = impl_->trusted.NowNs();
  Cursor cursor = impl_->db->WalkFrom(RetentionAfter(id, status.trusted_now_ns),
                                      RetentionPrefix(id), nullptr, /*fill_cache=*/false);
  for (; cursor.Valid(); cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(const TimedKeyParts parts, ParseTimedKey(cursor.key()));
    if (status.locked_files++ == 0) status.first_unlock_ns = parts.ns;
    status.last_unlock_ns = parts.ns;
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  return status;
}

absl::StatusOr<Inode> Names::ReleaseLock(InodeNo ino) {
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Inode inode, impl_->LoadInode(ino));
  if (!impl_->IsLocked(inode)) return PosixError(EINVAL, "the file is not locked");
  const std::optional<Container> container = impl_->FindContainer(inode.container);
  if (!container) return NoContainer(inode.container);
  if (container->retention.mode != RetentionMode::kGovernance) {
    return PosixError(EPERM, fmt::format("the container \"{}\" is in compliance mode: its locks "
                                         "cannot be ended early",
                                         container->name));
  }
  Mutation mutation(*impl_);
  mutation.SetRetainUntil(0, &inode);
  inode.ctime_ns = impl_->NowNs();
  mutation.PutInode(inode);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return inode;
}

absl::StatusOr<Inode> Names::LockUnchanged(InodeNo ino, int64_t ctime_ns) {
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Inode inode, impl_->LoadInode(ino));
  const std::optional<Container> container = impl_->FindContainer(inode.container);
  if (!container || container->deleting || container->retention.auto_lock_seconds == 0 ||
      !IsRegular(inode) || inode.nlink == 0 || inode.retain_until_ns != 0 ||
      inode.ctime_ns != ctime_ns) {
    return PosixError(EAGAIN, "the file has changed");
  }
  const int64_t now = impl_->trusted.NowNs();
  const int64_t until =
      inode.atime_ns > now ? inode.atime_ns : Later(now, container->retention.default_seconds);
  const uint32_t mode = inode.mode & ~kWriteBits;
  return impl_->ChangeAttr(std::move(inode), {.mode = mode, .atime_ns = until});
}

bool Names::IsLocked(const Inode& inode) const { return impl_->IsLocked(inode); }
bool Names::RetentionInUse() const { return impl_->trusted.started(); }
int64_t Names::TrustedNowNs() const { return impl_->trusted.NowNs(); }

absl::Status Names::Commit() {
  if (impl_->trusted.started()) {
    absl::MutexLock lock(&impl_->mu);
    if (impl_->trusted.NowNs() - impl_->stored_trusted_ns >= kStoreEachNs) {
      Mutation mutation(*impl_);
      impl_->KeepTrustedTime(&mutation);
      OCA_RETURN_IF_ERROR(mutation.Write());
    }
  }
  return impl_->db->Commit();
}

}  // namespace oca::names
