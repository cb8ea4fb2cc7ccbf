#include "gateways/ndmp/session/session.h"

#include <poll.h>

#include <array>
#include <utility>

#include "gateways/ndmp/session/config_interface.h"
#include "gateways/ndmp/session/connect_interface.h"
#include "gateways/ndmp/session/control.h"
#include "gateways/ndmp/session/data.h"
#include "gateways/ndmp/session/data_interface.h"
#include "gateways/ndmp/session/dispatcher.h"
#include "gateways/ndmp/session/mover.h"
#include "gateways/ndmp/session/mover_interface.h"
#include "gateways/ndmp/session/outbox.h"
#include "gateways/ndmp/session/scsi_interface.h"
#include "gateways/ndmp/session/tape_interface.h"
#include "lib/log/log.h"
#include "lib/log/request.h"
#include "lib/rpc/request_id.h"

namespace oca::ndmp {
namespace {

// How long a peer may take to say who it is.
constexpr absl::Duration kStrangersTime = absl::Minutes(2);

// Data connections come to where the client found us, unless the configuration says otherwise.
DataAddress DataAddressOf(const DataAddress& configured, const Socket& connection) {
  DataAddress address = configured;
  if (address.ip != 0) return address;
  absl::StatusOr<Endpoint> here = LocalEnd(connection);
  if (here.ok()) address.ip = here->ip;
  return address;
}

class Session {
 public:
  Session(Socket connection, const Endpoint& peer, const DataAddress& data, Shared& shared)
      : id_(rpc::NewRequestId()),
        peer_(peer),
        client_(IpText(peer.ip)),
        failures_(shared.failures),
        sessions_(shared.sessions),
        data_address_(DataAddressOf(data, connection)),
        control_(std::move(connection)),
        outbox_([this](const std::string& message) { control_.Send(message); }),
        dispatcher_(outbox_, [this] { return connect_.authorized(); }),
        connect_(outbox_, shared.authenticator, shared.failures, client_),
        config_(outbox_, shared.devices, shared.tree, shared.revision),
        scsi_(shared.devices, slot_),
        mover_(outbox_, slot_, data_address_,
               [this](const std::string& reason) { TransferFailed(reason); }),
        data_(outbox_, shared.tree, mover_, data_address_,
              [this](OperationFailure failure) { OperationFailed(std::move(failure)); }),
        tape_(outbox_, shared.devices, slot_, failures_, client_,
              [this] { return mover_.HasTape(); }) {
    connect_.Register(dispatcher_);
    config_.Register(dispatcher_);
    scsi_.Register(dispatcher_);
    tape_.Register(dispatcher_);
    RegisterMover(dispatcher_, mover_);
    RegisterData(dispatcher_, data_);
    mover_.set_local_peer(&data_);
  }

  void Run(int stop_fd) {
    const log::RequestScope scope(id_);
    log::Info("ndmp_session", "from", client_);
    sessions_.Add(id_, ToText(peer_));
    const absl::Time strangers_end = absl::Now() + kStrangersTime;
    bool stopped = false;
    connect_.Greet();
    Tell();
    while (!stopped && !control_.ended() && !connect_.closed()) {
      if (!connect_.authorized() && absl::Now() >= strangers_end) break;
      stopped = WaitForWork(stop_fd);
      Tell();
    }
    if (stopped) connect_.SayShutdown();
    if (control_.ended() && InTransfer()) TransferFailed("the client's connection ended");
    data_.Abort();
    mover_.Abort();
    tape_.CloseAny();
    TellEnd(stopped);
    log::Info("ndmp_session_ended", "from", client_, "user", connect_.user());
  }

 private:
  // One round of the loop. True: the service stops.
  bool WaitForWork(int stop_fd) {
    Wish wish = mover_.NextWish();
    Wish data_wish = data_.NextWish();
    std::array<pollfd, 4> wanted = {pollfd{stop_fd, POLLIN, 0},
                                    {control_.fd(), POLLIN, 0},
                                    {wish.fd, wish.events, 0},
                                    {data_wish.fd, data_wish.events, 0}};
    // The data service counts bytes on a thread of its own.
    const absl::Duration round = data_.state() == DataState::kActive ? kBusyRound : kRound;
    const int timeout = wish.now ? 0 : static_cast<int>(absl::ToInt64Milliseconds(round));
    if (poll(wanted.data(), wanted.size(), timeout) < 0) return false;
    if (wanted[0].revents != 0) return true;
    if (wanted[1].revents != 0) HandleRequests();
    // What a request did may have changed what the mover waits for; a step that can do nothing
    // does nothing.
    if (wish.now || wanted[2].revents != 0) mover_.Step();
    if (wanted[3].revents != 0) data_.Step();
    outbox_.Flush();
    return false;
  }

  void HandleRequests() {
    control_.Receive();
    while (!connect_.closed()) {
      std::optional<std::string> message = control_.Next();
      if (!message) return;
      mover_.AcceptWaiting();
      data_.AcceptWaiting();
      dispatcher_.Dispatch(*message);
      if (connect_.authorized()) control_.Trust();
    }
  }

  bool InTransfer() const {
    return mover_.state() == MoverState::kActive || mover_.state() == MoverState::kPaused ||
           data_.state() == DataState::kActive;
  }
  void TransferFailed(const std::string& reason) {
    error_ = reason;
    failures_.TransferFailed({slot_.name, client_, reason});
  }
  void OperationFailed(OperationFailure failure) {
    error_ = failure.reason;
    failure.client = client_;
    failures_.OperationFailed(failure);
  }

  SessionState State() const {
    return {outbox_.version(), connect_.user(), mover_.state(),
            data_.state(),     slot_.name,      mover_.bytes_ever() + tape_.bytes_ever(),
            data_.bytes_ever()};
  }
  // Puts what has changed on the list.
  void Tell() {
    if (!slot_.name.empty()) last_device_ = slot_.name;
    SessionState state = State();
    if (state == told_) return;
    sessions_.Set(id_, state);
    told_ = std::move(state);
  }
  void TellEnd(bool stopped) {
    SessionState state = State();
    state.device = last_device_;
    sessions_.Set(id_, state);
    SessionResult result = stopped ? SessionResult::kShutDown : SessionResult::kSuccessful;
    sessions_.End(id_, error_.empty() ? result : SessionResult::kFailed, error_);
  }

  static constexpr absl::Duration kRound = absl::Seconds(10);
  static constexpr absl::Duration kBusyRound = absl::Seconds(1);

  const std::string id_;  // of the request that the logs name, too
  const Endpoint peer_;
  const std::string client_;  // its address
  FailureListener& failures_;
  SessionList& sessions_;
  const DataAddress data_address_;
  Control control_;
  Outbox outbox_;
  Dispatcher dispatcher_;
  DeviceSlot slot_;
  ConnectInterface connect_;
  ConfigInterface config_;
  ScsiInterface scsi_;
  Mover mover_;
  Data data_;
  TapeInterface tape_;
  std::string error_;  // what failed last
  std::string last_device_;
  SessionState told_;
};

}  // namespace

void ServeSession(Socket connection, const Endpoint& peer, const DataAddress& data, Shared& shared,
                  int stop_fd) {
  Session(std::move(connection), peer, data, shared).Run(stop_fd);
}

void RefuseSession(Socket connection, const std::string& why) {
  Control control(std::move(connection));
  Outbox outbox([&](const std::string& message) { control.Send(message); });
  outbox.Post(Code::kNotifyConnectionStatus,
              NotifyConnectionStatus{ConnectionReason::kRefused, kNewestVersion, why});
  outbox.Flush();
}

}  // namespace oca::ndmp
