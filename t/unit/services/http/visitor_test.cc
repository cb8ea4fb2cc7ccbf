#include "services/http/visitor.h"

#include <string>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::httpd {
namespace {

using support::StatusIs;

http::Request With(std::map<std::string, std::string> headers, const std::string& verb = "GET") {
  return {verb, "/", std::move(headers), "", "192.0.2.1"};
}

TEST(VisitorOf, ATokenFromHeaderOrCookie) {
  ASSERT_OK_AND_ASSIGN(Visitor visitor, VisitorOf(With({{"authorization", "Bearer abc-_="}})));
  EXPECT_EQ(visitor.token, "abc-_=");
  EXPECT_EQ(visitor.peer, "192.0.2.1");
  ASSERT_OK_AND_ASSIGN(visitor, VisitorOf(With({{"authorization", "bearer  abc "}})));
  EXPECT_EQ(visitor.token, "abc");
  ASSERT_OK_AND_ASSIGN(visitor, VisitorOf(With({{"cookie", "a=b; oca_session=xyz; c"}})));
  EXPECT_EQ(visitor.token, "xyz");
  ASSERT_OK_AND_ASSIGN(
      visitor, VisitorOf(With({{"cookie", "oca_session=xyz"}, {"authorization", "Bearer abc"}})));
  EXPECT_EQ(visitor.token, "abc");
  ASSERT_OK_AND_ASSIGN(visitor, VisitorOf(With({{"cookie", "xoca_session=xyz"}})));
  EXPECT_EQ(visitor.token, "");
  ASSERT_OK_AND_ASSIGN(visitor, VisitorOf(With({})));
  EXPECT_EQ(visitor.token, "");
}

// What goes on as metadata must not end the program that hands it on.
TEST(VisitorOf, WhatCanBeNoTokenIsRefused) {
  for (const std::string& bad :
       {std::string("Bearer "), std::string("Bearer a b"), std::string("Bearer \x01"),
        std::string("Bearer \xC3\xA4"), "Bearer " + std::string(257, 'a'),
        std::string("Basic YTpi"), std::string("Bearer")}) {
    EXPECT_THAT(VisitorOf(With({{"authorization", bad}})),
                StatusIs(absl::StatusCode::kUnauthenticated))
        << bad;
  }
  EXPECT_THAT(VisitorOf(With({{"cookie", "oca_session=a,b"}})),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(VisitorOf, ForeignPagesChangeNothing) {
  const std::map<std::string, std::string> foreign = {
      {"cookie", "oca_session=x"}, {"host", "oca:5233"}, {"origin", "https://evil.example"}};
  EXPECT_THAT(VisitorOf(With(foreign, "POST")), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(VisitorOf(With(foreign, "DELETE")), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_OK(VisitorOf(With(foreign)));
  auto own = foreign;
  own["origin"] = "https://oca:5233";
  EXPECT_OK(VisitorOf(With(own, "POST")));
  // A token in the header is nothing that a browser adds by itself.
  auto program = foreign;
  program["authorization"] = "Bearer abc";
  EXPECT_OK(VisitorOf(With(program, "POST")));
}

}  // namespace
}  // namespace oca::httpd
