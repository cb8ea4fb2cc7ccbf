#include "gateways/ndmp/session/mover_interface.h"

namespace oca::ndmp {

void RegisterMover(Dispatcher& dispatcher, Mover& mover) {
  Mover* m = &mover;
  dispatcher.On<Nothing, MoverGetStateReply>(Code::kMoverGetState, [m](const auto&, auto& reply) {
    m->GetState(reply);
    return Error::kNone;
  });
  dispatcher.On<MoverListenRequest, ListenReply>(
      Code::kMoverListen,
      [m](const auto& request, auto& reply) { return m->Listen(request, reply); });
  dispatcher.On<MoverConnectRequest, ErrorReply>(
      Code::kMoverConnect, [m](const auto& request, auto&) { return m->Connect(request); });
  dispatcher.On<Nothing, ErrorReply>(Code::kMoverContinue,
                                     [m](const auto&, auto&) { return m->Continue(); });
  dispatcher.On<Nothing, ErrorReply>(Code::kMoverAbort,
                                     [m](const auto&, auto&) { return m->Abort(); });
  dispatcher.On<Nothing, ErrorReply>(Code::kMoverStop,
                                     [m](const auto&, auto&) { return m->Stop(); });
  dispatcher.On<Nothing, ErrorReply>(Code::kMoverClose,
                                     [m](const auto&, auto&) { return m->Close(); });
  dispatcher.On<StreamRange, ErrorReply>(
      Code::kMoverSetWindow, [m](const auto& request, auto&) { return m->SetWindow(request); });
  dispatcher.On<StreamRange, ErrorReply>(
      Code::kMoverRead, [m](const auto& request, auto&) { return m->Read(request); });
  dispatcher.On<MoverSetRecordSizeRequest, ErrorReply>(
      Code::kMoverSetRecordSize,
      [m](const auto& request, auto&) { return m->SetRecordSize(request.length); });
}

}  // namespace oca::ndmp
