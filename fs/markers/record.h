// What a recogniser of a stream format says about a place of a stream. See docs/format/markers.md.
#ifndef OCA_FS_MARKERS_RECORD_H_
#define OCA_FS_MARKERS_RECORD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace oca::markers {

enum class Format : uint8_t { kTarV7 = 0, kTarUstar = 1, kTarGnu = 2, kTarPax = 3 };
inline constexpr size_t kFormats = 4;
// "tar-v7", "tar-ustar", "tar-gnu", "tar-pax".
std::string_view FormatName(Format format);

// A header: bytes that describe payload.
struct Record {
  Format format = Format::kTarV7;
  size_t bytes = 0;    // of the header and of what belongs to it; a multiple of the block
  bool leads = false;  // a span begins here
};

// A header is told by one block alone, at a multiple of the block's size in the file: never by what
// the headers before it promised. So a damaged header misleads nobody.
inline constexpr size_t kBlockBytes = 512;
// A header and its extension are no longer.
inline constexpr size_t kMaxRecordBytes = 32 * 1024 + kBlockBytes;

}  // namespace oca::markers

#endif  // OCA_FS_MARKERS_RECORD_H_
