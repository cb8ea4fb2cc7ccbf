#include "lib/base/status.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace oca {
namespace {

struct Row {
  absl::StatusCode code;
  int error_number;
};
// docs: the table of lib/base/status.h, one row for every code that exists.
constexpr Row kTable[] = {
    {absl::StatusCode::kOk, 0},
    {absl::StatusCode::kCancelled, EINTR},
    {absl::StatusCode::kUnknown, EIO},
    {absl::StatusCode::kInvalidArgument, EINVAL},
    {absl::StatusCode::kDeadlineExceeded, ETIMEDOUT},
    {absl::StatusCode::kNotFound, ENOENT},
    {absl::StatusCode::kAlreadyExists, EEXIST},
    {absl::StatusCode::kPermissionDenied, EACCES},
    {absl::StatusCode::kResourceExhausted, ENOSPC},
    {absl::StatusCode::kFailedPrecondition, EBUSY},
    {absl::StatusCode::kAborted, EBUSY},
    {absl::StatusCode::kOutOfRange, EINVAL},
    {absl::StatusCode::kUnimplemented, ENOSYS},
    {absl::StatusCode::kInternal, EIO},
    {absl::StatusCode::kUnavailable, EAGAIN},
    {absl::StatusCode::kDataLoss, EIO},
    {absl::StatusCode::kUnauthenticated, EPERM},
};

TEST(ErrnoOf, HasARowForEveryCode) {
  for (const Row& row : kTable) {
    EXPECT_EQ(ErrnoOf(absl::Status(row.code, "x")), row.error_number)
        << absl::StatusCodeToString(row.code);
  }
  EXPECT_EQ(std::size(kTable), 17u);  // canonical codes are 0..16
}

TEST(ErrnoOf, GivesBackEveryErrnoOfPosixError) {
  for (int error_number = 1; error_number < 134; ++error_number) {
    if (strerrorname_np(error_number) == nullptr) continue;  // 41 and 58 name nothing
    absl::Status status = PosixError(error_number, "open /a");
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(ErrnoOf(status), error_number);
    EXPECT_EQ(status.code(), absl::ErrnoToStatusCode(error_number));
  }
}

TEST(ErrnoOf, FallsBackToTheCodeWhenThePayloadIsMalformed) {
  for (const char* bad : {"", "x", "-5", "0", "99999999999999999999"}) {
    absl::Status status = PosixError(ENOTEMPTY, "rmdir /a");
    status.SetPayload("oca/errno", absl::Cord(bad));
    EXPECT_EQ(ErrnoOf(status), EBUSY) << bad;  // kFailedPrecondition's row
  }
}

TEST(PosixError, SaysWhatAndWhy) {
  EXPECT_EQ(MessageOf(PosixError(ENOENT, "open /a")), "open /a: No such file or directory");
}

TEST(PosixError, SurvivesAnErrnoWithoutAName) {
  absl::Status status = PosixError(4095, "ioctl");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(ErrnoOf(status), 4095);
}

TEST(PosixError, IsNeverOk) {
  EXPECT_FALSE(PosixError(0, "close").ok());
  EXPECT_EQ(ErrnoOf(PosixError(0, "close")), EIO);
}

TEST(Annotate, PutsContextBeforeAndKeepsTheRest) {
  absl::Status status = PosixError(EDQUOT, "write /a");
  status.SetPayload("other", absl::Cord("kept"));
  absl::Status annotated = Annotate(status, "pack 7");
  EXPECT_EQ(MessageOf(annotated), "pack 7: write /a: Disk quota exceeded");
  EXPECT_EQ(annotated.code(), status.code());
  EXPECT_EQ(ErrnoOf(annotated), EDQUOT);
  EXPECT_EQ(annotated.GetPayload("other"), absl::Cord("kept"));
}

TEST(Annotate, KeepsOk) { EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok()); }

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return PosixError(EDOM, "odd");
  return n / 2;
}
absl::StatusOr<int> Quarter(int n) {
  OCA_ASSIGN_OR_RETURN(int half, Half(n));
  OCA_ASSIGN_OR_RETURN(half, Half(half));
  return half;
}
absl::Status CheckQuarter(int n) {
  OCA_RETURN_IF_ERROR(Quarter(n).status());
  return absl::OkStatus();
}

TEST(StatusMacros, PassValuesAndErrorsOn) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(ErrnoOf(Quarter(6).status()), EDOM);
  EXPECT_EQ(ErrnoOf(CheckQuarter(3)), EDOM);
  EXPECT_TRUE(CheckQuarter(8).ok());
}

}  // namespace
}  // namespace oca
