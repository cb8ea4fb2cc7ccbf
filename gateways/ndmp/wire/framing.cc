#include "gateways/ndmp/wire/framing.h"

#include <cstdint>
#include <utility>

namespace oca::ndmp {
namespace {

constexpr uint32_t kLastFragment = 1u << 31;
constexpr size_t kMarkBytes = 4;

uint32_t MarkOf(std::string_view bytes) {
  uint32_t mark = 0;
  for (char c : bytes.substr(0, kMarkBytes)) mark = mark << 8 | static_cast<uint8_t>(c);
  return mark;
}

}  // namespace

std::string Frame(std::string_view message) {
  uint32_t mark = kLastFragment | static_cast<uint32_t>(message.size());
  std::string framed;
  framed.reserve(kMarkBytes + message.size());
  for (int shift = 24; shift >= 0; shift -= 8) framed.push_back(static_cast<char>(mark >> shift));
  return framed.append(message);
}

std::optional<std::string> Unframer::Next() {
  while (!broken_ && buffer_.size() >= kMarkBytes) {
    uint32_t mark = MarkOf(buffer_);
    size_t size = mark & ~kLastFragment;
    // Fragments without bytes would never end.
    if (size > max_bytes_ - message_.size() || (size == 0 && (mark & kLastFragment) == 0)) {
      broken_ = true;
      break;
    }
    if (buffer_.size() < kMarkBytes + size) break;
    message_.append(buffer_, kMarkBytes, size);
    buffer_.erase(0, kMarkBytes + size);
    if ((mark & kLastFragment) != 0) return std::exchange(message_, {});
  }
  return std::nullopt;
}

}  // namespace oca::ndmp
