#include "fs/store/group_keys.h"

#include <cerrno>

#include "fs/store/sealed_file.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/store/test_groups.h"

namespace oca::store {
namespace {

using State = GroupKeys::State;
using format::KeyMode;
using format::SealedKind;
using support::StatusIs;

constexpr crypto::ScryptCost kCheap{.log2_n = 10, .r = 1, .p = 1};
constexpr int64_t kNow = 1'700'000'000;
constexpr uint64_t kWeek = 7 * 86400;
constexpr char kFirst[] = "first passphrase", kSecond[] = "second passphrase";

class GroupKeysTest : public testing::Test {
 protected:
  GroupKeysTest() {
    EXPECT_OK(fs_.CreateDir("/g"));
    EXPECT_OK(fs_.SyncDir("/"));
  }
  std::unique_ptr<GroupKeys> Open(bool wanted = true, uint32_t group = 1) {
    return GroupKeys::Open(fs_, "/g", GroupId(group), wanted, kCheap);
  }
  // A ring that encrypts.
  std::unique_ptr<GroupKeys> Make(KeyMode mode = KeyMode::kStatic, uint64_t interval = 0) {
    auto keys = Open(false);
    EXPECT_OK(keys->SetPassphrase(kFirst, kNow));
    EXPECT_OK(keys->TurnOn(mode, interval, kNow));
    return keys;
  }
  static std::string Seal(const GroupKeys& keys, std::string_view plain) {
    auto unit = keys.Seal(keys.active(), SealedKind::kGroup, 7, plain);
    EXPECT_OK(unit);
    return unit.ok() ? *unit : "";
  }
  static absl::StatusOr<std::string> Unseal(const GroupKeys& keys, std::string_view unit,
                                            uint64_t place = 7,
                                            SealedKind kind = SealedKind::kGroup) {
    OCA_ASSIGN_OR_RETURN(format::DecodedSealed sealed, format::DecodeSealed(unit));
    return keys.Unseal(kind, place, sealed);
  }
  void Damage(const std::string& path, size_t at = 50) {
    ASSERT_OK_AND_ASSIGN(std::string bytes, io::ReadFile(fs_, path));
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    ASSERT_OK(io::WriteFileAtomically(fs_, path, bytes));
  }

