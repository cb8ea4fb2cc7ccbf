// What comes back of a SCSI command, taken apart for tests.
#ifndef OCA_T_SUPPORT_SCSI_ANSWER_H_
#define OCA_T_SUPPORT_SCSI_ANSWER_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <ostream>
#include <string>

#include "gateways/vtl/scsi/sense.h"
#include "gateways/vtl/scsi/wire.h"
#include "gtest/gtest.h"

namespace oca::scsi {

inline std::string Raw(std::initializer_list<int> bytes) {
  std::string out;
  for (int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}

// What came back of a command.
struct Answer {
  Status status = Status::kGood;
  std::string data;
  std::string sense;

  bool fixed() const { return !sense.empty() && (sense[0] & 0x7f) == 0x70; }
  int key() const { return sense.empty() ? -1 : sense[2] & 0x0f; }
  int asc() const { return sense.empty() ? -1 : static_cast<int>(GetBe(sense.substr(12, 2))); }
  bool filemark() const { return !sense.empty() && (sense[2] & 0x80) != 0; }
  bool end_of_medium() const { return !sense.empty() && (sense[2] & 0x40) != 0; }
  bool incorrect_length() const { return !sense.empty() && (sense[2] & 0x20) != 0; }
  std::optional<int32_t> information() const {
    if (sense.empty() || (sense[0] & 0x80) == 0) return std::nullopt;
    return static_cast<int32_t>(GetBe(sense.substr(3, 4)));
  }
  // The byte of the CDB, or of the parameter list, that sense data point to; -1: to none.
  int cdb_byte() const { return Pointer(0xc0); }
  int list_byte() const { return Pointer(0x80); }
  uint64_t Number(size_t at, size_t bytes) const { return GetBe(data.substr(at, bytes)); }

 private:
  int Pointer(uint8_t flags) const {
    if (sense.empty() || static_cast<uint8_t>(sense[15]) != flags) return -1;
    return static_cast<int>(GetBe(sense.substr(16, 2)));
  }
};

inline void PrintTo(const Answer& answer, std::ostream* out) {
  *out << "status " << static_cast<int>(answer.status) << std::hex << " key " << answer.key()
       << " asc " << answer.asc();
}

#define EXPECT_GOOD(expr) EXPECT_EQ((expr).status, Status::kGood)
// The command fails with CHECK CONDITION and this sense key and additional sense code.
#define EXPECT_SENSE(expr, wanted_key, wanted_asc)                  \
  do {                                                              \
    Answer expect_sense_answer = (expr);                            \
    EXPECT_EQ(expect_sense_answer.status, Status::kCheckCondition); \
    EXPECT_EQ(expect_sense_answer.key(), wanted_key);               \
    EXPECT_EQ(expect_sense_answer.asc(), wanted_asc);               \
  } while (0)

}  // namespace oca::scsi

#endif  // OCA_T_SUPPORT_SCSI_ANSWER_H_
