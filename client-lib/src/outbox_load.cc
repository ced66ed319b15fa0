#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client-lib/src/outbox.h"

namespace thon::client {
absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the phone's file holds ", what,
                   " that cannot be read: keep it and report it"));
}

absl::StatusOr<std::uint64_t> OnlyNumber(Statement* statement) {
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  if (!*row) return Damaged("a count");
  return statement->Number(0);
}

absl::Status Outbox::Load() {
  epochs_.clear();
  {
    Statement read = db_->Prepare(
        "SELECT origin, log_key, lost_from, tree_size FROM epochs "
        "ORDER BY ordinal");
    for (;;) {
      const absl::StatusOr<bool> row = read.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      Epoch epoch;
      epoch.origin = std::string(read.Bytes(0));
      if (!PublicKey::FromBytes(read.Bytes(1), &epoch.log_key)) {
        return Damaged("an epoch");
      }
      epoch.lost_from = Position(read.Number(2));
      epoch.tree_size = read.Number(3);
      epochs_.push_back(std::move(epoch));
    }
  }
  const auto number = [this](absl::string_view name, std::uint64_t* value) {
    const absl::StatusOr<std::string> text = Meta(name);
    if (text.ok() && !absl::SimpleAtoi(*text, value)) *value = 0;
    return text.status();
  };
  absl::Status done = number("durable", &durable_end_.value);
  if (done.ok()) done = number("dropped_early", &dropped_early_);
  if (done.ok()) done = number("lineage", &lineage_);
  if (done.ok()) done = number("proofs_heard", &proofs_heard_ms_);
  if (done.ok()) {
    absl::StatusOr<std::string> code = Meta("code");
    done = code.status();
    if (done.ok()) code_ = *std::move(code);
  }
  if (done.ok()) {
    const absl::StatusOr<std::string> previewed = Meta("previewed");
    done = previewed.status();
    previewed_ = done.ok() && !previewed->empty();
  }
  if (done.ok()) done = LoadAnchors();
  if (done.ok()) done = LoadKey();
  return done.ok() ? LoadChain() : done;
}

absl::Status Outbox::LoadKey() {
  Statement read = db_->Prepare(
      "SELECT generation, seed, author, enrolled, enrolment FROM keys "
      "ORDER BY generation DESC LIMIT 1");
  const absl::StatusOr<bool> row = read.Step();
  if (!row.ok()) return row.status();
  if (!*row) return Damaged("no key");
  absl::StatusOr<SigningKey> key = SigningKey::FromSeed(read.Bytes(1));
  if (!key.ok()) return Damaged("a key");
  PhoneKey loaded{.generation = static_cast<std::uint32_t>(read.Number(0)),
                  .key = *std::move(key),
                  .author = {},
                  .enrolled = read.Number(3) != 0,
                  .enrolment = std::nullopt};
  loaded.author = loaded.key.public_key().author();
  if (read.Bytes(2) != loaded.author.view()) return Damaged("a key");
  if (!read.IsNull(4)) {
    v1::EnrolResponse response;
    const absl::string_view raw = read.Bytes(4);
    if (!response.ParseFromArray(raw.data(), static_cast<int>(raw.size()))) {
      return Damaged("an enrolment");
    }
    loaded.enrolment = std::move(response);
  }
  key_ = std::move(loaded);
  return absl::OkStatus();
}

absl::Status Outbox::LoadChain() {
  Chain chain;
  const std::uint64_t begin = RowId(key_->generation, Sequence(0));
  const std::uint64_t end = RowId(key_->generation + 1, Sequence(0));
  {
    Statement read =
        db_->Prepare("SELECT dropped_end FROM keys WHERE generation = ?");
    const absl::StatusOr<std::uint64_t> value =
        OnlyNumber(&read.Bind(key_->generation));
    if (!value.ok()) return value.status();
    chain.dropped_end = Sequence(*value);
  }
  {
    // Batches do not overlap, so the last one ends last.
    Statement read = db_->Prepare(
        "SELECT end FROM batches WHERE id >= ? AND id < ? AND state IN (0, 1) "
        "ORDER BY id DESC LIMIT 1");
    const absl::StatusOr<bool> row = read.Bind(begin).Bind(end).Step();
    if (!row.ok()) return row.status();
    chain.sealed_end = *row ? Sequence(read.Number(0)) : chain.dropped_end;
  }
  {
    Statement read = db_->Prepare(
        "SELECT IFNULL(MIN(id), 0) FROM batches "
        "WHERE state = 0 AND id >= ? AND id < ?");
    const absl::StatusOr<std::uint64_t> value =
        OnlyNumber(&read.Bind(begin).Bind(end));
    if (!value.ok()) return value.status();
    chain.verified_end = *value != 0 ? SequenceOf(*value) : chain.sealed_end;
  }
  {
    Statement read =
        db_->Prepare("SELECT IFNULL(MAX(id), 0) FROM events WHERE id >= ?");
    const absl::StatusOr<std::uint64_t> value = OnlyNumber(&read.Bind(begin));
    if (!value.ok()) return value.status();
    chain.next = *value != 0 ? SequenceOf(*value).Next() : chain.sealed_end;
  }
  chain_ = chain;
  return absl::OkStatus();
}

absl::Status Outbox::LoadAnchors() {
  Statement read = db_->Prepare(
      "SELECT boot, server_ms, monotonic_ms, wall_ms FROM anchors "
      "ORDER BY heard DESC LIMIT 1");
  const absl::StatusOr<bool> row = read.Step();
  if (!row.ok()) return row.status();
  last_heard_.reset();
  if (!*row) return absl::OkStatus();
  HeardTime heard;
  heard.anchor.set_boot(static_cast<std::uint32_t>(read.Number(0)));
  heard.anchor.set_server_time_ms(static_cast<std::int64_t>(read.Number(1)));
  heard.anchor.set_monotonic_ms(static_cast<std::int64_t>(read.Number(2)));
  heard.wall_ms = static_cast<std::int64_t>(read.Number(3));
  last_heard_ = heard;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Outbox::Meta(absl::string_view name) {
  Statement read = db_->Prepare("SELECT value FROM meta WHERE name = ?");
  const absl::StatusOr<bool> row = read.Bind(name).Step();
  if (!row.ok()) return row.status();
  return *row ? std::string(read.Bytes(0)) : std::string();
}

absl::StatusOr<std::optional<std::uint32_t>> Outbox::GenerationOfAuthor(
    const AuthorId& author) {
  Statement read = db_->Prepare("SELECT generation FROM keys WHERE author = ?");
  const absl::StatusOr<bool> row = read.Bind(author.view()).Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  return static_cast<std::uint32_t>(read.Number(0));
}

absl::StatusOr<AuthorId> Outbox::AuthorOf(std::uint32_t generation) {
  Statement read = db_->Prepare("SELECT author FROM keys WHERE generation = ?");
  const absl::StatusOr<bool> row = read.Bind(generation).Step();
  if (!row.ok()) return row.status();
  AuthorId author;
  if (!*row || !AuthorId::FromBytes(read.Bytes(0), &author)) {
    return Damaged("a key");
  }
  return author;
}

}  // namespace thon::client
