// A witness of other logs (c2sp.org/tlog-witness): cosigns a log's checkpoint
// when it extends the one that it cosigned before, and never two histories.
//
// Words: a log's record is the last checkpoint of its origin that was cosigned;
// it is durable before the cosignature leaves, so neither a restart nor a power
// cut makes the witness forget. Records stay when a log is taken off the list.
#ifndef THON_HTTP_WITNESS_H_
#define THON_HTTP_WITNESS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/checkpoint.h"
#include "server/core/clock.h"
#include "server/core/mutex.h"
#include "server/core/note.h"
#include "server/core/signature.h"
#include "server/core/trust_policy.h"
#include "server/core/witness_request.h"
#include "server/http/evidence.h"
#include "server/http/http_handler.h"
#include "server/http/http_part.h"
#include "server/rpc/worker_pool.h"

namespace thon {

struct WitnessOptions {
  std::string name;    // Of the key. Requires: note::IsKeyName().
  SigningKey key;      // Of the witness; never a log's.
  TrustPolicy policy;  // Its `log` lines say which logs, by which keys.
  const Clock* clock = nullptr;  // Real time; not owned.
  std::string evidence_directory;
  // Where records are kept, under kWitnessRecordPrefix and the origin's hash.
  // `load`: kNotFound if there is none. `store` returns when it is durable; it
  // may block.
  std::function<absl::StatusOr<std::string>(const std::string& key)> load;
  std::function<absl::Status(const std::string& key, const std::string& value)>
      store;
  // Told what an operator must know: evidence, records that cannot be kept.
  std::function<void(const std::string&)> warn;
};

inline constexpr absl::string_view kWitnessRecordPrefix = "witness/";
inline constexpr std::int64_t kCosignAgainMs = 10'000;

struct WitnessStats {
  std::uint64_t logs = 0;            // On the list.
  std::uint64_t cosigned = 0;        // 200.
  std::uint64_t conflicts = 0;       // 409.
  std::uint64_t malformed = 0;       // 400.
  std::uint64_t unknown_origin = 0;  // 404.
  std::uint64_t untrusted = 0;       // 403.
  std::uint64_t inconsistent = 0;    // 422.
  std::uint64_t unavailable = 0;     // 503: too many waited, or not durable.
  std::uint64_t two_histories = 0;   // Submissions that prove them.
  std::uint64_t not_shown_consistent = 0;
};

// Thread-safety: every method may be called from any thread.
class Witness {
 public:
  // kInvalidArgument: the policy names no log, or too many. kDataLoss: a record
  // is damaged: without it the witness could cosign a second history.
  static absl::StatusOr<std::unique_ptr<Witness>> Make(WitnessOptions options);

  // Answers a request to add-checkpoint: 200 with a cosignature line; 400, 403,
  // 404, 409 with the record's size, 422, as the specification has them; 503 if
  // the record could not be made durable: nothing was cosigned. Blocks while it
  // is; submissions wait for each other. A checkpoint that is sent again within
  // kCosignAgainMs gets the cosignature that it has: whoever repeats one costs
  // no write.
  HttpResponse Add(absl::string_view body);

  // The record of the origin with this SHA-256, in lower-case hexadecimal: with
  // the log's signature and the cosignature. 404.
  HttpResponse Record(absl::string_view origin_hash) const;

  const note::VerifierKey& verifier_key() const { return verifier_key_; }
  WitnessStats stats() const;
  void CountBusy() { ++unavailable_; }

 private:
  struct Known {
    CheckpointBody body;
    std::string note;
    std::int64_t cosigned_s = 0;  // 0: by another key.
  };
  struct Log {
    std::string origin;
    std::vector<note::VerifierKey> keys;
    std::string hash;  // SHA-256 of the origin.
  };
  // A submission whose log and signature are known to be good.
  struct Submission {
    const Log* log = nullptr;
    AddCheckpoint request;
    CheckpointBody body;
    bool is_empty_tree_wrong = false;  // No entries, and another root.
    note::SignedNote note;             // With the trusted signatures alone.
  };

  explicit Witness(WitnessOptions options);

  absl::Status Load();
  // A submission; or the answer to who has none.
  absl::StatusOr<Submission> Read(absl::string_view body,
                                  HttpResponse* refusal) const;
  HttpResponse Decide(const Submission& submission);
  HttpResponse Cosign(const Submission& submission, const Known& known)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(deciding_);
  Known KnownOf(const Log& log) const;
  void WriteDown(EvidenceVerdict verdict, const Submission& submission,
                 const Known& known) ABSL_EXCLUSIVE_LOCKS_REQUIRED(deciding_);
  void Count(int status);

  const WitnessOptions options_;
  const note::VerifierKey verifier_key_;
  std::map<std::string, Log> logs_;  // By origin; never changes after Make().

  // Held from the look at a record until its successor is durable.
  Mutex deciding_;
  EvidenceFolder evidence_ ABSL_GUARDED_BY(deciding_);
  mutable Mutex mu_;
  std::map<std::string, Known> known_ ABSL_GUARDED_BY(mu_);  // By origin hash.

  std::atomic<std::uint64_t> cosigned_{0};
  std::atomic<std::uint64_t> conflicts_{0};
  std::atomic<std::uint64_t> malformed_{0};
  std::atomic<std::uint64_t> unknown_origin_{0};
  std::atomic<std::uint64_t> untrusted_{0};
  std::atomic<std::uint64_t> inconsistent_{0};
  std::atomic<std::uint64_t> unavailable_{0};
  std::atomic<std::uint64_t> two_histories_{0};
  std::atomic<std::uint64_t> not_shown_consistent_{0};
};

// The witness on the HTTP port:
//
//   POST /witness/add-checkpoint            Witness::Add(); 503 while too many
//                                           wait
//   GET  /witness/<origin hash>/checkpoint  Witness::Record()
//   GET  /witness.vkey                      its verifier key
class WitnessPart final : public HttpPart {
 public:
  explicit WitnessPart(Witness* witness);  // Not owned; outlives the part.

  bool Owns(absl::string_view path) const override;
  void Handle(HttpRequest request, HttpAnswer answer) override;

 private:
  Witness* const witness_;
  WorkerPool pool_;
};

}  // namespace thon

#endif  // THON_HTTP_WITNESS_H_
