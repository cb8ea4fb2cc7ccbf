// All events that there are, in one place. docs/events.md is made of it.
#ifndef OCA_LIB_EVENT_CATALOGUE_H_
#define OCA_LIB_EVENT_CATALOGUE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace oca::event {

enum class Severity { kInfo, kWarning, kError, kCritical };

// What an event does to the alert of its condition.
enum class Effect { kNone, kRaises, kClears };

// The number of an event: it never changes and is never used again. 1000 processes, 2000 data,
// 3000 users and configuration, 4000 the machine, 5000 the events themselves.
enum class Kind : uint32_t {
  kProcessEnded = 1001,
  kProcessGivenUp = 1002,
  kProcessServes = 1003,
  kProcessHangs = 1004,
  kDataDamaged = 2001,
  kDataHealed = 2002,
  kScanFoundFaults = 2003,
  kScanFoundNone = 2004,
  kCleanerFailed = 2005,
  kCleanerWorks = 2006,
  kCleanerBehind = 2007,
  kCleanerCaughtUp = 2008,
  kQuotaNearlyUsed = 2009,
  kQuotaUsed = 2010,
  kQuotaHasRoom = 2011,
  kNdmpOperationFailed = 2012,
  kLoginFailed = 3001,
  kConfigurationChanged = 3002,
  kDiskSpaceLow = 4001,
  kDiskSpaceExhausted = 4002,
  kDiskSpaceEnough = 4003,
  kMemoryLow = 4004,
  kMemoryEnough = 4005,
  kClockJumped = 4006,
  kCertificateExpires = 4007,
  kCertificateValid = 4008,
  kEventsLost = 5001,
  kMessageNotSent = 5002,
  kMessagesSent = 5003,
};

constexpr size_t kMostFields = 4;

struct Definition {
  Kind kind;
  std::string_view name;
  Severity severity;
  // Named in the text as {field}.
  std::array<std::string_view, kMostFields> fields;
  std::string_view text;
  std::string_view what_to_do;  // empty: nothing
  Effect effect = Effect::kNone;
  std::string_view condition = {};
  std::string_view subject = {};  // the field that says what the condition is about; empty: nothing
};

