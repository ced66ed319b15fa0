// What was told of the team: rows, the token to go on from, and what they say
// of the phone's own events.
#include <algorithm>
#include <tuple>
#include <utility>

#include "client-lib/src/outbox.h"
#include "server/core/table_digest.h"

namespace thon::client {
namespace {

bool Parse(absl::string_view bytes, google::protobuf::MessageLite* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

template <typename Message, typename Add>
void ForEachMessage(const std::map<std::string, std::string>& rows,
                    const Add& add) {
  for (const auto& [key, row] : rows) {
    Message message;
    if (Parse(row, &message)) add(std::move(message));
  }
}

// Notes what a row that came, changed or went is about.
void NoteChange(std::uint32_t query, absl::string_view row,
                FollowedChange* change) {
  if (query == kFollowedTeam) {
    change->team = true;
  } else if (query == kFollowedMonths) {
    v1::WatchedMonth month;
    if (Parse(row, &month)) change->months.emplace_back(month.month());
  } else if (query == kFollowedDeterminations) {
    v1::DeterminationRow one;
    if (Parse(row, &one)) {
      change->determinations.emplace_back(one.policy_id(), Month(one.month()));
    }
  } else if (query == kFollowedTasks) {
    v1::WatchedTask task;
    if (Parse(row, &task)) change->tasks.push_back(task.task_id());
  }
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> Outbox::FollowedRows(
    std::uint32_t query) {
  std::map<std::string, std::string> rows;
  Statement read =
      db_->Prepare("SELECT key, row FROM followed WHERE query = ?");
  read.Bind(query);
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) return rows;
    rows.emplace(std::string(read.Bytes(0)), std::string(read.Bytes(1)));
  }
}

// The query's table as the step makes it; on disk too.
absl::Status Outbox::ApplyPart(std::uint32_t query,
                               const FollowStep::Part& part,
                               std::map<std::string, std::string>* rows,
                               FollowedChange* change) {
  if (part.clear) {
    for (auto at = rows->begin(); at != rows->end();) {
      const auto stays = part.rows.find(at->first);
      if (stays != part.rows.end() && stays->second.has_value()) {
        ++at;
        continue;
      }
      NoteChange(query, at->second, change);
      if (absl::Status gone =
              db_->Prepare("DELETE FROM followed WHERE query = ? AND key = ?")
                  .Bind(query)
                  .Bind(at->first)
                  .Run();
          !gone.ok()) {
        return gone;
      }
      at = rows->erase(at);
    }
  }
  for (const auto& [key, row] : part.rows) {
    const auto before = rows->find(key);
    if (!row.has_value()) {
      if (before == rows->end()) continue;
      NoteChange(query, before->second, change);
      rows->erase(before);
      if (absl::Status gone =
              db_->Prepare("DELETE FROM followed WHERE query = ? AND key = ?")
                  .Bind(query)
                  .Bind(key)
                  .Run();
          !gone.ok()) {
        return gone;
      }
      continue;
    }
    if (before != rows->end() && before->second == *row) continue;
    NoteChange(query, *row, change);
    (*rows)[key] = *row;
    if (absl::Status put = db_->Prepare("INSERT OR REPLACE INTO followed "
                                        "(query, key, row) VALUES (?, ?, ?)")
                               .Bind(query)
                               .Bind(key)
                               .Bind(*row)
                               .Run();
        !put.ok()) {
      return put;
    }
  }
  return absl::OkStatus();
}

// One past the last of this key's numbers that are verified and were recorded
// at or before `position`.
absl::StatusOr<Sequence> Outbox::RecordedBy(Position position) {
  const absl::StatusOr<Position> verified = VerifiedPosition();
  if (!verified.ok()) return verified.status();
  if (verified->value <= position.value + 1) return chain_.verified_end;
  Statement read = db_->Prepare(
      "SELECT IFNULL(MAX(end), 1) FROM batches WHERE state = 1 AND id >= ? AND "
      "id < ? AND position + end - (id & 0xffffffffff) <= ?");
  const absl::StatusOr<std::uint64_t> end =
      OnlyNumber(&read.Bind(RowId(key_->generation, Sequence(0)))
                      .Bind(RowId(key_->generation + 1, Sequence(0)))
                      .Bind(position.value + 1));
  if (!end.ok()) return end.status();
  return std::min(Sequence(*end), chain_.verified_end);
}

// The name by which the app knows the event of this key.
absl::StatusOr<EventName> Outbox::RecordedName(std::uint64_t row_id) {
  EventName name{key_->author, SequenceOf(row_id)};
  Statement read =
      db_->Prepare("SELECT author, sequence FROM reoffered WHERE id = ?");
  const absl::StatusOr<bool> row = read.Bind(row_id).Step();
  if (!row.ok()) return row.status();
  if (*row && AuthorId::FromBytes(read.Bytes(0), &name.author)) {
    name.sequence = Sequence(read.Number(1));
  }
  return name;
}

// Makes the standings of this key's events those of `rows`.
absl::StatusOr<KeptStep> Outbox::TakeStandingRows(
    const std::map<std::string, std::string>& rows, Sequence judged_end,
    FollowedChange* change) {
  std::map<std::uint64_t, std::string> said;
  KeptStep kept{.applied = true, .confirmed = judged_end.value > 1};
  for (const auto& [key, row] : rows) {
    v1::EntryStandings block;
    if (!Parse(row, &block)) return KeptStep();
    for (const v1::EventStanding& one : block.exceptions()) {
      if (one.sequence() == 0 || one.sequence() >= chain_.next.value) continue;
      said[RowId(key_->generation, Sequence(one.sequence()))] =
          one.SerializeAsString();
      if (one.reason() == v1::STANDING_REASON_UNCONFIRMED_AUTHOR) {
        kept.confirmed = false;
      }
    }
  }
  std::vector<std::uint64_t> gone;
  {
    Statement read = db_->Prepare(
        "SELECT id, standing FROM standings WHERE id >= ? AND id < ?");
    read.Bind(RowId(key_->generation, Sequence(0)))
        .Bind(RowId(key_->generation + 1, Sequence(0)));
    for (;;) {
      const absl::StatusOr<bool> row = read.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      const auto now = said.find(read.Number(0));
      if (now == said.end()) {
        // What is not judged by this position was said of a later one.
        if (SequenceOf(read.Number(0)) < judged_end) {
          gone.push_back(read.Number(0));
        }
      } else if (now->second == read.Bytes(1)) {
        said.erase(now);
      }
    }
  }
  std::vector<std::uint64_t> changed = gone;
  for (const std::uint64_t id : gone) {
    if (absl::Status done =
            db_->Prepare("DELETE FROM standings WHERE id = ?").Bind(id).Run();
        !done.ok()) {
      return done;
    }
  }
  for (const auto& [id, standing] : said) {
    changed.push_back(id);
    if (absl::Status done = db_->Prepare("INSERT OR REPLACE INTO standings "
                                         "(id, standing) VALUES (?, ?)")
                                .Bind(id)
                                .Bind(standing)
                                .Run();
        !done.ok()) {
      return done;
    }
  }
  for (const std::uint64_t id : changed) {
    const absl::StatusOr<EventName> name = RecordedName(id);
    if (!name.ok()) return name.status();
    change->standings.push_back(*name);
  }
  if (judged_end.value <= 1) return kept;
  absl::Status put = db_->Prepare(
                            "UPDATE keys SET judged_first = 1, "
                            "judged_end = MAX(judged_end, ?1) "
                            "WHERE generation = ?2 AND judged_first <= ?1")
                         .Bind(judged_end.value)
                         .Bind(key_->generation)
                         .Run();
  if (!put.ok()) return put;
  return kept;
}

absl::StatusOr<KeptStep> Outbox::KeepFollowed(const FollowStep& step,
                                              Month first_month,
                                              FollowedChange* change) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  const v1::WatchProgress& progress = step.progress();
  change->position = Position(progress.position());
  KeptStep kept{.applied = true};
  Transaction transaction(db_.get(), "followed", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  for (std::uint32_t query = kFollowedTeam; query <= kFollowedTasks; ++query) {
    absl::StatusOr<std::map<std::string, std::string>> rows =
        FollowedRows(query);
    if (!rows.ok()) return rows.status();
    const auto table =
        std::find_if(progress.tables().begin(), progress.tables().end(),
                     [query](const v1::WatchedTable& one) {
                       return one.query_id() == query;
                     });
    const auto found = step.parts().find(query);
    FollowStep::Part part;
    if (found != step.parts().end()) part = found->second;
    // A table that is not followed any more goes.
    part.clear = part.clear || step.fresh() || table == progress.tables().end();
    absl::Status applied = ApplyPart(query, part, &*rows, change);
    if (!applied.ok()) return applied;
    if (table == progress.tables().end()) continue;
    TableDigest digest;
    for (const auto& [key, row] : *rows) digest.Add(key, row);
    if (table->row_count() != rows->size() ||
        table->digest() != digest.Bytes()) {
      return KeptStep();
    }
    if (query != kFollowedStandings) continue;
    const absl::StatusOr<Sequence> judged = RecordedBy(change->position);
    if (!judged.ok()) return judged.status();
    const absl::StatusOr<KeptStep> taken =
        TakeStandingRows(*rows, *judged, change);
    if (!taken.ok() || !taken->applied) return taken;
    kept = *taken;
  }
  if (absl::Status put =
          db_->Prepare("INSERT OR REPLACE INTO following "
                       "(one, generation, first_month, progress) "
                       "VALUES (1, ?, ?, ?)")
              .Bind(key_->generation)
              .Bind(static_cast<std::uint64_t>(first_month.yyyymm))
              .Bind(progress.SerializeAsString())
              .Run();
      !put.ok()) {
    return put;
  }
  if (absl::Status done = Commit(&transaction); !done.ok()) return done;
  return kept;
}

absl::StatusOr<std::optional<FollowingState>> Outbox::Following() {
  Statement read =
      db_->Prepare("SELECT generation, first_month, progress FROM following");
  const absl::StatusOr<bool> row = read.Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  FollowingState state;
  state.generation = static_cast<std::uint32_t>(read.Number(0));
  state.first_month = Month(static_cast<std::int32_t>(read.Number(1)));
  // The server says it again.
  if (!Parse(read.Bytes(2), &state.progress)) return std::nullopt;
  return state;
}

absl::Status Outbox::ForgetFollowing() {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  absl::StatusOr<std::optional<FollowingState>> state = Following();
  if (!state.ok()) return state.status();
  if (!state->has_value() || (*state)->progress.resume_token().empty()) {
    return absl::OkStatus();
  }
  (*state)->progress.clear_resume_token();
  Transaction transaction(db_.get(), "following", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  if (absl::Status put = db_->Prepare("UPDATE following SET progress = ?")
                             .Bind((*state)->progress.SerializeAsString())
                             .Run();
      !put.ok()) {
    return put;
  }
  return Commit(&transaction);
}

absl::StatusOr<std::optional<FollowedTeam>> Outbox::Followed() {
  const absl::StatusOr<std::optional<FollowingState>> state = Following();
  if (!state.ok()) return state.status();
  if (!state->has_value()) return std::nullopt;
  FollowedTeam out;
  out.position = Position((*state)->progress.position());
  out.heard = Instant((*state)->progress.server_time_ms());
  out.local_date = Date((*state)->progress.local_date());
  out.first_month = (*state)->first_month;
  for (std::uint32_t query = kFollowedTeam; query <= kFollowedTasks; ++query) {
    const absl::StatusOr<std::map<std::string, std::string>> rows =
        FollowedRows(query);
    if (!rows.ok()) return rows.status();
    if (query == kFollowedTeam) {
      ForEachMessage<v1::TeamRow>(
          *rows, [&](v1::TeamRow row) { out.team = std::move(row); });
    } else if (query == kFollowedMonths) {
      ForEachMessage<v1::WatchedMonth>(*rows, [&](v1::WatchedMonth row) {
        out.months.push_back(std::move(row));
      });
    } else if (query == kFollowedDeterminations) {
      ForEachMessage<v1::DeterminationRow>(
          *rows, [&](v1::DeterminationRow row) {
            out.determinations.push_back(std::move(row));
          });
    } else if (query == kFollowedTasks) {
      ForEachMessage<v1::WatchedTask>(*rows, [&](v1::WatchedTask row) {
        out.tasks.push_back(std::move(row));
      });
    }
  }
  std::sort(out.months.begin(), out.months.end(),
            [](const auto& a, const auto& b) { return a.month() < b.month(); });
  std::sort(out.determinations.begin(), out.determinations.end(),
            [](const auto& a, const auto& b) {
              return std::make_tuple(a.policy_id(), a.month()) <
                     std::make_tuple(b.policy_id(), b.month());
            });
  std::sort(
      out.tasks.begin(), out.tasks.end(),
      [](const auto& a, const auto& b) { return a.task_id() < b.task_id(); });
  return out;
}

}  // namespace thon::client
