#include "lib/vtape/write_behind.h"

#include <algorithm>
#include <utility>

namespace oca::vtape {

Status WriteBehind::Append(uint64_t offset, std::string_view data) {
  if (piece_bytes_ == 0) return file_.WriteAt(offset, data);
  if (!Fills(offset, data.size())) VTAPE_RETURN_IF_ERROR(HandOver());
  if (filling_.size == 0) {
    if (!filling_.Reserve(std::max(piece_bytes_, data.size()))) {
      VTAPE_RETURN_IF_ERROR(Settle());
      return file_.WriteAt(offset, data);
    }
    filling_.offset = offset;
  }
  filling_.Append(data);
  return Status();
}

bool WriteBehind::Fills(uint64_t offset, size_t bytes) const {
  if (filling_.size == 0) return true;
  return offset == filling_.end() && filling_.size + bytes <= piece_bytes_;
}

bool WriteBehind::HasRoom(uint64_t offset, size_t bytes) {
  if (piece_bytes_ == 0) return false;
  if (Fills(offset, bytes)) return true;
  return !Busy() && writing_.size == 0;
}

bool WriteBehind::Lacks(uint64_t end) {
  task_.Wait();
  for (const Piece* piece : {&writing_, &filling_}) {
    if (piece->size > 0 && piece->offset < end) return true;
  }
  return false;
}

Status WriteBehind::Drain() {
  VTAPE_RETURN_IF_ERROR(Settle());
  if (filling_.size == 0) return Status();
  VTAPE_RETURN_IF_ERROR(file_.WriteOnce(filling_.offset, filling_.bytes()));
  filling_.size = 0;
  return Status();
}

void WriteBehind::ForgetFrom(uint64_t offset) {
  const auto cut = [offset](Piece& piece) {
    if (piece.offset >= offset) {
      piece.size = 0;
    } else if (piece.end() > offset) {
      piece.size = offset - piece.offset;
    }
  };
  task_.Wait();
  cut(writing_);
  cut(filling_);
}

Status WriteBehind::HandOver() {
  VTAPE_RETURN_IF_ERROR(Settle());
  std::swap(filling_, writing_);
  task_.Start();
  return Status();
}

Status WriteBehind::Settle() {
  task_.Wait();
  if (writing_.size == 0) return Status();
  Status status = std::exchange(failed_, Status());
  if (status.ok()) status = file_.WriteOnce(writing_.offset, writing_.bytes());  // told before
  if (status.ok()) writing_.size = 0;
  return status;
}

void WriteBehind::WritePiece() {
  failed_ = file_.WriteOnce(writing_.offset, writing_.bytes());
  if (failed_.ok()) writing_.size = 0;
}

}  // namespace oca::vtape
