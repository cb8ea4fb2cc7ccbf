// Calls of ocaconfigsvc on behalf of those who come over HTTP.
#ifndef OCA_SERVICES_HTTP_BACKEND_H_
#define OCA_SERVICES_HTTP_BACKEND_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "grpcpp/channel.h"

namespace oca::httpd {

// What a caller has shown, and where it is. Neither is judged here.
struct Visitor {
  std::string token;  // of a login or of a program; empty: none
  std::string peer;   // address
};

// Thread-safe.
class Backend {
 public:
  static constexpr absl::Duration kPatience = absl::Seconds(60);

  // At the socket of lib/api/home.h. Connects when it is first needed.
  static absl::StatusOr<std::unique_ptr<Backend>> Create(const std::string& home);

  // One call of `method`. kUnavailable, saying so, while ocaconfigsvc is down.
  absl::Status Call(const google::protobuf::MethodDescriptor& method, const Visitor& visitor,
                    const google::protobuf::Message& request, google::protobuf::Message* response,
                    absl::Duration patience = kPatience);
  // Whether ocaconfigsvc answers.
  absl::Status Answers();

 private:
  explicit Backend(std::shared_ptr<grpc::Channel> channel) : channel_(std::move(channel)) {}
  const std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_BACKEND_H_
