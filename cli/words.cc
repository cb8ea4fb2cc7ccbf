#include "cli/words.h"

#include "fmt/format.h"

namespace oca::cli {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kOfShells = ";|&<>()$`\n\r";
// What a backslash takes the meaning of between double quotes.
constexpr std::string_view kEscapable = "\\\"$`";

bool In(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

absl::Status NotClosed(char quote) {
  return absl::InvalidArgumentError(fmt::format("a {} is not closed", quote));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  std::string word;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\0') return absl::InvalidArgumentError("the line holds a zero byte");
    if (In(kBlanks, c)) {
      if (in_word) words.push_back(word);
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\'') {
      const size_t end = line.find('\'', i + 1);
      if (end == std::string_view::npos) return NotClosed(c);
      word += line.substr(i + 1, end - i - 1);
      i = end;
    } else if (c == '"') {
      for (++i; i < line.size() && line[i] != '"'; ++i) {
        if (line[i] == '\\' && i + 1 < line.size() && In(kEscapable, line[i + 1])) ++i;
        word += line[i];
      }
      if (i == line.size()) return NotClosed(c);
    } else if (c == '\\') {
      if (++i == line.size()) return absl::InvalidArgumentError("the line ends with a backslash");
      word += line[i];
    } else if (In(kOfShells, c)) {
      return absl::InvalidArgumentError(
          fmt::format("this is not a shell: '{}' means nothing here; put it into quotes if it "
                      "belongs to a name",
                      c == '\n' || c == '\r' ? "a new line" : std::string(1, c)));
    } else {
      word += c;
    }
  }
  if (in_word) words.push_back(word);
  return words;
}

}  // namespace oca::cli
