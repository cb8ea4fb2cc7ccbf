// A line that somebody typed, as words.
#ifndef OCA_CLI_WORDS_H_
#define OCA_CLI_WORDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace oca::cli {

// Splits at blanks. Quotes and backslashes as in a POSIX shell; nothing is ever expanded or run.
// kInvalidArgument for a quote that is not closed, and for what would mean something to a shell
// (; | & < > ( ) $ ` and newlines) outside of quotes, so that nobody believes it did.
absl::StatusOr<std::vector<std::string>> SplitWords(std::string_view line);

}  // namespace oca::cli

#endif  // OCA_CLI_WORDS_H_
