// Strong types for the identifiers that cross module borders.
#ifndef OCA_LIB_BASE_IDS_H_
#define OCA_LIB_BASE_IDS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace oca {

// An integer that converts to nothing else. Tag makes each use a type of its own.
template <typename Tag, typename Int>
struct StrongId {
  Int value = 0;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Int v) : value(v) {}
  friend constexpr auto operator<=>(StrongId, StrongId) = default;
  template <typename H>
  friend H AbslHashValue(H h, StrongId id) {
    return H::combine(std::move(h), id.value);
  }
};

using PackId =
    StrongId<struct PackIdTag, uint64_t>;  // unique in a storage group, never reused, from 1
using InodeNo = StrongId<struct InodeNoTag,
                         uint64_t>;  // unique in a repository, never reused; 1 is the mount's root
using ContainerId =
    StrongId<struct ContainerIdTag, uint32_t>;  // unique in a repository, never reused, from 1
using GroupId = StrongId<struct GroupIdTag, uint32_t>;  // a storage group; unique in a repository,
                                                        // never reused, from 1

// SHA-256 of a chunk's plain bytes: the chunk's name.
struct Fingerprint {
  std::array<uint8_t, 32> bytes{};

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;

  // The first eight bytes, big-endian, so that numeric order is byte order.
  uint64_t Prefix64() const {
    uint64_t v;
    std::memcpy(&v, bytes.data(), sizeof v);
    return __builtin_bswap64(v);
  }
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string ToHex() const;
  // `raw` must hold 32 bytes.
  static Fingerprint FromBytes(std::string_view raw) {
    Fingerprint fp;
    std::memcpy(fp.bytes.data(), raw.data(), fp.bytes.size());
    return fp;
  }

  template <typename H>
  friend H AbslHashValue(H h, const Fingerprint& fp) {
    return H::combine(std::move(h), fp.Prefix64());  // already uniform
  }
};

}  // namespace oca

#endif  // OCA_LIB_BASE_IDS_H_
