// Where the parts of an appliance meet: paths under its home (OCA_HOME), and the program's version.
#ifndef OCA_LIB_API_HOME_H_
#define OCA_LIB_API_HOME_H_

#include <string>
#include <string_view>

namespace oca::api {

// Of this build, for example "0.1.0".
std::string_view Version();

// Socket of ocafsd (service oca.fs.v1.Fs).
std::string FsSocket(std::string_view home);
// Socket of ocaconfigsvc (service oca.management.v1.Management).
std::string ManagementSocket(std::string_view home);
// Socket of ocavtl (service oca.vtl.v1.Vtl).
std::string VtlSocket(std::string_view home);
// Socket of oca_idm_eda (service oca.event.v1.Collector).
std::string EventSocket(std::string_view home);
// Socket of nhm (services oca.event.v1.Recorder and oca.management.v1.Alerts).
std::string HealthSocket(std::string_view home);
// Socket of ocamonitor (service oca.management.v1.Statistics).
std::string MonitorSocket(std::string_view home);
// What accounts that bring users in by ssh may enter: the same service, for users alone, and the
// keys.
std::string SshFolder(std::string_view home);
std::string SshSocket(std::string_view home);
// What accounts may enter that are users by their own names (etc/oca-ssh-user): the same service,
// where only tokens say for whom a call is; and the door at which they get one.
std::string AccountsFolder(std::string_view home);
std::string AccountsSocket(std::string_view home);
std::string AccountsDoor(std::string_view home);
// What ocahttp may enter: the same service, where only tokens say for whom a call is; and its
// certificate.
std::string HttpFolder(std::string_view home);
std::string HttpSocket(std::string_view home);
// Where ocahttp says by which URL this machine reaches it; the file is empty while its port is
// taken.
std::string HttpUrlFile(std::string_view home);
// What accounts that run gateways may enter: the service Gateways alone.
std::string GatewaysFolder(std::string_view home);
std::string GatewaysSocket(std::string_view home);
// Connection string of the private PostgreSQL cluster.
std::string PrivateDsn(std::string_view home);

}  // namespace oca::api

#endif  // OCA_LIB_API_HOME_H_
