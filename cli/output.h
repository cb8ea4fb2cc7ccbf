// How answers look: tables, records, and JSON.
#ifndef OCA_CLI_OUTPUT_H_
#define OCA_CLI_OUTPUT_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace oca::cli {

using Json = nlohmann::ordered_json;

// `Name : value` lines, the colons in one column.
class Record {
 public:
  Record& Add(std::string name, std::string value) {
    rows_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  std::string Text() const;

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

// Columns under their titles; a title that ends with '>' stands for a column of numbers, aligned to
// the right.
class Table {
 public:
  explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)) {}
  // As many cells as titles.
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  std::string Text() const;

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<std::string>> rows_;
};

// Every field under its name in lib/api, in its order, set or not: numbers as numbers (64-bit too),
// enums as their lower-case words ("ready"), times as RFC 3339 in UTC, messages and optional fields
// that are not set as null.
Json ToJson(const google::protobuf::Message& message);

// The word of an enum value as JSON shows it, for tables: EnumWord(JOB_STATE_RUNNING) = "running".
template <typename Enum>
std::string EnumWord(Enum value);
std::string EnumWord(const google::protobuf::EnumDescriptor* type, int number);

template <typename Enum>
std::string EnumWord(Enum value) {
  return EnumWord(google::protobuf::GetEnumDescriptor<Enum>(), value);
}

}  // namespace oca::cli

#endif  // OCA_CLI_OUTPUT_H_
