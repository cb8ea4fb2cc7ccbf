// What is appended to a file, written there by a thread of its own: who appends block after block
// need not wait for the storage each time, and the storage gets large pieces.
#ifndef OCA_LIB_VTAPE_WRITE_BEHIND_H_
#define OCA_LIB_VTAPE_WRITE_BEHIND_H_

#include <cstdint>
#include <string_view>

#include "lib/vtape/piece.h"
#include "lib/vtape/side_task.h"
#include "lib/vtape/status.h"
#include "lib/vtape/storage.h"

namespace oca::vtape {

// For one caller at a time. What is not written when it is destroyed never is. While something is
// taken that is not written, the file is the thread's: call one of Drain, ForgetFrom or Lacks
// before anything else is done with it.
class WriteBehind {
 public:
  // `file` must outlive it. Pieces of `piece_bytes` are written, or of one block if that is larger;
  // 0 = nothing is taken, Append itself writes.
  WriteBehind(StorageFile& file, size_t piece_bytes) : file_(file), piece_bytes_(piece_bytes) {}
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;
  // Takes `data` for `offset`, and waits while a piece before it is being written. Fails as that
  // piece did: then `data` was not taken, what was is kept, and the next call tries it again.
  Status Append(uint64_t offset, std::string_view data);
  // Returns ok once all that was taken is in the file (not durable yet). As above when it fails.
  Status Drain();
  // Whether Append of so much would neither wait nor fail.
  bool HasRoom(uint64_t offset, size_t bytes);
  // Whether something of what was taken before `end` is not in the file yet; waits while it is
  // being written.
  bool Lacks(uint64_t end);
  // Whether a piece is being written. Does not wait.
  bool Busy() { return task_.Busy(); }
  // Forgets what was taken from `offset` on, written or not.
  void ForgetFrom(uint64_t offset);

 private:
  bool Fills(uint64_t offset, size_t bytes) const;
  // Gives the filled piece to the thread as soon as it has none, or fails as the last one did.
  Status HandOver();
  // Waits until the thread has nothing to write; a piece that failed is tried once more.
  Status Settle();
  void WritePiece();

  StorageFile& file_;
  const size_t piece_bytes_;
  Piece filling_;  // the caller's

  // The task's while it is busy.
  Piece writing_;  // empty = nothing to do
  Status failed_;  // why `writing_` is not written

  SideTask task_{[this] { WritePiece(); }};
};

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_WRITE_BEHIND_H_
