#include <algorithm>
#include <set>
#include <utility>

#include "client-lib/src/outbox.h"
#include "client-lib/src/preview_maker.h"
#include "server/core/hash.h"
#include "server/core/limits.h"

namespace thon::client {
namespace {

// The name under which Record() gave the event.
EventName FirstName(const AuthorId& author, const v1::Event& event) {
  EventName name{author, Sequence(event.sequence())};
  if (event.has_originally() &&
      AuthorId::FromBytes(event.originally().author(), &name.author)) {
    name.sequence = Sequence(event.originally().sequence());
  }
  return name;
}

bool IsIntact(absl::string_view bytes, absl::string_view hash) {
  return Sha256Of(bytes).view() == hash;
}

}  // namespace

absl::Status Outbox::SavePreviewed() {
  if (previewed_) return absl::OkStatus();
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "previewed", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  absl::Status put = PutMeta("previewed", "1");
  if (put.ok()) put = Commit(&transaction);
  previewed_ = previewed_ || put.ok();
  return put;
}

absl::Status Outbox::SaveTexts(v1::TeamView* view) {
  std::set<std::pair<std::string, std::int32_t>> named;
  for (v1::PolicyText& text : *view->mutable_policies()) {
    named.emplace(text.name().policy_id(), text.name().version());
    if (text.text().empty()) continue;
    if (absl::Status put =
            db_->Prepare("INSERT OR REPLACE INTO policy_texts "
                         "(policy, version, hash, text) VALUES (?, ?, ?, ?)")
                .Bind(text.name().policy_id())
                .Bind(static_cast<std::uint64_t>(text.name().version()))
                .Bind(Sha256Of(text.text()).view())
                .Bind(text.text())
                .Run();
        !put.ok()) {
      return put;
    }
    text.clear_text();
  }
  std::vector<std::pair<std::string, std::int32_t>> unnamed;
  {
    Statement read = db_->Prepare("SELECT policy, version FROM policy_texts");
    for (;;) {
      const absl::StatusOr<bool> row = read.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      std::pair<std::string, std::int32_t> name(
          std::string(read.Bytes(0)),
          static_cast<std::int32_t>(read.Number(1)));
      if (named.count(name) == 0) unnamed.push_back(std::move(name));
    }
  }
  for (const auto& [policy, version] : unnamed) {
    if (absl::Status gone =
            db_->Prepare(
                   "DELETE FROM policy_texts WHERE policy = ? AND version = ?")
                .Bind(policy)
                .Bind(static_cast<std::uint64_t>(version))
                .Run();
        !gone.ok()) {
      return gone;
    }
  }
  return absl::OkStatus();
}

absl::Status Outbox::SaveView(std::int64_t heard_ms, v1::TeamView view) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  // Not waited for: what a power cut takes is asked for again.
  Transaction transaction(db_.get(), "team view", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  if (absl::Status put = SaveTexts(&view); !put.ok()) return put;
  const std::string bytes = view.SerializeAsString();
  if (absl::Status put =
          db_->Prepare("INSERT OR REPLACE INTO team_view "
                       "(one, generation, heard_ms, hash, bytes) "
                       "VALUES (1, ?, ?, ?, ?)")
              .Bind(key_->generation)
              .Bind(static_cast<std::uint64_t>(heard_ms))
              .Bind(Sha256Of(bytes).view())
              .Bind(bytes)
              .Run();
      !put.ok()) {
    return put;
  }
  return Commit(&transaction);
}

absl::Status Outbox::DropView() {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "drop view", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  if (absl::Status gone = db_->Execute("DELETE FROM team_view"); !gone.ok()) {
    return gone;
  }
  return Commit(&transaction);
}

absl::StatusOr<std::optional<HeardView>> Outbox::View() {
  HeardView heard;
  {
    Statement read =
        db_->Prepare("SELECT generation, heard_ms, hash, bytes FROM team_view");
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) return std::nullopt;
    heard.generation = static_cast<std::uint32_t>(read.Number(0));
    heard.heard_ms = static_cast<std::int64_t>(read.Number(1));
    const absl::string_view bytes = read.Bytes(3);
    if (bytes.size() <= limits::kReplyBytesMax &&
        IsIntact(bytes, read.Bytes(2)) &&
        heard.view.ParseFromArray(bytes.data(),
                                  static_cast<int>(bytes.size()))) {
      return heard;
    }
  }
  if (absl::Status gone = DropView(); !gone.ok()) return gone;
  return std::nullopt;
}

