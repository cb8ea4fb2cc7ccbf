#include "fs/tree/node.h"

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"

namespace oca::tree {
namespace {

constexpr char kNodeMagic = static_cast<char>(0xd7);
constexpr char kNodeVersion = 1;
constexpr char kRootVersion = 1;

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(fmt::format("recipe: {}", what));
}

// An entry that begins with one of these is a slice; a length of zero stands for nothing else.
constexpr uint64_t kSliceGoesOn = 0;  // where the entry before it ends, in the same chunk
constexpr uint64_t kSliceBegins = 1;

bool GoesOn(const Ref* last_slice, const Fingerprint& fp, uint64_t skip) {
  return last_slice != nullptr && last_slice->fp == fp &&
         last_slice->skip + last_slice->length == skip;
}

// `last_slice` is the latest slice before `ref` in the same node, or null.
void PutRef(std::string* out, uint32_t level, const Ref& ref, const Ref* last_slice) {
  if (ref.slice) {
    const bool goes_on = GoesOn(last_slice, ref.fp, ref.skip);
    PutVarint(out, goes_on ? kSliceGoesOn : kSliceBegins);
    PutVarint(out, ref.length);
    if (goes_on) return;
    PutVarint(out, ref.skip);
  } else if (level == 0) {
    PutVarint(out, ref.length << 1 | (ref.is_hole() ? 1 : 0));
    if (ref.is_hole()) return;
  } else {
    PutVarint(out, ref.length);
    PutVarint(out, ref.length - ref.data_length);
  }
  out->append(ref.fp.view());
}

// A varint in its shortest form: a longer one would give one node two encodings.
bool TakeVarint(ByteReader& in, uint64_t* value) {
  std::string_view before = in.rest();
  *value = in.Varint();
  if (!in.ok()) return false;
  size_t used = before.size() - in.remaining();
  return used == 1 || before[used - 1] != 0;
}

absl::StatusOr<Ref> TakeSlice(ByteReader& in, bool goes_on, const Ref* last_slice) {
  uint64_t length, skip;
  if (!TakeVarint(in, &length) || length == 0 || length > kMaxChunkBytes) {
    return Damaged("bad length of a slice");
  }
  Fingerprint fp;
  if (goes_on) {
    if (last_slice == nullptr) return Damaged("a slice that goes on from none");
    fp = last_slice->fp;
    skip = last_slice->skip + last_slice->length;
  } else {
    if (!TakeVarint(in, &skip) || skip > kMaxChunkBytes) return Damaged("bad begin of a slice");
    fp = in.Fp();
    if (!in.ok()) return Damaged("cut short");
    if (fp == Fingerprint{}) return Damaged("fingerprint of zeros");
    if (GoesOn(last_slice, fp, skip))
      return Damaged("a slice that says again what it goes on from");
  }
  if (length > kMaxChunkBytes - skip) return Damaged("a slice beyond the end of any chunk");
  return SliceRef(fp, static_cast<uint32_t>(skip), length);
}

absl::StatusOr<Ref> TakeRef(ByteReader& in, uint32_t level, const Ref* last_slice) {
  Ref ref;
  bool hole = false;
  uint64_t first, hole_bytes = 0;
  if (!TakeVarint(in, &first)) return Damaged("bad length");
  if (level == 0) {
    if (first == kSliceGoesOn || first == kSliceBegins) {
      return TakeSlice(in, first == kSliceGoesOn, last_slice);
    }
    hole = first & 1;
    ref.length = first >> 1;
    hole_bytes = hole ? ref.length : 0;
  } else {
    ref.length = first;
    if (!TakeVarint(in, &hole_bytes)) return Damaged("bad length of holes");
  }
  if (ref.length == 0 || ref.length > kMaxFileBytes) return Damaged("impossible length");
  if (hole_bytes > ref.length) return Damaged("holes longer than what they are in");
  ref.data_length = ref.length - hole_bytes;
  if (hole) return ref;
  ref.fp = in.Fp();
  if (!in.ok()) return Damaged("cut short");
  if (ref.fp == Fingerprint{}) return Damaged("fingerprint of zeros");
  return ref;
}

absl::StatusOr<std::vector<Ref>> TakeRefs(ByteReader& in, uint32_t level, uint64_t count) {
  std::vector<Ref> refs;
  refs.reserve(count);
  uint64_t total = 0;
  const Ref* last_slice = nullptr;  // `refs` never moves
  for (uint64_t i = 0; i < count; ++i) {
    OCA_ASSIGN_OR_RETURN(Ref ref, TakeRef(in, level, last_slice));
    if (ref.length > kMaxFileBytes - total) return Damaged("lengths overflow");
    total += ref.length;
    if (ref.is_hole() && !refs.empty() && refs.back().is_hole())
      return Damaged("two holes in a row");
    refs.push_back(ref);
    if (ref.slice) last_slice = &refs.back();
  }
  if (!in.empty()) return Damaged("bytes after the last entry");
  return refs;
}

void PutRefs(std::string* out, uint32_t level, std::span<const Ref> refs) {
  const Ref* last_slice = nullptr;
  for (const Ref& ref : refs) {
    PutRef(out, level, ref, last_slice);
    if (ref.slice) last_slice = &ref;
  }
}

}  // namespace

