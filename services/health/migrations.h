// The files of etc/migrations/health, built into the program.
#ifndef OCA_SERVICES_HEALTH_MIGRATIONS_H_
#define OCA_SERVICES_HEALTH_MIGRATIONS_H_

#include <vector>

#include "lib/db/migrate.h"

namespace oca::health {

inline constexpr char kSchema[] = "oca_health";

std::vector<db::Migration> Migrations();

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_MIGRATIONS_H_
