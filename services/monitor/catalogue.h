// The series that there are: their names, what they are made of, and their units.
#ifndef OCA_SERVICES_MONITOR_CATALOGUE_H_
#define OCA_SERVICES_MONITOR_CATALOGUE_H_

#include <span>
#include <string_view>

namespace oca::monitor {

// How a value becomes one of the series.
enum class Kind {
  kGauge,  // as it is
  kRate,   // how much a counter grew in a second
};

struct Definition {
  std::string_view name;  // "scope.word"; what follows the dot is the field of the scope's message
  std::string_view unit;  // "bytes", "MiB/s", "percent", "1/s", or what is counted
  std::string_view what;  // one line
  Kind kind = Kind::kGauge;
  std::string_view field = {};  // where it has another name
  double factor = 1;            // from the message's unit to this one

  std::string_view scope() const { return name.substr(0, name.find('.')); }
  std::string_view field_name() const {
    return field.empty() ? name.substr(name.find('.') + 1) : field;
  }
};

// All of them, by scope.
std::span<const Definition> Catalogue();

// The one of this name; null when there is none. The pointer stays valid.
const Definition* Find(std::string_view name);

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_CATALOGUE_H_
