// Public keys of ssh: what users give, and the file by which sshd knows them.
#ifndef OCA_SERVICES_CONFIG_SSH_KEYS_H_
#define OCA_SERVICES_CONFIG_SSH_KEYS_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace oca::config {

struct SshKey {
  std::string type;         // "ssh-ed25519"
  std::string blob;         // base64
  std::string comment;      // may be empty
  std::string fingerprint;  // "SHA256:...", as ssh-keygen -l shows it
};

// Of one line, "type base64 [comment]", as in id_ed25519.pub. kInvalidArgument, saying what is
// wrong, for anything else: options before it, a private key, a type that is not taken (DSA, RSA
// below 2048 bits), a blob that is not of its type.
absl::StatusOr<SshKey> ParseSshKey(std::string_view line);

struct KeyOfUser {
  std::string user;
  SshKey key;
};

// The contents of an authorized_keys file, by which each key leads into `shell` (absolute path) for
// the appliance in `home` as its user, and nowhere else. kInvalidArgument for a path with control
// characters.
absl::StatusOr<std::string> AuthorizedKeys(std::span<const KeyOfUser> keys, std::string_view shell,
                                           std::string_view home);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_SSH_KEYS_H_
