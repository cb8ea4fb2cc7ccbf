// Encodings of records: bytes as documented, round trips, refusal of everything else.
#include "fs/names/records.h"

#include <sys/stat.h>

#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::names {
namespace {

using absl::StatusCode::kDataLoss;
using support::StatusIs;

Inode SomeInode() {
  Inode inode;
  inode.ino = InodeNo(300);
  inode.container = ContainerId(2);
  inode.mode = S_IFREG | 04755;
  inode.flags = kInodeHasXattrs | kInodeHasAccessAcl;
  inode.uid = 0xfffffffe;
  inode.gid = 1;
  inode.nlink = 3;
  inode.rdev = UINT64_MAX;
  inode.size = uint64_t{1} << 60;
  inode.data_bytes = 4096;
  inode.atime_ns = -1;
  inode.mtime_ns = INT64_MIN;
  inode.ctime_ns = INT64_MAX;
  inode.btime_ns = 0x0102030405060708;
  inode.parent = InodeNo(1);
  inode.entries = 5;
  inode.retain_until_ns = 300;
  inode.content = std::string("a\0b", 3);
  return inode;
}

StorageGroup SomeGroup() {
  return {.id = GroupId(7),
          .name = "g",
          .compression = GroupCompression::kLz4,
          .chunk_target_bytes = 8192,
          .quota_bytes = 1000};
}

Container SomeContainer() {
  return {.id = ContainerId(3),
          .name = "c",
          .group = GroupId(7),
          .root = InodeNo(9),
          .deleting = true,
          .created_ns = -5,
          .marker = ContainerMarker::kTar,
          .retention = {.mode = RetentionMode::kCompliance,
                        .min_seconds = 1,
                        .max_seconds = 300,
                        .default_seconds = 2,
                        .auto_lock_seconds = 3}};
}

// Every cut of `good`, and `good` with more behind it, is refused as damage.
template <typename Decode>
void ExpectOnlyWhole(const std::string& good, Decode decode) {
  EXPECT_OK(decode(good));
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_THAT(decode(good.substr(0, length)), StatusIs(kDataLoss)) << length;
  }
  EXPECT_THAT(decode(good + std::string(1, '\0')), StatusIs(kDataLoss));
  for (char version : {'\0', '\2', '\xff'}) {
    EXPECT_THAT(decode(version + good.substr(1)), StatusIs(kDataLoss)) << int{version};
  }
}

TEST(Records, InodeComesBackWhole) {
  const Inode inode = SomeInode();
  ASSERT_OK_AND_ASSIGN(const Inode back, DecodeInode(EncodeInode(inode)));
  EXPECT_EQ(back.ino, inode.ino);
  EXPECT_EQ(back.container, inode.container);
  EXPECT_EQ(back.mode, inode.mode);
  EXPECT_EQ(back.flags, inode.flags);
  EXPECT_EQ(back.uid, inode.uid);
  EXPECT_EQ(back.gid, inode.gid);
  EXPECT_EQ(back.nlink, inode.nlink);
  EXPECT_EQ(back.rdev, inode.rdev);
  EXPECT_EQ(back.size, inode.size);
  EXPECT_EQ(back.data_bytes, inode.data_bytes);
  EXPECT_EQ(back.atime_ns, inode.atime_ns);
  EXPECT_EQ(back.mtime_ns, inode.mtime_ns);
  EXPECT_EQ(back.ctime_ns, inode.ctime_ns);
  EXPECT_EQ(back.btime_ns, inode.btime_ns);
  EXPECT_EQ(back.parent, inode.parent);
  EXPECT_EQ(back.entries, inode.entries);
  EXPECT_EQ(back.retain_until_ns, inode.retain_until_ns);
  EXPECT_EQ(back.content, inode.content);
}

// The bytes on disk may never change without a new version.
TEST(Records, InodeBytesAreAsDocumented) {
  std::string expected("\x01\xac\x02\x02\xed\x93\x02\x03\xfe\xff\xff\xff\x0f\x01\x03", 15);
  expected += std::string(9, '\xff') + "\x01";     // rdev
  expected += std::string(8, '\x80') + "\x10";     // size
  expected += std::string("\x80\x20\x01\x05", 4);  // data bytes, parent, entries
  expected += "\xac\x02";                          // end of the lock
  expected += std::string(8, '\xff');              // atime
  expected += std::string(7, '\0') + '\x80';       // mtime
  expected += std::string(7, '\xff') + '\x7f';     // ctime
  expected += "\x08\x07\x06\x05\x04\x03\x02\x01";  // btime
  expected += std::string(
      "\x03"
      "a\0b",
      4);
  EXPECT_EQ(EncodeInode(SomeInode()), expected);
}

