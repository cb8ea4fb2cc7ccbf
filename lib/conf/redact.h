// Configuration that may be shown to others.
#ifndef OCA_LIB_CONF_REDACT_H_
#define OCA_LIB_CONF_REDACT_H_

#include <string>
#include <string_view>

namespace oca::conf {

// The TOML text without its comments and with "(secret)" for each string whose key ends with dsn,
// password, passphrase, secret, token or key, whatever its section. A text that is no TOML gives
// one comment that says so, and nothing of it.
std::string Redact(std::string_view toml);

}  // namespace oca::conf

#endif  // OCA_LIB_CONF_REDACT_H_
