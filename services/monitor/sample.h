// What is known at one moment, as values of series.
#ifndef OCA_SERVICES_MONITOR_SAMPLE_H_
#define OCA_SERVICES_MONITOR_SAMPLE_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "services/monitor/catalogue.h"
#include "services/monitor/rates.h"

namespace oca::monitor {

// Of one sample; what is more is left out.
inline constexpr size_t kMostValues = 2048;
// Of a subject; what is longer is cut.
inline constexpr size_t kMostSubjectBytes = 252;

struct Value {
  const Definition* series;
  std::string subject;  // UTF-8 without control characters
  double value = 0;     // finite
};
struct Sample {
  absl::Time at;
  std::vector<Value> values;
  uint64_t left_out = 0;
};

// Puts a sample together. Not thread-safe.
class SampleBuilder {
 public:
  // Borrows `rates`, whose round has begun. at: the time of the sample.
  SampleBuilder(absl::Time at, Rates& rates) : rates_(rates) { sample_.at = at; }

  // A value of one series; nothing is added when the catalogue has none of this name, the value is
  // not finite, or there is one already.
  void Add(std::string_view name, std::string_view subject, double value);
  // The values of all series of `scope` whose field `from` has: one that is optional must be set.
  // nanos, generation: as Rates takes them.
  void AddFrom(std::string_view scope, std::string_view subject,
               const google::protobuf::Message& from, int64_t nanos = 0, uint64_t generation = 0);

  const Sample& sample() const { return sample_; }
  Sample Take() { return std::move(sample_); }

 private:
  void Add(const Definition& series, const std::string& subject, double value);

  Rates& rates_;
  Sample sample_;
  std::set<std::pair<const Definition*, std::string>> seen_;
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_SAMPLE_H_
