// Every method says who may call it, and what is offered to users has its own place in REST.
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "lib/api/access.pb.h"
#include "lib/api/access_rule.pb.h"
#include "lib/api/alerts.pb.h"
#include "lib/api/diagnostics.pb.h"
#include "lib/api/fs.pb.h"
#include "lib/api/gateways.pb.h"
#include "lib/api/management.pb.h"
#include "lib/api/ndmp.pb.h"
#include "lib/api/options.pb.h"
#include "lib/api/recycle_bin.pb.h"
#include "lib/api/replication.pb.h"
#include "lib/api/second_factor.pb.h"
#include "lib/api/services.h"
#include "lib/api/storage.pb.h"
#include "lib/api/tape_libraries.pb.h"
#include "lib/api/tokens.pb.h"
#include "lib/api/users.pb.h"
#include "lib/api/vtl.pb.h"

namespace oca {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// Of all services that are offered to users.
std::vector<const MethodDescriptor*> UserMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const ServiceDescriptor* service : api::UserServices()) {
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i));
  }
  return methods;
}

TEST(ApiRules, EveryMethodHasPermissionAndItsOwnPath) {
  ASSERT_GT(UserMethods().size(), 30u);
  std::set<std::string> places;
  for (const MethodDescriptor* method : UserMethods()) {
    SCOPED_TRACE(method->full_name());
    const MethodRule& rule = method->options().GetExtension(oca::rule);
    EXPECT_NE(rule.permission(), PERMISSION_UNSPECIFIED);
    if (rule.permission() == PERMISSION_INTERNAL) {
      EXPECT_EQ(rule.http_path(), "");
      continue;
    }
    EXPECT_THAT(rule.http_verb(), testing::AnyOf("GET", "POST", "PATCH", "DELETE"));
    EXPECT_EQ(rule.http_path().substr(0, 4), "/v1/");
    EXPECT_TRUE(places.insert(rule.http_verb() + " " + rule.http_path()).second);
    // Only reading is safe to repeat and to allow for viewers.
    EXPECT_EQ(rule.http_verb() == "GET", rule.permission() == PERMISSION_VIEW);
  }
}

// The gate knows a method by its request.
TEST(ApiRules, EachMethodHasARequestOfItsOwn) {
  std::set<const Descriptor*> requests;
  for (const MethodDescriptor* method : UserMethods()) {
    EXPECT_TRUE(requests.insert(method->input_type()).second) << method->full_name();
    EXPECT_EQ(method->input_type()->name(), method->name() + "Request");
  }
}

TEST(ApiRules, SecretsAreMarked) {
  for (const auto* file :
       {management::v1::System::descriptor()->file(), management::v1::User::descriptor()->file(),
        management::v1::Token::descriptor()->file(), management::v1::Alert::descriptor()->file(),
        management::v1::TotpSecret::descriptor()->file(),
        management::v1::AccessEntry::descriptor()->file(),
        management::v1::RecycledFile::descriptor()->file(),
        management::v1::TapeLibrary::descriptor()->file(),
        management::v1::NdmpStatus::descriptor()->file(),
        management::v1::ReplicationLink::descriptor()->file(), vtl::v1::Info::descriptor()->file(),
        fs::v1::Info::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Descriptor* message = file->message_type(i);
      for (int j = 0; j < message->field_count(); ++j) {
        const auto* field = message->field(j);
        if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING) continue;
        bool sounds_secret = false;
        for (const char* word : {"password", "passphrase", "token", "secret", "one_time_code"}) {
          sounds_secret |= field->name().find(word) != std::string::npos;
        }
        EXPECT_EQ(field->options().GetExtension(oca::secret), sounds_secret) << field->full_name();
      }
    }
  }
}

TEST(ApiRules, PathFieldsAreFieldsOfTheRequest) {
  for (const MethodDescriptor* method : UserMethods()) {
    const std::string& path = method->options().GetExtension(oca::rule).http_path();
    for (size_t open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1)) {
      size_t close = path.find('}', open);
      ASSERT_NE(close, std::string::npos) << path;
      std::string field = path.substr(open + 1, close - open - 1);
      EXPECT_NE(method->input_type()->FindFieldByName(field), nullptr) << path;
    }
  }
}

// The gate asks for the access to the container that `name` names.
TEST(ApiRules, AccessSufficesForContainersAlone) {
  std::set<std::string> by_access;
  for (const MethodDescriptor* method : UserMethods()) {
    if (!method->options().GetExtension(oca::rwd_suffices)) continue;
    by_access.insert(method->name());
    EXPECT_NE(method->input_type()->FindFieldByName("name"), nullptr);
  }
  EXPECT_EQ(by_access, std::set<std::string>{"DeleteContainer"});
}

TEST(ApiRules, FsMethodsAreInternal) {
  const ServiceDescriptor* service = fs::v1::Info::descriptor()->file()->service(0);
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
