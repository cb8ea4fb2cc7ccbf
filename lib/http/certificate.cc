#include "lib/http/certificate.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"
#include "lib/io/file_system.h"

namespace oca::http {
namespace {

constexpr long kValidSeconds = 3650L * 86400;
constexpr long kDay = 86400;

template <auto Free>
struct With {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, With<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, With<X509_free>>;
using Bio = std::unique_ptr<BIO, With<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, With<X509_EXTENSION_free>>;

absl::Status SslError(std::string_view what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return absl::InternalError(fmt::format("{}: {}", what, text.data()));
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::Status AddExtension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return SslError(fmt::format("certificate's extension {}", value));
  }
  return absl::OkStatus();
}

// A name that may stand in a certificate; else none.
bool IsHostName(std::string_view host) {
  return !host.empty() && host.size() <= 64 &&
         host.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
             std::string_view::npos;
}

absl::StatusOr<std::string> SelfSigned(EVP_PKEY* key, std::string_view host_name) {
  const std::string host(IsHostName(host_name) ? host_name : "localhost");
  Certificate certificate(X509_new());
  OCA_ASSIGN_OR_RETURN(std::string serial, crypto::RandomBytes(8));
  serial[0] = static_cast<char>(serial[0] & 0x7f);  // it must be positive
  std::unique_ptr<BIGNUM, With<BN_free>> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), 8, nullptr));
  X509* x = certificate.get();
  X509_NAME* name = x != nullptr ? X509_get_subject_name(x) : nullptr;
  const auto text = [](std::string_view value) {
    return reinterpret_cast<const unsigned char*>(value.data());
  };
  if (name == nullptr || !number || X509_set_version(x, 2) != 1 ||
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x)) == nullptr ||
      X509_gmtime_adj(X509_getm_notBefore(x), -kDay) == nullptr ||
      X509_gmtime_adj(X509_getm_notAfter(x), kValidSeconds) == nullptr ||
      X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, text("Oca"), -1, -1, 0) != 1 ||
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text(host), -1, -1, 0) != 1 ||
      X509_set_issuer_name(x, name) != 1 || X509_set_pubkey(x, key) != 1) {
    return SslError("certificate");
  }
  OCA_RETURN_IF_ERROR(AddExtension(x, NID_basic_constraints, "critical,CA:FALSE"));
  OCA_RETURN_IF_ERROR(AddExtension(x, NID_key_usage, "critical,digitalSignature"));
  OCA_RETURN_IF_ERROR(AddExtension(x, NID_ext_key_usage, "serverAuth"));
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  if (host != "localhost") names = fmt::format("DNS:{},{}", host, names);
  OCA_RETURN_IF_ERROR(AddExtension(x, NID_subject_alt_name, names));
  if (X509_sign(x, key, EVP_sha256()) == 0) return SslError("signature of the certificate");
  Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), x) != 1) return SslError("certificate");
  return TextOf(bio.get());
}

// A new file of mode 0600 that is whole when it has its name.
absl::Status WritePrivately(const std::string& path, std::string_view text) {
  const std::string aside = path + ".new";
  const int fd = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return PosixError(errno, aside);
  const bool written = fchmod(fd, 0600) == 0 &&
                       write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (!written) return PosixError(error, aside);
  io::FileSystem& files = io::PosixFileSystem();
  OCA_RETURN_IF_ERROR(files.Rename(aside, path));
  return files.SyncDir(io::DirName(path));
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

absl::Status CheckKeyFile(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return PosixError(errno, path);
  if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: it must be a file of user {} with mode 0600; it belongs to user {} and has "
        "mode {:04o}",
        path, geteuid(), info.st_uid, info.st_mode & 07777));
  }
  return absl::OkStatus();
}

absl::Status EnsureCertificate(const CertificateFiles& files, std::string_view host) {
  const bool has_key = Exists(files.key);
  if (Exists(files.certificate) && has_key) return absl::OkStatus();
  if (Exists(files.certificate)) {
    return absl::FailedPreconditionError(
        fmt::format("{} is there, and its key {} is not: put the key there, or remove the "
                    "certificate, and a new pair is made",
                    files.certificate, files.key));
  }
  Key key;
  if (has_key) {
    // What was made first when we were interrupted.
    OCA_RETURN_IF_ERROR(CheckKeyFile(files.key));
    Bio bio(BIO_new_file(files.key.c_str(), "r"));
    if (bio) key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    if (!key) return SslError(files.key);
  } else {
    key.reset(EVP_EC_gen("P-256"));
    Bio bio(BIO_new(BIO_s_secmem()));
    if (!key || !bio ||
        PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
            1) {
      return SslError("the server's key");
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    OCA_RETURN_IF_ERROR(WritePrivately(files.key, {data, static_cast<size_t>(size)}));
  }
  OCA_ASSIGN_OR_RETURN(std::string certificate, SelfSigned(key.get(), host));
  return io::WriteFileAtomically(io::PosixFileSystem(), files.certificate, certificate);
}

absl::StatusOr<std::string> FingerprintOf(const std::string& path) {
  Bio bio(BIO_new_file(path.c_str(), "r"));
  if (!bio) return PosixError(errno, path);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (!certificate || X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return SslError(path);
  }
  return fmt::format("{:02X}", fmt::join(digest.begin(), digest.begin() + size, ":"));
}

}  // namespace oca::http
