// Evidence in words, and as a file for third persons. Pure.
//
//   promise := "thon-promise/1" LF
//              "kind " kind LF
//              "origin " origin LF                of the epoch that was spoken
//              to "log-key " verifier-key LF         of each epoch this phone
//              knows "written " RFC 3339, UTC LF        the server's signed
//              time
//              ("kept " RFC 3339, UTC LF)         when it was kept after all
//              ("# " text LF)*                    what it shows, for people
//              LF
//              ("receipt " receipt-card LF        `thon-verify receipt` checks
//              it
//               "due " RFC 3339, UTC LF)          received at, and 60 s
//              "said " base64(statement) LF       what the server's hello
//              signed, "said-signature " base64(64) LF    context "thon.v1
//              hello\n" "known " bytes LF note             as
//              "thon-evidence/1"; 0 bytes: "shown " bytes LF note there was
//              none "proof " count LF (base64(hash) LF)*
//   kind    := EvidenceKindName() in lower case, "-" for "_"
//
// receipt, due: only what is about an entry. The statement is core/receipt.h's
// HelloStatement(); the server's time lies in it.
#ifndef THON_CLIENT_EVIDENCE_TEXT_H_
#define THON_CLIENT_EVIDENCE_TEXT_H_

#include <string>

#include "absl/types/span.h"
#include "client-lib/src/trust.h"
#include "thon/proof.h"

namespace thon::client {

// Fills the texts.
void SayEvidence(EvidenceItem* item);

// The file: two checkpoints of one epoch of which the second is not the smaller
// are a "thon-evidence/1", everything else a "thon-promise/1". `writer` is who
// found it. Requires: SayEvidence().
std::string EvidenceFile(const EvidenceItem& item, const PublicKey& writer,
                         absl::Span<const Epoch> epochs);

}  // namespace thon::client

#endif  // THON_CLIENT_EVIDENCE_TEXT_H_
