// One event: made by its kind and fields, shown as text.
#ifndef OCA_LIB_EVENT_EVENT_H_
#define OCA_LIB_EVENT_EVENT_H_

#include <string>
#include <string_view>

#include "fmt/format.h"
#include "lib/api/events.pb.h"
#include "lib/event/catalogue.h"

namespace oca::event {

namespace internal {
// Appends a field; what is no UTF-8, or a control character, becomes '?', and a long value is cut.
void AddField(std::string_view name, std::string_view value, v1::Event* event);
}  // namespace internal

// An event with its fields, in the order of its definition. Who sends it adds the rest.
template <Kind kind, typename... Values>
v1::Event Make(const Values&... values) {
  constexpr const Definition* kDefinition = Find(static_cast<uint32_t>(kind));
  static_assert(kDefinition != nullptr, "the catalogue does not have it");
  static_assert(sizeof...(Values) == FieldCount(*kDefinition), "a value for each field");
  v1::Event event;
  event.set_number(static_cast<uint32_t>(kind));
  [[maybe_unused]] size_t i = 0;
  (internal::AddField(kDefinition->fields[i++], fmt::format("{}", values), &event), ...);
  return event;
}

// The value of the field; empty when the event does not have it.
std::string_view FieldOf(const v1::Event& event, std::string_view name);

// `text` of the catalogue with the event's values for {field}.
std::string Fill(std::string_view text, const v1::Event& event);

// The definition's text; for an event that this catalogue does not have, its number and fields.
std::string TextOf(const v1::Event& event);
std::string WhatToDo(const v1::Event& event);

// What the alert is about that the event raises or clears; empty when that is the appliance.
std::string_view SubjectOf(const v1::Event& event);

}  // namespace oca::event

#endif  // OCA_LIB_EVENT_EVENT_H_
