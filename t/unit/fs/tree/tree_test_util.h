// Shared by the tests of fs/tree: a node store in memory, generators of refs, and a second, plain
// way to build a recipe that Apply is compared with.
#ifndef OCA_T_UNIT_FS_TREE_TREE_TEST_UTIL_H_
#define OCA_T_UNIT_FS_TREE_TREE_TEST_UTIL_H_

#include <openssl/sha.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fs/tree/node.h"
#include "fs/tree/recipe.h"
#include "lib/base/status.h"

namespace oca::tree {

class MemoryNodeStore : public NodeStore {
 public:
  absl::StatusOr<std::shared_ptr<const std::string>> GetNode(const Fingerprint& fp) override {
    ++gets;
    auto it = nodes.find(fp);
    if (it == nodes.end()) return absl::DataLossError("no node " + fp.ToHex());
    return it->second;
  }
  absl::StatusOr<Fingerprint> PutNode(std::string_view encoded) override {
    ++puts;
    Fingerprint fp;
    SHA256(reinterpret_cast<const uint8_t*>(encoded.data()), encoded.size(), fp.bytes.data());
    nodes[fp] = std::make_shared<const std::string>(encoded);
    return fp;
  }

  std::map<Fingerprint, std::shared_ptr<const std::string>> nodes;
  int gets = 0;
  int puts = 0;
};

// How the fingerprints of generated chunks cut: by chance, always, never, or all chunks are one.
enum class Cuts { kRandom, kAlways, kNever, kSame };

class RefMaker {
 public:
  RefMaker(uint64_t seed, Cuts cuts) : rng_(seed), cuts_(cuts) {}

  Ref Data() {
    Fingerprint fp;
    for (uint8_t& b : fp.bytes) b = cuts_ == Cuts::kSame ? 0x5a : static_cast<uint8_t>(rng_());
    if (cuts_ == Cuts::kAlways) fp.bytes[31] = 0;
    if (cuts_ == Cuts::kNever) fp.bytes[31] = 0xff;
    return DataRef(fp, cuts_ == Cuts::kSame ? 4096 : 1 + rng_() % 70000);
  }
  Ref Slice() {
    return SliceRef(Data().fp, static_cast<uint32_t>(rng_() % 5000), 1 + rng_() % 3000);
  }
  Ref Hole() { return HoleRef(1 + rng_() % 1'000'000); }
  // A ref in `holes_in` is a hole; holes may follow each other.
  std::vector<Ref> Refs(size_t count, uint64_t holes_in) {
    std::vector<Ref> refs;
    for (size_t i = 0; i < count; ++i) {
      const bool slice = cuts_ == Cuts::kRandom && rng_() % 8 == 0;
      refs.push_back(rng_() % holes_in == 0 ? Hole() : slice ? Slice() : Data());
    }
    return refs;
  }
  uint64_t Below(uint64_t n) { return n == 0 ? 0 : rng_() % n; }

 private:
  std::mt19937_64 rng_;
  Cuts cuts_;
};

inline std::vector<Ref> MergeHoles(const std::vector<Ref>& refs) {
  std::vector<Ref> out;
  for (const Ref& ref : refs) {
    if (ref.is_hole() && !out.empty() && out.back().is_hole()) {
      out.back().length += ref.length;
    } else {
      out.push_back(ref);
    }
  }
  return out;
}

// The recipe of `refs` by the plain rule, from nothing.
inline Root BuildPlainly(NodeStore& store, const std::vector<Ref>& refs) {
  std::vector<Ref> level = MergeHoles(refs);
  if (level.size() <= kMaxInlineRefs) return Root{0, level};
  uint32_t height = 0;
  do {
    std::vector<Ref> above;
    for (size_t begin = 0; begin < level.size();) {
      Ref node;
      size_t end = begin;
      do {
        node.length += level[end].length;
        node.data_length += level[end].data_length;
        ++end;
      } while (end < level.size() && !EndsNode(end - begin, level[end - 1]));
      node.fp = *store.PutNode(EncodeNode(height, std::span(level).subspan(begin, end - begin)));
      above.push_back(node);
      begin = end;
    }
    level = above;
    ++height;
  } while (level.size() > 1);
  return Root{height, level};
}

}  // namespace oca::tree

#endif  // OCA_T_UNIT_FS_TREE_TREE_TEST_UTIL_H_
