// The tgtd that the module stands in: what of it is called, and whether it is one that we know.
#ifndef OCA_GATEWAYS_VTL_TGT_MODULE_TGTD_H_
#define OCA_GATEWAYS_VTL_TGT_MODULE_TGTD_H_

#include <cstdint>
#include <string>

#include "gateways/vtl/tgt-module/tgt_abi.h"

namespace oca::tgt {

// Its functions, by the names that its binary exports.
struct Tgtd {
  int (*register_backing_store)(BackingStore*) = nullptr;
  // Worker threads of a unit. `threads` has kThreadInfoBytes and stands behind the ScsiUnit.
  int (*open_threads)(void* threads, void (*perform)(ScsiCommand*), int count) = nullptr;
  void (*close_threads)(void* threads) = nullptr;
  int (*submit)(ScsiCommand*) = nullptr;
  // On the main thread alone: whether the session lives, and the name of its initiator port.
  void* (*find_nexus)(int target, uint64_t nexus) = nullptr;
  int (*transport_id)(int target, uint64_t nexus, char* buffer, int size) = nullptr;
  // CHAP: makes an account; ties it to a target.
  int (*add_account)(char* user, char* password) = nullptr;
  int (*bind_account)(int target, int kind, char* user, int bind) = nullptr;
  // Where tgtd's own handlers are, to know the layout by.
  CommandHandler inquiry = nullptr;
  CommandHandler perform = nullptr;
};

// Finds them in this process. Returns why this is no tgtd that the module can serve; empty: it is.
std::string FindTgtd(Tgtd* tgtd);

// Why `unit`, as tgtd has just made it for `store`, is not laid out as expected; empty: it is.
std::string CheckUnit(const Tgtd& tgtd, const ScsiUnit& unit, const BackingStore& store);

}  // namespace oca::tgt

#endif  // OCA_GATEWAYS_VTL_TGT_MODULE_TGTD_H_
