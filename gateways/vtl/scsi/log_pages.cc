#include "gateways/vtl/scsi/log_pages.h"

#include <algorithm>

#include "gateways/vtl/scsi/wire.h"

namespace oca::scsi {

LogParameter Counter(uint16_t code, uint64_t value, size_t bytes) {
  if (bytes < 8) value = std::min(value, (uint64_t{1} << (8 * bytes)) - 1);
  LogParameter out{code, LogParameter::kCounter, {}};
  PutBe(&out.value, value, bytes);
  return out;
}

LogParameter Text(uint16_t code, std::string_view text, size_t bytes) {
  LogParameter out{code, LogParameter::kAscii, {}};
  PutText(&out.value, text, bytes);
  return out;
}

std::string EncodeLogPage(uint8_t page, const std::vector<LogParameter>& parameters,
                          uint16_t first) {
  std::string body;
  for (const LogParameter& parameter : parameters) {
    if (parameter.code < first) continue;
    PutBe(&body, parameter.code, 2);
    PutBe(&body, parameter.format, 1);
    PutBe(&body, parameter.value.size(), 1);
    body += parameter.value;
  }
  std::string out;
  PutBe(&out, page, 1);
  PutBe(&out, 0, 1);
  PutBe(&out, body.size(), 2);
  return out + body;
}

std::vector<LogParameter> TapeAlertParameters(uint64_t flags) {
  std::vector<LogParameter> out;
  for (int number = 1; number <= 64; ++number) {
    out.push_back({static_cast<uint16_t>(number), LogParameter::kBinary,
                   std::string(1, (flags & TapeAlertFlag(number)) != 0 ? '\1' : '\0')});
  }
  return out;
}

}  // namespace oca::scsi
