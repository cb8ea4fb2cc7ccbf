// Messages of the CONNECT and CONFIG interfaces, and what all share. Each struct is the message as
// its newest version has it; Fields says how it stands on the wire in each.
#ifndef OCA_GATEWAYS_NDMP_WIRE_MESSAGES_CONNECT_H_
#define OCA_GATEWAYS_NDMP_WIRE_MESSAGES_CONNECT_H_

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "gateways/ndmp/wire/enums.h"

namespace oca::ndmp {

struct Header {
  uint32_t sequence = 0;
  uint32_t time_stamp = 0;
  MessageType type = MessageType::kRequest;
  Code code = Code::kConnectOpen;
  uint32_t reply_sequence = 0;
  Error error = Error::kNone;
  static void Fields(auto& io, auto& m) {
    io(m.sequence, m.time_stamp, m.type, m.code, m.reply_sequence, m.error);
  }
};

// A body without fields.
struct Nothing {
  static void Fields(auto& io, auto& m) {}
};
struct ErrorReply {
  Error error = Error::kNone;
  static void Fields(auto& io, auto& m) { io(m.error); }
};
struct Pval {
  std::string name;
  std::string value;
  static void Fields(auto& io, auto& m) { io(m.name, m.value); }
};

struct TcpAddr {
  uint32_t ip = 0;
  uint16_t port = 0;
  std::vector<Pval> env;  // v4
  static void Fields(auto& io, auto& m) {
    io(m.ip, m.port);
    if (io.version() >= 4) io(m.env);
  }
};
// Where a data connection can be had.
struct Addr {
  AddrType type = AddrType::kLocal;
  std::vector<TcpAddr> tcp;  // exactly one before v4
  uint32_t fc = 0;           // v3
  std::string ipc;
  static void Fields(auto& io, auto& m) {
    io(m.type);
    if (m.type == AddrType::kTcp && io.version() >= 4) {
      io(m.tcp);
    } else if (m.type == AddrType::kTcp) {
      One(io, m.tcp);
    } else if (m.type == AddrType::kFc && io.version() == 3) {
      io(m.fc);
    } else if (m.type == AddrType::kIpc && io.version() >= 3) {
      io(m.ipc);
    } else if (m.type != AddrType::kLocal) {
      if constexpr (std::remove_reference_t<decltype(io)>::kDecodes) io.Fail();
    }
  }

