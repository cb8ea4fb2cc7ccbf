// Tape libraries and who may log in to them: rows in PostgreSQL, and ocavtl, which is told all of
// them at each change and now and then.
#ifndef OCA_SERVICES_CONFIG_TAPE_LIBRARIES_H_
#define OCA_SERVICES_CONFIG_TAPE_LIBRARIES_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/api/management.pb.h"
#include "lib/api/tape_libraries.pb.h"
#include "lib/base/bell.h"
#include "lib/daemon/secret_seal.h"
#include "services/config/changes.h"
#include "services/config/filesystem_client.h"
#include "services/config/portals.h"
#include "services/config/turns.h"
#include "services/config/user_store.h"
#include "services/config/views.h"
#include "services/config/vtl_client.h"
#include "services/config/vtl_store.h"

namespace oca::config {

// What TapeLibraries borrows.
struct TapeParts {
  VtlStore& store;
  UserStore& users;
  daemon::SecretSeal& seal;
  FilesystemClient& filesystem;
  Changes& changes;
  Views& views;
  VtlClient& vtl;
  PortalRange portals;
};

// Errors: as lib/api/tape_libraries.proto says. Thread-safe.
class TapeLibraries {
 public:
  // All that `parts` names must outlive this.
  explicit TapeLibraries(TapeParts parts);
  // Stops the background thread.
  ~TapeLibraries();
  TapeLibraries(const TapeLibraries&) = delete;
  TapeLibraries& operator=(const TapeLibraries&) = delete;

  // Starts the background thread, which tells ocavtl what users, ocafsd or time have changed; once.
  void Start();

  // A container with a library in it; all of it or nothing.
  absl::Status AddContainer(const management::v1::AddContainerRequest& request);
  // Any container; one with a library only without sessions, and without cartridges unless
  // `delete_files`.
  absl::Status DeleteContainer(const std::string& name, bool delete_files);

  absl::StatusOr<management::v1::ListTapeLibrariesResponse> List(const std::string& name);
  absl::StatusOr<management::v1::TapeLibrary> Get(const std::string& name);
  absl::Status Update(const management::v1::UpdateTapeLibraryRequest& request);
  absl::StatusOr<management::v1::AddTapesResponse> AddTapes(
      const management::v1::AddTapesRequest& request);
  absl::Status DeleteTape(const management::v1::DeleteTapeRequest& request);
  absl::Status ImportTape(const management::v1::ImportTapeRequest& request);
  absl::Status ExportTape(const management::v1::ExportTapeRequest& request);
  absl::Status SetDriveMode(const management::v1::SetTapeDriveModeRequest& request);

  // tape_connections.cc
  absl::StatusOr<management::v1::ListConnectionsResponse> ListConnections(const std::string& name);
  absl::StatusOr<management::v1::Connection> GetConnection(const std::string& name);
  absl::Status AddConnection(const management::v1::AddConnectionRequest& request);
  absl::Status UpdateConnection(const management::v1::UpdateConnectionRequest& request);
  absl::Status DeleteConnection(const std::string& name);

 private:
  using States = std::map<std::string, vtl::v1::LibraryState>;  // by name

  // Tells ocavtl everything, and how each library stands then. The caller has the turn.
  absl::StatusOr<States> Push();
  // The same until the library `name` is served or has failed.
  absl::StatusOr<States> PushUntilSettled(const std::string& name);
  absl::StatusOr<vtl::v1::ApplyRequest> Wish(const VtlRows& rows);
  // The rows of the library `name` among all. kNotFound.
  absl::StatusOr<LibraryRow> Row(const std::string& name);
  absl::Status RefuseWhileInUse(const std::string& name, bool with_tapes);
  void Loop();
  void Note(const absl::Status& status);

  // tape_connections.cc
  // kFailedPrecondition: why hosts cannot log in.
  absl::StatusOr<vtl::v1::HostAccess> AccessOf(const ConnectionRow& row);
  absl::Status CheckConnection(const ConnectionRow& row);
  absl::Status PutTargetSecret(std::string_view password, ConnectionRow* row);
  absl::Status PushOrRestore(const std::function<absl::Status()>& restore, const std::string& name);

  const TapeParts parts_;
  Turns turns_;
  std::set<std::string> withdrawn_;  // being deleted; for who has the turn
  absl::Mutex mu_;
  Bell stop_;
  absl::Status last_ ABSL_GUARDED_BY(mu_);
  std::thread loop_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_TAPE_LIBRARIES_H_
