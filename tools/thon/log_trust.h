// What this person knows of a log, kept between runs: its key, and the newest
// checkpoint that was checked. A log that shows a history which does not extend
// that checkpoint is refused, whatever else it says.
//
// The files lie in a folder of one's own (--trust DIR, else THON_TRUST, else
// $XDG_CONFIG_HOME/thon/logs, else ~/.config/thon/logs), two a log, named by
// the SHA-256 of its origin: NAME.vkey holds the verifier key, NAME.checkpoint
// the signed note. Each is written whole and renamed.
#ifndef THON_TOOLS_THON_LOG_TRUST_H_
#define THON_TOOLS_THON_LOG_TRUST_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/checkpoint.h"
#include "server/core/note.h"
#include "tools/thon/session.h"

namespace thon::cli {

struct TrustOptions {
  std::string directory;
  std::string key;  // A verifier key, or a file that holds one.
  // Go on although a new epoch lacks entries that were seen of an earlier one.
  bool accept_new_epoch = false;
};
void AddTrustOptions(CLI::App* command, TrustOptions* options);

// A checkpoint that was checked against the key and the one that was kept.
struct TrustedCheckpoint {
  v1::Checkpoint checkpoint;
  CheckpointBody body;
  note::VerifierKey key;
  bool first_use = false;     // Nothing was known of the log before.
  std::uint64_t extends = 0;  // Size of the kept checkpoint; 0: none.
};

// Asks for a checkpoint and checks form, signature, and consistency with the
// kept one; keeps it if it is the larger. Without --key the key of the first
// use is pinned, and a note says so.
//
// A log that goes on under a new epoch is no new log: its key must be that of
// the nearest earlier epoch that is kept (or given with --key), and its history
// must extend the checkpoint kept of that one.
//
// kDataLoss: the log shows another history than it signed before, goes back to
// an earlier epoch, or its new epoch lacks entries that were seen (unless
// accepted); both notes have been printed. kPermissionDenied: the signature, or
// another key than the pinned one. kFailedPrecondition: the folder cannot be
// used.
absl::StatusOr<TrustedCheckpoint> FetchTrusted(
    Session* session, const TrustOptions& options,
    const v1::GetCheckpointRequest& request);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_LOG_TRUST_H_
