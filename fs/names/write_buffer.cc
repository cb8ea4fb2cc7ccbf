#include "fs/names/write_buffer.h"

#include <utility>

namespace oca::names {
namespace {

constexpr size_t kEntryBytes = 96;  // two strings and their place in the tree

size_t BytesOf(std::string_view key, const std::optional<std::string>& value) {
  return kEntryBytes + key.size() + (value ? value->size() : 0);
}

bool IsBefore(std::string_view key, std::string_view end) { return end.empty() || key < end; }

}  // namespace

void WriteBuffer::Apply(std::vector<Change> changes) {
  for (Change& change : changes) {
    bytes_ += BytesOf(change.key, change.value);
    const auto [it, added] = changes_.try_emplace(std::move(change.key));
    if (!added) bytes_ -= BytesOf(it->first, it->second);
    it->second = std::move(change.value);
  }
}

const std::optional<std::string>* WriteBuffer::Find(std::string_view key) const {
  if (const auto it = changes_.find(key); it != changes_.end()) return &it->second;
  if (const auto it = flushing_->find(key); it != flushing_->end()) return &it->second;
  return nullptr;
}

std::vector<Change> WriteBuffer::Range(std::string_view from, std::string_view end) const {
  std::vector<Change> range;
  auto newer = changes_.lower_bound(from);
  auto older = flushing_->lower_bound(from);
  while (true) {
    const bool has_newer = newer != changes_.end() && IsBefore(newer->first, end);
    const bool has_older = older != flushing_->end() && IsBefore(older->first, end);
    if (has_newer && (!has_older || newer->first <= older->first)) {
      if (has_older && newer->first == older->first) ++older;
      range.push_back({newer->first, newer->second});
      ++newer;
    } else if (has_older) {
      range.push_back({older->first, older->second});
      ++older;
    } else {
      return range;
    }
  }
}

std::shared_ptr<const WriteBuffer::Map> WriteBuffer::BeginFlush() {
  flushing_ = std::make_shared<Map>(std::move(changes_));
  changes_.clear();
  bytes_ = 0;
  return flushing_;
}

void WriteBuffer::EndFlush(bool written) {
  const std::shared_ptr<const Map> flushed = std::exchange(flushing_, std::make_shared<Map>());
  if (written) return;
  for (const auto& [key, value] : *flushed) {
    if (changes_.try_emplace(key, value).second) bytes_ += BytesOf(key, value);
  }
}

}  // namespace oca::names
