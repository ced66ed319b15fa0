#include "server/core/repeated_scan.h"

#include <cstdint>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace thon {

bool HoldsMoreThan(absl::string_view bytes, int field, std::size_t max) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(
      reinterpret_cast<const std::uint8_t*>(bytes.data()),
      static_cast<int>(bytes.size()));
  const std::uint32_t wanted =
      WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  std::size_t count = 0;
  // Where it stops, a parser stops too.
  while (const std::uint32_t tag = in.ReadTag()) {
    if (tag == wanted && ++count > max) return true;
    if (!WireFormatLite::SkipField(&in, tag)) return false;
  }
  return false;
}

}  // namespace thon
