// A file that is read from its beginning towards its end: what comes next is fetched meanwhile, by
// a thread.
#ifndef OCA_LIB_VTAPE_READ_AHEAD_H_
#define OCA_LIB_VTAPE_READ_AHEAD_H_

#include <cstdint>
#include <span>

#include "lib/vtape/piece.h"
#include "lib/vtape/side_task.h"
#include "lib/vtape/status.h"
#include "lib/vtape/storage.h"

namespace oca::vtape {

// For one caller at a time. The file must not change between two calls unless Forget is called.
class ReadAhead {
 public:
  // `file` must outlive it. Pieces of `piece_bytes` are fetched; 0 = none.
  ReadAhead(StorageFile& file, size_t piece_bytes) : file_(file), piece_bytes_(piece_bytes) {}
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // As StorageFile::ReadAt.
  Result<size_t> ReadAt(uint64_t offset, std::span<char> out);
  // Whether ReadAt of these bytes would neither wait nor ask the file.
  bool Holds(uint64_t offset, size_t bytes);
  // Whether a piece is being fetched. Does not wait.
  bool Busy() { return task_.Busy(); }
  // Forgets what was fetched; waits while some of it is being fetched. Then the file is the
  // caller's alone until the next ReadAt.
  void Forget();

 private:
  // Copies from the pieces what follows `offset` there without a gap; returns how much.
  size_t Take(uint64_t offset, std::span<char> out);
  // Has the piece at `offset` fetched, unless the next piece is that already.
  void Fetch(uint64_t offset);
  void FetchPiece();

  StorageFile& file_;
  const size_t piece_bytes_;
  uint64_t expected_ = 0;  // where a reader that goes on goes on
  Piece current_;          // the caller's

  Piece next_;  // the task's while it is busy; empty also when it could not be read
  SideTask task_{[this] { FetchPiece(); }};
};

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_READ_AHEAD_H_
