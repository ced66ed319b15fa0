// What a log sends to a witness (c2sp.org/tlog-witness, add-checkpoint):
//
//   "old " size "\n" (base64(hash) "\n"){0,63} "\n" checkpoint
#ifndef THON_CORE_WITNESS_REQUEST_H_
#define THON_CORE_WITNESS_REQUEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/hash.h"

namespace thon {

struct AddCheckpoint {
  std::uint64_t old_size = 0;
  std::vector<Hash> proof;
  std::string checkpoint;  // The note, verbatim; its form is not looked into.
};

std::string FormatAddCheckpoint(const AddCheckpoint& request);
// kInvalidArgument: malformed.
absl::StatusOr<AddCheckpoint> ParseAddCheckpoint(absl::string_view body);

}  // namespace thon

#endif  // THON_CORE_WITNESS_REQUEST_H_
