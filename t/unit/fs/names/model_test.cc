// Random operations against a model in memory: each result, and the whole tree over and over, with
// restarts and crashes between. OCA_TEST_SEED chooses another run.
#include <linux/fs.h>
#include <sys/xattr.h>

#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <map>
#include <tuple>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "t/support/random.h"
#include "t/unit/fs/names/fixture.h"
#include "t/unit/fs/names/model.h"

namespace oca::names {
namespace {

using support::Random;

uint64_t Seed() {
  const char* given = std::getenv("OCA_TEST_SEED");
  uint64_t seed = 7;
  if (given != nullptr && !absl::SimpleAtoi(given, &seed))
    ADD_FAILURE() << "OCA_TEST_SEED: " << given;
  return seed;
}

class ModelTest : public NamesTest {
 protected:
  void SetUp() override {
    write_buffer_bytes_ = 256u << 10;  // flushes and compactions
    ASSERT_NO_FATAL_FAILURE(NamesTest::SetUp());
    fmt::print("seed {}\n", seed_);
    RecordProperty("seed", std::to_string(seed_));
    const InodeNo other = AddContainer("other");
    // Locks of some dozens of operations: files of "c" are locked and free again over and over.
    const RetentionPolicy policy = {.mode = RetentionMode::kGovernance,
                                    .min_seconds = 2,
                                    .max_seconds = 60,
                                    .default_seconds = 20};
    ASSERT_OK(names_->SetRetention(container_.id, policy));
    model_.SetPolicy(container_.id, policy);
    ASSERT_OK(names_->Commit());
    for (InodeNo ino : {kRootInode, root_, other}) model_.AddRoot(Get(ino));
    durable_ = model_;
  }

  // An inode, seldom one that is gone or never was.
  uint64_t AnyInode() {
    if (random_.OneIn(50)) return random_.Below(1000);
    const std::vector<uint64_t> all = model_.Inodes();
    return all[random_.Below(all.size())];
  }
  // Directories more often than not: the first inodes are.
  uint64_t AnyDir() { return random_.OneIn(3) ? AnyInode() : dirs_[random_.Below(dirs_.size())]; }
  std::string AnyName() { return fmt::format("n{}", random_.Below(9)); }
  template <typename T>
  std::optional<T> Perhaps(T value) {
    return random_.OneIn(2) ? std::optional<T>(value) : std::nullopt;
  }

  ModelOp::Kind RemovingKind() {
    static constexpr ModelOp::Kind kRemoving[] = {ModelOp::kUnlink, ModelOp::kRmdir,
                                                  ModelOp::kDeleteOrphan};
    return kRemoving[random_.Below(std::size(kRemoving))];
  }
  ModelOp RandomOp();
  // Does `op` on the database; its errno.
  int Run(ModelOp* op);
  int RunOnInode(const ModelOp& op);
  void Compare() {
    ASSERT_EQ(TreeText(*names_), model_.Text()) << "seed " << seed_;
    ASSERT_NO_FATAL_FAILURE(ExpectSound());
  }
  void CommitNow() {
    ASSERT_OK(names_->Commit());
    durable_ = model_;
    since_.clear();
  }
  // The power goes; the model goes back to the moment that the database is of.
  void CrashNow() {
    ASSERT_NO_FATAL_FAILURE(Crash(random_.Next()));
    const std::string found = TreeText(*names_);
    model_ = durable_;
    for (size_t i = 0; model_.Text() != found; ++i) {
      ASSERT_LT(i, since_.size()) << "a state that never was, seed " << seed_;
      model_.Apply(since_[i]);
    }
    CommitNow();
  }

