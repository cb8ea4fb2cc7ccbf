#include "fs/store/sealed_file.h"

#include <algorithm>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/base/status.h"

namespace oca::store {
namespace {

// A block: one byte that says whether it is the last, then this many bytes; the last has fewer or
// as many.
// A look-up in a sampled index reads one page: it should not decrypt much more.
constexpr size_t kBlockBytes = 16u << 10;
constexpr size_t kOverhead = format::kSealedHeaderSize + 1;
constexpr size_t kStoredBlockBytes = kBlockBytes + kOverhead;

absl::Status Unsupported() {
  return absl::UnimplementedError("an encrypted file is written once, in order, or read");
}

class Writer final : public io::File {
 public:
  Writer(std::unique_ptr<io::File> file, const GroupKeys& keys)
      : file_(std::move(file)), keys_(keys), key_(keys.active()) {}

  absl::StatusOr<size_t> ReadAt(uint64_t, std::span<char>) override { return Unsupported(); }
  absl::Status WriteAt(uint64_t offset, std::string_view data) override {
    absl::MutexLock lock(&mu_);
    if (offset != size_ || ended_) return Unsupported();
    size_ += data.size();
    while (!data.empty()) {
      if (pending_.size() == kBlockBytes) OCA_RETURN_IF_ERROR(WriteBlock(/*last=*/false));
      size_t n = std::min(data.size(), kBlockBytes - pending_.size());
      pending_.append(data.substr(0, n));
      data.remove_prefix(n);
    }
    return absl::OkStatus();
  }
  absl::Status Sync() override {
    absl::MutexLock lock(&mu_);
    if (!ended_) OCA_RETURN_IF_ERROR(WriteBlock(/*last=*/true));
    ended_ = true;
    return file_->Sync();
  }
  void StartWriteback(uint64_t, uint64_t) override {}
  void StartReadahead(uint64_t, uint64_t) override {}
  absl::StatusOr<uint64_t> Size() override {
    absl::MutexLock lock(&mu_);
    return size_;
  }
  absl::Status Truncate(uint64_t) override { return Unsupported(); }

 private:
  absl::Status WriteBlock(bool last) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    std::string plain(1, last ? '\1' : '\0');
    plain.append(pending_);
    OCA_ASSIGN_OR_RETURN(std::string unit,
                         keys_.Seal(key_, format::SealedKind::kSnapshotBlock, blocks_, plain));
    const uint64_t at = blocks_ * kStoredBlockBytes;
    OCA_RETURN_IF_ERROR(file_->WriteAt(at, unit));
    file_->StartWriteback(at, unit.size());
    ++blocks_;
    pending_.clear();
    return absl::OkStatus();
  }

  const std::unique_ptr<io::File> file_;
  const GroupKeys& keys_;
  const format::KeyId key_;
  absl::Mutex mu_;
  std::string pending_ ABSL_GUARDED_BY(mu_);
  uint64_t blocks_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t size_ ABSL_GUARDED_BY(mu_) = 0;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
};

class Reader final : public io::File {
 public:
  Reader(std::unique_ptr<io::File> file, const GroupKeys& keys, uint64_t stored_bytes)
      : file_(std::move(file)),
        keys_(keys),
        stored_bytes_(stored_bytes),
        blocks_((stored_bytes + kStoredBlockBytes - 1) / kStoredBlockBytes) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    absl::MutexLock lock(&mu_);
    size_t done = 0;
    while (done < out.size()) {
      const uint64_t block = (offset + done) / kBlockBytes;
      if (block >= blocks_) break;
      OCA_RETURN_IF_ERROR(Load(block));
      const size_t at = (offset + done) % kBlockBytes;
      if (at >= plain_.size() - 1) break;
      done += plain_.copy(out.data() + done, out.size() - done, at + 1);
    }
    return done;
  }
  absl::Status WriteAt(uint64_t, std::string_view) override { return Unsupported(); }
  absl::Status Sync() override { return absl::OkStatus(); }
  void StartWriteback(uint64_t, uint64_t) override {}
  void StartReadahead(uint64_t, uint64_t) override {}
  absl::StatusOr<uint64_t> Size() override { return stored_bytes_ - blocks_ * kOverhead; }
  absl::Status Truncate(uint64_t) override { return Unsupported(); }

 private:
  absl::Status Load(uint64_t block) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (block == loaded_) return absl::OkStatus();
    const uint64_t at = block * kStoredBlockBytes;
    std::string unit(std::min<uint64_t>(kStoredBlockBytes, stored_bytes_ - at), '\0');
    OCA_ASSIGN_OR_RETURN(size_t n, file_->ReadAt(at, {unit.data(), unit.size()}));
    unit.resize(n);
    absl::StatusOr<format::DecodedSealed> sealed = format::DecodeSealed(unit);
    if (!sealed.ok() || sealed->encoded_size != unit.size()) {
      return absl::DataLossError("encrypted file: a block is damaged");
    }
    loaded_ = UINT64_MAX;
    OCA_ASSIGN_OR_RETURN(plain_, keys_.Unseal(format::SealedKind::kSnapshotBlock, block, *sealed));
    if (!plain_.starts_with(block + 1 == blocks_ ? '\1' : '\0')) {
      return absl::DataLossError("encrypted file: cut short, or longer than it was");
    }
    loaded_ = block;
    return absl::OkStatus();
  }

  const std::unique_ptr<io::File> file_;
  const GroupKeys& keys_;
  const uint64_t stored_bytes_;
  const uint64_t blocks_;
  absl::Mutex mu_;
  uint64_t loaded_ ABSL_GUARDED_BY(mu_) = UINT64_MAX;
  std::string plain_ ABSL_GUARDED_BY(mu_);  // the flag, then the block's bytes
};

}  // namespace

absl::StatusOr<std::unique_ptr<io::File>> SealedFiles::Open(const std::string& path,
                                                            io::OpenMode mode) {
  if (mode == io::OpenMode::kRead) {
    OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, below_.Open(path, mode));
    OCA_ASSIGN_OR_RETURN(uint64_t size, file->Size());
    const uint64_t rest = size % kStoredBlockBytes;
    if (size < kOverhead || (rest != 0 && rest < kOverhead)) {
      return absl::DataLossError("encrypted file: cut short");
    }
    return std::unique_ptr<io::File>(new Reader(std::move(file), keys_, size));
  }
  if (mode != io::OpenMode::kTruncate && mode != io::OpenMode::kCreateNew) return Unsupported();
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, below_.Open(path, mode));
  return std::unique_ptr<io::File>(new Writer(std::move(file), keys_));
}

}  // namespace oca::store
