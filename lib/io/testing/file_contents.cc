#include "lib/io/testing/file_contents.h"

#include <cstring>
#include <utility>
#include <vector>

namespace oca::io {

FileContents::~FileContents() { quota_.used_bytes -= pages_.size() * kPageBytes; }

size_t FileContents::Read(uint64_t offset, std::span<char> out) const {
  if (offset >= size_) return 0;
  size_t length = std::min<uint64_t>(out.size(), size_ - offset);
  for (size_t done = 0; done < length;) {
    uint64_t at = offset + done;
    size_t begin = at % kPageBytes;
    size_t step = std::min<size_t>(length - done, kPageBytes - begin);
    std::memcpy(out.data() + done, PageOrZeros(at / kPageBytes).data() + begin, step);
    done += step;
  }
  return length;
}

size_t FileContents::Write(uint64_t offset, std::string_view data) {
  size_t done = 0;
  while (done < data.size()) {
    uint64_t at = offset + done;
    uint64_t number = at / kPageBytes;
    size_t begin = at % kPageBytes;
    size_t step = std::min<size_t>(data.size() - done, kPageBytes - begin);
    RecordWrite(number, begin, begin + step);
    Page* page = MutablePage(number);
    if (page == nullptr) break;
    std::memcpy(page->data() + begin, data.data() + done, step);
    done += step;
  }
  if (done > 0) size_ = std::max(size_, offset + done);
  return done;
}

void FileContents::Truncate(uint64_t size) {
  uint64_t first = size / kPageBytes;
  if (size_t begin = size % kPageBytes; begin != 0) {
    if (auto it = pages_.find(first); it != pages_.end()) {
      if (size < durable_size_) UndoOf(first).dropped = false;
      std::fill(it->second->begin() + begin, it->second->end(), 0);
    }
    ++first;
  }
  for (auto it = pages_.lower_bound(first); it != pages_.end(); it = pages_.erase(it)) {
    quota_.used_bytes -= kPageBytes;
    if (it->first * kPageBytes >= durable_size_) continue;
    if ((it->first + 1) * kPageBytes <= durable_size_ && !undo_.contains(it->first)) {
      undo_[it->first].old = std::move(it->second);  // UndoOf without the copy
    }
    UndoOf(it->first).dropped = false;
  }
  size_ = size;
  smallest_size_ = std::min(smallest_size_, size);
}

void FileContents::Sync() {
  durable_size_ = smallest_size_ = size_;
  for (auto it = undo_.begin(); it != undo_.end();) {
    bool keep = it->second.dropped && it->first * kPageBytes < durable_size_;
    it = keep ? std::next(it) : undo_.erase(it);
  }
}

void FileContents::SyncFailed() {
  RecordGrowth();
  for (auto& [number, undo] : undo_) undo.dropped = true;
}

FileContents::Page* FileContents::MutablePage(uint64_t number) {
  // Appending goes to the last page: no search.
  if (!pages_.empty() && pages_.rbegin()->first == number) return pages_.rbegin()->second.get();
  auto it = pages_.lower_bound(number);
  if (it == pages_.end() || it->first != number) {
    if (quota_.available_bytes() < kPageBytes) return nullptr;
    quota_.used_bytes += kPageBytes;
    it = pages_.emplace_hint(it, number, std::make_unique<Page>());
  }
  return it->second.get();
}

void FileContents::PutPage(uint64_t number, PagePtr page) {
  auto [it, is_new] = pages_.insert_or_assign(number, std::move(page));
  if (is_new) quota_.used_bytes += kPageBytes;
}

const FileContents::Page& FileContents::PageOrZeros(uint64_t number) const {
  static const Page zeros{};
  auto it = pages_.find(number);
  return it == pages_.end() ? zeros : *it->second;
}

FileContents::Undo& FileContents::UndoOf(uint64_t number) {
  auto [it, is_new] = undo_.try_emplace(number);
  uint64_t start = number * kPageBytes;
  if (is_new && start < durable_size_) {
    if (auto page = pages_.find(number); page != pages_.end()) {
      it->second.old = std::make_unique<Page>(*page->second);
      // What lies above the durable size was never on the disk.
      size_t durable = std::min(kPageBytes, durable_size_ - start);
      std::fill(it->second.old->begin() + durable, it->second.old->end(), 0);
    }
  }
  return it->second;
}

void FileContents::RecordWrite(uint64_t number, size_t begin, size_t end) {
  if (number * kPageBytes + begin >= durable_size_) {  // recorded by its place
    if (auto it = undo_.find(number); it != undo_.end()) it->second.dropped = false;
    return;
  }
  Undo& undo = UndoOf(number);
  undo.dropped = false;
  if (end - begin == kPageBytes) {
    undo.written.set();
  } else {
    for (size_t i = begin; i < end; ++i) undo.written.set(i);
  }
}

void FileContents::RecordGrowth() {
  for (auto it = pages_.lower_bound(durable_size_ / kPageBytes); it != pages_.end(); ++it) {
    uint64_t start = it->first * kPageBytes;
    Undo& undo = UndoOf(it->first);
    for (size_t i = std::max(start, durable_size_) - start; i < kPageBytes; ++i) {
      undo.written.set(i);
    }
  }
}

bool FileContents::IsDirty() const {
  return !undo_.empty() || size_ != durable_size_ || smallest_size_ != durable_size_;
}

FileContents::Outcome FileContents::ChooseOutcome(std::mt19937_64& rng) const {
  uint64_t low = std::min({durable_size_, size_, smallest_size_});
  uint64_t high = std::max(durable_size_, size_);
  uint64_t between = low + rng() % (high - low + 1);
  auto fate = static_cast<Fate>(rng() % 4);
  switch (fate) {
    case Fate::kLost:
      return {fate, durable_size_, 0};
    case Fate::kKept:
      return {fate, size_, 0};
    case Fate::kKeptUpToCut: {
      uint64_t first = undo_.empty() ? low : std::min(low, undo_.begin()->first * kPageBytes);
      return {fate, rng() % 2 == 0 ? size_ : between, first + rng() % (high - first + 1)};
    }
    case Fate::kRandom:
      break;
  }
  const uint64_t sizes[] = {durable_size_, size_, between};
  return {fate, sizes[rng() % 3], 0};
}

void FileContents::LosePower(std::mt19937_64& rng) {
  if (!IsDirty()) return;
  Outcome outcome = ChooseOutcome(rng);
  RecordGrowth();
  for (const auto& [number, undo] : undo_) SettlePage(number, undo, outcome, rng);
  undo_.clear();
  durable_size_ = 0;  // so that Truncate records nothing
  Truncate(outcome.size);
  durable_size_ = smallest_size_ = size_;
}

void FileContents::SettlePage(uint64_t number, const Undo& undo, const Outcome& outcome,
                              std::mt19937_64& rng) {
  const Page& fresh = PageOrZeros(number);
  auto result = undo.old != nullptr ? std::make_unique<Page>(*undo.old) : std::make_unique<Page>();
  const Fate fate = undo.dropped ? Fate::kRandom : outcome.fate;
  for (size_t begin = 0; begin < kPageBytes; begin += kSectorBytes) {
    uint64_t at = number * kPageBytes + begin;
    size_t kept = 0;  // leading bytes of the sector that reached the disk
    bool garbage = false;
    if (fate == Fate::kKept) {
      kept = kSectorBytes;
    } else if (fate == Fate::kKeptUpToCut) {
      kept = std::min(kSectorBytes, outcome.cut - std::min(at, outcome.cut));
    } else if (fate == Fate::kRandom) {
      const size_t choices[] = {0, kSectorBytes, rng() % kSectorBytes, 0};
      uint64_t choice = rng() % 4;
      kept = choices[choice];
      garbage = choice == 3;
    }
    std::copy_n(fresh.begin() + begin, kept, result->begin() + begin);
    for (size_t i = begin; garbage && i < begin + kSectorBytes; ++i) {
      if (undo.written[i]) (*result)[i] = static_cast<char>(rng());
    }
  }
  PutPage(number, std::move(result));
}

}  // namespace oca::io
