// What ocafsd and ocaconfigsvc tell.
#ifndef OCA_SERVICES_MONITOR_PARTS_H_
#define OCA_SERVICES_MONITOR_PARTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/api/fs.grpc.pb.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/api/paths.grpc.pb.h"
#include "lib/api/users.grpc.pb.h"
#include "services/monitor/sample.h"

namespace oca::monitor {

struct FilesystemFigures {
  uint64_t generation = 0;  // another one after each start of ocafsd
  std::vector<fs::v1::StorageGroupStats> groups;
  std::vector<fs::v1::ContainerStats> containers;
  fs::v1::CleanerStatus cleaner;
  std::vector<std::string> paths;  // folders of the storage paths, the repository's own among them
};

struct ConfigurationFigures {
  management::v1::System system;
  uint32_t logins = 0;
};

// Asks over unix sockets; each question may take two seconds. Thread-safe.
class Parts {
 public:
  // home: the appliance's folder. kInvalidArgument when its sockets' paths are too long.
  static absl::StatusOr<std::unique_ptr<Parts>> Create(const std::string& home);

  // All or nothing: kUnavailable, kDeadlineExceeded.
  absl::StatusOr<FilesystemFigures> AskFilesystem();
  absl::StatusOr<ConfigurationFigures> AskConfiguration();

 private:
  // Who answers.
  struct Peer {
    std::string socket;
    std::shared_ptr<grpc::Channel> channel;
  };
  Parts(Peer filesystem, Peer configuration)
      : filesystem_peer_(std::move(filesystem)), configuration_peer_(std::move(configuration)) {}

  template <typename Stub, typename Request, typename Response>
  static absl::StatusOr<Response> Ask(const Peer& peer, Stub& stub,
                                      grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*));

  const Peer filesystem_peer_;
  const Peer configuration_peer_;
  std::unique_ptr<fs::v1::Fs::Stub> filesystem_;
  std::unique_ptr<fs::v1::Paths::Stub> paths_;
  std::unique_ptr<management::v1::Management::Stub> management_;
  std::unique_ptr<management::v1::Users::Stub> users_;
};

// Their values as series. nanos: the monotonic clock, when they were asked for.
void AddFilesystem(const FilesystemFigures& figures, int64_t nanos, SampleBuilder* builder);
void AddConfiguration(const ConfigurationFigures& figures, SampleBuilder* builder);

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_PARTS_H_
