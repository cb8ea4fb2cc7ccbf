// Entries out of a tar stream of which only what is needed is asked for.
#ifndef OCA_GATEWAYS_NDMP_DATA_TAR_READER_H_
#define OCA_GATEWAYS_NDMP_DATA_TAR_READER_H_

#include <archive.h>
#include <archive_entry.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateways/ndmp/data/stream.h"

namespace oca::ndmp {

// Not thread-safe.
class TarReader {
 public:
  // From the stream's beginning to its end: in one piece, unless asking is cheap. Who gets all in
  // one piece comes to its end, where the mover pauses and waits for its client.
  static std::unique_ptr<TarReader> Whole(Source& source);
  // From an entry's beginning, in parts that are no larger than what is known to be needed.
  static std::unique_ptr<TarReader> From(Source& source, uint64_t offset);
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // The next entry, which lives until the next call; nullptr at the end. kDataLoss: it is no tar
  // stream, or a damaged one; and what the source says.
  absl::StatusOr<archive_entry*> Next();
  struct Block {
    std::string_view bytes;  // lives until the next call
    uint64_t offset = 0;     // in the file
  };
  // The next bytes of the entry; nothing more: *ended.
  absl::StatusOr<Block> Data(bool* ended);
  // Reads what was asked for and is not needed, so that something else can be asked for, and that
  // the mover sees an orderly end. Nothing when all is asked for in one piece.
  absl::Status Drain();

 private:
  struct Free {
    void operator()(archive* a) const { archive_read_free(a); }
  };
  TarReader(Source& source, uint64_t offset, bool whole);
  static la_ssize_t Give(archive* a, void* self, const void** bytes);
  // How many bytes came: 0 at the end.
  absl::StatusOr<size_t> Fill();
  absl::Status Failure() const;
  void Foresee(archive_entry* entry);

  Source& source_;
  const uint64_t begin_;
  const bool whole_;
  bool asked_ = false;
  uint64_t taken_ = 0;    // of the stream, from begin_
  uint64_t owed_ = 0;     // asked for and not yet here
  uint64_t needed_ = 0;   // up to where the entry goes, from begin_, as far as is known
  absl::Status failure_;  // of the source
  std::string buffer_;
  std::unique_ptr<archive, Free> archive_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DATA_TAR_READER_H_
