// An input of a fuzzer as a source of numbers and bytes, taken off its front.
// It never ends: behind the last byte come zeroes.
#ifndef THON_TESTS_FUZZ_INPUT_H_
#define THON_TESTS_FUZZ_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/core/hash.h"

namespace thon {

class Input {
 public:
  explicit Input(absl::string_view bytes) : rest_(bytes) {}

  absl::string_view rest() const { return rest_; }

  absl::string_view Bytes(std::size_t size_max) {
    const std::size_t size = std::min(size_max, rest_.size());
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::uint64_t Number(int bytes = 8) {
    std::uint64_t number = 0;
    for (const char c : Bytes(static_cast<std::size_t>(bytes))) {
      number = number << 8 | static_cast<std::uint8_t>(c);
    }
    return number;
  }
  // 0 to `end` - 1. Requires: end > 0.
  std::uint64_t Below(std::uint64_t end) {
    return Number(end <= 256 ? 1 : 8) % end;
  }
  Hash HashOf() {
    Hash hash;
    const absl::string_view bytes = Bytes(Hash::kSize);
    std::copy(bytes.begin(), bytes.end(), hash.bytes.begin());
    return hash;
  }

 private:
  absl::string_view rest_;
};

inline absl::string_view ViewOf(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace thon

// What each target defines, and libFuzzer or replay.cc calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

#endif  // THON_TESTS_FUZZ_INPUT_H_
