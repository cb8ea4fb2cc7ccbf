// Rows of a query's answer.
#ifndef OCA_LIB_DB_RESULT_H_
#define OCA_LIB_DB_RESULT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct pg_result;

namespace oca::db {

// Immutable; may be read from several threads. Rows and columns count from 0; outside them is a
// programming error (asserted).
class Result {
 public:
  explicit Result(pg_result* result);

  int rows() const;
  int columns() const;
  bool IsNull(int row, int column) const;
  // The value as PostgreSQL writes it; empty for NULL. Valid while this lives.
  std::string_view Text(int row, int column) const;
  // kInternal, naming the column, for NULL and for what is no such number.
  absl::StatusOr<int64_t> Int64(int row, int column) const;
  // The command that this answers, as PostgreSQL names it: "SELECT 3", "COMMIT".
  std::string_view command() const;
  // How many rows a command without answer changed.
  int64_t affected() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace oca::db

#endif  // OCA_LIB_DB_RESULT_H_