 private:
  static void One(auto& io, auto& tcp) {
    if constexpr (std::remove_reference_t<decltype(io)>::kDecodes) {
      tcp.resize(1);
      io(tcp[0]);
    } else {
      io(tcp.empty() ? TcpAddr() : tcp[0]);
    }
  }
};

struct NotifyConnectionStatus {
  ConnectionReason reason = ConnectionReason::kConnected;
  uint16_t version = 0;
  std::string text;
  static void Fields(auto& io, auto& m) { io(m.reason, m.version, m.text); }
};
struct ConnectOpenRequest {
  uint16_t version = 0;
  static void Fields(auto& io, auto& m) { io(m.version); }
};
struct AuthData {
  AuthType type = AuthType::kNone;
  std::string id;
  std::string password;           // of kText
  std::array<char, 16> digest{};  // of kMd5
  static void Fields(auto& io, auto& m) {
    io(m.type);
    if (m.type == AuthType::kText) io(m.id, m.password);
    if (m.type == AuthType::kMd5) io(m.id, m.digest);
  }
};
struct AuthAttr {
  AuthType type = AuthType::kNone;
  std::array<char, 64> challenge{};  // of kMd5
  static void Fields(auto& io, auto& m) {
    io(m.type);
    if (m.type == AuthType::kMd5) io(m.challenge);
  }
};
struct ConnectServerAuthReply {
  Error error = Error::kNone;
  AuthData data;
  static void Fields(auto& io, auto& m) { io(m.error, m.data); }
};

struct HostInfoReply {
  Error error = Error::kNone;
  std::string hostname;
  std::string os_type;
  std::string os_version;
  std::string host_id;
  std::vector<AuthType> auth_types;  // v2
  static void Fields(auto& io, auto& m) {
    io(m.error, m.hostname, m.os_type, m.os_version, m.host_id);
    if (io.version() == 2) io(m.auth_types);
  }
};
struct ButypeAttrRequest {
  std::string name;
  static void Fields(auto& io, auto& m) { io(m.name); }
};
struct ButypeAttrReply {
  Error error = Error::kNone;
  uint32_t attrs = 0;
  static void Fields(auto& io, auto& m) { io(m.error, m.attrs); }
};
struct ConnectionTypeReply {
  Error error = Error::kNone;
  std::vector<AddrType> types;
  static void Fields(auto& io, auto& m) { io(m.error, m.types); }
};
struct AuthAttrRequest {
  AuthType type = AuthType::kNone;
  static void Fields(auto& io, auto& m) { io(m.type); }
};
struct AuthAttrReply {
  Error error = Error::kNone;
  AuthAttr attr;
  static void Fields(auto& io, auto& m) { io(m.error, m.attr); }
};
struct Butype {
  std::string name;
  std::vector<Pval> default_env;
  uint32_t attrs = 0;
  static void Fields(auto& io, auto& m) { io(m.name, m.default_env, m.attrs); }
};
struct ButypeInfoReply {
  Error error = Error::kNone;
  std::vector<Butype> butypes;
  static void Fields(auto& io, auto& m) { io(m.error, m.butypes); }
};
struct FsInfo {
  uint32_t unsupported = 0;
  std::string type;
  std::string logical_device;
  std::string physical_device;
  uint64_t total_size = 0;
  uint64_t used_size = 0;
  uint64_t available_size = 0;
  uint64_t total_inodes = 0;
  uint64_t used_inodes = 0;
  std::vector<Pval> env;
  std::string status;
  static void Fields(auto& io, auto& m) {
    io(m.unsupported, m.type, m.logical_device, m.physical_device, m.total_size, m.used_size,
       m.available_size, m.total_inodes, m.used_inodes, m.env, m.status);
  }
};
struct FsInfoReply {
  Error error = Error::kNone;
  std::vector<FsInfo> filesystems;
  static void Fields(auto& io, auto& m) { io(m.error, m.filesystems); }
};
struct DeviceCapability {
  std::string device;
  uint32_t attrs = 0;
  std::vector<Pval> capability;
  static void Fields(auto& io, auto& m) { io(m.device, m.attrs, m.capability); }
};
struct DeviceInfo {
  std::string model;
  std::vector<DeviceCapability> devices;
  static void Fields(auto& io, auto& m) { io(m.model, m.devices); }
};
// Of tapes and of robots.
struct DeviceInfoReply {
  Error error = Error::kNone;
  std::vector<DeviceInfo> models;
  static void Fields(auto& io, auto& m) { io(m.error, m.models); }
};
struct ServerInfoReply {
  Error error = Error::kNone;
  std::string vendor;
  std::string product;
  std::string revision;
  std::vector<AuthType> auth_types;
  static void Fields(auto& io, auto& m) {
    io(m.error, m.vendor, m.product, m.revision, m.auth_types);
  }
};
struct ExtensionVersion {
  uint16_t extension = 0;
  uint16_t version = 0;
  static void Fields(auto& io, auto& m) { io(m.extension, m.version); }
};
struct SetExtListRequest {
  std::vector<ExtensionVersion> extensions;
  static void Fields(auto& io, auto& m) { io(m.extensions); }
};
struct ExtensionVersions {
  uint16_t extension = 0;
  std::vector<uint16_t> versions;
  static void Fields(auto& io, auto& m) { io(m.extension, m.versions); }
};
struct GetExtListReply {
  Error error = Error::kNone;
  std::vector<ExtensionVersions> extensions;
  static void Fields(auto& io, auto& m) { io(m.error, m.extensions); }
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_WIRE_MESSAGES_CONNECT_H_
