// A tape library served by Debian's tgtd with the module, on loopback, for a test.
#ifndef OCA_T_INTEGRATION_60_VTL_TAPE_SERVER_H_
#define OCA_T_INTEGRATION_60_VTL_TAPE_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "lib/vtape/library.h"
#include "t/integration/60_vtl/iscsi_host.h"
#include "t/support/process.h"
#include "t/support/temp_dir.h"

namespace oca::scsi {

// Aborts the test program when something that is not under test fails.
class TapeServer {
 public:
  // Makes a library with two drives, four slots and two mail slots, and starts tgtd.
  TapeServer();
  ~TapeServer();

  // As ocavtl does: serves the robot and both drives.
  void Start();
  // Orderly; tapes are unloaded.
  void Stop();
  void Kill();
  // Runs tgtadm; its exit code. What it prints is in log().
  int Admin(const std::vector<std::string>& arguments);
  Login LoginAs(const std::string& initiator) const;
  // A library of its own, as another process would open it.
  std::unique_ptr<vtape::Library> Operator() const;
  std::string library_dir() const { return dir_.Path("library"); }
  std::string log() const { return support::ReadText(dir_.Path("log")); }

 private:
  support::TempDir dir_;
  int port_ = 0;
  std::unique_ptr<support::Process> server_;
};

}  // namespace oca::scsi

#endif  // OCA_T_INTEGRATION_60_VTL_TAPE_SERVER_H_
