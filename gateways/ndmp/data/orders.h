// What a client orders by the environment and the list of names of DATA_START_BACKUP and
// DATA_START_RECOVER. Pure.
#ifndef OCA_GATEWAYS_NDMP_DATA_ORDERS_H_
#define OCA_GATEWAYS_NDMP_DATA_ORDERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateways/ndmp/wire/messages_data.h"

namespace oca::ndmp {

// The one kind of backup that there is.
inline constexpr char kButype[] = "tar";

enum class HistoryKind { kNone, kFiles, kNodes };

struct BackupOrder {
  std::string top;  // below the mount
  HistoryKind history = HistoryKind::kNone;
  std::vector<std::string> excluded;  // patterns of names, or of paths when they have a '/'
};

struct RecoverItem {
  std::string name;              // as the client says it
  std::string original;          // path in the backup; "" is all of it
  std::string target;            // where it goes, below the mount
  uint64_t offset = kUnlimited;  // where in the stream it begins, if that is known
};
struct RecoverOrder {
  std::vector<RecoverItem> items;
  bool direct = false;  // by offsets: all items have one
};

// All: kInvalidArgument, saying what is wrong and how it must be.
absl::StatusOr<BackupOrder> ParseBackup(const std::string& butype, const std::vector<Pval>& env);
// The rules for names differ by version; see docs/protocols/ndmp.md.
absl::StatusOr<RecoverOrder> ParseRecover(const std::string& butype, const std::vector<Pval>& env,
                                          const std::vector<RecoverName>& names, int version);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DATA_ORDERS_H_
