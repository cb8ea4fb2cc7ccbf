// Every method says who may call it, and what is offered to users has its own place in REST.
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "lib/api/fs.pb.h"
#include "lib/api/management.pb.h"
#include "lib/api/options.pb.h"

namespace oca {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

const ServiceDescriptor* Find(const google::protobuf::FileDescriptor* file) {
  return file->service(0);
}

TEST(ApiRules, EveryManagementMethodHasPermissionAndItsOwnPath) {
  const ServiceDescriptor* service = Find(management::v1::System::descriptor()->file());
  ASSERT_GT(service->method_count(), 10);
  std::set<std::string> places;
  for (int i = 0; i < service->method_count(); ++i) {
    const MethodDescriptor* method = service->method(i);
    SCOPED_TRACE(method->full_name());
    const MethodRule& rule = method->options().GetExtension(oca::rule);
    EXPECT_NE(rule.permission(), PERMISSION_UNSPECIFIED);
    EXPECT_NE(rule.permission(), PERMISSION_INTERNAL);
    EXPECT_THAT(rule.http_verb(), testing::AnyOf("GET", "POST", "PATCH", "DELETE"));
    EXPECT_EQ(rule.http_path().substr(0, 4), "/v1/");
    EXPECT_TRUE(places.insert(rule.http_verb() + " " + rule.http_path()).second);
    // Only reading is safe to repeat and to allow for viewers.
    EXPECT_EQ(rule.http_verb() == "GET", rule.permission() == PERMISSION_VIEW);
  }
}

TEST(ApiRules, PathFieldsAreFieldsOfTheRequest) {
  const ServiceDescriptor* service = Find(management::v1::System::descriptor()->file());
  for (int i = 0; i < service->method_count(); ++i) {
    const MethodDescriptor* method = service->method(i);
    const std::string& path = method->options().GetExtension(oca::rule).http_path();
    for (size_t open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1)) {
      size_t close = path.find('}', open);
      ASSERT_NE(close, std::string::npos) << path;
      std::string field = path.substr(open + 1, close - open - 1);
      EXPECT_NE(method->input_type()->FindFieldByName(field), nullptr) << path;
    }
  }
}

TEST(ApiRules, FsMethodsAreInternal) {
  const ServiceDescriptor* service = Find(fs::v1::Info::descriptor()->file());
  ASSERT_GT(service->method_count(), 10);
  for (int i = 0; i < service->method_count(); ++i) {
    const MethodRule& rule = service->method(i)->options().GetExtension(oca::rule);
    EXPECT_EQ(rule.permission(), PERMISSION_INTERNAL) << service->method(i)->full_name();
    EXPECT_EQ(rule.http_path(), "");
  }
}

// The command line prints these names; they are a promise.
TEST(ApiRules, StorageGroupStatsHaveTheDocumentedFields) {
  const Descriptor* stats = fs::v1::StorageGroupStats::descriptor();
  for (const char* name :
       {"name", "id", "quota_bytes", "capacity_used_bytes", "capacity_free_bytes", "current_bytes",
        "post_dedupe_bytes", "post_compression_bytes", "physical_bytes", "total_inodes",
        "dedupe_savings_percent", "total_savings_percent", "compression_savings_percent",
        "read_mib_per_s", "write_mib_per_s", "cleaner_status"}) {
    EXPECT_NE(stats->FindFieldByName(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace oca
