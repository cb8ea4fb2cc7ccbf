// Encryption at rest on the whole engine: what lies on the disk, what a locked group does, and
// power cuts while it is turned on and while the passphrase changes.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "fs/chunk/sha256.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/integration/30_engine/checks.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/fake_clock.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

constexpr char kFirst[] = "first passphrase", kSecond[] = "second passphrase";
constexpr uint64_t kWeek = 7 * 86400;

// `passphrase` empty: nobody knows one at the start.
absl::StatusOr<std::unique_ptr<Filesystem>> Open(io::FileSystem& fs, std::string passphrase,
                                                 Clock& clock = SystemClock()) {
  Options options;
  options.fs = &fs;
  options.clock = &clock;
  options.dir = "/oca";
  options.commit_interval = absl::Hours(1);
  options.memory_budget_bytes = 32u << 20;
  options.workers = 1;
  options.pack_target_bytes = 96u << 10;
  options.reserve_bytes = 1;
  options.passphrase_cost = {.log2_n = 10, .r = 1, .p = 1};
  options.passphrase_of = [passphrase](const StorageGroup&) -> absl::StatusOr<crypto::Secret> {
    if (passphrase.empty()) return absl::NotFoundError("none");
    return crypto::Secret(passphrase);
  };
  return Filesystem::Open(options);
}

absl::StatusOr<Container> AddPair(Filesystem& filesystem, const std::string& name) {
  StorageGroup group;
  group.name = "group-" + name;
  group.chunk_target_bytes = 8192;
  OCA_ASSIGN_OR_RETURN(group, filesystem.AddGroup(group));
  Container container;
  container.name = name;
  container.group = group.id;
  return filesystem.AddContainer(container);
}

absl::Status Write(Filesystem& filesystem, InodeNo folder, const std::string& name,
                   std::string_view data) {
  NewInode what;
  what.mode = S_IFREG | 0644;
  absl::StatusOr<Inode> inode = filesystem.Lookup(folder, name);
  if (!inode.ok()) inode = filesystem.Create(folder, name, what);
  if (!inode.ok()) return inode.status();
  OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem.Open(inode->ino, O_WRONLY));
  absl::Status status = filesystem.Write(handle, 0, data, false).status();
  if (status.ok()) status = filesystem.Fsync(inode->ino);
  filesystem.Release(handle);
  return status;
}

absl::StatusOr<std::string> Read(Filesystem& filesystem, InodeNo folder, const std::string& name) {
  OCA_ASSIGN_OR_RETURN(Inode inode, filesystem.Lookup(folder, name));
  OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem.Open(inode.ino, O_RDONLY));
  absl::StatusOr<ReadResult> read = filesystem.Read(handle, 0, 16u << 20);
  filesystem.Release(handle);
  if (!read.ok()) return read.status();
  return read->Joined();
}

void AwaitEncrypted(Filesystem& filesystem, GroupId group) {
  WaitWhile([&] { return filesystem.EncryptionOf(group)->state != JobState::kDone; });
  const EncryptionStatus status = *filesystem.EncryptionOf(group);
  EXPECT_EQ(status.state, JobState::kDone);
  EXPECT_EQ(status.plain_bytes, 0u);
  EXPECT_TRUE(status.names_done);
  // The run of the cleaner that did it ends too.
  WaitWhile([&] { return filesystem.GetCleanerStatus().state == JobState::kRunning; });
}

// Files below `dir` that contain `needle`.
std::vector<std::string> FilesWith(io::FileSystem& fs, const std::string& dir,
                                   std::string_view needle) {
  std::vector<std::string> found;
  auto names = fs.List(dir);
  EXPECT_OK(names);
  for (const std::string& name : *names) {
    const std::string path = io::JoinPath(dir, name);
    auto info = fs.Stat(path);
    if (!info.ok()) continue;  // RocksDB removed it
    if (info->is_directory) {
      for (std::string& each : FilesWith(fs, path, needle)) found.push_back(std::move(each));
      continue;
    }
    auto bytes = io::ReadFile(fs, path);
    if (bytes.ok() && bytes->find(needle) != std::string::npos) found.push_back(path);
  }
  return found;
}

