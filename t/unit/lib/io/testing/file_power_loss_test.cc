// The power model of file contents: every promise, and every permitted loss.
#include <cerrno>
#include <vector>

#include "gmock/gmock.h"
#include "t/support/random.h"
#include "t/unit/lib/io/testing/fault_fixture.h"

namespace oca::io {
namespace {

using testing::Contains;
using testing::ElementsAre;

std::string LookAtF(FaultFileSystem& fs) { return GetOrDash(fs, "/f"); }

TEST(FilePowerLoss, SyncedContentsAlwaysSurvive) {
  std::string data = support::RandomBytes(100'000, 1);
  EXPECT_THAT(OutcomesOf([&](FaultFileSystem& fs) { PutDurable(fs, "/f", data); }, LookAtF),
              ElementsAre(data));
}

TEST(FilePowerLoss, UnsyncedSectorIsLostKeptTornOrGarbage) {
  const std::string old(512, 'o'), fresh(512, 'n');
  bool torn = false, garbage = false;
  Outcomes outcomes = OutcomesOf(
      [&](FaultFileSystem& fs) { EXPECT_OK(PutDurable(fs, "/f", old)->WriteAt(0, fresh)); },
      LookAtF);
  for (const std::string& outcome : outcomes) {
    ASSERT_EQ(outcome.size(), 512u);
    size_t kept = std::min(outcome.find_first_not_of('n'), outcome.size());
    size_t lost = outcome.find_first_not_of('o', kept);
    if (lost != std::string::npos) garbage = true;
    if (lost == std::string::npos && kept > 0 && kept < 512) torn = true;
  }
  EXPECT_THAT(outcomes, Contains(old));
  EXPECT_THAT(outcomes, Contains(fresh));
  EXPECT_TRUE(torn);
  EXPECT_TRUE(garbage);
}

TEST(FilePowerLoss, SectorsFareIndependently) {
  bool later_without_earlier = false;
  auto work = [](FaultFileSystem& fs) {
    EXPECT_OK(PutDurable(fs, "/f", std::string(8'192, 'o'))->WriteAt(0, std::string(8'192, 'n')));
  };
  for (const std::string& outcome : OutcomesOf(work, LookAtF)) {
    if (outcome.substr(0, 512) == std::string(512, 'o') &&
        outcome.substr(512, 512) == std::string(512, 'n')) {
      later_without_earlier = true;
    }
  }
  EXPECT_TRUE(later_without_earlier);
}

TEST(FilePowerLoss, AppendingNeverHurtsSyncedBytesOfTheSameSector) {
  auto work = [](FaultFileSystem& fs) {
    auto file = PutDurable(fs, "/f", std::string(700, 's'));
    EXPECT_OK(file->WriteAt(700, std::string(1'000, 'n')));
  };
  for (const std::string& outcome : OutcomesOf(work, LookAtF)) {
    EXPECT_GE(outcome.size(), 700u);
    EXPECT_EQ(outcome.substr(0, 700), std::string(700, 's'));
  }
}

TEST(FilePowerLoss, OverwritingNeverHurtsSyncedNeighboursInTheSector) {
  auto work = [](FaultFileSystem& fs) {
    EXPECT_OK(PutDurable(fs, "/f", std::string(512, 's'))->WriteAt(100, std::string(50, 'n')));
  };
  for (const std::string& outcome : OutcomesOf(work, LookAtF)) {
    ASSERT_EQ(outcome.size(), 512u);
    EXPECT_EQ(outcome.substr(0, 100), std::string(100, 's'));
    EXPECT_EQ(outcome.substr(150), std::string(362, 's'));
  }
}

TEST(FilePowerLoss, UnsyncedExtensionHasOldNewOrBetweenSize) {
  auto work = [](FaultFileSystem& fs) {
    EXPECT_OK(
        PutDurable(fs, "/f", std::string(1'000, 's'))->WriteAt(1'000, std::string(9'000, 'n')));
  };
  std::set<size_t> sizes;
  bool zeros_for_lost_data = false;
  for (const std::string& outcome : OutcomesOf(work, LookAtF)) {
    sizes.insert(outcome.size());
    if (outcome.size() == 10'000 && outcome.substr(5'120, 512) == std::string(512, '\0')) {
      zeros_for_lost_data = true;
    }
  }
  EXPECT_EQ(*sizes.begin(), 1'000u);
  EXPECT_EQ(*sizes.rbegin(), 10'000u);
  EXPECT_GT(sizes.size(), 10u);
  EXPECT_TRUE(zeros_for_lost_data);
}

TEST(FilePowerLoss, UnsyncedTruncationMayBeLost) {
  const std::string old(9'000, 's');
  Outcomes outcomes = OutcomesOf(
      [&](FaultFileSystem& fs) { EXPECT_OK(PutDurable(fs, "/f", old)->Truncate(100)); }, LookAtF);
  EXPECT_THAT(outcomes, Contains(old));
  EXPECT_THAT(outcomes, Contains(old.substr(0, 100)));
  for (const std::string& outcome : outcomes) {
    EXPECT_GE(outcome.size(), 100u);
    EXPECT_EQ(outcome.find_first_not_of(std::string("s\0", 2)), outcome.npos);  // never garbage
  }
}

TEST(FilePowerLoss, SyncedTruncationIsDurable) {
  auto work = [](FaultFileSystem& fs) {
    auto file = PutDurable(fs, "/f", std::string(9'000, 's'));
    EXPECT_OK(file->Truncate(5'000));
    EXPECT_OK(file->Sync());
  };
  EXPECT_THAT(OutcomesOf(work, LookAtF), ElementsAre(std::string(5'000, 's')));
}

// The zero-length file of "rewrite in place".
TEST(FilePowerLoss, RewritingInPlaceMayLeaveNothing) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/f", std::string(100, 'o'));
    EXPECT_OK(MustOpen(fs, "/f", OpenMode::kTruncate)->WriteAt(0, std::string(100, 'n')));
  };
  std::set<size_t> sizes;
  for (const std::string& outcome : OutcomesOf(work, LookAtF)) sizes.insert(outcome.size());
  EXPECT_EQ(*sizes.rbegin(), 100u);
  EXPECT_LT(*sizes.begin(), 10u);
}

TEST(FilePowerLoss, LaterSyncDoesNotSaveWhatAFailedSyncDropped) {
  const std::string fresh(100, 'n');
  auto work = [&](FaultFileSystem& fs) {
    auto file = PutDurable(fs, "/f", "");
    EXPECT_OK(file->WriteAt(0, fresh));
    fs.FailAt(1, EIO);
    EXPECT_ERRNO(file->Sync(), EIO);
    EXPECT_ERRNO(file->Sync(), EIO);  // this File is done
    EXPECT_EQ(GetOrDash(fs, "/f"), fresh);
    EXPECT_OK(MustOpen(fs, "/f", OpenMode::kReadWrite)->Sync());
  };
  Outcomes outcomes = OutcomesOf(work, LookAtF);
  EXPECT_THAT(outcomes, Contains(std::string(100, '\0')));
  EXPECT_THAT(outcomes, Contains(fresh));
}

TEST(FilePowerLoss, DataWrittenAgainAfterAFailedSyncCanBeSynced) {
  const std::string fresh(12'000, 'n');
  for (size_t old_size : {0, 4'096, 10'000}) {
    auto work = [&](FaultFileSystem& fs) {
      auto file = PutDurable(fs, "/f", std::string(old_size, 'o'));
      EXPECT_OK(file->WriteAt(0, std::string(12'000, 'x')));
      fs.FailAt(1, EIO);
      EXPECT_ERRNO(file->Sync(), EIO);
      auto second = MustOpen(fs, "/f", OpenMode::kReadWrite);
      EXPECT_OK(second->WriteAt(0, fresh));
      EXPECT_OK(second->Sync());
    };
    EXPECT_THAT(OutcomesOf(work, LookAtF), ElementsAre(fresh));
  }
}

// Any mixture of writes, truncations and syncs: what was synced and not touched since is there, the
// size is in bounds.
TEST(FilePowerLoss, RandomCallsKeepEveryPromise) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    support::Random random(seed);
    FaultFileSystem fs;
    std::string path = "/f";
    PutDurable(fs, path, "");
    std::string durable, live;
    std::vector<bool> touched;  // bytes of `durable`
    for (int round = 0; round < 3; ++round) {
      auto file = MustOpen(fs, path, OpenMode::kReadWrite);
      size_t smallest = live.size();
      for (uint64_t step = random.Below(12); step > 0; --step) {
        uint64_t offset = random.OneIn(2) ? live.size() : random.Below(20'000);
        switch (random.Below(6)) {
          case 0:
            ASSERT_OK(file->Truncate(offset));
            for (size_t i = offset; i < touched.size(); ++i) touched[i] = true;
            live.resize(offset);
            smallest = std::min(smallest, live.size());
            break;
          case 1:
            ASSERT_OK(file->Sync());
            durable = live;
            smallest = live.size();
            touched.assign(durable.size(), false);
            break;
          default: {
            std::string data = random.Bytes(1 + random.Below(random.OneIn(2) ? 100 : 6'000));
            ASSERT_OK(file->WriteAt(offset, data));
            live.resize(std::max<size_t>(live.size(), offset + data.size()));
            live.replace(offset, data.size(), data);
            for (size_t i = offset; i < std::min(offset + data.size(), touched.size()); ++i) {
              touched[i] = true;
            }
          }
        }
      }
      fs.PowerCycle(random.Next());
      ASSERT_OK_AND_ASSIGN(std::string survived, ReadFile(fs, path));
      ASSERT_GE(survived.size(), std::min({durable.size(), live.size(), smallest}));
      ASSERT_LE(survived.size(), std::max(durable.size(), live.size()));
      for (size_t i = 0; i < durable.size(); ++i) {
        ASSERT_TRUE(touched[i] || (i < survived.size() && survived[i] == durable[i])) << i;
      }
      // It is on the disk now.
      fs.PowerCycle(random.Next());
      ASSERT_EQ(GetOrDash(fs, path), survived);
      durable = live = survived;
      touched.assign(durable.size(), false);
    }
  }
}

}  // namespace
}  // namespace oca::io
