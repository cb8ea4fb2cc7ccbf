// For what reads a whole tree to compare it: a read that fails ends the test program.
#ifndef OCA_T_UNIT_FS_NAMES_MUST_H_
#define OCA_T_UNIT_FS_NAMES_MUST_H_

#include <cstdlib>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::names {

inline void Check(const absl::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "reading a tree: {}\n", status.ToString());
  std::abort();
}

template <typename T>
T Value(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

}  // namespace oca::names

#endif  // OCA_T_UNIT_FS_NAMES_MUST_H_
