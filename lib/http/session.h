// One connection of a client, from handshake to end. Private to lib/http.
#ifndef OCA_LIB_HTTP_SESSION_H_
#define OCA_LIB_HTTP_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/ssl/context.hpp"
#include "boost/asio/steady_timer.hpp"
#include "boost/asio/thread_pool.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/http/empty_body.hpp"
#include "boost/beast/http/message.hpp"
#include "boost/beast/http/parser.hpp"
#include "boost/beast/http/string_body.hpp"
#include "boost/beast/ssl/ssl_stream.hpp"
#include "lib/http/message.h"
#include "lib/http/server.h"

namespace oca::http {

// Owned by the server's I/O thread: each function is called there.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  // What a session has of its server; outlives it.
  struct Home {
    const Limits& limits;
    const Handler& handler;
    boost::asio::thread_pool& workers;
    std::function<void(Session&)> on_end;  // called once
  };

  Session(Home& home, Socket socket, std::shared_ptr<boost::asio::ssl::context> tls,
          std::string peer);

  void Run();
  // Closes when no request has come in whole; else it ends after the answer.
  void StopSoon();
  void Close();
  const std::string& peer() const { return peer_; }

 private:
  using Error = boost::system::error_code;
  enum class Phase { kHandshake, kIdle, kHeader, kBody, kWorking, kWriting, kEnding, kClosed };

  // Enters `phase`; when it lasts longer than `timeout`, Expired.
  void Enter(Phase phase, absl::Duration timeout);
  void Expired();
  void WaitForRequest();
  void ReadHeader();
  void OnHeader(Error error);
  void ReadBody();
  void OnRead(Error error);
  void Work();
  void Refuse(int status, std::string_view detail);
  void Send(Response response);
  void End();
  void Drain();

  Home& home_;
  const std::string peer_;
  const std::shared_ptr<boost::asio::ssl::context> tls_;
  boost::beast::ssl_stream<Socket> stream_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  boost::beast::http::response<boost::beast::http::string_body> response_;
  boost::beast::http::response<boost::beast::http::empty_body> continue_;
  Phase phase_ = Phase::kHandshake;
  uint64_t timer_number_ = 0;  // an older timer's end means nothing
  bool too_slow_ = false;
  bool is_head_ = false;  // the answer has no body
  bool last_ = false;     // no more requests after this one
};

}  // namespace oca::http

#endif  // OCA_LIB_HTTP_SESSION_H_
