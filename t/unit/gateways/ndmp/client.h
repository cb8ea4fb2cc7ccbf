// An NDMP client for tests: typed requests over a real connection, and the posts that come between.
#ifndef OCA_T_UNIT_GATEWAYS_NDMP_CLIENT_H_
#define OCA_T_UNIT_GATEWAYS_NDMP_CLIENT_H_

#include <poll.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateways/ndmp/session/control.h"
#include "gateways/ndmp/session/socket.h"
#include "gateways/ndmp/wire/codec.h"
#include "gateways/ndmp/wire/messages_data.h"
#include "gateways/ndmp/wire/messages_tape.h"
#include "gtest/gtest.h"

namespace oca::ndmp {

class Client {
 public:
  explicit Client(const Endpoint& server, int version = 4)
      : control_(*Connect(server, kPatience)), version_(version) {
    control_.Trust();
    NotifyConnectionStatus greeting =
        WaitFor<NotifyConnectionStatus>(Code::kNotifyConnectionStatus);
    EXPECT_EQ(greeting.reason, ConnectionReason::kConnected);
    EXPECT_EQ(greeting.version, 4);
    EXPECT_EQ(Do(Code::kConnectOpen, ConnectOpenRequest{static_cast<uint16_t>(version)}),
              Error::kNone);
  }

  // The reply; `*header_error`: of one that has no body, which a caller that passes none does not
  // expect.
  template <typename Reply, typename Request>
  Reply Ask(Code code, const Request& request, Error* header_error = nullptr) {
    return AskRaw<Reply>(code, Encode(request, version_), header_error);
  }
  template <typename Reply>
  Reply AskRaw(Code code, const std::string& body, Error* header_error = nullptr) {
    Header header{++sequence_, 0, MessageType::kRequest, code, 0, Error::kNone};
    control_.Send(Encode(header, version_) + body);
    while (std::optional<std::string> message = NextMessage()) {
      std::optional<Header> got = Decode<Header>(message->substr(0, kHeaderBytes), version_);
      if (got->type != MessageType::kReply) {
        posts_.emplace_back(got->code, message->substr(kHeaderBytes));
        continue;
      }
      EXPECT_EQ(got->reply_sequence, sequence_);
      if (header_error != nullptr) *header_error = got->error;
      if (got->error != Error::kNone) {
        EXPECT_NE(header_error, nullptr) << static_cast<uint32_t>(got->error);
        return {};
      }
      std::optional<Reply> reply = Decode<Reply>(message->substr(kHeaderBytes), version_);
      EXPECT_TRUE(reply.has_value()) << static_cast<uint32_t>(code);
      return reply.value_or(Reply());
    }
    ADD_FAILURE() << "no reply to " << static_cast<uint32_t>(code);
    return {};
  }
  // The error of a reply that has nothing else.
  template <typename Request = Nothing>
  Error Do(Code code, const Request& request = {}) {
    return Ask<ErrorReply>(code, request).error;
  }
  // The next post, which must be of this kind.
  template <typename Post>
  Post WaitFor(Code code) {
    if (!Await()) {
      ADD_FAILURE() << "the connection ended before " << static_cast<uint32_t>(code);
      return {};
    }
    auto [got, body] = posts_.front();
    posts_.pop_front();
    EXPECT_EQ(got, code);
    return Decode<Post>(body, version_).value_or(Post());
  }
  // The posts that come until one of each kind has come, all of them, bodies not decoded.
  using Posts = std::vector<std::pair<Code, std::string>>;
  Posts PostsUntil(std::vector<Code> wanted) {
    Posts all;
    while (!wanted.empty()) {
      if (!Await()) {
        ADD_FAILURE() << "the connection ended before " << static_cast<uint32_t>(wanted[0]);
        return all;
      }
      all.push_back(posts_.front());
      posts_.pop_front();
      std::erase(wanted, all.back().first);
    }
    return all;
  }
  // The one that comes next; none when the connection has ended.
  Posts NextPost() {
    if (!Await()) return {};
    Posts next = {posts_.front()};
    posts_.pop_front();
    return next;
  }
  // Those of one kind, decoded.
  template <typename Post>
  std::vector<Post> Of(Code code, const Posts& posts) const {
    std::vector<Post> found;
    for (const auto& [got, body] : posts) {
      if (got != code) continue;
      std::optional<Post> post = Decode<Post>(body, version_);
      EXPECT_TRUE(post.has_value()) << static_cast<uint32_t>(code);
      found.push_back(post.value_or(Post()));
    }
    return found;
  }
  int version() const { return version_; }
  bool HasPost() const { return !posts_.empty(); }
  // Whether the server has closed the connection.
  bool Ended() { return !NextMessage().has_value(); }

  Error SignIn(const std::string& user, const std::string& password) {
    AuthData data{AuthType::kText, user, password, {}};
    return Do(Code::kConnectClientAuth, data);
  }
  Error OpenTape(const std::string& device, TapeMode mode = TapeMode::kReadWrite) {
    return Do(Code::kTapeOpen, TapeOpenRequest{device, mode});
  }
  Error Mtio(MtioOp op, uint32_t count = 1) {
    return Ask<TapeMtioReply>(Code::kTapeMtio, TapeMtioRequest{op, count}).error;
  }
  MoverGetStateReply Mover() { return Ask<MoverGetStateReply>(Code::kMoverGetState, Nothing()); }
  DataGetStateReply Data() { return Ask<DataGetStateReply>(Code::kDataGetState, Nothing()); }
  ListenReply Listen(MoverMode mode, AddrType type = AddrType::kTcp) {
    return Ask<ListenReply>(Code::kMoverListen, MoverListenRequest{mode, type});
  }
  Error SetWindow(uint64_t offset, uint64_t length) {
    return Do(Code::kMoverSetWindow, StreamRange{offset, length});
  }

 private:
  static constexpr absl::Duration kPatience = absl::Seconds(60);

  // Whether there is a post; waits for it.
  bool Await() {
    if (!posts_.empty()) return true;
    std::optional<std::string> message = NextMessage();
    if (!message) return false;
    std::optional<Header> got = Decode<Header>(message->substr(0, kHeaderBytes), version_);
    posts_.emplace_back(got->code, message->substr(kHeaderBytes));
    return true;
  }

  std::optional<std::string> NextMessage() {
    while (true) {
      if (auto message = control_.Next()) return message;
      if (control_.ended() || !ndmp::WaitFor(control_.fd(), POLLIN, kPatience)) return std::nullopt;
      control_.Receive();
    }
  }

  Control control_;
  const int version_;
  uint32_t sequence_ = 0;
  std::deque<std::pair<Code, std::string>> posts_;
};

}  // namespace oca::ndmp

#endif  // OCA_T_UNIT_GATEWAYS_NDMP_CLIENT_H_
