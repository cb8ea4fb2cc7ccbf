// A fuzz target of file x_fuzz.cc: OCA_FUZZ(x_fuzz) { ... }, given `data` and `size`; it returns 0.
// With libFuzzer (OCA_LIBFUZZER) each is a program. Without, all are in one that replays corpora:
// corpus_main.cc.
#ifndef OCA_T_FUZZ_TARGET_H_
#define OCA_T_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>

namespace oca::fuzz {

inline void Require(bool holds) {
  if (!holds) std::abort();
}

using Target = int (*)(const uint8_t* data, size_t size);

// Of this program, by name.
inline std::map<std::string_view, Target>& Targets() {
  static auto* const targets = new std::map<std::string_view, Target>;
  return *targets;
}

struct Registration {
  Registration(std::string_view name, Target target) { Targets()[name] = target; }
};

}  // namespace oca::fuzz

#ifdef OCA_LIBFUZZER
#define OCA_FUZZ(name) extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
#else
#define OCA_FUZZ(name)                                                      \
  static int name(const uint8_t* data, size_t size);                        \
  static const oca::fuzz::Registration name##_registration(#name, &(name)); \
  static int name(const uint8_t* data, size_t size)
#endif

#endif  // OCA_T_FUZZ_TARGET_H_
