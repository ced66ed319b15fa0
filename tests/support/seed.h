// The one seed of a test program's randomness.
#ifndef THON_TESTS_SUPPORT_SEED_H_
#define THON_TESTS_SUPPORT_SEED_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace thon {

// THON_SEED, a decimal number, when it is set; else a number picked once per
// process. Printed when first asked for, so that a run can be repeated:
//
//   THON_SEED=123 build/dev/bin/thon_core_test --gtest_filter=...
//
// Each test starts its own generator from it, so that a test draws the same
// numbers whether or not others ran before it. Any thread.
inline std::uint64_t TestSeed() {
  static const std::uint64_t seed = [] {
    std::uint64_t value = 0;
    if (const char* text = std::getenv("THON_SEED"); text != nullptr) {
      char* end = nullptr;
      value = std::strtoull(text, &end, 10);
      if (*text == '\0' || *end != '\0') {
        std::cerr << "THON_SEED must be a decimal number, not \"" << text
                  << "\"\n";
        std::exit(2);
      }
    } else {
      std::random_device device;
      value = (std::uint64_t{device()} << 32) | device();
    }
    std::cerr << "THON_SEED=" << value << std::endl;
    return value;
  }();
  return seed;
}

// A generator started from the seed. `salt` tells apart the generators of one
// test. mt19937_64 gives the same numbers everywhere; the standard's
// distributions do not, so draw with `%` where a run must be repeatable on
// another machine.
inline std::mt19937_64 SeededRandom(std::uint64_t salt = 0) {
  return std::mt19937_64(TestSeed() ^ (salt * 0x9E3779B97F4A7C15u));
}

}  // namespace thon

#endif  // THON_TESTS_SUPPORT_SEED_H_
