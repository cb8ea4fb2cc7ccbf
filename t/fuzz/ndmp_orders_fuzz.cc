// What a client orders of the data service. The input: a byte that chooses the version, one that
// chooses backup or recovery, then the body of the request. Whatever is taken stays below the
// mount.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "gateways/ndmp/data/orders.h"
#include "gateways/ndmp/data/tree.h"
#include "gateways/ndmp/wire/codec.h"
#include "gateways/ndmp/wire/messages_data.h"
#include "t/fuzz/target.h"

namespace {

void MustStayBelow(const std::string& path) {
  auto clean = oca::ndmp::CleanPath(path);
  if (path.empty() || !clean.ok() || *clean != path) std::abort();
}

}  // namespace

OCA_FUZZ(ndmp_orders_fuzz) {
  using namespace oca::ndmp;  // NOLINT
  if (size < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const int version = kOldestVersion + data[0] % 3;
  if (data[1] % 2 == 0) {
    auto request = Decode<DataStartBackupRequest>(body, version);
    if (!request) return 0;
    auto order = ParseBackup(request->butype, request->env);
    if (order.ok()) MustStayBelow(order->top);
    return 0;
  }
  auto request = Decode<DataStartRecoverRequest>(body, version);
  if (!request) return 0;
  auto order = ParseRecover(request->butype, request->env, request->names, version);
  if (!order.ok()) return 0;
  if (order->items.empty()) std::abort();
  for (const RecoverItem& item : order->items) {
    MustStayBelow(item.target);
    if (!item.original.empty()) MustStayBelow(item.original);
  }
  return 0;
}