TEST(Records, OnlyFilesHaveLocks) {
  Inode inode = SomeInode();
  inode.mode = S_IFDIR | 0755;
  EXPECT_THAT(DecodeInode(EncodeInode(inode)), StatusIs(kDataLoss));
  inode = SomeInode();
  inode.retain_until_ns = -1;
  EXPECT_THAT(DecodeInode(EncodeInode(inode)), StatusIs(kDataLoss));
}

TEST(Records, InodeIsRefusedUnlessWhole) { ExpectOnlyWhole(EncodeInode(SomeInode()), DecodeInode); }

TEST(Records, InodeOfAllTypesAndOfNoOther) {
  for (uint32_t type = 0; type <= 0x1f; ++type) {
    Inode inode = SomeInode();
    inode.mode = type << 12 | 0644;
    inode.retain_until_ns = 0;
    const uint32_t bits = type << 12;
    const bool known = bits == S_IFREG || bits == S_IFDIR || bits == S_IFLNK || bits == S_IFIFO ||
                       bits == S_IFSOCK || bits == S_IFCHR || bits == S_IFBLK;
    EXPECT_EQ(DecodeInode(EncodeInode(inode)).ok(), known) << type;
  }
}

TEST(Records, InodeWithoutNumberIsDamage) {
  Inode inode = SomeInode();
  inode.ino = InodeNo(0);
  EXPECT_THAT(DecodeInode(EncodeInode(inode)), StatusIs(kDataLoss));
}

// 32-bit fields are varints on disk, where more bits would fit.
TEST(Records, InodeFieldsBeyondTheirWidthAreDamage) {
  for (int field = 1; field <= 6; ++field) {  // container, mode, flags, uid, gid, nlink
    std::string bytes("\x01\x05", 2);
    for (int i = 1; i <= 6; ++i) {
      PutVarint(&bytes, i == field ? uint64_t{1} << 32 | 0100644 : i == 2 ? 0100644 : 1);
    }
    for (int i = 0; i < 5; ++i) PutVarint(&bytes, 1);
    bytes += std::string(32, '\0') + std::string(1, '\0');
    EXPECT_THAT(DecodeInode(bytes), StatusIs(kDataLoss)) << field;
  }
}

TEST(Records, GroupComesBackWhole) {
  const std::string bytes = EncodeStorageGroup(SomeGroup());
  EXPECT_EQ(bytes, std::string("\x01\x07\0\0\0\x02\0\x20\0\0\xe8\x03\0\0\0\0\0\0\x01g", 20));
  ASSERT_OK_AND_ASSIGN(const StorageGroup back, DecodeStorageGroup(bytes));
  EXPECT_EQ(back.id, GroupId(7));
  EXPECT_EQ(back.name, "g");
  EXPECT_EQ(back.compression, GroupCompression::kLz4);
  EXPECT_EQ(back.chunk_target_bytes, 8192u);
  EXPECT_EQ(back.quota_bytes, 1000u);
  EXPECT_FALSE(back.has_keys);
  ExpectOnlyWhole(bytes, DecodeStorageGroup);
}

TEST(Records, GroupWithKeysComesBackWhole) {
  StorageGroup group = SomeGroup();
  group.has_keys = true;
  const std::string bytes = EncodeStorageGroup(group);
  EXPECT_EQ(bytes, std::string("\x01\x07\0\0\0\x82\0\x20\0\0\xe8\x03\0\0\0\0\0\0\x01g", 20));
  ASSERT_OK_AND_ASSIGN(const StorageGroup back, DecodeStorageGroup(bytes));
  EXPECT_EQ(back.compression, GroupCompression::kLz4);
  EXPECT_TRUE(back.has_keys);
}

TEST(Records, GroupValuesOutOfRangeAreDamage) {
  StorageGroup group = SomeGroup();
  group.id = GroupId(0);
  EXPECT_THAT(DecodeStorageGroup(EncodeStorageGroup(group)), StatusIs(kDataLoss));
  group = SomeGroup();
  group.name.clear();
  EXPECT_THAT(DecodeStorageGroup(EncodeStorageGroup(group)), StatusIs(kDataLoss));
  group = SomeGroup();
  group.compression = static_cast<GroupCompression>(3);
  EXPECT_THAT(DecodeStorageGroup(EncodeStorageGroup(group)), StatusIs(kDataLoss));
}

