// What the phone believes of what a server says. Pure: bytes in, verdict out.
#ifndef THON_CLIENT_TRUST_H_
#define THON_CLIENT_TRUST_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/sync_service.pb.h"

namespace thon::client {

// An epoch of the log, as pinned at enrolment or declared since.
struct Epoch {
  std::string origin;
  PublicKey log_key;
  // From this position on, what the epochs before it gave is lost. 0 for the
  // first known epoch.
  Position lost_from;
  // Entries of the epochs before it that it goes on from; 0: not known.
  std::uint64_t tree_size = 0;
};

// Whether `new_origin` names a later epoch of the log whose epoch `old_origin`
// names.
bool Follows(absl::string_view old_origin, absl::string_view new_origin);

// The epochs that `hello` adds to `known` (oldest first, not empty); none if
// the origin is the last known one.
//
// kPermissionDenied: the hello is not signed by the log's key, names another
// log, or its epochs do not lead from the last known one to it.
absl::StatusOr<std::vector<Epoch>> VerifyHello(const v1::ServerHello& hello,
                                               absl::string_view nonce,
                                               const AuthorId& author,
                                               absl::Span<const Epoch> known);

// OK if the receipt proves that exactly this batch with this signature is in
// the log: it is signed by the key of its own epoch, and its position was not
// lost since. kPermissionDenied otherwise.
absl::Status VerifyBatchReceipt(absl::string_view batch,
                                absl::string_view signature,
                                std::uint64_t event_count,
                                const v1::Receipt& receipt,
                                absl::Span<const Epoch> known);

// OK if the response is the log's word that `key` is an author. With `known`
// empty its origin and key are taken as they are: the connection vouches.
absl::Status VerifyEnrolment(const v1::EnrolResponse& response,
                             const PublicKey& key,
                             absl::Span<const Epoch> known);

// The phone's own check of a sealed batch, the one the server makes: OK if a
// refusal can only be temporary. kInvalidArgument: says what is wrong.
absl::Status CheckSealed(absl::string_view batch, absl::string_view signature,
                         const PublicKey& key);

// What the enrolling key signs: SHA-256(code), then the predecessor's id.
std::string PossessionStatement(absl::string_view code,
                                absl::string_view predecessor);
// What the author of a ClientHello signs: the nonce, then the origin.
std::string ClientHelloStatement(absl::string_view nonce,
                                 absl::string_view origin);

}  // namespace thon::client

#endif  // THON_CLIENT_TRUST_H_