absl::StatusOr<Outbox::PolicyTexts> Outbox::PolicyTextsHeld() {
  PolicyTexts texts;
  bool damaged = false;
  {
    Statement read =
        db_->Prepare("SELECT policy, version, hash, text FROM policy_texts");
    for (;;) {
      const absl::StatusOr<bool> row = read.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      const absl::string_view text = read.Bytes(3);
      if (text.size() > kPolicyTextBytesMax || !IsIntact(text, read.Bytes(2))) {
        damaged = true;
        continue;
      }
      texts[{std::string(read.Bytes(0)),
             static_cast<std::int32_t>(read.Number(1))}] = std::string(text);
    }
  }
  if (!damaged) return texts;
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "drop texts", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  absl::Status gone = db_->Execute("DELETE FROM policy_texts");
  if (gone.ok()) gone = Commit(&transaction);
  if (!gone.ok()) return gone;
  return PolicyTexts();
}

absl::Status Outbox::VisitBatch(std::uint64_t row_id, std::uint64_t from,
                                absl::string_view bytes,
                                const VisitEvent& visit) {
  v1::Batch batch;
  if (!batch.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();  // The log refuses it too; see EventsOf().
  }
  const std::uint32_t generation = GenerationOf(row_id);
  const absl::StatusOr<AuthorId> author = AuthorOf(generation);
  if (!author.ok()) return author.status();
  for (v1::Event& event : *batch.mutable_events()) {
    if (RowId(generation, Sequence(event.sequence())) < from) continue;
    const EventName name = FirstName(*author, event);
    visit({*author, name, generation, std::move(event)});
  }
  return absl::OkStatus();
}

absl::Status Outbox::VisitEvents(std::uint64_t from, const VisitEvent& visit) {
  std::uint64_t at = from;
  {
    // The batch that `from` lies in.
    Statement read = db_->Prepare(
        "SELECT id FROM batches WHERE id <= ? AND state IN (0, 1) "
        "ORDER BY id DESC LIMIT 1");
    const absl::StatusOr<bool> row = read.Bind(from).Step();
    if (!row.ok()) return row.status();
    if (*row) at = read.Number(0);
  }
  for (;;) {
    std::string bytes;
    {
      Statement read = db_->Prepare(
          "SELECT id, bytes FROM batches WHERE id >= ? AND state IN (0, 1) "
          "ORDER BY id LIMIT 1");
      const absl::StatusOr<bool> row = read.Bind(at).Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      at = read.Number(0);
      bytes = std::string(read.Bytes(1));
    }
    absl::Status done = VisitBatch(at, from, bytes, visit);
    if (!done.ok()) return done;
    ++at;
  }
  Statement read =
      db_->Prepare("SELECT id, bytes FROM events WHERE id >= ? ORDER BY id");
  read.Bind(std::max(from, RowId(key_->generation, Sequence(0))));
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    HeldEvent held;
    const absl::string_view raw = read.Bytes(1);
    if (!held.event.ParseFromArray(raw.data(), static_cast<int>(raw.size()))) {
      continue;  // It will be withdrawn when it is sealed.
    }
    held.author = key_->author;
    held.name = FirstName(key_->author, held.event);
    held.generation = key_->generation;
    visit(std::move(held));
  }
}

absl::Status Outbox::VisitReceived(std::uint64_t end, std::int64_t received_ms,
                                   std::uint64_t batches_max,
                                   const VisitEvent& visit) {
  std::uint64_t below = end;
  for (std::uint64_t i = 0; i < batches_max; ++i) {
    std::string bytes;
    {
      Statement read = db_->Prepare(
          "SELECT id, bytes FROM batches WHERE id < ? AND state = 1 "
          "AND received_ms >= ? ORDER BY id DESC LIMIT 1");
      const absl::StatusOr<bool> row =
          read.Bind(below).Bind(static_cast<std::uint64_t>(received_ms)).Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      below = read.Number(0);
      bytes = std::string(read.Bytes(1));
    }
    const auto before_end = [&](HeldEvent held) {
      const Sequence sequence(held.event.sequence());
      if (RowId(held.generation, sequence) < end) visit(std::move(held));
    };
    if (absl::Status done = VisitBatch(below, 0, bytes, before_end);
        !done.ok()) {
      return done;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Anchor>> Outbox::Anchors() {
  std::vector<v1::Anchor> anchors;
  Statement read =
      db_->Prepare("SELECT boot, server_ms, monotonic_ms FROM anchors");
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) return anchors;
    v1::Anchor& anchor = anchors.emplace_back();
    anchor.set_boot(static_cast<std::uint32_t>(read.Number(0)));
    anchor.set_server_time_ms(static_cast<std::int64_t>(read.Number(1)));
    anchor.set_monotonic_ms(static_cast<std::int64_t>(read.Number(2)));
  }
}

absl::StatusOr<Position> Outbox::VerifiedPosition() {
  Statement read = db_->Prepare(
      "SELECT position + end - (id & 0xffffffffff) FROM batches "
      "WHERE id >= ? AND state = 1 ORDER BY id DESC LIMIT 1");
  const absl::StatusOr<bool> row =
      read.Bind(RowId(key_->generation, Sequence(0))).Step();
  if (!row.ok()) return row.status();
  return *row ? Position(read.Number(0)) : Position();
}

}  // namespace thon::client