class EncryptionTest : public testing::Test {
 protected:
  void OpenWith(const std::string& passphrase) {
    filesystem_.reset();
    auto opened = Open(disk_, passphrase, clock_);
    ASSERT_OK(opened);
    filesystem_ = *std::move(opened);
    for (const Container& container : filesystem_->ListContainers()) {
      (container.name == "secret" ? secret_ : open_) = container;
    }
  }
  void SetUp() override {
    OpenWith("");
    ASSERT_OK_AND_ASSIGN(secret_, AddPair(*filesystem_, "secret"));
    ASSERT_OK_AND_ASSIGN(open_, AddPair(*filesystem_, "open"));
  }
  void TurnOn(EncryptionMode mode = EncryptionMode::kStatic, uint64_t interval = 0) {
    ASSERT_OK(filesystem_->SetGroupPassphrase(secret_.group, kFirst));
    ASSERT_OK(filesystem_->EncryptGroup(secret_.group, mode, interval));
    AwaitEncrypted(*filesystem_, secret_.group);
  }
  void Restart(const std::string& passphrase) {
    ASSERT_OK(filesystem_->Stop());
    OpenWith(passphrase);
  }

  io::FaultFileSystem disk_;
  support::FakeClock clock_;
  std::unique_ptr<Filesystem> filesystem_;
  Container secret_, open_;
};

