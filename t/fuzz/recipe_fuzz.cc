// Decoders of recipes. The first byte says what the rest is: 0xff a root, otherwise a node of that
// level. What decodes must encode to the same bytes, and a tree of it must bear every reader.
#include <cstring>
#include <string>
#include <utility>

#include "fs/tree/recipe.h"
#include "t/fuzz/target.h"

namespace oca::tree {
namespace {

using oca::fuzz::Require;

// Gives one node for every fingerprint, and names nodes by a simple hash of them.
class OneNodeStore : public NodeStore {
 public:
  explicit OneNodeStore(std::string_view node) : node_(std::make_shared<const std::string>(node)) {}

  absl::StatusOr<std::shared_ptr<const std::string>> GetNode(const Fingerprint&) override {
    return node_;
  }
  absl::StatusOr<Fingerprint> PutNode(std::string_view encoded) override {
    Fingerprint fp;
    uint64_t hash[4] = {1, 2, 3, 4};
    for (char c : encoded) {
      for (uint64_t& h : hash)
        h = (h ^ static_cast<uint8_t>(c)) * (0x100000001b3 + 2 * (&h - hash));
    }
    std::memcpy(fp.bytes.data(), hash, sizeof hash);
    return fp;
  }

 private:
  std::shared_ptr<const std::string> node_;
};

void ReadAll(NodeStore& store, const Root& root) {
  const uint64_t n = root.length();
  Lookup(store, root, 0, UINT64_MAX).IgnoreError();
  Lookup(store, root, n / 2, n / 2 + 1).IgnoreError();
  for (bool want_data : {false, true}) Seek(store, root, n / 3, want_data).IgnoreError();
  Visit(store, root, [](const Fingerprint&, bool) {
    return absl::StatusOr<bool>(true);
  }).IgnoreError();
  Apply(store, root, {{0, 0, {HoleRef(1)}}, {n, UINT64_MAX, {HoleRef(1)}}}).IgnoreError();
  Apply(store, root, {{n / 2, UINT64_MAX, {}}}).IgnoreError();
}

void FuzzRoot(std::string_view bytes) {
  absl::StatusOr<Root> root = DecodeRoot(bytes);
  if (!root.ok()) return;
  Require(EncodeRoot(*root) == bytes);
  Require(root->length() <= kMaxFileBytes && root->data_length() <= root->length());
  OneNodeStore store(bytes);
  ReadAll(store, *root);
}

void FuzzNode(uint32_t level, std::string_view bytes) {
  absl::StatusOr<std::vector<Ref>> refs = DecodeNode(level, bytes);
  if (!refs.ok()) return;
  Require(EncodeNode(level, *refs) == bytes);
  Ref top;
  for (const Ref& ref : *refs) {
    top.length += ref.length;
    top.data_length += ref.data_length;
  }
  Require(top.length <= kMaxFileBytes && top.data_length <= top.length);
  top.fp.bytes.fill(1);
  OneNodeStore store(bytes);
  const Root root{level + 1, {top}};
  ReadAll(store, root);
  if (level > 0) return;
  absl::StatusOr<std::vector<PlacedRef>> all = Lookup(store, root, 0, UINT64_MAX);
  Require(all.ok() && all->size() == refs->size());
  // Built from nothing or by a change, the recipe is the same.
  absl::StatusOr<Root> built = Apply(store, {}, {{0, 0, *refs}});
  absl::StatusOr<Root> changed = Apply(store, root, {{0, UINT64_MAX, std::move(*refs)}});
  Require(built.ok() && changed.ok() && *built == *changed && built->length() == top.length);
}

}  // namespace
}  // namespace oca::tree

OCA_FUZZ(recipe_fuzz) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (data[0] == 0xff) {
    oca::tree::FuzzRoot(bytes.substr(1));
  } else {
    oca::tree::FuzzNode(data[0], bytes.substr(1));
  }
  return 0;
}
