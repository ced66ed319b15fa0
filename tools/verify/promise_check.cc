#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/lines.h"
#include "server/core/signature.h"
#include "tools/verify/evidence_check.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {
namespace {

// What of the file is looked at; the notes behind it are for people who ask the
// log for a proof.
struct Promise {
  std::string kind;
  std::string origin;
  std::vector<note::VerifierKey> log_keys;
  std::string written;
  std::string kept;  // "" if it was not kept since.
  std::string card;  // "" if it is about no entry.
  std::string statement;
  Signature signature;
};

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a file of a promise: ", what));
}

// Takes "name value" lines in their order; the others are passed over.
absl::StatusOr<Promise> ParsePromise(absl::string_view text) {
  Promise promise;
  absl::string_view line;
  if (!TakeLine(&text, &line) || line != kPromiseFirstLine) {
    return Malformed("its first line is another");
  }
  bool is_signed = false;
  while (TakeLine(&text, &line) && !absl::StartsWith(line, "known ")) {
    if (absl::ConsumePrefix(&line, "kind ")) {
      promise.kind = std::string(line);
    } else if (absl::ConsumePrefix(&line, "origin ")) {
      promise.origin = std::string(line);
    } else if (absl::ConsumePrefix(&line, "written ")) {
      promise.written = std::string(line);
    } else if (absl::ConsumePrefix(&line, "kept ")) {
      promise.kept = std::string(line);
    } else if (absl::ConsumePrefix(&line, "receipt ")) {
      promise.card = std::string(line);
    } else if (absl::ConsumePrefix(&line, "said ")) {
      if (!DecodeBase64(line, &promise.statement)) {
        return Malformed("what the server said is no base64");
      }
    } else if (absl::ConsumePrefix(&line, "said-signature ")) {
      std::string raw;
      is_signed = DecodeBase64(line, &raw) &&
                  Signature::FromBytes(raw, &promise.signature);
    } else if (absl::ConsumePrefix(&line, "log-key ")) {
      absl::StatusOr<note::VerifierKey> key = note::ParseVerifierKey(line);
      if (!key.ok()) return Malformed("a log-key is no key");
      promise.log_keys.push_back(*std::move(key));
    }
  }
  if (promise.kind.empty() || promise.origin.empty() || !is_signed) {
    return Malformed("kind, origin or what the server said is missing");
  }
  return promise;
}

bool ServerSaid(const Promise& promise,
                const std::optional<OriginKey>& trusted) {
  if (trusted.has_value()) {
    return Verify(trusted->key.key, kHelloContext, promise.statement,
                  promise.signature);
  }
  for (const note::VerifierKey& key : promise.log_keys) {
    if (Verify(key.key, kHelloContext, promise.statement, promise.signature)) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::Status CheckPromise(const KeptOptions& options, KeptReport* report) {
  const absl::StatusOr<Promise> promise = ParsePromise(options.text);
  if (!promise.ok()) return promise.status();
  Findings& findings = report->findings;
  const std::optional<OriginKey> trusted =
      TrustedKey(options.trust, promise->origin);
  if (!trusted.has_value()) {
    findings.Add(kinds::kKeyFromManifest, {.file = options.name});
  }
  if (!promise->card.empty()) {
    KeptOptions card = options;
    // Without a key of the auditor's, the phone's words on keys are all there
    // is.
    if (!trusted.has_value() && !promise->log_keys.empty()) {
      card.trust.log_key = promise->log_keys.front();
    }
    const absl::Status checked = CheckCard(card, promise->card, report);
    if (!checked.ok()) return checked;
  }
  findings.Examined(Check::kReceipts, 1);
  report->facts.emplace_back("Loại / Kind", promise->kind);
  report->facts.emplace_back("Viết lúc / Written", promise->written);
  if (!promise->kept.empty()) {
    report->facts.emplace_back("Đã giữ lời lúc / Kept at", promise->kept);
  }
  if (!ServerSaid(*promise, trusted)) {
    findings.Add(kinds::kEvidenceUnfounded,
                 {.file = options.name,
                  .detail = Say("sổ không ký điều mà tệp nói là lời máy chủ",
                                "the log did not sign what the server is said "
                                "to have said")});
  }
  if (options.pack.empty() || promise->card.empty()) {
    findings.Add(
        kinds::kEvidenceInconclusive,
        {.file = options.name,
         .detail = Say("điều máy chủ đã đưa ra chỉ là lời của điện thoại; một "
                       "gói làm sau đó sẽ quyết định: hãy cho --pack",
                       "what the server showed is the phone's word; a pack "
                       "made since decides: give --pack")});
  }
  return absl::OkStatus();
}

}  // namespace thon::verify
