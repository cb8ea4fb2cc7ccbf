#include "lib/event/event.h"

#include <cstddef>

#include "lib/base/utf8.h"

namespace oca::event {
namespace {

constexpr size_t kMostBytes = 500;  // of a value

}  // namespace

void internal::AddField(std::string_view name, std::string_view value, v1::Event* event) {
  v1::Field* field = event->add_fields();
  field->set_name(std::string(name));
  field->set_value(PrintableText(value, kMostBytes));
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
