#include "fs/markers/splitter.h"

#include <algorithm>

#include "fs/markers/tar.h"

namespace oca::markers {
namespace {

constexpr size_t kNone = SIZE_MAX;

// One walk over `data`, which begins at a unit's begin. It stops where later bytes could change
// what comes, or, to `finish`, at the end.
class Walk {
 public:
  Walk(const chunk::Chunker& chunker, bool look, std::string_view data, uint64_t offset,
       std::vector<Piece>* pieces, Recognised* seen)
      : chunker_(chunker),
        data_(data),
        offset_(offset),
        next_block_(look ? (kBlockBytes - offset % kBlockBytes) % kBlockBytes : data.size()),
        pieces_(*pieces),
        first_piece_(pieces->size()),
        seen_(seen) {}

  // Pieces of complete units only; returns where the last one ends.
  size_t Complete(size_t* spans) {
    Run(false);
    while (pieces_.size() > first_piece_ && pieces_.back().end > complete_) pieces_.pop_back();
    *spans = span_ - (in_span_ ? 1 : 0);
    return complete_;
  }
  // All pieces; spans are counted from `spans` on.
  void Finish(size_t spans) {
    span_ = spans;
    Run(true);
  }

 private:
  void Run(bool finish) {
    while (at_ < data_.size()) {
      FindHeader();
      if (!(header_ == at_ ? TakeHeader(finish) : TakePayload(finish))) return;
    }
  }

  // Sets header_ to the first header at or after at_, or to kNone. next_block_ is then the first
  // block that was not looked at: it is incomplete, or there is none.
  void FindHeader() {
    if (header_ != kNone && header_ >= at_) return;
    header_ = kNone;
    if (next_block_ < at_) {
      next_block_ += (at_ - next_block_ + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    }
    for (; next_block_ + kBlockBytes <= data_.size(); next_block_ += kBlockBytes) {
      std::optional<Record> record = TarHeader(data_.substr(next_block_, kBlockBytes));
      if (!record) continue;
      header_ = next_block_;
      record_ = *record;
      return;
    }
  }

  bool TakeHeader(bool finish) {
    if (in_span_ && (record_.leads || header_bytes_ + record_.bytes > kMaxSpanHeaderBytes)) {
      EndUnit();
    }
    size_t bytes = record_.bytes;
    if (bytes > data_.size() - at_) {
      if (!finish) return false;
      bytes = data_.size() - at_;
    }
    if (!in_span_) {
      in_span_ = true;
      unit_begin_ = at_;
      header_bytes_ = 0;
      ++span_;
    }
    header_bytes_ += bytes;
    Count(bytes, true);
    at_ += bytes;
    const size_t span = span_ - 1;
    if (pieces_.size() > first_piece_ && pieces_.back().span == span) {
      pieces_.back().end = at_;
    } else {
      pieces_.push_back({at_, span, false});
    }
    if (at_ - unit_begin_ >= kSpanBytes) EndUnit();
    return true;
  }

  bool TakePayload(bool finish) {
    // What is in an incomplete block may yet become a header: it is cut last of all.
    const size_t known = header_ != kNone ? header_
                         : finish         ? data_.size()
                                          : std::min(next_block_, data_.size());
    if (known <= at_) return false;
    const size_t begin = at_;
    cuts_.clear();
    chunker_.Cut(data_.substr(begin, known - begin), header_ != kNone || finish, &cuts_);
    for (size_t cut : cuts_) {
      Count(begin + cut - at_, false);
      at_ = begin + cut;
      pieces_.push_back({at_, kPayload, false});
      if (!in_span_ || at_ - unit_begin_ >= kSpanBytes) EndUnit();
    }
    return at_ == known;
  }

  void EndUnit() {
    in_span_ = false;
    complete_ = at_;
    pieces_.back().ends_unit = true;
  }

  void Count(size_t bytes, bool header) {
    if (seen_ == nullptr) return;
    const uint64_t begin = offset_ + at_, end = begin + bytes;
    if (end <= seen_->counted_to) return;
    const uint64_t fresh = end - std::max(begin, seen_->counted_to);
    seen_->counted_to = end;
    if (header) {
      if (!seen_->first) seen_->first = record_.format;
      ++seen_->headers;
      seen_->header_bytes += fresh;
    } else if (seen_->first) {
      seen_->payload_bytes += fresh;
    }
  }

  const chunk::Chunker& chunker_;
  const std::string_view data_;
  const uint64_t offset_;
  size_t next_block_;
  std::vector<Piece>& pieces_;
  const size_t first_piece_;
  Recognised* const seen_;

  size_t at_ = 0;          // all before is in pieces_
  size_t complete_ = 0;    // all before is in complete units
  size_t header_ = kNone;  // the next one, when it is known
  Record record_;          // what stands there
  bool in_span_ = false;
  size_t unit_begin_ = 0;    // of the span
  size_t header_bytes_ = 0;  // in the span
  size_t span_ = 0;          // spans begun
  std::vector<size_t> cuts_;
};

}  // namespace

size_t Splitter::Split(std::string_view data, uint64_t offset, bool end_of_stream,
                       std::vector<Piece>* pieces, Recognised* seen) const {
  size_t spans = 0;
  const size_t complete = Walk(*chunker_, looks_, data, offset, pieces, seen).Complete(&spans);
  if (!end_of_stream || complete == data.size()) return complete;
  const size_t first = pieces->size();
  Walk(*chunker_, looks_, data.substr(complete), offset + complete, pieces, seen).Finish(spans);
  for (size_t i = first; i < pieces->size(); ++i) (*pieces)[i].end += complete;
  return complete;
}

}  // namespace oca::markers
