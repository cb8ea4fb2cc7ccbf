#include "fs/format/whole_file.h"

#include "fmt/format.h"
#include "fs/format/pack_parts.h"
#include "lib/base/coding.h"

namespace oca::format {

std::string BeginFile(std::string_view magic, uint32_t version) {
  std::string file(magic);
  PutLe<uint32_t>(&file, version);
  return file;
}

void EndFile(std::string* file) { PutCrc(file); }

absl::StatusOr<std::string_view> ContentsOfFile(std::string_view what, std::string_view magic,
                                                uint32_t version, std::string_view file) {
  const auto damaged = [what](std::string_view fault) {
    return absl::DataLossError(fmt::format("{}: {}", what, fault));
  };
  const size_t header_size = magic.size() + sizeof version;
  if (file.size() < header_size + kCrcSize || !file.starts_with(magic))
    return damaged("not such a file");
  if (!CrcHolds(file)) return damaged("checksum");
  if (GetLe<uint32_t>(file.data() + magic.size()) != version) return damaged("version");
  return file.substr(header_size, file.size() - header_size - kCrcSize);
}

}  // namespace oca::format
