#include "services/http/transcode.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/management.pb.h"
#include "lib/api/services.h"
#include "lib/api/users.pb.h"
#include "lib/base/status.h"
#include "lib/http/url.h"
#include "nlohmann/json.hpp"
#include "t/support/status_matchers.h"

namespace oca::httpd {
namespace {

namespace mgmt = management::v1;
using testing::HasSubstr;

class Transcode : public testing::Test {
 protected:
  // The request as text, or the error's message.
  std::string Text(const std::string& verb, const std::string& path, const std::string& body = "") {
    auto target = http::ParseTarget(path);
    EXPECT_OK(target);
    const Routes::Found found = routes_.Find(verb, target->segments);
    if (found.method == nullptr) return "no method";
    auto message = ToMessage(found, target->parameters, {verb, path, {}, body});
    if (!message.ok()) {
      EXPECT_EQ(message.status().code(), absl::StatusCode::kInvalidArgument);
      return "error: " + std::string(MessageOf(message.status()));
    }
    return (*message)->ShortDebugString();
  }

  const Routes routes_{api::UserServices()};
};

TEST_F(Transcode, ABodyBecomesFields) {
  EXPECT_EQ(Text("POST", "/v1/containers",
                 R"({"name": "c", "group": "g", "type": "CONTAINER_TYPE_LOCAL"})"),
            "name: \"c\" group: \"g\" type: CONTAINER_TYPE_LOCAL");
  EXPECT_EQ(Text("POST", "/v1/storage_groups", R"({"name": "g", "quota_bytes": "1048576"})"),
            "name: \"g\" quota_bytes: 1048576");
  EXPECT_EQ(Text("POST", "/v1/maintenance/cleaner:start"), "");
  EXPECT_EQ(
      Text("PATCH", "/v1/users/eve", R"({"roles": {"roles": ["ROLE_MONITOR"]}, "phone": ""})"),
      "name: \"eve\" roles { roles: ROLE_MONITOR } phone: \"\"");
  EXPECT_EQ(Text("PATCH", "/v1/users/eve", R"({"name": "eve"})"), "name: \"eve\"");
}

TEST_F(Transcode, AQueryBecomesFields) {
  EXPECT_EQ(Text("GET", "/v1/users?role=monitor"), "role: ROLE_MONITOR");
  EXPECT_EQ(Text("DELETE", "/v1/containers/c?delete_files=true"), "name: \"c\" delete_files: true");
  EXPECT_EQ(Text("GET", "/v1/audit?since=2026-01-31T12:00:00Z&limit=5"),
            "since { seconds: 1769860800 } limit: 5");
}

TEST_F(Transcode, BadBodiesSayWhatIsWrong) {
  for (const char* body : {"{", "[]", "1", "null x", "{\"name\": 1, }", "{\"name\": [\"c\"]}",
                           "{\"nmae\": \"c\"}", "{\"name\": \"c\"} {}",
                           "{\"type\": \"CONTAINER_TYPE_X\"}", "\xff", "{\"name\": \"\xff\"}"}) {
    EXPECT_THAT(Text("POST", "/v1/containers", body), HasSubstr("error: the body is no ")) << body;
  }
  EXPECT_THAT(Text("POST", "/v1/containers", "{\"nmae\": \"c\"}"), HasSubstr("nmae"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"window\":";
  EXPECT_THAT(Text("PATCH", "/v1/schedules/cleaner", deep), HasSubstr("error: "));
}

TEST_F(Transcode, BadParametersSayWhatIsWrong) {
  EXPECT_THAT(Text("GET", "/v1/users?nmae=x"), HasSubstr("has no parameter 'nmae'"));
  EXPECT_THAT(Text("GET", "/v1/users?name=x&name=y"), HasSubstr("given twice"));
  EXPECT_THAT(Text("GET", "/v1/users?role=king"), HasSubstr("role must be a value of Role"));
  EXPECT_THAT(Text("GET", "/v1/audit?limit=x"), HasSubstr("limit must be a number"));
  EXPECT_THAT(Text("GET", "/v1/users", "{}"), HasSubstr("GET takes no body"));
  EXPECT_THAT(Text("POST", "/v1/login?name=eve&password=x"), HasSubstr("in the body"));
  EXPECT_THAT(Text("DELETE", "/v1/containers/c?name=d"), HasSubstr("in the path"));
  EXPECT_THAT(Text("PATCH", "/v1/users/eve", R"({"name": "adam"})"), HasSubstr("in the path"));
}

TEST_F(Transcode, AnswersHaveAllFieldsByTheirNames) {
  mgmt::StorageGroup group;
  group.set_name("g");
  group.set_quota_bytes(1ull << 40);
  ASSERT_OK_AND_ASSIGN(std::string text, ToJson(group));
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["quota_bytes"], "1099511627776");
  EXPECT_EQ(json["chunk_size_bytes"], 0);
  EXPECT_EQ(json["state"], "STATE_UNSPECIFIED");
  EXPECT_TRUE(json["containers"].empty());
}

}  // namespace
}  // namespace oca::httpd
