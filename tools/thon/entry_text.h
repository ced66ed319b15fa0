// Entries of the log as a person reads them.
#ifndef THON_TOOLS_THON_ENTRY_TEXT_H_
#define THON_TOOLS_THON_ENTRY_TEXT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "server/core/entry.h"
#include "thon/v1/log.pb.h"
#include "tools/thon/proto_json.h"

namespace thon::cli {

struct DecodedEntry {
  std::uint64_t index = 0;
  EntryTrailer trailer;
  v1::Batch batch;
  std::map<std::string, int> types;  // Events by the payload's field name.
};

// kDataLoss: the bytes are not an entry.
absl::StatusOr<DecodedEntry> DecodeEntry(const v1::Entry& entry);

// "12  positions 40-43  2023-06-01T08:00:00+07:00  1f2e3d4c  task_completed x4"
std::string ShowEntry(const DecodedEntry& entry);
// With `events`, every event in full.
Json EntryJson(const DecodedEntry& entry, bool events);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_ENTRY_TEXT_H_
