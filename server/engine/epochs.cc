#include "server/engine/epochs.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/entry.h"
#include "thon/v1/log.pb.h"

namespace thon {
namespace {

absl::StatusOr<Epoch> ReadEpoch(const EntryLog& log, const AuthorId& server) {
  const absl::StatusOr<EntryIndex> index = log.FindEvent(server, Sequence(1));
  if (!index.ok()) return index.status();
  const absl::StatusOr<std::string> entry = log.ReadEntry(*index);
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<EntryView> view = ParseEntry(*entry);
  if (!view.ok()) return view.status();
  v1::Batch batch;
  if (ParseBatch(view->batch, &batch) != BatchFault::kNone) {
    return absl::DataLossError(absl::StrCat(
        "entry ", index->value, " does not parse; restore the log"));
  }
  Epoch epoch;
  epoch.entry = *index;
  epoch.server = server;
  bool known = false;
  for (const v1::Event& event : batch.events()) {
    if (event.has_log_opened()) {
      const v1::LogOpened& opened = event.log_opened();
      epoch.origin = opened.origin();
      epoch.simulated = opened.simulated_time();
      known = PublicKey::FromBytes(opened.log_key(), &epoch.log_key);
    } else if (event.has_epoch_opened()) {
      const v1::EpochOpened& opened = event.epoch_opened();
      epoch.origin = opened.new_origin();
      epoch.old_origin = opened.old_origin();
      epoch.old_size = opened.old_size();
      epoch.first_lost = Position(opened.first_lost_position());
      known = PublicKey::FromBytes(opened.log_key(), &epoch.log_key);
    }
  }
  if (!known) {
    return absl::DataLossError(absl::StrCat(
        "entry ", index->value, " opens no epoch; restore the log"));
  }
  return epoch;
}

}  // namespace

absl::StatusOr<std::vector<Epoch>> ReadEpochs(const EntryLog& log,
                                              const AuthorTable& authors) {
  std::vector<Epoch> epochs;
  for (const AuthorId& server : authors.servers()) {
    absl::StatusOr<Epoch> epoch = ReadEpoch(log, server);
    if (!epoch.ok()) return epoch.status();
    epochs.push_back(*std::move(epoch));
  }
  std::sort(epochs.begin(), epochs.end(),
            [](const Epoch& a, const Epoch& b) { return a.entry < b.entry; });
  for (Epoch& epoch : epochs) epoch.simulated = epochs.front().simulated;
  return epochs;
}

bool SplitOrigin(absl::string_view origin, std::string* name,
                 std::uint64_t* number) {
  const std::size_t slash = origin.rfind('/');
  if (slash == absl::string_view::npos || slash == 0 ||
      !absl::SimpleAtoi(origin.substr(slash + 1), number) || *number == 0 ||
      *number > UINT32_MAX ||
      origin.substr(slash + 1) != absl::StrCat(*number)) {
    return false;
  }
  *name = std::string(origin.substr(0, slash));
  return true;
}

bool RestoredNote::Merge(const RestoredNote& other) {
  const RestoredNote before = *this;
  epoch_number = std::max(epoch_number, other.epoch_number);
  if (first_lost == Position(0) ||
      (other.first_lost != Position(0) && other.first_lost < first_lost)) {
    first_lost = other.first_lost;
  }
  last_known_lost = std::max(last_known_lost, other.last_known_lost);
  return !(*this == before);
}

std::string RestoredNote::Encode() const {
  std::string out;
  AppendBigEndian(epoch_number, &out);
  AppendBigEndian(first_lost.value, &out);
  AppendBigEndian(last_known_lost.value, &out);
  return out;
}

std::optional<RestoredNote> RestoredNote::Decode(absl::string_view text) {
  RestoredNote note;
  if (!ConsumeBigEndian(&text, &note.epoch_number) ||
      !ConsumeBigEndian(&text, &note.first_lost.value) ||
      !ConsumeBigEndian(&text, &note.last_known_lost.value)) {
    return std::nullopt;
  }
  return note;
}

}  // namespace thon
