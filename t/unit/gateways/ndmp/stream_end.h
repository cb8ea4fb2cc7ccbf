// The other end of a data connection, in the hands of a test.
#ifndef OCA_T_UNIT_GATEWAYS_NDMP_STREAM_END_H_
#define OCA_T_UNIT_GATEWAYS_NDMP_STREAM_END_H_

#include <poll.h>

#include <string>
#include <string_view>
#include <utility>

#include "gateways/ndmp/session/socket.h"
#include "gateways/ndmp/wire/messages_connect.h"
#include "gtest/gtest.h"

namespace oca::ndmp {

constexpr absl::Duration kPatience = absl::Seconds(60);

inline Socket ConnectTo(const Addr& addr) {
  EXPECT_EQ(addr.type, AddrType::kTcp);
  EXPECT_EQ(addr.tcp.size(), 1u);
  auto socket = Connect({addr.tcp[0].ip, addr.tcp[0].port}, kPatience);
  EXPECT_TRUE(socket.ok()) << socket.status();
  return *std::move(socket);
}

inline void SendAll(const Socket& to, std::string_view bytes) {
  while (!bytes.empty()) {
    size_t moved = 0;
    Flow flow = Send(to, bytes, &moved);
    bytes.remove_prefix(moved);
    if (flow == Flow::kMoved) continue;
    ASSERT_EQ(flow, Flow::kWouldBlock);
    ASSERT_TRUE(WaitFor(to.fd(), POLLOUT, kPatience));
  }
}

inline std::string ReceiveExactly(const Socket& from, size_t bytes) {
  std::string got(bytes, '\0');
  size_t have = 0;
  while (have < bytes && WaitFor(from.fd(), POLLIN, kPatience)) {
    size_t moved = 0;
    Flow flow = Receive(from, got.data() + have, bytes - have, &moved);
    have += moved;
    if (flow != Flow::kMoved && flow != Flow::kWouldBlock) break;
  }
  got.resize(have);
  return got;
}

}  // namespace oca::ndmp

#endif  // OCA_T_UNIT_GATEWAYS_NDMP_STREAM_END_H_
