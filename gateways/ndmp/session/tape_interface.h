// TAPE: one drive, one request for one block.
#ifndef OCA_GATEWAYS_NDMP_SESSION_TAPE_INTERFACE_H_
#define OCA_GATEWAYS_NDMP_SESSION_TAPE_INTERFACE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "gateways/ndmp/session/device_slot.h"
#include "gateways/ndmp/session/dispatcher.h"
#include "gateways/ndmp/session/failures.h"
#include "gateways/ndmp/wire/messages_tape.h"

namespace oca::ndmp {

// Not thread-safe.
class TapeInterface {
 public:
  // Borrows all. `client`: its address. `mover_has_tape`: whether the mover listens or moves, so
  // that nobody else may touch the tape.
  TapeInterface(Outbox& outbox, Devices& devices, DeviceSlot& slot, FailureListener& failures,
                std::string client, std::function<bool()> mover_has_tape)
      : outbox_(outbox),
        devices_(devices),
        slot_(slot),
        failures_(failures),
        client_(std::move(client)),
        mover_has_tape_(std::move(mover_has_tape)) {}

  void Register(Dispatcher& dispatcher);
  // At the session's end.
  void CloseAny();
  // Bytes read and written in single blocks since the session began.
  uint64_t bytes_ever() const { return bytes_ever_; }

 private:
  // Whether a request for the open tape may be done.
  Error Usable() const;
  Error Open(const TapeOpenRequest& request);
  Error TryToOpen(const TapeOpenRequest& request);
  Error Close();
  Error GetState(TapeGetStateReply& reply);
  Error Mtio(const TapeMtioRequest& request, TapeMtioReply& reply);
  Error Write(const TapeWriteRequest& request, TapeWriteReply& reply);
  Error Read(const TapeReadRequest& request, TapeReadReply& reply);
  Error Execute(const ExecuteCdbRequest& request, ExecuteCdbReply& reply);

  Outbox& outbox_;
  Devices& devices_;
  DeviceSlot& slot_;
  FailureListener& failures_;
  const std::string client_;
  const std::function<bool()> mover_has_tape_;
  uint64_t bytes_ever_ = 0;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_TAPE_INTERFACE_H_
