// Ids of requests that cross processes: made where a request enters, carried by each gRPC call as
// metadata, and printed in each log line of whoever works for it (lib/log/request.h).
#ifndef OCA_LIB_RPC_REQUEST_ID_H_
#define OCA_LIB_RPC_REQUEST_ID_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/support/client_interceptor.h"
#include "grpcpp/support/server_interceptor.h"

namespace oca::rpc {

inline constexpr char kRequestIdKey[] = "oca-request";

// 16 hexadecimal digits. Thread-safe.
std::string NewRequestId();
// `given` where it is a good id, else a new one. Thread-safe.
std::string RequestIdOr(std::string_view given);

// Adds the id of the calling thread's request, if any, to each call.
std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>
RequestIdSenders();

// How many calls a server works on. Thread-safe.
class CallCount {
 public:
  void Began() ABSL_LOCKS_EXCLUDED(mu_);
  void Ended() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until there are none, at most so long; whether there are none.
  bool AwaitNone(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Mutex mu_;
  int calls_ ABSL_GUARDED_BY(mu_) = 0;
};

// While a synchronous method runs, its thread works for the request of the call: for the id that
// came, or for a new one when none came or it is no id. Counts the calls, and logs each at level
// debug. Borrows `calls`, which must outlive the server.
std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
RequestIdReceivers(CallCount& calls);

}  // namespace oca::rpc

#endif  // OCA_LIB_RPC_REQUEST_ID_H_
