// Passphrases in files that only the daemon's own user may read.
#ifndef OCA_LIB_DAEMON_SECRET_FILE_H_
#define OCA_LIB_DAEMON_SECRET_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "lib/crypto/secret.h"

namespace oca::daemon {

// The file's only line. kNotFound: there is no such file; kFailedPrecondition, saying what to do:
// it is no regular file, belongs to another user, or others may read or write it; kInvalidArgument:
// more than one line, or more than 4 KiB.
absl::StatusOr<crypto::Secret> ReadSecretFile(const std::string& path);

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_SECRET_FILE_H_
