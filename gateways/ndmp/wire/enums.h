// The numbers of NDMP (draft-skardal-ndmp4-04). A value from the wire may be any other number too.
#ifndef OCA_GATEWAYS_NDMP_WIRE_ENUMS_H_
#define OCA_GATEWAYS_NDMP_WIRE_ENUMS_H_

#include <cstdint>

namespace oca::ndmp {

inline constexpr int kOldestVersion = 2;
inline constexpr int kNewestVersion = 4;
inline constexpr uint64_t kUnlimited = ~uint64_t{0};
inline constexpr uint32_t kUnknown = ~uint32_t{0};

enum class Code : uint32_t {
  kConfigGetHostInfo = 0x100,
  kConfigGetButypeAttr = 0x101,  // v2
  kConfigGetConnectionType = 0x102,
  kConfigGetAuthAttr = 0x103,
  kConfigGetButypeInfo = 0x104,  // v3 and later, as all that follow
  kConfigGetFsInfo = 0x105,
  kConfigGetTapeInfo = 0x106,
  kConfigGetScsiInfo = 0x107,
  kConfigGetServerInfo = 0x108,
  kConfigSetExtList = 0x109,  // v4
  kConfigGetExtList = 0x10a,  // v4
  kScsiOpen = 0x200,
  kScsiClose = 0x201,
  kScsiGetState = 0x202,
  kScsiSetTarget = 0x203,  // up to v3
  kScsiResetDevice = 0x204,
  kScsiResetBus = 0x205,  // up to v3
  kScsiExecuteCdb = 0x206,
  kTapeOpen = 0x300,
  kTapeClose = 0x301,
  kTapeGetState = 0x302,
  kTapeMtio = 0x303,
  kTapeWrite = 0x304,
  kTapeRead = 0x305,
  kTapeExecuteCdb = 0x307,
  kDataGetState = 0x400,
  kDataStartBackup = 0x401,
  kDataStartRecover = 0x402,
  kDataAbort = 0x403,
  kDataGetEnv = 0x404,
  kDataStop = 0x407,
  kDataListen = 0x409,   // v3 and later
  kDataConnect = 0x40a,  // v3 and later
  kDataStartRecoverFilehist = 0x40b,
  kNotifyDataHalted = 0x501,
  kNotifyConnectionStatus = 0x502,
  kNotifyMoverHalted = 0x503,
  kNotifyMoverPaused = 0x504,
  kNotifyDataRead = 0x505,
  kLogNormal = 0x600,  // v2
  kLogDebug = 0x601,   // v2
  kLogFile = 0x602,
  kLogMessage = 0x603,     // v3 and later
  kFhAddUnixPath = 0x700,  // v2
  kFhAddUnixDir = 0x701,   // v2
  kFhAddUnixNode = 0x702,  // v2
  kFhAddFile = 0x703,      // v3 and later
  kFhAddDir = 0x704,       // v3 and later
  kFhAddNode = 0x705,      // v3 and later
  kConnectOpen = 0x900,
  kConnectClientAuth = 0x901,
  kConnectClose = 0x902,
  kConnectServerAuth = 0x903,
  kMoverGetState = 0xa00,
  kMoverListen = 0xa01,
  kMoverContinue = 0xa02,
  kMoverAbort = 0xa03,
  kMoverStop = 0xa04,
  kMoverSetWindow = 0xa05,
  kMoverRead = 0xa06,
  kMoverClose = 0xa07,
  kMoverSetRecordSize = 0xa08,
  kMoverConnect = 0xa09,  // v3 and later
};

enum class Error : uint32_t {
  kNone = 0,
  kNotSupported = 1,
  kDeviceBusy = 2,
  kDeviceOpened = 3,
  kNotAuthorized = 4,
  kPermission = 5,
  kDeviceNotOpen = 6,
  kIo = 7,
  kTimeout = 8,
  kIllegalArgs = 9,
  kNoTapeLoaded = 10,
  kWriteProtect = 11,
  kEof = 12,
  kEom = 13,
  kFileNotFound = 14,
  kBadFile = 15,
  kNoDevice = 16,
  kNoBus = 17,
  kXdrDecode = 18,
  kIllegalState = 19,
  kUndefined = 20,
  kXdrEncode = 21,
  kNoMemory = 22,
  kConnect = 23,
  kSequenceNumber = 24,  // v4, as all that follow
  kReadInProgress = 25,
  kPrecondition = 26,
  kClassNotSupported = 27,
  kVersionNotSupported = 28,
  kExtensionDuplicated = 29,
  kExtensionIllegal = 30,
};

// The one table of what an older peer is told instead of errors that came with v4.
constexpr Error ForVersion(Error error, int version) {
  if (version >= 4) return error;
  switch (error) {
    case Error::kSequenceNumber:
    case Error::kReadInProgress:
    case Error::kPrecondition:
      return Error::kIllegalState;
    case Error::kClassNotSupported:
    case Error::kVersionNotSupported:
    case Error::kExtensionDuplicated:
    case Error::kExtensionIllegal:
      return Error::kIllegalArgs;
    default:
      return error;
  }
}

enum class MessageType : uint32_t { kRequest = 0, kReply = 1 };
enum class AuthType : uint32_t { kNone = 0, kText = 1, kMd5 = 2 };
enum class AddrType : uint32_t { kLocal = 0, kTcp = 1, kFc = 2, kIpc = 3 };
enum class ConnectionReason : uint32_t { kConnected = 0, kShutdown = 1, kRefused = 2 };

inline constexpr uint32_t kCdbDataIn = 1;
inline constexpr uint32_t kCdbDataOut = 2;

// v2 knows 0 and 1; 0x7fffffff is what some send before v4 for kRaw.
enum class TapeMode : uint32_t { kRead = 0, kReadWrite = 1, kRaw = 2, kOldRaw = 0x7fffffff };
enum class MtioOp : uint32_t {
  kForwardFiles = 0,
  kBackFiles = 1,
  kForwardRecords = 2,
  kBackRecords = 3,
  kRewind = 4,
  kWriteMarks = 5,
  kUnload = 6,
  kTestReady = 7,
};
inline constexpr uint32_t kTapeNoRewind = 0x08;
inline constexpr uint32_t kTapeWriteProtected = 0x10;
inline constexpr uint32_t kTapeError = 0x20;
inline constexpr uint32_t kTapeUnloaded = 0x40;
inline constexpr uint32_t kNoSoftErrors = 0x02;
inline constexpr uint32_t kNoTotalSpace = 0x10;
inline constexpr uint32_t kNoSpaceRemain = 0x20;
inline constexpr uint32_t kNoPartition = 0x40;  // v3

enum class MoverMode : uint32_t { kRead = 0, kWrite = 1, kNoAction = 2 };
enum class MoverState : uint32_t {
  kIdle = 0,
  kListen = 1,
  kActive = 2,
  kPaused = 3,
  kHalted = 4,
};
enum class PauseReason : uint32_t {
  kNone = 0,
  kEom = 1,
  kEof = 2,
  kSeek = 3,
  kMediaError = 4,  // up to v3
  kEow = 5,
};
enum class MoverHalt : uint32_t {
  kNone = 0,
  kConnectClosed = 1,
  kAborted = 2,
  kInternalError = 3,
  kConnectError = 4,
  kMediaError = 5,  // v4
};

enum class DataOperation : uint32_t { kNone = 0, kBackup = 1, kRecover = 2, kRecoverFilehist = 3 };
enum class DataState : uint32_t {
  kIdle = 0,
  kActive = 1,
  kHalted = 2,
  kListen = 3,
  kConnected = 4,
};
enum class DataHalt : uint32_t {
  kNone = 0,
  kSuccessful = 1,
  kAborted = 2,
  kInternalError = 3,
  kConnectError = 4,
};

// Of a type of backup: what it can do.
inline constexpr uint32_t kBackupHistory = 0x001;  // up to v3
inline constexpr uint32_t kRecoverFileList = 0x004;
inline constexpr uint32_t kBackupDirect = 0x008;
inline constexpr uint32_t kRecoverDirect = 0x010;
inline constexpr uint32_t kBackupHistoryFiles = 0x200;  // v4
inline constexpr uint32_t kBackupHistoryNodes = 0x400;  // v4
inline constexpr uint32_t kNoEstimatedBytes = 0x01;
inline constexpr uint32_t kNoEstimatedTime = 0x02;

enum class LogType : uint32_t { kNormal = 0, kDebug = 1, kError = 2, kWarning = 3 };
enum class FileType : uint32_t {
  kDirectory = 0,
  kFifo = 1,
  kCharacter = 2,
  kBlock = 3,
  kRegular = 4,
  kSymlink = 5,
  kSocket = 6,
  kRegistry = 7,
  kOther = 8,
};
enum class FsType : uint32_t { kUnix = 0, kNt = 1, kOther = 2 };

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_WIRE_ENUMS_H_
