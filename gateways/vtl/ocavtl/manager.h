// All libraries of an appliance: what ocavtl's service does.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_MANAGER_H_
#define OCA_GATEWAYS_VTL_OCAVTL_MANAGER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "gateways/vtl/ocavtl/keeper.h"
#include "lib/api/vtl.pb.h"
#include "lib/crypto/secret.h"
#include "lib/vtape/library.h"

namespace oca::vtl {

struct ManagerSetup {
  std::string state_path;  // of the copy of what shall be served; its folder is closed to others
  std::string run_dir;     // holds a folder for each library
  std::string module;      // oca_tgt.so
};

// Errors: as lib/api/vtl.proto says. Thread-safe.
class Manager {
 public:
  // Serves what the copy says; where there is none, or it cannot be read (that is logged), nothing.
  static absl::StatusOr<std::unique_ptr<Manager>> Start(ManagerSetup setup);
  // Ends service of all libraries.
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& request);
  absl::StatusOr<v1::ListLibrariesResponse> List(const v1::ListLibrariesRequest& request);
  v1::ListServedResponse ListServed();
  absl::StatusOr<v1::AddCartridgesResponse> AddCartridges(const v1::AddCartridgesRequest& request);
  absl::Status RemoveCartridge(const v1::RemoveCartridgeRequest& request);
  absl::Status ImportCartridge(const v1::ImportCartridgeRequest& request);
  absl::Status ExportCartridge(const v1::ExportCartridgeRequest& request);
  absl::Status SetDriveMode(const v1::SetDriveModeRequest& request);

 private:
  using Keepers = std::map<std::string, std::shared_ptr<Keeper>>;  // by name

  Manager(ManagerSetup setup, crypto::Secret gateway_password);
  void Serve(const v1::ApplyRequest& wish);
  Keepers All() const;
  // The library of this name, open.
  absl::StatusOr<std::unique_ptr<vtape::Library>> Open(const std::string& name) const;

  const ManagerSetup setup_;
  const crypto::Secret gateway_password_;
  absl::Mutex applying_;                         // one Apply at a time
  std::string kept_ ABSL_GUARDED_BY(applying_);  // the copy's content
  mutable absl::Mutex mu_;
  Keepers keepers_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_MANAGER_H_
