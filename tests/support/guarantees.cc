#include "tests/support/guarantees.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/checkpoint.h"
#include "server/core/entry.h"
#include "server/core/merkle.h"
#include "server/core/receipt.h"
#include "server/projections/fold.h"
#include "tests/support/memory_rows.h"

namespace thon::testing {
namespace {

// The sentences of README.md, "What is promised".
constexpr char kDurable[] =
    "Durable: What was answered RECORDED is in the log after any crash.";
constexpr char kOrdered[] =
    "Ordered: An author's events are in the log in the order of their numbers.";
constexpr char kGapFree[] =
    "Gap-free: Positions and an author's numbers have no gaps.";
constexpr char kUnique[] =
    "Unique: An event is in the log once, however often it is sent.";
constexpr char kResumable[] =
    "Resumable: After any break, sending goes on where the log ends, and "
    "nothing is lost.";
constexpr char kAtomic[] =
    "Atomic: A batch is in the log as a whole or not at all.";
constexpr char kVerifiable[] =
    "Verifiable: Every receipt is signed, and the log's tree proves what it "
    "holds.";
constexpr char kReplayable[] =
    "Replayable: The same log gives the same rows, byte for byte.";

template <typename... Parts>
absl::Status Broke(const char* promise, const Parts&... parts) {
  return absl::FailedPreconditionError(
      absl::StrCat("broke ", promise, " ", parts...));
}

struct Parsed {
  EntryView view;
  v1::Batch batch;
  AuthorId author;
};

// Entry `index`, parsed; it points into `history`.
absl::StatusOr<Parsed> Parse(const std::vector<std::string>& entries,
                             std::size_t index) {
  absl::StatusOr<EntryView> view = ParseEntry(entries[index]);
  if (!view.ok()) return view.status();
  Parsed parsed;
  parsed.view = *view;
  if (ParseBatch(view->batch, &parsed.batch) != BatchFault::kNone) {
    return absl::DataLossError(
        absl::StrCat("entry ", index, " holds no batch"));
  }
  AuthorId::FromBytes(parsed.batch.author(), &parsed.author);
  return parsed;
}

}  // namespace

absl::Status CheckDurable(const History& history) {
  for (const Acknowledged& ack : history.acknowledged) {
    const std::uint64_t index = ack.receipt.entry_index();
    if (index >= history.entries.size()) {
      return Broke(kDurable, "Entry ", index, " is not there.");
    }
    const absl::StatusOr<EntryView> view = ParseEntry(history.entries[index]);
    if (!view.ok()) return view.status();
    if (view->batch != ack.sealed.batch()) {
      return Broke(kDurable, "Entry ", index, " holds another batch.");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOrdered(const History& history) {
  struct Chain {
    std::uint64_t last = 0;
    Hash hash;
  };
  std::map<AuthorId, Chain> chains;
  for (std::size_t i = 0; i < history.entries.size(); ++i) {
    const absl::StatusOr<Parsed> entry = Parse(history.entries, i);
    if (!entry.ok()) return entry.status();
    Chain& chain = chains[entry->author];
    if (entry->batch.first_sequence() <= chain.last) {
      return Broke(kOrdered, "Entry ", i, " goes back to number ",
                   entry->batch.first_sequence(), " of ", entry->author.Hex(),
                   ".");
    }
    if (chain.last != 0 && entry->batch.previous_hash() != chain.hash.view()) {
      return Broke(kOrdered, "Entry ", i,
                   " does not name its author's batch before it.");
    }
    chain.last = entry->batch.first_sequence() +
                 static_cast<std::uint64_t>(entry->batch.events_size()) - 1;
    chain.hash = BatchHash(entry->view.batch);
  }
  return absl::OkStatus();
}

absl::Status CheckGapFree(const History& history) {
  Position next(1);
  Instant last;
  std::map<AuthorId, std::uint64_t> expected;
  for (std::size_t i = 0; i < history.entries.size(); ++i) {
    const absl::StatusOr<Parsed> entry = Parse(history.entries, i);
    if (!entry.ok()) return entry.status();
    const EntryTrailer& trailer = entry->view.trailer;
    if (trailer.first_position != next ||
        trailer.event_count != entry->batch.events_size()) {
      return Broke(kGapFree, "Entry ", i, " begins at position ",
                   trailer.first_position.value, ", not at ", next.value, ".");
    }
    next = trailer.end_position();
    if (trailer.receive_time < last) {
      return Broke(kGapFree, "Entry ", i, " was received before entry ", i - 1,
                   ".");
    }
    last = trailer.receive_time;
    std::uint64_t& number =
        expected.try_emplace(entry->author, 1).first->second;
    if (entry->batch.first_sequence() != number) {
      return Broke(kGapFree, "Entry ", i, " begins at number ",
                   entry->batch.first_sequence(), " of its author, not at ",
                   number, ".");
    }
    number += static_cast<std::uint64_t>(entry->batch.events_size());
  }
  return absl::OkStatus();
}

absl::Status CheckUnique(const History& history) {
  std::set<std::pair<AuthorId, std::uint64_t>> seen;
  std::set<std::string> batches;
  for (std::size_t i = 0; i < history.entries.size(); ++i) {
    const absl::StatusOr<Parsed> entry = Parse(history.entries, i);
    if (!entry.ok()) return entry.status();
    if (!batches.insert(std::string(entry->view.batch)).second) {
      return Broke(kUnique, "The batch of entry ", i, " is there twice.");
    }
    for (const v1::Event& event : entry->batch.events()) {
      if (!seen.insert({entry->author, event.sequence()}).second) {
        return Broke(kUnique, "Entry ", i, " repeats number ", event.sequence(),
                     " of ", entry->author.Hex(), ".");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckResumable(const History& history) {
  // A fact is there under its own number, or offered again by a successor that
  // names its hash.
  std::map<Hash, int> there;
  for (std::size_t i = 0; i < history.entries.size(); ++i) {
    const absl::StatusOr<Parsed> entry = Parse(history.entries, i);
    if (!entry.ok()) return entry.status();
    for (const v1::Event& event : entry->batch.events()) {
      ++there[EventHash(event)];
      Hash original;
      if (event.has_originally() &&
          Hash::FromBytes(event.originally().event_hash(), &original)) {
        ++there[original];
      }
    }
  }
  for (const auto& [author, hashes] : history.recorded) {
    for (const Hash& hash : hashes) {
      if (there.count(hash) == 0) {
        return Broke(kResumable, "An event of ", author.Hex(),
                     " is not in the log: ", hash.Hex(), ".");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAtomic(const History& history) {
  for (std::size_t i = 0; i < history.entries.size(); ++i) {
    const absl::StatusOr<Parsed> entry = Parse(history.entries, i);
    if (!entry.ok()) return entry.status();
    if (history.server_authors.count(entry->author) == 0 &&
        history.offered.count(std::string(entry->view.batch)) == 0) {
      return Broke(kAtomic, "Entry ", i, " holds what nobody offered.");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckVerifiable(const History& history) {
  std::vector<Hash> leaves;
  for (const std::string& entry : history.entries) {
    leaves.push_back(merkle::HashLeaf(entry));
  }
  for (const Acknowledged& ack : history.acknowledged) {
    Signature signature;
    if (!Signature::FromBytes(ack.sealed.signature(), &signature)) {
      return Broke(kVerifiable, "A batch without signature was recorded.");
    }
    const Hash leaf =
        LeafHash(ack.sealed.batch(), TrailerOf(ack.receipt, signature));
    const absl::Status verified =
        VerifyReceipt(ack.receipt, history.log_key, leaf);
    if (!verified.ok()) {
      return Broke(kVerifiable, "The receipt of entry ",
                   ack.receipt.entry_index(), ": ", verified.message());
    }
    if (ack.receipt.entry_index() < leaves.size() &&
        leaves[ack.receipt.entry_index()] != leaf) {
      return Broke(kVerifiable, "The log's entry ", ack.receipt.entry_index(),
                   " is not what its receipt says.");
    }
  }
  if (history.checkpoint_note.empty()) return absl::OkStatus();
  const absl::StatusOr<CheckpointBody> head =
      VerifyCheckpointNote(history.checkpoint_note, history.log_key);
  if (!head.ok()) {
    return Broke(kVerifiable, "The checkpoint: ", head.status().message());
  }
  if (head->tree_size > leaves.size()) {
    return Broke(kVerifiable, "The checkpoint covers ", head->tree_size,
                 " entries, the log has ", leaves.size(), ".");
  }
  leaves.resize(head->tree_size);
  if (merkle::RootOf(leaves) != head->root) {
    return Broke(kVerifiable, "The checkpoint's root is not the log's.");
  }
  return absl::OkStatus();
}

namespace {

// Events of a log that is held in memory.
class MemoryEvents final : public EventSource {
 public:
  void Add(const Parsed& entry) {
    Position position = entry.view.trailer.first_position;
    for (const v1::Event& event : entry.batch.events()) {
      events_[{entry.author, event.sequence()}] = {
          event, entry.author, position, entry.view.trailer.receive_time};
      position = position.Next();
    }
  }
  std::optional<RecordedEvent> Find(const AuthorId& author,
                                    Sequence sequence) const override {
    const auto found = events_.find({author, sequence.value});
    if (found == events_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::pair<AuthorId, std::uint64_t>, RecordedEvent> events_;
};

}  // namespace

std::string DumpRows(const RowReader& rows) {
  constexpr int kTablesEnd = 100;
  std::string dump;
  for (int table = 1; table < kTablesEnd; ++table) {
    rows.Scan(static_cast<Table>(table), "", "",
              [&](absl::string_view key, const RowVersion& row) {
                absl::StrAppend(&dump, table, " ", HexEncode(key), " ",
                                row.position.value, " ", HexEncode(row.value),
                                "\n");
                return true;
              });
  }
  return dump;
}

absl::StatusOr<std::string> FoldToDump(
    const std::vector<std::string>& entries) {
  Fold fold;
  MemoryRows rows;
  MemoryEvents events;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const absl::StatusOr<Parsed> entry = Parse(entries, i);
    if (!entry.ok()) return entry.status();
    events.Add(*entry);
    rows.Begin(entry->view.trailer.last_position());
    const absl::Status folded =
        fold.Apply(EntryIndex(i), entries[i], events, rows);
    if (!folded.ok()) return folded;
    rows.Commit();
  }
  return DumpRows(rows);
}

absl::Status CheckReplayable(const History& history, const std::string& rows) {
  const absl::StatusOr<std::string> again = FoldToDump(history.entries);
  if (!again.ok()) return again.status();
  if (*again == rows) return absl::OkStatus();
  const auto differ =
      std::mismatch(again->begin(), again->end(), rows.begin(), rows.end());
  const std::size_t at =
      static_cast<std::size_t>(differ.first - again->begin());
  const std::size_t line =
      static_cast<std::size_t>(std::count(again->begin(), differ.first, '\n'));
  return Broke(kReplayable, "Line ", line + 1, ": folded again ...",
               again->substr(at - std::min<std::size_t>(at, 40), 120),
               "..., kept ...",
               rows.substr(at - std::min<std::size_t>(at, 40), 120), "...");
}

absl::Status CheckGuarantees(const History& history) {
  for (const auto check :
       {CheckDurable, CheckOrdered, CheckGapFree, CheckUnique, CheckResumable,
        CheckAtomic, CheckVerifiable}) {
    const absl::Status status = check(history);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace thon::testing
