// Evidence files (FORMAT.md, "Evidence").
#ifndef THON_TOOLS_VERIFY_EVIDENCE_CHECK_H_
#define THON_TOOLS_VERIFY_EVIDENCE_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/hash.h"
#include "server/core/note.h"
#include "tools/verify/kept.h"

namespace thon::verify {

struct EvidenceText {
  std::string verdict;  // "two-histories" or "not-shown-consistent".
  std::string origin;
  std::vector<note::VerifierKey> log_keys;
  note::VerifierKey witness_key;
  std::string written;
  std::string known;
  std::string submitted;
  std::vector<Hash> proof;
};

// kInvalidArgument: not of the form; says what.
absl::StatusOr<EvidenceText> ParseEvidence(absl::string_view text);

// Whether the two notes show what the file says, by the key that `trust` has
// for the file's origin; without one nothing is concluded, as the keys in the
// file are its writer's word. kInvalidArgument: malformed.
absl::Status CheckEvidence(const KeptOptions& options, KeptReport* report);

// The first line of a promise that a phone found broken, without its newline.
inline constexpr char kPromiseFirstLine[] = "thon-promise/1";

// What a phone writes of a promise that was not kept: its receipt, and what the
// server said later. The circumstances are the phone's word; the receipt is the
// log's, and a pack decides whether it was kept. kInvalidArgument: malformed.
absl::Status CheckPromise(const KeptOptions& options, KeptReport* report);

// A receipt card, alone or against a pack (kept.cc).
absl::Status CheckCard(const KeptOptions& options, absl::string_view text,
                       KeptReport* report);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_EVIDENCE_CHECK_H_