TEST(Records, ContainerComesBackWhole) {
  const std::string bytes = EncodeContainer(SomeContainer());
  EXPECT_EQ(bytes, std::string("\x01\x03\0\0\0\x07\0\0\0\x09\0\0\0\0\0\0\0\x01"
                               "\xfb\xff\xff\xff\xff\xff\xff\xff\x02"
                               "\x02\x01\xac\x02\x02\x03\x01"
                               "c",
                               35));
  ASSERT_OK_AND_ASSIGN(const Container back, DecodeContainer(bytes));
  EXPECT_EQ(back.id, ContainerId(3));
  EXPECT_EQ(back.name, "c");
  EXPECT_EQ(back.group, GroupId(7));
  EXPECT_EQ(back.root, InodeNo(9));
  EXPECT_TRUE(back.deleting);
  EXPECT_EQ(back.created_ns, -5);
  EXPECT_EQ(back.marker, ContainerMarker::kTar);
  EXPECT_EQ(back.retention, SomeContainer().retention);
  ExpectOnlyWhole(bytes, DecodeContainer);
}

TEST(Records, ContainerValuesOutOfRangeAreDamage) {
  Container container = SomeContainer();
  container.id = ContainerId(0);
  EXPECT_THAT(DecodeContainer(EncodeContainer(container)), StatusIs(kDataLoss));
  container = SomeContainer();
  container.group = GroupId(0);
  EXPECT_THAT(DecodeContainer(EncodeContainer(container)), StatusIs(kDataLoss));
  container = SomeContainer();
  container.marker = static_cast<ContainerMarker>(3);
  EXPECT_THAT(DecodeContainer(EncodeContainer(container)), StatusIs(kDataLoss));
  container = SomeContainer();
  container.root = InodeNo(0);
  EXPECT_THAT(DecodeContainer(EncodeContainer(container)), StatusIs(kDataLoss));
  container = SomeContainer();
  container.name.clear();
  EXPECT_THAT(DecodeContainer(EncodeContainer(container)), StatusIs(kDataLoss));
  std::string bytes = EncodeContainer(SomeContainer());
  bytes[17] = 2;  // deleting
  EXPECT_THAT(DecodeContainer(bytes), StatusIs(kDataLoss));
  container = SomeContainer();
  container.retention.mode = static_cast<RetentionMode>(3);
  EXPECT_THAT(DecodeContainer(EncodeContainer(container)), StatusIs(kDataLoss));
}

TEST(Records, CleanerScheduleComesBackWhole) {
  CleanerSchedule schedule;
  schedule[0] = {0, kDayMinutes};
  schedule[5] = {90, 91};
  const std::string bytes = EncodeCleanerSchedule(schedule);
  ASSERT_OK_AND_ASSIGN(const CleanerSchedule back, DecodeCleanerSchedule(bytes));
  EXPECT_EQ(back, schedule);
  ExpectOnlyWhole(bytes, DecodeCleanerSchedule);
  for (const CleanerWindow& wrong :
       {CleanerWindow{5, 5}, CleanerWindow{6, 5}, CleanerWindow{0, kDayMinutes + 1}}) {
    schedule[1] = wrong;
    EXPECT_FALSE(DecodeCleanerSchedule(EncodeCleanerSchedule(schedule)).ok());
  }
}

