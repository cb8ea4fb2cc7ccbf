#include "lib/api/home.h"

#include "fmt/format.h"

namespace oca::api {

std::string_view Version() { return OCA_VERSION; }

std::string FsSocket(std::string_view home) { return fmt::format("{}/run/ocafsd.sock", home); }

std::string ManagementSocket(std::string_view home) {
  return fmt::format("{}/run/ocaconfigsvc.sock", home);
}

std::string VtlSocket(std::string_view home) { return fmt::format("{}/run/ocavtl.sock", home); }
std::string EventSocket(std::string_view home) {
  return fmt::format("{}/run/oca_idm_eda.sock", home);
}

std::string HealthSocket(std::string_view home) { return fmt::format("{}/run/nhm.sock", home); }

std::string MonitorSocket(std::string_view home) {
  return fmt::format("{}/run/ocamonitor.sock", home);
}

std::string SshFolder(std::string_view home) { return fmt::format("{}/ssh", home); }

std::string SshSocket(std::string_view home) {
  return fmt::format("{}/ocaconfigsvc.sock", SshFolder(home));
}

std::string AccountsFolder(std::string_view home) { return fmt::format("{}/accounts", home); }

std::string AccountsSocket(std::string_view home) {
  return AccountsFolder(home) + "/ocaconfigsvc.sock";
}
std::string AccountsDoor(std::string_view home) { return AccountsFolder(home) + "/door.sock"; }

std::string GatewaysFolder(std::string_view home) { return fmt::format("{}/gateways", home); }

std::string GatewaysSocket(std::string_view home) {
  return GatewaysFolder(home) + "/ocaconfigsvc.sock";
}

std::string HttpFolder(std::string_view home) { return fmt::format("{}/http", home); }

std::string HttpSocket(std::string_view home) {
  return fmt::format("{}/ocaconfigsvc.sock", HttpFolder(home));
}

std::string HttpUrlFile(std::string_view home) { return fmt::format("{}/run/ocahttp.url", home); }

std::string PrivateDsn(std::string_view home) {
  // Quoted for libpq: a home may hold blanks and quotes.
  std::string quoted;
  for (char c : home) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return fmt::format("host='{}/pg/run' port=5432 user=oca dbname=oca", quoted);
}

}  // namespace oca::api
