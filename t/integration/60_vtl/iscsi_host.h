// An iSCSI initiator for tests: one session that sends raw CDBs.
#ifndef OCA_T_INTEGRATION_60_VTL_ISCSI_HOST_H_
#define OCA_T_INTEGRATION_60_VTL_ISCSI_HOST_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "t/support/scsi_answer.h"

struct iscsi_context;

namespace oca::scsi {

struct Login {
  std::string portal;     // "127.0.0.1:3260"
  std::string target;     // iqn
  std::string initiator;  // iqn
  uint32_t port = 1;      // tells ports of one initiator apart
  std::string user;       // of CHAP; empty: none
  std::string password;
  std::string target_user;  // by which the target has to prove itself; empty: it has not
  std::string target_password;
};

// Not thread-safe.
class IscsiHost {
 public:
  explicit IscsiHost(const Login& login);
  ~IscsiHost();
  IscsiHost(const IscsiHost&) = delete;
  IscsiHost& operator=(const IscsiHost&) = delete;

  // Why the login failed; empty: it did not.
  const std::string& error() const { return error_; }
  // A command whose transport fails has Status 0xff.
  Answer Send(int lun, const std::string& cdb, std::string_view out = {}, size_t in_bytes = 0);
  bool ResetUnit(int lun);

 private:
  iscsi_context* context_;
  std::string error_;
};

// READ(6) and WRITE(6) of one block, WRITE FILEMARKS(6), and where the tape stands.
Answer ReadBlock(IscsiHost& host, int lun, uint32_t bytes);
Answer WriteBlock(IscsiHost& host, int lun, const std::string& block);
Answer WriteMarks(IscsiHost& host, int lun, uint32_t count);
uint64_t Position(IscsiHost& host, int lun);

}  // namespace oca::scsi

#endif  // OCA_T_INTEGRATION_60_VTL_ISCSI_HOST_H_
