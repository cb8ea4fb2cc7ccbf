#include "lib/vtape/unit.h"

#include <algorithm>
#include <cstring>

#include "lib/vtape/crc32c.h"

namespace oca::vtape {
namespace {

constexpr size_t kChecksumBytes = 4;
constexpr size_t kBeginningBytes = 16;  // magic, version, flags, length

}  // namespace

Status Damaged(const char* what, const char* why) {
  return Status(Code::kDamaged, std::string(what) + ": " + why);
}

void Seal(std::string* bytes, size_t size, uint32_t seed) {
  bytes->resize(size - kChecksumBytes, '\0');
  PutLe(bytes, Crc32c(*bytes, seed));
}

Status Unseal(std::string_view bytes, size_t size, uint32_t seed, const char* what) {
  if (bytes.size() < size) return Damaged(what, "cut short");
  uint32_t stored;
  std::memcpy(&stored, bytes.data() + size - kChecksumBytes, sizeof stored);
  if (stored != Crc32c(bytes.substr(0, size - kChecksumBytes), seed)) {
    return Damaged(what, "checksum does not hold");
  }
  return Status();
}

Status CheckBeginning(ByteReader& in, std::string_view magic, uint16_t version, const char* what) {
  if (in.Take(magic.size()) != magic) return Damaged(what, "wrong magic");
  uint16_t found = in.Le<uint16_t>();
  if (found > version) {
    return Status(Code::kNewer, std::string(what) + ": version " + std::to_string(found) +
                                    ", this program knows " + std::to_string(version));
  }
  if (found == 0 || in.Le<uint16_t>() != 0) return Damaged(what, "unknown version or flags");
  return Status();
}

std::string EncodeUnit(std::string_view magic, uint16_t version, std::string_view body) {
  const size_t size = kBeginningBytes + body.size() + kChecksumBytes;
  std::string out(magic);
  PutLe(&out, version);
  PutLe<uint16_t>(&out, 0);
  PutLe(&out, static_cast<uint32_t>(size));
  out += body;
  Seal(&out, size, 0);
  return out;
}

Result<ByteReader> DecodeUnit(std::string_view bytes, std::string_view magic, uint16_t version,
                              const char* what) {
  const size_t size = std::max(bytes.size(), kBeginningBytes + kChecksumBytes);
  VTAPE_RETURN_IF_ERROR(Unseal(bytes, size, 0, what));
  ByteReader in(bytes.substr(0, size - kChecksumBytes));
  VTAPE_RETURN_IF_ERROR(CheckBeginning(in, magic, version, what));
  if (in.Le<uint32_t>() != bytes.size()) return Damaged(what, "wrong length");
  return in;
}

}  // namespace oca::vtape
