#include "fs/engine/overlay.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace oca::engine {

Overlay::Extents::const_iterator Overlay::Containing(uint64_t offset) const {
  auto it = extents_.upper_bound(offset);
  if (it == extents_.begin()) return extents_.end();
  --it;
  return it->first + it->second.size() > offset ? it : extents_.end();
}

void Overlay::Write(uint64_t offset, std::string_view data) {
  if (data.empty()) return;
  auto it = extents_.upper_bound(offset);
  if (it != extents_.begin()) {
    auto before = std::prev(it);
    uint64_t end = before->first + before->second.size();
    if (offset <= end) {  // inside it, or right behind: grow it in place
      uint64_t at = offset - before->first;
      uint64_t inside = std::min<uint64_t>(data.size(), end - offset);
      std::memcpy(before->second.data() + at, data.data(), inside);
      if (inside == data.size()) return;
      Erase(end, offset + data.size());
      before = std::prev(extents_.upper_bound(offset));  // Erase invalidates iterators
      before->second.append(data.substr(inside));
      bytes_ += data.size() - inside;
      return;
    }
  }
  Erase(offset, offset + data.size());
  extents_.emplace(offset, std::string(data));
  bytes_ += data.size();
}

void Overlay::Truncate(uint64_t offset) { Erase(offset, kNone); }

void Overlay::Erase(uint64_t begin, uint64_t end) {
  if (begin >= end) return;
  auto it = extents_.upper_bound(begin);
  if (it != extents_.begin()) {
    auto before = std::prev(it);
    uint64_t before_end = before->first + before->second.size();
    if (before_end > begin) {
      std::string rest;
      if (before_end > end) rest = before->second.substr(end - before->first);
      bytes_ -= std::min(before_end, end) - begin;
      before->second.resize(begin - before->first);
      bool empty = before->second.empty();
      uint64_t key = before->first;
      if (empty) extents_.erase(key);
      if (!rest.empty()) extents_.emplace(end, std::move(rest));
      it = extents_.upper_bound(begin);
    }
  }
  while (it != extents_.end() && it->first < end) {
    uint64_t it_end = it->first + it->second.size();
    if (it_end > end) {
      std::string rest = it->second.substr(end - it->first);
      bytes_ -= end - it->first;
      extents_.erase(it);
      extents_.emplace(end, std::move(rest));
      return;
    }
    bytes_ -= it->second.size();
    it = extents_.erase(it);
  }
}

uint64_t Overlay::CopyTo(uint64_t offset, char* out, uint64_t length) const {
  uint64_t last = 0;
  auto it = extents_.upper_bound(offset);
  if (it != extents_.begin()) --it;
  for (; it != extents_.end() && it->first < offset + length; ++it) {
    uint64_t begin = std::max(it->first, offset);
    uint64_t end = std::min(it->first + it->second.size(), offset + length);
    if (begin >= end) continue;
    std::memcpy(out + (begin - offset), it->second.data() + (begin - it->first), end - begin);
    last = end;
  }
  return last;
}

uint64_t Overlay::Next(uint64_t from) const {
  if (Containing(from) != extents_.end()) return from;
  auto it = extents_.lower_bound(from);
  return it == extents_.end() ? kNone : it->first;
}

uint64_t Overlay::ExtentEnd(uint64_t offset) const {
  auto it = Containing(offset);
  return it->first + it->second.size();
}

}  // namespace oca::engine
