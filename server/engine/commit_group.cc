#include "server/engine/commit_group.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/limits.h"

namespace thon {
namespace {

// What a server batch needs beside its events: author, hash, numbers.
constexpr std::size_t kBatchHeaderBytesMax = 256;
// What ForkObserved needs beside the offered bytes.
constexpr std::size_t kForkHeaderBytesMax = 512;

Decision Answer(const OfferedBatch& batch, v1::AnswerCode code,
                absl::string_view detail) {
  Decision decision;
  decision.answer.set_first_sequence(batch.first_sequence.value);
  decision.answer.set_code(code);
  decision.answer.set_detail(std::string(detail));
  return decision;
}

absl::string_view RefusalDetail(v1::RefusalReason reason) {
  switch (reason) {
    case v1::REFUSAL_REASON_UNKNOWN_AUTHOR:
      return "this key is not enrolled here; keep everything and enrol it";
    case v1::REFUSAL_REASON_TOO_LARGE:
      return "the batch is too large; seal fewer events";
    case v1::REFUSAL_REASON_UNDECODABLE:
      return "the bytes are not a batch of dense numbers; seal them again";
    case v1::REFUSAL_REASON_BAD_SIGNATURE:
      return "the signature is not the author's";
    case v1::REFUSAL_REASON_WRONG_AUTHOR:
      return "the batch is not the author's whom the hello named";
    case v1::REFUSAL_REASON_QUOTA:
      return "a revoked key may write only a little a day; try tomorrow";
    case v1::REFUSAL_REASON_NOT_PERMITTED:
      return "a server's author does not write over the wire";
    default:
      return "";
  }
}

Decision Refuse(const OfferedBatch& batch, v1::RefusalReason reason) {
  Decision decision =
      Answer(batch, v1::ANSWER_CODE_REFUSED, RefusalDetail(reason));
  decision.answer.set_refusal(reason);
  return decision;
}

}  // namespace

CommitGroup::CommitGroup(const EntryLog& log, const AuthorTable& authors,
                         const SigningKey& server_key, Start start)
    : log_(log),
      authors_(authors),
      server_key_(server_key),
      server_(server_key.public_key().author()),
      end_(start.end),
      open_date_(start.open_date),
      first_entry_(start.end.tree_size) {
  group_.origin = std::move(start.origin);
}

std::optional<AuthorState> CommitGroup::FindAuthor(
    const AuthorId& author) const {
  const auto it = changed_.find(author);
  if (it != changed_.end()) return it->second;
  return authors_.Find(author);
}

void CommitGroup::OpenDays(Instant receive_time) {
  if (!open_date_.has_value()) return;
  const Date today = zone_.DateOf(receive_time);
  while (*open_date_ < today) {
    open_date_ = open_date_->Next();
    v1::Event event;
    event.mutable_day_opened()->set_local_date(open_date_->days);
    AppendServerBatch(absl::MakeSpan(&event, 1), receive_time);
  }
}

absl::StatusOr<Decision> CommitGroup::Decide(OfferedBatch batch,
                                             Instant receive_time) {
  OpenDays(receive_time);
  if (batch.refusal != v1::REFUSAL_REASON_UNSPECIFIED) {
    return Refuse(batch, batch.refusal);
  }
  std::optional<AuthorState> state = FindAuthor(batch.author);
  if (!state.has_value()) {
    return Refuse(batch, v1::REFUSAL_REASON_UNKNOWN_AUTHOR);
  }
  if (batch.first_sequence > state->next_sequence) {
    Decision hole =
        Answer(batch, v1::ANSWER_CODE_HOLE, "send from the number expected");
    hole.answer.set_expected_sequence(state->next_sequence.value);
    return hole;
  }
  if (batch.first_sequence < state->next_sequence) {
    return DecideOlder(batch, *state, receive_time);
  }
  if (batch.previous_hash != state->last_batch_hash) {
    return Fork(batch, *state, state->last_batch_hash, receive_time);
  }
  if (state->revoked && !TakeQuota(&*state, receive_time)) {
    return Refuse(batch, v1::REFUSAL_REASON_QUOTA);
  }
  Decision recorded = Answer(batch, v1::ANSWER_CODE_RECORDED, "");
  recorded.offset = AppendEntry(std::move(batch), *state, receive_time);
  return recorded;
}

// Numbers that the log has: the same batch, or a fork.
absl::StatusOr<Decision> CommitGroup::DecideOlder(const OfferedBatch& batch,
                                                  const AuthorState& state,
                                                  Instant receive_time) {
  // In this group?
  auto it = placed_.upper_bound({batch.author, batch.first_sequence});
  if (it != placed_.begin() && (--it)->first.first == batch.author) {
    const absl::StatusOr<EntryView> view =
        ParseEntry(group_.entries[it->second].bytes);
    THON_CHECK(view.ok());
    if (view->batch == batch.bytes) {
      Decision same = Answer(batch, v1::ANSWER_CODE_DUPLICATE, "");
      same.offset = it->second;
      return same;
    }
    return Fork(batch, state, BatchHash(view->batch), receive_time);
  }
  const absl::StatusOr<EntryIndex> index =
      log_.FindEvent(batch.author, batch.first_sequence);
  if (!index.ok()) return index.status();
  const absl::StatusOr<std::string> entry = log_.ReadEntry(*index);
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<EntryView> view = ParseEntry(*entry);
  if (!view.ok()) return view.status();
  if (view->batch != batch.bytes) {
    return Fork(batch, state, BatchHash(view->batch), receive_time);
  }
  absl::StatusOr<v1::Receipt> receipt = RebuildReceipt(log_, *index);
  if (!receipt.ok()) return receipt.status();
  Decision same = Answer(batch, v1::ANSWER_CODE_DUPLICATE, "");
  *same.answer.mutable_receipt() = *std::move(receipt);
  return same;
}

Decision CommitGroup::Fork(const OfferedBatch& batch, const AuthorState& state,
                           const Hash& kept_hash, Instant receive_time) {
  AuthorState changed = state;
  ++changed.forks_seen;
  const std::int32_t year = zone_.DateOf(receive_time).year();
  if (changed.fork_year != year) {
    changed.fork_year = year;
    changed.forks_recorded = 0;
  }
  const bool record =
      changed.forks_recorded < limits::kForksRecordedPerAuthorYearMax;
  if (record) ++changed.forks_recorded;
  changed_[batch.author] = changed;
  if (record) {
    v1::Event event;
    v1::ForkObserved* fork = event.mutable_fork_observed();
    fork->set_author(std::string(batch.author.view()));
    fork->set_sequence(batch.first_sequence.value);
    fork->set_kept_hash(std::string(kept_hash.view()));
    fork->set_offered_hash(std::string(batch.digest.hash.view()));
    if (batch.bytes.size() + kForkHeaderBytesMax <= limits::kEventBytesMax) {
      fork->set_offered_batch(batch.bytes);
    }
    fork->set_offered_signature(std::string(batch.signature.view()));
    AppendServerBatch(absl::MakeSpan(&event, 1), receive_time);
  }
  Decision decision = Answer(
      batch, v1::ANSWER_CODE_FORKED,
      "another phone wrote these numbers with this key; make a new key and "
      "enrol it as the successor");
  decision.answer.set_expected_sequence(state.next_sequence.value);
  return decision;
}

bool CommitGroup::TakeQuota(AuthorState* state, Instant receive_time) const {
  const std::int32_t day = zone_.DateOf(receive_time).days;
  if (state->quota_day != day) {
    state->quota_day = day;
    state->quota_used = 0;
  }
  if (state->quota_used >= limits::kRevokedBatchesPerDayMax) return false;
  ++state->quota_used;
  return true;
}

std::size_t CommitGroup::AppendEntry(OfferedBatch batch, AuthorState state,
                                     Instant receive_time) {
  THON_CHECK(receive_time >= end_.last_receive_time);
  const EntryTrailer trailer = {.signature = batch.signature,
                                .first_position = end_.next_position,
                                .event_count = batch.event_count,
                                .receive_time = receive_time};
  const std::size_t offset = group_.entries.size();
  NewEntry entry;
  entry.author = batch.author;
  entry.first_sequence = batch.first_sequence;
  entry.leaf_hash = LeafHash(batch.digest, trailer);
  entry.bytes = std::move(batch.bytes);  // EncodeEntry() without a copy.
  entry.bytes += EncodeTrailer(trailer);
  group_.entries.push_back(std::move(entry));
  trailers_.push_back(trailer);
  placed_[{batch.author, batch.first_sequence}] = offset;

  state.next_sequence =
      Sequence(batch.first_sequence.value + batch.event_count);
  state.last_batch_hash = batch.digest.hash;
  changed_[batch.author] = state;
  end_.tree_size = end_.tree_size.Next();
  end_.next_position = trailer.end_position();
  end_.last_receive_time = receive_time;
  return offset;
}

CommitGroup::Recorded CommitGroup::RecordServer(std::vector<v1::Event> events,
                                                Instant receive_time) {
  THON_CHECK(!events.empty());
  OpenDays(receive_time);
  Recorded recorded = {.first = end_.next_position,
                       .last = end_.next_position,
                       .first_entry = end_.tree_size};
  std::size_t begin = 0;
  while (begin < events.size()) {
    std::size_t end = begin;
    std::size_t bytes = kBatchHeaderBytesMax;
    while (end < events.size() && end - begin < limits::kBatchEventsMax) {
      const std::size_t more =
          events[end].ByteSizeLong() + limits::kServerFieldsBytesMax;
      if (end > begin && bytes + more > limits::kBatchBytesMax) break;
      bytes += more;
      ++end;
    }
    AppendServerBatch(absl::MakeSpan(events).subspan(begin, end - begin),
                      receive_time);
    begin = end;
  }
  recorded.last = Position(end_.next_position.value - 1);
  return recorded;
}

void CommitGroup::AppendServerBatch(absl::Span<v1::Event> events,
                                    Instant receive_time) {
  std::optional<AuthorState> state = FindAuthor(server_);
  if (!state.has_value()) {  // The first batch of a log or an epoch.
    state.emplace();
    state->key = server_key_.public_key();
    state->server = true;
  }
  v1::Batch batch;
  batch.set_author(std::string(server_.view()));
  batch.set_first_sequence(state->next_sequence.value);
  if (state->next_sequence > Sequence(1)) {
    batch.set_previous_hash(std::string(state->last_batch_hash.view()));
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    v1::Event& event = events[i];
    event.set_sequence(state->next_sequence.value + i);
    event.set_wall_time_ms(receive_time.ms);
    // One that no reader would take may not be in the log for ever.
    THON_CHECK(event.ByteSizeLong() <= limits::kEventBytesMax);
    *batch.add_events() = event;
  }
  const v1::SealedBatch sealed = SealBatch(batch, server_key_);
  THON_CHECK(sealed.batch().size() <= limits::kBatchBytesMax);
  OfferedBatch own;
  own.bytes = sealed.batch();
  THON_CHECK(Signature::FromBytes(sealed.signature(), &own.signature));
  own.digest = DigestBatch(own.bytes);
  own.author = server_;
  own.first_sequence = state->next_sequence;
  own.previous_hash = state->last_batch_hash;
  own.event_count = static_cast<std::uint16_t>(events.size());
  AppendEntry(std::move(own), *state, receive_time);
  for (const v1::Event& event : events) ApplyServerEvent(event);
}

// What the author table must know at once. Whether an officer's AuthorRevoked
// takes effect is the fold's to say; here it costs the phone a quota only.
void CommitGroup::ApplyServerEvent(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kAuthorEnrolled: {
      PublicKey key;
      if (event.has_act() ||
          !PublicKey::FromBytes(event.author_enrolled().public_key(), &key) ||
          FindAuthor(key.author()).has_value()) {
        return;
      }
      AuthorState state;
      state.key = key;
      changed_[key.author()] = state;
      return;
    }
    case v1::Event::kAuthorRevoked: {
      AuthorId author;
      if (!AuthorId::FromBytes(event.author_revoked().author(), &author)) {
        return;
      }
      std::optional<AuthorState> state = FindAuthor(author);
      if (!state.has_value() || state->server) return;
      state->revoked = true;
      changed_[author] = *state;
      return;
    }
    case v1::Event::kLogOpened:
      return;  // Its author's row came with its entry.
    case v1::Event::kEpochOpened:
      for (const AuthorId& old : authors_.servers()) {
        std::optional<AuthorState> state = FindAuthor(old);
        if (old == server_ || !state.has_value()) continue;
        state->revoked = true;
        changed_[old] = *state;
      }
      return;
    case v1::Event::kDayOpened:
      open_date_ = Date(event.day_opened().local_date());
      return;
    default:
      return;
  }
}

const NewGroup& CommitGroup::Seal(const SigningKey& log_key) {
  THON_CHECK(!empty() && !receipts_.has_value());
  SignedGroup signed_group;
  signed_group.origin = group_.origin;
  signed_group.first_entry = first_entry_;
  for (const NewEntry& entry : group_.entries) {
    signed_group.leaves.push_back(entry.leaf_hash);
  }
  group_.signature =
      SignGroup(log_key, group_.origin, first_entry_, signed_group.leaves);
  signed_group.signature = group_.signature;
  group_.authors = ChangedAuthors();
  receipts_.emplace(std::move(signed_group));
  return group_;
}

v1::Receipt CommitGroup::ReceiptOf(std::size_t offset) const {
  return receipts_->Of(offset, trailers_[offset]);
}

std::vector<std::pair<AuthorId, AuthorState>> CommitGroup::ChangedAuthors()
    const {
  return {changed_.begin(), changed_.end()};
}

}  // namespace thon
