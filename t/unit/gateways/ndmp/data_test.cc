// Backups of containers to tapes and back: within a session and three-way, whole and by offsets,
// over several tapes.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/unit/gateways/ndmp/file_tree.h"
#include "t/unit/gateways/ndmp/server_fixture.h"
#include "t/unit/gateways/ndmp/stream_end.h"

namespace oca::ndmp {
namespace {

namespace fs = std::filesystem;

// How the two sides find each other.
enum class Way { kLocal, kLocalSwapped, kTcp, kTcpSwapped };

struct Case {
  int version;
  Way way;
};

// A file as the history of a backup has it.
struct Found {
  uint64_t offset = 0;
  uint64_t size = 0;
};

class DataMoves : public ServerTest {
 protected:
  explicit DataMoves(uint64_t tape_bytes = 64 << 20) : ServerTest(tape_bytes) {}

  // `data` and `mover` are one session for LOCAL.
  void Prepare(const Case& how) {
    how_ = how;
    ASSERT_TRUE(library_.Move(1000, 500));
    mover_ = NewClient(how.version);
    if (!IsLocal()) data_owner_ = NewClient(how.version);
    data_ = IsLocal() ? mover_.get() : data_owner_.get();
    ASSERT_EQ(mover_->OpenTape(kDrive0), Error::kNone);
    ASSERT_EQ(mover_->Do(Code::kMoverSetRecordSize, MoverSetRecordSizeRequest{uint32_t{kRecord}}),
              Error::kNone);
  }
  bool IsLocal() const { return how_.way == Way::kLocal || how_.way == Way::kLocalSwapped; }

  // Joins the two; in v2 the request that starts does.
  void Join(MoverMode mode) {
    ASSERT_EQ(mover_->SetWindow(0, kUnlimited), Error::kNone);
    const AddrType type = IsLocal() ? AddrType::kLocal : AddrType::kTcp;
    if (how_.way == Way::kLocalSwapped || how_.way == Way::kTcpSwapped) {
      auto listening = data_->Ask<ListenReply>(Code::kDataListen, DataListenRequest{type});
      ASSERT_EQ(listening.error, Error::kNone);
      ASSERT_EQ(mover_->Do(Code::kMoverConnect, MoverConnectRequest{mode, listening.addr}),
                Error::kNone);
      // The connection is there before the request that needs it.
      EXPECT_EQ(data_->Data().state, DataState::kConnected);
      return;
    }
    ListenReply listening = mover_->Listen(mode, type);
    ASSERT_EQ(listening.error, Error::kNone);
    addr_ = listening.addr;
    if (how_.version == 2) return;
    ASSERT_EQ(data_->Do(Code::kDataConnect, DataConnectRequest{addr_}), Error::kNone);
    EXPECT_EQ(mover_->Mover().state, MoverState::kActive);
  }

  Client::Posts WaitForEnd() {
    if (IsLocal()) {
      return data_->PostsUntil({Code::kNotifyDataHalted, Code::kNotifyMoverHalted});
    }
    Client::Posts posts = data_->PostsUntil({Code::kNotifyDataHalted});
    mover_->PostsUntil({Code::kNotifyMoverHalted});
    return posts;
  }
  void Stop() {
    EXPECT_EQ(data_->Data().halt_reason, DataHalt::kSuccessful);
    EXPECT_EQ(mover_->Mover().halt_reason, MoverHalt::kConnectClosed);
    EXPECT_EQ(data_->Do(Code::kDataStop), Error::kNone);
    EXPECT_EQ(mover_->Do(Code::kMoverStop), Error::kNone);
  }

  Client::Posts Backup(const std::string& history = "y") {
    Join(MoverMode::kRead);
    DataStartBackupRequest request{addr_, "tar", {{"FILESYSTEM", "/oca/c1"}, {"HIST", history}}};
    EXPECT_EQ(data_->Do(Code::kDataStartBackup, request), Error::kNone);
    Client::Posts posts = WaitForEnd();
    EXPECT_EQ(mover_->Mover().bytes_moved, data_->Data().bytes_processed);
    Stop();
    EXPECT_EQ(mover_->Mtio(MtioOp::kWriteMarks), Error::kNone);
    EXPECT_EQ(mover_->Mtio(MtioOp::kRewind), Error::kNone);
    return posts;
  }

