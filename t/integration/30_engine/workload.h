// A scripted load on the whole engine, with a history of every state that names passed through.
#ifndef OCA_T_INTEGRATION_30_ENGINE_WORKLOAD_H_
#define OCA_T_INTEGRATION_30_ENGINE_WORKLOAD_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/engine/filesystem.h"
#include "lib/io/file_system.h"

namespace oca::engine {

// File name -> contents, of the one container.
using State = std::map<std::string, std::string>;

// The repository at /oca as the sweeps want it: small packs, no periodic commit.
Options OptionsForTest(io::FileSystem& fs);
absl::StatusOr<std::unique_ptr<Filesystem>> OpenForTest(io::FileSystem& fs);

// Returns when `running` is false, at the latest after a minute.
void WaitWhile(const std::function<bool()>& running);

// What is in the container now, read through the engine; an error when anything cannot be read.
absl::StatusOr<State> ReadState(Filesystem& filesystem);

// Runs the script. The history begins with the state before container "c" exists.
class Workload {
 public:
  explicit Workload(Filesystem& filesystem) : filesystem_(filesystem) {}

  // Stops at the first error.
  absl::Status Run();

  // states()[i]: the i-th state; the engine may come back with any one from acknowledged() on, and
  // no other.
  const std::vector<State>& states() const { return states_; }
  size_t acknowledged() const { return acknowledged_; }

 private:
  absl::Status MakeContainer();
  absl::Status Put(const std::string& name, const std::string& data, bool sync);
  absl::Status Overwrite(const std::string& name, size_t offset, const std::string& data,
                         bool sync);
  absl::Status Append(const std::string& name, const std::string& data);
  absl::Status TruncateTo(const std::string& name, size_t size);
  absl::Status Copy(const std::string& from, const std::string& to);
  absl::Status Remove(const std::string& name);
  absl::Status Move(const std::string& from, const std::string& to);
  absl::Status SyncAll();
  absl::Status Reclaim();
  // The next call leads to now_, or, if it fails, may do so.
  void MayHappen();
  absl::StatusOr<InodeNo> Find(const std::string& name);

  Filesystem& filesystem_;
  InodeNo root_;
  State now_;
  std::vector<State> states_{State()};
  size_t acknowledged_ = 0;
};

}  // namespace oca::engine

#endif  // OCA_T_INTEGRATION_30_ENGINE_WORKLOAD_H_
