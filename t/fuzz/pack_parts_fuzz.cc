// Header, footer, trailer of a pack and the repository's format file: what decodes, encodes to the
// same bytes. Health and the history of repairs: what decodes, encodes to what decodes to the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "fs/format/pack.h"
#include "fs/format/pack_health.h"
#include "fs/format/repair_history.h"
#include "fs/format/repository.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/fuzz/target.h"

namespace {

using namespace oca;  // NOLINT

using oca::fuzz::Require;

void TryFooter(std::string_view bytes, uint64_t offset) {
  auto footer = format::DecodeFooter(bytes, offset);
  if (!footer.ok()) return;
  std::string again = format::EncodeFooter(*footer, offset);
  Require(std::string_view(again).substr(0, again.size() - format::kPackTrailerSize) == bytes);
}

void TryAll(std::string_view bytes) {
  if (auto header = format::DecodePackHeader(bytes); header.ok()) {
    Require(format::EncodePackHeader(*header) == bytes.substr(0, format::kPackHeaderSize));
  }
  if (auto format = format::DecodeRepositoryFormat(bytes); format.ok()) {
    Require(format::EncodeRepositoryFormat(*format) == bytes);
  }
  if (auto health = format::DecodePackHealth(bytes); health.ok()) {
    Require(*format::DecodePackHealth(format::EncodePackHealth(*health)) == *health);
  }
  if (auto repairs = format::DecodeRepairHistory(bytes); repairs.ok()) {
    Require(*format::DecodeRepairHistory(format::EncodeRepairHistory(*repairs)) == *repairs);
  }
  // The place that the footer itself names, or any.
  TryFooter(bytes, bytes.size() >= 32 ? GetLe<uint64_t>(bytes.data() + 24) : 0);
  auto trailer = format::DecodeTrailer(bytes.substr(
      bytes.size() < format::kPackTrailerSize ? 0 : bytes.size() - format::kPackTrailerSize));
  if (trailer.ok() && trailer->footer_size <= bytes.size() - format::kPackTrailerSize) {
    size_t end = bytes.size() - format::kPackTrailerSize;
    TryFooter(bytes.substr(end - trailer->footer_size, trailer->footer_size),
              trailer->footer_offset);
  }
}

}  // namespace

OCA_FUZZ(pack_parts_fuzz) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  TryAll(bytes);
  // Once more under good checksums, else a fuzzer never gets past them.
  for (size_t part : {size, format::kPackHeaderSize}) {
    if (part < 4 || part > size) continue;
    std::string fixed = bytes;
    StoreLe<uint32_t>(fixed.data() + part - 4, Crc32c(std::string_view(fixed).substr(0, part - 4)));
    TryAll(fixed);
  }
  return 0;
}
