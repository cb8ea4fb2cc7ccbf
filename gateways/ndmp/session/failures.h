// What goes wrong in sessions and concerns those who look after the appliance.
#ifndef OCA_GATEWAYS_NDMP_SESSION_FAILURES_H_
#define OCA_GATEWAYS_NDMP_SESSION_FAILURES_H_

#include <string>

namespace oca::ndmp {

// A backup or recovery that ended otherwise than it should have, and not by its client's wish.
struct OperationFailure {
  std::string operation;  // "backup", "recovery"
  std::string path;       // "/oca/c1": what it was of, or where it went
  std::string client;     // its address
  std::string reason;
};

// A transfer between a tape and a data connection that did, or a session in the middle of one.
struct TransferFailure {
  std::string device;  // "/oca/lib1/drive0"; empty: none was open
  std::string client;
  std::string reason;
};

// A connection that was closed because its client failed to sign in too often.
struct LoginRefusal {
  std::string user;  // of the last try
  std::string client;
  int tries = 0;
};

// A drive that a client was told to be busy: a host, or another session, has it.
struct DriveRefusal {
  std::string device;
  std::string client;
};

// Thread-safe.
class FailureListener {
 public:
  virtual ~FailureListener() = default;
  virtual void OperationFailed(const OperationFailure& failure) = 0;
  virtual void TransferFailed(const TransferFailure& failure) = 0;
  virtual void LoginsRefused(const LoginRefusal& refusal) = 0;
  virtual void DriveRefused(const DriveRefusal& refusal) = 0;
  virtual void DriveOpened(const std::string& device) = 0;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_FAILURES_H_
