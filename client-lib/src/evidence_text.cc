#include "client-lib/src/evidence_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "server/core/checkpoint.h"
#include "server/core/limits.h"
#include "server/core/receipt.h"
#include "server/core/receipt_card.h"

namespace thon::client {
namespace {

std::string Utc(std::int64_t ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMillis(ms),
                          absl::UTCTimeZone());
}

std::string ViDate(std::int64_t ms) {
  const TimeZone& zone = TimeZone::VietNam();
  const Date date = zone.DateOf(Instant(ms));
  const std::int64_t minutes = (ms - zone.StartOf(date).ms) / 60'000;
  const auto two = [](std::int64_t value) {
    return absl::StrCat(value < 10 ? "0" : "", value);
  };
  return absl::StrCat(two(minutes / 60), ":", two(minutes % 60), " ",
                      date.Vietnamese());
}

struct Words {
  const char* vi;
  const char* en;
};

Words WordsOf(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::kTwoHistories:
      return {
          "Nhật ký đã ký hai lịch sử khác nhau có cùng số mục. Riêng hai chữ "
          "ký "
          "này đã chứng minh điều đó.",
          "The log signed two different histories of the same size. The two "
          "signatures alone prove it."};
    case EvidenceKind::kNotExtended:
      return {
          "Máy chủ đưa ra một điểm kiểm tra lớn hơn nhưng không chứng minh "
          "được "
          "rằng nó nối tiếp điểm đã có. Hãy yêu cầu máy chủ chứng minh giữa "
          "hai "
          "kích thước; nhật ký không làm được thì có hai lịch sử.",
          "The server showed a larger checkpoint without proving that it "
          "extends "
          "the one held. Ask the log for a consistency proof between the two "
          "sizes; a log that cannot give one has two histories."};
    case EvidenceKind::kShrunk:
      return {
          "Điểm kiểm tra mới nhất mà máy chủ đưa ra nhỏ hơn điểm nó đã ký "
          "trước "
          "đó: nhật ký bị mất mục, hoặc máy chủ giấu đi.",
          "The newest checkpoint that the server showed is smaller than one it "
          "signed before: entries are lost, or hidden."};
    case EvidenceKind::kNotCovered:
      return {
          "Máy chủ đã hứa có điểm kiểm tra bao gồm mục này trong vòng 60 giây. "
          "Giờ do chính máy chủ ký đã quá hạn mà điểm kiểm tra mới nhất của nó "
          "vẫn không bao gồm mục.",
          "The server promised a checkpoint that covers this entry within 60 "
          "s. "
          "By its own signed time that is over, and the newest checkpoint it "
          "showed does not cover the entry."};
    case EvidenceKind::kNoCheckpoint:
      return {
          "Máy chủ đã hứa có điểm kiểm tra bao gồm mục này trong vòng 60 giây. "
          "Đã quá hạn, và thứ nó đưa ra không phải điểm kiểm tra do nhật ký "
          "này "
          "ký.",
          "The server promised a checkpoint that covers this entry within 60 "
          "s. "
          "That is over, and what it showed is no checkpoint signed by this "
          "log."};
    case EvidenceKind::kNoProof:
      return {
          "Điểm kiểm tra máy chủ đã ký lớn hơn số thứ tự của mục đã hứa, nhưng "
          "máy chủ không chứng minh rằng mục ở trong đó. Hãy yêu cầu chứng "
          "minh; "
          "nhật ký không làm được thì đã bỏ mục ra.",
          "The checkpoint that the server signed is beyond the promised entry, "
          "and no proof came that the entry is in it. Ask the log for one; a "
          "log "
          "that cannot give one has dropped the entry."};
    case EvidenceKind::kWrongProof:
      return {
          "Chứng minh máy chủ đưa ra không dẫn từ mục đã hứa đến gốc của điểm "
          "kiểm tra nó đã ký. Hãy yêu cầu chứng minh đúng; nhật ký không làm "
          "được thì đã thay mục.",
          "The proof that the server showed does not lead from the promised "
          "entry to the root that it signed. Ask the log for one that does; a "
          "log that cannot give one has replaced the entry."};
    case EvidenceKind::kRefused:
      return {
          "Máy chủ từng trả lời câu hỏi này, nay đã lâu không trả lời nữa, dù "
          "lời hứa về mục này đã quá hạn.",
          "A server that answered this question before has not answered it for "
          "long, though its promise about this entry is overdue."};
  }
  return {"Bằng chứng thuộc loại ứng dụng này chưa biết.",
          "Evidence of a kind that this app does not know."};
}

// "known 123\n" and the note.
void AppendNote(absl::string_view name, absl::string_view note,
                std::string* text) {
  absl::StrAppend(text, name, " ", note.size(), "\n", note);
}

void AppendProof(absl::Span<const Hash> proof, std::string* text) {
  absl::StrAppend(text, "proof ", proof.size(), "\n");
  for (const Hash& hash : proof) {
    absl::StrAppend(text, absl::Base64Escape(hash.view()), "\n");
  }
}

