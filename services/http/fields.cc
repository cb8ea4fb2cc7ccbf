#include "services/http/fields.h"

#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"
#include "lib/api/options.pb.h"

namespace oca::httpd {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

absl::Status Not(const FieldDescriptor& field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{} must be {}", field.name(), what));
}

// "ContainerType" -> "CONTAINER_TYPE_".
std::string PrefixOf(const EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return prefix + "_";
}

const EnumValueDescriptor* ValueOf(const EnumDescriptor& type, std::string_view text) {
  const std::string word = absl::AsciiStrToUpper({text.data(), text.size()});
  const EnumValueDescriptor* value = type.FindValueByName(word);
  return value != nullptr ? value : type.FindValueByName(PrefixOf(type) + word);
}

absl::Status SetTime(Message* message, const FieldDescriptor& field, std::string_view text) {
  Timestamp time;
  if (!google::protobuf::util::TimeUtil::FromString(std::string(text), &time)) {
    return Not(field, "a time like 2026-01-31T12:00:00Z");
  }
  const auto* reflection = message->GetReflection();
  Message* place = field.is_repeated() ? reflection->AddMessage(message, &field)
                                       : reflection->MutableMessage(message, &field);
  place->CopyFrom(time);
  return absl::OkStatus();
}

// The number in `text`, put by `set` or `add`.
template <typename Number, typename Set, typename Add>
absl::Status SetNumber(const FieldDescriptor& field, std::string_view text, Set set, Add add) {
  Number number{};
  const absl::string_view digits(text.data(), text.size());
  bool good = false;
  if constexpr (std::is_floating_point_v<Number>) {
    good = absl::SimpleAtod(digits, &number) && std::isfinite(number);
  } else {
    good = absl::SimpleAtoi(digits, &number);
  }
  if (!good) return Not(field, fmt::format("a number of type {}", field.type_name()));
  field.is_repeated() ? add(number) : set(number);
  return absl::OkStatus();
}

}  // namespace

bool FitsInUrl(const FieldDescriptor& field) {
  if (field.options().GetExtension(oca::secret) || field.type() == FieldDescriptor::TYPE_BYTES) {
    return false;
  }
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
         field.message_type() == Timestamp::descriptor();
}

absl::Status SetField(Message* message, const FieldDescriptor& field, std::string_view text) {
  const auto* reflection = message->GetReflection();
  const auto put = [&](auto set, auto add) {
    return std::make_pair([=, &field](auto value) { (reflection->*set)(message, &field, value); },
                          [=, &field](auto value) { (reflection->*add)(message, &field, value); });
  };
  using R = google::protobuf::Reflection;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      auto [set, add] = put(&R::SetInt32, &R::AddInt32);
      return SetNumber<int32_t>(field, text, set, add);
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      auto [set, add] = put(&R::SetInt64, &R::AddInt64);
      return SetNumber<int64_t>(field, text, set, add);
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      auto [set, add] = put(&R::SetUInt32, &R::AddUInt32);
      return SetNumber<uint32_t>(field, text, set, add);
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      auto [set, add] = put(&R::SetUInt64, &R::AddUInt64);
      return SetNumber<uint64_t>(field, text, set, add);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      auto [set, add] = put(&R::SetDouble, &R::AddDouble);
      return SetNumber<double>(field, text, set, add);
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      auto [set, add] = put(&R::SetFloat, &R::AddFloat);
      return SetNumber<double>(field, text, set, add);
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      if (text != "true" && text != "false") return Not(field, "true or false");
      auto [set, add] = put(&R::SetBool, &R::AddBool);
      field.is_repeated() ? add(text == "true") : set(text == "true");
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* value = ValueOf(*field.enum_type(), text);
      if (value == nullptr) {
        return Not(field, fmt::format("a value of {}", field.enum_type()->name()));
      }
      auto [set, add] = put(&R::SetEnum, &R::AddEnum);
      field.is_repeated() ? add(value) : set(value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      field.is_repeated() ? reflection->AddString(message, &field, std::string(text))
                          : reflection->SetString(message, &field, std::string(text));
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetTime(message, field, text);
  }
  return Not(field, "given in the body");
}

}  // namespace oca::httpd
