// Command descriptor blocks of tapes: SPC-4 and SSC-3.
#ifndef OCA_GATEWAYS_NDMP_DEVICE_TAPE_CDB_H_
#define OCA_GATEWAYS_NDMP_DEVICE_TAPE_CDB_H_

#include <cstdint>
#include <string>

namespace oca::ndmp {

inline constexpr int kTestUnitReady = 0x00;
inline constexpr int kRewind = 0x01;
inline constexpr int kRequestSense = 0x03;
inline constexpr int kRead6 = 0x08;
inline constexpr int kWrite6 = 0x0a;
inline constexpr int kWriteFilemarks6 = 0x10;
inline constexpr int kInquiry = 0x12;
inline constexpr int kModeSelect6 = 0x15;
inline constexpr int kReserve6 = 0x16;
inline constexpr int kRelease6 = 0x17;
inline constexpr int kModeSense6 = 0x1a;
inline constexpr int kLoadUnload = 0x1b;
inline constexpr int kReadPosition = 0x34;
inline constexpr int kSpace16 = 0x91;
inline constexpr int kReportLuns = 0xa0;

inline constexpr int kSpaceBlocks = 0;
inline constexpr int kSpaceFilemarks = 1;

// More than are ever heard one after the other.
inline constexpr int kMaxAttentions = 16;

inline std::string Cdb6(int opcode, uint32_t length = 0) {
  std::string cdb(6, '\0');
  cdb[0] = static_cast<char>(opcode);
  cdb[2] = static_cast<char>(length >> 16);
  cdb[3] = static_cast<char>(length >> 8);
  cdb[4] = static_cast<char>(length);
  return cdb;
}

inline std::string SpaceCdb(int what, int64_t count) {
  std::string cdb(16, '\0');
  cdb[0] = static_cast<char>(kSpace16);
  cdb[1] = static_cast<char>(what);
  for (int i = 0; i < 8; ++i) cdb[4 + i] = static_cast<char>(count >> (56 - 8 * i));
  return cdb;
}

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DEVICE_TAPE_CDB_H_
