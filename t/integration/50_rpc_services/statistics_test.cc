// Statistics as they are stored, rolled up, kept and asked for.
#include <string>

#include "t/integration/50_rpc_services/statistics_fixture.h"

namespace oca::monitor {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(Statistics, SamplesComeBackAsTheyWere) {
  Put(0, 1.5);
  Put(15, 0.1);
  Put(45, 1e18);
  EXPECT_EQ(Points(mgmt::RESOLUTION_15S, 0, 60),
            "0: 1.5 (1.5..1.5) 1, 15: 0.1 (0.1..0.1) 1, 45: 1e+18 (1e+18..1e+18) 1");
  EXPECT_EQ(Points(mgmt::RESOLUTION_15S, 20, 45), "15: 0.1 (0.1..0.1) 1");
  EXPECT_EQ(Points(mgmt::RESOLUTION_15S, 60, 90), "");
}

TEST_F(Statistics, ATimeIsStoredOnce) {
  Put(0, 1);
  const auto again = One(0, 2);
  ASSERT_OK_AND_ASSIGN(size_t stored, store_->Put({&again, 1}));
  EXPECT_EQ(stored, 0u);
  EXPECT_EQ(Points(mgmt::RESOLUTION_15S, 0, 15), "0: 1 (1..1) 1");
}

TEST_F(Statistics, FiveMinutesAnHourAndADayAreRolledUpWhenTheyAreOver) {
  PutAll(0, 600);
  RollUp(300);
  EXPECT_EQ(Points(mgmt::RESOLUTION_5M, 0, 600), "0: 9.5 (0..19) 20");
  EXPECT_EQ(Points(mgmt::RESOLUTION_1H, 0, 3600), "");
  RollUp(600);
  EXPECT_EQ(Points(mgmt::RESOLUTION_5M, 0, 600), "0: 9.5 (0..19) 20, 300: 29.5 (20..39) 20");
  RollUp(3600);
  EXPECT_EQ(Points(mgmt::RESOLUTION_1H, 0, 3600), "0: 19.5 (0..39) 40");
  EXPECT_EQ(Points(mgmt::RESOLUTION_1D, 0, 86400), "");
  RollUp(86400);
  EXPECT_EQ(Points(mgmt::RESOLUTION_1D, 0, 86400), "0: 19.5 (0..39) 40");
  EXPECT_EQ(Rows("pending"), "0");
}

TEST_F(Statistics, MeansAreOfSamplesNotOfPeriods) {
  Put(0, 100);
  PutAll(300, 600);  // twenty, 0 to 19
  RollUp(3600);
  EXPECT_EQ(Points(mgmt::RESOLUTION_1H, 0, 3600),
            fmt::format("0: {} (0..100) 21", (100 + 190) / 21.0));
}

TEST_F(Statistics, AGapIsNoPoint) {
  PutAll(0, 300);
  PutAll(900, 1200);
  RollUp(3600);
  EXPECT_EQ(Points(mgmt::RESOLUTION_5M, 0, 1200), "0: 9.5 (0..19) 20, 900: 9.5 (0..19) 20");
}

TEST_F(Statistics, RollingUpAgainChangesNothing) {
  PutAll(0, 900);
  RollUp(86400);
  const std::string day = Points(mgmt::RESOLUTION_1D, 0, 86400);
  EXPECT_EQ(day, "0: 29.5 (0..59) 60");
  for (int64_t seconds : {300, 3600, 86400}) {
    Sql(fmt::format("INSERT INTO oca_statistics.pending VALUES ({}, to_timestamp({}))", seconds,
                    kDay));
  }
  EXPECT_EQ(Rows("pending"), "3");
  RollUp(86400);
  EXPECT_EQ(Points(mgmt::RESOLUTION_1D, 0, 86400), day);
  EXPECT_EQ(Rows("rollup"), "5");
}

TEST_F(Statistics, ASampleThatComesLateIsInAllOfItsPeriods) {
  PutAll(0, 285);
  RollUp(86400);
  EXPECT_EQ(Points(mgmt::RESOLUTION_1D, 0, 86400), "0: 9 (0..18) 19");
  Put(285, 19);
  RollUp(86400);
  EXPECT_EQ(Points(mgmt::RESOLUTION_1D, 0, 86400), "0: 9.5 (0..19) 20");
}

TEST_F(Statistics, WhatAWrongClockMadeIsRolledUpTooAndTheRestGoesOn) {
  PutAll(86400 * 3000, 86400 * 3000 + 300);
  PutAll(0, 300);
  RollUp(300);
  EXPECT_EQ(Points(mgmt::RESOLUTION_5M, 0, 300), "0: 9.5 (0..19) 20");
  EXPECT_EQ(Points(mgmt::RESOLUTION_5M, 86400 * 3000, 86400 * 3000 + 300),
            fmt::format("{}: 9.5 (0..19) 20", 86400 * 3000));
}

TEST_F(Statistics, APeriodThatCannotBeRolledUpDoesNotHoldUpTheOthers) {
  PutAll(0, 600);
  // Somebody has broken a row.
  Sql("ALTER TABLE oca_statistics.rollup ADD CHECK (at <> to_timestamp(" + std::to_string(kDay) +
      "))");
  RollUp(600);
  EXPECT_EQ(Points(mgmt::RESOLUTION_5M, 0, 600), "300: 29.5 (20..39) 20");
  EXPECT_EQ(Rows("pending WHERE seconds = 300"), "0");
}

TEST_F(Statistics, EachLevelKeepsItsRowsAndNoMore) {
  Put(0, 1);
  for (const Level& level : Levels().subspan(1)) {
    Sql(
        fmt::format("INSERT INTO oca_statistics.rollup SELECT {0}, to_timestamp(i::bigint * {0}), "
                    "'{{}}', '{{}}', "
                    "'{{}}', '{{}}', '{{}}' FROM generate_series(1, {1}) AS i",
                    level.seconds, level.most_rows + 100));
  }
  Sql("INSERT INTO oca_statistics.sample SELECT to_timestamp(i * 15), '{}', '{}' FROM "
      "generate_series(1, "
      "7000) AS i");
  // From the end of the samples' stretch on, their first are the farthest.
  EXPECT_OK(store_->Trim(absl::FromUnixSeconds(7000 * 15)));
  for (const Level& level : Levels()) {
    const std::string table = level.resolution == mgmt::RESOLUTION_15S
                                  ? "sample"
                                  : fmt::format("rollup WHERE seconds = {}", level.seconds);
    EXPECT_EQ(Rows(table), std::to_string(level.most_rows)) << table;
  }
  // That of another time went first, though it is the newest.
  EXPECT_EQ(Sql("SELECT extract(epoch FROM max(at))::bigint FROM oca_statistics.sample"),
            std::to_string(7000 * 15));
  EXPECT_EQ(Sql("SELECT extract(epoch FROM min(at))::bigint FROM oca_statistics.sample"),
            std::to_string((7000 - 5760 + 1) * 15));
  EXPECT_OK(store_->Trim(absl::FromUnixSeconds(7000 * 15)));
  EXPECT_EQ(Rows("sample"), "5760");
}

TEST_F(Statistics, AClockThatIsWrongForAWhileCostsAsManyRowsAsItBrings) {
  PutAll(0, 5760 * 15);
  for (int i = 0; i < 4; ++i) {
    Put(86400 * 9000 + i * 15, 1);
    EXPECT_OK(store_->Trim(At(86400 * 9000 + i * 15)));
  }
  EXPECT_EQ(Rows("sample"), "5760");
  // It is right again: what it brought goes first.
  for (int i = 0; i < 4; ++i) {
    Put((5760 + i) * 15, 1);
    EXPECT_OK(store_->Trim(At((5760 + i) * 15)));
  }
  EXPECT_EQ(Rows("sample"), "5760");
  EXPECT_EQ(Sql("SELECT extract(epoch FROM min(at))::bigint FROM oca_statistics.sample"),
            std::to_string(kDay + 4 * 15));
  EXPECT_EQ(Sql("SELECT extract(epoch FROM max(at))::bigint FROM oca_statistics.sample"),
            std::to_string(kDay + 5763 * 15));
}

TEST_F(Statistics, TheLargestRowsTakeNoMoreThanThePageSays) {
  std::vector<std::shared_ptr<const Sample>> samples;
  for (int64_t i = 0; i < 200; ++i) {
    samples.push_back(One(i * 300, static_cast<double>(i) / 7, kMostValues));
  }
  ASSERT_OK(store_->Put(samples).status());
  RollUp(86400);
  const auto bytes_of_row = [&](const std::string& table, const std::string& rows) {
    return std::stoll(
        Sql(fmt::format("SELECT pg_total_relation_size('oca_statistics.{}') / {}", table, rows)));
  };
  EXPECT_LE(bytes_of_row("sample", "200"), 26 * 1024);
  EXPECT_LE(bytes_of_row("rollup", Rows("rollup")), 68 * 1024);
  int64_t rollups = 0;
  for (const Level& level : Levels().subspan(1)) rollups += level.most_rows;
  EXPECT_LE(Levels()[0].most_rows * 26 * 1024 + rollups * 68 * 1024 + (kMostSeries + 20000) * 400,
            int64_t{835} << 20);
}

TEST_F(Statistics, OfTooManySeriesThoseSeenLastStay) {
  Put(0, 1);
  Sql(
      fmt::format("INSERT INTO oca_statistics.series (name, subject, last_seen) SELECT "
                  "'container.current_files', "
                  "'x' || i, to_timestamp({} + i) FROM generate_series(1, {}) AS i",
                  kDay, kMostSeries));
  EXPECT_OK(store_->Trim(At(0)));
  EXPECT_EQ(Rows("series"), std::to_string(kMostSeries));
  EXPECT_THAT(Points(mgmt::RESOLUTION_15S, 0, 60), HasSubstr("nothing was recorded"));
  // It is known anew when it is seen again.
  Put(15, 2);
  EXPECT_EQ(Points(mgmt::RESOLUTION_15S, 0, 60), "15: 2 (2..2) 1");
}

TEST_F(Statistics, WhenASeriesWasSeenLastIsKnownToTheHour) {
  Put(0, 1);
  EXPECT_EQ(Sql("SELECT extract(epoch FROM last_seen)::bigint FROM oca_statistics.series"),
            std::to_string(kDay));
  Put(7200, 1);
  RollUp(10800);
  EXPECT_EQ(Sql("SELECT extract(epoch FROM last_seen)::bigint FROM oca_statistics.series"),
            std::to_string(kDay + 7200));
}

TEST_F(Statistics, SubjectsOfAnySpelling) {
  auto sample = std::make_shared<Sample>();
  sample->at = At(0);
  const std::string odd = "a \"b\" \\ {c,d} NULL 'e' \xc3\xa9";
  sample->values = {{Find("disk.used_bytes"), odd, 5},
                    {Find("disk.used_bytes"), "", 6},
                    {Find("disk.used_bytes"), "NULL", 7}};
  const std::shared_ptr<const Sample> shared = sample;
  ASSERT_OK(store_->Put({&shared, 1}).status());
  mgmt::GetHistoryRequest request;
  request.set_name("disk.used_bytes");
  ASSERT_OK_AND_ASSIGN(mgmt::History all, history_->Get(request, At(60)));
  ASSERT_EQ(all.series_size(), 3);
  EXPECT_EQ(all.series(0).subject(), "");
  EXPECT_EQ(all.series(1).subject(), "NULL");
  EXPECT_EQ(all.series(2).subject(), odd);
  EXPECT_EQ(all.series(2).points(0).mean(), 5);
  EXPECT_EQ(all.unit(), "bytes");
  request.set_subject(odd);
  ASSERT_OK_AND_ASSIGN(mgmt::History one, history_->Get(request, At(60)));
  EXPECT_EQ(one.series_size(), 1);
}

TEST_F(Statistics, QuestionsThatCannotBeAnsweredSayWhy) {
  Put(0, 1);
  mgmt::GetHistoryRequest request;
  const auto error = [&] { return history_->Get(request, At(60)).status().ToString(); };
  request.set_name("container.current_file");
  EXPECT_THAT(error(), AllOf(StartsWith("NOT_FOUND"), HasSubstr("is it container.current_files?")));
  request.set_name("container.current_files");
  request.set_subject("nobody");
  EXPECT_THAT(error(), AllOf(StartsWith("NOT_FOUND"), HasSubstr("for 'nobody'")));
  request.set_subject("c1");
  request.mutable_since()->set_seconds(kDay + 100);
  EXPECT_THAT(error(), AllOf(StartsWith("INVALID_ARGUMENT"), HasSubstr("must be before")));
  request.mutable_since()->set_seconds(-9'000'000'000'000'000'000);
  EXPECT_THAT(error(), StartsWith("INVALID_ARGUMENT"));
  mgmt::ListSeriesRequest list;
  list.set_name("nonsense");
  EXPECT_THAT(history_->List(list).status().ToString(), StartsWith("NOT_FOUND"));
}

TEST_F(Statistics, TooManyPointsAreRefused) {
  std::vector<std::shared_ptr<const Sample>> samples;
  for (int64_t i = 0; i < 21; ++i) samples.push_back(One(i * 15, 1, 1000));
  ASSERT_OK(store_->Put(samples).status());
  mgmt::GetHistoryRequest request;
  request.set_name("container.current_files");
  EXPECT_THAT(history_->Get(request, At(600)).status().ToString(),
              AllOf(StartsWith("INVALID_ARGUMENT"), HasSubstr("more than 20000 points")));
  request.mutable_since()->set_seconds(kDay + 15);
  EXPECT_OK(history_->Get(request, At(600)).status());
}

TEST_F(Statistics, SeriesWithWhatTheyMean) {
  Put(0, 1);
  ASSERT_OK_AND_ASSIGN(mgmt::ListSeriesResponse list, history_->List({}));
  ASSERT_EQ(list.series_size(), 1);
  EXPECT_EQ(list.series(0).name(), "container.current_files");
  EXPECT_EQ(list.series(0).subject(), "c1");
  EXPECT_EQ(list.series(0).unit(), "files");
  EXPECT_EQ(list.series(0).description(), "Regular files");
  EXPECT_EQ(list.series(0).last_seen().seconds(), kDay);
}

}  // namespace
}  // namespace oca::monitor
