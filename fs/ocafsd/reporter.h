// Tells of what the engine found: damage, faults of a scan, a cleaner that failed.
#ifndef OCA_FS_OCAFSD_REPORTER_H_
#define OCA_FS_OCAFSD_REPORTER_H_

#include <cstdint>
#include <map>
#include <thread>

#include "absl/time/time.h"
#include "fs/engine/filesystem.h"
#include "lib/base/bell.h"
#include "lib/event/client.h"

namespace oca::ocafsd {

// Looks at a filesystem and sends an event for what has changed. Not thread-safe.
class Findings {
 public:
  // Borrows both.
  Findings(engine::Filesystem& filesystem, event::Sink& events)
      : filesystem_(filesystem), events_(events) {}

  void Look();

 private:
  void LookAtDamage();
  void LookAtScan();
  void LookAtCleaner();

  engine::Filesystem& filesystem_;
  event::Sink& events_;
  std::map<GroupId, uint64_t> damaged_;  // parts of packs, by group, as it was told last
  absl::Time scan_ended_;                // that was told
  absl::Time cleaner_ended_;             // that was told
  bool cleaner_failed_ = true;           // as it was told; before the first run it may have
};

// A thread that looks every few seconds.
class Reporter {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(5);

  Reporter(engine::Filesystem& filesystem, event::Sink& events);
  ~Reporter();
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

 private:
  void Loop();

  Findings findings_;  // belongs to the thread
  Bell stop_;
  std::thread thread_;
};

}  // namespace oca::ocafsd

#endif  // OCA_FS_OCAFSD_REPORTER_H_