  RecoverName Name(const std::string& original, const std::string& to, uint64_t offset) const {
    RecoverName name;
    name.original_path = original;
    // v3: the folder and the new name.
    name.destination_path = how_.version == 3 ? "" : to;
    if (how_.version == 3) name.name = to;
    name.fh_info = offset;
    return name;
  }
  void StartRecover(std::vector<RecoverName> names, bool direct) {
    Join(MoverMode::kWrite);
    DataStartRecoverRequest request{
        addr_, {{"DIRECT", direct ? "y" : "n"}}, std::move(names), "tar"};
    ASSERT_EQ(data_->Do(Code::kDataStartRecover, request), Error::kNone);
  }
  // Hands on what the data service wants read until it has halted, as a client does.
  Client::Posts RunRecover(std::vector<RecoverName> names, bool direct) {
    StartRecover(std::move(names), direct);
    if (IsLocal()) return WaitForEnd();
    Client::Posts all;
    while (all.empty() || all.back().first != Code::kNotifyDataHalted) {
      Client::Posts posts = data_->NextPost();
      if (posts.empty()) return all;
      for (const StreamRange& range : data_->Of<StreamRange>(Code::kNotifyDataRead, posts)) {
        EXPECT_EQ(mover_->Do(Code::kMoverRead, range), Error::kNone);
      }
      all.insert(all.end(), posts.begin(), posts.end());
    }
    EndMover();
    return all;
  }
  // Who reads a stream in one piece comes to its end, perhaps before the data service has gone.
  void EndMover() {
    while (true) {
      const Client::Posts posts = mover_->NextPost();
      ASSERT_FALSE(posts.empty());
      if (posts[0].first == Code::kNotifyMoverHalted) return;
      EXPECT_EQ(posts[0].first, Code::kNotifyMoverPaused);
      EXPECT_EQ(mover_->Do(Code::kMoverClose), Error::kNone);
    }
  }
  std::map<std::string, uint32_t> Results(const Client::Posts& posts) const {
    std::map<std::string, uint32_t> results;
    for (const LogFile& log : data_->Of<LogFile>(Code::kLogFile, posts)) {
      results[log.name] = log.status;
    }
    return results;
  }
  // Of history by paths.
  std::map<std::string, Found> Files(const Client::Posts& posts) const {
    std::map<std::string, Found> files;
    for (const auto& list : data_->Of<FhList<FhUnixPath>>(Code::kFhAddUnixPath, posts)) {
      for (const FhUnixPath& file : list.items) {
        files[file.name] = {file.stat.fh_info, file.stat.size};
      }
    }
    for (const auto& list : data_->Of<FhList<FhFile>>(Code::kFhAddFile, posts)) {
      for (const FhFile& file : list.items) {
        files[file.names.at(0).name] = {file.fh_info, file.stats.at(0).size};
      }
    }
    return files;
  }

