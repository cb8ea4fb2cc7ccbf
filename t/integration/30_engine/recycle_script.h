// A container whose recycle bin is on, what changes it, and every state that it passed through.
#ifndef OCA_T_INTEGRATION_30_ENGINE_RECYCLE_SCRIPT_H_
#define OCA_T_INTEGRATION_30_ENGINE_RECYCLE_SCRIPT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/engine/filesystem.h"
#include "lib/io/file_system.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/fake_clock.h"

namespace oca::engine {

// As OpenForTest, on a clock that the test moves.
absl::StatusOr<std::unique_ptr<Filesystem>> OpenForTest(io::FileSystem& fs, Clock& clock);

absl::StatusOr<std::string> ReadAll(Filesystem& filesystem, InodeNo ino);

// The files of container "c" by their paths, folders with "/" at their ends; and what its bin
// holds, in order, as "bin <n> <path>".
absl::StatusOr<State> ReadWithBin(Filesystem& filesystem);

// One operation at a time, on paths. What may be there afterwards is noted before each call.
class RecycleScript {
 public:
  // gives_up: nothing that is waited for need come any more.
  RecycleScript(Filesystem& filesystem, support::FakeClock& clock,
                std::function<bool()> gives_up = nullptr)
      : filesystem_(filesystem), clock_(clock), gives_up_(std::move(gives_up)) {}

  // states()[i]: the i-th state; the engine may come back with any one from acknowledged() on, and
  // no other.
  const std::vector<State>& states() const { return states_; }
  size_t acknowledged() const { return acknowledged_; }
  ContainerId container() const { return container_; }
  InodeNo root() const { return root_; }

  // Each may be called again when it failed.
  absl::Status MakeContainer(uint32_t days = 7);
  absl::Status Put(const std::string& path, const std::string& data);
  absl::Status MakeFolder(const std::string& path);
  absl::Status Remove(const std::string& path);
  absl::Status RemoveFolder(const std::string& path);
  absl::Status Replace(const std::string& from, const std::string& to);
  // The n-th in the bin, with the folder that it needs; `to`: elsewhere.
  absl::Status Restore(size_t n, const std::string& to = "");
  absl::Status RestoreAll();
  absl::Status PurgeOne(size_t n);
  absl::Status PurgeAll();
  // Keeps what is deleted for so long from now on, and waits until what was deleted before has
  // gone.
  absl::Status Expire(uint32_t days);
  absl::Status Reclaim();
  absl::Status Sync();

  // All of these, from the one that failed last on; stops at the first error.
  absl::Status Run();
  // After Run failed and its cause is gone: the operation that failed has happened, or not, or is
  // one whose parts happen one by one. An error when what is there is none of that.
  absl::Status Settle();

 private:
  struct Binned {
    std::string path;  // "/" at the end of a folder's
    std::string data;
    int64_t deleted_ns;
  };
  struct Model {
    State live;
    std::vector<Binned> bin;
  };

  void MayHappen();
  absl::Status Acknowledge(absl::Status status);
  void ToBin(const std::string& path);
  void PutBack(size_t n, const std::string& to);
  absl::Status CheckCounters();
  absl::Status TrySettle();
  absl::StatusOr<Inode> Find(const std::string& path);
  // The folder of a path, and its last name.
  absl::StatusOr<std::pair<InodeNo, std::string>> Place(const std::string& path);
  absl::StatusOr<RecycledVersion> Version(size_t n);
  std::vector<std::function<absl::Status()>> Steps();

  Filesystem& filesystem_;
  support::FakeClock& clock_;
  const std::function<bool()> gives_up_;
  ContainerId container_;
  InodeNo root_;
  Model now_;
  std::vector<Model> models_{Model()};  // of states_
  std::vector<State> states_{State()};
  size_t acknowledged_ = 0;
  size_t next_step_ = 0;
  size_t before_step_ = 0;  // the state that Run's last step began with
};

}  // namespace oca::engine

#endif  // OCA_T_INTEGRATION_30_ENGINE_RECYCLE_SCRIPT_H_
