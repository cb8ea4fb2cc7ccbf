// Texts of /proc, in which others choose names: nothing is read beyond the text, nothing is more
// than the bounds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "services/monitor/proc.h"
#include "t/fuzz/target.h"

OCA_FUZZ(proc_text_fuzz) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto load = oca::monitor::ParseLoad(text);
  if (load.has_value() && !((*load)[0] >= 0 && (*load)[1] >= 0 && (*load)[2] >= 0)) std::abort();
  oca::monitor::ParseStat(text);
  oca::monitor::ParseMemory(text);
  const auto interfaces = oca::monitor::ParseInterfaces(text);
  if (interfaces.size() > oca::monitor::kMostInterfaces) std::abort();
  for (const auto& one : interfaces) {
    if (one.name.empty() || one.name == "lo") std::abort();
    if (one.name.find_first_of(" \n:") != std::string::npos) std::abort();
  }
  if (oca::monitor::ParseDisks(text).size() > oca::monitor::kMostDisks) std::abort();
  return 0;
}
