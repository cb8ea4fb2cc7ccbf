#include "lib/rpc/status.h"

#include <cerrno>
#include <string>

#include "absl/strings/cord.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "t/support/status_matchers.h"

namespace oca::rpc {
namespace {

TEST(RpcStatus, EveryCodeSurvivesTheRoundTrip) {
  for (int code = 0; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    absl::Status status(static_cast<absl::StatusCode>(code), "what: where");
    EXPECT_EQ(FromGrpc(ToGrpc(status)), status) << code;
  }
}

TEST(RpcStatus, ErrnoSurvivesTheRoundTrip) {
  for (int error : {ENOTEMPTY, EBUSY, EDQUOT, ENOSPC, EXDEV, ENODATA, ENAMETOOLONG}) {
    EXPECT_ERRNO(FromGrpc(ToGrpc(PosixError(error, "c1"))), error);
  }
}

TEST(RpcStatus, AllPayloadsSurviveTheRoundTrip) {
  absl::Status status = absl::DataLossError("pack 7");
  status.SetPayload("a", absl::Cord(std::string("\0binary\xff", 8)));
  status.SetPayload("b", absl::Cord(""));
  EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
}

TEST(RpcStatus, ForeignOrBrokenDetailsAreDropped) {
  for (std::string details :
       {std::string("\x08\x05 not ours"), std::string("OCS1"), std::string("OCS1\x03"),
        std::string("OCS1\x03"
                    "abc\xff\xff")}) {
    grpc::Status from(grpc::StatusCode::NOT_FOUND, "gone", details);
    EXPECT_EQ(FromGrpc(from), absl::NotFoundError("gone"));
  }
}

TEST(RpcStatus, UnknownCodeBecomesUnknown) {
  // No code, but a value that the enumeration can have.
  grpc::Status from(static_cast<grpc::StatusCode>(31), "odd");
  EXPECT_EQ(FromGrpc(from), absl::UnknownError("odd"));
}

}  // namespace
}  // namespace oca::rpc
