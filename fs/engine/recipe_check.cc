#include "fs/engine/recipe_check.h"

#include <vector>

#include "lib/base/status.h"

namespace oca::engine {

absl::StatusOr<RecipeCheck::Loss> RecipeCheck::Check(const tree::Root& root,
                                                     const std::function<bool()>& stopping) {
  return CheckRefs(root.height, root.entries, stopping);
}

absl::StatusOr<RecipeCheck::Loss> RecipeCheck::CheckRefs(uint32_t level,
                                                         std::span<const tree::Ref> refs,
                                                         const std::function<bool()>& stopping) {
  Loss loss;
  for (const tree::Ref& ref : refs) {
    if (ref.is_hole()) continue;
    if (level == 0) {
      if (held_.contains(ref.fp)) continue;
      if (store_->Holds(ref.fp)) {
        held_.insert(ref.fp);
      } else {
        ++loss.chunks;
      }
      continue;
    }
    OCA_ASSIGN_OR_RETURN(Loss below, CheckNode(level - 1, ref, stopping));
    loss.chunks += below.chunks;
    if (loss.error.empty()) loss.error = below.error;
  }
  return loss;
}

absl::StatusOr<RecipeCheck::Loss> RecipeCheck::CheckNode(uint32_t level, const tree::Ref& ref,
                                                         const std::function<bool()>& stopping) {
  const Fingerprint& fp = ref.fp;
  if (stopping()) return absl::CancelledError("stopped");
  if (sound_.contains(fp)) return Loss();
  if (auto it = not_sound_.find(fp); it != not_sound_.end()) return it->second;
  Loss loss;
  absl::StatusOr<std::shared_ptr<const std::string>> bytes = store_->GetNode(fp);
  absl::StatusOr<std::vector<tree::Ref>> refs =
      bytes.ok() ? tree::DecodeNode(level, **bytes) : bytes.status();
  if (refs.ok()) {
    OCA_ASSIGN_OR_RETURN(loss, CheckRefs(level, *refs, stopping));
    uint64_t length = 0;
    for (const tree::Ref& each : *refs) length += each.length;
    if (length != ref.length) loss.error = "a node covers another length than its parent says";
  } else {
    loss.error = MessageOf(refs.status());
  }
  if (loss.none()) {
    sound_.insert(fp);
  } else {
    not_sound_[fp] = loss;
  }
  return loss;
}

}  // namespace oca::engine
