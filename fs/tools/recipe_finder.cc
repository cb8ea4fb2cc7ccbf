#include "fs/tools/recipe_finder.h"

#include <cstring>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::ofsck {

RecipeFinder::ShortFp RecipeFinder::Short(const Fingerprint& fp) {
  ShortFp value;
  std::memcpy(&value, fp.bytes.data(), sizeof value);
  return value;
}

// fn(chunk, container) for each chunk of each pack that can be read.
template <typename Fn>
absl::Status RecipeFinder::ForEachChunk(Fn fn) {
  for (PackId pack : chunks_.SealedPacks()) {
    absl::StatusOr<format::PackFooter> footer = packs_.ReadFooter(pack);
    if (!footer.ok()) continue;  // then it cannot be read either
    for (const format::FooterChunk& chunk : footer->chunks) {
      OCA_RETURN_IF_ERROR(fn(chunk, footer->groups[chunk.group].container));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RecipeFinder::Node> RecipeFinder::LoadNode(const Fingerprint& fp) {
  OCA_ASSIGN_OR_RETURN(auto bytes, chunks_.GetNode(fp));
  Node node;
  OCA_ASSIGN_OR_RETURN(node.level, tree::NodeLevel(*bytes));
  OCA_ASSIGN_OR_RETURN(node.refs, tree::DecodeNode(node.level, *bytes));
  return node;
}

absl::Status RecipeFinder::NoteReferences() {
  return ForEachChunk([this](const format::FooterChunk& chunk, ContainerId) {
    if (chunk.kind != format::ChunkKind::kNode) return absl::OkStatus();
    absl::StatusOr<Node> node = LoadNode(chunk.fp);
    if (!node.ok()) {
      findings_->Fault(
          fmt::format("a part of a recipe cannot be read, what it refers to stands by "
                      "itself: {}",
                      MessageOf(node.status())));
      return absl::OkStatus();
    }
    for (const tree::Ref& ref : node->refs) {
      if (!ref.is_hole()) referenced_.insert(Short(ref.fp));
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<Fingerprint> RecipeFinder::FirstChunk(const std::vector<tree::Ref>& refs,
                                                     uint32_t level) {
  for (const tree::Ref& ref : refs) {
    if (ref.is_hole() || ref.data_length == 0) continue;
    if (level == 0) return ref.fp;
    OCA_ASSIGN_OR_RETURN(const Node below, LoadNode(ref.fp));
    return FirstChunk(below.refs, below.level);
  }
  return Fingerprint{};
}

absl::Status RecipeFinder::TakeTop(const Fingerprint& fp, std::vector<FoundFile>* files) {
  absl::StatusOr<Node> node = LoadNode(fp);
  if (!node.ok()) return absl::OkStatus();  // told already
  tree::Ref top{.fp = fp};
  for (const tree::Ref& ref : node->refs) {
    top.length += ref.length;
    top.data_length += ref.data_length;
  }
  FoundFile file{.fp = fp};
  file.root.height = node->level + 1;
  file.root.entries = {top};
  absl::StatusOr<Fingerprint> first = FirstChunk(node->refs, node->level);
  if (first.ok()) waiting_[Short(*first)].push_back(files->size());
  files->push_back(std::move(file));
  return absl::OkStatus();
}

absl::Status RecipeFinder::NoteContainers(std::vector<FoundFile>* files) {
  return ForEachChunk([&](const format::FooterChunk& chunk, ContainerId container) {
    if (chunk.kind == format::ChunkKind::kNode) return absl::OkStatus();
    auto it = waiting_.find(Short(chunk.fp));
    if (it == waiting_.end()) return absl::OkStatus();
    for (size_t file : it->second) (*files)[file].container = container;
    waiting_.erase(it);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<FoundFile>> RecipeFinder::Find() {
  OCA_RETURN_IF_ERROR(NoteReferences());
  std::vector<FoundFile> files;
  OCA_RETURN_IF_ERROR(ForEachChunk([&](const format::FooterChunk& chunk, ContainerId container) {
    if (!referenced_.insert(Short(chunk.fp)).second) return absl::OkStatus();
    if (chunk.kind == format::ChunkKind::kNode) return TakeTop(chunk.fp, &files);
    FoundFile file{.fp = chunk.fp, .is_chunk = true, .container = container};
    file.root.entries = {tree::DataRef(chunk.fp, chunk.length)};
    files.push_back(std::move(file));
    return absl::OkStatus();
  }));
  OCA_RETURN_IF_ERROR(NoteContainers(&files));
  return files;
}

}  // namespace oca::ofsck
