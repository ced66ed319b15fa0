// Recording: documents in parts, then the events that name them, then what
// became of them.
#ifndef THON_TOOLS_THON_SUBMIT_H_
#define THON_TOOLS_THON_SUBMIT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/hash.h"
#include "thon/v1/command_service.pb.h"
#include "tools/thon/client.h"
#include "tools/thon/session.h"

namespace thon::cli {

// What is to be recorded together.
struct Change {
  std::vector<v1::Event> events;       // 1 to 256.
  std::vector<std::string> documents;  // Named by the events' hashes.
  std::uint64_t seen_position = 0;
  std::string key;  // 1 to 60 characters.
};

// A key made of what is recorded: the same change twice is one change.
std::string StableKey(absl::string_view prefix,
                      const std::vector<v1::Event>& events);
// A key of its own for every run.
std::string RandomKey(absl::string_view prefix);
// 128 random bits in base32 (RFC 4648, without padding): 26 letters and digits.
std::string RandomCode();
// A random surrogate id.
std::uint64_t RandomId();

// Records a document, in calls of at most 3 MiB. Repeating it is harmless.
// kInvalidArgument: empty, or more than 16 MiB.
absl::Status PutDocument(Client* client, absl::string_view content);

// Records everything, or only the documents when the events are refused; they
// have no effect alone.
//
// kFailedPrecondition with reason NO_EFFECT: recorded, but an event has no
// effect; the message says which and why.
absl::StatusOr<v1::SubmitResponse> SubmitChange(Client* client,
                                                const Change& change);

// A line for each thing that the server wants the officer to know of commands
// that took effect.
std::string NotesOf(const v1::SubmitResponse& response);

// Records one event under a key of its own, `seen` being the position that was
// looked at before (0: none), and says where, with what the server wants the
// officer to know.
absl::Status RecordOne(Session* session, absl::string_view key_prefix,
                       v1::Event event, std::uint64_t seen = 0);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_SUBMIT_H_
