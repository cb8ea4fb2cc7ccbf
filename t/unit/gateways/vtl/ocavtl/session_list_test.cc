#include "gateways/vtl/ocavtl/session_list.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace oca::vtl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ParseSessions, OneForEachSessionWithItsFirstConnection) {
  EXPECT_THAT(ParseSessions("Session: 2\n"
                            "    Connection: 0\n"
                            "        Initiator: iqn.2026-11.local.test:host\n"
                            "        IP Address: 127.0.0.1\n"
                            "    Connection: 1\n"
                            "        Initiator: iqn.2026-11.local.test:host\n"
                            "        IP Address: 192.0.2.1\n"
                            "Session: 3\n"
                            "    Connection: 0\n"
                            "        Initiator: iqn.2026-11.local.test:other\n"
                            "        IP Address: 2001:db8::7\n"),
              ElementsAre(SessionInfo{"iqn.2026-11.local.test:host", "127.0.0.1"},
                          SessionInfo{"iqn.2026-11.local.test:other", "2001:db8::7"}));
}

TEST(ParseSessions, WhatItDoesNotKnowSaysNothing) {
  EXPECT_THAT(ParseSessions(""), IsEmpty());
  EXPECT_THAT(ParseSessions("        Initiator: nobody's\n\n tgtadm: warning\n"), IsEmpty());
  EXPECT_THAT(ParseSessions("Session: 1\n        Initiator: a\n        Initiator: b"),
              ElementsAre(SessionInfo{"a", ""}));
}

}  // namespace
}  // namespace oca::vtl