constexpr Definition kCatalogue[] = {
    {Kind::kProcessEnded,
     "process_ended",
     Severity::kWarning,
     {"process", "how"},
     "{process} ended ({how}) and is started again",
     "When it happens again, collect the log of {process} and report it."},
    {Kind::kProcessGivenUp,
     "process_given_up",
     Severity::kCritical,
     {"process", "how", "ends"},
     "{process} ended {ends} times in a row, last with {how}, and is not started any more",
     "Read the end of log/{process}.log and log/{process}.out, mend the cause, then start it: "
     "oca-appliance start.",
     Effect::kRaises,
     "process_down",
     "process"},
    {Kind::kProcessServes,
     "process_serves",
     Severity::kInfo,
     {"process"},
     "{process} serves again",
     "",
     Effect::kClears,
     "process_down",
     "process"},
    {Kind::kProcessHangs,
     "process_hangs",
     Severity::kError,
     {"process", "seconds"},
     "{process} gave no sign of life for {seconds} s and is killed",
     "When it happens again, look at the load of the machine and its disks, and report it."},
    {Kind::kDataDamaged,
     "data_damaged",
     Severity::kCritical,
     {"group", "parts", "chunks"},
     "Storage group {group}: {parts} parts of packs are damaged; {chunks} chunks in them are held "
     "nowhere else",
     "See oca maintenance --filesystem --scan_report verbose. Back the same data up again: it is "
     "stored anew and heals every file that it belongs to. Check the disk.",
     Effect::kRaises,
     "data_damaged",
     "group"},
    {Kind::kDataHealed,
     "data_healed",
     Severity::kInfo,
     {"group"},
     "Storage group {group}: nothing is damaged any more",
     "",
     Effect::kClears,
     "data_damaged",
     "group"},
    {Kind::kScanFoundFaults,
     "scan_found_faults",
     Severity::kError,
     {"faults"},
     "The scan of the filesystem found {faults} faults",
     "See oca maintenance --filesystem --scan_report verbose, then oca maintenance --filesystem "
     "--repair_now.",
     Effect::kRaises,
     "scan_faults"},
    {Kind::kScanFoundNone,
     "scan_found_none",
     Severity::kInfo,
     {},
     "The scan of the filesystem found no fault",
     "",
     Effect::kClears,
     "scan_faults"},
    {Kind::kCleanerFailed,
     "cleaner_failed",
     Severity::kError,
     {"reason"},
     "The cleaner stopped: {reason}",
     "Deleted data keeps its space until the cleaner runs to its end. Mend the cause, then start "
     "it: oca maintenance --filesystem --reclaim_space.",
     Effect::kRaises,
     "cleaner_failed"},
    {Kind::kCleanerWorks,
     "cleaner_works",
     Severity::kInfo,
     {},
     "The cleaner ran to its end",
     "",
     Effect::kClears,
     "cleaner_failed"},
    {Kind::kCleanerBehind,
     "cleaner_behind",
     Severity::kWarning,
     {"debt"},
     "{debt} could be reclaimed: the cleaner does not keep up",
     "Give it time without load, or a window: oca schedule --add --cleaner --day monday "
     "--start_time 08:00 --stop_time 12:00.",
     Effect::kRaises,
     "cleaner_behind"},
    {Kind::kCleanerCaughtUp,
     "cleaner_caught_up",
     Severity::kInfo,
     {},
     "The cleaner has caught up",
     "",
     Effect::kClears,
     "cleaner_behind"},
    {Kind::kQuotaNearlyUsed,
     "quota_nearly_used",
     Severity::kWarning,
     {"group", "percent"},
     "Storage group {group} uses {percent} % of its quota",
     "Delete what is not needed, or raise the quota: oca storage_group --update --quota.",
     Effect::kRaises,
     "quota",
     "group"},
    {Kind::kQuotaUsed,
     "quota_used",
     Severity::kCritical,
     {"group", "percent"},
     "Storage group {group} uses {percent} % of its quota: writes are refused, or soon will be",
     "Delete what is not needed, or raise the quota: oca storage_group --update --quota.",
     Effect::kRaises,
     "quota",
     "group"},
    {Kind::kQuotaHasRoom,
     "quota_has_room",
     Severity::kInfo,
     {"group"},
     "Storage group {group} has room below its quota again",
     "",
     Effect::kClears,
     "quota",
     "group"},
    {Kind::kNdmpOperationFailed,
     "ndmp_operation_failed",
     Severity::kError,
     {"operation", "path", "client", "reason"},
     "The {operation} of {path} by NDMP for {client} failed: {reason}",
     "Mend the cause, and let the backup application do it again; its log and log/ocandmpd.log "
     "tell more."},
    {Kind::kLoginFailed,
     "login_failed",
     Severity::kWarning,
     {"user", "from"},
     "Somebody failed to sign in as '{user}' from {from}",
     "When it was not the user, look at where it came from: oca audit --show --user {user}."},
    {Kind::kConfigurationChanged,
     "configuration_changed",
     Severity::kInfo,
     {"method", "target", "user", "from"},
     "{user} changed the configuration from {from}: {method} {target}",
     ""},
    {Kind::kDiskSpaceLow,
     "disk_space_low",
     Severity::kWarning,
     {"path", "percent", "free"},
     "{path}: {percent} % of the disk are free ({free})",
     "Delete what is not needed and let the cleaner run, or add space.",
     Effect::kRaises,
     "disk_space",
     "path"},
    {Kind::kDiskSpaceExhausted,
     "disk_space_exhausted",
     Severity::kCritical,
     {"path", "percent", "free"},
     "{path}: only {percent} % of the disk are free ({free}): writes are refused, or soon will be",
     "Delete what is not needed and let the cleaner run, or add space.",
     Effect::kRaises,
     "disk_space",
     "path"},
    {Kind::kDiskSpaceEnough,
     "disk_space_enough",
     Severity::kInfo,
     {"path", "percent"},
     "{path}: {percent} % of the disk are free again",
     "",
     Effect::kClears,
     "disk_space",
     "path"},
    {Kind::kMemoryLow,
     "memory_low",
     Severity::kWarning,
     {"percent", "available"},
     "{percent} % of the memory are available ({available})",
     "Lower memory_budget in oca.toml, stop what else runs on the machine, or add memory.",
     Effect::kRaises,
     "memory"},
    {Kind::kMemoryEnough,
     "memory_enough",
     Severity::kInfo,
     {"percent"},
     "{percent} % of the memory are available again",
     "",
     Effect::kClears,
     "memory"},
    {Kind::kClockJumped,
     "clock_jumped",
     Severity::kWarning,
     {"seconds"},
     "The machine's clock was moved by {seconds} s",
     "Let NTP keep it. Retention locks follow a clock of their own, which cannot be set."},
    {Kind::kCertificateExpires,
     "certificate_expires",
     Severity::kWarning,
     {"file", "days"},
     "The certificate {file} is valid for {days} more days",
     "Replace it.",
     Effect::kRaises,
     "certificate",
     "file"},
    {Kind::kCertificateValid,
     "certificate_valid",
     Severity::kInfo,
     {"file", "days"},
     "The certificate {file} is valid for {days} days",
     "",
     Effect::kClears,
     "certificate",
     "file"},
    {Kind::kEventsLost,
     "events_lost",
     Severity::kWarning,
     {"process", "count", "reason"},
     "{count} events of {process} were lost: {reason}",
     "What they told is in the log of {process}."},
    {Kind::kMessageNotSent,
     "message_not_sent",
     Severity::kError,
     {"channel", "error"},
     "Messages by {channel} cannot be sent: {error}",
     "Look at its settings (oca email_alerts --status) and try it: oca email_alerts --test_email.",
     Effect::kRaises,
     "channel",
     "channel"},
    {Kind::kMessagesSent,
     "messages_sent",
     Severity::kInfo,
     {"channel"},
     "Messages by {channel} are sent again",
     "",
     Effect::kClears,
     "channel",
     "channel"},
};

// The definition with this number; null when there is none.
constexpr const Definition* Find(uint32_t number) {
  for (const Definition& definition : kCatalogue) {
    if (static_cast<uint32_t>(definition.kind) == number) return &definition;
  }
  return nullptr;
}

constexpr size_t FieldCount(const Definition& definition) {
  size_t count = 0;
  while (count < kMostFields && !definition.fields[count].empty()) ++count;
  return count;
}

// "warning"
std::string_view SeverityWord(Severity severity);

// The page that documents the catalogue, in Markdown.
std::string CataloguePage();

}  // namespace oca::event

#endif  // OCA_LIB_EVENT_CATALOGUE_H_
