#include "fs/index/run.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "lib/base/status.h"

namespace oca::index {
namespace {

constexpr std::string_view kRunMagic = "OCAIXRUN";
constexpr uint32_t kRunVersion = 1;
constexpr size_t kCrcBytes = 4;
constexpr size_t kPageHeaderBytes = kCrcBytes + 2;  // and the number of entries
constexpr size_t kPlaceBytes = 5;
constexpr size_t kMaxEntryBytes = 7 + kPlaceBytes;
constexpr size_t kPiecePages = 64;
constexpr size_t kFencesPerPage = (kPageBytes - 8) / sizeof(uint64_t);

absl::Status RunDamage(uint64_t number, uint64_t page, std::string_view what) {
  return absl::DataLossError(fmt::format("index run {}, page {}: {}", number, page, what));
}

// Of the page's bytes behind the checksum, and of which page of which run they are.
uint32_t PageCrc(std::string_view page, uint64_t number, uint64_t index) {
  char place[16];
  StoreLe(place, number);
  StoreLe(place + 8, index);
  return Crc32c({place, sizeof place}, Crc32c(page.substr(kCrcBytes)));
}

void SealPage(std::string* page, uint64_t number, uint64_t index) {
  page->resize(kPageBytes, '\0');
  StoreLe(page->data(), PageCrc(*page, number, index));
}

// One LEB128 number below 2^49 at *p; false when the bytes end before it.
bool TakeVarint(const char** p, const char* end, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 49 && *p < end; shift += 7) {
    const auto byte = static_cast<uint8_t>(*(*p)++);
    *value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

absl::Status DecodePage(std::string_view bytes, uint64_t number, uint64_t page,
                        std::vector<Entry>* out) {
  if (bytes.size() != kPageBytes) return RunDamage(number, page, "cut short");
  if (GetLe<uint32_t>(bytes.data()) != PageCrc(bytes, number, page)) {
    return RunDamage(number, page, "wrong checksum");
  }
  const size_t count = GetLe<uint16_t>(bytes.data() + kCrcBytes);
  const char* p = bytes.data() + kPageHeaderBytes;
  const char* const end = bytes.data() + kPageBytes;
  if (count == 0) return RunDamage(number, page, "no entries");
  uint64_t key = 0;
  for (size_t i = 0; i < count; ++i) {
    uint64_t step;
    if (!TakeVarint(&p, end, &step) || end - p < static_cast<ptrdiff_t>(kPlaceBytes)) {
      return RunDamage(number, page, "malformed entry");
    }
    key += step >> 2;
    uint64_t place = 0;
    std::memcpy(&place, p, kPlaceBytes);
    p += kPlaceBytes;
    if (key >> 40 != 0) return RunDamage(number, page, "malformed entry");
    Entry entry{(key & 0xffffff) << kTagShift | place, static_cast<uint16_t>(key >> 24),
                static_cast<uint8_t>(step & 3)};
    if (!IsEntry(entry.slot) || (i > 0 && entry <= out->back())) {
      return RunDamage(number, page, "malformed entry");
    }
    out->push_back(entry);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Run>> Run::Open(io::FileSystem& fs, const std::string& path,
                                                     const RunInfo& info) {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, fs.Open(path, io::OpenMode::kRead));
  OCA_ASSIGN_OR_RETURN(uint64_t size, file->Size());
  const uint64_t fence_pages = (info.pages + kFencesPerPage - 1) / kFencesPerPage;
  if (size % kPageBytes != 0 || size / kPageBytes != 1 + info.pages + fence_pages) {
    return RunDamage(info.number, 0, "wrong size");
  }
  std::string header(kPageBytes, '\0');
  OCA_ASSIGN_OR_RETURN(size_t got, file->ReadAt(0, {header.data(), header.size()}));
  if (got != kPageBytes || GetLe<uint32_t>(header.data()) != PageCrc(header, info.number, 0) ||
      std::string_view(header).substr(kCrcBytes, kRunMagic.size()) != kRunMagic ||
      GetLe<uint32_t>(header.data() + kCrcBytes + kRunMagic.size()) != kRunVersion) {
    return RunDamage(info.number, 0, "not the header of this run");
  }
  std::shared_ptr<Run> run(new Run(std::move(file), info));
  OCA_RETURN_IF_ERROR(run->ReadFences());
  return run;
}

absl::Status Run::ReadFences() {
  fences_.reserve(info_.pages);
  std::string page(kPageBytes, '\0');
  for (uint64_t index = info_.pages + 1; fences_.size() < info_.pages; ++index) {
    OCA_ASSIGN_OR_RETURN(size_t got, file_->ReadAt(index * kPageBytes, {page.data(), page.size()}));
    if (got != kPageBytes || GetLe<uint32_t>(page.data()) != PageCrc(page, info_.number, index)) {
      return RunDamage(info_.number, index, "damaged fences");
    }
    const size_t n = std::min<uint64_t>(kFencesPerPage, info_.pages - fences_.size());
    for (size_t i = 0; i < n; ++i) {
      const auto fence = GetLe<uint64_t>(page.data() + 8 * (i + 1));
      if (!fences_.empty() && fence < fences_.back()) {
        return RunDamage(info_.number, index, "fences out of order");
      }
      fences_.push_back(fence);
    }
  }
  return absl::OkStatus();
}

absl::Status Run::Find(uint64_t key, std::vector<Entry>* out, uint64_t* reads) const {
  // Entries of a key may begin in the page before the first one that begins with it.
  size_t page = std::lower_bound(fences_.begin(), fences_.end(), key) - fences_.begin();
  if (page > 0) --page;
  char bytes[kPageBytes];
  std::vector<Entry> entries;
  for (; page < fences_.size() && fences_[page] <= key; ++page) {
    OCA_ASSIGN_OR_RETURN(size_t got, file_->ReadAt((page + 1) * kPageBytes, bytes));
    ++*reads;
    entries.clear();
    OCA_RETURN_IF_ERROR(DecodePage({bytes, got}, info_.number, page + 1, &entries));
    for (const Entry& entry : entries) {
      if (entry.key() == key) out->push_back(entry);
    }
  }
  return absl::OkStatus();
}

RunReader::RunReader(const Run& run, uint32_t shard) : run_(run) {
  const uint64_t key = uint64_t{shard} << 24;
  const auto& fences = run.fences_;
  size_t page = std::lower_bound(fences.begin(), fences.end(), key) - fences.begin();
  page_ = page > 0 ? page : 1;  // the page before it may hold the first ones
}

absl::Status RunReader::NextPage() {
  entries_.clear();
  at_ = 0;
  if (page_ > run_.info_.pages) return absl::OkStatus();
  if (page_ >= piece_end_) {
    const uint64_t n = std::min<uint64_t>(kPiecePages, run_.info_.pages + 1 - page_);
    piece_.resize(n * kPageBytes);
    OCA_ASSIGN_OR_RETURN(size_t got,
                         run_.file_->ReadAt(page_ * kPageBytes, {piece_.data(), piece_.size()}));
    if (got != piece_.size()) return RunDamage(run_.info_.number, page_, "cut short");
    piece_begin_ = page_;
    piece_end_ = page_ + n;
    run_.file_->StartReadahead(piece_end_ * kPageBytes, kPiecePages * kPageBytes);
  }
  std::string_view page(piece_);
  page = page.substr((page_ - piece_begin_) * kPageBytes, kPageBytes);
  OCA_RETURN_IF_ERROR(DecodePage(page, run_.info_.number, page_, &entries_));
  ++page_;
  return absl::OkStatus();
}

absl::Status RunReader::TakeShard(uint32_t shard, std::vector<Entry>* out) {
  while (true) {
    while (at_ < entries_.size() && entries_[at_].shard < shard) ++at_;
    const size_t begin = at_;
    while (at_ < entries_.size() && entries_[at_].shard == shard) ++at_;
    out->insert(out->end(), entries_.begin() + static_cast<ptrdiff_t>(begin),
                entries_.begin() + static_cast<ptrdiff_t>(at_));
    if (at_ < entries_.size()) return absl::OkStatus();
    OCA_RETURN_IF_ERROR(NextPage());
    if (entries_.empty()) return absl::OkStatus();
  }
}

RunWriter::RunWriter(std::unique_ptr<io::File> file, uint64_t number) : file_(std::move(file)) {
  info_.number = number;
}

absl::Status RunWriter::Add(const Entry& entry) {
  if (next_page_ == 0) {
    std::string header(kCrcBytes, '\0');
    header.append(kRunMagic);
    PutLe(&header, kRunVersion);
    OCA_RETURN_IF_ERROR(PutPage(std::move(header)));
  }
  if (page_.size() + kMaxEntryBytes > kPageBytes) OCA_RETURN_IF_ERROR(EndPage());
  if (page_.empty()) {
    page_.assign(kPageHeaderBytes, '\0');
    fences_.push_back(entry.key());
    last_key_ = 0;
  }
  PutVarint(&page_, (entry.key() - last_key_) << 2 | (entry.flags & 3u));
  const uint64_t place = entry.slot & kPlaceBits;
  page_.append(reinterpret_cast<const char*>(&place), kPlaceBytes);
  last_key_ = entry.key();
  ++in_page_;
  ++info_.entries;
  if (entry.erased()) ++info_.erased;
  return absl::OkStatus();
}

absl::Status RunWriter::EndPage() {
  if (page_.empty()) return absl::OkStatus();
  StoreLe(page_.data() + kCrcBytes, static_cast<uint16_t>(in_page_));
  in_page_ = 0;
  ++info_.pages;
  std::string page;
  page.swap(page_);
  return PutPage(std::move(page));
}

absl::Status RunWriter::PutPage(std::string page) {
  SealPage(&page, info_.number, next_page_++);
  pending_.append(page);
  return pending_.size() < kPiecePages * kPageBytes ? absl::OkStatus() : WriteOut();
}

absl::Status RunWriter::WriteOut() {
  OCA_RETURN_IF_ERROR(file_->WriteAt(offset_, pending_));
  file_->StartWriteback(offset_, pending_.size());
  offset_ += pending_.size();
  pending_.clear();
  return absl::OkStatus();
}

absl::Status RunWriter::Finish() {
  OCA_RETURN_IF_ERROR(EndPage());
  for (size_t i = 0; i < fences_.size(); i += kFencesPerPage) {
    std::string page(8, '\0');
    for (size_t k = i; k < std::min(fences_.size(), i + kFencesPerPage); ++k) {
      PutLe(&page, fences_[k]);
    }
    OCA_RETURN_IF_ERROR(PutPage(std::move(page)));
  }
  if (!pending_.empty()) OCA_RETURN_IF_ERROR(WriteOut());
  return file_->Sync();
}

}  // namespace oca::index
