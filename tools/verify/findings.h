// What the checks say: what was examined, and what was found, each with its
// place. Nothing is skipped in silence: what could not be checked is a finding
// too.
//
// Words: a check is a promise that the verifier looks at; a finding is a kind
// of thing that was met, counted, with the first places where it was met.
#ifndef THON_TOOLS_VERIFY_FINDINGS_H_
#define THON_TOOLS_VERIFY_FINDINGS_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/strings/substitute.h"

namespace thon::verify {

enum class Check : std::uint8_t {
  kPack,         // The pack's files and what its manifest says of them.
  kEntries,      // Entries against the tiles above them, and their trailers.
  kTiles,        // Every tile against the tiles below it.
  kRoot,         // The root against the checkpoint.
  kCheckpoint,   // The checkpoint's signature.
  kWitnesses,    // Cosignatures and their quorum.
  kConsistency,  // Older checkpoints against this tree.
  kChains,       // Authors' numbers and hashes, forks.
  kSignatures,   // Batches' signatures.
  kAuthors,      // Enrolments, successors, revocations, server authors.
  kEpochs,       // Epochs and what they declare lost.
  kCalendar,     // Days opened, receive times.
  kFold,         // Everything folded again.
  kStateRoots,   // State roots of log and manifest.
  kRows,         // The server's rows, one by one.
  kMoney,        // The sum that was expected.
  kReceipts,     // Receipts, proofs and evidence that somebody kept.
};
inline constexpr int kCheckCount = static_cast<int>(Check::kReceipts) + 1;

enum class Weight : std::uint8_t {
  kFailed,      // Something is not as it must be.
  kNotChecked,  // It cannot be said.
  kNoted,       // Nothing is wrong; a reader must know.
};

// A kind of finding. The name is for programs, upper case, and never changes.
struct FindingKind {
  absl::string_view name;
  Check check;
  Weight weight;
  absl::string_view vi;  // A sentence.
  absl::string_view en;
};

// What is said of a finding, in both languages.
struct Detail {
  bool empty() const { return vi.empty() && en.empty(); }

  std::string vi;
  std::string en;
};

// `$0` to `$9` stand for the arguments.
template <typename... Args>
Detail Say(absl::string_view vi, absl::string_view en, const Args&... args) {
  return {absl::Substitute(vi, args...), absl::Substitute(en, args...)};
}
// What is no sentence of ours: a name, a hash, what a reader of files said.
Detail Same(absl::string_view text);
// "what: how".
Detail Of(const Detail& what, const Detail& how);

struct Place {
  std::optional<std::uint64_t> entry = std::nullopt;
  std::optional<std::uint64_t> position = std::nullopt;
  std::string file = "";  // Path in the pack, or of a file that was given.
  Detail detail = {};     // What is different, for people.
};

struct Found {
  std::uint64_t count = 0;
  std::vector<Place> places;  // The first of them.
};

enum class Result : std::uint8_t { kHeld, kFailed, kNotChecked, kAbsent };

// Thread-safety: none.
class Findings {
 public:
  explicit Findings(std::size_t places_max = 100) : places_max_(places_max) {}

  void Add(const FindingKind& kind, Place place);
  // `count` of them, without places beyond what Add() has.
  void AddMany(const FindingKind& kind, std::uint64_t count);

  // Something was examined: `count` of what the check is about.
  void Examined(Check check, std::uint64_t count);
  std::uint64_t examined(Check check) const {
    return examined_[static_cast<std::size_t>(check)];
  }

  // kAbsent: nothing of the kind was there to be examined.
  Result ResultOf(Check check) const;
  bool Has(const FindingKind& kind) const;
  bool any_failed() const;
  bool any_not_checked() const;
  // What failed first; then in the order of checks, then of names.
  std::vector<std::pair<const FindingKind*, const Found*>> All() const;

 private:
  std::size_t places_max_;
  std::array<std::uint64_t, kCheckCount> examined_{};
  std::map<absl::string_view, std::pair<const FindingKind*, Found>> found_;
};

// "CONSISTENCY", and in words.
absl::string_view CheckName(Check check);
struct Words {
  absl::string_view vi;
  absl::string_view en;
};
Words CheckWords(Check check);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_FINDINGS_H_