void AppendKeys(absl::Span<const Epoch> epochs, std::string* text) {
  for (const Epoch& epoch : epochs) {
    absl::StrAppend(
        text, "log-key ",
        note::FormatVerifierKey(LogVerifierKey(epoch.origin, epoch.log_key)),
        "\n");
  }
}

}  // namespace

absl::string_view EvidenceKindName(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::kTwoHistories:
      return "TWO_HISTORIES";
    case EvidenceKind::kNotExtended:
      return "NOT_EXTENDED";
    case EvidenceKind::kShrunk:
      return "SHRUNK";
    case EvidenceKind::kNotCovered:
      return "NOT_COVERED";
    case EvidenceKind::kNoCheckpoint:
      return "NO_CHECKPOINT";
    case EvidenceKind::kNoProof:
      return "NO_PROOF";
    case EvidenceKind::kWrongProof:
      return "WRONG_PROOF";
    case EvidenceKind::kRefused:
      return "REFUSED";
  }
  return "UNKNOWN";
}

void SayEvidence(EvidenceItem* item) {
  const Words words = WordsOf(item->kind);
  item->text_vi = words.vi;
  item->text_en = words.en;
  if (item->receipt.receive_time_ms() != 0) {
    absl::StrAppend(&item->text_vi, " Mục ", item->receipt.entry_index(),
                    ", máy chủ nhận lúc ",
                    ViDate(item->receipt.receive_time_ms()), ".");
    absl::StrAppend(&item->text_en, " Entry ", item->receipt.entry_index(),
                    ", received ", Utc(item->receipt.receive_time_ms()), ".");
  }
  if (item->resolved_ms != 0) {
    absl::StrAppend(&item->text_vi, " Sau đó lời hứa đã được giữ, lúc ",
                    ViDate(item->resolved_ms), ".");
    absl::StrAppend(&item->text_en, " It was kept later, at ",
                    Utc(item->resolved_ms), ".");
  }
}

std::string EvidenceFile(const EvidenceItem& item, const PublicKey& writer,
                         absl::Span<const Epoch> epochs) {
  v1::ServerHello hello;
  // What the file holds was read back whole; an empty hello is said as it is.
  if (!hello.ParseFromString(item.hello)) hello.Clear();
  std::string text;
  // A checkpoint of an earlier epoch is another origin's.
  const bool histories =
      (item.kind == EvidenceKind::kTwoHistories ||
       item.kind == EvidenceKind::kNotExtended) &&
      absl::StartsWith(item.known, absl::StrCat(hello.origin(), "\n"));
  if (histories) {
    absl::StrAppend(&text, "thon-evidence/1\nverdict ",
                    item.kind == EvidenceKind::kTwoHistories
                        ? "two-histories"
                        : "not-shown-consistent",
                    "\norigin ", hello.origin(), "\n");
    for (const Epoch& epoch : epochs) {
      if (epoch.origin != hello.origin()) continue;
      AppendKeys({&epoch, 1}, &text);
    }
    // No witness: the phone that was shown it.
    absl::StrAppend(&text, "witness-key ",
                    note::FormatVerifierKey({.name = "thon-phone",
                                             .type = note::KeyType::kEd25519,
                                             .key = writer}),
                    "\nwritten ", Utc(item.found_ms), "\n# ", item.text_vi,
                    "\n# ", item.text_en, "\n\n");
    AppendNote("known", item.known, &text);
    AppendNote("submitted", item.shown, &text);
    AppendProof(item.proof, &text);
    return text;
  }
  absl::StrAppend(
      &text, "thon-promise/1\nkind ",
      absl::StrReplaceAll(absl::AsciiStrToLower(EvidenceKindName(item.kind)),
                          {{"_", "-"}}),
      "\norigin ", hello.origin(), "\n");
  AppendKeys(epochs, &text);
  absl::StrAppend(&text, "written ", Utc(item.found_ms), "\n");
  if (item.resolved_ms != 0) {
    absl::StrAppend(&text, "kept ", Utc(item.resolved_ms), "\n");
  }
  absl::StrAppend(&text, "# ", item.text_vi, "\n# ", item.text_en, "\n\n");
  if (item.receipt.receive_time_ms() != 0) {
    v1::ReceiptCard card;
    card.set_leaf_hash(std::string(item.leaf_hash.view()));
    *card.mutable_receipt() = item.receipt;
    card.set_sequence(item.first_event.sequence.value);
    card.set_author(std::string(item.first_event.author.view()));
    absl::StrAppend(
        &text, "receipt ", FormatReceiptCard(card), "\ndue ",
        Utc(item.receipt.receive_time_ms() + limits::kCheckpointMsMax), "\n");
  }
  absl::StrAppend(
      &text, "said ",
      absl::Base64Escape(HelloStatement(
          item.nonce, item.author.view(), hello.origin(), hello.log_key(),
          hello.server_time_ms(), hello.next_sequence(),
          hello.last_batch_hash(), hello.durable_position())),
      "\nsaid-signature ", absl::Base64Escape(hello.signature()), "\n");
  AppendNote("known", item.known, &text);
  AppendNote("shown", item.shown, &text);
  AppendProof(item.proof, &text);
  return text;
}

}  // namespace thon::client
