// Tells ThreadSanitizer what absl::Mutex, CondVar, Notification, BlockingCounter and the reference
// count of absl::Status order. Debian's Abseil is not built with it, so it would see neither the
// locks nor what they guard. The functions here stand before those of the shared library, for our
// code as for gRPC's.
//
// Conditions (Mutex::Await) are evaluated by whatever thread holds the lock, inside Abseil: their
// reads are not looked at.
#include <dlfcn.h>

#include <cstdint>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

struct IgnoreReads {
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

// Calls `real`: everything before it is ordered before what another thread does after it acquires.
template <typename Object, typename Real>
auto Around(const Object* object, bool release, bool acquire, Real real) {
  struct Acquire {
    void* address;
    ~Acquire() {
      if (address != nullptr) __tsan_acquire(address);
    }
  };
  void* address = const_cast<Object*>(object);
  if (release) __tsan_release(address);
  Acquire at_end{acquire ? address : nullptr};
  IgnoreReads ignore;
  return real();
}

}  // namespace

using absl::BlockingCounter;
using absl::Condition;
using absl::CondVar;
using absl::Duration;
using absl::Mutex;
using absl::Notification;
using absl::Time;

// WRAP(result, mangled name, object, release, acquire, (parameters), (arguments)); `object` is what
// orders.
#define WRAP(result, name, object, release, acquire, parameters, arguments)                   \
  extern "C" result name parameters;                                                          \
  extern "C" result name parameters {                                                         \
    static const auto real = reinterpret_cast<result(*) parameters>(dlsym(RTLD_NEXT, #name)); \
    return Around(object, release, acquire, [&] { return real arguments; });                  \
  }

WRAP(void, _ZN4absl7debian35Mutex4LockEv, mu, false, true, (Mutex * mu), (mu))
WRAP(void, _ZN4absl7debian35Mutex6UnlockEv, mu, true, false, (Mutex * mu), (mu))
WRAP(bool, _ZN4absl7debian35Mutex7TryLockEv, mu, false, true, (Mutex * mu), (mu))
WRAP(void, _ZN4absl7debian35Mutex10ReaderLockEv, mu, false, true, (Mutex * mu), (mu))
WRAP(void, _ZN4absl7debian35Mutex12ReaderUnlockEv, mu, true, false, (Mutex * mu), (mu))
WRAP(bool, _ZN4absl7debian35Mutex13ReaderTryLockEv, mu, false, true, (Mutex * mu), (mu))
WRAP(void, _ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE, mu, true, true,
     (Mutex * mu, const Condition* until), (mu, until))
WRAP(bool, _ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE, mu, true, true,
     (Mutex * mu, const Condition* until, Duration limit), (mu, until, limit))
WRAP(bool, _ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE, mu, true, true,
     (Mutex * mu, const Condition* until, Time limit), (mu, until, limit))
WRAP(void, _ZN4absl7debian35Mutex8LockWhenERKNS0_9ConditionE, mu, false, true,
     (Mutex * mu, const Condition* until), (mu, until))
WRAP(bool, _ZN4absl7debian35Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE, mu, false,
     true, (Mutex * mu, const Condition* until, Duration limit), (mu, until, limit))
WRAP(bool, _ZN4absl7debian35Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE, mu, false,
     true, (Mutex * mu, const Condition* until, Time limit), (mu, until, limit))
WRAP(void, _ZN4absl7debian35Mutex14ReaderLockWhenERKNS0_9ConditionE, mu, false, true,
     (Mutex * mu, const Condition* until), (mu, until))
WRAP(bool, _ZN4absl7debian35Mutex25ReaderLockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE, mu,
     false, true, (Mutex * mu, const Condition* until, Duration limit), (mu, until, limit))
WRAP(bool, _ZN4absl7debian35Mutex26ReaderLockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE, mu,
     false, true, (Mutex * mu, const Condition* until, Time limit), (mu, until, limit))
WRAP(void, _ZN4absl7debian37CondVar4WaitEPNS0_5MutexE, mu, true, true, (CondVar * cv, Mutex* mu),
     (cv, mu))
WRAP(bool, _ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE, mu, true, true,
     (CondVar * cv, Mutex* mu, Duration limit), (cv, mu, limit))
WRAP(bool, _ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE, mu, true, true,
     (CondVar * cv, Mutex* mu, Time limit), (cv, mu, limit))
WRAP(void, _ZN4absl7debian312Notification6NotifyEv, n, true, false, (Notification * n), (n))
WRAP(void, _ZNK4absl7debian312Notification19WaitForNotificationEv, n, false, true,
     (const Notification* n), (n))
WRAP(bool, _ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE, n, false,
     true, (const Notification* n, Duration limit), (n, limit))
WRAP(bool, _ZNK4absl7debian312Notification31WaitForNotificationWithDeadlineENS0_4TimeE, n, false,
     true, (const Notification* n, Time limit), (n, limit))
WRAP(bool, _ZN4absl7debian315BlockingCounter14DecrementCountEv, c, true, true,
     (BlockingCounter * c), (c))
WRAP(void, _ZN4absl7debian315BlockingCounter4WaitEv, c, false, true, (BlockingCounter * c), (c))

// The last of those who share a status frees it, after all that the others did with it.
extern "C" void _ZN4absl7debian36Status15UnrefNonInlinedEm(uintptr_t rep);
extern "C" void _ZN4absl7debian36Status15UnrefNonInlinedEm(uintptr_t rep) {
  static const auto real = reinterpret_cast<void (*)(uintptr_t)>(
      dlsym(RTLD_NEXT, "_ZN4absl7debian36Status15UnrefNonInlinedEm"));
  void* shared = reinterpret_cast<void*>(rep);
  __tsan_release(shared);
  __tsan_acquire(shared);
  real(rep);
}
