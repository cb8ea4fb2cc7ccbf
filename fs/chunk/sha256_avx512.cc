// The rounds of FIPS 180-4 as they stand there, each word of the algorithm in a register that holds
// it for sixteen chunks. A rotation is one instruction, and so is each function of three words.
#include "fs/chunk/sha256_avx512.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "fs/chunk/sha256_lanes.h"

#define OCA_SHA_TARGET __attribute__((target("avx512f,avx512bw")))

namespace oca::chunk::internal {
namespace {

using Word = __m512i;  // of sixteen chunks

// As _mm512_ternarylogic_epi32 wants them: the bit at (a << 2 | b << 1 | c).
constexpr int kXor = 0x96;
constexpr int kChoose = 0xCA;
constexpr int kMajority = 0xE8;

// The maskz forms with every lane kept: gcc 12's header reads an uninitialised register in the
// plain ones, and that warning is an error here. The same instructions come out.
constexpr __mmask16 kAll32 = 0xFFFF;
constexpr __mmask8 kAll64 = 0xFF;

template <int kBits>
OCA_SHA_TARGET inline Word Rotate(Word x) {
  return _mm512_maskz_ror_epi32(kAll32, x, kBits);
}
template <int kBits>
OCA_SHA_TARGET inline Word Shift(Word x) {
  return _mm512_maskz_srli_epi32(kAll32, x, kBits);
}
template <int kFunction>
OCA_SHA_TARGET inline Word Logic(Word a, Word b, Word c) {
  return _mm512_ternarylogic_epi32(a, b, c, kFunction);
}
OCA_SHA_TARGET inline Word Add(Word a, Word b) { return _mm512_add_epi32(a, b); }

template <int kQuarters>
OCA_SHA_TARGET inline Word Quarters(Word a, Word b) {
  return _mm512_maskz_shuffle_i32x4(kAll32, a, b, kQuarters);
}

// From sixteen blocks, one a register, to their sixteen words: pairs of rows, then fours, and the
// quarters of registers at last.
OCA_SHA_TARGET inline void Transpose(Word* w) {
  constexpr int kEven = 0x88;
  constexpr int kOdd = 0xDD;
  Word t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_maskz_unpacklo_epi32(kAll32, w[i], w[i + 1]);
    t[i + 1] = _mm512_maskz_unpackhi_epi32(kAll32, w[i], w[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    w[i] = _mm512_maskz_unpacklo_epi64(kAll64, t[i], t[i + 2]);
    w[i + 1] = _mm512_maskz_unpackhi_epi64(kAll64, t[i], t[i + 2]);
    w[i + 2] = _mm512_maskz_unpacklo_epi64(kAll64, t[i + 1], t[i + 3]);
    w[i + 3] = _mm512_maskz_unpackhi_epi64(kAll64, t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const Word low_even = Quarters<kEven>(w[j], w[4 + j]);
    const Word low_odd = Quarters<kOdd>(w[j], w[4 + j]);
    const Word high_even = Quarters<kEven>(w[8 + j], w[12 + j]);
    const Word high_odd = Quarters<kOdd>(w[8 + j], w[12 + j]);
    t[j] = Quarters<kEven>(low_even, high_even);
    t[j + 4] = Quarters<kEven>(low_odd, high_odd);
    t[j + 8] = Quarters<kOdd>(low_even, high_even);
    t[j + 12] = Quarters<kOdd>(low_odd, high_odd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) w[i] = t[i];
}

// The 64 rounds of one block of each chunk; `w` holds the blocks, and the last sixteen words of the
// message schedule from there on.
OCA_SHA_TARGET inline void Rounds(Word* w, Word* state) {
  Word a = state[0], b = state[1], c = state[2], d = state[3];
  Word e = state[4], f = state[5], g = state[6], h = state[7];
#pragma GCC unroll 64
  for (int i = 0; i < 64; ++i) {
    Word& now = w[i & 15];
    if (i >= 16) {
      const Word before15 = w[(i + 1) & 15];
      const Word before2 = w[(i + 14) & 15];
      const Word sigma0 =
          Logic<kXor>(Rotate<7>(before15), Rotate<18>(before15), Shift<3>(before15));
      const Word sigma1 = Logic<kXor>(Rotate<17>(before2), Rotate<19>(before2), Shift<10>(before2));
      now = Add(Add(now, sigma0), Add(w[(i + 9) & 15], sigma1));
    }
    const Word with_constant = Add(now, _mm512_set1_epi32(static_cast<int>(kSha256Constants[i])));
    const Word sum1 = Logic<kXor>(Rotate<6>(e), Rotate<11>(e), Rotate<25>(e));
    const Word sum0 = Logic<kXor>(Rotate<2>(a), Rotate<13>(a), Rotate<22>(a));
    const Word first = Add(Add(Add(h, sum1), Logic<kChoose>(e, f, g)), with_constant);
    const Word second = Add(sum0, Logic<kMajority>(a, b, c));
    h = g;
    g = f;
    f = e;
    e = Add(d, first);
    d = c;
    c = b;
    b = a;
    a = Add(first, second);
  }
  const Word after[8] = {a, b, c, d, e, f, g, h};
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) state[i] = Add(state[i], after[i]);
}

}  // namespace

bool HasAvx512() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"); }

bool PrefersAvx512() { return HasAvx512() && __builtin_cpu_is("intel"); }

OCA_SHA_TARGET void CompressAvx512(const std::array<const uint8_t*, kAvx512Lanes>& from,
                                   size_t blocks, Avx512Words* words) {
  const Word big_endian =
      _mm512_maskz_broadcast_i32x4(kAll32, _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203));
  Word state[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) state[i] = _mm512_loadu_si512((*words)[i].data());
  for (size_t at = 0; at < blocks * kSha256Block; at += kSha256Block) {
    Word w[16];
#pragma GCC unroll 16
    for (size_t l = 0; l < kAvx512Lanes; ++l) {
      w[l] = _mm512_shuffle_epi8(_mm512_loadu_si512(from[l] + at), big_endian);
    }
    Transpose(w);
    Rounds(w, state);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) _mm512_storeu_si512((*words)[i].data(), state[i]);
}

}  // namespace oca::chunk::internal

#else

namespace oca::chunk::internal {

bool HasAvx512() { return false; }
bool PrefersAvx512() { return false; }
void CompressAvx512(const std::array<const uint8_t*, kAvx512Lanes>&, size_t, Avx512Words*) {}

}  // namespace oca::chunk::internal

#endif
