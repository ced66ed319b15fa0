#include "server/projections/fold.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/signature.h"
#include "server/projections/acts.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

constexpr std::size_t kBlockBytes = 256 << 10;

bool IsKeyOf(absl::string_view raw_key, const AuthorId& author) {
  PublicKey key;
  return PublicKey::FromBytes(raw_key, &key) && key.author() == author;
}

}  // namespace

Fold::Fold() : Fold(AllProjections()) {}

Fold::Fold(std::vector<std::unique_ptr<Projection>> projections)
    : projections_(std::move(projections)), block_(kBlockBytes) {
  THON_CHECK(!projections_.empty());
  acts_ = dynamic_cast<Acts*>(projections_.front().get());
  THON_CHECK(acts_ != nullptr);
}

Fold::~Fold() = default;

std::string Fold::signature() const {
  std::string text;
  for (const std::unique_ptr<Projection>& projection : projections_) {
    absl::StrAppend(&text, text.empty() ? "" : " ", projection->name(), "/",
                    projection->version());
  }
  return text;
}

void Fold::Load(const RowReader& rows) {
  server_authors_.clear();
  ScanRows<v1::AuthorRow>(
      rows, Table::kAuthor, "",
      [this](absl::string_view key, const v1::AuthorRow& row, Position) {
        if (row.kind() == v1::AUTHOR_KIND_SERVER &&
            row.revoked_position() == 0) {
          server_authors_.insert(keys::KeyView(key).Author());
        }
        return true;
      });
  loaded_ = true;
}

bool Fold::FromServer(EntryIndex index, const AuthorId& author,
                      const v1::Batch& batch, const RowReader& rows) const {
  if (server_authors_.contains(author)) return true;
  const v1::Event& first = batch.events(0);
  if (first.sequence() != 1) return false;
  if (index == EntryIndex(0)) {
    return first.has_log_opened() &&
           IsKeyOf(first.log_opened().server_author_key(), author);
  }
  // A new epoch's server says so itself, under a key that the log does not know
  // yet. The committer lets nobody else write who is not enrolled, and who is
  // enrolled cannot make himself the server.
  return first.has_epoch_opened() &&
         IsKeyOf(first.epoch_opened().server_author_key(), author) &&
         !GetAuthor(rows, author).has_value();
}

absl::Status Fold::Apply(EntryIndex index, absl::string_view entry,
                         const EventSource& events, RowWriter& rows) {
  const absl::StatusOr<EntryView> view = ParseEntry(entry);
  if (!view.ok()) return view.status();
  google::protobuf::Arena arena(block_.data(), block_.size());
  auto* batch = google::protobuf::Arena::CreateMessage<v1::Batch>(&arena);
  if (ParseBatch(view->batch, batch) != BatchFault::kNone ||
      batch->events_size() != view->trailer.event_count) {
    return absl::DataLossError(absl::StrCat(
        "entry ", index.value,
        " does not hold the batch it was recorded with: the log is damaged; "
        "restore it from a backup"));
  }
  ApplyBatch(index, view->trailer, *batch, events, rows);
  return absl::OkStatus();
}

void Fold::ApplyBatch(EntryIndex index, const EntryTrailer& trailer,
                      const v1::Batch& batch, const EventSource& events,
                      RowWriter& rows) {
  if (!loaded_) Load(rows);
  FoldInput input;
  input.entry_index = index;
  input.trailer = trailer;
  AuthorId::FromBytes(batch.author(), &input.author);
  input.batch = &batch;
  input.local_date = TimeZone::VietNam().DateOf(trailer.receive_time);
  input.from_server = FromServer(index, input.author, batch, rows);
  acts_->Judge(&input, events, rows);
  for (const std::unique_ptr<Projection>& projection : projections_) {
    projection->Apply(input, events, rows);
  }
  for (const Fact& fact : input.facts) {
    if (fact.from_server && fact.effective &&
        (fact.event->has_log_opened() || fact.event->has_epoch_opened())) {
      loaded_ = false;  // Who the server is has changed.
    }
  }
}

}  // namespace thon
