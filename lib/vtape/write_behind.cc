#include "lib/vtape/write_behind.h"

#include <algorithm>
#include <utility>

namespace oca::vtape {

WriteBehind::~WriteBehind() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mu_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Status WriteBehind::Append(uint64_t offset, std::string_view data) {
  if (piece_bytes_ == 0) return file_.WriteAt(offset, data);
  if (!Fills(offset, data.size())) VTAPE_RETURN_IF_ERROR(HandOver());
  if (filling_.bytes.empty()) {
    filling_.offset = offset;
    filling_.bytes.reserve(std::max(piece_bytes_, data.size()));
  }
  filling_.bytes.append(data);
  return Status();
}

bool WriteBehind::Fills(uint64_t offset, size_t bytes) const {
  if (filling_.bytes.empty()) return true;
  return offset == filling_.end() && filling_.bytes.size() + bytes <= piece_bytes_;
}

bool WriteBehind::HasRoom(uint64_t offset, size_t bytes) {
  if (piece_bytes_ == 0) return false;
  if (Fills(offset, bytes)) return true;
  std::lock_guard lock(mu_);
  return writing_.bytes.empty();
}

bool WriteBehind::Lacks(uint64_t end) {
  std::unique_lock lock(mu_);
  changed_.wait(lock, [this] { return !busy_; });
  for (const Piece* piece : {&writing_, &filling_}) {
    if (!piece->bytes.empty() && piece->offset < end) return true;
  }
  return false;
}

Status WriteBehind::Drain() {
  std::unique_lock lock(mu_);
  VTAPE_RETURN_IF_ERROR(Settle(lock));
  if (filling_.bytes.empty()) return Status();
  VTAPE_RETURN_IF_ERROR(file_.WriteAt(filling_.offset, filling_.bytes));
  filling_.bytes.clear();
  return Status();
}

void WriteBehind::ForgetFrom(uint64_t offset) {
  const auto cut = [offset](Piece& piece) {
    if (piece.offset >= offset) {
      piece.bytes.clear();
    } else if (piece.end() > offset) {
      piece.bytes.resize(offset - piece.offset);
    }
  };
  std::unique_lock lock(mu_);
  changed_.wait(lock, [this] { return !busy_; });
  cut(writing_);
  cut(filling_);
}

Status WriteBehind::HandOver() {
  std::unique_lock lock(mu_);
  VTAPE_RETURN_IF_ERROR(Settle(lock));
  std::swap(filling_, writing_);
  busy_ = true;
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  changed_.notify_all();
  return Status();
}

Status WriteBehind::Settle(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return !busy_; });
  if (writing_.bytes.empty()) return Status();
  Status status = std::exchange(failed_, Status());
  if (status.ok()) status = file_.WriteAt(writing_.offset, writing_.bytes);  // told before
  if (status.ok()) writing_.bytes.clear();
  return status;
}

void WriteBehind::Run() {
  std::unique_lock lock(mu_);
  for (;;) {
    changed_.wait(lock, [this] { return busy_ || stopping_; });
    if (!busy_) return;
    lock.unlock();
    Status status = file_.WriteAt(writing_.offset, writing_.bytes);
    lock.lock();
    if (status.ok()) writing_.bytes.clear();
    failed_ = std::move(status);
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace oca::vtape
