#include "lib/db/result.h"

#include <libpq-fe.h>

#include <cassert>
#include <charconv>

#include "fmt/format.h"

namespace oca::db {

Result::Result(pg_result* result) : result_(result) {}

void Result::Clear::operator()(pg_result* result) const { PQclear(result); }

int Result::rows() const { return PQntuples(result_.get()); }

int Result::columns() const { return PQnfields(result_.get()); }

bool Result::IsNull(int row, int column) const {
  assert(row >= 0 && row < rows() && column >= 0 && column < columns());
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Result::Text(int row, int column) const {
  assert(row >= 0 && row < rows() && column >= 0 && column < columns());
  return {PQgetvalue(result_.get(), row, column),
          static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

absl::StatusOr<int64_t> Result::Int64(int row, int column) const {
  std::string_view text = Text(row, column);
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return absl::InternalError(
        fmt::format("column {} holds '{}', not an integer", PQfname(result_.get(), column), text));
  }
  return value;
}

std::string_view Result::command() const { return PQcmdStatus(result_.get()); }

int64_t Result::affected() const {
  std::string_view text = PQcmdTuples(result_.get());
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace oca::db
