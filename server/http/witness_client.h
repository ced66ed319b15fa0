// A log asks its witnesses: each newly signed checkpoint goes to every witness
// of the policy, and the cosignatures that come back are kept with it.
//
// Nothing waits for this: phones, officers and checkpoints go on whether or not
// a witness answers. A witness that is away is asked again, less and less often
// (from kWitnessRetryMsMin to kWitnessRetryMsMax), and then about the newest
// checkpoint only.
//
// Words: a witness is ahead if it cosigned a larger tree of this log than the
// log has: then the log was restored from a backup, or somebody signs in its
// name. It refuses if it does not take the log's proof: the histories differ.
#ifndef THON_HTTP_WITNESS_CLIENT_H_
#define THON_HTTP_WITNESS_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/mutex.h"
#include "server/core/trust_policy.h"
#include "server/engine/engine.h"
#include "server/http/witness_connection.h"

namespace thon {

inline constexpr std::int64_t kWitnessRetryMsMin = 1'000;
inline constexpr std::int64_t kWitnessRetryMsMax = 60'000;
// Witnesses with an address that one log asks, each on a thread of its own.
inline constexpr std::size_t kWitnessesAskedMax = 32;

// What is known of one witness.
struct WitnessState {
  std::string name;  // Of the policy.
  bool up = false;   // It cosigned when it was last asked.
  bool ahead = false;
  bool refuses = false;
  std::uint64_t cosigned_size = 0;  // The largest, since the start.
  std::uint64_t cosignatures = 0;
  std::uint64_t failures = 0;
  std::int64_t last_success_ms = 0;  // Unix; 0: never.
};

struct WitnessClientOptions {
  Engine* engine = nullptr;      // Neither is owned; both outlive the client.
  const Clock* clock = nullptr;  // Real time, for WitnessState.
  TrustPolicy policy;
  std::string ca_file;  // PEM; empty: the system's authorities.
  // Told what changes, once each; `serious`: somebody must look.
  std::function<void(bool serious, const std::string&)> note;
  // How a witness is reached; by default MakeWitnessConnection().
  std::function<absl::StatusOr<std::unique_ptr<WitnessTransport>>(
      const TrustPolicy::Witness&)>
      connect;
  std::int64_t retry_ms_min = kWitnessRetryMsMin;
  std::int64_t retry_ms_max = kWitnessRetryMsMax;
};

// The request with which a log asks for a cosignature of its checkpoint, from
// the size that the witness has. kDataLoss: the proof does not hold, or leads
// to another root than was signed: the tree on disk is damaged, and a witness
// must not take that for a second history. Requires: old_size is at most the
// checkpoint's.
absl::StatusOr<std::string> MakeWitnessRequest(const EntryLog& log,
                                               const v1::Checkpoint& checkpoint,
                                               std::uint64_t old_size);

// Asks one witness. Thread-safety: Ask() by one thread; the rest by any.
class WitnessAsker {
 public:
  WitnessAsker(const WitnessClientOptions& options,
               TrustPolicy::Witness witness,
               std::unique_ptr<WitnessTransport> transport);

  // Gets a cosignature for the newest checkpoint, unless it has it, and keeps
  // it. OK: it has it now, or there is nothing to cosign. kFailedPrecondition:
  // the witness is ahead, or refuses. Other errors: it does not answer, or not
  // as the specification says.
  absl::Status Ask();
  void Interrupt() { transport_->Interrupt(); }

  WitnessState state() const;

 private:
  // One exchange; true: ask again at once, from the size that was told.
  absl::StatusOr<bool> Exchange(const v1::Checkpoint& checkpoint);
  absl::Status Keep(const v1::Checkpoint& checkpoint, const std::string& lines);
  absl::StatusOr<bool> Conflict(const v1::Checkpoint& checkpoint,
                                const WitnessAnswer& answer);
  bool HasCosigned(const v1::Checkpoint& checkpoint) const;
  void Succeeded(std::uint64_t size);

  const WitnessClientOptions& options_;
  const TrustPolicy::Witness witness_;
  const std::unique_ptr<WitnessTransport> transport_;
  // Of the thread that asks. The size that the witness has, as far as is known,
  // of the log of `origin_`.
  std::string origin_;
  std::uint64_t old_size_ = 0;

  mutable Mutex mu_;
  WitnessState state_ ABSL_GUARDED_BY(mu_);
};

// Thread-safety: every method may be called from any thread.
class WitnessClient {
 public:
  // Sets the engine's witness policy and starts a thread for every witness that
  // has an address. To be called once, before serving. kInvalidArgument: an
  // address, or the file of authorities; too many witnesses.
  static absl::StatusOr<std::unique_ptr<WitnessClient>> Start(
      WitnessClientOptions options);
  // Ends what is under way. The engine may sign on.
  ~WitnessClient();
  WitnessClient(const WitnessClient&) = delete;
  WitnessClient& operator=(const WitnessClient&) = delete;

  std::vector<WitnessState> states() const;

 private:
  // Counts signed checkpoints; the engine keeps it as long as it signs.
  struct Mailbox {
    Mutex mu;
    CondVar changed;
    std::uint64_t signed_count ABSL_GUARDED_BY(mu) = 0;
    bool stopping ABSL_GUARDED_BY(mu) = false;
  };

  explicit WitnessClient(WitnessClientOptions options)
      : options_(std::move(options)) {}

  void Run(WitnessAsker* asker);

  const WitnessClientOptions options_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::vector<std::unique_ptr<WitnessAsker>> askers_;
  std::vector<std::thread> threads_;
};

}  // namespace thon

#endif  // THON_HTTP_WITNESS_CLIENT_H_
