#include "t/unit/fs/names/script.h"

#include <linux/fs.h>
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "t/support/random.h"

namespace oca::names {
namespace {

constexpr int kRounds = 12;

using Run = std::function<absl::Status(Names&, ScriptState&)>;

absl::Status Create(Names& names, InodeNo parent, const std::string& name, uint32_t mode,
                    std::vector<InodeNo>* made) {
  NewInode what;
  what.mode = mode;
  what.symlink_target = S_ISLNK(mode) ? "target" : "";
  OCA_ASSIGN_OR_RETURN(const Inode inode, names.Create(parent, name, what));
  made->push_back(inode.ino);
  return absl::OkStatus();
}

void AddSetUp(std::vector<ScriptStep>* script) {
  script->push_back({[](Names& names, ScriptState& s) -> absl::Status {
    StorageGroup group;
    group.name = "g";
    OCA_ASSIGN_OR_RETURN(group, names.AddGroup(group));
    s.group = group.id;
    return absl::OkStatus();
  }});
  for (const bool doomed : {false, true}) {
    script->push_back({[doomed](Names& names, ScriptState& s) -> absl::Status {
      Container container;
      container.name = doomed ? "doomed" : "c";
      container.group = s.group;
      OCA_ASSIGN_OR_RETURN(container, names.AddContainer(container));
      (doomed ? s.doomed : s.container) = container.id;
      (doomed ? s.doomed_root : s.root) = container.root;
      return absl::OkStatus();
    }});
  }
  script->push_back({[](Names& names, ScriptState& s) -> absl::Status {
    return names
        .SetRetention(s.container, {.mode = RetentionMode::kGovernance,
                                    .min_seconds = 1,
                                    .max_seconds = 86400,
                                    .default_seconds = 600})
        .status();
  }});
  script->push_back({[](Names& names, ScriptState& s) {
    return names.SetRecycleBin(s.container, {.on = true, .days = 7}).status();
  }});
}

// Into the bin, back, and into it again; then it is purged, or not.
std::vector<Run> RecyclingRound(int r) {
  const std::string name = "recycled" + std::to_string(r);
  const Run remove = [=](Names& names, ScriptState& s) {
    return names.Unlink(s.root, name).status();
  };
  return {
      [=](Names& names, ScriptState& s) {
        return Create(names, s.root, name, S_IFREG | 0644, &s.files);
      },
      remove,
      [=](Names& names, ScriptState& s) {
        return names.RestoreRecycled(s.container, s.files.back(), std::nullopt).status();
      },
      remove,
      [=](Names& names, ScriptState& s) -> absl::Status {
        if (r % 3 == 0) return names.PurgeOneRecycled(s.container, s.files.back()).status();
        if (r % 3 == 1) return names.PurgeRecycled(s.container, INT64_MAX, 100).status();
        return absl::OkStatus();
      },
  };
}

// What one round does to the container; round r relies on the rounds before.
std::vector<Run> Round(int r) {
  constexpr int64_t kLockNs = 3'600'000'000'000;
  const std::string n = std::to_string(r);
  return {
      [=](Names& names, ScriptState& s) {
        return Create(names, r % 3 == 0 ? s.root : s.dirs.back(), "d" + n, S_IFDIR | 0755, &s.dirs);
      },
      [=](Names& names, ScriptState& s) {
        return Create(names, s.dirs.back(), "f" + n, S_IFREG | 0644, &s.files);
      },
      [=](Names& names, ScriptState& s) {
        // Incompressible and big: the write buffer fills soon.
        return names.SetXattr(s.files.back(), "user.big", support::RandomBytes(20000, r), 0);
      },
      [=](Names& names, ScriptState& s) {
        Content content;
        content.recipe = support::RandomBytes(300, r);
        content.size = 1000 * (r + 1);
        return names.SetContent(s.files.back(), content).status();
      },
      [=](Names& names, ScriptState& s) {
        return names.Link(s.files.back(), s.root, "l" + n).status();
      },
      [=](Names& names, ScriptState& s) {
        return Create(names, s.root, "locked" + n, S_IFREG | 0644, &s.files);
      },
      [=](Names& names, ScriptState& s) {
        return names.SetAttr(s.files.back(), {.mode = 0444}).status();
      },
      [=](Names& names, ScriptState& s) -> absl::Status {
        if (r % 2 == 0) return names.ReleaseLock(s.files.back()).status();
        return names.SetAttr(s.files.back(), {.atime_ns = names.TrustedNowNs() + kLockNs}).status();
      },
      [=](Names& names, ScriptState& s) {
        return Create(names, s.root, "s" + n, S_IFLNK | 0777, &s.files);
      },
      [=](Names& names, ScriptState& s) {
        return names.Rename(s.root, "s" + n, s.dirs.back(), "moved", 0).status();
      },
      [=](Names& names, ScriptState& s) {
        return names.Rename(s.root, "l" + n, s.dirs.back(), "f" + n, RENAME_EXCHANGE).status();
      },
      [=](Names& names, ScriptState& s) {
        AttrChange change;
        change.mode = 0600 + r;
        return names.SetAttr(s.dirs.back(), change).status();
      },
      [=](Names& names, ScriptState& s) { return names.Unlink(s.root, "l" + n).status(); },
      [=](Names& names, ScriptState& s) {
        return Create(names, s.doomed_root, "x" + n, S_IFREG | 0644, &s.files);
      },
      [=](Names& names, ScriptState& s) { return names.Unlink(s.doomed_root, "x" + n).status(); },
      [=](Names& names, ScriptState& s) -> absl::Status {
        if (r % 2 == 0) return names.DeleteOrphan(s.files.back());
        return Create(names, s.doomed_root, "y" + n, S_IFDIR | 0755, &s.files);
      },
  };
}

void AddDeletion(std::vector<ScriptStep>* script) {
  script->push_back(
      {[](Names& names, ScriptState& s) { return names.StartDeleteContainer(s.doomed, true); }});
  // More steps than needed; the later ones find nothing to do.
  for (int i = 0; i < kRounds + 3; ++i) {
    script->push_back({[](Names& names, ScriptState& s) {
      if (names.ListContainers().size() == 1) return absl::OkStatus();
      return names.DeleteContainerStep(s.doomed, 1, [](const Inode&) {}).status();
    }});
  }
}

}  // namespace

std::vector<ScriptStep> MakeScript() {
  std::vector<ScriptStep> script;
  AddSetUp(&script);
  for (int r = 0; r < kRounds; ++r) {
    std::vector<Run> runs = Round(r);
    for (Run& run : RecyclingRound(r)) runs.push_back(std::move(run));
    for (Run& run : runs) {
      script.push_back({std::move(run)});
      // Commits come at all places of a round.
      if (script.size() % 5 == 0) {
        script.push_back({[](Names& names, ScriptState&) { return names.Commit(); }, true});
      }
    }
  }
  AddDeletion(&script);
  script.push_back({[](Names& names, ScriptState&) { return names.Commit(); }, true});
  return script;
}

}  // namespace oca::names
