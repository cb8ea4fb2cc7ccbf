// Whether the tests run under a sanitizer.
#ifndef OCA_T_SUPPORT_SANITIZED_H_
#define OCA_T_SUPPORT_SANITIZED_H_

namespace oca::support {

// A sanitizer makes memory accesses several times slower. A sweep that is long by the number of its
// steps, not by the code that they reach, takes fewer of them there: the release build takes all.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_SANITIZED_H_
