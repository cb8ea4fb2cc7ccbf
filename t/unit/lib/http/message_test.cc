#include "lib/http/message.h"

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace oca::http {
namespace {

TEST(HttpMessage, AProblemSaysWhatWentWrong) {
  const Response response = Problem(404, "no \"x\" \xff here", "NOT_FOUND");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = nlohmann::json::parse(response.body);
  EXPECT_EQ(body["type"], "about:blank");
  EXPECT_EQ(body["title"], "Not Found");
  EXPECT_EQ(body["status"], 404);
  EXPECT_EQ(body["detail"], "no \"x\" \xEF\xBF\xBD here");
  EXPECT_EQ(body["code"], "NOT_FOUND");
  EXPECT_FALSE(nlohmann::json::parse(Problem(999, "x").body).contains("code"));
}

TEST(HttpMessage, HeadersByName) {
  Request request{"GET", "/", {{"host", "x"}}};
  EXPECT_EQ(request.Header("host"), "x");
  EXPECT_EQ(request.Header("cookie"), "");
}

}  // namespace
}  // namespace oca::http
