// What a witness writes down when a log shows it something it must not cosign
// (tools/verify/FORMAT.md, "Evidence"): two checkpoints, each signed by the
// log, in one file that `thon-verify evidence` judges without the witness.
#ifndef THON_HTTP_EVIDENCE_H_
#define THON_HTTP_EVIDENCE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/checkpoint.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/note.h"

namespace thon {

enum class EvidenceVerdict {
  kTwoHistories,       // One size, two roots, both signed: proven.
  kNotShownConsistent  // The proof that came does not verify: not proven.
};

struct Evidence {
  EvidenceVerdict verdict = EvidenceVerdict::kTwoHistories;
  std::vector<note::VerifierKey> log_keys;
  note::VerifierKey witness_key;
  Instant written;
  CheckpointBody known;  // What was cosigned, and its note.
  std::string known_note;
  CheckpointBody submitted;
  std::string submitted_note;
  std::vector<Hash> proof;  // As submitted.
};

std::string FormatEvidence(const Evidence& evidence);

// A directory of evidence: files of mode 0600, one for each pair of verdict and
// submitted checkpoint. Anybody can make a witness write the second kind, and a
// log that lies can make it write the first: each kind has its own bound for
// each origin, so that neither crowds out another log's, nor proof.
//
// Thread-safety: none.
class EvidenceFolder {
 public:
  // Files of each origin and kind that are kept; later ones are refused.
  static constexpr std::size_t kFilesMax = 64;
  // How long files of an origin and kind that were found to be too many are
  // neither counted nor complained of again.
  static constexpr std::int64_t kFullMs = 3'600'000;

  explicit EvidenceFolder(std::string directory, std::size_t max = kFilesMax)
      : directory_(std::move(directory)), max_(max) {}

  // The file's path; kAlreadyExists: it was written before.
  // kResourceExhausted: there are too many of this origin and kind; move them
  // away. kFailedPrecondition: that was said within kFullMs, and nobody has
  // looked again. kUnavailable.
  absl::StatusOr<std::string> Write(const Evidence& evidence);
  // A checkpoint that was not shown consistent has been since: its file goes.
  // True: there was one.
  bool Withdraw(const CheckpointBody& submitted);

 private:
  std::string PathOf(EvidenceVerdict verdict,
                     const CheckpointBody& submitted) const;
  // How many files of this origin and kind there are.
  absl::StatusOr<std::size_t> Count(EvidenceVerdict verdict,
                                    absl::string_view origin) const;

  const std::string directory_;
  const std::size_t max_;
  // When those of an origin and kind were last found to be too many.
  std::map<std::pair<std::string, EvidenceVerdict>, Instant> full_;
};

}  // namespace thon

#endif  // THON_HTTP_EVIDENCE_H_
