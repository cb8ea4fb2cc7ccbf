// Every verb but those that have a file of their own.
#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

TEST_F(Cli, ContainersAsTableRecordAndJson) {
  ASSERT_EQ(Oca("container --show"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Mount Path"), HasSubstr("/mnt/b2")));
  ASSERT_EQ(Oca("container --show --name a1"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Name          : a1\n"), Not(HasSubstr("b2"))));
  ASSERT_EQ(Oca("container --show --json"), 0);
  EXPECT_EQ(Json()["containers"][1]["name"], "b2");
  ASSERT_EQ(Oca("container --show --name a1 --json"), 0);
  EXPECT_EQ(Json()["name"], "a1");
  EXPECT_EQ(Json()["id"], 7);
  EXPECT_EQ(Json()["group"], "DefaultGroup");
  EXPECT_EQ(Json()["type"], "local");
  EXPECT_EQ(Json()["state"], "ready");
  EXPECT_EQ(Json()["mount_path"], "/mnt/a1");
  ASSERT_EQ(Oca("container --show --names_only"), 0);
  EXPECT_EQ(out_.str(), "a1\nb2\n");
}

TEST_F(Cli, AnswerThatCannotBeWrittenIsAFailure) {
  std::ostream broken(nullptr);
  Context context{in_, broken, err_, false, false, home_.path(), [](absl::Duration) {}};
  EXPECT_EQ(cli::Run(std::vector<std::string>{"container", "--show"}, context), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("standard output"));
}

TEST_F(Cli, FailuresThatAreNobodysFaultNameTheRequest) {
  for (const absl::Status& status : {absl::InternalError("broken"), absl::DataLossError("broken"),
                                     absl::UnavailableError("it is down")}) {
    Fail(status);
    EXPECT_NE(Oca("container --show"), 0);
    EXPECT_THAT(err_.str(),
                testing::ContainsRegex("\noca: in the logs this is request=[0-9a-f]{16}\n"));
  }
  Fail(absl::NotFoundError("none"));
  EXPECT_EQ(Oca("container --show"), kNotFound);
  EXPECT_EQ(err_.str(), "oca: none\n");
}

TEST_F(Cli, NoticeGoesToStandardError) {
  {
    absl::MutexLock lock(&management_.mu);
    management_.notice = "ocafsd is down";
  }
  ASSERT_EQ(Oca("container --show --json"), 0);
  EXPECT_THAT(err_.str(), HasSubstr("ocafsd is down"));
  EXPECT_TRUE(Json().contains("containers"));
}

TEST_F(Cli, ContainerAddHandsItsFlagsOn) {
  ASSERT_EQ(Oca("container --add --name c1 --group_name g"), 0);
  EXPECT_EQ(LastCall(), "AddContainer: name: \"c1\" group: \"g\"");
  ASSERT_EQ(Oca("container add --name c1 --group g --type local"), 0);
  EXPECT_EQ(LastCall(), "AddContainer: name: \"c1\" group: \"g\" type: CONTAINER_TYPE_LOCAL");
}

TEST_F(Cli, MarkerIsSetAndWhatWasRecognisedIsShown) {
  ASSERT_EQ(Oca("container --add --name c1 --marker none"), 0);
  EXPECT_EQ(LastCall(), "AddContainer: name: \"c1\" marker: MARKER_NONE");
  ASSERT_EQ(Oca("container --update --name c1 --marker tar"), 0);
  EXPECT_EQ(LastCall(), "UpdateContainer: name: \"c1\" marker: MARKER_TAR");
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Container updated.\n"), HasSubstr(": tar\n")));
  EXPECT_EQ(Oca("container --update --name c1"), kUsage);
  EXPECT_EQ(Oca("container --update --name c1 --marker zip"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("'zip' is no marker: auto, none or tar"));
  ASSERT_EQ(Oca("stats --container --name a1"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr(": 3 tar-gnu, 3 tar-pax\n"), HasSubstr(": 77\n"),
                                HasSubstr(": 2048 (2.00 KiB)\n")));
  ASSERT_EQ(Oca("stats --container --name a1 --json"), 0);
  EXPECT_EQ(Json()["recognised_formats"][1]["format"], "tar-pax");
  EXPECT_EQ(Json()["recycle_bin_files"], 5);
}

TEST_F(Cli, MissingNameIsAUsageErrorWithoutATerminal) {
  EXPECT_EQ(Oca("container --add"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--name is missing"));
  EXPECT_EQ(Oca("container --add --name ''"), kUsage);
  EXPECT_EQ(LastCall(), "");
}

TEST_F(Cli, MissingNameIsAskedForOnATerminal) {
  terminal_ = true;
  in_.str("c9\n");
  ASSERT_EQ(Oca("container --add"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Name of the container: "));
  EXPECT_EQ(LastCall(), "AddContainer: name: \"c9\"");
}

TEST_F(Cli, DeleteAsksAndTakesOnlyYes) {
  terminal_ = true;
  for (const char* no : {"\n", "no\n", "n\n", "yep\n", ""}) {
    in_.str(no);
    EXPECT_EQ(Oca("container --delete --name c1"), kDeclined) << no;
    EXPECT_THAT(err_.str(), HasSubstr("nothing was changed"));
  }
  EXPECT_EQ(LastCall(), "");
  in_.str("YES\n");
  EXPECT_EQ(Oca("container --delete --name c1 --delete_files"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("ALL FILES"), HasSubstr("(yes/no) [n]? ")));
  EXPECT_EQ(LastCall(), "DeleteContainer: name: \"c1\" delete_files: true");
}

TEST_F(Cli, DeleteWithoutATerminalNeedsYes) {
  EXPECT_EQ(Oca("container --delete --name c1"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--yes"));
  EXPECT_EQ(Oca("storage_group --delete --name g"), kUsage);
  EXPECT_EQ(Oca("maintenance --filesystem --shutdown"), kUsage);
  EXPECT_EQ(LastCall(), "");
  EXPECT_EQ(Oca("container --delete --name c1 --yes --json"), 0);
  EXPECT_EQ(Json()["deleted"], true);
}

TEST_F(Cli, StorageGroupValuesAreParsed) {
  ASSERT_EQ(
      Oca("storage_group --add --name g --compression_mode best --chunk_size 64KiB --quota 2TiB"),
      0);
  EXPECT_EQ(LastCall(),
            "AddStorageGroup: name: \"g\" compression_mode: COMPRESSION_MODE_BEST "
            "chunk_size_bytes: 65536 quota_bytes: 2199023255552");
  ASSERT_EQ(Oca("storage_group --update --name g --quota none"), 0);
  EXPECT_EQ(LastCall(), "UpdateStorageGroup: name: \"g\" quota_bytes: 0");
  EXPECT_EQ(Oca("storage_group --update --name g"), kUsage);
  EXPECT_EQ(Oca("storage_group --add --name g --quota lots"), kUsage);
  EXPECT_EQ(Oca("storage_group --add --name g --compression_mode zip"), kUsage);
  EXPECT_EQ(Oca("storage_group --add --name g --chunk_size 1KiB"), kUsage);
}

TEST_F(Cli, StatsOfAGroupHaveTheDocumentedFieldsAsNumbers) {
  ASSERT_EQ(Oca("stats --storage_group --name DefaultGroup --json"), 0);
  nlohmann::json json = Json();
  for (const char* name :
       {"id", "current_bytes", "post_dedupe_bytes", "post_compression_bytes", "physical_bytes",
        "total_inodes", "dedupe_savings_percent", "total_savings_percent",
        "compression_savings_percent", "read_mib_per_s", "write_mib_per_s", "quota_bytes",
        "capacity_used_bytes", "capacity_free_bytes"}) {
    EXPECT_TRUE(json[name].is_number()) << name;
  }
  EXPECT_EQ(json["current_bytes"], 1ull << 40);
  EXPECT_EQ(json["cleaner_status"], "idle");
  ASSERT_EQ(Oca("stats --storage_group --name DefaultGroup"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Current Bytes          : 1099511627776 (1024.00 GiB)\n"));
  EXPECT_THAT(out_.str(), HasSubstr("Dedupe Savings         : 97.99 %\n"));
  ASSERT_EQ(Oca("stats --storage_group"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Total Savings\n"));
  ASSERT_EQ(Oca("stats --system --json"), 0);
  EXPECT_EQ(Json()["current_bytes"], 1ull << 40);
}

TEST_F(Cli, ReclaimWaitsForItsEnd) {
  {
    absl::MutexLock lock(&management_.mu);
    management_.looks_until_done = 3;
  }
  ASSERT_EQ(Oca("maintenance --filesystem --reclaim_space --json"), 0);
  EXPECT_EQ(Json()["state"], "done");
  absl::MutexLock lock(&management_.mu);
  EXPECT_EQ(management_.looks, 4);
}

TEST_F(Cli, ReclaimDrawsProgressOnATerminalOnly) {
  {
    absl::MutexLock lock(&management_.mu);
    management_.looks_until_done = 1;
  }
  terminal_ = true;
  ASSERT_EQ(Oca("maintenance --filesystem --reclaim_space"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\r\033[KCleaner: mark 40 %"));
}

TEST_F(Cli, ReclaimReturnsAtOnceWithNoWait) {
  {
    absl::MutexLock lock(&management_.mu);
    management_.looks_until_done = 1000000;
  }
  ASSERT_EQ(Oca("maintenance --filesystem --reclaim_space --no_wait"), 0);
  EXPECT_EQ(LastCall(), "StartReclaim: ");
}

TEST_F(Cli, ReclaimThatFailsOrIsStoppedSaysSo) {
  {
    absl::MutexLock lock(&management_.mu);
    management_.end_state = fs::v1::JOB_STATE_FAILED;
  }
  EXPECT_EQ(Oca("maintenance --filesystem --reclaim_space"), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("disk on fire"));
  {
    absl::MutexLock lock(&management_.mu);
    management_.end_state = fs::v1::JOB_STATE_STOPPED;
  }
  EXPECT_EQ(Oca("maintenance --filesystem --reclaim_space"), kDeclined);
}

TEST_F(Cli, ScanHandsItsLevelOnAndFaultsAreAFailureWhenWaitedFor) {
  ASSERT_EQ(Oca("maintenance --filesystem --start_scan verify_metadata --storage_group g"), 0);
  EXPECT_EQ(LastCall(), "StartScan: level: SCAN_LEVEL_VERIFY_METADATA storage_group: \"g\"");
  EXPECT_EQ(Oca("maintenance --filesystem --start_scan everything"), kUsage);
  {
    absl::MutexLock lock(&management_.mu);
    management_.fault_count = 30;
  }
  EXPECT_EQ(Oca("maintenance --filesystem --start_scan verify_data --wait"), kFailed);
  EXPECT_THAT(err_.str(), HasSubstr("30 faults"));
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("fault 19"), Not(HasSubstr("fault 20"))));
  EXPECT_EQ(Oca("maintenance --filesystem --scan_status --json"), 0);
  EXPECT_EQ(Json()["faults"].size(), 30u);
}

TEST_F(Cli, ScanReportShowsTheQuarantineAndRepairIsAScanThatMends) {
  ASSERT_EQ(Oca("maintenance --filesystem --scan_report"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Packs Verified : 39"), HasSubstr("3 of 8 chunks lost")));
  ASSERT_EQ(Oca("maintenance --filesystem --repair_now"), 0);
  EXPECT_EQ(LastCall(), "StartScan: level: SCAN_LEVEL_VERIFY_DATA repair: true");
}

TEST_F(Cli, RepairHistoryShowsWhatWasDoneWhenAskedForAll) {
  ASSERT_EQ(Oca("maintenance --filesystem --repair_history"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("1 repairs, 2 faults left"), Not(HasSubstr("pack 7"))));
  ASSERT_EQ(Oca("maintenance --filesystem --repair_history --verbose"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("pack 7: header written anew"));
}

TEST_F(Cli, ClearQuarantineAsksFirst) {
  EXPECT_NE(Oca("maintenance --filesystem --clear_quarantine"), 0);
  EXPECT_EQ(LastCall(), "");
  ASSERT_EQ(Oca("maintenance --filesystem --clear_quarantine --storage_group g --yes"), 0);
  EXPECT_EQ(LastCall(), "ClearQuarantine: storage_group: \"g\"");
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Before : 5"), HasSubstr("Still Damaged")));
}

TEST_F(Cli, MaintenanceTakesExactlyOneAction) {
  EXPECT_EQ(Oca("maintenance --filesystem"), kUsage);
  EXPECT_EQ(Oca("maintenance --filesystem --stop_scan --stop_reclaim_space"), kUsage);
  EXPECT_EQ(Oca("maintenance --filesystem --stop_scan"), 0);
  EXPECT_EQ(Oca("maintenance --filesystem --stop_reclaim_space"), 0);
  EXPECT_EQ(Oca("maintenance --filesystem --shutdown --yes"), 0);
  EXPECT_EQ(LastCall(), "Shutdown: ");
}

TEST_F(Cli, EveryStatusHasItsExitCode) {
  const std::pair<absl::Status, int> kCodes[] = {
      {absl::InternalError("x"), kFailed},
      {absl::DataLossError("x"), kFailed},
      {absl::ResourceExhaustedError("x"), kFailed},
      {absl::PermissionDeniedError("x"), kFailed},
      {absl::AbortedError("x"), kConflict},
      {absl::UnauthenticatedError("x"), kNotSignedIn},
      {absl::InvalidArgumentError("x"), kUsage},
      {absl::NotFoundError("x"), kNotFound},
      {absl::AlreadyExistsError("x"), kConflict},
      {absl::FailedPreconditionError("x"), kConflict},
      {absl::UnavailableError("x"), kUnreachable},
      {absl::DeadlineExceededError("x"), kUnreachable},
      {absl::CancelledError("x"), kDeclined},
  };
  for (const auto& [status, code] : kCodes) {
    Fail(status);
    EXPECT_EQ(Oca("container --show"), code) << status;
    EXPECT_THAT(err_.str(), HasSubstr("oca: "));
    EXPECT_EQ(out_.str(), "");
  }
}

TEST_F(Cli, ServiceThatIsDownIsNamedWithTheWayToStartIt) {
  server_.reset();
  EXPECT_EQ(Oca("container --show"), kUnreachable);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("ocaconfigsvc"),
                                HasSubstr("oca-appliance start --home " + home_.path())));
}

TEST_F(Cli, HomeMayBeGivenAnywhereAndMustFitASocket) {
  Context context{in_, out_, err_, false, false, "", [](absl::Duration) {}};
  EXPECT_EQ(
      cli::Run(std::vector<std::string>{"container", "--show", "--home", home_.path()}, context),
      0);
  EXPECT_EQ(cli::Run(std::vector<std::string>{"--home", home_.path() + "/", "container", "show"},
                     context),
            0);
  EXPECT_EQ(cli::Run(std::vector<std::string>{"container", "--show"}, context), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("OCA_HOME"));
  EXPECT_EQ(cli::Run(std::vector<std::string>{"container", "--show", "--home",
                                              "/" + std::string(120, 'x')},
                     context),
            kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("107"));
}

TEST_F(Cli, WaitEndsWhenReadyOrNamesWhatIsNot) {
  {
    absl::MutexLock lock(&management_.mu);
    management_.ready = false;
  }
  EXPECT_EQ(Oca("system --wait --timeout 0"), kUnreachable);
  EXPECT_THAT(err_.str(), HasSubstr("it is down"));
  EXPECT_EQ(Oca("system --wait --timeout 30"), 0);
}

TEST_F(Cli, SystemShowsVersionStorageAndParts) {
  ASSERT_EQ(Oca("system --show --version"), 0);
  EXPECT_EQ(out_.str(), "Version : 9.9\n");
  ASSERT_EQ(Oca("system --show --version --json"), 0);
  EXPECT_EQ(Json(), nlohmann::json::parse(R"({"version": "9.9"})"));
  ASSERT_EQ(Oca("system --show --storage"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("/repo"));
  ASSERT_EQ(Oca("system --show --json"), 0);
  EXPECT_EQ(Json()["parts"][0]["name"], "ocafsd");
}

TEST_F(Cli, HelpIsThereOnEachLevel) {
  for (const char* line : {"--help", "container --help", "container --add --help",
                           "stats --storage_group --help", "maintenance --filesystem --help"}) {
    EXPECT_EQ(Oca(line), 0) << line;
    EXPECT_THAT(out_.str(), HasSubstr("Usage: oca")) << line;
    EXPECT_EQ(err_.str(), "") << line;
  }
  EXPECT_EQ(Oca("container --add --help"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("--group_name"), HasSubstr("Example")));
}

TEST_F(Cli, WrongWordsAreUsageErrorsThatPointToHelp) {
  for (const char* line :
       {"", "nogroup --show", "container", "container --nosuch", "container --show --nosuch",
        "container --add --name", "container --show extra"}) {
    EXPECT_EQ(Oca(line), kUsage) << line;
    EXPECT_THAT(err_.str(), HasSubstr("--help")) << line;
    EXPECT_EQ(out_.str(), "") << line;
  }
}

}  // namespace
}  // namespace oca::cli
