#include "fs/engine/read_result.h"

#include <algorithm>
#include <array>
#include <utility>

namespace oca::engine {

void ReadResult::Add(std::shared_ptr<const void> holder, std::string_view bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  const bool same = !holders_.empty() && holders_.back() == holder;
  if (same && pieces_.back().data() + pieces_.back().size() == bytes.data()) {
    pieces_.back() = {pieces_.back().data(), pieces_.back().size() + bytes.size()};
    return;
  }
  if (!same) holders_.push_back(std::move(holder));
  pieces_.push_back(bytes);
}

void ReadResult::Add(std::string bytes) {
  auto holder = std::make_shared<const std::string>(std::move(bytes));
  Add(holder, *holder);
}

void ReadResult::AddZeros(uint64_t count) {
  static constexpr std::array<char, 64 << 10> kZeros{};
  while (count > 0) {
    const uint64_t n = std::min<uint64_t>(count, kZeros.size());
    Add(nullptr, {kZeros.data(), n});
    count -= n;
  }
}

std::string ReadResult::Joined() const {
  std::string out;
  out.reserve(size_);
  for (const std::string_view piece : pieces_) out.append(piece);
  return out;
}

}  // namespace oca::engine
