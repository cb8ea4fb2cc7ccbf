// Entries as a tar stream (pax), and where in it they begin.
#ifndef OCA_GATEWAYS_NDMP_DATA_TAR_WRITER_H_
#define OCA_GATEWAYS_NDMP_DATA_TAR_WRITER_H_

#include <archive.h>
#include <archive_entry.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateways/ndmp/data/stream.h"

namespace oca::ndmp {

struct FreeArchiveEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using ArchiveEntry = std::unique_ptr<archive_entry, FreeArchiveEntry>;

// Not thread-safe.
class TarWriter {
 public:
  // Borrows the sink.
  explicit TarWriter(Sink& sink);

  // Where the next entry begins.
  uint64_t position() const { return position_; }
  // Begins an entry. kInvalidArgument: tar has no way to say it, and the stream is as it was; after
  // any other error it is at its end.
  absl::Status Begin(archive_entry* entry);
  // Of the entry's bytes, those of holes too.
  absl::Status Data(std::string_view bytes);
  // What has not been written of the entry becomes zeros.
  absl::Status End();
  // Ends the stream.
  absl::Status Finish();

 private:
  struct Free {
    void operator()(archive* a) const { archive_write_free(a); }
  };
  static la_ssize_t Take(archive* a, void* self, const void* bytes, size_t size);
  absl::Status Outcome(int result) const;
  absl::Status Put(std::string_view bytes);
  absl::Status Flush();

  Sink& sink_;
  absl::Status failure_;  // of the sink
  std::string buffer_;
  uint64_t position_ = 0;
  std::unique_ptr<archive, Free> archive_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DATA_TAR_WRITER_H_
