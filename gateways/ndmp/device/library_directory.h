// Which tape libraries there are, and how to reach them.
#ifndef OCA_GATEWAYS_NDMP_DEVICE_LIBRARY_DIRECTORY_H_
#define OCA_GATEWAYS_NDMP_DEVICE_LIBRARY_DIRECTORY_H_

#include <string>
#include <vector>

#include "lib/crypto/secret.h"

namespace oca::ndmp {

struct LibraryAddress {
  std::string name;    // of the library, a part of its devices' names
  std::string portal;  // "127.0.0.1:3260"
  std::string target;  // iqn
  std::string initiator = "iqn.2026-11.local.oca:ndmp";  // who we say we are
  std::string chap_user;                                 // empty: none is asked for
  crypto::Secret chap_password;
};

// Thread-safe.
class LibraryDirectory {
 public:
  virtual ~LibraryDirectory() = default;
  // By name. May differ from call to call.
  virtual std::vector<LibraryAddress> Libraries() = 0;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DEVICE_LIBRARY_DIRECTORY_H_