  io::FaultFileSystem fs_;
};

TEST_F(GroupKeysTest, WithoutARingNothingIsEncrypted) {
  auto keys = Open(/*wanted=*/false);
  EXPECT_EQ(keys->state(), State::kNone);
  EXPECT_OK(keys->Ready());
  EXPECT_EQ(keys->active(), 0u);
  ASSERT_OK_AND_ASSIGN(std::string content, keys->SealContent(InodeNo(9), "\1root"));
  EXPECT_EQ(content, "\1root");
  EXPECT_TRUE(absl::IsFailedPrecondition(keys->TurnOn(KeyMode::kStatic, 0, kNow)));
  EXPECT_ERRNO(keys->Unlock(kFirst), EINVAL);
}

TEST_F(GroupKeysTest, SetLockUnlockAndRead) {
  std::string unit;
  {
    auto keys = Make();
    unit = Seal(*keys, "the only copy");
    EXPECT_EQ(unit.find("only"), std::string::npos);
  }
  auto keys = Open();
  EXPECT_EQ(keys->state(), State::kLocked);
  EXPECT_ERRNO(keys->Ready(), ENOKEY);
  EXPECT_ERRNO(Unseal(*keys, unit).status(), ENOKEY);
  EXPECT_ERRNO(keys->SetPassphrase(kSecond, kNow), ENOKEY);
  EXPECT_THAT(keys->Unlock("not the passphrase"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(keys->state(), State::kLocked);
  ASSERT_OK(keys->Unlock(kFirst));
  EXPECT_EQ(*Unseal(*keys, unit), "the only copy");
}

TEST_F(GroupKeysTest, AUnitBelongsToItsPlaceKindAndGroup) {
  auto keys = Make();
  const std::string unit = Seal(*keys, "bytes");
  EXPECT_OK(Unseal(*keys, unit));
  EXPECT_TRUE(absl::IsDataLoss(Unseal(*keys, unit, 8).status()));
  EXPECT_TRUE(absl::IsDataLoss(Unseal(*keys, unit, 7, SealedKind::kFooter).status()));
  ASSERT_OK_AND_ASSIGN(std::string content, keys->SealContent(InodeNo(5), "\1root"));
  EXPECT_TRUE(GroupKeys::IsSealedContent(content));
  EXPECT_EQ(*keys->UnsealContent(InodeNo(5), content), "\1root");
  EXPECT_TRUE(absl::IsDataLoss(keys->UnsealContent(InodeNo(6), content).status()));
  EXPECT_TRUE(absl::IsDataLoss(keys->UnsealContent(InodeNo(5), content.substr(0, 20)).status()));
}

TEST_F(GroupKeysTest, EqualBytesNeverLookEqual) {
  auto keys = Make();
  EXPECT_NE(Seal(*keys, "same").substr(20), Seal(*keys, "same").substr(20));
  EXPECT_NE(*keys->SealContent(InodeNo(5), "\1same"), *keys->SealContent(InodeNo(5), "\1same"));
}

TEST_F(GroupKeysTest, AnotherPassphraseKeepsTheContentKeys) {
  auto keys = Make();
  const std::string unit = Seal(*keys, "old data");
  ASSERT_OK(keys->SetPassphrase(kSecond, kNow + 1));
  EXPECT_EQ(*Unseal(*keys, unit), "old data");
  auto again = Open();
  EXPECT_THAT(again->Unlock(kFirst), StatusIs(absl::StatusCode::kPermissionDenied));
  ASSERT_OK(again->Unlock(kSecond));
  EXPECT_EQ(*Unseal(*again, unit), "old data");
  EXPECT_TRUE(again->info().encrypting);
}

TEST_F(GroupKeysTest, PassphrasesHaveALeastLengthAndAreOneLine) {
  auto keys = Open(false);
  EXPECT_ERRNO(keys->SetPassphrase("1234567", kNow), EINVAL);
  EXPECT_ERRNO(keys->SetPassphrase(std::string(513, 'x'), kNow), EINVAL);
  EXPECT_ERRNO(keys->SetPassphrase("two\nlines of text", kNow), EINVAL);
  EXPECT_EQ(keys->state(), State::kNone);
}

TEST_F(GroupKeysTest, RotationMakesKeysAtTheInterval) {
  auto keys = Make(KeyMode::kInternal, kWeek);
  const std::string unit = Seal(*keys, "week one");
  EXPECT_FALSE(*keys->RotateIfDue(kNow + kWeek - 1));
  EXPECT_TRUE(*keys->RotateIfDue(kNow + kWeek));
  EXPECT_FALSE(*keys->RotateIfDue(kNow + kWeek + 1));
  EXPECT_EQ(keys->active(), 2u);
  const std::string second = Seal(*keys, "week two");
  auto again = Open();
  ASSERT_OK(again->Unlock(kFirst));
  EXPECT_EQ(again->active(), 2u);
  EXPECT_EQ(*Unseal(*again, unit), "week one");
  EXPECT_EQ(*Unseal(*again, second), "week two");
}

TEST_F(GroupKeysTest, ThereAreAtMost1023Keys) {
  auto keys = Make(KeyMode::kInternal, kWeek);
  for (int64_t i = 1; i <= 1022; ++i) {
    ASSERT_TRUE(*keys->RotateIfDue(kNow + i * static_cast<int64_t>(kWeek))) << i;
  }
  EXPECT_EQ(keys->key_count(), 1023u);
  EXPECT_FALSE(*keys->RotateIfDue(kNow + 2000 * static_cast<int64_t>(kWeek)));
  EXPECT_EQ(keys->active(), 1023u);
}

TEST_F(GroupKeysTest, StaticModeKeepsItsKey) {
  auto keys = Make();
  EXPECT_FALSE(*keys->RotateIfDue(kNow + 100 * static_cast<int64_t>(kWeek)));
  EXPECT_ERRNO(keys->TurnOn(KeyMode::kStatic, kWeek, kNow), EINVAL);
  EXPECT_ERRNO(keys->TurnOn(KeyMode::kInternal, kWeek - 1, kNow), EINVAL);
  ASSERT_OK(keys->TurnOn(KeyMode::kInternal, kWeek, kNow));
  EXPECT_TRUE(*keys->RotateIfDue(kNow + static_cast<int64_t>(kWeek)));
}

TEST_F(GroupKeysTest, OneDamagedOrMissingCopyCostsNothingAndIsMadeWhole) {
  const std::string unit = Seal(*Make(), "kept");
  for (const char* path : {"/g/keys", "/g/keys.copy"}) {
    for (bool remove : {false, true}) {
      SCOPED_TRACE(path);
      if (remove) {
        ASSERT_OK(fs_.RemoveFile(path));
      } else {
        Damage(path);
      }
      auto keys = Open();
      ASSERT_OK(keys->Unlock(kFirst));
      EXPECT_EQ(*Unseal(*keys, unit), "kept");
      EXPECT_EQ(*io::ReadFile(fs_, "/g/keys"), *io::ReadFile(fs_, "/g/keys.copy"));
    }
  }
}

TEST_F(GroupKeysTest, AFullDiskDoesNotKeepAGroupWithOneCopyLocked) {
  const std::string unit = Seal(*Make(), "kept");
  Damage("/g/keys.copy");
  fs_.FailMatching(io::Op::kWrite, "/g/keys", ENOSPC);
  auto keys = Open();
  ASSERT_OK(keys->Unlock(kFirst));
  EXPECT_EQ(*Unseal(*keys, unit), "kept");
  fs_.ClearFaults();
  ASSERT_OK(keys->SetNamesConverted());
  EXPECT_EQ(*io::ReadFile(fs_, "/g/keys"), *io::ReadFile(fs_, "/g/keys.copy"));
}

// As after a passphrase was to be changed, the second write failed, and the first was undone by
// another change under the old one.
TEST_F(GroupKeysTest, CopiesOfOneGenerationThatDifferAreMadeEqual) {
  (void)Make();
  ASSERT_OK_AND_ASSIGN(std::string before, io::ReadFile(fs_, "/g/keys"));
  {
    auto keys = Open();
    ASSERT_OK(keys->Unlock(kFirst));
    ASSERT_OK(keys->SetPassphrase(kSecond, kNow + 1));
  }
  ASSERT_OK_AND_ASSIGN(std::string second, io::ReadFile(fs_, "/g/keys"));
  ASSERT_OK(io::WriteFileAtomically(fs_, "/g/keys", before));
  ASSERT_OK(io::WriteFileAtomically(fs_, "/g/keys.copy", before));
  {
    auto keys = Open();
    ASSERT_OK(keys->Unlock(kFirst));
    ASSERT_OK(keys->SetNamesConverted());
  }
  ASSERT_OK(io::WriteFileAtomically(fs_, "/g/keys.copy", second));
  auto keys = Open();
  EXPECT_THAT(keys->Unlock(kSecond), StatusIs(absl::StatusCode::kPermissionDenied));
  ASSERT_OK(keys->Unlock(kFirst));
  EXPECT_EQ(*io::ReadFile(fs_, "/g/keys"), *io::ReadFile(fs_, "/g/keys.copy"));
}

TEST_F(GroupKeysTest, BothCopiesDamagedSaysSoAndTouchesNothing) {
  (void)Make();
  ASSERT_OK_AND_ASSIGN(std::string whole, io::ReadFile(fs_, "/g/keys"));
  Damage("/g/keys");
  Damage("/g/keys.copy", 90);
  auto keys = Open();
  EXPECT_EQ(keys->state(), State::kUnusable);
  EXPECT_THAT(keys->Ready(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_FALSE(keys->Unlock(kFirst).ok());
  EXPECT_FALSE(keys->SetPassphrase(kSecond, kNow).ok());
  EXPECT_FALSE(keys->TurnOn(KeyMode::kStatic, 0, kNow).ok());
  ASSERT_OK(io::WriteFileAtomically(fs_, "/g/keys", whole));
  EXPECT_OK(Open()->Unlock(kFirst));
}

TEST_F(GroupKeysTest, AMissingRingIsAnErrorWhereOneIsWanted) {
  (void)Make();
  ASSERT_OK(fs_.RemoveFile("/g/keys"));
  ASSERT_OK(fs_.RemoveFile("/g/keys.copy"));
  auto keys = Open(/*wanted=*/true);
  EXPECT_EQ(keys->state(), State::kUnusable);
  EXPECT_ERRNO(keys->Ready(), ENOKEY);
}

TEST_F(GroupKeysTest, TheRingOfAnotherGroupIsRefused) {
  (void)Make();
  EXPECT_EQ(Open(true, /*group=*/2)->state(), State::kUnusable);
}

TEST_F(GroupKeysTest, AKeyThatIsNotInTheRingIsNamedAndIsNoDamage) {
  auto keys = Make(KeyMode::kInternal, kWeek);
  ASSERT_OK_AND_ASSIGN(std::string old_ring, io::ReadFile(fs_, "/g/keys"));
  ASSERT_TRUE(*keys->RotateIfDue(kNow + static_cast<int64_t>(kWeek)));
  const std::string unit = Seal(*keys, "under key 2");
  ASSERT_OK(io::WriteFileAtomically(fs_, "/g/keys", old_ring));
  ASSERT_OK(io::WriteFileAtomically(fs_, "/g/keys.copy", old_ring));
  auto again = Open();
  ASSERT_OK(again->Unlock(kFirst));
  absl::Status status = Unseal(*again, unit).status();
  EXPECT_ERRNO(status, ENOKEY);
  EXPECT_NE(MessageOf(status).find("content key 2"), std::string_view::npos) << status;
}

// The power goes at each disk call of the whole life of a ring. Afterwards one of the passphrases
// that were set last opens it, and what was encrypted before can be read.
TEST_F(GroupKeysTest, PowerCutAtEveryCallLeavesARingThatOpens) {
  bool was_cut = true;
  for (uint64_t n = 1; was_cut; ++n) {
    SCOPED_TRACE(n);
    io::FaultFileSystem disk;
    ASSERT_OK(disk.CreateDir("/g"));
    ASSERT_OK(disk.SyncDir("/"));
    std::vector<std::string> may_open;  // empty: also that there is none
    bool must_exist = false, must_encrypt = false;
    std::vector<std::string> units;
    disk.CutPowerAt(n);
    {
      auto keys = GroupKeys::Open(disk, "/g", GroupId(1), false, kCheap);
      auto run = [&]() -> absl::Status {
        may_open = {kFirst};
        OCA_RETURN_IF_ERROR(keys->SetPassphrase(kFirst, kNow));
        must_exist = true;
        OCA_RETURN_IF_ERROR(keys->TurnOn(KeyMode::kInternal, kWeek, kNow));
        must_encrypt = true;
        units.push_back(Seal(*keys, "unit 0"));
        OCA_RETURN_IF_ERROR(keys->RotateIfDue(kNow + static_cast<int64_t>(kWeek)).status());
        units.push_back(Seal(*keys, "unit 1"));
        may_open = {kFirst, kSecond};
        OCA_RETURN_IF_ERROR(keys->SetPassphrase(kSecond, kNow + 1));
        may_open = {kSecond};
        OCA_RETURN_IF_ERROR(keys->RotateIfDue(kNow + 2 * static_cast<int64_t>(kWeek)).status());
        units.push_back(Seal(*keys, "unit 2"));
        return keys->SetNamesConverted();
      };
      absl::Status status = run();
      was_cut = disk.PowerIsCut();
      ASSERT_EQ(status.ok(), !was_cut) << status;
    }
    disk.PowerCycle(n);
    auto keys = GroupKeys::Open(disk, "/g", GroupId(1), must_exist, kCheap);
    if (!must_exist && keys->state() == State::kNone) continue;
    bool opened = false;
    for (const std::string& passphrase : may_open) opened |= keys->Unlock(passphrase).ok();
    ASSERT_TRUE(opened) << keys->Ready();
    EXPECT_TRUE(!must_encrypt || keys->info().encrypting);
    for (size_t i = 0; i < units.size(); ++i) {
      ASSERT_OK_AND_ASSIGN(std::string plain, Unseal(*keys, units[i]));
      EXPECT_EQ(plain, "unit " + std::to_string(i));
    }
    EXPECT_OK(keys->SetPassphrase("third passphrase", kNow + 2));
  }
}

TEST_F(GroupKeysTest, SealedFileComesBackAndFindsEveryDamage) {
  constexpr size_t kBlock = 16384;
  auto keys = Make();
  SealedFiles files(fs_, *keys);
  for (size_t size : {size_t{0}, size_t{1}, size_t{5000}, kBlock, kBlock + 1, 5 * kBlock / 2}) {
    SCOPED_TRACE(size);
    const std::string bytes = support::RandomBytes(size, size);
    ASSERT_OK_AND_ASSIGN(auto out, files.Open("/g/f", io::OpenMode::kTruncate));
    for (size_t at = 0; at < size; at += 7'000) {
      ASSERT_OK(out->WriteAt(at, std::string_view(bytes).substr(at, 7'000)));
    }
    ASSERT_OK(out->Sync());
    ASSERT_OK_AND_ASSIGN(auto in, files.Open("/g/f", io::OpenMode::kRead));
    ASSERT_OK_AND_ASSIGN(uint64_t found, in->Size());
    EXPECT_EQ(found, size);
    std::string back(size + 10, 'x');
    ASSERT_OK_AND_ASSIGN(size_t n, in->ReadAt(0, {back.data(), back.size()}));
    back.resize(n);
    EXPECT_EQ(back, bytes);
    ASSERT_OK_AND_ASSIGN(std::string stored, io::ReadFile(fs_, "/g/f"));
    if (size > 100) {
      EXPECT_EQ(stored.find(bytes.substr(50, 20)), std::string::npos);
    }
    // Cut short at the end of a block, it must not read as a shorter file.
    if (size > kBlock) {
      ASSERT_OK(io::WriteFileAtomically(fs_, "/g/f", stored.substr(0, kBlock + 69)));
      ASSERT_OK_AND_ASSIGN(auto cut, files.Open("/g/f", io::OpenMode::kRead));
      EXPECT_TRUE(absl::IsDataLoss(cut->ReadAt(0, {back.data(), 10}).status()));
    }
  }
  Damage("/g/f", 100);
  ASSERT_OK_AND_ASSIGN(auto in, files.Open("/g/f", io::OpenMode::kRead));
  char byte = 0;
  EXPECT_TRUE(absl::IsDataLoss(in->ReadAt(0, {&byte, 1}).status()));
}

// --- Packs ---

class SealedPackTest : public GroupKeysTest {
 protected:
  SealedPackTest() : keys_(Make()), pack_(PackId(1)) {
    auto store = OpenLocalPackStore(fs_, "/packs", GroupId(1), keys_.get());
    EXPECT_OK(store);
    store_ = *std::move(store);
    pack_.footer.key = keys_->active();
    auto writer = store_->Create(PackId(1));
    EXPECT_OK(writer);
    for (uint64_t seed : {1, 2, 3}) {
      TestGroup group = MakeGroup(seed, 150);
      group.encoded = *keys_->Seal(keys_->active(), SealedKind::kGroup, 1, group.encoded);
      EXPECT_OK(pack_.Append(**writer, group));
    }
    EXPECT_OK((*writer)->Seal(pack_.footer));
    bytes_ = *io::ReadFile(fs_, kPath);
  }
  void SetContents(std::string_view bytes) {
    auto file = fs_.Open(kPath, io::OpenMode::kTruncate);
    ASSERT_OK(file);
    ASSERT_OK((*file)->WriteAt(0, bytes));
  }

  static constexpr char kPath[] = "/packs/01/0000000000000001.pack";
  std::unique_ptr<GroupKeys> keys_;
  std::unique_ptr<PackStore> store_;
  TestPack pack_;
  std::string bytes_;
};

TEST_F(SealedPackTest, FooterAndGroupsComeBack) {
  ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->ReadFooter(PackId(1)));
  EXPECT_EQ(footer, pack_.footer);
  for (size_t g = 0; g < 3; ++g) {
    const format::FooterGroup& place = footer.groups[g];
    ASSERT_OK_AND_ASSIGN(std::string stored,
                         store_->Read(PackId(1), place.file_offset, place.encoded_size));
    ASSERT_OK_AND_ASSIGN(std::string plain, DecryptGroup(keys_.get(), PackId(1), stored));
    ASSERT_OK_AND_ASSIGN(format::DecodedGroup group, format::DecodeGroup(plain));
    EXPECT_EQ(group.header, pack_.groups[g].header);
  }
}

TEST_F(SealedPackTest, NoFingerprintAndNoChunkStandsInTheFile) {
  for (const TestGroup& group : pack_.groups) {
    for (const Fingerprint& fp : group.fps) {
      EXPECT_EQ(bytes_.find(fp.view().substr(0, 8)), std::string::npos);
    }
    for (const std::string& chunk : group.chunks) {
      if (chunk.size() < 8) continue;
      EXPECT_EQ(bytes_.find(chunk.substr(0, 8)), std::string::npos);
    }
  }
  EXPECT_EQ(bytes_.find("OCAGROUP"), std::string::npos);
  EXPECT_EQ(bytes_.find("OCAFOOTR"), std::string::npos);
}

TEST_F(SealedPackTest, TornAtEveryByteKeepsTheWholeGroups) {
  for (size_t size = 0; size < bytes_.size(); ++size) {
    SCOPED_TRACE(size);
    SetContents(bytes_.substr(0, size));
    size_t whole = 0;
    for (const format::FooterGroup& group : pack_.footer.groups) {
      whole += group.file_offset + group.encoded_size <= size;
    }
    auto footer = store_->Recover(PackId(1));
    if (whole == 0) {
      EXPECT_ERRNO(footer, ENOENT);
      continue;
    }
    ASSERT_OK(footer);
    EXPECT_EQ(footer->groups.size(), whole);
    EXPECT_EQ(footer->key, keys_->active());
    for (size_t g = 0; g < whole; ++g) EXPECT_TRUE(HoldsGroup(*store_, *footer, pack_.groups[g]));
    ASSERT_OK_AND_ASSIGN(format::PackFooter again, store_->ReadFooter(PackId(1)));
    EXPECT_EQ(again, *footer);
  }
}

TEST_F(SealedPackTest, DamagedGroupInTheMiddleIsSkipped) {
  const uint64_t begin = pack_.footer.groups[1].file_offset;
  for (uint64_t at = begin; at < begin + pack_.footer.groups[1].encoded_size; ++at) {
    std::string damaged = bytes_.substr(0, bytes_.size() - 40);
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    SetContents(damaged);
    ASSERT_OK_AND_ASSIGN(format::PackFooter footer, store_->Recover(PackId(1)));
    EXPECT_EQ(footer.groups.size(), 2u) << at;
  }
}

TEST_F(SealedPackTest, WithoutTheKeyAPackIsLeftAsItIs) {
  ASSERT_OK_AND_ASSIGN(auto keyless, OpenLocalPackStore(fs_, "/packs", GroupId(1)));
  EXPECT_ERRNO(keyless->ReadFooter(PackId(1)), ENOKEY);
  EXPECT_ERRNO(keyless->Recover(PackId(1)), ENOKEY);
  const std::string torn = bytes_.substr(0, bytes_.size() - 10);
  SetContents(torn);
  EXPECT_ERRNO(keyless->Recover(PackId(1)), ENOKEY);
  EXPECT_EQ(*io::ReadFile(fs_, kPath), torn);
  EXPECT_OK(store_->Recover(PackId(1)));
}

}  // namespace
}  // namespace oca::store
