// Big-endian numbers in byte strings: their byte order is their numeric order.
#ifndef THON_CORE_BYTES_H_
#define THON_CORE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace thon {

template <typename Integer>
void AppendBigEndian(Integer value, std::string* out) {
  for (std::size_t i = sizeof(Integer); i-- > 0;) {
    out->push_back(
        static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff));
  }
}

// Takes a number off the front. False, and nothing changed, if `*in` is short.
template <typename Integer>
bool ConsumeBigEndian(absl::string_view* in, Integer* value) {
  if (in->size() < sizeof(Integer)) return false;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    bits = bits << 8 | static_cast<std::uint8_t>((*in)[i]);
  }
  *value = static_cast<Integer>(bits);
  in->remove_prefix(sizeof(Integer));
  return true;
}

}  // namespace thon

#endif  // THON_CORE_BYTES_H_
