// What goes over the wire, byte for byte, in every version.
#include <string>
#include <string_view>
#include <vector>

#include "gateways/ndmp/wire/codec.h"
#include "gateways/ndmp/wire/framing.h"
#include "gateways/ndmp/wire/messages_data.h"
#include "gateways/ndmp/wire/messages_tape.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace oca::ndmp {
namespace {

using namespace std::string_literals;  // NOLINT

std::string Words(const std::vector<uint32_t>& words) {
  std::string bytes;
  for (uint32_t word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(word >> shift));
  }
  return bytes;
}

TEST(NdmpWire, HeadersHaveSixWords) {
  Header header{7, 100, MessageType::kReply, Code::kMoverListen, 3, Error::kIllegalState};
  EXPECT_EQ(Encode(header, 4), Words({7, 100, 1, 0xa01, 3, 19}));
  EXPECT_EQ(Encode(header, 4).size(), kHeaderBytes);
}

TEST(NdmpWire, StringsArePaddedAndBounded) {
  TapeOpenRequest request{"abcde", TapeMode::kRaw};
  std::string bytes = Words({5}) + "abcde\0\0\0"s + Words({2});
  EXPECT_EQ(Encode(request, 4), bytes);
  auto decoded = Decode<TapeOpenRequest>(bytes, 4);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->device, "abcde");
  EXPECT_FALSE(Decode<TapeOpenRequest>(bytes.substr(0, bytes.size() - 1), 4).has_value());
  EXPECT_FALSE(Decode<TapeOpenRequest>(bytes + "x", 4).has_value());
  EXPECT_FALSE(Decode<TapeOpenRequest>(Words({0xffffffff, 0}), 4).has_value());
  // A list cannot have more items than bytes are left for.
  EXPECT_FALSE(Decode<ConnectionTypeReply>(Words({0, 0x40000000, 1}), 4).has_value());
}

TEST(NdmpWire, QuadsHaveTheirHighWordFirst) {
  EXPECT_EQ(Encode(StreamRange{0x0102030405060708, 1}, 4), Words({0x01020304, 0x05060708, 0, 1}));
}

TEST(NdmpWire, AddressesDifferByVersion) {
  Addr addr{AddrType::kTcp, {{0x7f000001, 10000, {{"a", "b"}}}}, 0, ""};
  EXPECT_EQ(Encode(addr, 2), Words({1, 0x7f000001, 10000}));
  EXPECT_EQ(Encode(addr, 3), Words({1, 0x7f000001, 10000}));
  EXPECT_EQ(Encode(addr, 4),
            Words({1, 1, 0x7f000001, 10000, 1, 1}) + "a\0\0\0"s + Words({1}) + "b\0\0\0"s);
  EXPECT_EQ(Encode(Addr(), 4), Words({0}));
  EXPECT_FALSE(Decode<Addr>(Words({9}), 4).has_value());
  EXPECT_FALSE(Decode<Addr>(Words({3, 0}), 2).has_value());
}

TEST(NdmpWire, StatesBeginDifferentlyByVersion) {
  TapeGetStateReply tape;
  tape.unsupported = 0x32;
  tape.error = Error::kDeviceNotOpen;
  EXPECT_EQ(Encode(tape, 2).substr(0, 4), Words({6}));
  EXPECT_EQ(Encode(tape, 3).substr(0, 8), Words({0x32, 6}));
  EXPECT_EQ(Encode(tape, 4).size(), Encode(tape, 3).size() - 4);
  MoverGetStateReply mover;
  mover.mode = MoverMode::kWrite;
  mover.state = MoverState::kPaused;
  EXPECT_EQ(Encode(mover, 3).substr(0, 8), Words({0, 3}));
  EXPECT_EQ(Encode(mover, 4).substr(0, 12), Words({0, 1, 3}));
  EXPECT_EQ(Encode(mover, 2).size(), Encode(mover, 3).size() - 4);
  HostInfoReply host;
  host.auth_types = {AuthType::kMd5};
  EXPECT_EQ(Encode(host, 2), Words({0, 0, 0, 0, 0, 1, 2}));
  EXPECT_EQ(Encode(host, 3), Words({0, 0, 0, 0, 0}));
}

TEST(NdmpWire, OlderPeersAreToldErrorsThatTheyKnow) {
  EXPECT_EQ(Encode(ErrorReply{Error::kReadInProgress}, 4), Words({25}));
  EXPECT_EQ(Encode(ErrorReply{Error::kReadInProgress}, 3), Words({19}));
  EXPECT_EQ(Encode(ErrorReply{Error::kClassNotSupported}, 2), Words({9}));
  for (uint32_t error = 0; error < 24; ++error) {
    EXPECT_EQ(ForVersion(static_cast<Error>(error), 2), static_cast<Error>(error));
  }
}

TEST(NdmpWire, PostsOfHaltsHaveTextUpToVersionThree) {
  NotifyMoverHalted halted{MoverHalt::kAborted, "x"};
  EXPECT_EQ(Encode(halted, 3), Words({2, 1}) + "x\0\0\0"s);
  EXPECT_EQ(Encode(halted, 4), Words({2}));
}

// Zeros long enough are a body of every message: each one decodes to what is encoded as itself.
TEST(NdmpWire, EveryMessageOfEveryVersionComesBack) {
  int checked = 0;
  for (const MessageSpec& spec : AllMessages()) {
    for (int version = spec.first_version; version <= spec.last_version; ++version) {
      for (MessageSpec::Recode recode : {spec.request, spec.reply}) {
        if (recode == nullptr) continue;
        bool found = false;
        for (size_t words = 0; words < 64 && !found; ++words) {
          std::string zeros(4 * words, '\0');
          std::optional<std::string> again = recode(zeros, version);
          found = again.has_value();
          if (found) {
            EXPECT_EQ(*again, zeros) << static_cast<uint32_t>(spec.code);
          }
        }
        EXPECT_TRUE(found) << static_cast<uint32_t>(spec.code) << " version " << version;
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 200);
}

TEST(NdmpFraming, MessagesComeInPieces) {
  Unframer unframer(100);
  std::string framed = Frame("first") + Frame("") + Frame("second");
  std::vector<std::string> got;
  for (char c : framed) {
    unframer.Feed({&c, 1});
    while (auto message = unframer.Next()) got.push_back(*message);
  }
  EXPECT_THAT(got, testing::ElementsAre("first", "", "second"));
  EXPECT_FALSE(unframer.broken());
}

TEST(NdmpFraming, FragmentsAreJoined) {
  Unframer unframer(100);
  unframer.Feed("\0\0\0\3abc\x80\0\0\2de"s);
  EXPECT_EQ(unframer.Next(), "abcde");
}

TEST(NdmpFraming, WhatIsTooLongOrEndlessBreaksTheConnection) {
  Unframer large(8);
  large.Feed("\0\0\0\6abcdef\x80\0\0\3xyz"s);
  EXPECT_EQ(large.Next(), std::nullopt);
  EXPECT_TRUE(large.broken());
  Unframer empty(8);
  empty.Feed(std::string(8, '\0'));
  EXPECT_EQ(empty.Next(), std::nullopt);
  EXPECT_TRUE(empty.broken());
}

}  // namespace
}  // namespace oca::ndmp
