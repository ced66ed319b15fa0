// What somebody kept: a receipt, a proof, evidence. Checked by itself, and
// against a pack of the log when there is one.
#ifndef THON_TOOLS_VERIFY_KEPT_H_
#define THON_TOOLS_VERIFY_KEPT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/limits.h"
#include "tools/verify/checkpoint_check.h"
#include "tools/verify/document.h"
#include "tools/verify/findings.h"
#include "tools/verify/verify.h"

namespace thon::verify {

inline constexpr std::size_t kKeptBytesMax = 4 * limits::kNoteBytesMax;

enum class KeptKind : std::uint8_t {
  kReceipt,   // A receipt card, or a file that kProof reads.
  kProof,     // A c2sp.org/tlog-proof.
  kEvidence,  // FORMAT.md, "Evidence".
};

struct KeptOptions {
  KeptKind kind = KeptKind::kReceipt;
  std::string text;
  std::string name;  // For findings.
  Trust trust;
  std::string pack;                 // "" for none.
  std::optional<std::string> leaf;  // The entry's bytes.
};

struct KeptReport {
  Findings findings;
  // What it says, in the order to be shown; Vietnamese and English names.
  std::vector<std::pair<std::string, std::string>> facts;
  Words conclusion;  // Of evidence; empty otherwise.

  Verdict verdict() const;
};

// kInvalidArgument: the text is not of the kind, or the pack is refused.
absl::StatusOr<KeptReport> CheckKept(const KeptOptions& options);

Document KeptDocument(const KeptReport& report);
std::string KeptJson(const KeptReport& report);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_KEPT_H_
