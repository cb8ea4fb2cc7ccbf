// Files out of a tar stream, all or some, to where they were or elsewhere.
#ifndef OCA_GATEWAYS_NDMP_DATA_RECOVER_H_
#define OCA_GATEWAYS_NDMP_DATA_RECOVER_H_

#include "absl/status/status.h"
#include "gateways/ndmp/data/orders.h"
#include "gateways/ndmp/data/stream.h"
#include "gateways/ndmp/data/tree.h"

namespace oca::ndmp {

// Each item's outcome is reported, kNotFound when the stream does not have it; that one fails is no
// failure of the whole. What was recovered is durable. kCancelled, kDataLoss, and what the source
// says; then items are not reported.
absl::Status Recover(const Tree& tree, const RecoverOrder& order, Source& source,
                     Reporter& reporter);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DATA_RECOVER_H_
