// Outcomes of lib/vtape, which may use neither Abseil nor exceptions of its own.
#ifndef OCA_LIB_VTAPE_STATUS_H_
#define OCA_LIB_VTAPE_STATUS_H_

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace oca::vtape {

enum class Code {
  kOk,
  kIo,              // the storage failed
  kNoSpace,         // the storage is full
  kNotFound,        // a file, cartridge or element that is not there
  kExists,          // a file or barcode that is there already
  kBusy,            // held by another process or drive
  kDamaged,         // bytes that cannot be what was written
  kNewer,           // written by a newer version
  kInvalid,         // an argument that can never be right
  kWriteProtected,  // the cartridge, or the drive's mode
  kWorm,            // would overwrite what is written once
  kEndOfMedium,     // the cartridge is full
  kEmpty,           // a source element without a cartridge
  kOccupied,        // a destination element with one
  kPrevented,       // removal of the medium is prevented
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  // What was wrong and where; empty when ok.
  const std::string& message() const { return message_; }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

// A value or a status that is not ok.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}  // NOLINT: converts
  Result(Status status) : state_(std::move(status)) { assert(!this->status().ok()); }  // NOLINT

  bool ok() const { return std::holds_alternative<T>(state_); }
  Status status() const { return ok() ? Status() : std::get<Status>(state_); }
  // Only when ok().
  T& operator*() & { return *std::get_if<T>(&state_); }
  const T& operator*() const& { return *std::get_if<T>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<T>(&state_)); }
  T* operator->() { return std::get_if<T>(&state_); }
  const T* operator->() const { return std::get_if<T>(&state_); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace oca::vtape

#define VTAPE_CONCAT_INNER(a, b) a##b
#define VTAPE_CONCAT(a, b) VTAPE_CONCAT_INNER(a, b)

// Returns from the calling function when `expr` (a Status) is not ok.
#define VTAPE_RETURN_IF_ERROR(expr)                                                 \
  do {                                                                              \
    if (::oca::vtape::Status vtape_st_ = (expr); !vtape_st_.ok()) return vtape_st_; \
  } while (0)

// `lhs` = value of `expr` (a Result), or returns its status.
#define VTAPE_ASSIGN_OR_RETURN(lhs, expr) \
  VTAPE_ASSIGN_OR_RETURN_IMPL(VTAPE_CONCAT(vtape_r_, __LINE__), lhs, expr)
#define VTAPE_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                                \
  if (!tmp.ok()) return tmp.status();               \
  lhs = *std::move(tmp)

#endif  // OCA_LIB_VTAPE_STATUS_H_
