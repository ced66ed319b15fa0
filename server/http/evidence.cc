#include "server/http/evidence.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/engine/keys.h"

namespace thon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameCharacters = 16;

absl::string_view VerdictName(EvidenceVerdict verdict) {
  return verdict == EvidenceVerdict::kTwoHistories ? "two-histories"
                                                   : "not-shown-consistent";
}

// For people; lines, each with its own "# ".
absl::string_view Explanation(EvidenceVerdict verdict) {
  if (verdict == EvidenceVerdict::kTwoHistories) {
    return "# Nhật ký này đã ký hai lịch sử khác nhau với cùng số mục. Đây là "
           "bằng chứng chắc chắn.\n"
           "# Hãy giữ nguyên tệp này, gửi bản sao cho kiểm toán và cho cơ quan "
           "vận hành nhật ký; không tin bản ghi mới nào của nhật ký.\n"
           "# This log signed two different histories of the same number of "
           "entries. That is proven by the two notes alone.\n"
           "# Keep this file as it is, give copies to the auditors and to "
           "whoever runs the log, and trust no newer checkpoint of it.\n"
           "# Check it with: thon-verify evidence FILE\n";
  }
  return "# Nhật ký này đã ký một bản ghi mà bằng chứng gửi kèm không nối được "
         "với bản đã biết. Chưa phải là kết luận.\n"
         "# Hãy hỏi nhật ký bằng chứng nhất quán giữa hai số mục; nếu không "
         "đưa ra được thì nhật ký có hai lịch sử.\n"
         "# This log signed a checkpoint that the proof beside it does not "
         "lead to. That proves nothing yet: anybody can send a wrong proof.\n"
         "# Ask the log for a consistency proof between the two sizes; a log "
         "that cannot give one has two histories, or was restored from a "
         "backup without a new epoch.\n"
         "# Check it with: thon-verify evidence FILE\n";
}

// What the names of an origin's files begin with.
std::string OriginName(absl::string_view origin) {
  return absl::StrCat(Sha256Of(origin).Hex().substr(0, kNameCharacters), "-");
}

std::string UtcText(Instant instant) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                          absl::FromUnixMillis(instant.ms),
                          absl::UTCTimeZone());
}

}  // namespace

std::string FormatEvidence(const Evidence& evidence) {
  std::string out =
      absl::StrCat("thon-evidence/1\nverdict ", VerdictName(evidence.verdict),
                   "\norigin ", evidence.submitted.origin, "\n");
  for (const note::VerifierKey& key : evidence.log_keys) {
    absl::StrAppend(&out, "log-key ", note::FormatVerifierKey(key), "\n");
  }
  absl::StrAppend(
      &out, "witness-key ", note::FormatVerifierKey(evidence.witness_key),
      "\nwritten ", UtcText(evidence.written), "\n",
      Explanation(evidence.verdict), "\nknown ", evidence.known_note.size(),
      "\n", evidence.known_note, "submitted ", evidence.submitted_note.size(),
      "\n", evidence.submitted_note, "proof ", evidence.proof.size(), "\n");
  for (const Hash& hash : evidence.proof) {
    absl::StrAppend(&out, absl::Base64Escape(hash.view()), "\n");
  }
  return out;
}

absl::StatusOr<std::string> EvidenceFolder::Write(const Evidence& evidence) {
  const std::string path = PathOf(evidence.verdict, evidence.submitted);
  std::error_code error;
  if (fs::exists(path, error)) return absl::AlreadyExistsError(path);
  const auto key = std::pair(evidence.submitted.origin, evidence.verdict);
  if (const auto full = full_.find(key); full != full_.end()) {
    const std::int64_t ago_ms = evidence.written.ms - full->second.ms;
    if (ago_ms >= 0 && ago_ms < kFullMs) {
      return absl::FailedPreconditionError(
          absl::StrCat(directory_, " was full"));
    }
    full_.erase(full);
  }
  const absl::StatusOr<std::size_t> files =
      Count(evidence.verdict, evidence.submitted.origin);
  if (!files.ok()) return files.status();
  if (*files >= max_) {
    full_[key] = evidence.written;
    return absl::ResourceExhaustedError(absl::StrCat(
        directory_, " holds ", *files, " files ", OriginName(key.first), "*-",
        VerdictName(key.second), ".txt; move them to a safe place"));
  }
  const absl::Status written = WriteSecretFile(path, FormatEvidence(evidence));
  if (!written.ok()) return written;
  return path;
}

absl::StatusOr<std::size_t> EvidenceFolder::Count(
    EvidenceVerdict verdict, absl::string_view origin) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (!error) fs::permissions(directory_, fs::perms::owner_all, error);
  const std::string beginning = OriginName(origin);
  const std::string ending = absl::StrCat("-", VerdictName(verdict), ".txt");
  std::size_t files = 0;
  fs::directory_iterator it(directory_, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool counts =
        absl::StartsWith(name, beginning) && absl::EndsWith(name, ending);
    files += counts ? 1 : 0;
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot use ", directory_, ": ", error.message()));
  }
  return files;
}

bool EvidenceFolder::Withdraw(const CheckpointBody& submitted) {
  constexpr EvidenceVerdict kVerdict = EvidenceVerdict::kNotShownConsistent;
  std::error_code ignored;
  if (!fs::remove(PathOf(kVerdict, submitted), ignored)) return false;
  full_.erase({submitted.origin, kVerdict});
  return true;
}

std::string EvidenceFolder::PathOf(EvidenceVerdict verdict,
                                   const CheckpointBody& submitted) const {
  return absl::StrCat(directory_, "/", OriginName(submitted.origin),
                      submitted.tree_size, "-",
                      submitted.root.Hex().substr(0, kNameCharacters), "-",
                      VerdictName(verdict), ".txt");
}

}  // namespace thon
