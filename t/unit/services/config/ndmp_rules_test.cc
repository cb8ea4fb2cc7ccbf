#include "services/config/ndmp_rules.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/unit/services/config/text.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;

mgmt::UpdateNdmpRequest DataPorts(uint32_t first, uint32_t last) {
  mgmt::UpdateNdmpRequest request;
  request.set_first_data_port(first);
  request.set_last_data_port(last);
  return request;
}

TEST(NdmpRules, WhatIsSetStandsOverWhatTheFileSays) {
  mgmt::NdmpSettings file = BuiltInNdmp();
  EXPECT_EQ(file.port(), 10000u);
  file.set_port(10001);
  file.set_data_address("192.0.2.7");
  NdmpSet set;
  set.set_address("192.0.2.8");
  set.set_revision(4);
  EXPECT_EQ(EffectiveNdmp(set, file).port(), 10001u);
  EXPECT_EQ(EffectiveNdmp(set, file).address(), "192.0.2.8");
  mgmt::UpdateNdmpRequest request = DataPorts(43000, 43040);
  request.set_data_address("");
  request.set_revision(3);
  set = MergedNdmp(set, request);
  EXPECT_EQ(set.revision(), 4u);
  EXPECT_EQ(EffectiveNdmp(set, file).data_address(), "");
  EXPECT_EQ(EffectiveNdmp(set, file).last_data_port(), 43040u);
}

TEST(NdmpRules, FieldsAreChecked) {
  EXPECT_THAT(CheckNdmpFields({}), StatusIs(StatusCode::kInvalidArgument));
  mgmt::UpdateNdmpRequest request;
  for (const char* address : {"", "::1", "localhost", "192.0.2"}) {
    request.set_address(address);
    EXPECT_THAT(CheckNdmpFields(request), StatusIs(StatusCode::kInvalidArgument)) << address;
  }
  request.set_address("0.0.0.0");
  EXPECT_OK(CheckNdmpFields(request));
  for (uint32_t port : {0u, 65536u}) {
    request.set_port(port);
    EXPECT_THAT(Text(CheckNdmpFields(request)), HasSubstr("from 1 to 65535"));
  }
  request.set_port(65535);
  EXPECT_OK(CheckNdmpFields(request));
  for (const char* address : {"0.0.0.0", "host"}) {
    request.set_data_address(address);
    EXPECT_THAT(Text(CheckNdmpFields(request)), HasSubstr("that peers can connect to"));
  }
}

TEST(NdmpRules, DataPortsAreARangeThatSuffices) {
  EXPECT_OK(CheckNdmpFields(DataPorts(0, 0)));
  EXPECT_OK(CheckNdmpFields(DataPorts(43000, 43001)));
  EXPECT_THAT(Text(CheckNdmpFields(DataPorts(43000, 43000))), HasSubstr("too small a range"));
  EXPECT_THAT(Text(CheckNdmpFields(DataPorts(43001, 43000))), HasSubstr("43000-43001, not"));
  for (uint32_t port : {0u, 1023u, 65536u}) {
    EXPECT_THAT(Text(CheckNdmpFields(DataPorts(port, 43000))), HasSubstr("from 1024 to 65535"));
  }
  mgmt::UpdateNdmpRequest half;
  half.set_last_data_port(43000);
  EXPECT_THAT(Text(CheckNdmpFields(half)), HasSubstr("go together"));
}

TEST(NdmpRules, PortsAreApart) {
  const std::vector<TakenPort> taken = {{"REST", 0}, {"tape library 'lib1'", 3260}};
  mgmt::NdmpSettings settings = BuiltInNdmp();
  EXPECT_OK(CheckNdmpPorts(settings, taken));
  settings.set_first_data_port(9990);
  settings.set_last_data_port(10000);
  EXPECT_THAT(Text(CheckNdmpPorts(settings, taken)), HasSubstr("one of the data ports 9990-10000"));
  settings.set_port(3260);
  EXPECT_THAT(Text(CheckNdmpPorts(settings, taken)), HasSubstr("that of tape library 'lib1'"));
  settings.set_port(10001);
  settings.set_first_data_port(3000);
  EXPECT_THAT(Text(CheckNdmpPorts(settings, taken)),
              HasSubstr("port 3260 of tape library 'lib1' is one of the data ports 3000-10000"));
}

}  // namespace
}  // namespace oca::config
