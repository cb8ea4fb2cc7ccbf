// Recycle bins on the whole engine: contents survive the cleaner, open files, expiry, and the power
// going at every call.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "gmock/gmock.h"
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

using support::RandomBytes;

absl::StatusOr<std::string> ReadAll(Filesystem& filesystem, InodeNo ino) {
  OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem.Open(ino, O_RDONLY));
  absl::StatusOr<ReadResult> read = filesystem.Read(handle, 0, 64u << 20);
  filesystem.Release(handle);
  OCA_RETURN_IF_ERROR(read.status());
  return read->Joined();
}

// The container's files by name, and what its bin holds, in order, as "bin <n> <path>".
absl::StatusOr<State> ReadWithBin(Filesystem& filesystem) {
  OCA_ASSIGN_OR_RETURN(State state, ReadState(filesystem));
  for (const Container& container : filesystem.ListContainers()) {
    OCA_ASSIGN_OR_RETURN(const auto bin, filesystem.ListRecycled(container.id, {}, 1000));
    int n = 0;
    for (const RecycledVersion& version : bin) {
      OCA_ASSIGN_OR_RETURN(state["bin " + std::to_string(n++) + " " + version.path],
                           ReadAll(filesystem, version.place.ino));
    }
  }
  return state;
}

void Reclaim(Filesystem& filesystem) {
  ASSERT_OK(filesystem.StartReclaim());
  WaitWhile([&] { return filesystem.GetCleanerStatus().state == JobState::kRunning; });
  ASSERT_EQ(filesystem.GetCleanerStatus().state, JobState::kDone)
      << filesystem.GetCleanerStatus().error;
}

// Container "c", whose bin is on, and what changes it; keeps every state that it passed through.
class Script {
 public:
  explicit Script(Filesystem& filesystem) : filesystem_(filesystem) {}

  const std::vector<State>& states() const { return states_; }
  size_t acknowledged() const { return acknowledged_; }
  ContainerId container() const { return container_; }
  InodeNo root() const { return root_; }