TEST(Records, CountersComeBackWhole) {
  const ContainerCounters counters = {.inodes = 1, .files = 2, .current_bytes = UINT64_MAX};
  const std::string bytes = EncodeCounters(counters);
  EXPECT_EQ(bytes,
            std::string("\x01\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 17) + std::string(8, '\xff'));
  ASSERT_OK_AND_ASSIGN(const ContainerCounters back, DecodeCounters(bytes));
  EXPECT_EQ(back, counters);
  ExpectOnlyWhole(bytes, DecodeCounters);
}

// What has to do with a recycle bin is version 2; the rest stays as it was.
TEST(Records, InodeInTheBinComesBackWhole) {
  Inode inode = SomeInode();
  inode.nlink = 0;
  const std::string named = EncodeInode(inode);
  inode.recycled_ns = 5;
  const std::string bytes = EncodeInode(inode);
  // The deletion's time comes behind the end of the lock, whose last byte is 2.
  EXPECT_EQ(bytes[0], '\2');
  const size_t at = named.find(std::string("\xac\x02", 2), 4) + 2;
  EXPECT_EQ(bytes.substr(1), named.substr(1, at - 1) + "\5" + named.substr(at));
  ASSERT_OK_AND_ASSIGN(const Inode back, DecodeInode(bytes));
  EXPECT_EQ(back.recycled_ns, 5);
  EXPECT_EQ(back.content, inode.content);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THAT(DecodeInode(bytes.substr(0, length)), StatusIs(kDataLoss)) << length;
  }
  inode.nlink = 1;
  EXPECT_THAT(DecodeInode(EncodeInode(inode)), StatusIs(kDataLoss));
  inode.nlink = 0;
  inode.recycled_ns = -1;
  EXPECT_THAT(DecodeInode(EncodeInode(inode)), StatusIs(kDataLoss));
}

TEST(Records, ContainerWithABinComesBackWhole) {
  Container container = SomeContainer();
  for (const bool on : {false, true}) {
    container.recycle = {.on = on, .days = 30};
    const std::string bytes = EncodeContainer(container);
    EXPECT_EQ(bytes[0], '\2');
    EXPECT_EQ(bytes.substr(bytes.size() - 4), std::string({on ? '\1' : '\0', '\x1e', '\1', 'c'}));
    ASSERT_OK_AND_ASSIGN(const Container back, DecodeContainer(bytes));
    EXPECT_EQ(back.recycle, container.recycle);
    EXPECT_EQ(back.retention, container.retention);
    EXPECT_EQ(back.name, "c");
  }
  for (const uint32_t days : {1, 6, 31, 255}) {
    container.recycle.days = days;
    EXPECT_THAT(DecodeContainer(EncodeContainer(container)), StatusIs(kDataLoss)) << days;
  }
}

TEST(Records, CountersWithABinComeBackWhole) {
  const ContainerCounters counters = {.inodes = 9,
                                      .files = 8,
                                      .current_bytes = 7,
                                      .recycled_inodes = 3,
                                      .recycled_files = 2,
                                      .recycled_bytes = 1};
  const std::string bytes = EncodeCounters(counters);
  EXPECT_EQ(bytes[0], '\2');
  EXPECT_EQ(bytes.size(), 49u);
  ASSERT_OK_AND_ASSIGN(const ContainerCounters back, DecodeCounters(bytes));
  EXPECT_EQ(back, counters);
  std::string nothing = bytes;
  nothing[25] = '\0';  // of what is in the bin
  EXPECT_THAT(DecodeCounters(nothing), StatusIs(kDataLoss));
}

TEST(Records, RecycledNameComesBackWhole) {
  const std::string bytes =
      EncodeRecycledName({.deleted_ns = -2, .parent = InodeNo(258), .name = "ab"});
  EXPECT_EQ(bytes, "\1\xfe" + std::string(7, '\xff') + "\2\1" + std::string(6, '\0') + "\2ab");
  ASSERT_OK_AND_ASSIGN(const RecycledName back, DecodeRecycledName(bytes));
  EXPECT_EQ(back.deleted_ns, -2);
  EXPECT_EQ(back.parent, InodeNo(258));
  EXPECT_EQ(back.name, "ab");
  ExpectOnlyWhole(bytes, DecodeRecycledName);
  EXPECT_THAT(DecodeRecycledName(EncodeRecycledName({.parent = InodeNo(0), .name = "a"})),
              StatusIs(kDataLoss));
  EXPECT_THAT(DecodeRecycledName(EncodeRecycledName({.parent = InodeNo(1)})), StatusIs(kDataLoss));
}

// What decodes at all encodes to something that decodes to the same.
TEST(Records, RandomBytesNeverCrash) {
  support::Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = EncodeInode(SomeInode());
    for (uint64_t flips = random.Between(1, 4); flips > 0; --flips) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Next());
    }
    const auto inode = DecodeInode(bytes);
    if (!inode.ok()) continue;
    ASSERT_OK_AND_ASSIGN(const Inode again, DecodeInode(EncodeInode(*inode)));
    EXPECT_EQ(EncodeInode(again), EncodeInode(*inode));
  }
}

}  // namespace
}  // namespace oca::names
