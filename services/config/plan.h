// What must happen so that the configuration (PostgreSQL) and what ocafsd holds agree again. Pure.
//
// Rules. Nothing that ocafsd holds is ever deleted: what the configuration does not know is
// adopted, and a deletion that was not confirmed is called off. A row that is ready but missing in
// ocafsd is made again. A row whose creation was not confirmed and that ocafsd does not hold is
// forgotten: nobody was told that it exists. Settings (compression, quota) are the configuration's.
// DefaultGroup always exists.
#ifndef OCA_SERVICES_CONFIG_PLAN_H_
#define OCA_SERVICES_CONFIG_PLAN_H_

#include <string_view>
#include <vector>

#include "services/config/filesystem_client.h"
#include "services/config/store.h"

namespace oca::config {

struct Action {
  enum class Kind {
    kForgetContainer,    // delete the row
    kMakeGroup,          // insert the row, make the group in ocafsd, confirm
    kAdoptGroup,         // insert the row
    kConfirmGroup,       // replace the row
    kRecreateGroup,      // make the group in ocafsd, confirm
    kPushGroup,          // give ocafsd the row's settings
    kAdoptContainer,     // insert the row
    kConfirmContainer,   // replace the row
    kPushContainer,      // make ocafsd's settings those of the row
    kRecreateContainer,  // make the container in ocafsd, confirm
    kForgetGroup,        // delete the row
  };
  Kind kind;
  GroupRow group;          // as it shall be, for actions on groups
  ContainerRow container;  // as it shall be, for actions on containers
};

// In the order in which to do them.
std::vector<Action> Plan(const Desired& desired, const Actual& actual);

std::string_view ActionName(Action::Kind kind);  // for the log: "adopt_container"

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_PLAN_H_
