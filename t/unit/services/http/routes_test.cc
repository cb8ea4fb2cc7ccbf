#include "services/http/routes.h"

#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/options.pb.h"
#include "lib/api/services.h"
#include "lib/http/url.h"
#include "t/support/status_matchers.h"

namespace oca::httpd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class RoutesTest : public testing::Test {
 protected:
  Routes::Found Find(const std::string& verb, const std::string& path) {
    auto target = http::ParseTarget(path);
    EXPECT_OK(target) << path;
    return target.ok() ? routes_.Find(verb, target->segments) : Routes::Found();
  }
  std::string Name(const std::string& verb, const std::string& path) {
    const Routes::Found found = Find(verb, path);
    return found.method == nullptr ? "" : found.method->name();
  }

  const Routes routes_{api::UserServices()};
};

TEST_F(RoutesTest, PathsMeanMethods) {
  EXPECT_EQ(Name("GET", "/v1/system"), "GetSystem");
  EXPECT_EQ(Name("GET", "/v1/containers"), "ListContainers");
  EXPECT_EQ(Name("POST", "/v1/containers"), "AddContainer");
  EXPECT_EQ(Name("DELETE", "/v1/containers/c"), "DeleteContainer");
  EXPECT_EQ(Name("GET", "/v1/containers/c/retention"), "GetRetention");
  EXPECT_EQ(Name("POST", "/v1/containers/c/retention:release"), "ReleaseLock");
  EXPECT_EQ(Name("POST", "/v1/storage_groups/g:unlock"), "UnlockStorageGroup");
  EXPECT_EQ(Name("POST", "/v1/maintenance/cleaner:start"), "StartReclaim");
  EXPECT_EQ(Name("POST", "/v1/login"), "Login");
  EXPECT_EQ(Name("DELETE", "/v1/tokens/t"), "RevokeToken");
}

TEST_F(RoutesTest, FieldsAreDecoded) {
  EXPECT_THAT(Find("DELETE", "/v1/containers/a%20b%2Fc").fields,
              ElementsAre(Pair("name", "a b/c")));
  EXPECT_THAT(Find("PATCH", "/v1/users/e%3Ave").fields, ElementsAre(Pair("name", "e:ve")));
  EXPECT_THAT(Find("POST", "/v1/users/eve:set_password").fields, ElementsAre(Pair("name", "eve")));
}

TEST_F(RoutesTest, WrongVerbsSayTheRightOnes) {
  const Routes::Found found = Find("PUT", "/v1/containers");
  EXPECT_EQ(found.method, nullptr);
  EXPECT_THAT(found.verbs, ElementsAre("GET", "POST"));
}

TEST_F(RoutesTest, WhatIsNotThere) {
  for (const char* path :
       {"/", "/v1", "/v1/", "/v1/systems", "/v1/system/", "//v1/system", "/v1//system",
        "/v1/containers/", "/v1/containers/a/b", "/v1/containers/../system",
        "/v1/storage_groups/:unlock", "/v1/storage_groups/a:b:unlock", "/v1/users/eve:nothing",
        "/V1/system", "/v1/%73ystem"}) {
    EXPECT_THAT(Find("GET", path).verbs, IsEmpty()) << path;
    EXPECT_THAT(Find("POST", path).verbs, IsEmpty()) << path;
  }
}

// Two methods at one place would hide one another; one that streams is not served.
TEST_F(RoutesTest, EachMethodHasItsPlaceAndAnswersOnce) {
  std::set<std::string> shapes;
  int methods = 0;
  for (const auto* service : api::UserServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      const std::string& path = method->options().GetExtension(oca::rule).http_path();
      if (path.empty()) continue;
      ++methods;
      EXPECT_FALSE(method->client_streaming() || method->server_streaming()) << method->full_name();
      std::string example, shape;
      for (size_t at = 0; at < path.size(); ++at) {
        if (path[at] == '{') {
          at = path.find('}', at);
          example += "x";
          shape += "{}";
        } else {
          example += path[at];
          shape += path[at];
        }
      }
      const std::string& verb = method->options().GetExtension(oca::rule).http_verb();
      EXPECT_TRUE(shapes.insert(verb + " " + shape).second) << shape;
      EXPECT_EQ(Find(verb, example).method, method) << example;
    }
  }
  EXPECT_GT(methods, 40);
}

}  // namespace
}  // namespace oca::httpd
