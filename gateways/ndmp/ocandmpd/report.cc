#include "gateways/ndmp/ocandmpd/report.h"

#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "lib/base/utf8.h"

namespace oca::ndmp {
namespace {

namespace mgmt = management::v1;

constexpr size_t kMostErrorBytes = 1000;

mgmt::NdmpMoverState ToProto(MoverState state) {
  switch (state) {
    case MoverState::kIdle:
      return mgmt::NDMP_MOVER_STATE_IDLE;
    case MoverState::kListen:
      return mgmt::NDMP_MOVER_STATE_LISTEN;
    case MoverState::kActive:
      return mgmt::NDMP_MOVER_STATE_ACTIVE;
    case MoverState::kPaused:
      return mgmt::NDMP_MOVER_STATE_PAUSED;
    case MoverState::kHalted:
      return mgmt::NDMP_MOVER_STATE_HALTED;
  }
  return mgmt::NDMP_MOVER_STATE_UNSPECIFIED;
}

mgmt::NdmpDataState ToProto(DataState state) {
  switch (state) {
    case DataState::kIdle:
      return mgmt::NDMP_DATA_STATE_IDLE;
    case DataState::kActive:
      return mgmt::NDMP_DATA_STATE_ACTIVE;
    case DataState::kHalted:
      return mgmt::NDMP_DATA_STATE_HALTED;
    case DataState::kListen:
      return mgmt::NDMP_DATA_STATE_LISTEN;
    case DataState::kConnected:
      return mgmt::NDMP_DATA_STATE_CONNECTED;
  }
  return mgmt::NDMP_DATA_STATE_UNSPECIFIED;
}

mgmt::NdmpSessionResult ToProto(SessionResult result) {
  switch (result) {
    case SessionResult::kSuccessful:
      return mgmt::NDMP_SESSION_RESULT_SUCCESSFUL;
    case SessionResult::kFailed:
      return mgmt::NDMP_SESSION_RESULT_FAILED;
    case SessionResult::kShutDown:
      return mgmt::NDMP_SESSION_RESULT_SHUT_DOWN;
  }
  return mgmt::NDMP_SESSION_RESULT_UNSPECIFIED;
}

}  // namespace

mgmt::NdmpSettings ToProto(const Reach& reach) {
  mgmt::NdmpSettings settings;
  settings.set_address(IpText(reach.control.ip));
  settings.set_port(reach.control.port);
  if (reach.data.ip != 0) settings.set_data_address(IpText(reach.data.ip));
  settings.set_first_data_port(reach.data.ports.first);
  settings.set_last_data_port(reach.data.ports.last);
  return settings;
}

absl::StatusOr<Reach> FromProto(const mgmt::NdmpSettings& settings) {
  Reach reach;
  OCA_ASSIGN_OR_RETURN(reach.control.ip, ParseIp(settings.address()));
  if (!settings.data_address().empty()) {
    OCA_ASSIGN_OR_RETURN(reach.data.ip, ParseIp(settings.data_address()));
  }
  reach.control.port = static_cast<uint16_t>(settings.port());
  reach.data.ports = {static_cast<uint16_t>(settings.first_data_port()),
                      static_cast<uint16_t>(settings.last_data_port())};
  return reach;
}

mgmt::NdmpSession ToProto(const OpenSession& session, double mib_per_s) {
  const SessionState& state = session.state;
  mgmt::NdmpSession out;
  out.set_id(session.id);
  out.set_client(session.client);
  out.set_user(state.user);
  out.set_protocol_version(static_cast<uint32_t>(state.version));
  out.set_connection_state(state.user.empty() ? mgmt::NDMP_CONNECTION_STATE_CONNECTED
                                              : mgmt::NDMP_CONNECTION_STATE_SIGNED_IN);
  out.set_mover_state(ToProto(state.mover));
  out.set_data_state(ToProto(state.data));
  out.set_device(state.device);
  out.set_bytes_moved(state.bytes_moved());
  out.set_mib_per_s(mib_per_s);
  *out.mutable_started() = api::TimestampOf(session.started);
  return out;
}

mgmt::CompletedNdmpSession ToProto(const EndedSession& ended) {
  const SessionState& state = ended.session.state;
  mgmt::CompletedNdmpSession out;
  out.set_id(ended.session.id);
  out.set_client(ended.session.client);
  out.set_user(state.user);
  out.set_protocol_version(static_cast<uint32_t>(state.version));
  out.set_device(state.device);
  out.set_bytes_moved(state.bytes_moved());
  *out.mutable_started() = api::TimestampOf(ended.session.started);
  *out.mutable_ended() = api::TimestampOf(ended.ended);
  out.set_result(ToProto(ended.result));
  // It may name files, whose names are bytes.
  out.set_error(PrintableText(ended.error, kMostErrorBytes));
  return out;
}

}  // namespace oca::ndmp
