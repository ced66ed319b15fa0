// Folding a made log in memory.
//
//   FoldedLog log(At("2023-06-01T08:00:00+07:00"));
//   log.Operator(1);                            // Officer 1 may do everything.
//   v1::Event found = Command(1, "key-1");
//   *found.mutable_team_founded() = ...;
//   log.Append(log.server(), {found});
//   log.SetTime(At("2023-06-02T09:00:00+07:00"));   // Opens the days between.
//   log.rows().Get(Table::kTeam, keys::Team(TeamId(7)));
//   log.rows().At(Position(12))->Get(...);          // As it was.
//
// Everything is derived from names and instants: no clock, no random source.
#ifndef THON_TESTS_SUPPORT_MEMORY_ROWS_H_
#define THON_TESTS_SUPPORT_MEMORY_ROWS_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "server/projections/fold.h"
#include "server/projections/projection.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Versioned rows in memory. What is written between two calls of Commit() is
// one version of each row that differs.
//
// Thread-safety: none.
class MemoryRows final : public RowWriter {
 public:
  // Rows written from now on belong to an entry that ends at `last`.
  void Begin(Position last);
  void Commit();

  std::optional<RowVersion> Get(Table table,
                                absl::string_view key) const override;
  void Scan(Table table, absl::string_view prefix, absl::string_view start,
            const Visitor& visit) const override;
  void Put(Table table, absl::string_view key, std::string value) override;
  void Delete(Table table, absl::string_view key) override;
  std::vector<std::string> Changed(Table table) const override;

  // Rows as they were at `position`. Must not outlive this object.
  std::unique_ptr<RowReader> At(Position position) const;

  // Every version of every row as text, equal iff the histories are equal.
  std::string Dump() const;
  // Versions made so far: the measure of needless writes.
  std::size_t version_count() const { return version_count_; }

 private:
  friend class MemoryRowsAsOf;
  using RowKey = std::pair<Table, std::string>;
  using History = std::map<Position, std::optional<std::string>>;

  Position position_;
  std::map<RowKey, std::optional<std::string>> pending_;
  std::map<RowKey, History> history_;
  std::size_t version_count_ = 0;
};

struct MadeEntry {
  EntryIndex index;
  EntryTrailer trailer;
  AuthorId author;
  v1::Batch batch;
  std::string bytes;  // As the log holds it.
};

// A log made of events: the batches, sequences, hash chains, positions and
// receive times are filled in, and batches are really signed. It opens with
// LogOpened and the DayOpened of its first day.
//
// Thread-safety: none.
class LogBuilder : public EventSource {
 public:
  explicit LogBuilder(Instant start);

  AuthorId server() const { return server_; }
  // The key that belongs to a name; the same one every time.
  static SigningKey KeyOf(absl::string_view name);
  // The author of that key; it can Append from now on.
  AuthorId Author(absl::string_view name);

  // Receive time from now on; not before the one so far. The days that begin
  // on the way are opened, an entry each.
  void SetTime(Instant now);
  Instant now() const { return now_; }

  // One batch. Sequence numbers are filled in.
  const MadeEntry& Append(const AuthorId& author, std::vector<v1::Event> events,
                          const std::optional<v1::Anchor>& anchor = {},
                          absl::string_view app_version = "test");

  // Records a document in parts of `part_bytes` and returns its hash.
  Hash AppendDocument(absl::string_view content,
                      std::size_t part_bytes = 40 * 1024);

  const std::vector<std::unique_ptr<MadeEntry>>& entries() const {
    return entries_;
  }
  Position last_position() const { return Position(next_position_.value - 1); }
  // The number the author's next event gets.
  Sequence next_sequence(const AuthorId& author) const;

  std::optional<RecordedEvent> Find(const AuthorId& author,
                                    Sequence sequence) const override;
  // The same, but only what entries [0, end) hold.
  std::unique_ptr<EventSource> UpTo(EntryIndex end) const;

 protected:
  // Called with each entry, in order.
  virtual void OnEntry(const MadeEntry&) {}
  // LogOpened and the first day. Called by the constructor of the last class.
  void Open();

 private:
  struct Author_ {
    SigningKey key;
    Sequence next{1};
    std::string previous_hash;
  };
  struct Place {
    std::size_t entry = 0;
    int event = 0;
  };

  void OpenDaysUntil(Date date);

  AuthorId server_;
  Instant now_;
  std::optional<Date> last_day_;
  Position next_position_{1};
  std::map<AuthorId, Author_> authors_;
  std::map<std::pair<AuthorId, Sequence>, Place> places_;
  std::vector<std::unique_ptr<MadeEntry>> entries_;
};

// A log whose entries are folded as they are made.
class FoldedLog final : public LogBuilder {
 public:
  explicit FoldedLog(Instant start);
  // With these projections only.
  FoldedLog(Instant start, std::unique_ptr<Fold> fold);

  MemoryRows& rows() { return rows_; }
  const MemoryRows& rows() const { return rows_; }

  // OPERATOR of everything, for ever, from today on. The first is the log's own
  // grant; the first operator grants it to those behind.
  void Operator(std::uint64_t officer);

  // Records one command and returns what became of it.
  v1::CommandOutcome Submit(v1::Event command);

  // Enrols a phone of a team with a code of its own, as officer `officer` and
  // the server do it, and returns its author.
  AuthorId EnrolPhone(absl::string_view name, std::uint64_t officer,
                      TeamId team, MemberId member);

  // Goes on with a new Fold over the same rows, as after a restart.
  void Restart(std::unique_ptr<Fold> fold = nullptr);

 protected:
  void OnEntry(const MadeEntry& entry) override;

 private:
  std::unique_ptr<Fold> fold_;
  MemoryRows rows_;
  std::uint64_t operator_ = 0;
};

// Folds `log` from the start into `rows` with a fold of its own.
void FoldAgain(const LogBuilder& log, Fold& fold, MemoryRows& rows);

// An event that `officer` acts, without payload yet.
v1::Event Command(std::uint64_t officer, absl::string_view idempotency_key,
                  Position seen = Position(0));

// RFC 3339 with an offset; stops the test program if it is not.
Instant At(absl::string_view rfc3339);
// "2023-10-12" as days since 1970-01-01; the same.
std::int32_t Day(absl::string_view iso);

}  // namespace thon

#endif  // THON_TESTS_SUPPORT_MEMORY_ROWS_H_
