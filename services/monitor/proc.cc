#include "services/monitor/proc.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace oca::monitor {
namespace {

constexpr uint64_t kSectorBytes = 512;  // whatever the disk's own are

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// Words of a line, at most so many.
std::vector<absl::string_view> Words(absl::string_view line, size_t most) {
  std::vector<absl::string_view> words;
  for (absl::string_view word : absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
    if (words.size() == most) break;
    words.push_back(word);
  }
  return words;
}

// `count` numbers from words[first] on; nothing when one is none.
std::optional<std::vector<uint64_t>> Numbers(const std::vector<absl::string_view>& words,
                                             size_t first, size_t count) {
  if (words.size() < first + count) return std::nullopt;
  std::vector<uint64_t> numbers(count);
  for (size_t i = 0; i < count; ++i) {
    if (!absl::SimpleAtoi(words[first + i], &numbers[i])) return std::nullopt;
  }
  return numbers;
}

// The largest number rather than a wrong one.
uint64_t Sum(uint64_t a, uint64_t b) {
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  return a > most - b ? most : a + b;
}
uint64_t Product(uint64_t a, uint64_t b) {
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  return b != 0 && a > most / b ? most : a * b;
}

bool IsProcessor(absl::string_view word) {
  uint32_t number = 0;
  return absl::ConsumePrefix(&word, "cpu") && absl::SimpleAtoi(word, &number);
}

}  // namespace

std::optional<CpuTimes> ParseStat(std::string_view text) {
  std::optional<CpuTimes> times;
  uint32_t processors = 0;
  for (absl::string_view line : absl::StrSplit(View(text), '\n')) {
    if (!absl::StartsWith(line, "cpu")) continue;
    const std::vector<absl::string_view> words = Words(line, 9);
    // user, nice, system, idle, iowait, irq, softirq, steal
    const auto numbers = Numbers(words, 1, 8);
    if (!numbers.has_value()) continue;
    if (IsProcessor(words[0])) ++processors;
    if (words[0] != "cpu" || times.has_value()) continue;
    const std::vector<uint64_t>& n = *numbers;
    times = CpuTimes{.user = Sum(n[0], n[1]),
                     .system = Sum(n[2], Sum(n[5], n[6])),
                     .idle = n[3],
                     .iowait = n[4],
                     .steal = n[7]};
  }
  if (times.has_value()) times->processors = processors;
  return times;
}

std::optional<std::array<double, 3>> ParseLoad(std::string_view text) {
  const std::vector<absl::string_view> words = Words(View(text), 3);
  if (words.size() < 3) return std::nullopt;
  std::array<double, 3> load{};
  for (size_t i = 0; i < load.size(); ++i) {
    if (!absl::SimpleAtod(words[i], &load[i]) || !std::isfinite(load[i]) || load[i] < 0) {
      return std::nullopt;
    }
  }
  return load;
}

MemoryInfo ParseMemory(std::string_view text) {
  MemoryInfo memory;
  struct Line {
    absl::string_view name;
    std::optional<uint64_t>* value;
  };
  const Line lines[] = {{"MemTotal:", &memory.total},
                        {"MemAvailable:", &memory.available},
                        {"Cached:", &memory.cached},
                        {"SwapTotal:", &memory.swap_total},
                        {"SwapFree:", &memory.swap_free}};
  for (absl::string_view line : absl::StrSplit(View(text), '\n')) {
    const std::vector<absl::string_view> words = Words(line, 3);
    if (words.size() < 3 || words[2] != "kB") continue;
    for (const Line& one : lines) {
      uint64_t kib = 0;
      if (words[0] == one.name && absl::SimpleAtoi(words[1], &kib)) {
        *one.value = Product(kib, 1024);
      }
    }
  }
  return memory;
}

std::vector<Interface> ParseInterfaces(std::string_view text) {
  std::vector<Interface> interfaces;
  for (absl::string_view line : absl::StrSplit(View(text), '\n')) {
    // "  eth0: " and then eight numbers for each direction: bytes packets errs drop ...
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    const std::vector<absl::string_view> name = Words(line.substr(0, colon), 2);
    const auto numbers = Numbers(Words(line.substr(colon + 1), 16), 0, 16);
    if (name.size() != 1 || name[0] == "lo" || !numbers.has_value()) continue;
    const std::vector<uint64_t>& n = *numbers;
    interfaces.push_back({std::string(name[0]), n[0], n[8], Sum(n[2], n[10]), Sum(n[3], n[11])});
    if (interfaces.size() == kMostInterfaces) break;
  }
  return interfaces;
}

std::vector<BlockDevice> ParseDisks(std::string_view text) {
  std::vector<BlockDevice> disks;
  for (absl::string_view line : absl::StrSplit(View(text), '\n')) {
    // major minor name reads merged sectors ms writes merged sectors ms in-flight busy ...
    const std::vector<absl::string_view> words = Words(line, 13);
    const auto numbers = Numbers(words, 3, 10);
    BlockDevice disk;
    if (!numbers.has_value() || !absl::SimpleAtoi(words[0], &disk.major) ||
        !absl::SimpleAtoi(words[1], &disk.minor)) {
      continue;
    }
    disk.read_bytes = Product((*numbers)[2], kSectorBytes);
    disk.written_bytes = Product((*numbers)[6], kSectorBytes);
    disk.busy_ms = (*numbers)[9];
    disks.push_back(disk);
    if (disks.size() == kMostDisks) break;
  }
  return disks;
}

}  // namespace oca::monitor
