// A receipt as text of a QR code, to be shown by a phone without a network:
//
//   "THON1:" base64url(ReceiptCard), without padding; at most 1,200 characters,
//   so that a QR code of version 25 holds it.
#ifndef THON_CORE_RECEIPT_CARD_H_
#define THON_CORE_RECEIPT_CARD_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/signature.h"
#include "thon/v1/log.pb.h"

namespace thon {

std::string FormatReceiptCard(const v1::ReceiptCard& card);
// Form only. kInvalidArgument: not a card.
absl::StatusOr<v1::ReceiptCard> ParseReceiptCard(absl::string_view text);
// OK if the card is `log_key`'s word that the entry with the card's leaf hash
// is at its index; as VerifyReceipt().
absl::Status VerifyReceiptCard(const v1::ReceiptCard& card,
                               const PublicKey& log_key);

}  // namespace thon

#endif  // THON_CORE_RECEIPT_CARD_H_
