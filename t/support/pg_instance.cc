#include "t/support/pg_instance.h"

#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace oca::support {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(60);

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "PgInstance: %s\n", what.c_str());
  std::abort();
}

// Debian keeps the server's programs of each version in a folder of its own; the newest one.
std::string FindBin() {
  glob_t found{};
  std::string bin;
  if (::glob("/usr/lib/postgresql/*/bin/initdb", 0, nullptr, &found) == 0) {
    bin = found.gl_pathv[found.gl_pathc - 1];
    bin.resize(bin.rfind('/'));
  }
  ::globfree(&found);
  if (bin.empty()) Die("no /usr/lib/postgresql/*/bin/initdb: install the package postgresql");
  return bin;
}

}  // namespace

PgInstance::PgInstance() : bin_(FindBin()) {
  if (::geteuid() == 0) {
    const passwd* owner = ::getpwnam("postgres");
    if (owner == nullptr) Die("no account postgres");
    if (::chown(dir_.path().c_str(), owner->pw_uid, owner->pw_gid) != 0) Die("chown");
    as_owner_ = {"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"};
  }
  RunOrDie({Program("initdb"), "--pgdata=" + dir_.Path("data"), "--auth=trust",
            "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"});
  Start();
}

PgInstance::~PgInstance() {
  if (server_ == nullptr) return;
  Thaw();  // it may be frozen, and would not see the signal
  Kill();
}

std::string PgInstance::Program(const std::string& name) const { return bin_ + "/" + name; }

void PgInstance::RunOrDie(const std::vector<std::string>& command) {
  std::vector<std::string> whole = as_owner_;
  whole.insert(whole.end(), command.begin(), command.end());
  std::string log = dir_.Path("log");
  if (RunCommand(whole, log) != 0) Die(command[0] + " failed:\n" + ReadText(log));
}

void PgInstance::Start() {
  std::vector<std::string> command = as_owner_;
  if (command.empty()) command = {"setpriv"};
  // Changing the account clears the parent-death signal, so setpriv sets it anew.
  const std::vector<std::string> server = {
      "--pdeathsig=SIGQUIT", Program("postgres"),    "-D",
      dir_.Path("data"),     "-k" + dir_.path(),     "-clisten_addresses=",
      "-cfsync=off",         "-cshared_buffers=8MB", "-cmax_connections=20",
  };
  command.insert(command.end(), server.begin(), server.end());
  server_ = std::make_unique<Process>(command, dir_.Path("log"));
  absl::Time deadline = absl::Now() + kStartTimeout;
  while (RunCommand({Program("pg_isready"), "-q", "-h", dir_.path()}, dir_.Path("log")) != 0) {
    if (server_->WaitForEnd(absl::Milliseconds(20)) || absl::Now() > deadline) {
      Die("postgres does not start:\n" + ReadText(dir_.Path("log")));
    }
  }
}

void PgInstance::Kill() {
  // SIGQUIT: at once, without a checkpoint, but with its children and shared memory cleaned up.
  server_->Signal(SIGQUIT);
  if (!server_->WaitForEnd(kStartTimeout)) Die("postgres does not end");
  server_.reset();
}

void PgInstance::SignalAll(int signal) {
  server_->Signal(signal);
  const std::string pid = std::to_string(server_->pid());
  std::istringstream children(ReadText("/proc/" + pid + "/task/" + pid + "/children"));
  // One that has ended meanwhile needs no signal; its number is not used again so soon.
  for (pid_t child = 0; children >> child;) ::kill(child, signal);
}

void PgInstance::Freeze() { SignalAll(SIGSTOP); }
void PgInstance::Thaw() { SignalAll(SIGCONT); }

std::string PgInstance::Dsn(const std::string& name) const {
  return "host=" + dir_.path() + " user=postgres dbname=" + name;
}

std::string PgInstance::NewDatabase() {
  std::string name = "t" + std::to_string(++databases_);
  RunOrDie({Program("createdb"), "-h", dir_.path(), "-U", "postgres", name});
  return Dsn(name);
}

std::string PgInstance::Dump(const std::string& dsn) {
  const std::string path = dir_.Path("dump" + std::to_string(++dumps_));
  if (RunCommand({Program("pg_dump"), "--dbname=" + dsn}, path) != 0) Die(ReadText(path));
  return ReadText(path);
}

}  // namespace oca::support
