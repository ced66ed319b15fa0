// Entries that were checked here: their place in a tree by an inclusion proof,
// and their batch's signature by the author's key.
#ifndef THON_TOOLS_THON_AUDIT_ENTRY_H_
#define THON_TOOLS_THON_AUDIT_ENTRY_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/hash.h"
#include "tools/thon/client.h"
#include "tools/thon/entry_text.h"
#include "tools/thon/log_trust.h"

namespace thon::cli {

struct CheckedEntry {
  DecodedEntry entry;
  std::string leaf;
  v1::InclusionProof proof;
  Hash batch_hash;
  bool by_server = false;  // Only the server vouches for it.
};

// Reads one entry by its index. kDataLoss: the server sends another.
absl::StatusOr<std::string> ReadLeaf(AuditClient* audit, std::uint64_t index);

// Thread-safety: none.
class EntryChecker {
 public:
  // Neither is owned; both outlive the checker.
  EntryChecker(AuditClient* audit, const TrustedCheckpoint* checkpoint)
      : audit_(audit), checkpoint_(*checkpoint) {}

  // The entry that holds a position. It lives as long as the checker.
  // kNotFound: beyond the checkpoint. kDataLoss: a proof or a signature does
  // not hold; the message names the entry.
  absl::StatusOr<const CheckedEntry*> At(std::uint64_t position);

 private:
  struct Author {
    PublicKey key;
    bool server = false;
  };
  absl::Status CheckBatch(CheckedEntry* checked);
  absl::StatusOr<Author> FindAuthor(const std::string& author);

  AuditClient* const audit_;
  const TrustedCheckpoint& checkpoint_;
  std::map<std::uint64_t, CheckedEntry> entries_;  // By index.
  std::map<std::string, Author> authors_;
};

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_AUDIT_ENTRY_H_
