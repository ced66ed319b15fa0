#include "server/rpc/audit_filter.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/entry.h"
#include "server/core/limits.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {
namespace {

// The number of a payload's field; 0: Event has no such payload.
int PayloadNumber(const std::string& name) {
  const google::protobuf::FieldDescriptor* const field =
      v1::Event::descriptor()->FindFieldByName(name);
  const bool payload = field != nullptr &&
                       field->real_containing_oneof() != nullptr &&
                       field->real_containing_oneof()->name() == "payload";
  return payload ? field->number() : 0;
}

absl::Status CheckCount(absl::string_view field, int count) {
  if (count <= static_cast<int>(limits::kAuditFilterValuesMax)) {
    return absl::OkStatus();
  }
  return BadField(field, absl::StrCat("at most ", limits::kAuditFilterValuesMax,
                                      " values; ask more than once"));
}

}  // namespace

AccessFilter EntryFilter::AsText() const {
  std::vector<std::string> author_texts;
  for (const AuthorId& author : authors) author_texts.push_back(author.Hex());
  std::vector<std::string> kind_texts;
  for (const int kind : kinds) {
    kind_texts.push_back(
        v1::Event::descriptor()->FindFieldByNumber(kind)->name());
  }
  std::vector<std::string> team_texts;
  for (const std::uint64_t team : teams) {
    team_texts.push_back(absl::StrCat(team));
  }
  AccessFilter text;
  text.Add("authors", std::move(author_texts));
  text.Add("kinds", std::move(kind_texts));
  text.Add("teams", std::move(team_texts));
  return text;
}

absl::StatusOr<EntryFilter> NormaliseFilter(
    const v1::StreamEntriesRequest& request) {
  absl::Status count = CheckCount("team_ids", request.team_ids_size());
  if (count.ok()) count = CheckCount("authors", request.authors_size());
  if (count.ok()) count = CheckCount("kinds", request.kinds_size());
  if (!count.ok()) return count;
  EntryFilter filter;
  for (const std::uint64_t team : request.team_ids()) {
    if (!IsSurrogateId(team)) {
      return BadField("team_ids", "an id lies above 0 and below 2^53");
    }
    filter.teams.insert(team);
  }
  for (const std::string& bytes : request.authors()) {
    AuthorId author;
    if (!AuthorId::FromBytes(bytes, &author)) {
      return BadField("authors", "an author has 16 bytes");
    }
    filter.authors.insert(author);
  }
  for (const std::string& name : request.kinds()) {
    const int number = PayloadNumber(name);
    if (number == 0) {
      return BadField("kinds",
                      "a kind is a name of Event's payload as the API spells "
                      "it, such as household_visit");
    }
    filter.kinds.insert(number);
  }
  return filter;
}

absl::StatusOr<bool> EntryMatcher::Matches(absl::string_view entry) {
  const absl::StatusOr<EntryView> view = ParseEntry(entry);
  if (!view.ok()) return view.status();
  arena_.Reset();
  v1::Batch* const batch =
      google::protobuf::Arena::CreateMessage<v1::Batch>(&arena_);
  if (!batch->ParseFromArray(view->batch.data(),
                             static_cast<int>(view->batch.size()))) {
    return absl::DataLossError("it holds no batch; run thon admin check");
  }
  bool team = filter_.teams.empty();
  bool kind = filter_.kinds.empty();
  for (const v1::Event& event : batch->events()) {
    team = team || filter_.teams.count(event.team_id()) > 0;
    kind =
        kind || filter_.kinds.count(static_cast<int>(event.payload_case())) > 0;
    if (team && kind) return true;
  }
  return false;
}

absl::StatusOr<std::optional<EntryIndex>> AuthorEntries::EntryOf(
    const AuthorId& author, Sequence number) const {
  const absl::StatusOr<EntryIndex> found = log_->FindEvent(author, number);
  if (absl::IsNotFound(found.status())) return std::optional<EntryIndex>();
  if (!found.ok()) return found.status();
  return std::optional<EntryIndex>(*found);
}

// The first number whose entry is not before `first`. An author's numbers and
// the entries that hold them rise together, so steps that double find it.
absl::StatusOr<AuthorEntries::Cursor> AuthorEntries::Seek(
    const AuthorId& author, EntryIndex first) const {
  std::uint64_t before = 0;  // Its entry lies before `first`.
  std::uint64_t number = 1;
  while (true) {
    const auto entry = EntryOf(author, Sequence(number));
    if (!entry.ok()) return entry.status();
    if (!entry->has_value() || **entry >= first) break;
    before = number;
    number *= 2;
  }
  while (before + 1 < number) {
    const std::uint64_t middle = before + (number - before) / 2;
    const auto entry = EntryOf(author, Sequence(middle));
    if (!entry.ok()) return entry.status();
    if (!entry->has_value() || **entry >= first) {
      number = middle;
    } else {
      before = middle;
    }
  }
  const auto entry = EntryOf(author, Sequence(number));
  if (!entry.ok()) return entry.status();
  return Cursor{author, Sequence(number), *entry};
}

absl::StatusOr<AuthorEntries> AuthorEntries::Begin(
    const EntryLog* log, const std::set<AuthorId>& authors, EntryIndex first) {
  AuthorEntries entries(log);
  for (const AuthorId& author : authors) {
    absl::StatusOr<Cursor> cursor = entries.Seek(author, first);
    if (!cursor.ok()) return cursor.status();
    entries.cursors_.push_back(*std::move(cursor));
  }
  return entries;
}

absl::StatusOr<std::optional<EntryIndex>> AuthorEntries::Peek(
    EntryIndex limit) {
  if (looked_at_ < limit) {
    for (Cursor& cursor : cursors_) {
      if (cursor.entry.has_value()) continue;
      auto entry = EntryOf(cursor.author, cursor.next);
      if (!entry.ok()) return entry.status();
      cursor.entry = *entry;
    }
    looked_at_ = limit;
  }
  peeked_ = nullptr;
  for (Cursor& cursor : cursors_) {
    if (!cursor.entry.has_value() || *cursor.entry >= limit) continue;
    if (peeked_ == nullptr || *cursor.entry < *peeked_->entry) {
      peeked_ = &cursor;
    }
  }
  if (peeked_ == nullptr) return std::optional<EntryIndex>();
  return peeked_->entry;
}

absl::Status AuthorEntries::Advance(std::uint64_t event_count) {
  peeked_->next = Sequence(peeked_->next.value + event_count);
  const auto entry = EntryOf(peeked_->author, peeked_->next);
  if (!entry.ok()) return entry.status();
  peeked_->entry = *entry;
  return absl::OkStatus();
}

}  // namespace thon
