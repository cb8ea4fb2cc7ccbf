#include "fs/format/sealed.h"

#include "fs/format/pack_parts.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "lib/base/status.h"

namespace oca::format {
namespace {

struct Fixed {
  SealedHeader header;
  uint32_t body_crc = 0;
  std::string_view tag;
};

absl::StatusOr<Fixed> DecodeFixed(std::string_view bytes) {
  size_t magic_bytes = std::min(bytes.size(), kSealedMagic.size());
  if (bytes.substr(0, magic_bytes) != kSealedMagic.substr(0, magic_bytes)) {
    return absl::DataLossError("encrypted unit: no magic");
  }
  if (bytes.size() < kSealedHeaderSize) {
    return absl::OutOfRangeError("encrypted unit: header is cut off");
  }
  bytes = bytes.substr(0, kSealedHeaderSize);
  if (!CrcHolds(bytes)) return absl::DataLossError("encrypted unit: header checksum is wrong");
  ByteReader in(bytes.substr(kSealedMagic.size()));
  OCA_RETURN_IF_ERROR(CheckVersion(in.Le<uint16_t>(), "encrypted unit"));
  Fixed out;
  auto kind = in.Le<uint16_t>();
  out.header.kind = static_cast<SealedKind>(kind);
  out.header.key = in.Le<uint32_t>();
  out.header.plain_bytes = in.Le<uint32_t>();
  out.header.nonce = in.Take(kSealedNonceBytes);
  out.tag = in.Take(kSealedTagBytes);
  out.body_crc = in.Le<uint32_t>();
  if (kind < 1 || kind > 3 || out.header.key == 0 || out.header.plain_bytes == 0 ||
      out.header.plain_bytes > kMaxSealedPlainBytes) {
    return absl::DataLossError("encrypted unit: fields are outside their limits");
  }
  return out;
}

}  // namespace

std::string EncodeSealedBound(const SealedHeader& header) {
  std::string out(kSealedMagic);
  PutLe<uint16_t>(&out, kPackVersion);
  PutLe<uint16_t>(&out, static_cast<uint16_t>(header.kind));
  PutLe<uint32_t>(&out, header.key);
  PutLe<uint32_t>(&out, header.plain_bytes);
  return out;
}

std::string EncodeSealed(const SealedHeader& header, std::string_view encrypted) {
  std::string_view body = encrypted.substr(0, encrypted.size() - kSealedTagBytes);
  std::string out = EncodeSealedBound(header);
  out.reserve(kSealedHeaderSize + body.size());
  out.append(header.nonce);
  out.append(encrypted.substr(body.size()));
  PutLe<uint32_t>(&out, Crc32c(body));
  PutCrc(&out);
  out.append(body);
  return out;
}

absl::StatusOr<size_t> EncodedSealedSize(std::string_view bytes) {
  OCA_ASSIGN_OR_RETURN(Fixed fixed, DecodeFixed(bytes));
  return kSealedHeaderSize + fixed.header.plain_bytes;
}

absl::StatusOr<DecodedSealed> DecodeSealed(std::string_view bytes) {
  OCA_ASSIGN_OR_RETURN(Fixed fixed, DecodeFixed(bytes));
  DecodedSealed out;
  out.encoded_size = kSealedHeaderSize + fixed.header.plain_bytes;
  if (bytes.size() < out.encoded_size) {
    return absl::OutOfRangeError("encrypted unit: body is cut off");
  }
  std::string_view body = bytes.substr(kSealedHeaderSize, fixed.header.plain_bytes);
  if (Crc32c(body) != fixed.body_crc) {
    return absl::DataLossError("encrypted unit: checksum is wrong");
  }
  out.header = fixed.header;
  out.bound = bytes.substr(0, kSealedBoundSize);
  out.encrypted.reserve(body.size() + kSealedTagBytes);
  out.encrypted.append(body);
  out.encrypted.append(fixed.tag);
  return out;
}

}  // namespace oca::format
