// How the API states what reduction saves.
#ifndef OCA_LIB_API_SAVINGS_H_
#define OCA_LIB_API_SAVINGS_H_

#include <cstdint>

namespace oca::api {

// Share of `before` that the later stage saved, 0 to 100, rounded down to two decimals; 0 when
// `before` is 0 or `after` is larger.
double SavingsPercent(uint64_t before, uint64_t after);

// Fills the percents of a message from its byte counters (StorageGroupStats, ContainerStats,
// SystemStats).
template <typename Stats>
void FillSavings(Stats* stats) {
  uint64_t current = stats->current_bytes();
  uint64_t deduped = stats->post_dedupe_bytes();
  uint64_t compressed = stats->post_compression_bytes();
  stats->set_dedupe_savings_percent(SavingsPercent(current, deduped));
  stats->set_compression_savings_percent(SavingsPercent(deduped, compressed));
  stats->set_total_savings_percent(SavingsPercent(current, compressed));
}

}  // namespace oca::api

#endif  // OCA_LIB_API_SAVINGS_H_
