// UTF-8, for text that others chose and that must go into messages and tables.
#ifndef OCA_LIB_BASE_UTF8_H_
#define OCA_LIB_BASE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace oca {

// Bytes of the well-formed UTF-8 sequence (Unicode 15, table 3-7) at the start of `text`, which is
// not empty; 0 = none.
size_t Utf8SequenceBytes(std::string_view text);

// `text` with '?' for each byte that is part of no well-formed sequence and for each control
// character, cut between two characters to at most `most_bytes`; "..." follows what was cut.
std::string PrintableText(std::string_view text, size_t most_bytes);

}  // namespace oca

#endif  // OCA_LIB_BASE_UTF8_H_
