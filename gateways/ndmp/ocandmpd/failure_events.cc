#include "gateways/ndmp/ocandmpd/failure_events.h"

#include "lib/base/bell.h"
#include "lib/event/event.h"

namespace oca::ndmp {

using event::Kind;

void FailureEvents::OperationFailed(const OperationFailure& failure) {
  events_.Send(event::Make<Kind::kNdmpOperationFailed>(failure.operation, failure.path,
                                                       failure.client, failure.reason));
}

void FailureEvents::TransferFailed(const TransferFailure& failure) {
  events_.Send(event::Make<Kind::kNdmpTransferFailed>(
      failure.device.empty() ? "no drive" : failure.device, failure.client, failure.reason));
}

void FailureEvents::LoginsRefused(const LoginRefusal& refusal) {
  events_.Send(event::Make<Kind::kNdmpLoginsRefused>(refusal.user, refusal.client, refusal.tries));
}

void FailureEvents::DriveRefused(const DriveRefusal& refusal) {
  if (!busy_.Refused(refusal.device, MonotonicNow())) return;
  events_.Send(event::Make<Kind::kNdmpDriveBusy>(
      refusal.device, absl::ToInt64Minutes(BusyWatch::kTooLong), refusal.client));
}

void FailureEvents::DriveOpened(const std::string& device) {
  if (busy_.Opened(device)) events_.Send(event::Make<Kind::kNdmpDriveFree>(device));
}

}  // namespace oca::ndmp
