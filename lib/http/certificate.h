// The certificate that a server shows: made where there is none, replaced by whoever likes.
#ifndef OCA_LIB_HTTP_CERTIFICATE_H_
#define OCA_LIB_HTTP_CERTIFICATE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace oca::http {

struct CertificateFiles {
  std::string certificate;  // PEM: the server's first, then those that lead to a root
  std::string key;          // PEM, mode 0600
};

// Where neither file exists, makes both, durably: an ECDSA P-256 key, and a certificate that it
// signs itself, for `host`, localhost, 127.0.0.1 and ::1, valid for ten years. The key's file is
// never open to others. For a key that is there alone a certificate is made. kFailedPrecondition
// for a certificate without its key.
absl::Status EnsureCertificate(const CertificateFiles& files, std::string_view host);

// kFailedPrecondition when others may read the key, or it is not ours.
absl::Status CheckKeyFile(const std::string& path);

// SHA-256 of the (first) certificate in the file, as "AB:CD:..": by which people recognize it.
absl::StatusOr<std::string> FingerprintOf(const std::string& certificate);

}  // namespace oca::http

#endif  // OCA_LIB_HTTP_CERTIFICATE_H_
