#include "services/monitor/sampler.h"

#include <deque>
#include <map>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/fake_clock.h"

namespace oca::monitor {
namespace {

using testing::ElementsAre;

constexpr int64_t kStart = 1'700'000'003;  // three seconds after a multiple of fifteen, less one

// A sampler whose waits are steps of a script.
class SamplerTest : public testing::Test {
 protected:
  using Step = std::function<Woke(absl::Time)>;

  // The clock comes to the time that is waited for, and a bit further.
  Step Due(absl::Duration late = absl::ZeroDuration()) {
    return [this, late](absl::Time time) {
      clock_.Advance(time - clock_.Now() + late);
      return Woke::kDue;
    };
  }
  Step Set(absl::Duration by) {
    return [this, by](absl::Time) {
      clock_.SetWallTime(clock_.Now() + by);
      return Woke::kClockSet;
    };
  }
  // Times of the samples that these steps make, from the clock's start.
  std::vector<int64_t> Run(std::deque<Step> steps) {
    Sampler sampler({"/home",
                     {[this](const std::string& path) { return texts_[path]; },
                      [](const std::string&) { return std::optional<Volume>(); }},
                     [this] { return filesystem_; },
                     [] { return absl::UnavailableError("down"); }},
                    backlog_, board_, clock_, [&](absl::Time time) {
                      if (steps.empty()) return Woke::kStopped;
                      Step step = std::move(steps.front());
                      steps.pop_front();
                      return step(time);
                    });
    sampler.Run();
    std::vector<int64_t> times;
    if (backlog_.size() == 0) return times;
    samples_ = backlog_.Wait();
    for (const auto& sample : samples_) times.push_back(absl::ToUnixSeconds(sample->at) - kStart);
    return times;
  }
  // The value in a sample of the last run.
  std::optional<double> ValueAt(size_t sample, std::string_view name) {
    for (const Value& value : samples_[sample]->values) {
      if (value.series->name == name) return value.value;
    }
    return std::nullopt;
  }
  static FilesystemFigures Written(uint64_t bytes, uint64_t generation = 1) {
    FilesystemFigures figures;
    figures.generation = generation;
    figures.groups.emplace_back();
    figures.groups[0].set_written_bytes_since_start(bytes);
    return figures;
  }

  support::FakeClock clock_{absl::FromUnixSeconds(kStart)};
  std::map<std::string, std::string> texts_;
  absl::StatusOr<FilesystemFigures> filesystem_ = absl::UnavailableError("down");
  Backlog backlog_;
  Board board_{absl::FromUnixSeconds(kStart)};
  std::vector<std::shared_ptr<const Sample>> samples_;
};

TEST_F(SamplerTest, SamplesStandAtMultiplesOfFifteenSeconds) {
  ASSERT_EQ(kStart % 15, 8);
  EXPECT_THAT(Run({Due(), Due(), Due(absl::Seconds(2)), Due()}), ElementsAre(7, 22, 37, 52));
  EXPECT_EQ(board_.status().samples_taken(), 4u);
  EXPECT_EQ(board_.status().samples_missed(), 0u);
  EXPECT_EQ(board_.status().last_sample().seconds() - kStart, 52);
}

TEST_F(SamplerTest, AClockSetForthOrBackCountsAtOnce) {
  EXPECT_THAT(Run({Due(), Set(absl::Hours(1)), Due(), Set(-absl::Hours(2)), Due(), Due()}),
              ElementsAre(7, 3622, -3563, -3548));
  EXPECT_EQ(board_.status().samples_missed(), 0u);
}

TEST_F(SamplerTest, AMachineThatSleptGoesOnWithTheTimeThatItIs) {
  EXPECT_THAT(Run({Due(), Due(absl::Seconds(100)), Due()}), ElementsAre(7, 112, 127));
  EXPECT_EQ(board_.status().samples_missed(), 6u);
}

TEST_F(SamplerTest, AClockThatWasSetBackDuringTheWaitMakesNoSample) {
  const Step back = [this](absl::Time) {
    clock_.SetWallTime(clock_.Now() - absl::Minutes(1));
    return Woke::kDue;
  };
  EXPECT_THAT(Run({Due(), back, Due()}), ElementsAre(7, -38));
}

TEST_F(SamplerTest, RatesAreThoseOfTheMonotonicClockWhateverTheWallClockDoes) {
  const auto written = [this](uint64_t bytes, Step step) {
    return Step([this, bytes, step](absl::Time time) {
      filesystem_ = Written(bytes);
      return step(time);
    });
  };
  filesystem_ = Written(0);
  Run({written(7 << 20, Due()), Set(absl::Hours(-1)), written(22 << 20, Due())});
  ASSERT_EQ(samples_.size(), 2u);
  EXPECT_EQ(ValueAt(0, "storage_group.write_mib_per_s"), 1);
  EXPECT_EQ(ValueAt(1, "storage_group.write_mib_per_s"), 1);
}

TEST_F(SamplerTest, AnAbsentFilesystemIsAGapAndARestartGivesNoRate) {
  const auto then = [this](absl::StatusOr<FilesystemFigures> figures) {
    return Step([this, figures](absl::Time time) {
      filesystem_ = figures;
      return Due()(time);
    });
  };
  Run({then(Written(100 << 20)), then(absl::UnavailableError("down")), then(Written(900 << 20, 2)),
       then(Written(930 << 20, 2)), then(Written(5 << 20, 3))});
  ASSERT_EQ(samples_.size(), 5u);
  EXPECT_EQ(ValueAt(0, "storage_group.current_files"), 0);
  EXPECT_EQ(ValueAt(1, "storage_group.current_files"), std::nullopt);
  EXPECT_EQ(ValueAt(1, "system.current_files"), std::nullopt);
  EXPECT_EQ(ValueAt(2, "storage_group.write_mib_per_s"), std::nullopt);
  EXPECT_EQ(ValueAt(3, "storage_group.write_mib_per_s"), 2);
  EXPECT_EQ(ValueAt(4, "storage_group.write_mib_per_s"), std::nullopt);
}

TEST_F(SamplerTest, StoragePathsOutsideOfTheHomeHaveDisksToo) {
  FilesystemFigures figures;
  figures.paths = {"/home/data", "/disk2/oca"};
  filesystem_ = figures;
  Run({Due()});
  const management::v1::MachineStats machine = board_.machine();
  ASSERT_EQ(machine.disks_size(), 2);
  EXPECT_EQ(machine.disks(0).path(), "/home");
  EXPECT_EQ(machine.disks(1).path(), "/disk2/oca");
}

TEST_F(SamplerTest, TheMachineIsKnownBeforeTheFirstSample) {
  texts_["/proc/loadavg"] = "1.5 2 3 1/1 1";
  EXPECT_THAT(Run({}), testing::IsEmpty());
  EXPECT_EQ(board_.machine().cpu().load_1(), 1.5);
  EXPECT_EQ(board_.machine().time().seconds(), kStart);
}

}  // namespace
}  // namespace oca::monitor
