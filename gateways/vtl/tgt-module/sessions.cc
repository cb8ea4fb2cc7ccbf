#include "gateways/vtl/tgt-module/sessions.h"

#include <array>
#include <cstring>
#include <string_view>

namespace oca::tgt {
namespace {

constexpr uint8_t kRead = 0x08;
constexpr uint8_t kWrite = 0x0a;

}  // namespace

// tgtd writes an iSCSI TransportID: 4 bytes, the name, a zero, ",i,0x", the identifier in 6 bytes.
std::string Sessions::PortOf(const Key& key) const {
  constexpr size_t kHeaderBytes = 4;
  constexpr std::string_view kSeparator = ",i,0x";
  constexpr size_t kIdentifierBytes = 6;
  if (tgtd_.find_nexus(key.first, key.second) == nullptr) return "";
  std::array<char, 512> id{};
  int size = tgtd_.transport_id(key.first, key.second, id.data(), id.size());
  if (size <= static_cast<int>(kHeaderBytes) || size > static_cast<int>(id.size())) return "";
  std::string out(id.data() + kHeaderBytes,
                  strnlen(id.data() + kHeaderBytes, id.size() - kHeaderBytes));
  size_t at = kHeaderBytes + out.size() + 1 + kSeparator.size();
  if (at + kIdentifierBytes > id.size()) return "";
  out += kSeparator;
  for (size_t i = 0; i < kIdentifierBytes; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    auto byte = static_cast<uint8_t>(id[at + i]);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0x0f];
  }
  return out;
}

void Sessions::Sweep() {
  for (auto at = known_.begin(); at != known_.end();) {
    // A number that another port has now belongs to another session.
    if (PortOf(at->first) == at->second.port) {
      ++at;
      continue;
    }
    ended_.push_back(at->second);
    at = known_.erase(at);
  }
}

void Sessions::Note(const ScsiCommand& command) {
  Key key{command.target->id, command.nexus_id};
  std::lock_guard lock(mu_);
  if (command.cdb[0] != kRead && command.cdb[0] != kWrite) Sweep();
  if (!known_.contains(key)) known_[key] = {PortOf(key), key.second};
}

scsi::Initiator Sessions::Of(const ScsiCommand& command) {
  std::lock_guard lock(mu_);
  auto found = known_.find({command.target->id, command.nexus_id});
  return found == known_.end() ? scsi::Initiator{} : found->second;
}

bool Sessions::HasEnded() {
  std::lock_guard lock(mu_);
  return !ended_.empty();
}

std::vector<scsi::Initiator> Sessions::TakeEnded() {
  std::lock_guard lock(mu_);
  return std::exchange(ended_, {});
}

}  // namespace oca::tgt
