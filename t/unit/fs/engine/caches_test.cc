// A cache whose values somebody may have claimed to load.
#include "fs/engine/caches.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

using Cache = LruCache<std::string>;

const CacheKey kKey{GroupId{1}, PackId{2}, 3};

Cache::Loaded Value(const char* text) { return {std::make_shared<const std::string>(text), 1}; }

TEST(LruCache, OneClaimsWhatIsNeitherThereNorOnItsWay) {
  Cache cache(1 << 20);
  EXPECT_TRUE(cache.Claim(kKey));
  EXPECT_FALSE(cache.Claim(kKey));
  EXPECT_TRUE(cache.Claim({GroupId{1}, PackId{2}, 4}));
  ASSERT_OK_AND_ASSIGN(Cache::Pointer settled, cache.Settle(kKey, Value("a")));
  EXPECT_EQ(*settled, "a");
  EXPECT_FALSE(cache.Claim(kKey));
  EXPECT_EQ(*cache.Peek(kKey), "a");
  cache.Erase(kKey);
  EXPECT_TRUE(cache.Claim(kKey));
}

TEST(LruCache, WhoWantsWhatIsClaimedGetsWhatComesOfIt) {
  Cache cache(1 << 20);
  ASSERT_TRUE(cache.Claim(kKey));
  std::atomic<bool> answered{false};
  std::thread other([&] {
    auto got = cache.Get(kKey, [] { return absl::InternalError("loaded twice"); });
    answered = true;
    ASSERT_OK(got);
    EXPECT_EQ(**got, "claimed");
  });
  EXPECT_FALSE(answered);
  ASSERT_OK(cache.Settle(kKey, Value("claimed")));
  other.join();
}

TEST(LruCache, AfterAFailedClaimWhoWaitedLoadsItHimself) {
  Cache cache(1 << 20);
  ASSERT_TRUE(cache.Claim(kKey));
  std::thread other([&] {
    auto got = cache.Get(kKey, []() -> absl::StatusOr<Cache::Loaded> { return Value("own"); });
    ASSERT_OK(got);
    EXPECT_EQ(**got, "own");
  });
  EXPECT_THAT(cache.Settle(kKey, absl::DataLossError("damaged")),
              support::StatusIs(absl::StatusCode::kDataLoss));
  other.join();
}

}  // namespace
}  // namespace oca::engine
