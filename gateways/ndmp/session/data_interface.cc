#include "gateways/ndmp/session/data_interface.h"

namespace oca::ndmp {

void RegisterData(Dispatcher& dispatcher, Data& data) {
  Data* d = &data;
  dispatcher.On<Nothing, DataGetStateReply>(Code::kDataGetState, [d](const auto&, auto& reply) {
    d->GetState(reply);
    return Error::kNone;
  });
  dispatcher.On<DataListenRequest, ListenReply>(
      Code::kDataListen,
      [d](const auto& request, auto& reply) { return d->Listen(request.addr_type, reply); });
  dispatcher.On<DataConnectRequest, ErrorReply>(
      Code::kDataConnect, [d](const auto& request, auto&) { return d->Connect(request.addr); });
  dispatcher.On<DataStartBackupRequest, ErrorReply>(
      Code::kDataStartBackup, [d](const auto& request, auto&) { return d->StartBackup(request); });
  dispatcher.On<DataStartRecoverRequest, ErrorReply>(
      Code::kDataStartRecover,
      [d](const auto& request, auto&) { return d->StartRecover(request); });
  dispatcher.On<Nothing, ErrorReply>(Code::kDataAbort,
                                     [d](const auto&, auto&) { return d->Abort(); });
  dispatcher.On<Nothing, ErrorReply>(Code::kDataStop,
                                     [d](const auto&, auto&) { return d->Stop(); });
  dispatcher.On<Nothing, DataGetEnvReply>(
      Code::kDataGetEnv, [d](const auto&, auto& reply) { return d->GetEnv(reply); });
}

}  // namespace oca::ndmp
