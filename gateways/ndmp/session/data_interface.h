// DATA: hands requests to the data service.
#ifndef OCA_GATEWAYS_NDMP_SESSION_DATA_INTERFACE_H_
#define OCA_GATEWAYS_NDMP_SESSION_DATA_INTERFACE_H_

#include "gateways/ndmp/session/data.h"
#include "gateways/ndmp/session/dispatcher.h"

namespace oca::ndmp {

// Borrows it for as long as the dispatcher is used.
void RegisterData(Dispatcher& dispatcher, Data& data);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_DATA_INTERFACE_H_
