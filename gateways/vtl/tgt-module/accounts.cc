#include "gateways/vtl/tgt-module/accounts.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace oca::tgt {
namespace {

constexpr int kIncoming = 0;  // tgtd's kinds of accounts
constexpr int kOutgoing = 1;

}  // namespace

std::string BindAccounts(const Tgtd& tgtd, int target) {
  const char* path = std::getenv(kAccountsVariable);
  if (path == nullptr) return "";
  std::ifstream file(path);
  if (!file) return std::string(path) + ": cannot be read";
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, user, password, rest;
    if (!(words >> kind >> user >> password) || words >> rest || (kind != "in" && kind != "out")) {
      return std::string(path) + ": a line is not 'in' or 'out', a user and a password";
    }
    bool failed =
        tgtd.add_account(user.data(), password.data()) != kSuccess ||
        tgtd.bind_account(target, kind == "in" ? kIncoming : kOutgoing, user.data(), 1) != kSuccess;
    if (failed) return std::string(path) + ": tgtd does not take the account of " + user;
  }
  return "";
}

}  // namespace oca::tgt
