#include "gateways/ndmp/session/scsi_interface.h"

#include <string>
#include <utility>

#include "absl/time/time.h"

namespace oca::ndmp {
namespace {

constexpr size_t kMaxCdbBytes = 16;
constexpr uint32_t kMaxDataBytes = 16u << 20;
// "Wait for ever" of the protocol.
constexpr absl::Duration kLongest = absl::Hours(4);

}  // namespace

Error ExecuteCdb(const ExecuteCdbRequest& request,
                 const std::function<Error(const ScsiCommand&, ScsiAnswer*)>& execute,
                 ExecuteCdbReply& reply) {
  const bool in = (request.flags & kCdbDataIn) != 0;
  const bool out = (request.flags & kCdbDataOut) != 0;
  if (request.cdb.empty() || request.cdb.size() > kMaxCdbBytes || (in && out) ||
      request.data_in_length > kMaxDataBytes) {
    return Error::kIllegalArgs;
  }
  ScsiCommand command{.cdb = request.cdb};
  if (in) command.in_bytes = request.data_in_length;
  if (out) command.out = request.data_out;
  command.timeout = request.timeout_ms == 0 ? kLongest : absl::Milliseconds(request.timeout_ms);
  ScsiAnswer answer;
  if (Error error = execute(command, &answer); error != Error::kNone) return error;
  reply.status = answer.status;
  reply.data_out_length = answer.out_bytes;
  reply.data_in = std::move(answer.in);
  reply.sense = std::move(answer.sense);
  return Error::kNone;
}

void ScsiInterface::Register(Dispatcher& dispatcher) {
  dispatcher.On<ScsiOpenRequest, ErrorReply>(
      Code::kScsiOpen, [this](const auto& request, auto&) { return Open(request); });
  dispatcher.On<Nothing, ErrorReply>(Code::kScsiClose,
                                     [this](const auto&, auto&) { return Close(); });
  dispatcher.On<Nothing, ScsiGetStateReply>(
      Code::kScsiGetState, [this](const auto&, auto& reply) { return GetState(reply); });
  dispatcher.On<ExecuteCdbRequest, ExecuteCdbReply>(
      Code::kScsiExecuteCdb,
      [this](const auto& request, auto& reply) { return Execute(request, reply); });
}

Error ScsiInterface::Open(const ScsiOpenRequest& request) {
  if (slot_.in_use()) return Error::kDeviceOpened;
  OpenedDevice opened;
  Error error = devices_.Open(request.device, DeviceKind::kChanger, &opened);
  if (error != Error::kNone) return error;
  // TEST UNIT READY takes the news of a new session (29/00) off the robot: it is of our way to it,
  // not of the robot. Whatever else it says the client will hear from its own commands.
  absl::StatusOr<ScsiAnswer> heard = opened.unit->Execute({.cdb = std::string(6, '\0')});
  if (!heard.ok()) return Error::kIo;
  slot_.name = request.device;
  slot_.lease = std::move(opened.lease);
  slot_.changer = std::move(opened.unit);
  return Error::kNone;
}

Error ScsiInterface::Close() {
  if (slot_.changer == nullptr) return Error::kDeviceNotOpen;
  slot_.Clear();
  return Error::kNone;
}

Error ScsiInterface::GetState(ScsiGetStateReply& reply) {
  if (slot_.changer == nullptr) return Error::kDeviceNotOpen;
  // These are numbers of a bus, of which there is none.
  reply.controller = reply.id = reply.lun = kUnknown;
  return Error::kNone;
}

Error ScsiInterface::Execute(const ExecuteCdbRequest& request, ExecuteCdbReply& reply) {
  if (slot_.changer == nullptr) return Error::kDeviceNotOpen;
  auto execute = [this](const ScsiCommand& command, ScsiAnswer* answer) {
    absl::StatusOr<ScsiAnswer> done = slot_.changer->Execute(command);
    if (absl::IsInvalidArgument(done.status())) return Error::kIllegalArgs;
    if (absl::IsDeadlineExceeded(done.status())) return Error::kTimeout;
    if (!done.ok()) return Error::kIo;
    *answer = *std::move(done);
    return Error::kNone;
  };
  return ExecuteCdb(request, execute, reply);
}

}  // namespace oca::ndmp
