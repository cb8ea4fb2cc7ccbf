#include "lib/http/session.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "boost/asio/post.hpp"
#include "boost/beast/http/error.hpp"
#include "boost/beast/http/read.hpp"
#include "boost/beast/http/write.hpp"
#include "fmt/format.h"

namespace oca::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

// More than a header: what a client sends ahead of its turn.
constexpr size_t kReadAheadBytes = 8 << 10;

std::string Text(beast::string_view text) { return std::string(text.data(), text.size()); }

bool IsOfParser(const boost::system::error_code& error) {
  return error.category() ==
         beast::http::make_error_code(beast::http::error::end_of_stream).category();
}

}  // namespace

Session::Session(Home& home, Socket socket, std::shared_ptr<asio::ssl::context> tls,
                 std::string peer)
    : home_(home),
      peer_(std::move(peer)),
      tls_(std::move(tls)),
      stream_(std::move(socket), *tls_),
      timer_(stream_.get_executor()),
      buffer_(home.limits.header_bytes + kReadAheadBytes) {}

void Session::Enter(Phase phase, absl::Duration timeout) {
  phase_ = phase;
  const uint64_t number = ++timer_number_;
  timer_.expires_after(absl::ToChronoNanoseconds(timeout));
  timer_.async_wait([self = shared_from_this(), number](Error) {
    if (number == self->timer_number_) self->Expired();
  });
}

void Session::Expired() {
  if ((phase_ == Phase::kHeader || phase_ == Phase::kBody) && !too_slow_) {
    // The read ends, and whoever waits for it answers; if not, the next time closes.
    too_slow_ = true;
    Enter(phase_, home_.limits.ending);
    Error ignored;
    stream_.next_layer().cancel(ignored);
    return;
  }
  Close();
}

void Session::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  ++timer_number_;
  timer_.cancel();
  Error ignored;
  stream_.next_layer().close(ignored);
  home_.on_end(*this);
}

void Session::StopSoon() {
  last_ = true;
  if (phase_ < Phase::kWorking) Close();
}

void Session::Run() {
  Enter(Phase::kHandshake, home_.limits.handshake);
  stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](Error error) {
    if (self->phase_ == Phase::kClosed) return;
    if (error) return self->Close();
    self->WaitForRequest();
  });
}

void Session::WaitForRequest() {
  if (buffer_.size() > 0) return ReadHeader();
  Enter(Phase::kIdle, home_.limits.idle);
  stream_.async_read_some(buffer_.prepare(kReadAheadBytes),
                          [self = shared_from_this()](Error error, size_t bytes) {
                            if (self->phase_ == Phase::kClosed) return;
                            if (error) return self->End();
                            self->buffer_.commit(bytes);
                            self->ReadHeader();
                          });
}

void Session::ReadHeader() {
  parser_.emplace();
  is_head_ = false;
  parser_->header_limit(static_cast<uint32_t>(home_.limits.header_bytes));
  parser_->body_limit(home_.limits.body_bytes);
  Enter(Phase::kHeader, home_.limits.header);
  beast::http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Error error, size_t) { self->OnHeader(error); });
}

void Session::OnHeader(Error error) {
  if (error || too_slow_) return OnRead(error);
  if (phase_ == Phase::kClosed) return;
  if (parser_->get()["Expect"] != "100-continue") return ReadBody();
  continue_ = {beast::http::status::continue_, 11};
  beast::http::async_write(stream_, continue_, [self = shared_from_this()](Error failed, size_t) {
    if (self->phase_ == Phase::kClosed) return;
    if (failed) return self->Close();
    self->ReadBody();
  });
}

void Session::ReadBody() {
  Enter(Phase::kBody, home_.limits.body);
  beast::http::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Error error, size_t) { self->OnRead(error); });
}

// A request is there, or will never be.
void Session::OnRead(Error error) {
  if (phase_ == Phase::kClosed) return;
  if (too_slow_) return Refuse(408, "the request did not arrive in time");
  if (!error) return Work();
  if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) {
    return Refuse(431, fmt::format("the header has more than {} bytes", home_.limits.header_bytes));
  }
  if (error == beast::http::error::body_limit) {
    return Refuse(413, fmt::format("the body has more than {} bytes", home_.limits.body_bytes));
  }
  if (IsOfParser(error) && error != beast::http::error::end_of_stream &&
      error != beast::http::error::partial_message) {
    return Refuse(400, fmt::format("this is no HTTP/1.1 request: {}", error.message()));
  }
  Close();
}

void Session::Work() {
  beast::http::request<beast::http::string_body> message = parser_->release();
  last_ = last_ || !message.keep_alive();
  if (message.version() >= 11 && message["Host"].empty()) {
    return Refuse(400, "the header Host is missing");
  }
  auto request = std::make_shared<Request>();
  is_head_ = message.method() == beast::http::verb::head;
  request->verb = Text(message.method_string());
  request->target = Text(message.target());
  for (const auto& field : message) {
    request->headers.emplace(absl::AsciiStrToLower(Text(field.name_string())), Text(field.value()));
  }
  request->body = std::move(message.body());
  request->peer = peer_;
  // However long it takes: the handler has its own bounds.
  ++timer_number_;
  timer_.cancel();
  phase_ = Phase::kWorking;
  asio::post(home_.workers, [self = shared_from_this(), request] {
    auto response = std::make_shared<Response>(self->home_.handler(*request));
    asio::post(self->stream_.get_executor(), [self, response] {
      if (self->phase_ != Phase::kClosed) self->Send(std::move(*response));
    });
  });
}

void Session::Refuse(int status, std::string_view detail) {
  last_ = true;
  Send(Problem(status, detail));
}

void Session::Send(Response response) {
  response_ = {};
  response_.version(11);
  response_.result(static_cast<unsigned>(response.status));
  response_.reason({ReasonOf(response.status).data(), ReasonOf(response.status).size()});
  response_.keep_alive(!last_);
  response_.set(beast::http::field::content_type, response.content_type);
  response_.set(beast::http::field::cache_control, "no-store");
  response_.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) response_.insert(name, value);
  response_.content_length(response.body.size());
  if (!is_head_) response_.body() = std::move(response.body);
  Enter(Phase::kWriting, home_.limits.write);
  beast::http::async_write(stream_, response_, [self = shared_from_this()](Error error, size_t) {
    if (self->phase_ == Phase::kClosed) return;
    if (error) return self->Close();
    if (self->last_) return self->End();
    self->WaitForRequest();
  });
}

// Tells the client that nothing follows. A socket that is closed with bytes unread resets the
// connection, and the client may lose the answer: what still comes is read, for a short time.
void Session::End() {
  Enter(Phase::kEnding, home_.limits.ending);
  stream_.async_shutdown([self = shared_from_this()](Error) {
    if (self->phase_ == Phase::kClosed) return;
    Error ignored;
    self->stream_.next_layer().shutdown(Socket::shutdown_send, ignored);
    self->Drain();
  });
}

void Session::Drain() {
  buffer_.clear();
  stream_.next_layer().async_read_some(buffer_.prepare(kReadAheadBytes),
                                       [self = shared_from_this()](Error error, size_t) {
                                         if (self->phase_ == Phase::kClosed) return;
                                         if (error) return self->Close();
                                         self->Drain();
                                       });
}

}  // namespace oca::http
