// Log pages (SPC-4 7.3) as values. Pure.
#ifndef OCA_GATEWAYS_VTL_SCSI_LOG_PAGES_H_
#define OCA_GATEWAYS_VTL_SCSI_LOG_PAGES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oca::scsi {

struct LogParameter {
  enum Format : uint8_t { kCounter = 0, kAscii = 1, kBinary = 3 };

  uint16_t code;
  Format format;
  std::string value;
};

// A counter of `bytes` bytes; one that does not fit stays at its maximum.
LogParameter Counter(uint16_t code, uint64_t value, size_t bytes);
// Text filled with spaces to `bytes`.
LogParameter Text(uint16_t code, std::string_view text, size_t bytes);

// The bytes of a page, from the first parameter with `first` or a higher code on. Parameters stand
// in ascending order.
std::string EncodeLogPage(uint8_t page, const std::vector<LogParameter>& parameters,
                          uint16_t first);

// The page of TapeAlert, and its parameters: 64 flags, of which flag n is bit n - 1 of `flags`.
constexpr uint8_t kTapeAlertPage = 0x2e;
std::vector<LogParameter> TapeAlertParameters(uint64_t flags);

constexpr uint64_t TapeAlertFlag(int number) { return uint64_t{1} << (number - 1); }

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_LOG_PAGES_H_
