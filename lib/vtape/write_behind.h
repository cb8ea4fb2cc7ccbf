// What is appended to a file, written there by a thread of its own: who appends block after block
// need not wait for the storage each time, and the storage gets large pieces.
#ifndef OCA_LIB_VTAPE_WRITE_BEHIND_H_
#define OCA_LIB_VTAPE_WRITE_BEHIND_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "lib/vtape/status.h"
#include "lib/vtape/storage.h"

namespace oca::vtape {

// For one caller at a time. While something is taken that is not written, the file is the thread's:
// call one of Drain, ForgetFrom or Lacks before anything else is done with it.
class WriteBehind {
 public:
  // `file` must outlive it. Pieces of `piece_bytes` are written, or of one block if that is larger;
  // 0 = nothing is taken, Append itself writes.
  WriteBehind(StorageFile& file, size_t piece_bytes) : file_(file), piece_bytes_(piece_bytes) {}
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;
  // What is not written by then never is.
  ~WriteBehind();

  // Takes `data` for `offset`, and waits while a piece before it is being written. Fails as that
  // piece did: then `data` was not taken, what was is kept, and the next call tries it again.
  Status Append(uint64_t offset, std::string_view data);
  // Returns ok once all that was taken is in the file (not durable yet). As above when it fails.
  Status Drain();
  // Whether Append of so much would neither wait nor fail.
  bool HasRoom(uint64_t offset, size_t bytes);
  // Whether something of what was taken before `end` is not in the file yet.
  bool Lacks(uint64_t end);
  // Forgets what was taken from `offset` on, written or not.
  void ForgetFrom(uint64_t offset);

 private:
  struct Piece {
    uint64_t offset = 0;
    std::string bytes;
    uint64_t end() const { return offset + bytes.size(); }
  };

  bool Fills(uint64_t offset, size_t bytes) const;
  // Gives the filled piece to the thread as soon as it has none, or fails as the last one did.
  Status HandOver();
  // Waits until the thread has nothing to write; a piece that failed is tried once more.
  Status Settle(std::unique_lock<std::mutex>& lock);
  void Run();

  StorageFile& file_;
  const size_t piece_bytes_;
  Piece filling_;  // the caller's

  std::mutex mu_;
  std::condition_variable changed_;
  Piece writing_;      // empty = nothing to do; the thread's while busy_
  bool busy_ = false;  // `writing_` waits for the thread or is being written
  bool stopping_ = false;
  Status failed_;       // why `writing_` is not written, when it is neither empty nor busy
  std::thread thread_;  // from the first piece on
};

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_WRITE_BEHIND_H_
