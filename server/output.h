// What thond writes for people and programs beside it.
#ifndef THON_OUTPUT_H_
#define THON_OUTPUT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace thon {

// For a message of the log: JSON logs quote it, so what comes from outside must
// not end it.
std::string Quoted(absl::string_view text);

// Writes a small file whole or not at all: another program may wait for it.
absl::Status WriteText(const std::string& path, const std::string& text);

}  // namespace thon

#endif  // THON_OUTPUT_H_
