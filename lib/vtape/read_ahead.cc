#include "lib/vtape/read_ahead.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace oca::vtape {

Result<size_t> ReadAhead::ReadAt(uint64_t offset, std::span<char> out) {
  if (piece_bytes_ == 0) return file_.ReadAt(offset, out);
  bool goes_on = offset == expected_;
  expected_ = offset + out.size();
  size_t done = goes_on ? Take(offset, out) : 0;
  if (done < out.size()) {
    Forget();
    VTAPE_ASSIGN_OR_RETURN(size_t n, file_.ReadAt(offset + done, out.subspan(done)));
    done += n;
  }
  bool at_the_end = current_.size > 0 && current_.size < piece_bytes_;
  if (goes_on && done == out.size() && !at_the_end) {
    Fetch(current_.size == 0 ? expected_ : current_.end());
  }
  return done;
}

bool ReadAhead::Holds(uint64_t offset, size_t bytes) {
  if (offset != expected_ || !current_.Has(offset)) return false;
  if (offset + bytes <= current_.end()) return true;
  return !Busy() && next_.offset == current_.end() && offset + bytes <= next_.end();
}

void ReadAhead::Forget() {
  current_.size = 0;
  task_.Wait();
  next_.size = 0;
}

size_t ReadAhead::Take(uint64_t offset, std::span<char> out) {
  size_t done = 0;
  while (done < out.size()) {
    uint64_t at = offset + done;
    if (!current_.Has(at)) {
      task_.Wait();
      if (!next_.Has(at)) break;
      std::swap(current_, next_);
      next_.size = 0;
    }
    size_t n = std::min<size_t>(out.size() - done, current_.end() - at);
    std::memcpy(out.data() + done, current_.data() + (at - current_.offset), n);
    done += n;
  }
  return done;
}

void ReadAhead::Fetch(uint64_t offset) {
  if (Busy() || next_.size > 0) return;
  if (!next_.Reserve(piece_bytes_)) return;
  next_.offset = offset;
  task_.Start();
}

void ReadAhead::FetchPiece() {
  Result<size_t> read = file_.ReadOnce(next_.offset, {next_.data(), piece_bytes_});
  next_.size = read.ok() ? *read : 0;
}

}  // namespace oca::vtape
