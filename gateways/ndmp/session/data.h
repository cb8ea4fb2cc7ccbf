// DATA: the backup of files to a data connection, and their recovery from one. The states and what
// leads from one to the next: docs/protocols/ndmp.md.
//
// The work is done by a thread of its own (DataJob); this hands on what it tells, in the session's
// thread.
#ifndef OCA_GATEWAYS_NDMP_SESSION_DATA_H_
#define OCA_GATEWAYS_NDMP_SESSION_DATA_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateways/ndmp/data/orders.h"
#include "gateways/ndmp/data/tree.h"
#include "gateways/ndmp/session/data_connection.h"
#include "gateways/ndmp/session/data_job.h"
#include "gateways/ndmp/session/failures.h"
#include "gateways/ndmp/session/mover.h"
#include "gateways/ndmp/session/outbox.h"
#include "gateways/ndmp/wire/messages_data.h"
#include "gateways/ndmp/wire/messages_tape.h"

namespace oca::ndmp {

// Not thread-safe.
class Data final : public LocalPeer {
 public:
  using OnFailure = std::function<void(OperationFailure)>;

  // Borrows all. `mover`: of the same session. `on_failure` is not told the client.
  Data(Outbox& outbox, const Tree& tree, Mover& mover, const DataAddress& address,
       OnFailure on_failure)
      : outbox_(outbox),
        tree_(tree),
        mover_(mover),
        address_(address),
        on_failure_(std::move(on_failure)) {}

  Error Listen(AddrType type, ListenReply& reply);
  Error Connect(const Addr& addr);
  Error StartBackup(const DataStartBackupRequest& request);
  Error StartRecover(const DataStartRecoverRequest& request);
  Error Abort();
  Error Stop();
  Error GetEnv(DataGetEnvReply& reply) const;
  void GetState(DataGetStateReply& reply) const;

  DataState state() const { return state_; }
  // Bytes that went through it since the session began.
  uint64_t bytes_ever() const { return past_bytes_ + (job_ != nullptr ? job_->bytes() : 0); }

  bool ListensLocally() const override;
  void TakeLocal(Socket stream) override;
  // As with the mover.
  void AcceptWaiting();
  Wish NextWish() const;
  void Step();

 private:
  // Whether the state lets an operation start.
  bool MayStart() const;
  // v2 says by the request itself where the mover is.
  Error ConnectOldClient(const Addr& mover);
  // What was wrong with an order, for people.
  Error Refuse(const absl::Status& status);
  Error Begin(DataOperation operation, DataJob::Work work, const std::vector<Pval>& env);
  void Handle(DataEvent& event);
  void HandleRead(const ReadEvent& event);
  void HandleEnd(const absl::Status& status);
  void Fail(DataHalt reason, const std::string& why);
  void Halt(DataHalt reason, const std::string& why);
  void Say(LogType type, const std::string& text);
  void Reset();

  Outbox& outbox_;
  const Tree& tree_;
  Mover& mover_;
  const DataAddress& address_;
  const OnFailure on_failure_;

  DataState state_ = DataState::kIdle;
  DataOperation operation_ = DataOperation::kNone;
  DataHalt halt_reason_ = DataHalt::kNone;
  Addr addr_;
  Socket listener_;
  Socket stream_;  // until a job has it
  std::unique_ptr<DataJob> job_;
  std::string path_;  // what the operation is about, as clients name it
  HistoryKind history_ = HistoryKind::kNone;
  std::vector<Pval> env_;
  uint64_t bytes_ = 0;       // of a job that has ended
  uint64_t past_bytes_ = 0;  // of all jobs that have
  StreamRange read_;         // asked for last
  uint32_t texts_ = 0;       // said
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_DATA_H_
