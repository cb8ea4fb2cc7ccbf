#include "lib/rpc/status.h"

#include <string>

#include "absl/strings/cord.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"

namespace oca::rpc {
namespace {

constexpr std::string_view kMagic = "OCS1";

std::string EncodePayloads(const absl::Status& status) {
  std::string details;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    if (details.empty()) details = kMagic;
    PutLengthPrefixed(&details, {url.data(), url.size()});
    PutLengthPrefixed(&details, std::string(payload));
  });
  return details;
}

void DecodePayloads(std::string_view details, absl::Status* status) {
  if (details.substr(0, kMagic.size()) != kMagic) return;
  ByteReader reader(details.substr(kMagic.size()));
  while (!reader.empty()) {
    std::string_view url = reader.LengthPrefixed();
    std::string_view payload = reader.LengthPrefixed();
    if (!reader.ok()) return;
    status->SetPayload({url.data(), url.size()},
                       absl::Cord(absl::string_view(payload.data(), payload.size())));
  }
}

}  // namespace

// The numbers of absl::StatusCode are gRPC's.
grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      EncodePayloads(status));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  int code = status.error_code();
  bool known = code > 0 && code <= static_cast<int>(absl::StatusCode::kUnauthenticated);
  absl::Status result(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown,
                      status.error_message());
  DecodePayloads(status.error_details(), &result);
  return result;
}

}  // namespace oca::rpc
