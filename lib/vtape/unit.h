// What the units of our formats have in common: magic, version and flags at the beginning, a
// CRC-32C at the end. Pure and thread-safe.
#ifndef OCA_LIB_VTAPE_UNIT_H_
#define OCA_LIB_VTAPE_UNIT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/vtape/bytes.h"
#include "lib/vtape/status.h"

namespace oca::vtape {

// kDamaged: `what` names the unit, `why` says what cannot be.
Status Damaged(const char* what, const char* why);

// Makes `bytes` `size` long: zeros to fill, then the checksum of all before it, continued from
// `seed`.
void Seal(std::string* bytes, size_t size, uint32_t seed);
// kDamaged unless `bytes` has `size` bytes and the last four are that checksum. `what` names the
// unit in the message.
Status Unseal(std::string_view bytes, size_t size, uint32_t seed, const char* what);

// Takes magic, version and flags at the beginning of a unit whose checksum holds: kNewer when it is
// of a newer version than `version`, kDamaged when they cannot be right.
Status CheckBeginning(ByteReader& in, std::string_view magic, uint16_t version, const char* what);

// A unit that is a whole file: beginning, its length, `body`, checksum.
std::string EncodeUnit(std::string_view magic, uint16_t version, std::string_view body);
// A reader of its body. Errors as CheckBeginning.
Result<ByteReader> DecodeUnit(std::string_view bytes, std::string_view magic, uint16_t version,
                              const char* what);

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_UNIT_H_
