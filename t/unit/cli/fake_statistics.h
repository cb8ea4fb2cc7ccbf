// Statistics of ocaconfigsvc, with one sample of the machine and two points of each series.
#ifndef OCA_T_UNIT_CLI_FAKE_STATISTICS_H_
#define OCA_T_UNIT_CLI_FAKE_STATISTICS_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/api/statistics.grpc.pb.h"

namespace oca::cli {

class FakeStatistics final : public management::v1::Statistics::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);

  grpc::Status GetMachineStats(grpc::ServerContext*, const management::v1::GetMachineStatsRequest*,
                               management::v1::MachineStats* out) override {
    out->mutable_time()->set_seconds(1'700'000'010);
    out->mutable_cpu()->set_load_1(0.25);
    out->mutable_cpu()->set_processors(4);
    out->mutable_memory()->set_total_bytes(4ull << 30);
    management::v1::NetworkStats* network = out->add_networks();
    network->set_name("eth0");
    network->set_send_mib_per_s(1.5);
    out->add_disks()->set_path("/home");
    return grpc::Status::OK;
  }
  grpc::Status GetMonitorStatus(grpc::ServerContext*,
                                const management::v1::GetMonitorStatusRequest*,
                                management::v1::MonitorStatus* out) override {
    out->set_interval_seconds(15);
    out->set_samples_dropped(2);
    out->set_problem("PostgreSQL is away");
    return grpc::Status::OK;
  }
  grpc::Status ListSeries(grpc::ServerContext*, const management::v1::ListSeriesRequest*,
                          management::v1::ListSeriesResponse* out) override {
    for (const char* name : {"cpu.load_1", "disk.used_bytes", "disk.used_bytes"}) {
      management::v1::Series* series = out->add_series();
      series->set_name(name);
      series->set_unit("bytes");
      series->set_description("what it is");
    }
    return grpc::Status::OK;
  }
  grpc::Status GetHistory(grpc::ServerContext*, const management::v1::GetHistoryRequest* in,
                          management::v1::History* out) override {
    out->set_name(in->name());
    out->set_unit("bytes");
    out->set_resolution(in->resolution() == management::v1::RESOLUTION_UNSPECIFIED
                            ? management::v1::RESOLUTION_15S
                            : in->resolution());
    management::v1::SeriesHistory* series = out->add_series();
    series->set_subject("s1");
    for (int64_t i = 0; i < 2; ++i) {
      management::v1::Point* point = series->add_points();
      point->mutable_time()->set_seconds(1'700'000'010 + i * 15);
      point->set_mean(2048);
      point->set_low(1024);
      point->set_high(4096);
      point->set_samples(20);
    }
    absl::MutexLock lock(&mu);
    calls.push_back(in->ShortDebugString());
    return grpc::Status::OK;
  }
};

}  // namespace oca::cli

#endif  // OCA_T_UNIT_CLI_FAKE_STATISTICS_H_
