#include "cli/output.h"

#include <algorithm>
#include <cctype>

#include "fmt/format.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"

namespace oca::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

// Columns on a terminal: every byte that starts a character, which is right for the names and words
// shown.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string Padding(std::string_view text, size_t width) {
  return std::string(width - std::min(width, Width(text)), ' ');
}

Json MessageValue(const Message& message) {
  if (message.GetDescriptor() == Timestamp::descriptor()) {
    return google::protobuf::util::TimeUtil::ToString(static_cast<const Timestamp&>(message));
  }
  return ToJson(message);
}

// `index` < 0: the field is single.
Json Value(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection* r = message.GetReflection();
  bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return one ? r->GetInt32(message, field) : r->GetRepeatedInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return one ? r->GetInt64(message, field) : r->GetRepeatedInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT32:
      return one ? r->GetUInt32(message, field) : r->GetRepeatedUInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return one ? r->GetUInt64(message, field) : r->GetRepeatedUInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return one ? r->GetDouble(message, field) : r->GetRepeatedDouble(message, field, index);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return one ? r->GetFloat(message, field) : r->GetRepeatedFloat(message, field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return one ? r->GetBool(message, field) : r->GetRepeatedBool(message, field, index);
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? r->GetString(message, field) : r->GetRepeatedString(message, field, index);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumWord(field->enum_type(), one ? r->GetEnumValue(message, field)
                                              : r->GetRepeatedEnumValue(message, field, index));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageValue(one ? r->GetMessage(message, field)
                              : r->GetRepeatedMessage(message, field, index));
  }
  return nullptr;
}

// JobState -> "JOB_STATE_": how its values' names start.
std::string EnumPrefix(std::string_view type) {
  std::string prefix;
  for (size_t i = 0; i < type.size(); ++i) {
    auto c = static_cast<unsigned char>(type[i]);
    if (i > 0 && std::isupper(c) != 0) prefix += '_';
    prefix += static_cast<char>(std::toupper(c));
  }
  return prefix + '_';
}

}  // namespace

std::string EnumWord(const google::protobuf::EnumDescriptor* type, int number) {
  const google::protobuf::EnumValueDescriptor* value = type->FindValueByNumber(number);
  if (value == nullptr) return std::to_string(number);
  std::string word = value->name();
  std::string prefix = EnumPrefix(type->name());
  if (word.compare(0, prefix.size(), prefix) == 0) word.erase(0, prefix.size());
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

Json ToJson(const Message& message) {
  Json object = Json::object();
  const auto* type = message.GetDescriptor();
  const Reflection* reflection = message.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated()) {
      Json list = Json::array();
      for (int j = 0; j < reflection->FieldSize(message, field); ++j) {
        list.push_back(Value(message, field, j));
      }
      object[field->name()] = std::move(list);
    } else if (field->has_presence() && !reflection->HasField(message, field)) {
      object[field->name()] = nullptr;
    } else {
      object[field->name()] = Value(message, field, -1);
    }
  }
  return object;
}

std::string Record::Text() const {
  size_t width = 0;
  for (const auto& [name, value] : rows_) width = std::max(width, Width(name));
  std::string text;
  for (const auto& [name, value] : rows_) {
    text += fmt::format("{}{} : {}\n", name, Padding(name, width), value);
  }
  return text;
}

std::string Table::Text() const {
  std::vector<std::vector<std::string>> lines = {titles_};
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<bool> right(titles_.size());
  std::vector<size_t> widths(titles_.size());
  for (size_t column = 0; column < titles_.size(); ++column) {
    std::string& title = lines[0][column];
    right[column] = !title.empty() && title.back() == '>';
    if (right[column]) title.pop_back();
    for (const auto& line : lines) widths[column] = std::max(widths[column], Width(line[column]));
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (size_t column = 0; column < line.size(); ++column) {
      std::string padding = Padding(line[column], widths[column]);
      if (column > 0) row += "  ";
      row += right[column] ? padding + line[column] : line[column] + padding;
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + '\n';
  }
  return text;
}

}  // namespace oca::cli
