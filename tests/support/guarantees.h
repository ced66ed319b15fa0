// The promises of README.md, each as one function over what was observed. OK,
// or kFailedPrecondition with the promise's own sentence and the place where it
// broke. Tests of the engine, the server and the phone hold them against real
// logs; guarantees_test.cc shows each to fail.
#ifndef THON_TESTS_SUPPORT_GUARANTEES_H_
#define THON_TESTS_SUPPORT_GUARANTEES_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "server/projections/projection.h"
#include "thon/v1/log.pb.h"

namespace thon::testing {

// A batch that was offered, and the receipt its answer carried.
struct Acknowledged {
  v1::SealedBatch sealed;
  v1::Receipt receipt;
};

// What a test saw from outside.
struct History {
  // The log as read out afterwards: the entries' bytes by index.
  std::vector<std::string> entries;
  std::vector<Acknowledged> acknowledged;
  // Every batch that was ever offered to the log, by its bytes; the server's
  // own are not among them.
  std::set<std::string> offered;
  // For each phone, the hashes of the events whose recording was confirmed and
  // that have been synced since.
  std::map<AuthorId, std::vector<Hash>> recorded;
  std::set<AuthorId> server_authors;
  PublicKey log_key;
  // The newest signed tree head; may cover less than `entries`.
  std::string checkpoint_note;
};

absl::Status CheckDurable(const History& history);
absl::Status CheckOrdered(const History& history);
absl::Status CheckGapFree(const History& history);
absl::Status CheckUnique(const History& history);
absl::Status CheckResumable(const History& history);
absl::Status CheckAtomic(const History& history);
absl::Status CheckVerifiable(const History& history);
// `rows` is DumpRows() of the rows that the server computed; the log is folded
// again in memory and must give the same.
absl::Status CheckReplayable(const History& history, const std::string& rows);

// Every row of every table with its version, as text: equal iff they are equal.
std::string DumpRows(const RowReader& rows);
// DumpRows() of the log's newest rows, folded in memory.
absl::StatusOr<std::string> FoldToDump(const std::vector<std::string>& entries);

// All but Replayable. The first that does not hold.
absl::Status CheckGuarantees(const History& history);

}  // namespace thon::testing

#endif  // THON_TESTS_SUPPORT_GUARANTEES_H_
