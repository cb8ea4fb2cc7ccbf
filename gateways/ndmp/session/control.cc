#include "gateways/ndmp/session/control.h"

#include <poll.h>

#include <array>
#include <string_view>
#include <utility>

namespace oca::ndmp {
namespace {

// Of a peer that has not said who it is, and of one that has: a block of tape and what is around.
constexpr size_t kMaxStranger = 64 << 10;
constexpr size_t kMaxMessage = 20 << 20;
constexpr absl::Duration kPatience = absl::Minutes(1);

}  // namespace

Control::Control(Socket socket) : socket_(std::move(socket)), unframer_(kMaxStranger) {}

void Control::Trust() { unframer_.SetLimit(kMaxMessage); }

void Control::Receive() {
  std::array<char, 65536> chunk{};
  size_t moved = 0;
  Flow flow = ndmp::Receive(socket_, chunk.data(), chunk.size(), &moved);
  unframer_.Feed({chunk.data(), moved});
  if (flow == Flow::kEnded || flow == Flow::kFailed) ended_ = true;
}

void Control::Send(const std::string& message) {
  std::string framed = Frame(message);
  std::string_view rest = framed;
  while (!ended_ && !rest.empty()) {
    size_t moved = 0;
    Flow flow = ndmp::Send(socket_, rest, &moved);
    rest.remove_prefix(moved);
    if (flow == Flow::kEnded || flow == Flow::kFailed) ended_ = true;
    if (flow == Flow::kWouldBlock && !WaitFor(socket_.fd(), POLLOUT, kPatience)) ended_ = true;
  }
}

}  // namespace oca::ndmp