uint64_t Root::length() const {
  uint64_t sum = 0;
  for (const Ref& ref : entries) sum += ref.length;
  return sum;
}

uint64_t Root::data_length() const {
  uint64_t sum = 0;
  for (const Ref& ref : entries) sum += ref.data_length;
  return sum;
}

std::string EncodeRoot(const Root& root) {
  std::string out;
  if (root.entries.empty()) return out;
  out.push_back(kRootVersion);
  out.push_back(static_cast<char>(root.height));
  out.push_back(static_cast<char>(root.entries.size()));
  PutRefs(&out, root.height, root.entries);
  return out;
}

absl::StatusOr<Root> DecodeRoot(std::string_view bytes) {
  if (bytes.empty()) return Root{};
  ByteReader in(bytes);
  uint8_t version = in.Le<uint8_t>();
  Root root;
  root.height = in.Le<uint8_t>();
  uint8_t count = in.Le<uint8_t>();
  if (!in.ok()) return Damaged("root cut short");
  if (version != kRootVersion) return Damaged(fmt::format("root of unknown version {}", version));
  if (root.height > kMaxHeight) return Damaged("root too high");
  if (count == 0 || count > (root.height == 0 ? kMaxInlineRefs : 1)) {
    return Damaged("root of wrong size");
  }
  OCA_ASSIGN_OR_RETURN(root.entries, TakeRefs(in, root.height, count));
  return root;
}

std::string EncodeNode(uint32_t level, std::span<const Ref> entries) {
  std::string out;
  out.reserve(8 + entries.size() * 36);
  out.push_back(kNodeMagic);
  out.push_back(kNodeVersion);
  out.push_back(static_cast<char>(level));
  PutVarint(&out, entries.size());
  PutRefs(&out, level, entries);
  return out;
}

absl::StatusOr<uint32_t> NodeLevel(std::string_view bytes) {
  if (bytes.size() < 3 || bytes[0] != kNodeMagic) return Damaged("not a node");
  return static_cast<uint8_t>(bytes[2]);
}

absl::StatusOr<std::vector<Ref>> DecodeNode(uint32_t level, std::string_view bytes) {
  ByteReader in(bytes);
  std::string_view head = in.Take(3);
  if (!in.ok() || head[0] != kNodeMagic) return Damaged("not a node");
  if (head[1] != kNodeVersion) return Damaged("node of unknown version");
  if (level >= kMaxHeight || static_cast<uint8_t>(head[2]) != level) {
    return Damaged(
        fmt::format("node of level {} where {} was due", static_cast<uint8_t>(head[2]), level));
  }
  uint64_t count;
  if (!TakeVarint(in, &count) || count == 0 || count > kMaxNodeRefs) return Damaged("bad count");
  return TakeRefs(in, level, count);
}

absl::StatusOr<std::shared_ptr<const std::vector<Ref>>> LoadNode(NodeStore& store, uint32_t level,
                                                                 const Ref& ref) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<const std::string> bytes, store.GetNode(ref.fp));
  absl::StatusOr<std::vector<Ref>> refs = DecodeNode(level, *bytes);
  if (!refs.ok()) return Annotate(refs.status(), "node " + ref.fp.ToHex());
  uint64_t length = 0, data_length = 0;
  for (const Ref& r : *refs) {
    length += r.length;
    data_length += r.data_length;
  }
  if (length != ref.length || data_length != ref.data_length) {
    return Damaged(fmt::format("node {} has {} bytes ({} of data) where its parent says {} ({})",
                               ref.fp.ToHex(), length, data_length, ref.length, ref.data_length));
  }
  return std::make_shared<const std::vector<Ref>>(*std::move(refs));
}

absl::Status CheckRoot(const Root& root) {
  bool fits = root.height == 0 ? root.entries.size() <= kMaxInlineRefs : root.entries.size() == 1;
  if (!fits || root.height > kMaxHeight)
    return absl::InvalidArgumentError("recipe: malformed root");
  uint64_t total = 0;
  for (const Ref& ref : root.entries) {
    if (ref.length == 0 || ref.length > kMaxFileBytes - total) {
      return absl::InvalidArgumentError("recipe: malformed root");
    }
    total += ref.length;
  }
  return absl::OkStatus();
}

}  // namespace oca::tree