  static constexpr uint32_t kRecord = 32 << 10;
  Case how_{};
  std::unique_ptr<Client> mover_;
  std::unique_ptr<Client> data_owner_;
  Client* data_ = nullptr;
  Addr addr_;
};

class EveryWay : public DataMoves, public testing::WithParamInterface<Case> {};

TEST_P(EveryWay, ABackupComesBackAsItWas) {
  MakeTree(Path("c1"));
  Prepare(GetParam());
  const auto files = Files(Backup());
  const auto picture = Picture(Path("c1"));
  EXPECT_EQ(files.size(), picture.size());
  EXPECT_EQ(files.at("/").offset, 0u);
  EXPECT_EQ(files.at("/sub/noise").size, 3'000'001u);
  const auto results = Results(RunRecover({Name("/", "/oca/c2/all", 0)}, false));
  Stop();
  EXPECT_EQ(results, (std::map<std::string, uint32_t>{{"/", 0}}));
  EXPECT_EQ(Picture(Path("c2/all")), picture);
}

TEST_P(EveryWay, NamedFilesAreReadFromWhereTheyAre) {
  MakeTree(Path("c1"));
  Prepare(GetParam());
  const auto files = Files(Backup());
  auto named = [&](const std::string& path, const std::string& to) {
    return Name(path, to, files.at(path).offset);
  };
  const auto posts = RunRecover({named("/sub/noise", "/oca/c2/n"), named("/a", "/oca/c2/deep/b"),
                                 Name("/other", "/oca/c2/o", files.at("/a").offset)},
                                true);
  const uint32_t missing = GetParam().version >= 4 ? 2 : 14;
  EXPECT_EQ(Results(posts),
            (std::map<std::string, uint32_t>{{"/sub/noise", 0}, {"/a", 0}, {"/other", missing}}));
  EXPECT_LT(data_->Data().bytes_processed, 3'300'000u);
  EXPECT_EQ(mover_->Mover().bytes_moved, data_->Data().bytes_processed);
  Stop();
  EXPECT_EQ(ReadFile(Path("c2/n")), ReadFile(Path("c1/sub/noise")));
  EXPECT_EQ(ReadFile(Path("c2/deep/b")), "alpha\n");
  EXPECT_FALSE(fs::exists(Path("c2/o")));
}

INSTANTIATE_TEST_SUITE_P(All, EveryWay,
                         testing::Values(Case{2, Way::kLocal}, Case{2, Way::kTcp},
                                         Case{3, Way::kLocal}, Case{3, Way::kLocalSwapped},
                                         Case{3, Way::kTcp}, Case{3, Way::kTcpSwapped},
                                         Case{4, Way::kLocal}, Case{4, Way::kLocalSwapped},
                                         Case{4, Way::kTcp}, Case{4, Way::kTcpSwapped}));

// History by folders and nodes: paths are put together from it, and lead to the same files.
TEST_F(DataMoves, HistoryByNodesNamesTheSameFiles) {
  MakeTree(Path("c1"));
  Prepare({4, Way::kLocal});
  const auto files = Files(Backup("y"));
  for (int version : {4, 2}) {
    mover_.reset();
    absl::Time deadline = absl::Now() + kPatience;
    mover_ = NewClient(version);
    data_ = mover_.get();
    how_.version = version;
    Error error = Error::kDeviceBusy;
    while (error == Error::kDeviceBusy && absl::Now() < deadline) {
      error = mover_->OpenTape(kDrive0);
    }
    ASSERT_EQ(error, Error::kNone);
    const Client::Posts posts = Backup("d");
    struct Node {
      std::string name;
      uint64_t parent = 0;
      uint64_t offset = 0;
    };
    std::map<uint64_t, Node> nodes;
    uint64_t top = 0;
    auto add_dir = [&](const std::string& name, uint64_t node, uint64_t parent) {
      if (name == ".") top = node;
      if (name == "..") {
        EXPECT_EQ(node, parent);
      }
      nodes[node].name = name == "." || name == ".." ? "" : name;
      nodes[node].parent = parent;
    };
    for (const auto& list : data_->Of<FhList<FhDir>>(Code::kFhAddDir, posts)) {
      for (const FhDir& dir : list.items) add_dir(dir.names.at(0).name, dir.node, dir.parent);
    }
    for (const auto& list : data_->Of<FhList<FhNode>>(Code::kFhAddNode, posts)) {
      for (const FhNode& node : list.items) nodes[node.node].offset = node.fh_info;
    }
    for (const auto& list : data_->Of<FhList<FhUnixDir>>(Code::kFhAddUnixDir, posts)) {
      for (const FhUnixDir& dir : list.items) add_dir(dir.name, dir.node, dir.parent);
    }
    for (const auto& list : data_->Of<FhList<FhUnixNode>>(Code::kFhAddUnixNode, posts)) {
      for (const FhUnixNode& node : list.items) nodes[node.node].offset = node.stat.fh_info;
    }
    EXPECT_EQ(nodes.size(), files.size());
    std::map<std::string, uint64_t> offsets;
    for (const auto& [number, node] : nodes) {
      std::string path;
      for (uint64_t at = number; at != top; at = nodes.at(at).parent) {
        path = "/" + nodes.at(at).name + path;
      }
      offsets[path.empty() ? "/" : path] = node.offset;
    }
    for (const auto& [path, file] : files) EXPECT_EQ(offsets.at(path), file.offset) << path;
  }
}

TEST_F(DataMoves, ManyFilesAreToldInBatches) {
  for (int i = 0; i < 1000; ++i) WriteFile(Path("c1/f" + std::to_string(i)), "x");
  Prepare({4, Way::kLocal});
  const Client::Posts posts = Backup();
  EXPECT_EQ(Files(posts).size(), 1001u);
  const auto lists = data_->Of<FhList<FhFile>>(Code::kFhAddFile, posts);
  EXPECT_GE(lists.size(), 11u);
  EXPECT_LT(lists.size(), 500u);
  // The halt is the last of the data service's words.
  EXPECT_LT(std::find_if(posts.begin(), posts.end(),
                         [](const auto& post) { return post.first == Code::kFhAddFile; }),
            std::find_if(posts.begin(), posts.end(),
                         [](const auto& post) { return post.first == Code::kNotifyDataHalted; }));
}

// The client reads nothing while its data service has much to say, and aborts then.
TEST_F(DataMoves, AnAbortOfARecoveryThatWaitsForTheTape) {
  WriteFile(Path("c1/a"), Noise(1'000'000));
  Prepare({4, Way::kTcp});
  Backup();
  StartRecover({Name("/", "/oca/c2/x", 0)}, false);
  EXPECT_EQ(data_->WaitFor<StreamRange>(Code::kNotifyDataRead).length, kUnlimited);
  EXPECT_EQ(data_->Data().read_length, kUnlimited);
  EXPECT_EQ(data_->Data().operation, DataOperation::kRecover);
  EXPECT_EQ(data_->Do(Code::kDataAbort), Error::kNone);
  EXPECT_EQ(data_->WaitFor<NotifyDataHalted>(Code::kNotifyDataHalted).reason, DataHalt::kAborted);
  EXPECT_EQ(mover_->WaitFor<NotifyMoverHalted>(Code::kNotifyMoverHalted).reason,
            MoverHalt::kConnectClosed);
}

TEST_F(DataMoves, AMoverThatIsAbortedHaltsBoth) {
  WriteFile(Path("c1/a"), Noise(1'000'000));
  Prepare({4, Way::kLocal});
  ASSERT_EQ(mover_->SetWindow(0, 0), Error::kNone);
  const ListenReply listening = mover_->Listen(MoverMode::kRead, AddrType::kLocal);
  ASSERT_EQ(data_->Do(Code::kDataConnect, DataConnectRequest{listening.addr}), Error::kNone);
  mover_->PostsUntil({Code::kNotifyMoverPaused});
  DataStartBackupRequest request{{}, "tar", {{"FILESYSTEM", "/oca/c1"}}};
  ASSERT_EQ(data_->Do(Code::kDataStartBackup, request), Error::kNone);
  EXPECT_EQ(mover_->Do(Code::kMoverAbort), Error::kNone);
  mover_->PostsUntil({Code::kNotifyMoverHalted, Code::kNotifyDataHalted});
  EXPECT_EQ(data_->Data().halt_reason, DataHalt::kConnectError);
  EXPECT_EQ(mover_->Mover().halt_reason, MoverHalt::kAborted);
}

// What is on the tape is no backup of ours.
TEST_F(DataMoves, ATapeWithSomethingElseIsNoBackup) {
  Prepare({4, Way::kLocal});
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(mover_->Ask<TapeWriteReply>(Code::kTapeWrite, TapeWriteRequest{Noise(kRecord)}).error,
              Error::kNone);
  }
  EXPECT_EQ(mover_->Mtio(MtioOp::kWriteMarks), Error::kNone);
  EXPECT_EQ(mover_->Mtio(MtioOp::kRewind), Error::kNone);
  StartRecover({Name("/", "/oca/c2/x", 0)}, false);
  const Client::Posts posts = data_->PostsUntil({Code::kNotifyDataHalted});
  EXPECT_EQ(data_->Data().halt_reason, DataHalt::kInternalError);
  EXPECT_FALSE(data_->Of<LogMessage>(Code::kLogMessage, posts).empty());
  EXPECT_FALSE(fs::exists(Path("c2/x")));
}

class OnSmallTapes : public DataMoves, public testing::WithParamInterface<bool> {
 protected:
  OnSmallTapes() : DataMoves(2 << 20) {}

