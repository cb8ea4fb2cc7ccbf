// Windows of a week as people write and read them.
#ifndef OCA_CLI_WEEK_H_
#define OCA_CLI_WEEK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/output.h"
#include "google/protobuf/repeated_field.h"
#include "lib/api/schedule.pb.h"

namespace oca::cli {

using Windows = google::protobuf::RepeatedPtrField<fs::v1::CleanerWindow>;

// `day`: "mon", "Monday", "all" (of each day). kInvalidArgument.
absl::StatusOr<fs::v1::CleanerWindow> ParseNoWindow(const std::string& day);
// The same, with a begin and an end: "00:00" to "24:00".
absl::StatusOr<fs::v1::CleanerWindow> ParseWindow(const std::string& day, const std::string& start,
                                                  const std::string& stop);

// "monday", "01:00", "05:00".
std::vector<std::string> WindowCells(const fs::v1::CleanerWindow& window);
// "monday 01:00-05:00, friday 00:00-24:00"; "always" for none.
std::string WindowsText(const Windows& windows);
// A list of objects with day, start_time and stop_time.
Json WindowsJson(const Windows& windows);

}  // namespace oca::cli

#endif  // OCA_CLI_WEEK_H_
