// The life of a cartridge in which the power goes, or the disk fails once, at each call that
// changes the disk.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "lib/vtape/cartridge.h"
#include "t/support/random.h"
#include "t/support/vtape_storage.h"
#include "t/unit/lib/vtape/tapes.h"

namespace oca::vtape {
namespace {

// What may be found after a crash: the first `durable` objects at least, and more of them in order.
struct Allowed {
  Objects objects;
  size_t durable = 0;

  bool Permits(const Objects& found) const {
    return found.size() >= durable && found.size() <= objects.size() &&
           std::equal(found.begin(), found.end(), objects.begin());
  }
};

class Life {
 public:
  // Every other seed has blocks taken before they are in the payload.
  Life(Storage& storage, uint64_t seed)
      : storage_(storage),
        options_{.sync_every_bytes = 5000,
                 .write_behind_bytes = seed % 2 == 0 ? 3000u : 0u,
                 .read_ahead_bytes = 0},
        random_(seed) {}

  bool created = false;
  std::vector<Allowed> allowed = {{}};
  bool stopped = false;  // an operation failed

  void Run() {
    if (!Ok(Cartridge::Create(storage_, kTape, TapeAttributes()))) return;
    created = true;
    for (int session = 0; session < 3; ++session) {
      auto tape = Cartridge::Load(storage_, kTape, options_);
      if (!Ok(tape.status())) return;
      Session(**tape);
      if (stopped || !Ok((*tape)->Unload())) return;
      now_.durable = now_.objects.size();
      allowed = {now_};
    }
  }

 private:
  bool Ok(const Status& status) {
    stopped = !status.ok();
    return !stopped;
  }

  void Session(Cartridge& tape) {
    for (int step = 0; step < 25 && !stopped; ++step) {
      tape.SpaceToEnd();
      if (random_.OneIn(8)) tape.Locate(random_.Below(tape.objects() + 1));
      switch (random_.Below(8)) {
        case 0:
          Put(tape, Objects(random_.Between(1, 3)), random_.OneIn(2));
          break;
        case 1:
          if (Ok(tape.Sync())) MarkDurable();
          break;
        default:
          Put(tape, {random_.Bytes(random_.Between(1, 1800))}, true);
      }
    }
  }

  // Writes `objects`, one block or filemarks, at the tape's position.
  void Put(Cartridge& tape, const Objects& objects, bool immediate) {
    uint64_t position = tape.position();
    Allowed next = now_;
    if (position < now_.objects.size()) {
      next.objects.resize(position);
      next.durable = position;
      allowed = {now_};  // as long as the cut is not durable
    } else {
      allowed.clear();
    }
    next.objects.insert(next.objects.end(), objects.begin(), objects.end());
    allowed.push_back(next);
    Status status = objects[0].empty()
                        ? tape.WriteFilemarks(static_cast<uint32_t>(objects.size()), immediate)
                        : tape.Write(objects[0]);
    if (!Ok(status)) return;
    now_ = next;
    allowed = {now_};
    if (!immediate) MarkDurable();
  }

  void MarkDurable() {
    now_.durable = now_.objects.size();
    allowed = {now_};
  }

  Storage& storage_;
  const Cartridge::Options options_;
  support::Random random_;
  Allowed now_;
};

// Loads the cartridge and checks that it is one of those allowed; then that it works on.
void CheckAfterwards(Storage& storage, const Life& life) {
  auto tape = Cartridge::Load(storage, kTape, {});
  if (!tape.ok() && !life.created) {
    // A creation that was not acknowledged may not have happened, and can be had again.
    ASSERT_EQ(tape.status().code(), Code::kNotFound) << tape.status().message();
    Status status = Cartridge::Create(storage, kTape, TapeAttributes());
    ASSERT_TRUE(status.ok()) << status.message();
    return;
  }
  ASSERT_TRUE(tape.ok()) << tape.status().message();
  Status status;
  Objects found = ReadAll(**tape, &status);
  ASSERT_TRUE(status.ok()) << status.message();
  ASSERT_TRUE(std::any_of(life.allowed.begin(), life.allowed.end(),
                          [&](const Allowed& allowed) { return allowed.Permits(found); }))
      << found.size() << " objects, of which at least " << life.allowed.back().durable << " of "
      << life.allowed.back().objects.size() << " expected";
  uint64_t marks = static_cast<uint64_t>(std::count(found.begin(), found.end(), ""));
  ASSERT_EQ((*tape)->filemarks(), marks);

  found.push_back("after the power cut");
  ASSERT_TRUE((*tape)->Write(found.back()).ok());
  ASSERT_TRUE((*tape)->Unload().ok());
  tape = Cartridge::Load(storage, kTape, {});
  ASSERT_TRUE(tape.ok()) << tape.status().message();
  ASSERT_EQ(ReadAll(**tape, &status), found);
}

TEST(CartridgePowerCut, LeavesWhatWasDurableAndAPrefixOfTheRest) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    bool cut = true;
    for (uint64_t n = 1; cut; ++n) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", cut at call " << n);
      io::FaultFileSystem fs;
      support::VtapeStorage storage(fs);
      fs.CutPowerAt(n);
      Life life(storage, seed);
      life.Run();
      cut = fs.PowerIsCut();
      ASSERT_TRUE(cut || !life.stopped);
      fs.PowerCycle(n);
      // The power goes again while the tape is repaired.
      fs.CutPowerAt(1 + n % 12);
      (void)Cartridge::Load(storage, kTape, {});
      fs.PowerCycle(n + 1);
      CheckAfterwards(storage, life);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(CartridgeDiskFault, LosesNothingThatWasDurable) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    bool failed = true;
    for (uint64_t n = 1; failed; ++n) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", fault at call " << n);
      io::FaultFileSystem fs;
      support::VtapeStorage storage(fs);
      fs.FailAt(n, EIO);
      Life life(storage, seed);
      life.Run();
      failed = life.stopped;
      fs.ClearFaults();
      // Loaded before and after a power cut: what the page cache holds may not be what the disk
      // does.
      if (n % 2 == 0) {
        (void)Cartridge::Load(storage, kTape, {});
        fs.PowerCycle(n);
      }
      CheckAfterwards(storage, life);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace oca::vtape