  void ChangeTape(uint16_t back_to, uint16_t next, TapeMode mode) {
    EXPECT_EQ(mover_->Mtio(MtioOp::kUnload), Error::kNone);
    EXPECT_EQ(mover_->Do(Code::kTapeClose), Error::kNone);
    ASSERT_TRUE(library_.Move(500, back_to));
    ASSERT_TRUE(library_.Move(next, 500));
    ASSERT_EQ(mover_->OpenTape(kDrive0, mode), Error::kNone);
    EXPECT_EQ(mover_->Mtio(MtioOp::kRewind), Error::kNone);
  }
};

// A whole recovery goes over all tapes; a direct one to those that have what is named.
TEST_P(OnSmallTapes, BackupsGoOnOnTheNextTape) {
  const bool direct = GetParam();
  WriteFile(Path("c1/a"), Noise(1'200'000, 1));
  fs::create_directory(Path("c1/sub"));
  WriteFile(Path("c1/sub/b"), Noise(1'500'000, 2));
  Prepare({4, Way::kLocal});
  Join(MoverMode::kRead);
  DataStartBackupRequest request{addr_, "tar", {{"FILESYSTEM", "/oca/c1"}, {"HIST", "y"}}};
  ASSERT_EQ(data_->Do(Code::kDataStartBackup, request), Error::kNone);
  Client::Posts posts = data_->PostsUntil({Code::kNotifyMoverPaused});
  const uint64_t second = mover_->Mover().seek_position;
  EXPECT_EQ(mover_->Mover().pause_reason, PauseReason::kEom);
  EXPECT_EQ(mover_->Mtio(MtioOp::kWriteMarks), Error::kNone);
  ChangeTape(1000, 1001, TapeMode::kReadWrite);
  ASSERT_EQ(mover_->SetWindow(second, kUnlimited), Error::kNone);
  ASSERT_EQ(mover_->Do(Code::kMoverContinue), Error::kNone);
  // What the data service had said by then may have come before the pause.
  std::vector<Code> rest = {Code::kNotifyMoverHalted};
  if (data_->Of<NotifyDataHalted>(Code::kNotifyDataHalted, posts).empty()) {
    rest.push_back(Code::kNotifyDataHalted);
  }
  Client::Posts more = data_->PostsUntil(rest);
  posts.insert(posts.end(), more.begin(), more.end());
  const auto files = Files(posts);
  Stop();
  EXPECT_EQ(mover_->Mtio(MtioOp::kWriteMarks), Error::kNone);

  // From the second tape, which a window says is the stream's second part.
  const std::string path = files.at("/a").offset > files.at("/sub/b").offset ? "/a" : "/sub/b";
  ChangeTape(1001, direct ? 1001 : 1000, TapeMode::kRead);
  ASSERT_EQ(direct ? mover_->SetWindow(second, kUnlimited) : mover_->SetWindow(0, second),
            Error::kNone);
  const ListenReply listening = mover_->Listen(MoverMode::kWrite, AddrType::kLocal);
  ASSERT_EQ(data_->Do(Code::kDataConnect, DataConnectRequest{listening.addr}), Error::kNone);
  DataStartRecoverRequest recover{
      addr_,
      {{"DIRECT", direct ? "y" : "n"}},
      {Name(direct ? path : "/", "/oca/c2/x", direct ? files.at(path).offset : 0)},
      "tar"};
  ASSERT_EQ(data_->Do(Code::kDataStartRecover, recover), Error::kNone);
  mover_->PostsUntil({Code::kNotifyMoverPaused});
  EXPECT_EQ(mover_->Mover().pause_reason, PauseReason::kSeek);
  const uint64_t wanted = mover_->Mover().seek_position;
  EXPECT_EQ(wanted, direct ? files.at(path).offset : second);
  if (direct) {
    ChangeTape(1001, 1000, TapeMode::kRead);
    ASSERT_EQ(mover_->SetWindow(0, second), Error::kNone);
    ASSERT_EQ(mover_->Do(Code::kMoverContinue), Error::kNone);
    mover_->PostsUntil({Code::kNotifyMoverPaused});
    EXPECT_EQ(mover_->Mover().seek_position, second);
  }
  ChangeTape(1000, 1001, TapeMode::kRead);
  ASSERT_EQ(mover_->SetWindow(second, kUnlimited), Error::kNone);
  ASSERT_EQ(mover_->Do(Code::kMoverContinue), Error::kNone);
  WaitForEnd();
  Stop();
  if (direct) {
    EXPECT_EQ(ReadFile(Path("c2/x")), ReadFile(Path("c1" + path)));
  } else {
    EXPECT_EQ(Picture(Path("c2/x")), Picture(Path("c1")));
  }
}

INSTANTIATE_TEST_SUITE_P(All, OnSmallTapes, testing::Bool());

}  // namespace
}  // namespace oca::ndmp
