#include "gateways/ndmp/wire/codec.h"

#include <array>

#include "gateways/ndmp/wire/messages_data.h"
#include "gateways/ndmp/wire/messages_tape.h"

namespace oca::ndmp {
namespace {

template <typename Body>
std::optional<std::string> Again(std::string_view bytes, int version) {
  std::optional<Body> body = Decode<Body>(bytes, version);
  if (!body) return std::nullopt;
  return Encode(*body, version);
}

template <typename Request, typename Reply>
constexpr MessageSpec Asked(Code code, int first = 2, int last = 4) {
  return {code, first, last, &Again<Request>, &Again<Reply>};
}

template <typename Post>
constexpr MessageSpec Told(Code code, int first = 2, int last = 4) {
  return {code, first, last, &Again<Post>, nullptr};
}

constexpr std::array kMessages = {
    Asked<ConnectOpenRequest, ErrorReply>(Code::kConnectOpen),
    Asked<AuthData, ErrorReply>(Code::kConnectClientAuth),
    Told<Nothing>(Code::kConnectClose),
    Asked<AuthAttr, ConnectServerAuthReply>(Code::kConnectServerAuth),
    Asked<Nothing, HostInfoReply>(Code::kConfigGetHostInfo),
    Asked<ButypeAttrRequest, ButypeAttrReply>(Code::kConfigGetButypeAttr, 2, 2),
    Asked<Nothing, ConnectionTypeReply>(Code::kConfigGetConnectionType),
    Asked<AuthAttrRequest, AuthAttrReply>(Code::kConfigGetAuthAttr),
    Asked<Nothing, ButypeInfoReply>(Code::kConfigGetButypeInfo, 3),
    Asked<Nothing, FsInfoReply>(Code::kConfigGetFsInfo, 3),
    Asked<Nothing, DeviceInfoReply>(Code::kConfigGetTapeInfo, 3),
    Asked<Nothing, DeviceInfoReply>(Code::kConfigGetScsiInfo, 3),
    Asked<Nothing, ServerInfoReply>(Code::kConfigGetServerInfo, 3),
    Asked<SetExtListRequest, ErrorReply>(Code::kConfigSetExtList, 4),
    Asked<Nothing, GetExtListReply>(Code::kConfigGetExtList, 4),
    Asked<ScsiOpenRequest, ErrorReply>(Code::kScsiOpen),
    Asked<Nothing, ErrorReply>(Code::kScsiClose),
    Asked<Nothing, ScsiGetStateReply>(Code::kScsiGetState),
    Asked<ScsiSetTargetRequest, ErrorReply>(Code::kScsiSetTarget, 2, 3),
    Asked<Nothing, ErrorReply>(Code::kScsiResetDevice),
    Asked<Nothing, ErrorReply>(Code::kScsiResetBus, 2, 3),
    Asked<ExecuteCdbRequest, ExecuteCdbReply>(Code::kScsiExecuteCdb),
    Asked<TapeOpenRequest, ErrorReply>(Code::kTapeOpen),
    Asked<Nothing, ErrorReply>(Code::kTapeClose),
    Asked<Nothing, TapeGetStateReply>(Code::kTapeGetState),
    Asked<TapeMtioRequest, TapeMtioReply>(Code::kTapeMtio),
    Asked<TapeWriteRequest, TapeWriteReply>(Code::kTapeWrite),
    Asked<TapeReadRequest, TapeReadReply>(Code::kTapeRead),
    Asked<ExecuteCdbRequest, ExecuteCdbReply>(Code::kTapeExecuteCdb),
    Asked<Nothing, DataGetStateReply>(Code::kDataGetState),
    Asked<DataStartBackupRequest, ErrorReply>(Code::kDataStartBackup),
    Asked<DataStartRecoverRequest, ErrorReply>(Code::kDataStartRecover),
    Asked<Nothing, ErrorReply>(Code::kDataAbort),
    Asked<Nothing, DataGetEnvReply>(Code::kDataGetEnv),
    Asked<Nothing, ErrorReply>(Code::kDataStop),
    Asked<DataListenRequest, ListenReply>(Code::kDataListen, 3),
    Asked<DataConnectRequest, ErrorReply>(Code::kDataConnect, 3),
    Asked<DataStartRecoverRequest, ErrorReply>(Code::kDataStartRecoverFilehist, 3),
    Told<NotifyDataHalted>(Code::kNotifyDataHalted),
    Told<NotifyConnectionStatus>(Code::kNotifyConnectionStatus),
    Told<NotifyMoverHalted>(Code::kNotifyMoverHalted),
    Told<NotifyMoverPaused>(Code::kNotifyMoverPaused),
    Told<StreamRange>(Code::kNotifyDataRead),
    Told<LogLine>(Code::kLogNormal, 2, 2),
    Told<LogDebugLine>(Code::kLogDebug, 2, 2),
    Told<LogFile>(Code::kLogFile),
    Told<LogMessage>(Code::kLogMessage, 3),
    Told<FhList<FhUnixPath>>(Code::kFhAddUnixPath, 2, 2),
    Told<FhList<FhUnixDir>>(Code::kFhAddUnixDir, 2, 2),
    Told<FhList<FhUnixNode>>(Code::kFhAddUnixNode, 2, 2),
    Told<FhList<FhFile>>(Code::kFhAddFile, 3),
    Told<FhList<FhDir>>(Code::kFhAddDir, 3),
    Told<FhList<FhNode>>(Code::kFhAddNode, 3),
    Asked<Nothing, MoverGetStateReply>(Code::kMoverGetState),
    Asked<MoverListenRequest, ListenReply>(Code::kMoverListen),
    Asked<Nothing, ErrorReply>(Code::kMoverContinue),
    Asked<Nothing, ErrorReply>(Code::kMoverAbort),
    Asked<Nothing, ErrorReply>(Code::kMoverStop),
    Asked<StreamRange, ErrorReply>(Code::kMoverSetWindow),
    Asked<StreamRange, ErrorReply>(Code::kMoverRead),
    Asked<Nothing, ErrorReply>(Code::kMoverClose),
    Asked<MoverSetRecordSizeRequest, ErrorReply>(Code::kMoverSetRecordSize),
    Asked<MoverConnectRequest, ErrorReply>(Code::kMoverConnect, 3),
};

}  // namespace

std::span<const MessageSpec> AllMessages() { return kMessages; }

}  // namespace oca::ndmp
