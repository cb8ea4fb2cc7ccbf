// What can be seen: lists, the system, statistics. Never changes anything.
#ifndef OCA_SERVICES_CONFIG_VIEWS_H_
#define OCA_SERVICES_CONFIG_VIEWS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/api/management.pb.h"
#include "services/config/changes.h"
#include "services/config/filesystem_client.h"
#include "services/config/store.h"
#include "services/config/vtl_client.h"

namespace oca::config {

// Thread-safe.
class Views {
 public:
  // Borrows all but the home; they must outlive this.
  Views(Store& store, FilesystemClient& filesystem, VtlClient& vtl, const Changes& changes,
        std::string home);

  // Works with any part down, and says which.
  management::v1::System GetSystem();

  // name: only this one, kNotFound when there is none; empty = all. With one side down the list
  // comes from the other, with a notice; kUnavailable when both are.
  absl::StatusOr<management::v1::ListStorageGroupsResponse> ListGroups(std::string_view name);
  absl::StatusOr<management::v1::ListContainersResponse> ListContainers(std::string_view name);

  // These need ocafsd only. name: as above.
  absl::StatusOr<management::v1::SystemStats> SystemStats();
  absl::StatusOr<management::v1::GetStorageGroupStatsResponse> GroupStats(std::string_view name);
  absl::StatusOr<management::v1::GetContainerStatsResponse> ContainerStats(std::string_view name);
  // ocafsd's id of a storage group; 0 for an empty name.
  absl::StatusOr<uint32_t> GroupId(std::string_view name);
  // The same of a container.
  absl::StatusOr<uint32_t> ContainerId(std::string_view name);

 private:
  // Both sides, as far as they can be reached, and what to tell about it.
  struct Seen {
    Desired desired;
    Actual actual;
    std::string mount_path;  // empty: ocafsd is down
    std::string notice;
  };
  absl::StatusOr<Seen> See();
  void AddStorage(const fs::v1::Info& info, management::v1::System* system);

  Store& store_;
  FilesystemClient& filesystem_;
  VtlClient& vtl_;
  const Changes& changes_;
  const std::string home_;
  const absl::Time started_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_VIEWS_H_
