#include "lib/http/client.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/ssl/context.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/http/message.hpp"
#include "boost/beast/http/read.hpp"
#include "boost/beast/http/string_body.hpp"
#include "boost/beast/http/write.hpp"
#include "boost/beast/ssl/ssl_stream.hpp"
#include "fmt/format.h"

namespace oca::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using Error = boost::system::error_code;

// The steps of one exchange; each starts the next.
class Exchange {
 public:
  explicit Exchange(const Request& request) : io_(1), stream_(io_, tls_) {
    message_.method_string({request.verb.data(), request.verb.size()});
    message_.target({request.target.data(), request.target.size()});
    message_.version(11);
    message_.set(beast::http::field::host, "localhost");
    for (const auto& [name, value] : request.headers) message_.set(name, value);
    message_.keep_alive(false);
    message_.body() = request.body;
    message_.prepare_payload();
    if (request.verb == "HEAD") parser_.skip(true);
  }

  absl::StatusOr<Response> Run(const tcp::endpoint& server, absl::Duration timeout) {
    stream_.next_layer().async_connect(server, [this](Error error) {
      if (Failed(error)) return;
      Handshake();
    });
    io_.run_for(absl::ToChronoNanoseconds(timeout));
    if (!done_ && !error_) return absl::DeadlineExceededError("no answer in time");
    if (error_) return absl::UnavailableError(error_.message());
    Response response;
    const auto& answer = parser_.get();
    response.status = static_cast<int>(answer.result_int());
    for (const auto& field : answer) {
      const std::string name(field.name_string().data(), field.name_string().size());
      response.headers.emplace_back(absl::AsciiStrToLower(name),
                                    std::string(field.value().data(), field.value().size()));
      if (response.headers.back().first == "content-type") {
        response.content_type = response.headers.back().second;
      }
    }
    response.body = answer.body();
    return response;
  }

 private:
  bool Failed(Error error) {
    error_ = error;
    return static_cast<bool>(error);
  }
  void Handshake() {
    stream_.async_handshake(asio::ssl::stream_base::client, [this](Error error) {
      if (Failed(error)) return;
      beast::http::async_write(stream_, message_, [this](Error failed, size_t) {
        // A server that refuses the body answers before it has read it.
        static_cast<void>(failed);
        Read();
      });
    });
  }
  void Read() {
    beast::http::async_read(stream_, buffer_, parser_,
                            [this](Error error, size_t) { done_ = !Failed(error); });
  }

  asio::io_context io_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  beast::ssl_stream<tcp::socket> stream_;
  beast::http::request<beast::http::string_body> message_;
  beast::http::response_parser<beast::http::string_body> parser_;
  beast::flat_buffer buffer_;
  Error error_;
  bool done_ = false;
};

}  // namespace

absl::StatusOr<Response> Fetch(const std::string& address, uint16_t port, const Request& request,
                               absl::Duration timeout) {
  Error error;
  const auto where = asio::ip::make_address(address, error);
  if (error) return absl::InvalidArgumentError(fmt::format("'{}' is no address", address));
  Exchange exchange(request);
  return exchange.Run(tcp::endpoint(where, port), timeout);
}

}  // namespace oca::http
