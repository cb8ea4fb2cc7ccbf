// The processes of an appliance, in the order in which they are started.
#ifndef OCA_SERVICES_WATCHER_APPLIANCE_H_
#define OCA_SERVICES_WATCHER_APPLIANCE_H_

#include <optional>
#include <string>
#include <vector>

#include "services/watcher/process.h"

namespace oca::watcher {

// What watcher runs. bin: the programs' folder. own_database: the configuration names no other.
std::vector<Spec> ApplianceSpecs(const std::string& home, const std::string& bin,
                                 bool own_database);

// What watcher_spawn runs: watcher.
std::vector<Spec> WatcherSpecs(const std::string& home, const std::string& bin);

// The process of the PostgreSQL server whose data folder this is.
std::optional<pid_t> PostgresOf(const std::string& data_folder);

}  // namespace oca::watcher

#endif  // OCA_SERVICES_WATCHER_APPLIANCE_H_
