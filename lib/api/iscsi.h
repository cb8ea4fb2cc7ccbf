// Names, addresses and passwords of iSCSI, as ocaconfigsvc takes them and ocavtl hands them to
// tgtd, which itself checks little of them. Pure.
#ifndef OCA_LIB_API_ISCSI_H_
#define OCA_LIB_API_ISCSI_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace oca::api {

// The account and the iSCSI name of gateways on the same machine.
inline constexpr std::string_view kGatewayUser = "oca-gateway";
inline constexpr std::string_view kGatewayInitiator = "iqn.2026-11.local.oca:gateway";

// Whether it is meant as a name, not as an address.
bool IsIscsiName(std::string_view text);
// kInvalidArgument, naming `what`, for what is no name of RFC 3722 in small letters.
absl::Status CheckIscsiName(std::string_view what, std::string_view name);
// "10.1.2.3", "10.0.0.0/8", "2001:db8::/32". kInvalidArgument.
absl::Status CheckNetwork(std::string_view text);
// A user of CHAP and its password: 12 to 16 printable ASCII characters (the least that RFC 7143
// asks for, the most that Windows takes). kInvalidArgument, naming `what` ("CHAP").
absl::Status CheckChapAccount(std::string_view what, std::string_view user,
                              std::string_view password);

struct Portal {
  std::string address;  // without brackets
  int port = 0;
  bool is_v6 = false;

  // "192.0.2.7:3260", "[2001:db8::7]:3260".
  std::string Text() const;
  // The same machine seen from itself: loopback where the portal is any address.
  Portal Local() const;
};
// kInvalidArgument.
absl::StatusOr<Portal> ParsePortal(std::string_view text);

}  // namespace oca::api

#endif  // OCA_LIB_API_ISCSI_H_
