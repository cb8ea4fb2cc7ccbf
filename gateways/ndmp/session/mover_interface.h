// MOVER: hands requests to the mover.
#ifndef OCA_GATEWAYS_NDMP_SESSION_MOVER_INTERFACE_H_
#define OCA_GATEWAYS_NDMP_SESSION_MOVER_INTERFACE_H_

#include "gateways/ndmp/session/dispatcher.h"
#include "gateways/ndmp/session/mover.h"

namespace oca::ndmp {

// Borrows the mover for as long as the dispatcher is used.
void RegisterMover(Dispatcher& dispatcher, Mover& mover);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_MOVER_INTERFACE_H_
