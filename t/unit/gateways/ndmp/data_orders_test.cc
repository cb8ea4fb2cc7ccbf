// What clients may say of what they want backed up and recovered.
#include <string>
#include <vector>

#include "gateways/ndmp/data/orders.h"
#include "gateways/ndmp/data/tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace oca::ndmp {
namespace {

RecoverName Named(const std::string& original, const std::string& destination,
                  const std::string& name = "") {
  RecoverName named;
  named.original_path = original;
  named.destination_path = destination;
  named.name = name;
  return named;
}

// Where one name goes; "" when it is refused.
std::string TargetOf(const RecoverName& name, int version, const std::vector<Pval>& env = {}) {
  auto order = ParseRecover("tar", env, {name}, version);
  return order.ok() ? order->items[0].target : "";
}

TEST(NdmpPaths, AreCleanedAndStayBelowTheMount) {
  EXPECT_EQ(*CleanPath("/a//b/./c/"), "a/b/c");
  EXPECT_EQ(*CleanPath(""), "");
  EXPECT_EQ(*CleanPath("..."), "...");
  for (const char* path : {"..", "a/..", "/../a", "a/../b", "./.."}) {
    EXPECT_FALSE(CleanPath(path).ok()) << path;
  }
  EXPECT_FALSE(CleanPath(std::string("a\0b", 3)).ok());
  EXPECT_EQ(*PathOfName("/oca/c1"), "c1");
  EXPECT_EQ(*PathOfName("/oca//c1/x/"), "c1/x");
  for (const char* name :
       {"", "/", "/oca", "/oca/", "/oca/.", "/etc", "c1", "/ocac1", "/oca/../etc"}) {
    EXPECT_FALSE(PathOfName(name).ok()) << name;
  }
  EXPECT_TRUE(IsWithin("a/b", "a"));
  EXPECT_TRUE(IsWithin("a", "a"));
  EXPECT_TRUE(IsWithin("a", ""));
  EXPECT_FALSE(IsWithin("ab", "a"));
  EXPECT_FALSE(IsWithin("a", "a/b"));
}

TEST(NdmpOrders, ABackupNamesAContainerOrAPathInIt) {
  auto order = ParseBackup("tar", {{"FILESYSTEM", "/oca/c1/a"}, {"HIST", "Y"}, {"LEVEL", "0"}});
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(order->top, "c1/a");
  EXPECT_EQ(order->history, HistoryKind::kFiles);
  EXPECT_EQ(ParseBackup("tar", {{"PATH", "/oca/c1"}})->top, "c1");
  EXPECT_EQ(ParseBackup("tar", {{"FILESYSTEM", "/oca/c1"}, {"PATH", "/oca/c1/x"}})->top, "c1/x");
  EXPECT_EQ(ParseBackup("tar", {{"PATH", "/oca/c1"}, {"HIST", "d"}})->history, HistoryKind::kNodes);
  EXPECT_EQ(ParseBackup("tar", {{"PATH", "/oca/c1"}, {"HIST", "n"}})->history, HistoryKind::kNone);
  EXPECT_THAT(ParseBackup("tar", {{"PATH", "/oca/c1"}, {"EXCLUDE", "*.o,,tmp"}, {"EXCLUDE", "x"}})
                  ->excluded,
              testing::ElementsAre("*.o", "tmp", "x"));
}

TEST(NdmpOrders, WhatCannotBeBackedUpIsRefused) {
  const std::vector<std::vector<Pval>> wrong = {
      {},
      {{"FILESYSTEM", "/etc"}},
      {{"FILESYSTEM", "/oca/c1/../c2"}},
      {{"FILESYSTEM", "/oca/c1"}, {"PATH", "/oca/c2"}},
      {{"FILESYSTEM", "/oca/c1"}, {"LEVEL", "1"}},
      {{"FILESYSTEM", "/oca/c1"}, {"HIST", "maybe"}},
      {{"FILESYSTEM", "/oca/c1"}, {"FILES", "a"}},
  };
  for (const auto& env : wrong) EXPECT_FALSE(ParseBackup("tar", env).ok());
  EXPECT_FALSE(ParseBackup("dump", {{"FILESYSTEM", "/oca/c1"}}).ok());
  std::vector<Pval> many(5000, Pval{"A", "b"});
  many.push_back({"FILESYSTEM", "/oca/c1"});
  EXPECT_FALSE(ParseBackup("tar", many).ok());
}

TEST(NdmpOrders, NamesGoWhereTheirVersionSays) {
  // v2 and v4: the whole path, or of v4 a folder and a name.
  for (int version : {2, 4}) EXPECT_EQ(TargetOf(Named("/a/b", "/oca/c1/x"), version), "c1/x");
  EXPECT_EQ(TargetOf(Named("/a/b", "/oca/c1/x", "y"), 4), "c1/x/y");
  EXPECT_EQ(TargetOf(Named("/a/b", "", "/oca/c1/y"), 4), "c1/y");
  // v3: a folder, and a new name if it has one.
  EXPECT_EQ(TargetOf(Named("/a/b", "/oca/c1/x"), 3), "c1/x/a/b");
  EXPECT_EQ(TargetOf(Named("/a/b", "/oca/c1/x", "y"), 3), "c1/x/y");
  EXPECT_EQ(TargetOf(Named("/", "/oca/c1/x"), 3), "c1/x");
  // Where it was.
  for (int version : {2, 3, 4}) {
    EXPECT_EQ(TargetOf(Named("/a/b", ""), version, {{"FILESYSTEM", "/oca/c1/s"}}), "c1/s/a/b");
    EXPECT_EQ(TargetOf(Named("a", "x"), version, {{"PREFIX", "/oca/c2"}}),
              version == 3 ? "c2/x/a" : "c2/x");
    EXPECT_EQ(TargetOf(Named("/a", ""), version), "");
    EXPECT_EQ(TargetOf(Named("/a", "/etc/x"), version), "");
    EXPECT_EQ(TargetOf(Named("/a/../b", "/oca/c1"), version), "");
    EXPECT_EQ(TargetOf(Named("/a", "/oca/c1/../../etc"), version), "");
  }
}

TEST(NdmpOrders, NoNamesAreAllOfThem) {
  auto order = ParseRecover("tar", {{"FILESYSTEM", "/oca/c1"}}, {}, 4);
  ASSERT_TRUE(order.ok());
  ASSERT_EQ(order->items.size(), 1u);
  EXPECT_EQ(order->items[0].original, "");
  EXPECT_EQ(order->items[0].target, "c1");
}

TEST(NdmpOrders, DirectNeedsAllOffsets) {
  RecoverName known = Named("/a", "/oca/c1/a");
  known.fh_info = 512;
  RecoverName unknown = Named("/b", "/oca/c1/b");
  EXPECT_TRUE(ParseRecover("tar", {{"DIRECT", "Y"}}, {known}, 4)->direct);
  EXPECT_FALSE(ParseRecover("tar", {{"DIRECT", "n"}}, {known}, 4)->direct);
  EXPECT_FALSE(ParseRecover("tar", {}, {known}, 4)->direct);
  EXPECT_FALSE(ParseRecover("tar", {{"DIRECT", "Y"}}, {known, unknown}, 4)->direct);
}

}  // namespace
}  // namespace oca::ndmp
