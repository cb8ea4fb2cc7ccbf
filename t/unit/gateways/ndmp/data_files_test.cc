// Files to a stream and back, on the machine's file system: what comes back, how little is read for
// it, and that nothing outside the tree is touched.
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateways/ndmp/data/backup.h"
#include "gateways/ndmp/data/recover.h"
#include "gateways/ndmp/data/tar_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/temp_dir.h"
#include "t/unit/gateways/ndmp/file_tree.h"

namespace oca::ndmp {
namespace {

namespace fs = std::filesystem;

class MemoryStream final : public Sink, public Source {
 public:
  absl::Status Write(std::string_view more) override {
    if (bytes.size() + more.size() > limit) return absl::UnavailableError("full");
    bytes += more;
    return absl::OkStatus();
  }
  absl::Status Ask(uint64_t offset, uint64_t length) override {
    EXPECT_EQ(left_, 0u) << "what was asked for before has not been read";
    EXPECT_LE(offset, bytes.size());
    asked.emplace_back(offset, length);
    at_ = offset;
    left_ = length;
    return absl::OkStatus();
  }
  absl::StatusOr<size_t> Read(char* to, size_t room) override {
    // Not as much as there is room for, as with sockets.
    const size_t n =
        std::min({room, static_cast<size_t>(left_), bytes.size() - at_, size_t{70'001}});
    bytes.copy(to, n, at_);
    at_ += n;
    read += n;
    if (left_ != kUnlimited) left_ -= n;
    return n;
  }

  bool asks_cheaply() const override { return cheap; }

  uint64_t left() const { return left_; }
  // What was asked for and read.
  void Forget() {
    asked.clear();
    read = 0;
    left_ = 0;
  }

  std::string bytes;
  bool cheap = false;
  size_t limit = size_t{1} << 40;
  std::vector<std::pair<uint64_t, uint64_t>> asked;
  uint64_t read = 0;

 private:
  uint64_t at_ = 0;
  uint64_t left_ = 0;
};

class Notes final : public Reporter {
 public:
  bool stopped() const override { return stop; }
  void History(std::vector<HistoryEntry> entries) override {
    for (HistoryEntry& entry : entries) history[entry.path] = entry;
  }
  void FileResult(const std::string& name, const absl::Status& status) override {
    results[name] = status;
  }
  void Say(LogType type, const std::string& text) override {
    said.push_back(text);
    if (stop_when_told) stop = true;
  }

  bool stop = false;
  bool stop_when_told = false;
  std::map<std::string, HistoryEntry> history;
  std::map<std::string, absl::Status> results;
  std::vector<std::string> said;
};

class DataFilesTest : public testing::Test {
 protected:
  DataFilesTest() {
    fs::create_directories(Path("c1"));
    fs::create_directories(Path("c2"));
    WriteFile(dir_.Path("outside"), "keep");
  }

  std::string Path(const std::string& below) const { return dir_.Path("mount/" + below); }
  absl::Status Backup(const std::string& top, std::vector<std::string> excluded = {}) {
    return BackUp(tree_, {top, HistoryKind::kFiles, std::move(excluded)}, stream_, notes_);
  }
  RecoverItem Item(const std::string& original, const std::string& target) const {
    RecoverItem item{"/" + original, original, target};
    auto found = notes_.history.find(original);
    if (found != notes_.history.end()) item.offset = found->second.offset;
    return item;
  }
  absl::Status RecoverItems(std::vector<RecoverItem> items, bool direct = false) {
    notes_.results.clear();
    notes_.said.clear();
    stream_.Forget();
    return Recover(tree_, {std::move(items), direct}, stream_, notes_);
  }
  absl::Status ResultOf(const std::string& name) const {
    auto found = notes_.results.find(name);
    return found != notes_.results.end() ? found->second : absl::UnknownError("no result");
  }
  // One entry of a hostile archive.
  void AddEntry(TarWriter& tar, const std::string& path, mode_t type, const std::string& text) {
    ArchiveEntry entry(archive_entry_new());
    archive_entry_copy_pathname(entry.get(), path.c_str());
    archive_entry_set_mode(entry.get(), type | 0700);
    archive_entry_set_size(entry.get(), 0);
    if (type == S_IFREG) archive_entry_set_size(entry.get(), static_cast<int64_t>(text.size()));
    if (type == S_IFLNK) archive_entry_copy_symlink(entry.get(), text.c_str());
    if (type == 0) archive_entry_copy_hardlink(entry.get(), text.c_str());
    ASSERT_TRUE(tar.Begin(entry.get()).ok());
    if (type == S_IFREG) {
      ASSERT_TRUE(tar.Data(text).ok());
    }
    ASSERT_TRUE(tar.End().ok());
  }

  support::TempDir dir_;
  Tree tree_{dir_.Path("mount")};
  MemoryStream stream_;
  Notes notes_;
};

TEST_F(DataFilesTest, ContainersAreListed) {
  WriteFile(Path("file"), "no container");
  fs::create_symlink("/", Path("link"));
  std::vector<Container> containers = tree_.Containers();
  ASSERT_EQ(containers.size(), 2u);
  EXPECT_EQ(containers[0].name, "c1");
  EXPECT_EQ(containers[0].path, Path("c1"));
  EXPECT_GT(containers[0].total_bytes, 0u);
  EXPECT_TRUE(Tree("/nowhere/at/all").Containers().empty());
}

TEST_F(DataFilesTest, EverythingComesBackAsItWas) {
  MakeTree(Path("c1/src"));
  ASSERT_TRUE(Backup("c1/src").ok());
  ASSERT_TRUE(RecoverItems({Item("", "c2/dst")}).ok());
  EXPECT_TRUE(ResultOf("/").ok()) << ResultOf("/");
  EXPECT_EQ(Picture(Path("c2/dst")), Picture(Path("c1/src")));
  // Holes stay holes, and are not in the stream.
  EXPECT_LT(stream_.bytes.size(), 4u << 20);
  struct stat info {};
  ASSERT_EQ(stat(Path("c2/dst/sparse").c_str(), &info), 0);
  EXPECT_LT(info.st_blocks * 512, 1 << 20);
  // Over what is there, and what is not in the backup stays.
  WriteFile(Path("c2/dst/a"), "changed");
  WriteFile(Path("c2/dst/more"), "more");
  // In parts too, of which none goes beyond the stream's end.
  stream_.cheap = true;
  ASSERT_TRUE(RecoverItems({Item("", "c2/dst")}).ok());
  for (auto [offset, length] : stream_.asked) EXPECT_LE(offset + length, stream_.bytes.size());
  EXPECT_EQ(stream_.left(), 0u) << "the mover would be cut off";
  EXPECT_EQ(ReadFile(Path("c2/dst/more")), "more");
  fs::remove(Path("c2/dst/more"));
  ASSERT_TRUE(RecoverItems({Item("", "c2/dst")}).ok());
  EXPECT_EQ(Picture(Path("c2/dst")), Picture(Path("c1/src")));
}

TEST_F(DataFilesTest, TheStreamIsAnOrdinaryTarArchive) {
  MakeTree(Path("c1/src"));
  ASSERT_TRUE(Backup("c1/src").ok());
  WriteFile(dir_.Path("archive.tar"), stream_.bytes);
  fs::create_directory(Path("c2/dst"));
  const std::string archive = dir_.Path("archive.tar");
  const std::string to = Path("c2/dst");
  const pid_t child = fork();
  if (child == 0) {
    execlp("tar", "tar", "--xattrs", "--warning=no-unknown-keyword", "-xpf", archive.c_str(), "-C",
           to.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Picture(to), Picture(Path("c1/src")));
}

TEST_F(DataFilesTest, SomeNamesAreRecoveredElsewhereAndTheRestIsNotRead) {
  MakeTree(Path("c1/src"));
  ASSERT_TRUE(Backup("c1/src").ok());
  ASSERT_TRUE(RecoverItems({Item("a", "c2/new/b"), Item("sub/deep", "c2/d"), Item("a", "c2/twice"),
                            Item("gone", "c2/gone")})
                  .ok());
  EXPECT_EQ(ReadFile(Path("c2/new/b")), "alpha\n");
  EXPECT_EQ(ReadFile(Path("c2/twice")), "alpha\n");
  EXPECT_TRUE(ResultOf("/a").ok());
  EXPECT_TRUE(absl::IsNotFound(ResultOf("/gone")));
  EXPECT_FALSE(fs::exists(Path("c2/gone")));
  EXPECT_EQ(ReadFile(Path("c2/d/not utf-8 \xff\xfe")), "bytes");
  EXPECT_FALSE(fs::exists(Path("c2/sub")));
  // By its offset a file costs what it is long, and a header's part.
  ASSERT_TRUE(RecoverItems({Item("a", "c2/x"), Item("sub/noise", "c2/y")}, true).ok());
  EXPECT_EQ(ReadFile(Path("c2/x")), "alpha\n");
  EXPECT_EQ(ReadFile(Path("c2/y")), ReadFile(Path("c1/src/sub/noise")));
  EXPECT_LT(stream_.read, 3'000'001u + 4 * kTailBytes);
  EXPECT_LE(stream_.read, stream_.bytes.size());
  for (auto [offset, length] : stream_.asked) EXPECT_LE(offset + length, stream_.bytes.size());
}

// Whatever is named by its offset is found there.
TEST_F(DataFilesTest, EachOffsetOfTheHistoryLeadsToItsFile) {
  MakeTree(Path("c1/src"));
  ASSERT_TRUE(Backup("c1/src").ok());
  const auto picture = Picture(Path("c1/src"));
  EXPECT_EQ(notes_.history.size(), picture.size());
  for (const auto& [path, entry] : notes_.history) {
    const std::string top = Path("c2/dst");
    fs::remove_all(top);
    ASSERT_TRUE(RecoverItems({Item(path, "c2/dst")}, true).ok()) << path;
    ASSERT_TRUE(ResultOf("/" + path).ok()) << path << ResultOf("/" + path);
    if (entry.info.st_nlink > 1) {
      // How many names it has differs when it comes alone, and folders have them by nature.
      if (S_ISREG(entry.info.st_mode)) {
        EXPECT_EQ(ReadFile(top), ReadFile(Path("c1/src/" + path))) << path;
      }
    } else {
      EXPECT_EQ(Picture(top)[""], picture.at("/" + path)) << path;
    }
    for (auto [offset, length] : stream_.asked) {
      if (length != kUnlimited) {
        EXPECT_LE(offset + length, stream_.bytes.size()) << path;
      }
    }
  }
}

TEST_F(DataFilesTest, AnotherNameOfAFileNeedsTheFileItself) {
  fs::create_directory(Path("c1/src"));
  WriteFile(Path("c1/src/one"), Noise(100'000));
  fs::create_hard_link(Path("c1/src/one"), Path("c1/src/two"));
  ASSERT_TRUE(Backup("c1/src").ok());
  const bool one_first = notes_.history.at("one").offset < notes_.history.at("two").offset;
  const std::string first = one_first ? "one" : "two";
  const std::string second = one_first ? "two" : "one";
  // Read in one piece, what has gone by is gone.
  ASSERT_TRUE(RecoverItems({Item(second, "c2/x")}).ok());
  EXPECT_FALSE(ResultOf("/" + second).ok());
  EXPECT_THAT(notes_.said, testing::Contains(testing::HasSubstr("another name of /" + first)));
  // By offsets it is looked for.
  ASSERT_TRUE(RecoverItems({Item(second, "c2/x")}, true).ok());
  EXPECT_TRUE(ResultOf("/" + second).ok());
  EXPECT_EQ(ReadFile(Path("c2/x")), Noise(100'000));
  ASSERT_TRUE(RecoverItems({Item("one", "c2/p"), Item("two", "c2/q")}).ok());
  EXPECT_EQ(fs::hard_link_count(Path("c2/p")), 2u);
  EXPECT_TRUE(fs::equivalent(Path("c2/p"), Path("c2/q")));
}

TEST_F(DataFilesTest, PatternsAreLeftOut) {
  fs::create_directories(Path("c1/src/tmp/x"));
  fs::create_directories(Path("c1/src/keep/tmp2"));
  WriteFile(Path("c1/src/a.o"), "");
  WriteFile(Path("c1/src/keep/b.o"), "");
  WriteFile(Path("c1/src/keep/c"), "");
  ASSERT_TRUE(Backup("c1/src", {"*.o", "/keep/tmp2", "tmp"}).ok());
  std::vector<std::string> names;
  for (const auto& [path, entry] : notes_.history) names.push_back(path);
  EXPECT_THAT(names, testing::ElementsAre("", "keep", "keep/c"));
}

TEST_F(DataFilesTest, WhatIsNotThereIsSaidSo) {
  EXPECT_TRUE(absl::IsNotFound(Backup("c9")));
  EXPECT_TRUE(absl::IsNotFound(Backup("c1/none")));
  WriteFile(Path("c1/file"), "x");
  EXPECT_FALSE(Backup("c1/file").ok());
  ASSERT_TRUE(Backup("c1").ok());
  // A container that is missing is not made.
  ASSERT_TRUE(RecoverItems({Item("file", "c9/file"), Item("", "c8")}).ok());
  EXPECT_FALSE(ResultOf("/file").ok());
  EXPECT_FALSE(ResultOf("/").ok());
  EXPECT_FALSE(fs::exists(Path("c9")));
  EXPECT_FALSE(fs::exists(Path("c8")));
}

TEST_F(DataFilesTest, NoSymbolicLinkIsFollowed) {
  fs::create_directory(dir_.Path("secret"));
  WriteFile(dir_.Path("secret/key"), "key");
  fs::create_symlink(dir_.Path("secret"), Path("c1/way"));
  EXPECT_FALSE(Backup("c1/way").ok());
  EXPECT_TRUE(stream_.bytes.empty());
  ASSERT_TRUE(Backup("c1").ok());
  EXPECT_EQ(notes_.history.size(), 2u);
  WriteFile(Path("c2/f"), "mine");
  stream_.bytes.clear();
  notes_.history.clear();
  ASSERT_TRUE(Backup("c2").ok());
  ASSERT_TRUE(RecoverItems({Item("f", "c1/way/key"), Item("f", "c1/way")}).ok());
  EXPECT_EQ(ReadFile(dir_.Path("secret/key")), "key");
  // The link itself was replaced, as a name.
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(Path("c1/way"))));
}

TEST_F(DataFilesTest, ArchivesCannotLeadOutOfTheTree) {
  {
    TarWriter tar(stream_);
    AddEntry(tar, "./", S_IFDIR, "");
    AddEntry(tar, "../../outside", S_IFREG, "gone");
    AddEntry(tar, "/../outside", S_IFREG, "gone");
    AddEntry(tar, "./way", S_IFLNK, dir_.path());
    AddEntry(tar, "./way/outside", S_IFREG, "gone");
    AddEntry(tar, "./way/new", S_IFDIR, "");
    AddEntry(tar, "./hard", 0, "../../outside");
    AddEntry(tar, "./hard2", 0, "way/outside");
    AddEntry(tar, "/absolute", S_IFREG, "inside");
    ASSERT_TRUE(tar.Finish().ok());
  }
  ASSERT_TRUE(RecoverItems({Item("", "c1/x")}).ok());
  EXPECT_FALSE(ResultOf("/").ok());
  EXPECT_EQ(ReadFile(dir_.Path("outside")), "keep");
  EXPECT_FALSE(fs::exists(dir_.Path("new")));
  EXPECT_EQ(ReadFile(Path("c1/x/absolute")), "inside");
  EXPECT_FALSE(fs::exists(fs::symlink_status(Path("c1/x/hard"))));
}

TEST_F(DataFilesTest, AFileThatCannotBeMadeLeavesTheOldOne) {
  WriteFile(Path("c1/f"), "new");
  ASSERT_TRUE(Backup("c1").ok());
  fs::create_directories(Path("c2/f/folder"));
  ASSERT_TRUE(RecoverItems({Item("f", "c2/f")}).ok());
  EXPECT_FALSE(ResultOf("/f").ok());
  EXPECT_TRUE(fs::is_directory(Path("c2/f/folder")));
  int names = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(Path("c2"))) ++names;
  EXPECT_EQ(names, 1);
}

TEST_F(DataFilesTest, StreamsThatEndOrAreNoneFail) {
  MakeTree(Path("c1/src"));
  ASSERT_TRUE(Backup("c1/src").ok());
  const std::string whole = stream_.bytes;
  stream_.bytes = Noise(100'000);
  EXPECT_TRUE(absl::IsDataLoss(RecoverItems({Item("", "c2/x")})));
  stream_.bytes = whole.substr(0, whole.size() / 2);
  EXPECT_FALSE(RecoverItems({Item("", "c2/y")}).ok());
  EXPECT_TRUE(absl::IsDataLoss(RecoverItems({Item("", "c2/y")})));
  stream_.bytes = whole;
  RecoverItem wrong = Item("a", "c2/z");
  wrong.offset += 512;
  // Somewhere in the middle of what it is: not found, or no archive, but nothing made up.
  RecoverItems({wrong}, true).IgnoreError();
  EXPECT_FALSE(fs::exists(Path("c2/z")));
  // No half of a file is left.
  for (const auto& entry : fs::recursive_directory_iterator(Path("c2"))) {
    EXPECT_EQ(entry.path().filename().string().find(".ocandmpd"), std::string::npos);
  }
}

TEST_F(DataFilesTest, AStopEndsItAtOnce) {
  MakeTree(Path("c1/src"));
  notes_.stop = true;
  EXPECT_TRUE(absl::IsCancelled(Backup("c1/src")));
  notes_.stop = false;
  stream_.bytes.clear();
  stream_.limit = 300'000;
  EXPECT_TRUE(absl::IsUnavailable(Backup("c1/src")));
  stream_.limit = size_t{1} << 40;
  stream_.bytes.clear();
  ASSERT_TRUE(Backup("c1/src").ok());
  notes_.stop = true;
  EXPECT_TRUE(absl::IsCancelled(RecoverItems({Item("", "c2/x")})));
}

}  // namespace
}  // namespace oca::ndmp
