#include "gateways/ndmp/session/data.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "gateways/ndmp/data/backup.h"
#include "gateways/ndmp/data/recover.h"
#include "gateways/ndmp/session/data_posts.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::ndmp {

Error Data::Listen(AddrType type, ListenReply& reply) {
  if (state_ != DataState::kIdle) return Error::kIllegalState;
  if (Error error = ListenOn(type, address_, &listener_, &addr_); error != Error::kNone) {
    return error;
  }
  reply.addr = addr_;
  state_ = DataState::kListen;
  return Error::kNone;
}

Error Data::Connect(const Addr& addr) {
  if (state_ != DataState::kIdle) return Error::kIllegalState;
  if (Error error = ConnectTo(addr, &mover_, &stream_, &addr_); error != Error::kNone) return error;
  state_ = DataState::kConnected;
  return Error::kNone;
}

bool Data::ListensLocally() const {
  return state_ == DataState::kListen && addr_.type == AddrType::kLocal;
}

void Data::TakeLocal(Socket stream) {
  stream_ = std::move(stream);
  state_ = DataState::kConnected;
}

bool Data::MayStart() const {
  return state_ == (outbox_.version() >= 3 ? DataState::kConnected : DataState::kIdle);
}

Error Data::ConnectOldClient(const Addr& mover) {
  return outbox_.version() >= 3 ? Error::kNone : Connect(mover);
}

Error Data::Refuse(const absl::Status& status) {
  log::Warning("ndmp_order_refused", "error", MessageOf(status));
  Say(LogType::kError, std::string(MessageOf(status)));
  return Error::kIllegalArgs;
}

Error Data::StartBackup(const DataStartBackupRequest& request) {
  if (!MayStart()) return Error::kIllegalState;
  absl::StatusOr<BackupOrder> order = ParseBackup(request.butype, request.env);
  if (!order.ok()) return Refuse(order.status());
  if (absl::Status status = CheckTop(tree_, *order); !status.ok()) return Refuse(status);
  if (Error error = ConnectOldClient(request.mover); error != Error::kNone) return error;
  path_ = NameOfPath(order->top);
  log::Info("ndmp_backup", "of", path_);
  history_ = order->history;
  auto work = [&tree = tree_, order = *std::move(order)](Sink& sink, Source&, Reporter& reporter) {
    return BackUp(tree, order, sink, reporter);
  };
  return Begin(DataOperation::kBackup, std::move(work), request.env);
}

Error Data::StartRecover(const DataStartRecoverRequest& request) {
  if (!MayStart()) return Error::kIllegalState;
  absl::StatusOr<RecoverOrder> order =
      ParseRecover(request.butype, request.env, request.names, outbox_.version());
  if (!order.ok()) return Refuse(order.status());
  if (Error error = ConnectOldClient(request.mover); error != Error::kNone) return error;
  path_ = NameOfPath(order->items[0].target);
  log::Info("ndmp_recovery", "names", order->items.size(), "direct", order->direct, "to", path_);
  auto work = [&tree = tree_, order = *std::move(order)](Sink&, Source& source,
                                                         Reporter& reporter) {
    return Recover(tree, order, source, reporter);
  };
  return Begin(DataOperation::kRecover, std::move(work), request.env);
}

Error Data::Begin(DataOperation operation, DataJob::Work work, const std::vector<Pval>& env) {
  absl::StatusOr<std::unique_ptr<DataJob>> job =
      DataJob::Start(std::exchange(stream_, {}), addr_.type == AddrType::kLocal, std::move(work));
  if (!job.ok()) {
    Refuse(job.status());
    Halt(DataHalt::kInternalError, std::string(MessageOf(job.status())));
    return Error::kUndefined;
  }
  job_ = *std::move(job);
  operation_ = operation;
  state_ = DataState::kActive;
  env_ = env;
  const bool separated = std::any_of(env_.begin(), env_.end(), [](const Pval& variable) {
    return variable.name == "PATHNAME_SEPARATOR";
  });
  if (!separated) env_.push_back({"PATHNAME_SEPARATOR", "/"});
  return Error::kNone;
}

Error Data::Abort() {
  if (state_ == DataState::kIdle || state_ == DataState::kHalted) return Error::kIllegalState;
  Halt(DataHalt::kAborted, "aborted");
  return Error::kNone;
}

