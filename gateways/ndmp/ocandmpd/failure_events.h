// What goes wrong in sessions, as events.
#ifndef OCA_GATEWAYS_NDMP_OCANDMPD_FAILURE_EVENTS_H_
#define OCA_GATEWAYS_NDMP_OCANDMPD_FAILURE_EVENTS_H_

#include <string>

#include "gateways/ndmp/ocandmpd/busy_watch.h"
#include "gateways/ndmp/session/failures.h"
#include "lib/event/client.h"

namespace oca::ndmp {

// Thread-safe.
class FailureEvents final : public FailureListener {
 public:
  // Borrows the sink.
  explicit FailureEvents(event::Sink& events) : events_(events) {}

  void OperationFailed(const OperationFailure& failure) override;
  void TransferFailed(const TransferFailure& failure) override;
  void LoginsRefused(const LoginRefusal& refusal) override;
  void DriveRefused(const DriveRefusal& refusal) override;
  void DriveOpened(const std::string& device) override;

 private:
  event::Sink& events_;
  BusyWatch busy_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_OCANDMPD_FAILURE_EVENTS_H_
