#include "lib/event/catalogue.h"

#include "fmt/format.h"

namespace oca::event {
namespace {

constexpr std::string_view kHead =
    "# Events and alerts\n\n"
    "What the appliance tells about itself, made from `lib/event/catalogue.h`; change that, not "
    "this page (its test writes it).\n\n"
    "An event that raises a condition makes an alert, one for each subject; "
    "raised again, the alert counts. The event that clears the condition ends it. "
    "`oca alerts --show` shows alerts, `oca alerts --show --events` events.\n\n"
    "| number | name | severity | text | alert | what to do |\n"
    "|---|---|---|---|---|---|\n";

std::string AlertCell(const Definition& definition) {
  if (definition.effect == Effect::kNone) return "";
  std::string cell = fmt::format(
      "{} `{}`", definition.effect == Effect::kRaises ? "raises" : "clears", definition.condition);
  if (!definition.subject.empty()) cell += fmt::format(" of {{{}}}", definition.subject);
  return cell;
}

}  // namespace

std::string_view SeverityWord(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
    case Severity::kCritical:
      return "critical";
  }
  return "";
}

std::string CataloguePage() {
  std::string page(kHead);
  for (const Definition& definition : kCatalogue) {
    page +=
        fmt::format("| {} | `{}` | {} | {} | {} | {} |\n", static_cast<uint32_t>(definition.kind),
                    definition.name, SeverityWord(definition.severity), definition.text,
                    AlertCell(definition), definition.what_to_do);
  }
  return page;
}

}  // namespace oca::event
