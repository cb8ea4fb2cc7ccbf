// The files of etc/migrations/statistics, built into the program.
#ifndef OCA_SERVICES_MONITOR_MIGRATIONS_H_
#define OCA_SERVICES_MONITOR_MIGRATIONS_H_

#include <vector>

#include "lib/db/migrate.h"

namespace oca::monitor {

inline constexpr char kSchema[] = "oca_statistics";

std::vector<db::Migration> Migrations();

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_MIGRATIONS_H_
