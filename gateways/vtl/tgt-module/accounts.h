// Accounts of CHAP. They come in a file, since a command line can be read by everybody.
#ifndef OCA_GATEWAYS_VTL_TGT_MODULE_ACCOUNTS_H_
#define OCA_GATEWAYS_VTL_TGT_MODULE_ACCOUNTS_H_

#include <string>

#include "gateways/vtl/tgt-module/tgtd.h"

namespace oca::tgt {

// Names the file for this process. Its lines are "in <user> <password>": who may log in, or "out
// <user> <password>": by what the target proves itself. Without it anybody may who is let in at
// all.
constexpr char kAccountsVariable[] = "OCA_TGT_ACCOUNTS";

// On tgtd's main thread: gives `target` the accounts of that file. Returns what is wrong; empty:
// nothing.
std::string BindAccounts(const Tgtd& tgtd, int target);

}  // namespace oca::tgt

#endif  // OCA_GATEWAYS_VTL_TGT_MODULE_ACCOUNTS_H_
