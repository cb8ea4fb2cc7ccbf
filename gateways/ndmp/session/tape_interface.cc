#include "gateways/ndmp/session/tape_interface.h"

#include <memory>
#include <utility>

#include "gateways/ndmp/session/scsi_interface.h"

namespace oca::ndmp {
namespace {

bool IsMode(TapeMode mode) {
  return mode == TapeMode::kRead || mode == TapeMode::kReadWrite || mode == TapeMode::kRaw ||
         mode == TapeMode::kOldRaw;
}

}  // namespace

void TapeInterface::Register(Dispatcher& dispatcher) {
  dispatcher.On<TapeOpenRequest, ErrorReply>(
      Code::kTapeOpen, [this](const auto& request, auto&) { return Open(request); });
  dispatcher.On<Nothing, ErrorReply>(Code::kTapeClose,
                                     [this](const auto&, auto&) { return Close(); });
  dispatcher.On<Nothing, TapeGetStateReply>(
      Code::kTapeGetState, [this](const auto&, auto& reply) { return GetState(reply); });
  dispatcher.On<TapeMtioRequest, TapeMtioReply>(
      Code::kTapeMtio, [this](const auto& request, auto& reply) { return Mtio(request, reply); });
  dispatcher.On<TapeWriteRequest, TapeWriteReply>(
      Code::kTapeWrite, [this](const auto& request, auto& reply) { return Write(request, reply); });
  dispatcher.On<TapeReadRequest, TapeReadReply>(
      Code::kTapeRead, [this](const auto& request, auto& reply) { return Read(request, reply); });
  dispatcher.On<ExecuteCdbRequest, ExecuteCdbReply>(
      Code::kTapeExecuteCdb,
      [this](const auto& request, auto& reply) { return Execute(request, reply); });
}

Error TapeInterface::Usable() const {
  if (slot_.tape == nullptr) return Error::kDeviceNotOpen;
  return mover_has_tape_() ? Error::kDeviceBusy : Error::kNone;
}

Error TapeInterface::Open(const TapeOpenRequest& request) {
  Error error = TryToOpen(request);
  if (error == Error::kDeviceBusy) failures_.DriveRefused({request.device, client_});
  if (error == Error::kNone) failures_.DriveOpened(request.device);
  return error;
}

Error TapeInterface::TryToOpen(const TapeOpenRequest& request) {
  if (slot_.in_use()) return Error::kDeviceOpened;
  if (!IsMode(request.mode)) return Error::kIllegalArgs;
  OpenedDevice opened;
  Error error = devices_.Open(request.device, DeviceKind::kTape, &opened);
  if (error != Error::kNone) return error;
  auto tape = std::make_unique<Tape>(std::move(opened.unit), outbox_.version() >= 4);
  if (error = tape->Open(request.mode); error != Error::kNone) return error;
  slot_.name = request.device;
  slot_.lease = std::move(opened.lease);
  slot_.tape = std::move(tape);
  slot_.tape_mode = request.mode;
  return Error::kNone;
}

Error TapeInterface::Close() {
  if (Error error = Usable(); error != Error::kNone) return error;
  Error error = slot_.tape->Close();
  slot_.Clear();
  return error;
}

void TapeInterface::CloseAny() {
  if (slot_.tape != nullptr) slot_.tape->Close();
  slot_.Clear();
}

Error TapeInterface::GetState(TapeGetStateReply& reply) {
  reply.unsupported = kNoSoftErrors | kNoTotalSpace | kNoSpaceRemain;
  if (outbox_.version() == 3) reply.unsupported |= kNoPartition;
  if (slot_.tape == nullptr) return Error::kDeviceNotOpen;
  TapeState state = slot_.tape->state();
  reply.flags = state.flags;
  reply.file_num = state.file_num;
  reply.blockno = state.blockno;
  return Error::kNone;
}

Error TapeInterface::Mtio(const TapeMtioRequest& request, TapeMtioReply& reply) {
  if (Error error = Usable(); error != Error::kNone) return error;
  return slot_.tape->Mtio(request.op, request.count, &reply.resid_count);
}

Error TapeInterface::Write(const TapeWriteRequest& request, TapeWriteReply& reply) {
  if (Error error = Usable(); error != Error::kNone) return error;
  Error error = slot_.tape->Write(request.data);
  if (error == Error::kNone) reply.count = static_cast<uint32_t>(request.data.size());
  bytes_ever_ += reply.count;
  return error;
}

Error TapeInterface::Read(const TapeReadRequest& request, TapeReadReply& reply) {
  if (Error error = Usable(); error != Error::kNone) return error;
  Block block;
  bool cut = false;
  Error error = slot_.tape->Read(request.count, &block, &cut);
  reply.data = std::string_view(block);
  bytes_ever_ += reply.data.size();
  return error;
}

Error TapeInterface::Execute(const ExecuteCdbRequest& request, ExecuteCdbReply& reply) {
  if (Error error = Usable(); error != Error::kNone) return error;
  auto execute = [this](const ScsiCommand& command, ScsiAnswer* answer) {
    return slot_.tape->ExecuteRaw(command, answer);
  };
  return ExecuteCdb(request, execute, reply);
}

}  // namespace oca::ndmp
