#include "fs/format/repository.h"

#include <string>

#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/format/damage.h"

namespace oca::format {
namespace {

using support::StatusIs;

RepositoryFormat SampleRepository() {
  RepositoryFormat format;
  for (uint8_t i = 0; i < 16; ++i) format.uuid[i] = static_cast<uint8_t>(0xf0 + i);
  format.compatible = 0x8000000000000001;
  return format;
}

TEST(RepositoryFormat, DecodesToWhatWasEncoded) {
  std::string bytes = EncodeRepositoryFormat(SampleRepository());
  EXPECT_EQ(bytes.size(), kRepositoryFormatSize);
  ASSERT_OK_AND_ASSIGN(RepositoryFormat decoded, DecodeRepositoryFormat(bytes));
  EXPECT_EQ(decoded, SampleRepository());
  EXPECT_OK(CheckWritable(decoded));
}

TEST(RepositoryFormat, AnyDamageIsDataLoss) {
  std::string bytes = EncodeRepositoryFormat(SampleRepository());
  ExpectOnlyTheWholeDecodes(bytes, [](std::string_view b) {
    auto decoded = DecodeRepositoryFormat(b);
    EXPECT_TRUE(decoded.ok() || decoded.status().code() == absl::StatusCode::kDataLoss);
    return decoded.ok();
  });
  EXPECT_THAT(DecodeRepositoryFormat(bytes + '\0'), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(RepositoryFormat, NewerVersionIsRefusedNamingBoth) {
  // A later version may have another size; only magic, version, size and the closing checksum stay.
  std::string bytes = EncodeRepositoryFormat(SampleRepository()).substr(0, 8);
  PutLe<uint32_t>(&bytes, 17);
  PutLe<uint32_t>(&bytes, 40);
  bytes += "something else here.";
  PutLe<uint32_t>(&bytes, Crc32c(bytes));
  absl::Status status = DecodeRepositoryFormat(bytes).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(MessageOf(status)),
              testing::AllOf(testing::HasSubstr("version 17"), testing::HasSubstr("up to 1")));
}

TEST(RepositoryFormat, UnknownIncompatibleBitIsRefused) {
  RepositoryFormat format = SampleRepository();
  format.incompatible = 4;
  absl::Status status = DecodeRepositoryFormat(EncodeRepositoryFormat(format)).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr("0x4"));
}

TEST(RepositoryFormat, UnknownReadOnlyCompatibleBitForbidsWriting) {
  RepositoryFormat format = SampleRepository();
  format.read_only_compatible = 2;
  ASSERT_OK_AND_ASSIGN(RepositoryFormat decoded,
                       DecodeRepositoryFormat(EncodeRepositoryFormat(format)));
  EXPECT_THAT(CheckWritable(decoded), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(RepositoryFormat, ReservedBytesAndVersionZeroAreDamage) {
  RepositoryFormat format = SampleRepository();
  format.version = 0;
  EXPECT_THAT(DecodeRepositoryFormat(EncodeRepositoryFormat(format)),
              StatusIs(absl::StatusCode::kDataLoss));
  std::string bytes =
      EncodeRepositoryFormat(SampleRepository()).substr(0, kRepositoryFormatSize - 4);
  bytes.back() = 1;
  PutLe<uint32_t>(&bytes, Crc32c(bytes));
  EXPECT_THAT(DecodeRepositoryFormat(bytes), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(RepositoryUuid, RandomBytesBecomeVersion4) {
  RepositoryUuid random;
  random.fill(0xff);
  EXPECT_EQ(UuidToText(UuidFromRandom(random)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  random.fill(0x00);
  EXPECT_EQ(UuidToText(UuidFromRandom(random)), "00000000-0000-4000-8000-000000000000");
}

}  // namespace
}  // namespace oca::format
