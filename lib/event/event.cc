#include "lib/event/event.h"

#include <cstddef>

namespace oca::event {
namespace {

constexpr size_t kMostBytes = 500;  // of a value

// Bytes of the well-formed UTF-8 sequence (Unicode 15, table 3-7) at the start of `text`; 0 = none.
size_t SequenceBytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool not_a_scalar = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || not_a_scalar ? 0 : bytes;
}

}  // namespace

void internal::AddField(std::string_view name, std::string_view value, v1::Event* event) {
  v1::Field* field = event->add_fields();
  field->set_name(std::string(name));
  std::string* out = field->mutable_value();
  while (!value.empty()) {
    const size_t bytes = SequenceBytes(value);
    const bool control = static_cast<unsigned char>(value[0]) < 0x20 || value[0] == 0x7f;
    if (out->size() + bytes > kMostBytes) {
      *out += "...";
      return;
    }
    if (bytes == 0 || control) {
      *out += '?';
    } else {
      out->append(value.substr(0, bytes));
    }
    value.remove_prefix(bytes == 0 ? 1 : bytes);
  }
}

std::string_view FieldOf(const v1::Event& event, std::string_view name) {
  for (const v1::Field& field : event.fields()) {
    if (field.name() == name) return field.value();
  }
  return {};
}

std::string Fill(std::string_view text, const v1::Event& event) {
  std::string filled;
  while (!text.empty()) {
    const size_t open = text.find('{');
    const size_t close = text.find('}', open);
    filled += text.substr(0, open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    filled += FieldOf(event, text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
  return filled;
}

std::string TextOf(const v1::Event& event) {
  if (const Definition* definition = Find(event.number())) return Fill(definition->text, event);
  std::string text = fmt::format("event {}, which this version does not know", event.number());
  for (const v1::Field& field : event.fields()) {
    text += fmt::format(" {}={}", field.name(), field.value());
  }
  return text;
}

std::string WhatToDo(const v1::Event& event) {
  const Definition* definition = Find(event.number());
  return definition == nullptr ? "" : Fill(definition->what_to_do, event);
}

std::string_view SubjectOf(const v1::Event& event) {
  const Definition* definition = Find(event.number());
  return definition == nullptr ? std::string_view() : FieldOf(event, definition->subject);
}

}  // namespace oca::event