  const uint64_t seed_ = Seed();
  Random random_{seed_};
  Model model_;
  Model durable_;               // at the last Commit
  std::vector<ModelOp> since_;  // then
  std::vector<uint64_t> dirs_ = {2};
};

ModelOp ModelTest::RandomOp() {
  static constexpr uint32_t kTypes[] = {S_IFREG, S_IFREG, S_IFDIR, S_IFDIR,
                                        S_IFLNK, S_IFIFO, S_IFCHR};
  static constexpr uint32_t kRenameFlags[] = {0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE};
  ModelOp op;
  op.kind = static_cast<ModelOp::Kind>(random_.Below(ModelOp::kKinds));
  // The tree neither dies out nor grows for ever.
  if (random_.OneIn(3)) op.kind = model_.size() < 150 ? ModelOp::kCreate : RemovingKind();
  op.now_ns = Tick();
  op.dir = AnyDir();
  op.name = AnyName();
  op.to_dir = AnyDir();
  op.to_name = AnyName();
  op.ino = AnyInode();
  const auto entries = model_.Entries();
  if (op.kind != ModelOp::kCreate && !entries.empty() && random_.OneIn(2)) {
    std::tie(op.dir, op.name) = entries[random_.Below(entries.size())];
  }
  const auto orphans = model_.Orphans();
  if (op.kind == ModelOp::kDeleteOrphan && !orphans.empty() && random_.OneIn(2)) {
    op.ino = orphans[random_.Below(orphans.size())];
  }
  op.value = random_.Text(random_.Below(200));
  const bool is_xattr = op.kind == ModelOp::kSetXattr || op.kind == ModelOp::kRemoveXattr;
  if (is_xattr) op.name = fmt::format("{}.a{}", random_.OneIn(3) ? "trusted" : "user", AnyName());
  if (op.kind == ModelOp::kSetXattr) op.flags = random_.Below(3);
  if (op.kind == ModelOp::kRename) op.flags = kRenameFlags[random_.Below(std::size(kRenameFlags))];
  op.what.mode = kTypes[random_.Below(std::size(kTypes))] | random_.Below(010000);
  op.what.umask = random_.Below(0100);
  op.what.uid = random_.Below(5);
  op.what.gid = random_.Below(5);
  op.what.rdev = random_.Below(1000);
  op.what.symlink_target = random_.Text(1 + random_.Below(50));
  op.change.mode = Perhaps<uint32_t>(random_.Below(010000));
  op.change.uid = Perhaps<uint32_t>(random_.Below(5));
  op.change.gid = Perhaps<uint32_t>(random_.Below(5));
  op.change.atime_ns = Perhaps<int64_t>(random_.Next());
  op.change.mtime_ns = Perhaps<int64_t>(random_.Next());
  // Some that lock, and some that may leave a locked file as it is.
  if (random_.OneIn(3)) op.change.mode = 0444;
  if (random_.OneIn(4)) op.change = {.atime_ns = op.now_ns + int64_t{1'000'000'000} * 30};
  op.change.ctime_ns = Perhaps<int64_t>(random_.Next());
  op.content = {.recipe = random_.Text(random_.Below(300)),
                .size = random_.Below(1 << 30),
                .data_bytes = random_.Below(1 << 30),
                .mtime_ns = static_cast<int64_t>(random_.Next()),
                .ctime_ns = static_cast<int64_t>(random_.Next())};
  return op;
}

int ModelTest::Run(ModelOp* op) {
  const InodeNo dir(op->dir), to_dir(op->to_dir);
  op->trusted_ns = names_->TrustedNowNs();
  switch (op->kind) {
    case ModelOp::kCreate: {
      const auto made = names_->Create(dir, op->name, op->what);
      if (!made.ok()) return ErrnoOf(made.status());
      op->ino = made->ino.value;
      EXPECT_FALSE(model_.Has(op->ino)) << "a number twice";
      if ((made->mode & S_IFMT) == S_IFDIR) dirs_.push_back(op->ino);
      return 0;
    }
    case ModelOp::kUnlink:
      return ErrnoOf(names_->Unlink(dir, op->name).status());
    case ModelOp::kRmdir:
      return ErrnoOf(names_->Rmdir(dir, op->name).status());
    case ModelOp::kRename:
      return ErrnoOf(names_->Rename(dir, op->name, to_dir, op->to_name, op->flags).status());
    default:
      return RunOnInode(*op);
  }
}

int ModelTest::RunOnInode(const ModelOp& op) {
  const InodeNo ino(op.ino);
  switch (op.kind) {
    case ModelOp::kLink:
      return ErrnoOf(names_->Link(ino, InodeNo(op.dir), op.name).status());
    case ModelOp::kSetAttr:
      return ErrnoOf(names_->SetAttr(ino, op.change).status());
    case ModelOp::kSetContent:
      return ErrnoOf(names_->SetContent(ino, op.content).status());
    case ModelOp::kSetXattr:
      return ErrnoOf(names_->SetXattr(ino, op.name, op.value, static_cast<int>(op.flags)));
    case ModelOp::kRemoveXattr:
      return ErrnoOf(names_->RemoveXattr(ino, op.name));
    case ModelOp::kDeleteOrphan:
      return ErrnoOf(names_->DeleteOrphan(ino));
    default:
      ADD_FAILURE();
      return -1;
  }
}

TEST_F(ModelTest, RandomOperationsGiveWhatTheModelSays) {
  constexpr int kOps = 20'000;
  int succeeded = 0;
  std::map<int, int> errors;
  for (int i = 0; i < kOps; ++i) {
    ModelOp op = RandomOp();
    const int error = Run(&op);
    const int expected = model_.Apply(op);
    ASSERT_EQ(error, expected) << "seed " << seed_ << " operation " << i << " kind " << op.kind;
    error == 0 ? ++succeeded : ++errors[error];
    since_.push_back(std::move(op));
    if (dirs_.size() > 40) dirs_.erase(dirs_.begin() + 1);
    if (random_.OneIn(100)) {
      ASSERT_NO_FATAL_FAILURE(CommitNow());
    }
    if (random_.OneIn(250)) {
      ASSERT_NO_FATAL_FAILURE(Compare());
    }
    if (random_.OneIn(1000)) {
      ASSERT_NO_FATAL_FAILURE(CrashNow());
    }
    if (random_.OneIn(1000)) {
      ASSERT_NO_FATAL_FAILURE(Reopen());
      ASSERT_NO_FATAL_FAILURE(CommitNow());
    }
  }
  ASSERT_NO_FATAL_FAILURE(Compare());
  // The run met all that it is about.
  EXPECT_GT(succeeded, kOps / 4);
  for (int error : {ENOENT, EEXIST, ENOTDIR, EISDIR, ENOTEMPTY, EXDEV, EINVAL, EPERM, ENODATA}) {
    EXPECT_GT(errors[error], 0) << error;
  }
}

}  // namespace
}  // namespace oca::names
