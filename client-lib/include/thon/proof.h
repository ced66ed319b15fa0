// What a phone holds in its hand against the server: receipts, proofs, and
// evidence of promises that were not kept.
//
// A receipt is the log key's signed promise that a checkpoint covers the entry
// at most limits::kCheckpointMsMax after it was received. The proof that it was
// kept is an inclusion proof under a checkpoint, checked here and kept as long
// as the receipt. Each checkpoint that is kept extends the one before it.
#ifndef THON_PROOF_H_
#define THON_PROOF_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "thon/event_name.h"
#include "thon/v1/log.pb.h"

namespace thon::client {

// How far the log's word on an entry is proven to this phone.
enum class Proven {
  kPromise,    // The receipt alone.
  kProven,     // A checkpoint covers it, and the phone has checked how.
  kWitnessed,  // Also cosigned as Options::trust_policy wants: that checkpoint,
               // or a later one that this phone has seen to extend it.
};

// A receipt with all that is needed to check it.
struct Proof {
  std::string entry;  // The entry's bytes: batch and trailer.
  v1::Receipt receipt;
  PublicKey log_key;
  Proven proven = Proven::kPromise;
  std::uint64_t tree_size = 0;  // Of the checkpoint that covers it; 0: none.
};

// An inclusion proof for whoever has the log's key, without this phone and
// without a network.
struct TlogProofText {
  std::string text;  // c2sp.org/tlog-proof; a file *.tlog-proof.
  std::string
      entry;  // The entry's bytes; its leaf hash is SHA-256(0x00 entry).
};

// Receipts of all keys of this phone.
struct ReceiptCount {
  std::uint64_t promises = 0;  // Without a proof.
  std::uint64_t overdue = 0;   // Of these: when the server's signed time was
                               // last heard, a checkpoint had to cover them.
  std::uint64_t proven = 0;
  std::uint64_t witnessed = 0;  // Of the proven.
  std::uint64_t evidence = 0;   // Of Evidence(), what is not resolved.
};

// What the server's signed statements show against it. Numbers are kept on
// disk: they are only ever added.
enum class EvidenceKind {
  // Two checkpoints of one size have different roots. This alone proves that
  // the log signed two histories.
  kTwoHistories = 1,
  // A larger checkpoint came with a consistency proof that does not lead to it
  // from the one held. Ask the log for one that does.
  kNotExtended = 2,
  // The newest checkpoint that the server showed is smaller than one it signed
  // before.
  kShrunk = 3,
  // The promise's time was over by the server's signed hello, and the newest
  // checkpoint that it showed does not cover the entry ...
  kNotCovered = 4,
  // ... or what it showed is no checkpoint of this log's ...
  kNoCheckpoint = 5,
  // ... or covers the entry, and no proof came with it.
  kNoProof = 6,
  // A proof came that does not lead from the receipt's entry to the
  // checkpoint's root.
  kWrongProof = 7,
  // A server that answered such questions before has refused for a day, or said
  // nothing for a week. To refuse is also to answer with no checkpoint (an
  // empty `Proofs`), which alone means "none now" and is no evidence, or with
  // one of an epoch that the server's hello does not know.
  kRefused = 8,
};
absl::string_view EvidenceKindName(EvidenceKind kind);

// One piece of evidence, with the signed statements that it consists of. At
// most 64 of a kind are kept, so that no kind takes another's room. One that is
// not resolved stays, whatever else is dropped; the oldest resolved one of a
// full kind makes room for a new one.
struct EvidenceItem {
  std::uint64_t id = 0;
  EvidenceKind kind = EvidenceKind::kTwoHistories;
  std::int64_t found_ms = 0;     // The server's signed time.
  std::int64_t resolved_ms = 0;  // The promise was kept after all; 0: was not.
  // About a receipt: its batch, as the log numbers it, and what was promised.
  // Without one it is about checkpoints alone.
  EventName first_event;
  v1::Receipt receipt;
  Hash leaf_hash;
  // The server's signed hello of the exchange: a ServerHello without epochs,
  // what it was said to, and the nonce it answers.
  std::string hello;
  std::string nonce;
  AuthorId author;
  std::string known;  // The checkpoint that was held, a signed note; or "".
  std::string shown;  // What the server showed as its checkpoint; or "".
  std::vector<Hash> proof;  // What it showed as proof. Nobody signed it.
  // For a screen: what it shows, and what it does not.
  std::string text_vi;
  std::string text_en;
};

}  // namespace thon::client

#endif  // THON_PROOF_H_
