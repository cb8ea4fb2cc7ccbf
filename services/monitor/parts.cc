#include "services/monitor/parts.h"

#include <optional>
#include <string>
#include <string_view>

#include "lib/api/home.h"
#include "lib/api/savings.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::monitor {
namespace {

namespace mgmt = management::v1;

constexpr absl::Duration kTimeout = absl::Seconds(2);

// A number that no other start of ocafsd has.
uint64_t GenerationOf(const fs::v1::Info& info) {
  return (static_cast<uint64_t>(info.started().seconds()) << 32) ^
         (static_cast<uint64_t>(info.started().nanos()) << 22) ^ info.pid();
}

// Sums of the throughput of all groups that are in the sample already.
std::optional<double> SumOf(std::string_view name, const Sample& sample) {
  std::optional<double> sum;
  for (const Value& value : sample.values) {
    if (value.series->name == name) sum = sum.value_or(0) + value.value;
  }
  return sum;
}

mgmt::SystemStats SystemOf(const FilesystemFigures& figures) {
  mgmt::SystemStats system;
  for (const fs::v1::StorageGroupStats& group : figures.groups) {
    system.set_total_inodes(system.total_inodes() + group.total_inodes());
    system.set_current_files(system.current_files() + group.current_files());
    system.set_current_bytes(system.current_bytes() + group.current_bytes());
    system.set_post_dedupe_bytes(system.post_dedupe_bytes() + group.post_dedupe_bytes());
    system.set_post_compression_bytes(system.post_compression_bytes() +
                                      group.post_compression_bytes());
    system.set_physical_bytes(system.physical_bytes() + group.physical_bytes());
  }
  api::FillSavings(&system);
  return system;
}

}  // namespace

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Parts::Ask(const Peer& peer, Stub& stub,
                                    grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*)) {
  grpc::ClientContext context;
  rpc::SetTimeout(&context, kTimeout);
  if (!rpc::MayCall(*peer.channel, peer.socket, &context)) {
    return absl::UnavailableError("nobody listens at " + peer.socket);
  }
  Response response;
  OCA_RETURN_IF_ERROR(rpc::FromGrpc((stub.*method)(&context, Request(), &response)));
  return response;
}

absl::StatusOr<std::unique_ptr<Parts>> Parts::Create(const std::string& home) {
  OCA_ASSIGN_OR_RETURN(auto filesystem, rpc::UnixChannel(api::FsSocket(home)));
  OCA_ASSIGN_OR_RETURN(auto configuration, rpc::UnixChannel(api::ManagementSocket(home)));
  std::unique_ptr<Parts> parts(
      new Parts({api::FsSocket(home), filesystem}, {api::ManagementSocket(home), configuration}));
  parts->filesystem_ = fs::v1::Fs::NewStub(filesystem);
  parts->paths_ = fs::v1::Paths::NewStub(filesystem);
  parts->management_ = mgmt::Management::NewStub(configuration);
  parts->users_ = mgmt::Users::NewStub(configuration);
  return parts;
}

absl::StatusOr<FilesystemFigures> Parts::AskFilesystem() {
  using Fs = fs::v1::Fs::Stub;
  FilesystemFigures figures;
  OCA_ASSIGN_OR_RETURN(fs::v1::Info info, Ask(filesystem_peer_, *filesystem_, &Fs::GetInfo));
  figures.generation = GenerationOf(info);
  OCA_ASSIGN_OR_RETURN(auto groups, Ask(filesystem_peer_, *filesystem_, &Fs::GetStorageGroupStats));
  figures.groups.assign(groups.groups().begin(), groups.groups().end());
  OCA_ASSIGN_OR_RETURN(auto containers,
                       Ask(filesystem_peer_, *filesystem_, &Fs::GetContainerStats));
  figures.containers.assign(containers.containers().begin(), containers.containers().end());
  OCA_ASSIGN_OR_RETURN(figures.cleaner, Ask(filesystem_peer_, *filesystem_, &Fs::GetCleanerStatus));
  OCA_ASSIGN_OR_RETURN(auto paths, Ask(filesystem_peer_, *paths_, &fs::v1::Paths::Stub::ListPaths));
  for (const fs::v1::StoragePath& path : paths.paths()) figures.paths.push_back(path.path());
  return figures;
}

absl::StatusOr<ConfigurationFigures> Parts::AskConfiguration() {
  ConfigurationFigures figures;
  OCA_ASSIGN_OR_RETURN(figures.system,
                       Ask(configuration_peer_, *management_, &mgmt::Management::Stub::GetSystem));
  OCA_ASSIGN_OR_RETURN(auto logins,
                       Ask(configuration_peer_, *users_, &mgmt::Users::Stub::ListLogins));
  figures.logins = static_cast<uint32_t>(logins.logins_size());
  return figures;
}

void AddFilesystem(const FilesystemFigures& figures, int64_t nanos, SampleBuilder* builder) {
  for (const fs::v1::StorageGroupStats& group : figures.groups) {
    builder->AddFrom("storage_group", group.name(), group, nanos, figures.generation);
  }
  builder->AddFrom("system", "", SystemOf(figures));
  for (const char* word : {"read", "write"}) {
    const std::string field = std::string(".") + word + "_mib_per_s";
    if (const auto sum = SumOf("storage_group" + field, builder->sample())) {
      builder->Add("system" + field, "", *sum);
    }
  }
  builder->AddFrom("cleaner", "", figures.cleaner);
  builder->Add("cleaner.running", "", figures.cleaner.state() == fs::v1::JOB_STATE_RUNNING ? 1 : 0);
  for (const fs::v1::ContainerStats& container : figures.containers) {
    builder->AddFrom("container", container.name(), container, nanos, figures.generation);
  }
}

void AddConfiguration(const ConfigurationFigures& figures, SampleBuilder* builder) {
  const mgmt::System& system = figures.system;
  builder->Add("configuration.ready", "", system.ready() ? 1 : 0);
  builder->Add("configuration.logins", "", figures.logins);
  // Neither ocafsd nor PostgreSQL tells how many there are.
  if (system.mount_path().empty() && system.system_id().empty()) return;
  builder->Add("configuration.storage_groups", "", system.storage_groups());
  builder->Add("configuration.containers", "", system.containers());
}

}  // namespace oca::monitor