TEST_F(EncryptionTest, NeitherOldNorNewDataNorFingerprintsStandOnTheDisk) {
  // Small enough to be one chunk, and listed in its inode.
  const std::string small = "a secret of one chunk, " + support::RandomBytes(900, 1);
  const std::string large = support::RandomBytes(300'000, 2);
  ASSERT_OK(Write(*filesystem_, secret_.root, "small", small));
  ASSERT_OK(Write(*filesystem_, secret_.root, "large", large));
  ASSERT_OK(filesystem_->Sync());
  const std::string fingerprint(chunk::Sha256(small).view().substr(0, 16));
  EXPECT_FALSE(FilesWith(disk_, "/oca", small.substr(0, 22)).empty());
  EXPECT_FALSE(FilesWith(disk_, "/oca", fingerprint).empty());

  TurnOn();
  const std::string later = "written later, " + support::RandomBytes(900, 3);
  ASSERT_OK(Write(*filesystem_, secret_.root, "later", later));
  EXPECT_EQ(*Read(*filesystem_, secret_.root, "small"), small);
  EXPECT_EQ(*Read(*filesystem_, secret_.root, "large"), large);
  ExpectSound(*filesystem_);
  for (bool stopped : {false, true}) {
    SCOPED_TRACE(stopped);
    if (stopped) {
      ASSERT_OK(filesystem_->Stop());
    }
    for (const std::string& needle :
         {small.substr(0, 22), large.substr(150'000, 16), later.substr(0, 15), fingerprint,
          std::string(chunk::Sha256(later).view().substr(0, 16)), std::string(kFirst)}) {
      for (const std::string& path : FilesWith(disk_, "/oca", needle)) ADD_FAILURE() << path;
    }
  }
}

TEST_F(EncryptionTest, WhatWasThereBeforeIsDeduplicatedAgainst) {
  const std::string data = support::RandomBytes(400'000, 4);
  ASSERT_OK(Write(*filesystem_, secret_.root, "before", data));
  TurnOn();
  ASSERT_OK(filesystem_->Sync());
  const uint64_t held = filesystem_->StatsOfGroup(secret_.group)->bytes.post_dedupe_bytes;
  ASSERT_OK(Write(*filesystem_, secret_.root, "after", data));
  EXPECT_EQ(filesystem_->StatsOfGroup(secret_.group)->bytes.post_dedupe_bytes, held);
  EXPECT_EQ(*Read(*filesystem_, secret_.root, "after"), data);
}

TEST_F(EncryptionTest, ALockedGroupRefusesAndTheOthersServe) {
  const std::string data = support::RandomBytes(100'000, 5);
  ASSERT_OK(Write(*filesystem_, secret_.root, "s", data));
  ASSERT_OK(Write(*filesystem_, open_.root, "o", data));
  TurnOn();
  Restart("");
  EXPECT_EQ(filesystem_->EncryptionOf(secret_.group)->keys, EncryptionStatus::Keys::kLocked);
  EXPECT_ERRNO(Read(*filesystem_, secret_.root, "s"), ENOKEY);
  EXPECT_ERRNO(Write(*filesystem_, secret_.root, "s", "x"), ENOKEY);
  EXPECT_ERRNO(Write(*filesystem_, secret_.root, "new", "x"), ENOKEY);
  EXPECT_ERRNO(filesystem_->Lookup(secret_.root, "new"), ENOENT);
  EXPECT_ERRNO(filesystem_->EncryptGroup(secret_.group, EncryptionMode::kStatic, 0), ENOKEY);
  EXPECT_GT(filesystem_->StatsOfGroup(secret_.group)->bytes.physical_bytes, 100'000u);

  EXPECT_EQ(*Read(*filesystem_, open_.root, "o"), data);
  ASSERT_OK(Write(*filesystem_, open_.root, "more", "x"));
  ASSERT_OK(filesystem_->StartReclaim());
  WaitWhile([&] { return filesystem_->GetCleanerStatus().state == JobState::kRunning; });
  EXPECT_EQ(filesystem_->GetCleanerStatus().state, JobState::kDone)
      << filesystem_->GetCleanerStatus().error;
  ExpectSound(*filesystem_);
  Restart("");  // a stop while it is locked writes nothing that matters

  EXPECT_EQ(filesystem_->UnlockGroup(secret_.group, "a wrong guess").code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_ERRNO(Read(*filesystem_, secret_.root, "s"), ENOKEY);
  ASSERT_OK(filesystem_->UnlockGroup(secret_.group, kFirst));
  EXPECT_EQ(*Read(*filesystem_, secret_.root, "s"), data);
  ASSERT_OK(Write(*filesystem_, secret_.root, "new", data));
  ExpectSound(*filesystem_);
}

TEST_F(EncryptionTest, APassphraseKnownAtTheStartUnlocks) {
  ASSERT_OK(Write(*filesystem_, secret_.root, "s", "data"));
  TurnOn();
  Restart(kFirst);
  EXPECT_EQ(*Read(*filesystem_, secret_.root, "s"), "data");
  ASSERT_OK(filesystem_->SetGroupPassphrase(secret_.group, kSecond));
  Restart(kFirst);  // an old one leaves it locked
  EXPECT_ERRNO(Read(*filesystem_, secret_.root, "s"), ENOKEY);
  Restart(kSecond);
  EXPECT_EQ(*Read(*filesystem_, secret_.root, "s"), "data");
}

TEST_F(EncryptionTest, ALostKeyRingIsAnErrorAndItsReturnHeals) {
  ASSERT_OK(Write(*filesystem_, secret_.root, "s", "data"));
  TurnOn();
  ASSERT_OK(filesystem_->Stop());
  const std::string dir = "/oca/groups/00000001";
  ASSERT_OK_AND_ASSIGN(std::string ring, io::ReadFile(disk_, dir + "/keys"));
  ASSERT_OK(disk_.RemoveFile(dir + "/keys"));
  ASSERT_OK(disk_.RemoveFile(dir + "/keys.copy"));
  OpenWith(kFirst);
  EXPECT_EQ(filesystem_->EncryptionOf(secret_.group)->keys, EncryptionStatus::Keys::kUnusable);
  EXPECT_ERRNO(Read(*filesystem_, secret_.root, "s"), ENOKEY);
  EXPECT_FALSE(filesystem_->SetGroupPassphrase(secret_.group, kSecond).ok());
  ASSERT_OK(filesystem_->Stop());
  ASSERT_OK(io::WriteFileAtomically(disk_, dir + "/keys", ring));
  OpenWith(kFirst);
  EXPECT_EQ(*Read(*filesystem_, secret_.root, "s"), "data");
}

TEST_F(EncryptionTest, KeysRotateAndOldDataStaysReadable) {
  ASSERT_OK(Write(*filesystem_, secret_.root, "one", "week one"));
  TurnOn(EncryptionMode::kInternal, kWeek);
  EXPECT_EQ(filesystem_->EncryptionOf(secret_.group)->content_keys, 1u);
  clock_.Advance(absl::Seconds(kWeek));
  WaitWhile([&] { return filesystem_->EncryptionOf(secret_.group)->content_keys < 2; });
  EXPECT_EQ(filesystem_->EncryptionOf(secret_.group)->content_keys, 2u);
  ASSERT_OK(Write(*filesystem_, secret_.root, "two", "week two"));
  Restart(kFirst);
  EXPECT_EQ(*Read(*filesystem_, secret_.root, "one"), "week one");
  EXPECT_EQ(*Read(*filesystem_, secret_.root, "two"), "week two");
  ExpectSound(*filesystem_);
}

TEST_F(EncryptionTest, DeletingTheGroupDestroysItsKeys) {
  TurnOn();
  ASSERT_OK(filesystem_->DeleteContainer(secret_.id, true));
  WaitWhile([&] { return filesystem_->ListContainers().size() > 1; });
  ASSERT_OK(filesystem_->DeleteGroup(secret_.group));
  EXPECT_ERRNO(disk_.Stat("/oca/groups/00000001/keys"), ENOENT);
  EXPECT_ERRNO(disk_.Stat("/oca/groups/00000001/keys.copy"), ENOENT);
}

// --- Power cuts ---

void CutEncryptingAt(uint64_t n, bool* was_cut) {
  SCOPED_TRACE("power cut at call " + std::to_string(n));
  io::FaultFileSystem disk;
  std::map<std::string, std::string> must;
  bool encrypting = false;
  {
    auto opened = Open(disk, "");
    ASSERT_OK(opened);
    Filesystem& filesystem = **opened;
    ASSERT_OK_AND_ASSIGN(Container container, AddPair(filesystem, "c"));
    for (uint64_t i = 0; i < 2; ++i) {
      const std::string name = "before-" + std::to_string(i);
      must[name] = support::RandomBytes(60'000, i);
      ASSERT_OK(Write(filesystem, container.root, name, must[name]));
    }
    disk.CutPowerAt(n);
    auto run = [&]() -> absl::Status {
      OCA_RETURN_IF_ERROR(filesystem.SetGroupPassphrase(container.group, kFirst));
      OCA_RETURN_IF_ERROR(filesystem.EncryptGroup(container.group, EncryptionMode::kStatic, 0));
      encrypting = true;
      const std::string during = support::RandomBytes(30'000, 7);
      OCA_RETURN_IF_ERROR(Write(filesystem, container.root, "during", during));
      must["during"] = during;
      WaitWhile([&] {
        return !disk.PowerIsCut() &&
               filesystem.EncryptionOf(container.group)->state != JobState::kDone;
      });
      OCA_RETURN_IF_ERROR(filesystem.SetGroupPassphrase(container.group, kSecond));
      const std::string after = support::RandomBytes(30'000, 8);
      OCA_RETURN_IF_ERROR(Write(filesystem, container.root, "after", after));
      must["after"] = after;
      return filesystem.Stop();
    };
    absl::Status status = run();
    *was_cut = disk.PowerIsCut();
    ASSERT_TRUE(*was_cut || status.ok()) << status;
  }
  disk.PowerCycle(n);
  auto reopened = Open(disk, kFirst);
  ASSERT_OK(reopened);
  Filesystem& filesystem = **reopened;
  ASSERT_EQ(filesystem.ListContainers().size(), 1u);
  const Container container = filesystem.ListContainers()[0];
  if (filesystem.EncryptionOf(container.group)->keys == EncryptionStatus::Keys::kLocked) {
    ASSERT_OK(filesystem.UnlockGroup(container.group, kSecond));
  }
  for (const auto& [name, data] : must) {
    absl::StatusOr<std::string> found = Read(filesystem, container.root, name);
    ASSERT_OK(found) << name;
    EXPECT_EQ(*found, data) << name;
  }
  ExpectSound(filesystem);
  if (encrypting) {  // and it goes on by itself
    EXPECT_TRUE(filesystem.EncryptionOf(container.group)->on);
    AwaitEncrypted(filesystem, container.group);
    for (const auto& [name, data] : must) {
      EXPECT_EQ(*Read(filesystem, container.root, name), data) << name;
      EXPECT_TRUE(FilesWith(disk, "/oca", std::string_view(data).substr(500, 12)).empty()) << name;
    }
  }
  ASSERT_OK(filesystem.Stop());
}

TEST(EncryptionPowerCut, AtEveryCallNothingIsLostAndTheWorkGoesOn) {
  bool was_cut = true;
  uint64_t n = 1;
  for (; was_cut && !testing::Test::HasFailure(); ++n) CutEncryptingAt(n, &was_cut);
  RecordProperty("calls", static_cast<int>(n));
  EXPECT_GT(n, 50u);
}

}  // namespace
}  // namespace oca::engine
