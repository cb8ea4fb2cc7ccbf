#include "fs/engine/read_result.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace oca::engine {
namespace {

TEST(ReadResult, BytesStayWhereTheyAre) {
  auto group = std::make_shared<const std::string>("onetwothree");
  const std::string_view all = *group;
  ReadResult result;
  result.Add(group, all.substr(0, 3));
  result.Add(group, all.substr(6, 5));
  ASSERT_EQ(result.pieces().size(), 2u);
  EXPECT_EQ(result.pieces()[1].data(), all.data() + 6);
  EXPECT_EQ(result.size(), 8u);
  group.reset();
  EXPECT_EQ(result.Joined(), "onethree");
}

TEST(ReadResult, NeighboursOfOneHolderBecomeOnePiece) {
  auto group = std::make_shared<const std::string>("onetwothree");
  const std::string_view all = *group;
  ReadResult result;
  result.Add(group, all.substr(0, 3));
  result.Add(group, all.substr(3, 3));
  ASSERT_EQ(result.pieces().size(), 1u);
  EXPECT_EQ(result.pieces()[0], "onetwo");
  // What follows in memory by chance may belong to somebody else.
  result.Add(std::make_shared<const std::string>(), all.substr(6));
  EXPECT_EQ(result.pieces().size(), 2u);
  EXPECT_EQ(result.Joined(), "onetwothree");
}

TEST(ReadResult, ZerosOfAnyNumber) {
  ReadResult result;
  result.Add("a");
  result.AddZeros(200'001);
  result.Add("b");
  EXPECT_EQ(result.size(), 200'003u);
  EXPECT_EQ(result.Joined(), "a" + std::string(200'001, '\0') + "b");
  EXPECT_EQ(ReadResult().Joined(), "");
}

}  // namespace
}  // namespace oca::engine
