// Passphrases and keys in files that only the daemon's own user may read.
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

// The key of 32 bytes in `path`, as 64 hexadecimal digits in a file as above. Where there is none,
// a random one is made, durably, in its folder, which is made too (mode 0700). kInvalidArgument for
// a file that holds anything else. One caller at a time for one path.
absl::StatusOr<crypto::Secret> ReadOrMakeKeyFile(const std::string& path);

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_SECRET_FILE_H_
