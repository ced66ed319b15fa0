// How many messages a repeated field holds, before anything is parsed.
//
// Parsing makes an object of some hundred bytes out of two. Who has a limit for
// a list of strangers' messages asks here first.
#ifndef THON_CORE_REPEATED_SCAN_H_
#define THON_CORE_REPEATED_SCAN_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace thon {

// Whether a parser that reads `bytes` as a message makes more than `max`
// messages of its repeated message field `field`, be it that it finds an error
// behind them. Nested messages are not looked into. Allocates nothing.
bool HoldsMoreThan(absl::string_view bytes, int field, std::size_t max);

}  // namespace thon

#endif  // THON_CORE_REPEATED_SCAN_H_
