#include "lib/rpc/request_id.h"

#include <sys/random.h>
#include <sys/types.h>

#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "lib/log/log.h"
#include "lib/log/request.h"

namespace oca::rpc {
namespace {

using grpc::experimental::ClientInterceptorFactoryInterface;
using grpc::experimental::ClientRpcInfo;
using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::Interceptor;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerInterceptorFactoryInterface;
using grpc::experimental::ServerRpcInfo;

constexpr size_t kIdBytes = 8;

class Sender final : public Interceptor {
 public:
  explicit Sender(std::string id) : id_(std::move(id)) {}
  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace(kRequestIdKey, id_);
    }
    methods->Proceed();
  }

 private:
  const std::string id_;
};

class SenderFactory final : public ClientInterceptorFactoryInterface {
 public:
  // Runs on the caller's thread.
  Interceptor* CreateClientInterceptor(ClientRpcInfo*) override {
    std::string id(log::CurrentRequest());
    return id.empty() ? nullptr : new Sender(std::move(id));
  }
};

// Of one call. gRPC calls it on the thread that runs the method: before it, and when the answer
// goes.
class Receiver final : public Interceptor {
 public:
  Receiver(const char* method, CallCount& calls) : method_(method), calls_(calls) {
    calls_.Began();
  }
  ~Receiver() override { calls_.Ended(); }
  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      log::SetCurrentRequest(RequestIdOr(GivenId(*methods->GetRecvInitialMetadata())));
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      log::Debug("call", "method", method_, "code",
                 static_cast<int>(methods->GetSendStatus().error_code()));
      log::SetCurrentRequest("");
    }
    methods->Proceed();
  }

 private:
  static std::string_view GivenId(
      const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
    auto found = metadata.find(kRequestIdKey);
    if (found == metadata.end()) return "";
    return {found->second.data(), found->second.size()};
  }

  const char* const method_;
  CallCount& calls_;
};

class ReceiverFactory final : public ServerInterceptorFactoryInterface {
 public:
  explicit ReceiverFactory(CallCount& calls) : calls_(calls) {}
  Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new Receiver(info->method(), calls_);
  }

 private:
  CallCount& calls_;
};

}  // namespace

std::string NewRequestId() {
  // It need be nobody's secret: OpenSSL would have to be set up first, which takes the command line
  // longer than the call. So few bytes are always given whole; before any are, nothing works.
  std::string bytes(kIdBytes, '\0');
  [[maybe_unused]] const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
  return absl::BytesToHexString(bytes);
}

std::string RequestIdOr(std::string_view given) {
  return log::IsRequestId(given) ? std::string(given) : NewRequestId();
}

std::vector<std::unique_ptr<ClientInterceptorFactoryInterface>> RequestIdSenders() {
  std::vector<std::unique_ptr<ClientInterceptorFactoryInterface>> senders;
  senders.push_back(std::make_unique<SenderFactory>());
  return senders;
}

void CallCount::Began() {
  absl::MutexLock lock(&mu_);
  ++calls_;
}

void CallCount::Ended() {
  absl::MutexLock lock(&mu_);
  --calls_;
}

bool CallCount::AwaitNone(absl::Duration timeout) {
  absl::MutexLock lock(&mu_);
  const auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return calls_ == 0; };
  return mu_.AwaitWithTimeout(absl::Condition(&none), timeout);
}

std::vector<std::unique_ptr<ServerInterceptorFactoryInterface>> RequestIdReceivers(
    CallCount& calls) {
  std::vector<std::unique_ptr<ServerInterceptorFactoryInterface>> receivers;
  receivers.push_back(std::make_unique<ReceiverFactory>(calls));
  return receivers;
}

}  // namespace oca::rpc
