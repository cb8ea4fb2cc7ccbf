#include "fs/rpc/recycle_bin_service.h"

#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lib/api/recycle_bin.grpc.pb.h"
#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace oca::fs_rpc {
namespace {

namespace mgmt = management::v1;
using google::protobuf::Timestamp;
using grpc::ServerContext;
using rpc::ToGrpc;

constexpr uint32_t kMaxPage = 1000;
constexpr int64_t kSecond = 1'000'000'000;

// Times that no file can have are the first or the last one.
int64_t ToNanos(const Timestamp& time) {
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max() / kSecond - 1;
  return std::clamp<int64_t>(time.seconds(), 0, kLast) * kSecond + time.nanos();
}

// A page is named by the place of the last version of the page before.
std::string PageText(const names::RecyclePlace& place) {
  return fmt::format("{}-{}", place.recycled_ns, place.ino.value);
}

absl::StatusOr<names::RecyclePlace> ParsePage(const std::string& text) {
  names::RecyclePlace place;
  if (text.empty()) return place;
  const size_t dash = std::min(text.find('-'), text.size());
  if (dash == text.size() || !absl::SimpleAtoi(text.substr(0, dash), &place.recycled_ns) ||
      !absl::SimpleAtoi(text.substr(dash + 1), &place.ino.value) || place.recycled_ns < 0) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' names no page; give next_page of the answer before, or nothing", text));
  }
  return place;
}

class RecycleBinService final : public mgmt::RecycleBin::Service {
 public:
  explicit RecycleBinService(engine::Filesystem& filesystem) : filesystem_(filesystem) {}

  grpc::Status GetRecycleBin(ServerContext*, const mgmt::GetRecycleBinRequest* in,
                             mgmt::RecycleBinStatus* out) override {
    return ToGrpc(Get(in->name(), out));
  }
  grpc::Status SetRecycleBin(ServerContext*, const mgmt::SetRecycleBinRequest* in,
                             mgmt::RecycleBinStatus* out) override {
    return ToGrpc(Set(*in, out));
  }
  grpc::Status ListRecycled(ServerContext*, const mgmt::ListRecycledRequest* in,
                            mgmt::ListRecycledResponse* out) override {
    return ToGrpc(List(*in, out));
  }
  grpc::Status RestoreRecycled(ServerContext*, const mgmt::RestoreRecycledRequest* in,
                               mgmt::RestoreRecycledResponse* out) override {
    return ToGrpc(Restore(*in, out));
  }
  grpc::Status PurgeRecycled(ServerContext*, const mgmt::PurgeRecycledRequest* in,
                             mgmt::PurgeRecycledResponse* out) override {
    return ToGrpc(Purge(*in, out));
  }

 private:
  absl::StatusOr<names::Container> Find(const std::string& name) {
    for (names::Container& container : filesystem_.ListContainers()) {
      if (container.name == name && !container.deleting) return std::move(container);
    }
    return absl::NotFoundError(fmt::format("there is no container '{}'", name));
  }

  absl::Status Get(const std::string& name, mgmt::RecycleBinStatus* out) {
    OCA_ASSIGN_OR_RETURN(const names::Container container, Find(name));
    OCA_ASSIGN_OR_RETURN(const names::RecycleStatus status,
                         filesystem_.GetRecycleBin(container.id));
    out->set_on(status.policy.on);
    out->set_retention_days(status.policy.days);
    out->set_inodes(status.inodes);
    out->set_files(status.files);
    out->set_bytes(status.bytes);
    *out->mutable_trusted_time() = api::TimestampOfNanos(status.trusted_now_ns);
    if (status.first_expiry_ns != 0) {
      *out->mutable_first_expiry() = api::TimestampOfNanos(status.first_expiry_ns);
    }
    return absl::OkStatus();
  }

  absl::Status Set(const mgmt::SetRecycleBinRequest& in, mgmt::RecycleBinStatus* out) {
    OCA_ASSIGN_OR_RETURN(const names::Container container, Find(in.name()));
    names::RecyclePolicy policy = container.recycle;
    if (in.has_on()) policy.on = in.on();
    if (in.has_retention_days()) policy.days = in.retention_days();
    if (policy.days == 0 && !in.has_retention_days()) policy.days = names::kMinRecycleDays;
    OCA_RETURN_IF_ERROR(filesystem_.SetRecycleBin(container.id, policy).status());
    return Get(in.name(), out);
  }

  absl::Status List(const mgmt::ListRecycledRequest& in, mgmt::ListRecycledResponse* out) {
    OCA_ASSIGN_OR_RETURN(const names::Container container, Find(in.name()));
    OCA_ASSIGN_OR_RETURN(const names::RecyclePlace after, ParsePage(in.page()));
    const size_t limit = in.page_size() == 0 ? kMaxPage : std::min(in.page_size(), kMaxPage);
    OCA_ASSIGN_OR_RETURN(const std::vector<names::RecycledVersion> page,
                         filesystem_.ListRecycled(container.id, after, limit));
    for (const names::RecycledVersion& version : page) {
      mgmt::RecycledFile* file = out->add_files();
      file->set_id(version.place.ino.value);
      file->set_path(version.path + (S_ISDIR(version.mode) ? "/" : ""));
      if (!S_ISDIR(version.mode)) file->set_size_bytes(version.size);
      *file->mutable_deleted() = api::TimestampOfNanos(version.deleted_ns);
      *file->mutable_expires() = api::TimestampOfNanos(version.expires_ns);
    }
    if (page.size() == limit) out->set_next_page(PageText(page.back().place));
    return absl::OkStatus();
  }

  absl::Status Restore(const mgmt::RestoreRecycledRequest& in, mgmt::RestoreRecycledResponse* out) {
    OCA_ASSIGN_OR_RETURN(const names::Container container, Find(in.name()));
    if (in.id() == 0 && !in.to().empty()) {
      return absl::InvalidArgumentError("another path is for one version, but no id is given");
    }
    engine::RestoreWish wish;
    if (in.id() != 0) wish.version = InodeNo(in.id());
    wish.to = in.to();
    if (in.has_start_time()) wish.from_ns = ToNanos(in.start_time());
    if (in.has_end_time()) wish.until_ns = ToNanos(in.end_time());
    OCA_ASSIGN_OR_RETURN(const engine::RestoreOutcome outcome,
                         filesystem_.RestoreRecycled(container.id, wish));
    out->set_restored(outcome.restored);
    out->set_skipped(outcome.skipped);
    return absl::OkStatus();
  }

  absl::Status Purge(const mgmt::PurgeRecycledRequest& in, mgmt::PurgeRecycledResponse* out) {
    OCA_ASSIGN_OR_RETURN(const names::Container container, Find(in.name()));
    std::optional<InodeNo> version;
    if (in.id() != 0) version = InodeNo(in.id());
    const int64_t until = in.has_end_time() ? ToNanos(in.end_time()) : INT64_MAX;
    OCA_ASSIGN_OR_RETURN(const engine::PurgeOutcome outcome,
                         filesystem_.PurgeRecycled(container.id, version, until));
    out->set_purged(outcome.inodes);
    out->set_bytes(outcome.bytes);
    return absl::OkStatus();
  }

  engine::Filesystem& filesystem_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewRecycleBinService(engine::Filesystem& filesystem) {
  return std::make_unique<RecycleBinService>(filesystem);
}

}  // namespace oca::fs_rpc
