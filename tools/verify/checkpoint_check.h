// Signed tree heads: whose they are, who cosigned them, and whether older ones
// are prefixes of the tree that was verified.
#ifndef THON_TOOLS_VERIFY_CHECKPOINT_CHECK_H_
#define THON_TOOLS_VERIFY_CHECKPOINT_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/checkpoint.h"
#include "server/core/note.h"
#include "server/core/trust_policy.h"
#include "tools/verify/chain_check.h"
#include "tools/verify/findings.h"
#include "tools/verify/pack_set.h"

namespace thon::verify {

// Whom the auditor believes.
struct Trust {
  std::optional<note::VerifierKey> log_key;
  std::optional<TrustPolicy> policy;
};

// A key for an origin, and whether it is only the pack's own word.
struct OriginKey {
  note::VerifierKey key;
  bool from_pack = false;
};

// The auditor's key for the origin: --log-key, or a log of the trust policy. A
// key that was given for another epoch of the same log is believed for this
// one: the key's bytes count, and a log keeps its key over its epochs.
std::optional<OriginKey> TrustedKey(const Trust& trust,
                                    absl::string_view origin);

// Checks the pack's checkpoint against its manifest, its tree's root (nullopt:
// it could not be computed), the key and the witnesses. The body, if it is one.
std::optional<CheckpointBody> CheckHead(const Pack& pack,
                                        const std::optional<Hash>& root,
                                        const Trust& trust, bool is_main,
                                        Findings* findings);

// An older checkpoint that somebody kept.
struct OlderCheckpoint {
  std::string file;  // Where it is, for findings.
  std::string note;
};

// Compares it with the tree of `nodes`, of `tree_size` entries, which must have
// been verified, and with what the log declares of its epochs. `epochs` are
// those of the entries from packs.first_entry() to `read_end`, or to
// packs.end_entry() if that is less; what entries besides may declare is not
// held against it.
void CheckOlder(const OlderCheckpoint& older, const PackSet& packs,
                const std::vector<Epoch>& epochs, const Trust& trust,
                TileNodes* nodes, Findings* findings,
                std::uint64_t read_end = UINT64_MAX);

// Whether the log itself declares the key for the checkpoint's origin, in
// `epochs` of its entries before `read_end`.
void CheckDeclaredKey(const CheckpointBody& head, const note::VerifierKey& key,
                      const std::vector<Epoch>& epochs, std::uint64_t read_end,
                      Findings* findings);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_CHECKPOINT_CHECK_H_
