// The epochs that a log declares: what its LogOpened and EpochOpened events
// say.
#ifndef THON_ENGINE_EPOCHS_H_
#define THON_ENGINE_EPOCHS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "server/engine/author_table.h"
#include "server/storage/entry_log.h"

namespace thon {

struct Epoch {
  std::string origin;
  EntryIndex entry;  // The entry that opened it.
  PublicKey log_key;
  AuthorId server;
  bool simulated = false;  // Of LogOpened, for every epoch.
  // Of an EpochOpened; empty and zero for the first epoch.
  std::string old_origin;
  std::uint64_t old_size = 0;
  Position first_lost;
};

// Reads them from the first entry of every server author, oldest first. Empty
// for a log without entries. kDataLoss: such an entry says nothing of the kind.
absl::StatusOr<std::vector<Epoch>> ReadEpochs(const EntryLog& log,
                                              const AuthorTable& authors);

// An origin is NAME "/" NUMBER. False if `origin` is not.
bool SplitOrigin(absl::string_view origin, std::string* name,
                 std::uint64_t* number);

// A stop with LOG_RESTORED, kept in the log's local facts until the next epoch:
// what phones' receipts have shown so far.
struct RestoredNote {
  std::uint64_t epoch_number = 0;  // The highest shown.
  Position first_lost;             // The lowest position that is not ours.
  Position last_known_lost;        // The highest.

  // Takes in another; true if that changed something.
  bool Merge(const RestoredNote& other);
  std::string Encode() const;
  static std::optional<RestoredNote> Decode(absl::string_view text);
  bool operator==(const RestoredNote&) const = default;
};

inline constexpr absl::string_view kRestoredNoteKey = "stop/log_restored";

}  // namespace thon

#endif  // THON_ENGINE_EPOCHS_H_
