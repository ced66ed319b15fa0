// The whole verification of a pack, or of several that continue each other.
#ifndef THON_TOOLS_VERIFY_VERIFY_H_
#define THON_TOOLS_VERIFY_VERIFY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/verify/chain_check.h"
#include "tools/verify/checkpoint_check.h"
#include "tools/verify/findings.h"
#include "tools/verify/manifest.h"
#include "tools/verify/money.h"

namespace thon::verify {

struct VerifyOptions {
  std::vector<std::string> packs;
  Trust trust;
  std::vector<OlderCheckpoint> older;
  // The payable sum that the auditor expects, and of which policy; "": of all.
  std::optional<std::int64_t> expect_total;
  std::string policy_id;
  int threads = 0;  // For signatures; 0: as the machine has.
  // Rows in memory; more go to a temporary file in `temp_directory`.
  std::size_t rows_bytes = std::size_t{512} << 20;
  std::string temp_directory;
  std::size_t places_max = 100;  // Shown of each finding.
  bool progress = false;
};

enum class Verdict : std::uint8_t { kHeld, kFailed, kIncomplete };

struct VerifyReport {
  explicit VerifyReport(std::size_t places_max) : findings(places_max) {}

  std::vector<std::string> packs;
  Manifest manifest;  // Of the largest tree.
  std::uint64_t first_entry = 0;
  std::uint64_t end_entry = 0;
  std::uint64_t last_position = 0;
  std::uint64_t entries = 0;
  std::uint64_t events = 0;
  std::uint64_t authors = 0;
  std::uint64_t bytes = 0;
  std::string root;  // Hexadecimal; "" if it was not computed.
  bool key_from_pack = false;
  std::vector<Epoch> epochs;
  std::vector<v1::StateRoot> state_roots;  // Computed, as of the last entry.
  std::optional<Money> money;  // Not if the fold stopped or sums overflow.
  std::optional<std::int64_t> expect_total;
  std::string policy_id;
  std::int64_t total = 0;  // Of what `expect_total` speaks of.
  // By the clock: all of it, and the pass over the entries.
  std::int64_t total_ms = 0;
  std::int64_t entries_ms = 0;
  std::uint64_t rows_spilled = 0;
  Findings findings;

  Verdict verdict() const;
  std::uint64_t events_per_second() const;
};

// The program's exit status.
int ExitStatusOf(Verdict verdict);

// An error: nothing was verified, because a pack cannot be read or is refused.
absl::StatusOr<VerifyReport> Verify(const VerifyOptions& options);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_VERIFY_H_