  absl::Status MakeContainer() {
    OCA_ASSIGN_OR_RETURN(const StorageGroup group,
                         filesystem_.AddGroup({.name = "g", .chunk_target_bytes = 8192}));
    OCA_ASSIGN_OR_RETURN(const Container made,
                         filesystem_.AddContainer({.name = "c", .group = group.id}));
    container_ = made.id;
    root_ = made.root;
    return filesystem_.SetRecycleBin(container_, {.on = true, .days = 7}).status();
  }
  absl::Status Put(const std::string& name, const std::string& data) {
    live_[name] = "";
    MayHappen();
    OCA_ASSIGN_OR_RETURN(const Inode inode,
                         filesystem_.Create(root_, name, {.mode = S_IFREG | 0644}));
    live_[name] = data;
    MayHappen();
    OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem_.Open(inode.ino, O_WRONLY));
    absl::Status status = filesystem_.Write(handle, 0, data, false).status();
    if (status.ok()) status = filesystem_.Fsync(inode.ino);
    filesystem_.Release(handle);
    return Acknowledge(status);
  }
  absl::Status Remove(const std::string& name) {
    bin_.emplace_back(name, live_[name]);
    live_.erase(name);
    MayHappen();
    return filesystem_.Unlink(root_, name);
  }
  absl::Status Replace(const std::string& from, const std::string& to) {
    bin_.emplace_back(to, live_[to]);
    live_[to] = live_[from];
    live_.erase(from);
    MayHappen();
    return filesystem_.Rename(root_, from, root_, to, 0);
  }
  absl::Status Restore(size_t n, const std::string& to) {
    OCA_ASSIGN_OR_RETURN(const auto bin, filesystem_.ListRecycled(container_, {}, 1000));
    live_[to] = bin_[n].second;
    bin_.erase(bin_.begin() + static_cast<ptrdiff_t>(n));
    MayHappen();
    return Acknowledge(
        filesystem_.RestoreRecycled(container_, {.version = bin[n].place.ino, .to = to}).status());
  }
  absl::Status PurgeAll() {
    bin_.clear();
    MayHappen();
    return Acknowledge(filesystem_.PurgeRecycled(container_, std::nullopt, INT64_MAX).status());
  }
  absl::Status Sync() { return Acknowledge(filesystem_.Sync()); }

  absl::Status Run() {
    OCA_RETURN_IF_ERROR(MakeContainer());
    OCA_RETURN_IF_ERROR(Put("a", RandomBytes(40'000, 1)));
    OCA_RETURN_IF_ERROR(Put("b", RandomBytes(30'000, 2)));
    OCA_RETURN_IF_ERROR(Remove("a"));
    OCA_RETURN_IF_ERROR(Put("a", RandomBytes(20'000, 3)));
    OCA_RETURN_IF_ERROR(Replace("a", "b"));
    OCA_RETURN_IF_ERROR(Sync());
    OCA_RETURN_IF_ERROR(filesystem_.StartReclaim());
    WaitWhile([&] { return filesystem_.GetCleanerStatus().state == JobState::kRunning; });
    OCA_RETURN_IF_ERROR(Restore(0, "first-a"));
    OCA_RETURN_IF_ERROR(Remove("b"));
    OCA_RETURN_IF_ERROR(PurgeAll());
    return Sync();
  }

 private:
  void MayHappen() {
    State state = live_;
    for (size_t n = 0; n < bin_.size(); ++n) {
      state["bin " + std::to_string(n) + " " + bin_[n].first] = bin_[n].second;
    }
    states_.push_back(std::move(state));
  }
  absl::Status Acknowledge(absl::Status status) {
    if (status.ok()) acknowledged_ = states_.size() - 1;
    return status;
  }

  Filesystem& filesystem_;
  ContainerId container_;
  InodeNo root_;
  State live_;
  std::vector<std::pair<std::string, std::string>> bin_;
  std::vector<State> states_{State()};
  size_t acknowledged_ = 0;
};

TEST(EngineRecycleBin, ScriptDoesWhatItSays) {
  io::FaultFileSystem disk;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk));
  Script script(*filesystem);
  ASSERT_OK(script.Run());
  ASSERT_OK_AND_ASSIGN(const State state, ReadWithBin(*filesystem));
  EXPECT_EQ(state, script.states().back());
  ExpectSound(*filesystem);
  ASSERT_OK(filesystem->Stop());
}

TEST(EngineRecycleBin, CleanerKeepsWhatTheBinHoldsAndTakesItAfterThePurge) {
  io::FaultFileSystem disk;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk));
  Script script(*filesystem);
  ASSERT_OK(script.MakeContainer());
  const std::string data = RandomBytes(300'000, 1);
  ASSERT_OK(script.Put("f", data));
  ASSERT_OK(script.Remove("f"));
  ASSERT_NO_FATAL_FAILURE(Reclaim(*filesystem));
  ASSERT_OK_AND_ASSIGN(ContainerStats stats, filesystem->StatsOfContainer(script.container()));
  EXPECT_EQ(stats.recycled_files, 1u);
  EXPECT_EQ(stats.recycled_bytes, data.size());
  EXPECT_EQ(stats.bytes.current_bytes, data.size());
  EXPECT_GE(stats.bytes.physical_bytes, data.size());
  ASSERT_OK(filesystem->Stop());
  filesystem.reset();
  ASSERT_OK_AND_ASSIGN(filesystem, OpenForTest(disk));
  ASSERT_OK_AND_ASSIGN(const auto bin, filesystem->ListRecycled(script.container(), {}, 10));
  ASSERT_EQ(bin.size(), 1u);
  EXPECT_EQ(*ReadAll(*filesystem, bin[0].place.ino), data);
  ASSERT_OK_AND_ASSIGN(const PurgeOutcome purged,
                       filesystem->PurgeRecycled(script.container(), std::nullopt, INT64_MAX));
  EXPECT_EQ(purged.inodes, 1u);
  EXPECT_EQ(purged.bytes, data.size());
  ASSERT_NO_FATAL_FAILURE(Reclaim(*filesystem));
  ASSERT_OK_AND_ASSIGN(stats, filesystem->StatsOfContainer(script.container()));
  EXPECT_EQ(stats.recycled_files, 0u);
  EXPECT_LT(stats.bytes.physical_bytes, data.size() / 10);
  ExpectSound(*filesystem);
  ASSERT_OK(filesystem->Stop());
}

TEST(EngineRecycleBin, OpenFileThatIsDeletedIsWrittenInTheBinAndOutlivesItsPurge) {
  io::FaultFileSystem disk;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk));
  Script script(*filesystem);
  ASSERT_OK(script.MakeContainer());
  ASSERT_OK(script.Put("f", "before"));
  ASSERT_OK_AND_ASSIGN(const Inode inode, filesystem->Lookup(script.root(), "f"));
  ASSERT_OK_AND_ASSIGN(Handle * handle, filesystem->Open(inode.ino, O_RDWR));
  ASSERT_OK(script.Remove("f"));
  ASSERT_OK(filesystem->Write(handle, 0, "after, and longer", false));
  ASSERT_OK(filesystem->Fsync(inode.ino));
  EXPECT_EQ(filesystem->GetRecycleBin(script.container())->bytes, 17u);
  ASSERT_OK(filesystem->PurgeRecycled(script.container(), inode.ino, 0));
  EXPECT_EQ(filesystem->GetRecycleBin(script.container())->inodes, 0u);
  EXPECT_EQ(filesystem->Read(handle, 0, 100)->Joined(), "after, and longer");
  filesystem->Release(handle);
  EXPECT_ERRNO(filesystem->GetAttr(inode.ino), ENOENT);
  ExpectSound(*filesystem);
  ASSERT_OK(filesystem->Stop());
}

TEST(EngineRecycleBin, RestoringATimeTakesTheNewestOfEachPathAndWholeTrees) {
  io::FaultFileSystem disk;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk));
  std::vector<std::string> told;
  filesystem->SetNamesListener([&](InodeNo, const std::string& name) { told.push_back(name); });
  Script script(*filesystem);
  ASSERT_OK(script.MakeContainer());
  ASSERT_OK_AND_ASSIGN(const Inode dir,
                       filesystem->Create(script.root(), "d", {.mode = S_IFDIR | 0700}));
  ASSERT_OK(filesystem->Create(dir.ino, "inside", {.mode = S_IFREG | 0600}));
  for (const char* data : {"one", "two", "three"}) {
    ASSERT_OK(script.Put("f", data));
    ASSERT_OK(script.Remove("f"));
  }
  ASSERT_OK(script.Put("taken", "old"));
  ASSERT_OK(script.Remove("taken"));
  ASSERT_OK(script.Put("taken", "new"));
  ASSERT_OK(filesystem->Unlink(dir.ino, "inside"));
  ASSERT_OK(filesystem->Rmdir(script.root(), "d"));
  ASSERT_OK_AND_ASSIGN(const RestoreOutcome none,
                       filesystem->RestoreRecycled(script.container(), {.until_ns = 1}));
  EXPECT_EQ(none.restored + none.skipped, 0u);
  ASSERT_OK_AND_ASSIGN(const RestoreOutcome all,
                       filesystem->RestoreRecycled(script.container(), {}));
  EXPECT_EQ(all.restored, 3u);  // d, d/inside, f
  EXPECT_EQ(all.skipped, 3u);   // two older versions of f, and the old one of what is taken
  EXPECT_THAT(told, testing::ElementsAre("d", "inside", "f"));
  ASSERT_OK_AND_ASSIGN(const Inode again, filesystem->Lookup(script.root(), "d"));
  EXPECT_EQ(again.ino, dir.ino);
  EXPECT_OK(filesystem->Lookup(dir.ino, "inside"));
  EXPECT_EQ(*ReadAll(*filesystem, filesystem->Lookup(script.root(), "f")->ino), "three");
  EXPECT_EQ(*ReadAll(*filesystem, filesystem->Lookup(script.root(), "taken")->ino), "new");
  EXPECT_ERRNO(
      filesystem->RestoreRecycled(script.container(), {.version = InodeNo(99999), .to = ""})
          .status(),
      ENOENT);
  ExpectSound(*filesystem);
  ASSERT_OK(filesystem->Stop());
}

TEST(EngineRecycleBin, ExpiresByItself) {
  io::FaultFileSystem disk;
  support::FakeClock clock;
  Options options;
  options.fs = &disk;
  options.clock = &clock;
  options.dir = "/oca";
  options.memory_budget_bytes = 32u << 20;
  options.workers = 1;
  options.reserve_bytes = 1;
  ASSERT_OK_AND_ASSIGN(auto filesystem, Filesystem::Open(options));
  Script script(*filesystem);
  ASSERT_OK(script.MakeContainer());
  ASSERT_OK(script.Put("f", "data"));
  ASSERT_OK(script.Remove("f"));
  const auto held = [&] { return filesystem->GetRecycleBin(script.container())->inodes; };
  EXPECT_EQ(held(), 1u);
  clock.Advance(absl::Hours(24 * 7) + absl::Seconds(1));
  WaitWhile([&] { return held() != 0; });
  EXPECT_EQ(held(), 0u);
  EXPECT_EQ(filesystem->StatsOfContainer(script.container())->files, 0u);
  ASSERT_OK(filesystem->Stop());
}

void CutRecyclingAt(uint64_t n, bool* was_cut) {
  SCOPED_TRACE("power cut at call " + std::to_string(n));
  io::FaultFileSystem disk;
  std::vector<State> states{State()};
  size_t acknowledged = 0;
  disk.CutPowerAt(n);
  {
    absl::StatusOr<std::unique_ptr<Filesystem>> opened = OpenForTest(disk);
    if (opened.ok()) {
      Script script(**opened);
      absl::Status result = script.Run();
      if (result.ok()) result = (*opened)->Stop();
      if (!disk.PowerIsCut()) {
        ASSERT_OK(result);
      }
      states = script.states();
      acknowledged = script.acknowledged();
    }
  }
  *was_cut = disk.PowerIsCut();
  disk.PowerCycle(n);
  ASSERT_OK_AND_ASSIGN(auto reopened, OpenForTest(disk));
  ASSERT_OK_AND_ASSIGN(const State found, ReadWithBin(*reopened));
  EXPECT_TRUE(std::find(states.begin() + static_cast<ptrdiff_t>(acknowledged), states.end(),
                        found) != states.end())
      << "state " << acknowledged << " was acknowledged, and what came back is none from there on";
  ExpectSound(*reopened);
  ASSERT_OK(reopened->Stop());
}

TEST(EngineRecycleBin, PowerCutLeavesADeletionDoneWithItsPlaceInTheBinOrNotDone) {
  bool was_cut = true;
  uint64_t n = 1;
  for (; was_cut && !::testing::Test::HasFailure(); ++n) CutRecyclingAt(n, &was_cut);
  RecordProperty("calls", static_cast<int>(n));
  EXPECT_GT(n, 80u);
}

}  // namespace
}  // namespace oca::engine
