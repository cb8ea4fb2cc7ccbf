// A gateway's sessions and settings in the words of lib/api/ndmp.proto. Pure.
#ifndef OCA_GATEWAYS_NDMP_OCANDMPD_REPORT_H_
#define OCA_GATEWAYS_NDMP_OCANDMPD_REPORT_H_

#include "absl/status/statusor.h"
#include "gateways/ndmp/session/server.h"
#include "gateways/ndmp/session/session_list.h"
#include "lib/api/ndmp.pb.h"

namespace oca::ndmp {

management::v1::NdmpSettings ToProto(const Reach& reach);
// kInvalidArgument.
absl::StatusOr<Reach> FromProto(const management::v1::NdmpSettings& settings);

management::v1::NdmpSession ToProto(const OpenSession& session, double mib_per_s);
management::v1::CompletedNdmpSession ToProto(const EndedSession& ended);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_OCANDMPD_REPORT_H_