Error Data::Stop() {
  if (state_ != DataState::kHalted) return Error::kIllegalState;
  Reset();
  return Error::kNone;
}

void Data::Reset() {
  state_ = DataState::kIdle;
  operation_ = DataOperation::kNone;
  halt_reason_ = DataHalt::kNone;
  addr_ = {};
  history_ = HistoryKind::kNone;
  env_.clear();
  bytes_ = 0;
  read_ = {};
}

Error Data::GetEnv(DataGetEnvReply& reply) const {
  if (operation_ == DataOperation::kNone) return Error::kIllegalState;
  reply.env = env_;
  return Error::kNone;
}

void Data::GetState(DataGetStateReply& reply) const {
  reply.unsupported = kNoEstimatedBytes | kNoEstimatedTime;
  reply.operation = operation_;
  reply.state = state_;
  reply.halt_reason = halt_reason_;
  reply.bytes_processed = job_ != nullptr ? job_->bytes() : bytes_;
  reply.addr = addr_;
  reply.read_offset = read_.offset;
  reply.read_length = read_.length;
}

void Data::Halt(DataHalt reason, const std::string& why) {
  state_ = DataState::kHalted;
  halt_reason_ = reason;
  listener_.Close();
  stream_.Close();
  if (job_ != nullptr) {
    bytes_ = job_->bytes();
    past_bytes_ += bytes_;
    job_.reset();
  }
  log::Info("ndmp_data_halted", "reason", static_cast<uint32_t>(reason), "bytes", bytes_, "why",
            why);
  outbox_.Post(Code::kNotifyDataHalted, NotifyDataHalted{reason, why});
}

void Data::Say(LogType type, const std::string& text) { PostText(type, text, ++texts_, outbox_); }

void Data::AcceptWaiting() {
  if (state_ != DataState::kListen || !listener_.is_open()) return;
  Endpoint peer;
  stream_ = Accept(listener_, &peer);
  if (!stream_.is_open()) return;
  listener_.Close();
  state_ = DataState::kConnected;
  log::Info("ndmp_data_connected", "peer", ToText(peer));
}

Wish Data::NextWish() const {
  if (job_ != nullptr) return {job_->fd(), POLLIN, false};
  if (state_ == DataState::kListen) return {listener_.fd(), POLLIN, false};
  return {};
}

void Data::Step() {
  AcceptWaiting();
  if (job_ == nullptr) return;
  for (DataEvent& event : job_->Take()) {
    if (job_ != nullptr) Handle(event);
  }
}

void Data::Handle(DataEvent& event) {
  if (auto* history = std::get_if<HistoryEvent>(&event)) {
    PostHistory(history->entries, history_, outbox_);
  } else if (auto* result = std::get_if<FileResultEvent>(&event)) {
    PostFileResult(result->name, result->status, outbox_);
    if (!result->status.ok()) {
      Say(LogType::kError, fmt::format("{}: {}", result->name, MessageOf(result->status)));
    }
  } else if (auto* said = std::get_if<SayEvent>(&event)) {
    Say(said->type, said->text);
  } else if (auto* wanted = std::get_if<ReadEvent>(&event)) {
    HandleRead(*wanted);
  } else if (auto* end = std::get_if<EndEvent>(&event)) {
    HandleEnd(end->status);
  }
}

void Data::HandleRead(const ReadEvent& event) {
  read_ = {event.offset, event.length};
  if (addr_.type != AddrType::kLocal) {
    outbox_.Post(Code::kNotifyDataRead, read_);
    return;
  }
  // What is wrong shows in the mover's state; when it has halted the job finds the stream ended.
  Error error = mover_.Read(read_);
  if (error == Error::kNone) return;
  Fail(DataHalt::kInternalError, "the mover does not read");
}

void Data::Fail(DataHalt reason, const std::string& why) {
  Say(LogType::kError, why);
  on_failure_({operation_ == DataOperation::kBackup ? "backup" : "recovery", path_, "", why});
  Halt(reason, why);
}

void Data::HandleEnd(const absl::Status& status) {
  if (status.ok()) return Halt(DataHalt::kSuccessful, "");
  Fail(absl::IsUnavailable(status) ? DataHalt::kConnectError : DataHalt::kInternalError,
       std::string(MessageOf(status)));
}

}  // namespace oca::ndmp
