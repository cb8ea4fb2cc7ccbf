#include "lib/http/server.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>
#include <set>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "boost/asio/executor_work_guard.hpp"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/v6_only.hpp"
#include "boost/asio/post.hpp"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/http/session.h"
#include "lib/log/log.h"

namespace oca::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

// How often the certificate's files are looked at, and the pause when no connection can be taken.
constexpr absl::Duration kLook = absl::Seconds(2);
constexpr absl::Duration kPause = absl::Milliseconds(100);

absl::Status BadPair(const CertificateFiles& files, std::string_view what, const Error& error) {
  return absl::FailedPreconditionError(fmt::format(
      "certificate {} and key {}: {}: {}", files.certificate, files.key, what, error.message()));
}

absl::StatusOr<std::shared_ptr<asio::ssl::context>> LoadTls(const CertificateFiles& files) {
  OCA_RETURN_IF_ERROR(CheckKeyFile(files.key));
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  Error error;
  context->use_certificate_chain_file(files.certificate, error);
  if (error) return BadPair(files, "the certificate", error);
  context->use_private_key_file(files.key, asio::ssl::context::pem, error);
  if (error) return BadPair(files, "the key", error);
  return context;
}

// What changes when a file is replaced or written anew.
std::string StampOf(const CertificateFiles& files) {
  std::string stamp;
  for (const std::string& path : {files.certificate, files.key}) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return "";
    stamp += fmt::format("{} {} {}.{} ", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                         info.st_mtim.tv_nsec);
  }
  return stamp;
}

// Asio opens sockets that programs started from here would inherit, and hold the port with them.
void KeepFromChildren(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

// The same for a client of IPv4 wherever we listen.
std::string AddressOf(const tcp::endpoint& endpoint) {
  const asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, Handler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        workers_(static_cast<size_t>(options_.limits.handlers)),
        home_{options_.limits, handler_, workers_, [this](Session& ended) { Remove(ended); }} {}

  absl::Status Open() {
    stamp_ = StampOf(options_.certificate);
    OCA_ASSIGN_OR_RETURN(tls_, LoadTls(options_.certificate));
    Error error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no address to listen at", options_.address));
    }
    const tcp::endpoint endpoint(address, options_.port);
    const auto failed = [&] { return static_cast<bool>(error); };
    acceptor_.open(endpoint.protocol(), error);
    if (!failed() && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
    if (!failed()) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!failed()) KeepFromChildren(acceptor_.native_handle());
    if (!failed()) acceptor_.bind(endpoint, error);
    if (!failed()) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!failed()) port_ = acceptor_.local_endpoint(error).port();
    if (error == asio::error::address_in_use) {
      return absl::AlreadyExistsError(fmt::format("port {} of {} is taken by another program",
                                                  options_.port, options_.address));
    }
    if (error) {
      return PosixError(error.value(),
                        fmt::format("port {} of {}", options_.port, options_.address));
    }
    return absl::OkStatus();
  }

  void Start() {
    Accept();
    LookAtCertificate();
    thread_ = std::thread([this] { io_.run(); });
  }

  void Stop(absl::Duration grace) {
    asio::post(io_, [this] { StopSoon(); });
    if (!empty_.WaitForNotificationWithTimeout(grace)) {
      asio::post(io_, [this] {
        for (const auto& session : std::set(sessions_)) session->Close();
      });
      empty_.WaitForNotification();
    }
    workers_.join();
    work_.reset();
    thread_.join();
  }

  bool running() const { return thread_.joinable(); }
  uint16_t port() const { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept([this](Error error, tcp::socket socket) {
      if (stopping_) return;
      if (error) {
        // No descriptors, or the client has gone.
        pause_.expires_after(absl::ToChronoNanoseconds(kPause));
        pause_.async_wait([this](Error) {
          if (!stopping_) Accept();
        });
        return;
      }
      Add(std::move(socket));
      Accept();
    });
  }

  // A connection that is one too many is closed without a word.
  void Add(tcp::socket socket) {
    Error error;
    const std::string peer = AddressOf(socket.remote_endpoint(error));
    if (error || sessions_.size() >= options_.limits.connections) return;
    if (by_address_[peer] >= options_.limits.connections_of_one_address) return;
    KeepFromChildren(socket.native_handle());
    socket.set_option(tcp::no_delay(true), error);
    ++by_address_[peer];
    auto session = std::make_shared<Session>(home_, std::move(socket), tls_, peer);
    sessions_.insert(session);
    session->Run();
  }

  void Remove(Session& ended) {
    if (--by_address_[ended.peer()] == 0) by_address_.erase(ended.peer());
    sessions_.erase(ended.shared_from_this());
    if (stopping_ && sessions_.empty()) empty_.Notify();
  }

  void LookAtCertificate() {
    look_.expires_after(absl::ToChronoNanoseconds(kLook));
    look_.async_wait([this](Error) {
      if (stopping_) return;
      if (std::string stamp = StampOf(options_.certificate); stamp != stamp_) {
        stamp_ = std::move(stamp);
        Reload();
      }
      LookAtCertificate();
    });
  }

  void Reload() {
    auto fresh = LoadTls(options_.certificate);
    if (fresh.ok()) {
      tls_ = *std::move(fresh);
      log::Info("certificate_replaced", "certificate", options_.certificate.certificate);
    } else {
      log::Warning("certificate_not_replaced", "error", MessageOf(fresh.status()));
    }
  }

  void StopSoon() {
    stopping_ = true;
    Error ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    look_.cancel();
    if (sessions_.empty()) return empty_.Notify();
    for (const auto& session : std::set(sessions_)) session->StopSoon();
  }

  const ServerOptions options_;
  const Handler handler_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  asio::steady_timer look_{io_};
  asio::thread_pool workers_;
  uint16_t port_ = 0;
  std::thread thread_;
  absl::Notification empty_;

  // All below belongs to the thread, once it runs.
  Session::Home home_;
  std::shared_ptr<asio::ssl::context> tls_;
  std::string stamp_;
  bool stopping_ = false;
  std::set<std::shared_ptr<Session>> sessions_;
  std::map<std::string, size_t> by_address_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  if (impl_->running()) Stop(absl::ZeroDuration());
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, Handler handler) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(handler));
  OCA_RETURN_IF_ERROR(impl->Open());
  impl->Start();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

uint16_t Server::port() const { return impl_->port(); }

void Server::Stop(absl::Duration grace) { impl_->Stop(grace); }

}  // namespace oca::http
