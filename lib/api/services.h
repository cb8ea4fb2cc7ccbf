// The services whose methods users can call.
#ifndef OCA_LIB_API_SERVICES_H_
#define OCA_LIB_API_SERVICES_H_

#include <vector>

#include "google/protobuf/descriptor.h"

namespace oca::api {

// Each service of ocaconfigsvc; the gate and REST know methods from here. A new service is put here
// once.
std::vector<const google::protobuf::ServiceDescriptor*> UserServices();

}  // namespace oca::api

#endif  // OCA_LIB_API_SERVICES_H_
