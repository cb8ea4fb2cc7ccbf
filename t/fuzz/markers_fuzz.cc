// The recogniser of archives. The first two bytes say where the stream is split into two calls; the
// rest is the stream. Both ways must give the same pieces, which cover it, and a unit may begin
// anew at its begin.
#include <string>
#include <vector>

#include "fs/markers/splitter.h"
#include "t/fuzz/target.h"

namespace oca::markers {
namespace {

using oca::fuzz::Require;

struct Part {
  uint64_t end;
  bool header, ends_unit;
  friend bool operator==(const Part&, const Part&) = default;
};

void Add(const std::vector<Piece>& pieces, uint64_t offset, std::vector<Part>* parts) {
  for (const Piece& piece : pieces) {
    const uint64_t end = offset + piece.end;
    Require(end > (parts->empty() ? 0 : parts->back().end));
    parts->push_back({end, piece.span != kPayload, piece.ends_unit});
  }
}

void Fuzz(std::string_view stream, size_t split) {
  static const chunk::Chunker chunker({8192});
  const Splitter splitter(Setting::kAuto, &chunker);
  std::vector<Piece> pieces;
  std::vector<Part> whole, twice;
  Recognised seen, seen_twice;
  splitter.Split(stream, 0, true, &pieces, &seen);
  Add(pieces, 0, &whole);
  Require((whole.empty() ? 0 : whole.back().end) == stream.size());
  pieces.clear();
  const size_t complete = splitter.Split(stream.substr(0, split), 0, false, &pieces, &seen_twice);
  Require(complete <= split);
  Add(pieces, 0, &twice);
  Require((twice.empty() ? 0 : twice.back().end) == complete);
  pieces.clear();
  splitter.Split(stream.substr(complete), complete, true, &pieces, &seen_twice);
  Add(pieces, complete, &twice);
  Require(whole == twice);
  Require(seen.headers == seen_twice.headers && seen.header_bytes == seen_twice.header_bytes);
  Require(seen.header_bytes <= stream.size());
}

}  // namespace
}  // namespace oca::markers

OCA_FUZZ(markers_fuzz) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t split = (data[0] | data[1] << 8) * 16 % (stream.size() + 1);
  oca::markers::Fuzz(stream, split);
  return 0;
}
