// A PostgreSQL server of the test's own, on a unix socket in a folder of its own.
#ifndef OCA_T_SUPPORT_PG_INSTANCE_H_
#define OCA_T_SUPPORT_PG_INSTANCE_H_

#include <memory>
#include <string>

#include "t/support/process.h"
#include "t/support/temp_dir.h"

namespace oca::support {

// Runs as the account `postgres` when the test runs as root. Gone with the test program, however
// that ends. Not thread-safe.
class PgInstance {
 public:
  // Makes the cluster and starts it; aborts the test program, with the log, when that fails.
  PgInstance();
  ~PgInstance();
  PgInstance(const PgInstance&) = delete;
  PgInstance& operator=(const PgInstance&) = delete;

  // A connection string for the database `name`, which must exist ("postgres" does).
  std::string Dsn(const std::string& name = "postgres") const;
  // Makes an empty database with a name of its own; its connection string.
  std::string NewDatabase();

  // What pg_dump makes of a database; `dsn` of NewDatabase.
  std::string Dump(const std::string& dsn);

  // Kills the server (as a crash would), and starts it again on the same data.
  void Kill();
  void Start();
  // From now on the server takes connections and bytes, and does nothing with them (SIGSTOP); and
  // again as before.
  void Freeze();
  void Thaw();

 private:
  void SignalAll(int signal);
  std::string Program(const std::string& name) const;
  void RunOrDie(const std::vector<std::string>& command);

  TempDir dir_;
  std::string bin_;
  std::vector<std::string> as_owner_;  // what is put before a command that must not run as root
  std::unique_ptr<Process> server_;
  int databases_ = 0;
  int dumps_ = 0;
};

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_PG_INSTANCE_H_
