#include "tools/verify/evidence_check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/checkpoint.h"
#include "server/core/lines.h"
#include "server/core/merkle.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {
namespace {

constexpr char kFirstLine[] = "thon-evidence/1";
constexpr char kTwoHistories[] = "two-histories";
constexpr char kNotShown[] = "not-shown-consistent";
constexpr std::size_t kLineBytesMax = 4096;
constexpr std::size_t kKeysMax = 256;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a file of evidence: ", what));
}

// The value of the next line, which must be `name` and a blank before it.
bool TakeNamed(absl::string_view* rest, absl::string_view name,
               absl::string_view* value) {
  absl::string_view at = *rest;
  absl::string_view line;
  if (!TakeLine(&at, &line) || line.size() > kLineBytesMax ||
      !absl::ConsumePrefix(&line, name) || !absl::ConsumePrefix(&line, " ")) {
    return false;
  }
  *value = line;
  *rest = at;
  return true;
}

bool TakeNote(absl::string_view* rest, absl::string_view name,
              std::string* note) {
  absl::string_view value;
  std::uint64_t bytes = 0;
  if (!TakeNamed(rest, name, &value) || !ParseDecimal(value, &bytes) ||
      bytes > limits::kNoteBytesMax || bytes > rest->size()) {
    return false;
  }
  *note = std::string(rest->substr(0, bytes));
  rest->remove_prefix(bytes);
  return true;
}

absl::Status TakeHead(absl::string_view* rest, EvidenceText* evidence) {
  absl::string_view value;
  if (!TakeLine(rest, &value) || value != kFirstLine) {
    return Malformed(absl::StrCat("its first line is not ", kFirstLine));
  }
  if (!TakeNamed(rest, "verdict", &value) ||
      (value != kTwoHistories && value != kNotShown)) {
    return Malformed("it has no verdict that is known");
  }
  evidence->verdict = std::string(value);
  if (!TakeNamed(rest, "origin", &value)) return Malformed("it has no origin");
  evidence->origin = std::string(value);
  while (TakeNamed(rest, "log-key", &value)) {
    absl::StatusOr<note::VerifierKey> key = note::ParseVerifierKey(value);
    if (!key.ok() || evidence->log_keys.size() >= kKeysMax) {
      return Malformed("a log-key is no key, or there are too many");
    }
    evidence->log_keys.push_back(*std::move(key));
  }
  if (evidence->log_keys.empty()) return Malformed("it has no log-key");
  if (!TakeNamed(rest, "witness-key", &value)) {
    return Malformed("it has no witness-key");
  }
  absl::StatusOr<note::VerifierKey> witness = note::ParseVerifierKey(value);
  if (!witness.ok()) return Malformed("witness-key is no key");
  evidence->witness_key = *std::move(witness);
  if (!TakeNamed(rest, "written", &value)) {
    return Malformed("it does not say when it was written");
  }
  evidence->written = std::string(value);
  while (absl::StartsWith(*rest, "#")) {
    if (!TakeLine(rest, &value) || value.size() > kLineBytesMax) {
      return Malformed("a line is too long");
    }
  }
  if (!TakeLine(rest, &value) || !value.empty()) {
    return Malformed("there is no empty line before the notes");
  }
  return absl::OkStatus();
}

// One of the two notes, with the key that signed it.
struct Signed {
  CheckpointBody body;
  PublicKey key;
};

std::optional<Signed> ReadSigned(absl::string_view text,
                                 const std::vector<note::VerifierKey>& keys,
                                 Detail* why) {
  const absl::StatusOr<note::SignedNote> note = note::Parse(text);
  if (!note.ok()) {
    *why = Same(note.status().message());
    return std::nullopt;
  }
  *why = Say("không khóa nào đã ký nó", "no key signed it");
  for (const note::VerifierKey& key : keys) {
    const absl::StatusOr<CheckpointBody> body =
        VerifyCheckpointNote(*note, key);
    if (body.ok()) return Signed{*body, key.key};
    if (!absl::IsPermissionDenied(body.status())) {
      *why = Same(body.status().message());
    }
  }
  return std::nullopt;
}

std::string Describe(const CheckpointBody& body) {
  return absl::StrCat(body.tree_size, " entries of ", body.origin, ", root ",
                      body.root.Hex());
}

