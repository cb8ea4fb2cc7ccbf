// Looking things up by name, in rows (name) and messages (name()).
#ifndef OCA_SERVICES_CONFIG_FIND_H_
#define OCA_SERVICES_CONFIG_FIND_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace oca::config {

template <typename Item>
std::string_view NameOf(const Item& item) {
  if constexpr (requires { item.name(); }) {
    return item.name();
  } else {
    return item.name;
  }
}

// The item of this name, or null.
template <typename Items>
auto* FindByName(Items& items, std::string_view name) {
  auto found = std::find_if(items.begin(), items.end(),
                            [&](const auto& item) { return NameOf(item) == name; });
  return found == items.end() ? nullptr : &*found;
}

template <typename Items>
std::vector<std::string> NamesOf(const Items& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.emplace_back(NameOf(item));
  return names;
}

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_FIND_H_
