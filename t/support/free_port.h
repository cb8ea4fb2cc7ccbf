// A port for a server of a test.
#ifndef OCA_T_SUPPORT_FREE_PORT_H_
#define OCA_T_SUPPORT_FREE_PORT_H_

namespace oca::support {

// A port of loopback that nobody listens on now. Aborts the test program when there is none.
int FreePort();

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_FREE_PORT_H_
