#include "gateways/ndmp/wire/xdr.h"

namespace oca::ndmp {
namespace {

size_t PadOf(size_t n) { return (4 - n % 4) % 4; }

}  // namespace

void XdrWriter::Put(uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out_.push_back(static_cast<char>(value >> shift));
}

void XdrWriter::Put(uint64_t value) {
  Put(static_cast<uint32_t>(value >> 32));
  Put(static_cast<uint32_t>(value));
}

void XdrWriter::Put(const std::string& bytes) {
  Put(static_cast<uint32_t>(bytes.size()));
  PutPadded(bytes);
}

void XdrWriter::PutPadded(std::string_view bytes) {
  out_.append(bytes);
  out_.append(PadOf(bytes.size()), '\0');
}

void XdrReader::Fail() {
  ok_ = false;
  rest_ = {};
}

std::string_view XdrReader::TakePadded(size_t n) {
  if (n > rest_.size() || PadOf(n) > rest_.size() - n) {
    Fail();
    return {};
  }
  std::string_view taken = rest_.substr(0, n);
  rest_.remove_prefix(n + PadOf(n));
  return taken;
}

void XdrReader::Get(uint32_t& value) {
  value = 0;
  for (char c : TakePadded(4)) value = value << 8 | static_cast<uint8_t>(c);
}

void XdrReader::Get(uint16_t& value) {
  uint32_t wide = 0;
  Get(wide);
  value = static_cast<uint16_t>(wide);
}

void XdrReader::Get(uint64_t& value) {
  uint32_t high = 0;
  uint32_t low = 0;
  Get(high);
  Get(low);
  value = uint64_t{high} << 32 | low;
}

void XdrReader::Get(std::string& bytes) {
  uint32_t size = 0;
  Get(size);
  bytes = TakePadded(size);
}

}  // namespace oca::ndmp
