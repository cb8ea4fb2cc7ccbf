#include "t/support/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace oca::support {

struct TlsClient::State {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  int fd = -1;
};

int ConnectTo(uint16_t port) {
  signal(SIGPIPE, SIG_IGN);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("ConnectTo");
    std::abort();
  }
  const timeval patience{30, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

TlsClient::TlsClient(uint16_t port, int newest_version) : state_(std::make_unique<State>()) {
  if (newest_version != 0) {
    // Debian's OpenSSL refuses old versions at its usual level.
    SSL_CTX_set_security_level(state_->context, 0);
    SSL_CTX_set_min_proto_version(state_->context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(state_->context, newest_version);
  }
  state_->ssl = SSL_new(state_->context);
  state_->fd = ConnectTo(port);
  SSL_set_fd(state_->ssl, state_->fd);
  connected_ = SSL_connect(state_->ssl) == 1;
  ended_ = !connected_;
}

TlsClient::~TlsClient() {
  SSL_free(state_->ssl);
  SSL_CTX_free(state_->context);
  ::close(state_->fd);
}

bool TlsClient::Send(std::string_view bytes) {
  if (bytes.empty()) return true;
  size_t written = 0;
  return SSL_write_ex(state_->ssl, bytes.data(), bytes.size(), &written) == 1;
}

std::string TlsClient::ReadUntil(std::string_view text) {
  std::string all;
  std::array<char, 4096> part{};
  while (text.empty() || all.find(text) == std::string::npos) {
    size_t n = 0;
    if (SSL_read_ex(state_->ssl, part.data(), part.size(), &n) != 1) {
      const bool waited_in_vain = SSL_get_error(state_->ssl, 0) == SSL_ERROR_WANT_READ;
      ended_ = !waited_in_vain;
      break;
    }
    all.append(part.data(), n);
  }
  return all;
}

std::string TlsClient::ReadAll() { return ReadUntil(""); }

std::string TlsClient::Fingerprint() const {
  X509* certificate = SSL_get1_peer_certificate(state_->ssl);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  X509_free(certificate);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    std::array<char, 4> byte{};
    std::snprintf(byte.data(), byte.size(), "%s%02X", i == 0 ? "" : ":", digest[i]);
    text += byte.data();
  }
  return text;
}

}  // namespace oca::support
