#include "cli/week.h"

#include <cctype>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::cli {
namespace {

constexpr int kMinutesOfAllDay = 24 * 60;

// "monday"
std::string DayWord(fs::v1::Weekday day) { return EnumWord(day); }

std::string ClockText(uint32_t minutes) {
  return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
}

// "mon", "Monday", "all".
absl::StatusOr<fs::v1::Weekday> ParseDay(const std::string& text) {
  const std::string wanted = absl::AsciiStrToLower(text);
  if (wanted == "all") return fs::v1::WEEKDAY_UNSPECIFIED;
  for (int day = fs::v1::WEEKDAY_MONDAY; day <= fs::v1::WEEKDAY_SUNDAY; ++day) {
    const auto weekday = static_cast<fs::v1::Weekday>(day);
    const std::string word = DayWord(weekday);
    if (wanted == word || wanted == word.substr(0, 3)) return weekday;
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no day: mon, tue, wed, thu, fri, sat, sun or all", text));
}

absl::StatusOr<uint32_t> ParseClock(const std::string& text) {
  const auto digit = [&](size_t at) { return std::isdigit(static_cast<unsigned char>(text[at])); };
  if (text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4)) {
    const int hours = std::stoi(text.substr(0, 2)), minutes = std::stoi(text.substr(3));
    if (minutes < 60 && hours * 60 + minutes <= kMinutesOfAllDay)
      return static_cast<uint32_t>(hours * 60 + minutes);
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no time of day: hh:mm, from 00:00 to 24:00", text));
}

}  // namespace

absl::StatusOr<fs::v1::CleanerWindow> ParseNoWindow(const std::string& day) {
  fs::v1::CleanerWindow window;
  OCA_ASSIGN_OR_RETURN(fs::v1::Weekday weekday, ParseDay(day));
  window.set_day(weekday);
  return window;
}

absl::StatusOr<fs::v1::CleanerWindow> ParseWindow(const std::string& day, const std::string& start,
                                                  const std::string& stop) {
  OCA_ASSIGN_OR_RETURN(fs::v1::CleanerWindow window, ParseNoWindow(day));
  OCA_ASSIGN_OR_RETURN(uint32_t start_minute, ParseClock(start));
  OCA_ASSIGN_OR_RETURN(uint32_t stop_minute, ParseClock(stop));
  if (start_minute >= stop_minute) {
    return absl::InvalidArgumentError(
        fmt::format("the window from {} to {} does not end after it begins; one over midnight is "
                    "two windows, on two days",
                    start, stop));
  }
  window.set_start_minute(start_minute);
  window.set_stop_minute(stop_minute);
  return window;
}

std::vector<std::string> WindowCells(const fs::v1::CleanerWindow& window) {
  return {DayWord(window.day()), ClockText(window.start_minute()), ClockText(window.stop_minute())};
}

std::string WindowsText(const Windows& windows) {
  std::string text;
  for (const fs::v1::CleanerWindow& window : windows) {
    text += fmt::format("{}{} {}-{}", text.empty() ? "" : ", ", DayWord(window.day()),
                        ClockText(window.start_minute()), ClockText(window.stop_minute()));
  }
  return text.empty() ? "always" : text;
}

Json WindowsJson(const Windows& windows) {
  Json list = Json::array();
  for (const fs::v1::CleanerWindow& window : windows) {
    list.push_back({{"day", DayWord(window.day())},
                    {"start_time", ClockText(window.start_minute())},
                    {"stop_time", ClockText(window.stop_minute())}});
  }
  return list;
}

}  // namespace oca::cli
