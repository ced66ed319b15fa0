#include "tools/thon/scenario/folded_log.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/projections/acts.h"
#include "server/projections/fold.h"
#include "server/projections/scratch_rows.h"

namespace thon::scenario {

// The newest version of each row.
class FoldedLog::Rows final : public RowWriter {
 public:
  std::optional<RowVersion> Get(Table table,
                                absl::string_view key) const override {
    const auto found = rows_.find({table, std::string(key)});
    if (found == rows_.end()) return std::nullopt;
    return found->second;
  }

  void Scan(Table table, absl::string_view prefix, absl::string_view start,
            const Visitor& visit) const override {
    const std::string from(start.empty() ? prefix : start);
    for (auto it = rows_.lower_bound({table, from});
         it != rows_.end() && it->first.first == table &&
         absl::StartsWith(it->first.second, prefix);
         ++it) {
      if (!visit(it->first.second, it->second)) return;
    }
  }

  void Put(Table table, absl::string_view key, std::string value) override {
    RowVersion& row = rows_[{table, std::string(key)}];
    if (row.position.value != 0 && row.value == value) return;
    row.value = std::move(value);
    row.position = position_;
  }

  void Delete(Table table, absl::string_view key) override {
    rows_.erase({table, std::string(key)});
  }

  // An entry's own changes lie above these rows.
  std::vector<std::string> Changed(Table /*table*/) const override {
    return {};
  }

  void set_position(Position position) { position_ = position; }

 private:
  std::map<std::pair<Table, std::string>, RowVersion> rows_;
  Position position_;
};

class FoldedLog::Events final : public EventSource {
 public:
  void Add(RecordedEvent event) {
    const std::pair<AuthorId, std::uint64_t> key(event.author,
                                                 event.event.sequence());
    events_.emplace(key, std::move(event));
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

FoldedLog::FoldedLog()
    : rows_(std::make_unique<Rows>()), events_(std::make_unique<Events>()) {}
FoldedLog::~FoldedLog() = default;
FoldedLog::FoldedLog(FoldedLog&&) noexcept = default;

const RowReader& FoldedLog::rows() const { return *rows_; }
const EventSource& FoldedLog::events() const { return *events_; }

const std::string* FoldedLog::FindDocument(absl::string_view hash) const {
  const auto found = documents_.find(std::string(hash));
  return found == documents_.end() ? nullptr : &found->second;
}

void FoldedLog::KeepParts(const v1::Batch& batch) {
  for (const v1::Event& event : batch.events()) {
    if (!event.has_document_part()) continue;
    const v1::DocumentPart& part = event.document_part();
    auto& parts = parts_[part.document_hash()];
    parts[part.index()] = part.content();
    if (static_cast<int>(parts.size()) < part.count()) continue;
    std::string whole;
    for (const auto& [index, content] : parts) whole += content;
    if (Sha256Of(whole).view() == part.document_hash()) {
      documents_[part.document_hash()] = std::move(whole);
    }
  }
}

absl::StatusOr<FoldedLog> FoldedLog::Read(
    const std::vector<std::string>& entries) {
  FoldedLog log;
  Fold fold;
  std::uint64_t index = 0;
  for (const std::string& bytes : entries) {
    const absl::StatusOr<EntryView> view = ParseEntry(bytes);
    FoldedEntry entry;
    if (!view.ok() ||
        !entry.batch.ParseFromArray(view->batch.data(),
                                    static_cast<int>(view->batch.size())) ||
        !AuthorId::FromBytes(entry.batch.author(), &entry.author)) {
      return absl::DataLossError(absl::StrCat(
          "entry ", index, " does not parse; check the log with thon check"));
    }
    entry.received = view->trailer.receive_time;
    entry.first = view->trailer.first_position;
    entry.last = view->trailer.last_position();
    for (int i = 0; i < entry.batch.events_size(); ++i) {
      RecordedEvent recorded;
      recorded.event = entry.batch.events(i);
      recorded.author = entry.author;
      recorded.position =
          Position(entry.first.value + static_cast<std::uint64_t>(i));
      recorded.receive_time = entry.received;
      log.events_->Add(std::move(recorded));
    }
    ScratchRows changes(log.rows_.get(), entry.last);
    const absl::Status folded =
        fold.Apply(EntryIndex(index), bytes, *log.events_, changes);
    if (!folded.ok()) return folded;
    log.rows_->set_position(entry.last);
    changes.CopyTo(*log.rows_);
    log.KeepParts(entry.batch);
    // A log's first entry is its server's own, and so is an epoch's.
    entry.server = index == 0 || entry.author == log.entries_.front().author ||
                   entry.batch.events(0).has_epoch_opened();
    for (int i = 0; i < entry.batch.events_size(); ++i) {
      const v1::Event& event = entry.batch.events(i);
      std::optional<v1::CommandOutcome> outcome;
      if (entry.server && event.has_act()) {
        outcome = OutcomeOf(*log.rows_, OfficerId(event.act().officer_id()),
                            event.act().idempotency_key());
        if (outcome.has_value() &&
            outcome->position() !=
                entry.first.value + static_cast<std::uint64_t>(i)) {
          outcome.reset();
        }
      }
      entry.outcomes.push_back(std::move(outcome));
    }
    log.entries_.push_back(std::move(entry));
    ++index;
  }
  return log;
}

}  // namespace thon::scenario
