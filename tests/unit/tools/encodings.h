// UTF-16 made without the program's own converter, for tests.
#ifndef THON_TESTS_UNIT_TOOLS_ENCODINGS_H_
#define THON_TESTS_UNIT_TOOLS_ENCODINGS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace thon::cli {

// UTF-8 as UTF-16 without a mark. Requires letters of the first plane.
inline std::string Utf16(absl::string_view utf8, bool big_endian) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto byte = [&](std::size_t k) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(utf8[k]));
    };
    std::uint32_t letter = byte(i);
    if (letter < 0x80) {
      i += 1;
    } else if (letter < 0xE0) {
      letter = (letter & 0x1F) << 6 | (byte(i + 1) & 0x3F);
      i += 2;
    } else {
      letter = (letter & 0x0F) << 12 | (byte(i + 1) & 0x3F) << 6 |
               (byte(i + 2) & 0x3F);
      i += 3;
    }
    const char high = static_cast<char>(letter >> 8);
    const char low = static_cast<char>(letter & 0xFF);
    out.push_back(big_endian ? high : low);
    out.push_back(big_endian ? low : high);
  }
  return out;
}

}  // namespace thon::cli

#endif  // THON_TESTS_UNIT_TOOLS_ENCODINGS_H_
