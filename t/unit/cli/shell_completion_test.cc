#include "cli/completion.h"
#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class Completion : public Cli {
 protected:
  std::vector<std::string> After(std::string_view line) {
    Context context{in_, out_, err_, true, true, home_.path(), [](absl::Duration) {}};
    std::vector<std::string> words = Completions(line, context);
    EXPECT_EQ(out_.str() + err_.str(), "") << "something was printed";
    return words;
  }
};

TEST_F(Completion, GroupsThenVerbsThenOptions) {
  EXPECT_THAT(After(""), Contains("container"));
  EXPECT_THAT(After("cont"), Contains("container"));
  EXPECT_THAT(After("oca "), Contains("storage_group"));
  EXPECT_THAT(After("container "), Contains("--add"));
  EXPECT_THAT(After("container --a"), Contains("--add"));
  EXPECT_THAT(After("container --add "), Contains("--name"));
  EXPECT_THAT(After("container add --na"), Contains("--name"));
  EXPECT_THAT(After("container --add "), Not(Contains("--names_only")));
}

TEST_F(Completion, NamesOfWhatThereIs) {
  EXPECT_THAT(After("container --delete --name "), ElementsAre("a1", "b2"));
  EXPECT_THAT(After("stats --container --name "), ElementsAre("a1", "b2"));
  EXPECT_THAT(After("container --add --name "), Not(Contains("a1")));
  EXPECT_THAT(After("replication --add --name "), ElementsAre("a1", "b2"));
  EXPECT_THAT(After("schedule --add --replication --name "), ElementsAre("a1", "b2"));
  EXPECT_THAT(After("stats --history --name "), ElementsAre("cpu.load_1", "disk.used_bytes"));
}

TEST_F(Completion, NothingForWhatIsNoCommand) {
  EXPECT_THAT(After("nonsense "), IsEmpty());
  EXPECT_THAT(After("container --nonsense "), IsEmpty());
  EXPECT_THAT(After("container; "), IsEmpty());
  EXPECT_THAT(After("'open "), IsEmpty());
}

TEST_F(Completion, NoNamesWhereTheApplianceDoesNotAnswer) {
  server_.reset();
  EXPECT_THAT(After("container --delete --name "), IsEmpty());
}

}  // namespace
}  // namespace oca::cli
