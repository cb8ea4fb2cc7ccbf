#include "services/monitor/sample.h"

#include <cmath>
#include <optional>

#include "fmt/format.h"
#include "lib/base/utf8.h"

namespace oca::monitor {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The field as a number; nothing when there is none, it is not set, or is no number.
std::optional<double> Number(const Message& from, const FieldDescriptor* field) {
  if (field == nullptr || field->is_repeated()) return std::nullopt;
  const google::protobuf::Reflection& reflection = *from.GetReflection();
  if (field->has_presence() && !reflection.HasField(from, field)) return std::nullopt;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetDouble(from, field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<double>(reflection.GetUInt64(from, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return static_cast<double>(reflection.GetUInt32(from, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(from, field) ? 1 : 0;
    default:
      return std::nullopt;
  }
}

// The field as a counter.
std::optional<uint64_t> Counter(const Message& from, const FieldDescriptor* field) {
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_UINT64) {
    return std::nullopt;
  }
  return from.GetReflection()->GetUInt64(from, field);
}

}  // namespace

void SampleBuilder::Add(const Definition& series, const std::string& subject, double value) {
  if (!std::isfinite(value) || !seen_.emplace(&series, subject).second) return;
  if (sample_.values.size() >= kMostValues) {
    ++sample_.left_out;
    return;
  }
  sample_.values.push_back({&series, subject, value});
}

void SampleBuilder::Add(std::string_view name, std::string_view subject, double value) {
  const Definition* series = Find(name);
  if (series != nullptr) Add(*series, PrintableText(subject, kMostSubjectBytes), value);
}

void SampleBuilder::AddFrom(std::string_view scope, std::string_view subject, const Message& from,
                            int64_t nanos, uint64_t generation) {
  const std::string clean = PrintableText(subject, kMostSubjectBytes);
  for (const Definition& series : Catalogue()) {
    if (series.scope() != scope) continue;
    const FieldDescriptor* field =
        from.GetDescriptor()->FindFieldByName(std::string(series.field_name()));
    std::optional<double> value;
    if (series.kind == Kind::kGauge) {
      value = Number(from, field);
    } else if (std::optional<uint64_t> counter = Counter(from, field); counter.has_value()) {
      value =
          rates_.PerSecond(fmt::format("{} {}", series.name, clean), *counter, nanos, generation);
    }
    if (value.has_value()) Add(series, clean, *value * series.factor);
  }
}

}  // namespace oca::monitor
