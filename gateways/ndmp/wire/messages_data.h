// Messages of the DATA interface, its posts, logs and file history.
#ifndef OCA_GATEWAYS_NDMP_WIRE_MESSAGES_DATA_H_
#define OCA_GATEWAYS_NDMP_WIRE_MESSAGES_DATA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "gateways/ndmp/wire/enums.h"
#include "gateways/ndmp/wire/messages_connect.h"

namespace oca::ndmp {

struct DataGetStateReply {
  uint32_t unsupported = 0;  // not v2
  Error error = Error::kNone;
  DataOperation operation = DataOperation::kNone;
  DataState state = DataState::kIdle;
  DataHalt halt_reason = DataHalt::kNone;
  uint64_t bytes_processed = 0;
  uint64_t est_bytes_remain = 0;
  uint32_t est_time_remain = 0;
  Addr addr;
  uint64_t read_offset = 0;
  uint64_t read_length = 0;
  static void Fields(auto& io, auto& m) {
    if (io.version() >= 3) io(m.unsupported);
    io(m.error, m.operation, m.state, m.halt_reason, m.bytes_processed, m.est_bytes_remain,
       m.est_time_remain, m.addr, m.read_offset, m.read_length);
  }
};
struct DataStartBackupRequest {
  Addr mover;  // v2
  std::string butype;
  std::vector<Pval> env;
  static void Fields(auto& io, auto& m) {
    if (io.version() == 2) io(m.mover);
    io(m.butype, m.env);
  }
};
struct RecoverName {
  std::string original_path;
  std::string destination_path;
  std::string name;        // not v2
  std::string other_name;  // not v2
  uint16_t ssid = 0;       // v2
  uint64_t node = kUnlimited;
  uint64_t fh_info = kUnlimited;
  static void Fields(auto& io, auto& m) {
    io(m.original_path, m.destination_path);
    if (io.version() == 2) {
      io(m.ssid, m.fh_info);
    } else {
      io(m.name, m.other_name, m.node, m.fh_info);
    }
  }
};
// Of DATA_START_RECOVER and DATA_START_RECOVER_FILEHIST.
struct DataStartRecoverRequest {
  Addr mover;  // v2
  std::vector<Pval> env;
  std::vector<RecoverName> names;
  std::string butype;
  static void Fields(auto& io, auto& m) {
    if (io.version() == 2) io(m.mover);
    io(m.env, m.names, m.butype);
  }
};
struct DataGetEnvReply {
  Error error = Error::kNone;
  std::vector<Pval> env;
  static void Fields(auto& io, auto& m) { io(m.error, m.env); }
};
struct DataListenRequest {
  AddrType addr_type = AddrType::kLocal;
  static void Fields(auto& io, auto& m) { io(m.addr_type); }
};
struct DataConnectRequest {
  Addr addr;
  static void Fields(auto& io, auto& m) { io(m.addr); }
};
struct NotifyDataHalted {
  DataHalt reason = DataHalt::kNone;
  std::string text;  // up to v3
  static void Fields(auto& io, auto& m) {
    io(m.reason);
    if (io.version() <= 3) io(m.text);
  }
};

// LOG_NORMAL of v2.
struct LogLine {
  std::string text;
  static void Fields(auto& io, auto& m) { io(m.text); }
};
// LOG_DEBUG of v2.
struct LogDebugLine {
  uint32_t level = 0;
  std::string text;
  static void Fields(auto& io, auto& m) { io(m.level, m.text); }
};
struct LogFile {
  std::string name;
  uint16_t ssid = 0;    // v2
  uint32_t status = 0;  // an Error before v4
  static void Fields(auto& io, auto& m) {
    io(m.name);
    if (io.version() == 2) io(m.ssid);
    io(m.status);
  }
};
struct LogMessage {
  LogType type = LogType::kNormal;
  uint32_t id = 0;
  std::string text;
  uint32_t has_associated = 0;  // v4, as the next
  uint32_t associated_sequence = 0;
  static void Fields(auto& io, auto& m) {
    io(m.type, m.id, m.text);
    if (io.version() >= 4) io(m.has_associated, m.associated_sequence);
  }
};

// A file's attributes as v2 has them.
struct UnixStat {
  FileType type = FileType::kOther;
  uint32_t mtime = 0;
  uint32_t atime = 0;
  uint32_t ctime = 0;
  uint32_t owner = 0;
  uint32_t group = 0;
  uint32_t mode = 0;
  uint64_t size = 0;
  uint64_t fh_info = kUnlimited;
  static void Fields(auto& io, auto& m) {
    io(m.type, m.mtime, m.atime, m.ctime, m.owner, m.group, m.mode, m.size, m.fh_info);
  }
};
struct FhUnixPath {
  std::string name;
  UnixStat stat;
  static void Fields(auto& io, auto& m) { io(m.name, m.stat); }
};
struct FhUnixDir {
  std::string name;
  uint32_t node = 0;
  uint32_t parent = 0;
  static void Fields(auto& io, auto& m) { io(m.name, m.node, m.parent); }
};
struct FhUnixNode {
  UnixStat stat;
  uint32_t node = 0;
  static void Fields(auto& io, auto& m) { io(m.stat, m.node); }
};
struct FileName {
  FsType type = FsType::kUnix;
  std::string name;
  std::string dos_name;  // of kNt
  static void Fields(auto& io, auto& m) {
    io(m.type, m.name);
    if (m.type == FsType::kNt) io(m.dos_name);
  }
};
struct FileStat {
  uint32_t unsupported = 0;
  FsType fs_type = FsType::kUnix;
  FileType type = FileType::kOther;
  uint32_t mtime = 0;
  uint32_t atime = 0;
  uint32_t ctime = 0;
  uint32_t owner = 0;
  uint32_t group = 0;
  uint32_t mode = 0;
  uint64_t size = 0;
  uint32_t links = 0;
  static void Fields(auto& io, auto& m) {
    io(m.unsupported, m.fs_type, m.type, m.mtime, m.atime, m.ctime, m.owner, m.group, m.mode,
       m.size, m.links);
  }
};
struct FhFile {
  std::vector<FileName> names;
  std::vector<FileStat> stats;
  uint64_t node = 0;
  uint64_t fh_info = kUnlimited;
  static void Fields(auto& io, auto& m) { io(m.names, m.stats, m.node, m.fh_info); }
};
struct FhDir {
  std::vector<FileName> names;
  uint64_t node = 0;
  uint64_t parent = 0;
  static void Fields(auto& io, auto& m) { io(m.names, m.node, m.parent); }
};
struct FhNode {
  std::vector<FileStat> stats;
  uint64_t node = 0;
  uint64_t fh_info = kUnlimited;
  static void Fields(auto& io, auto& m) { io(m.stats, m.node, m.fh_info); }
};
// Every FH_ post is a list.
template <typename Item>
struct FhList {
  std::vector<Item> items;
  static void Fields(auto& io, auto& m) { io(m.items); }
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_WIRE_MESSAGES_DATA_H_
