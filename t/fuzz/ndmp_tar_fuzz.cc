// A tar stream from a tape that anybody may have written. The input: a byte that chooses whether
// asking is cheap, then the stream.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateways/ndmp/data/attributes.h"
#include "gateways/ndmp/data/tar_reader.h"
#include "gateways/ndmp/data/tree.h"
#include "t/fuzz/target.h"

namespace {

using oca::fuzz::Require;

class Bytes final : public oca::ndmp::Source {
 public:
  Bytes(std::string_view bytes, bool cheap) : bytes_(bytes), cheap_(cheap) {}
  absl::Status Ask(uint64_t offset, uint64_t length) override {
    // In order, and never twice.
    Require(left_ == 0 && length > 0 && offset == at_);
    left_ = length;
    return absl::OkStatus();
  }
  bool asks_cheaply() const override { return cheap_; }
  absl::StatusOr<size_t> Read(char* to, size_t room) override {
    const size_t n = std::min<uint64_t>({room, left_, bytes_.size() - at_});
    bytes_.copy(to, n, at_);
    at_ += n;
    if (left_ != oca::ndmp::kUnlimited) left_ -= n;
    return n;
  }

 private:
  const std::string_view bytes_;
  const bool cheap_;
  uint64_t at_ = 0;
  uint64_t left_ = 0;
};

}  // namespace

OCA_FUZZ(ndmp_tar_fuzz) {
  using namespace oca::ndmp;  // NOLINT
  if (size < 1) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Bytes source(input.substr(1), data[0] % 2 == 1);
  std::unique_ptr<TarReader> reader = TarReader::Whole(source);
  while (true) {
    auto entry = reader->Next();
    if (!entry.ok() || *entry == nullptr) return 0;
    const char* name = archive_entry_pathname(*entry);
    if (name != nullptr) CleanPath(name).status().IgnoreError();
    AttributesOf(*entry);
    bool ended = false;
    while (!ended) {
      auto block = reader->Data(&ended);
      if (!block.ok()) break;
      Require(block->bytes.size() <= size);
    }
  }
}
