#include "tests/support/memory_rows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/civil.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

bool StartsWith(absl::string_view text, absl::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

// Rows behind a position, pending ones excluded.
class MemoryRowsAsOf final : public RowReader {
 public:
  MemoryRowsAsOf(const MemoryRows* rows, Position position)
      : rows_(rows), position_(position) {}

  std::optional<RowVersion> Get(Table table,
                                absl::string_view key) const override {
    const auto it = rows_->history_.find({table, std::string(key)});
    if (it == rows_->history_.end()) return std::nullopt;
    return Of(it->second);
  }

  void Scan(Table table, absl::string_view prefix, absl::string_view start,
            const Visitor& visit) const override {
    auto it = rows_->history_.lower_bound(
        {table, std::string(std::max(prefix, start))});
    for (; it != rows_->history_.end() && it->first.first == table &&
           StartsWith(it->first.second, prefix);
         ++it) {
      const std::optional<RowVersion> row = Of(it->second);
      if (row.has_value() && !visit(it->first.second, *row)) return;
    }
  }

 private:
  std::optional<RowVersion> Of(const MemoryRows::History& history) const {
    auto it = history.upper_bound(position_);
    if (it == history.begin()) return std::nullopt;
    --it;
    if (!it->second.has_value()) return std::nullopt;
    return RowVersion{*it->second, it->first};
  }

  const MemoryRows* rows_;
  Position position_;
};

void MemoryRows::Begin(Position last) {
  THON_CHECK(pending_.empty() && last > position_);
  position_ = last;
}

void MemoryRows::Commit() {
  for (auto& [key, value] : pending_) {
    History& history = history_[key];
    const std::optional<std::string> before =
        history.empty() ? std::nullopt : history.rbegin()->second;
    if (before == value) continue;
    history[position_] = std::move(value);
    ++version_count_;
  }
  pending_.clear();
}

std::optional<RowVersion> MemoryRows::Get(Table table,
                                          absl::string_view key) const {
  const auto it = pending_.find({table, std::string(key)});
  if (it == pending_.end())
    return MemoryRowsAsOf(this, position_).Get(table, key);
  if (!it->second.has_value()) return std::nullopt;
  return RowVersion{*it->second, position_};
}

void MemoryRows::Scan(Table table, absl::string_view prefix,
                      absl::string_view start, const Visitor& visit) const {
  const RowKey from{table, std::string(std::max(prefix, start))};
  std::set<std::string> seen;
  const auto collect = [&](const auto& map) {
    for (auto it = map.lower_bound(from);
         it != map.end() && it->first.first == table &&
         StartsWith(it->first.second, prefix);
         ++it) {
      seen.insert(it->first.second);
    }
  };
  collect(history_);
  collect(pending_);
  for (const std::string& key : seen) {
    const std::optional<RowVersion> row = Get(table, key);
    if (row.has_value() && !visit(key, *row)) return;
  }
}

void MemoryRows::Put(Table table, absl::string_view key, std::string value) {
  const std::optional<RowVersion> now = Get(table, key);
  if (now.has_value() && now->value == value) return;
  pending_[{table, std::string(key)}] = std::move(value);
}

void MemoryRows::Delete(Table table, absl::string_view key) {
  if (!Get(table, key).has_value()) return;
  pending_[{table, std::string(key)}] = std::nullopt;
}

std::vector<std::string> MemoryRows::Changed(Table table) const {
  std::vector<std::string> changed;
  for (auto it = pending_.lower_bound({table, ""});
       it != pending_.end() && it->first.first == table; ++it) {
    changed.push_back(it->first.second);
  }
  return changed;
}

std::unique_ptr<RowReader> MemoryRows::At(Position position) const {
  return std::make_unique<MemoryRowsAsOf>(this, position);
}

std::string MemoryRows::Dump() const {
  std::string out;
  for (const auto& [key, history] : history_) {
    for (const auto& [position, value] : history) {
      absl::StrAppend(&out, static_cast<int>(key.first), " ",
                      HexEncode(key.second), " @", position.value, " ",
                      value.has_value() ? HexEncode(*value) : "deleted", "\n");
    }
  }
  return out;
}

LogBuilder::LogBuilder(Instant start) : now_(start) {
  server_ = Author("server");
}

SigningKey LogBuilder::KeyOf(absl::string_view name) {
  absl::StatusOr<SigningKey> key = SigningKey::FromSeed(Sha256Of(name).view());
  THON_CHECK(key.ok());
  return *std::move(key);
}

AuthorId LogBuilder::Author(absl::string_view name) {
  SigningKey key = KeyOf(name);
  const AuthorId id = key.public_key().author();
  if (!authors_.contains(id)) {
    authors_.emplace(id, Author_{std::move(key), Sequence(1), ""});
  }
  return id;
}

void LogBuilder::Open() {
  v1::Event opened;
  v1::LogOpened* log = opened.mutable_log_opened();
  log->set_origin("thon.test/1");
  log->set_log_key(std::string(KeyOf("log").public_key().view()));
  log->set_server_author_key(std::string(KeyOf("server").public_key().view()));
  log->set_format_version(1);
  log->set_hash_algorithm("sha256");
  log->set_simulated_time(true);
  log->set_time_zone("Asia/Ho_Chi_Minh");
  Append(server_, {opened});
  OpenDaysUntil(TimeZone::VietNam().DateOf(now_));
}

void LogBuilder::SetTime(Instant now) {
  THON_CHECK(now >= now_);
  now_ = now;
  OpenDaysUntil(TimeZone::VietNam().DateOf(now));
}

void LogBuilder::OpenDaysUntil(Date date) {
  Date next = last_day_.has_value() ? last_day_->Next() : date;
  for (; next <= date; next = next.Next()) {
    last_day_ = next;
    v1::Event day;
    day.mutable_day_opened()->set_local_date(next.days);
    Append(server_, {day});
  }
}

const MadeEntry& LogBuilder::Append(const AuthorId& author,
                                    std::vector<v1::Event> events,
                                    const std::optional<v1::Anchor>& anchor,
                                    absl::string_view app_version) {
  const auto it = authors_.find(author);
  THON_CHECK(it != authors_.end() && !events.empty());
  Author_& writer = it->second;
  auto made = std::make_unique<MadeEntry>();
  made->index = EntryIndex(entries_.size());
  made->author = author;
  v1::Batch& batch = made->batch;
  batch.set_author(std::string(author.view()));
  batch.set_first_sequence(writer.next.value);
  batch.set_previous_hash(writer.previous_hash);
  batch.set_app_version(std::string(app_version));
  if (anchor.has_value()) *batch.mutable_anchor() = *anchor;
  for (v1::Event& event : events) {
    event.set_sequence(writer.next.value);
    places_[{author, writer.next}] = {entries_.size(), batch.events_size()};
    writer.next = writer.next.Next();
    *batch.add_events() = std::move(event);
  }
  const v1::SealedBatch sealed = SealBatch(batch, writer.key);
  writer.previous_hash = std::string(BatchHash(sealed.batch()).view());
  THON_CHECK(
      Signature::FromBytes(sealed.signature(), &made->trailer.signature));
  made->trailer.first_position = next_position_;
  made->trailer.event_count = static_cast<std::uint16_t>(events.size());
  made->trailer.receive_time = now_;
  made->bytes = EncodeEntry(sealed.batch(), made->trailer);
  next_position_ = made->trailer.end_position();
  entries_.push_back(std::move(made));
  OnEntry(*entries_.back());
  return *entries_.back();
}

Hash LogBuilder::AppendDocument(absl::string_view content,
                                std::size_t part_bytes) {
  const Hash hash = Sha256Of(content);
  const std::size_t count =
      std::max<std::size_t>(1, (content.size() + part_bytes - 1) / part_bytes);
  for (std::size_t i = 0; i < count; ++i) {
    v1::Event event;
    v1::DocumentPart* part = event.mutable_document_part();
    part->set_document_hash(std::string(hash.view()));
    part->set_index(static_cast<std::int32_t>(i));
    part->set_count(static_cast<std::int32_t>(count));
    part->set_content(std::string(
        content.substr(std::min(content.size(), i * part_bytes), part_bytes)));
    Append(server_, {event});
  }
  return hash;
}

Sequence LogBuilder::next_sequence(const AuthorId& author) const {
  const auto it = authors_.find(author);
  return it == authors_.end() ? Sequence(1) : it->second.next;
}

std::optional<RecordedEvent> LogBuilder::Find(const AuthorId& author,
                                              Sequence sequence) const {
  return UpTo(EntryIndex(entries_.size()))->Find(author, sequence);
}

std::unique_ptr<EventSource> LogBuilder::UpTo(EntryIndex end) const {
  class Prefix final : public EventSource {
   public:
    Prefix(const LogBuilder* log, EntryIndex end) : log_(log), end_(end) {}
    std::optional<RecordedEvent> Find(const AuthorId& author,
                                      Sequence sequence) const override {
      const auto it = log_->places_.find({author, sequence});
      if (it == log_->places_.end() || it->second.entry >= end_.value) {
        return std::nullopt;
      }
      const MadeEntry& entry = *log_->entries_[it->second.entry];
      RecordedEvent found;
      found.event = entry.batch.events(it->second.event);
      found.author = author;
      found.position = Position(entry.trailer.first_position.value +
                                static_cast<std::uint64_t>(it->second.event));
      found.receive_time = entry.trailer.receive_time;
      return found;
    }

   private:
    const LogBuilder* log_;
    EntryIndex end_;
  };
  return std::make_unique<Prefix>(this, end);
}

FoldedLog::FoldedLog(Instant start)
    : FoldedLog(start, std::make_unique<Fold>()) {}

FoldedLog::FoldedLog(Instant start, std::unique_ptr<Fold> fold)
    : LogBuilder(start), fold_(std::move(fold)) {
  Open();
}

void FoldedLog::OnEntry(const MadeEntry& entry) {
  rows_.Begin(entry.trailer.last_position());
  const absl::Status status =
      fold_->Apply(entry.index, entry.bytes, *UpTo(entry.index.Next()), rows_);
  THON_CHECK(status.ok());
  rows_.Commit();
}

void FoldedLog::Restart(std::unique_ptr<Fold> fold) {
  fold_ = fold == nullptr ? std::make_unique<Fold>() : std::move(fold);
}

void FoldedLog::Operator(std::uint64_t officer) {
  v1::Event event;
  if (operator_ != 0) {
    event = Command(operator_, absl::StrCat("operator ", officer));
  } else {
    operator_ = officer;
  }
  v1::GrantIssued* grant = event.mutable_grant_issued();
  grant->set_grant_id(900'000 + officer);
  grant->set_officer_id(officer);
  grant->set_role(v1::ROLE_OPERATOR);
  grant->set_from_date(TimeZone::VietNam().DateOf(now()).days);
  Append(server(), {event});
}

v1::CommandOutcome FoldedLog::Submit(v1::Event command) {
  const OfficerId officer(command.act().officer_id());
  const std::string key = command.act().idempotency_key();
  const MadeEntry& entry = Append(server(), {std::move(command)});
  std::optional<v1::CommandOutcome> outcome = GetRow<v1::CommandOutcome>(
      rows_, Table::kCommandOutcome, keys::CommandOutcome(officer, key));
  THON_CHECK(outcome.has_value());
  if (outcome->position() != entry.trailer.last_position().value) {
    // The key belongs to an earlier command, whose outcome stands.
    outcome->Clear();
    outcome->set_position(entry.trailer.last_position().value);
    outcome->set_failure(v1::COMMAND_FAILURE_REPEATED_KEY);
  }
  return *std::move(outcome);
}

AuthorId FoldedLog::EnrolPhone(absl::string_view name, std::uint64_t officer,
                               TeamId team, MemberId member) {
  const Hash code = Sha256Of(absl::StrCat("code of ", name));
  v1::Event issue = Command(officer, absl::StrCat("code ", name));
  v1::EnrolmentCodeIssued* issued = issue.mutable_enrolment_code_issued();
  issued->set_code_hash(std::string(code.view()));
  issued->set_team_id(team.value);
  issued->set_member_id(member.value);
  issued->set_last_date(TimeZone::VietNam().DateOf(now()).days + 30);
  THON_CHECK(Submit(issue).effective());
  v1::Event enrol;
  v1::AuthorEnrolled* enrolled = enrol.mutable_author_enrolled();
  enrolled->set_public_key(std::string(KeyOf(name).public_key().view()));
  enrolled->set_kind(v1::AUTHOR_KIND_PHONE);
  enrolled->set_team_id(team.value);
  enrolled->set_member_id(member.value);
  enrolled->set_code_hash(std::string(code.view()));
  Append(server(), {enrol});
  return Author(name);
}

void FoldAgain(const LogBuilder& log, Fold& fold, MemoryRows& rows) {
  for (const std::unique_ptr<MadeEntry>& entry : log.entries()) {
    rows.Begin(entry->trailer.last_position());
    const absl::Status status = fold.Apply(
        entry->index, entry->bytes, *log.UpTo(entry->index.Next()), rows);
    THON_CHECK(status.ok());
    rows.Commit();
  }
}

v1::Event Command(std::uint64_t officer, absl::string_view idempotency_key,
                  Position seen) {
  v1::Event event;
  v1::OfficerAct* act = event.mutable_act();
  act->set_officer_id(officer);
  act->set_idempotency_key(std::string(idempotency_key));
  act->set_seen_position(seen.value);
  return event;
}

Instant At(absl::string_view rfc3339) {
  const absl::StatusOr<Instant> instant = ParseInstant(rfc3339);
  THON_CHECK(instant.ok());
  return *instant;
}

std::int32_t Day(absl::string_view iso) {
  const absl::StatusOr<Date> date = ParseIsoDate(iso);
  THON_CHECK(date.ok());
  return date->days;
}

}  // namespace thon