void Judge(const EvidenceText& evidence, const Signed& known,
           const Signed& submitted, const std::string& name,
           KeptReport* report) {
  const auto unfounded = [&](absl::string_view vi, absl::string_view en) {
    report->findings.Add(kinds::kEvidenceUnfounded,
                         {.file = name, .detail = Say(vi, en)});
  };
  if (known.body.origin != submitted.body.origin ||
      known.body.origin != evidence.origin) {
    return unfounded("hai điểm chốt thuộc hai sổ khác nhau",
                     "the two notes are of different origins");
  }
  if (known.body.tree_size == submitted.body.tree_size) {
    if (known.body.root == submitted.body.root) {
      return unfounded("hai điểm chốt nói như nhau", "both notes say the same");
    }
    if (known.key != submitted.key) {
      return unfounded("hai điểm chốt do hai khóa khác nhau ký",
                       "the two notes are signed by different keys");
    }
    report->conclusion = {
        "ĐÃ CHỨNG MINH: sổ đã ký hai lịch sử khác nhau cho cùng một số mục.",
        "PROVEN: the log signed two histories of the same number of entries."};
    return;
  }
  if (evidence.verdict == kTwoHistories) {
    return unfounded("hai điểm chốt có số mục khác nhau",
                     "the two notes are of different tree sizes");
  }
  if (submitted.body.tree_size < known.body.tree_size) {
    return unfounded("cây được đưa ra lại nhỏ hơn",
                     "the submitted tree is the smaller one");
  }
  const absl::Status consistent = merkle::VerifyConsistency(
      known.body.tree_size, known.body.root, submitted.body.tree_size,
      submitted.body.root, evidence.proof);
  if (consistent.ok()) {
    return unfounded(
        "bằng chứng dẫn được từ cây này tới cây kia: sổ nhất quán",
        "the proof leads from the one to the other: the log is consistent");
  }
  report->findings.Add(
      kinds::kEvidenceInconclusive,
      {.file = name,
       .detail = Say("ai cũng gửi được một bằng chứng sai; hãy hỏi sổ bằng "
                     "chứng giữa hai số mục đó",
                     "anybody can send a wrong proof; ask the log for one "
                     "between the two sizes")});
  report->conclusion = {
      "CHƯA KẾT LUẬN: hãy hỏi sổ bằng chứng nhất quán giữa hai số mục.",
      "INCONCLUSIVE: ask the log for a consistency proof between the two "
      "sizes."};
}

}  // namespace

absl::StatusOr<EvidenceText> ParseEvidence(absl::string_view text) {
  EvidenceText evidence;
  absl::Status head = TakeHead(&text, &evidence);
  if (!head.ok()) return head;
  if (!TakeNote(&text, "known", &evidence.known) ||
      !TakeNote(&text, "submitted", &evidence.submitted)) {
    return Malformed("a note is missing or has another length");
  }
  absl::string_view value;
  std::uint64_t count = 0;
  if (!TakeNamed(&text, "proof", &value) || !ParseDecimal(value, &count) ||
      count > limits::kProofHashesMax) {
    return Malformed("it has no proof of at most 63 hashes");
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    Hash hash;
    if (!TakeLine(&text, &value) || !DecodeBase64Hash(value, &hash)) {
      return Malformed("its proof is cut");
    }
    evidence.proof.push_back(hash);
  }
  if (!text.empty()) return Malformed("something stands behind its end");
  return evidence;
}

absl::Status CheckEvidence(const KeptOptions& options, KeptReport* report) {
  absl::StatusOr<EvidenceText> evidence = ParseEvidence(options.text);
  if (!evidence.ok()) return evidence.status();
  report->findings.Examined(Check::kReceipts, 1);
  report->facts.emplace_back("Tên sổ / Origin", evidence->origin);
  report->facts.emplace_back("Viết lúc / Written", evidence->written);
  report->facts.emplace_back("Người viết / Written by",
                             evidence->witness_key.name);
  // The keys in the file are its writer's word: with them anybody could prove
  // anything of any log.
  const std::optional<OriginKey> trusted =
      TrustedKey(options.trust, evidence->origin);
  if (!trusted.has_value()) {
    report->findings.Add(kinds::kEvidenceInconclusive,
                         {.file = options.name,
                          .detail = Say("chưa biết khóa của $0; hãy cho "
                                        "--log-key",
                                        "no key of $0 is known; give --log-key",
                                        evidence->origin)});
    report->conclusion = {
        "CHƯA KẾT LUẬN: cần khóa của sổ, lấy từ nơi đáng tin (--log-key).",
        "INCONCLUSIVE: the log's key, from somebody you trust, is needed "
        "(--log-key)."};
    return absl::OkStatus();
  }
  const std::vector<note::VerifierKey> keys = {trusted->key};
  Detail why;
  const std::optional<Signed> known = ReadSigned(evidence->known, keys, &why);
  if (!known.has_value()) {
    report->findings.Add(
        kinds::kEvidenceUnfounded,
        {.file = options.name, .detail = Of(Say("đã biết", "known"), why)});
    return absl::OkStatus();
  }
  const std::optional<Signed> submitted =
      ReadSigned(evidence->submitted, keys, &why);
  if (!submitted.has_value()) {
    report->findings.Add(kinds::kEvidenceUnfounded,
                         {.file = options.name,
                          .detail = Of(Say("được đưa ra", "submitted"), why)});
    return absl::OkStatus();
  }
  report->facts.emplace_back("Đã biết / Known", Describe(known->body));
  report->facts.emplace_back("Được đưa ra / Submitted",
                             Describe(submitted->body));
  Judge(*evidence, *known, *submitted, options.name, report);
  return absl::OkStatus();
}

}  // namespace thon::verify
