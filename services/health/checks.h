// What a reading means: which alerts are to be raised, and which are over. Pure.
#ifndef OCA_SERVICES_HEALTH_CHECKS_H_
#define OCA_SERVICES_HEALTH_CHECKS_H_

#include <vector>

#include "lib/api/events.pb.h"
#include "services/health/reading.h"
#include "services/health/recorder.h"

namespace oca::health {

// The events that bring the alerts that stand to what the reading says: nothing for what has not
// changed. A value must get better by some way, not just back over its limit, to end an alert. What
// could not be read changes nothing.
std::vector<event::v1::Event> Judge(const Reading& reading,
                                    const std::vector<Recorder::Standing>& standing);

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_CHECKS_H_
