// The files of etc/migrations, built into the program.
#ifndef OCA_SERVICES_CONFIG_MIGRATIONS_H_
#define OCA_SERVICES_CONFIG_MIGRATIONS_H_

#include <vector>

#include "lib/db/migrate.h"

namespace oca::config {

inline constexpr char kSchema[] = "oca_config";

std::vector<db::Migration> Migrations();

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_MIGRATIONS_H_
