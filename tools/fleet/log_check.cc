#include "tools/fleet/log_check.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/checkpoint.h"
#include "server/core/entry.h"
#include "server/core/signature.h"
#include "thon/v1/event.pb.h"

namespace thon::fleet {

LogCheck::LogCheck(const JournalFacts& facts) : found_(facts.found) {
  for (const Identity& identity : facts.recorded) expected_[identity] = 0;
  verdict_.events_recorded = facts.recorded.size() + facts.found_events;
  // Two calls of Record() that gave one name would hide a loss.
  verdict_.duplicates = facts.recorded.size() - expected_.size();
}

absl::Status LogCheck::Add(const v1::Entry& entry) {
  if (entry.entry_index() != tree_.size()) {
    return absl::DataLossError(absl::StrCat("entry ", entry.entry_index(),
                                            " came instead of ", tree_.size()));
  }
  tree_.Append(merkle::HashLeaf(entry.leaf()));
  const absl::StatusOr<EntryView> view = ParseEntry(entry.leaf());
  if (!view.ok()) return view.status();
  v1::Batch batch;
  AuthorId author;
  if (ParseBatch(view->batch, &batch) != BatchFault::kNone ||
      !AuthorId::FromBytes(batch.author(), &author)) {
    return absl::DataLossError(
        absl::StrCat("entry ", entry.entry_index(), " holds no batch"));
  }
  if (entry.entry_index() == 0) servers_.insert(author);
  const bool server = servers_.count(author) > 0;
  if (!server) ++verdict_.phone_entries;
  for (const v1::Event& event : batch.events()) {
    if (server) {
      AddServerEvent(event);
    } else {
      AddPhoneEvent(author, event);
    }
  }
  return absl::OkStatus();
}

void LogCheck::AddServerEvent(const v1::Event& event) {
  ++verdict_.server_events;
  PublicKey key;
  if (event.has_log_opened()) {
    log_key_ = event.log_opened().log_key();
  } else if (event.has_epoch_opened() &&
             PublicKey::FromBytes(event.epoch_opened().server_author_key(),
                                  &key)) {
    log_key_ = event.epoch_opened().log_key();
    servers_.insert(key.author());
  }
}

void LogCheck::AddPhoneEvent(const AuthorId& author, const v1::Event& event) {
  if (event.team_id() != 0) ++verdict_.events_of_teams[event.team_id()];
  if (event.organisation_id() != 0) {
    ++verdict_.events_of_organisations[event.organisation_id()];
  }
  Identity identity{author, event.sequence(), EventHash(event)};
  if (event.has_originally()) {
    ++verdict_.offered_again;
    identity.sequence = event.originally().sequence();
    if (!AuthorId::FromBytes(event.originally().author(), &identity.author) ||
        !Hash::FromBytes(event.originally().event_hash(),
                         &identity.event_hash)) {
      ++verdict_.never_recorded;
      return;
    }
  }
  const auto expected = expected_.find(identity);
  if (expected != expected_.end()) {
    if (++expected->second == 1) {
      ++verdict_.events_in_log;
    } else {
      ++verdict_.duplicates;
    }
    return;
  }
  const auto found = found_.find(ContentHash(event));
  if (found == found_.end() || found->second == 0) {
    ++verdict_.never_recorded;
    return;
  }
  --found->second;
  ++verdict_.events_in_log;
}

absl::Status LogCheck::CheckRoot(const v1::Checkpoint& checkpoint) const {
  PublicKey key;
  if (!PublicKey::FromBytes(log_key_, &key)) {
    return absl::DataLossError("the log's first entry names no key");
  }
  const absl::StatusOr<CheckpointBody> body =
      VerifyCheckpointNote(checkpoint.note(), key);
  if (!body.ok()) return body.status();
  if (body->tree_size != tree_.size() || body->root != tree_.Root()) {
    return absl::DataLossError(absl::StrCat(
        "the checkpoint says ", body->tree_size, " entries with root ",
        body->root.Hex(), ", the entries give ", tree_.size(), " with ",
        tree_.Root().Hex()));
  }
  return absl::OkStatus();
}

LogVerdict LogCheck::Verdict() const {
  LogVerdict verdict = verdict_;
  for (const auto& [identity, seen] : expected_) {
    if (seen == 0) ++verdict.lost;
  }
  for (const auto& [content, left] : found_) verdict.lost += left;
  return verdict;
}

}  // namespace thon::fleet
