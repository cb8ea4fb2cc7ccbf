// Finds what somebody may have meant.
#ifndef OCA_LIB_CONF_SUGGEST_H_
#define OCA_LIB_CONF_SUGGEST_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace oca::conf {

// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a` (optimal string
// alignment).
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, or empty when none is near (more than a third of it would
// change, at least 2).
std::string Nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace oca::conf

#endif  // OCA_LIB_CONF_SUGGEST_H_
