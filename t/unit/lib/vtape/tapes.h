// A cartridge for tests on lib/io's simulated disk.
#ifndef OCA_T_UNIT_LIB_VTAPE_TAPES_H_
#define OCA_T_UNIT_LIB_VTAPE_TAPES_H_

#include <memory>
#include <string>
#include <vector>

#include "lib/vtape/cartridge.h"

namespace oca::vtape {

constexpr char kTape[] = "/tape";

inline Attributes TapeAttributes(uint64_t capacity_bytes = 64 << 20,
                                 MediumKind kind = MediumKind::kData) {
  Attributes out;
  for (size_t i = 0; i < out.id.size(); ++i) out.id[i] = static_cast<char>(i + 1);
  out.barcode = "A00001L4";
  out.kind = kind;
  out.capacity_bytes = capacity_bytes;
  return out;
}

// An object as a test remembers it; no bytes: a filemark.
using Objects = std::vector<std::string>;

// All objects of the tape from its beginning. `status` tells of the first that cannot be read.
inline Objects ReadAll(Cartridge& tape, Status* status) {
  Objects out;
  std::string buffer(kMaxBlockBytes, '\0');
  tape.Rewind();
  for (;;) {
    auto read = tape.Read(buffer);
    if (!read.ok()) {
      *status = read.status();
      return out;
    }
    if (read->kind == Cartridge::ReadOutcome::kEndOfData) return out;
    out.push_back(buffer.substr(0, read->copied));
  }
}

}  // namespace oca::vtape

#endif  // OCA_T_UNIT_LIB_VTAPE_TAPES_H_
