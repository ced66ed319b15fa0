#include "server/core/receipt_card.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/receipt.h"

namespace thon {
namespace {

constexpr absl::string_view kPrefix = "THON1:";
constexpr std::size_t kCharactersMax = 1200;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not a receipt card: ", what));
}

}  // namespace

std::string FormatReceiptCard(const v1::ReceiptCard& card) {
  return absl::StrCat(kPrefix,
                      absl::WebSafeBase64Escape(card.SerializeAsString()));
}

absl::StatusOr<v1::ReceiptCard> ParseReceiptCard(absl::string_view text) {
  absl::string_view base64 = text;
  if (text.size() > kCharactersMax || !absl::ConsumePrefix(&base64, kPrefix)) {
    return Malformed(absl::StrCat("it begins with ", kPrefix,
                                  " and has at most ", kCharactersMax,
                                  " characters"));
  }
  std::string raw;
  if (!absl::WebSafeBase64Unescape(base64, &raw) ||
      absl::WebSafeBase64Escape(raw) != base64) {
    return Malformed("it is not base64url without padding");
  }
  v1::ReceiptCard card;
  if (!card.ParseFromString(raw)) return Malformed("it is not a message");
  if (card.leaf_hash().size() != Hash::kSize ||
      card.author().size() != AuthorId::kSize || card.sequence() == 0 ||
      !card.has_receipt()) {
    return Malformed("its leaf hash, receipt, sequence or author is missing");
  }
  return card;
}

absl::Status VerifyReceiptCard(const v1::ReceiptCard& card,
                               const PublicKey& log_key) {
  Hash leaf_hash;
  if (!Hash::FromBytes(card.leaf_hash(), &leaf_hash)) {
    return Malformed("its leaf hash is not 32 bytes");
  }
  return VerifyReceipt(card.receipt(), log_key, leaf_hash);
}

}  // namespace thon
