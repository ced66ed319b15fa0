#include "server/engine/row_folder.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/engine/system_clock.h"

namespace thon {

RowFolder::RowFolder(const EntryLog* log, RowStore* store, Options options)
    : log_(log),
      store_(store),
      options_(options),
      events_(log),
      overlay_(options.cache_bytes) {
  overlay_.SetBase(store_->At(store_->end().position));
}

absl::Status RowFolder::FoldEntries(EntryIndex begin, EntryIndex end,
                                    std::vector<RowStore::EntryRows>* rows) {
  std::size_t bytes = 0;
  absl::Status fault;
  const absl::Status read = log_->ReadEntries(
      begin, end, [&](EntryIndex index, absl::string_view entry) {
        const absl::StatusOr<EntryView> view = ParseEntry(entry);
        if (!view.ok()) {
          fault = absl::DataLossError(absl::StrCat("entry ", index.value, ": ",
                                                   view.status().message()));
          return false;
        }
        const Position position = view->trailer.last_position();
        events_.set_end(index.Next());
        overlay_.BeginEntry(position);
        fault = fold_.Apply(index, entry, events_, overlay_);
        fault.Update(events_.status());
        if (!fault.ok()) return false;
        rows->push_back({index, position, overlay_.EndEntry()});
        for (const NewRowVersion& version : rows->back().versions) {
          bytes += version.key.size() +
                   (version.value.has_value() ? version.value->size() : 0);
        }
        return bytes < options_.write_bytes &&
               rows->size() < options_.write_entries;
      });
  if (!fault.ok()) return fault;
  return read;
}

absl::Status RowFolder::Step(EntryIndex end) {
  const EntryIndex begin = store_->end().next_entry;
  THON_CHECK(begin < end);
  const Position before = store_->end().position;
  const std::int64_t begin_us = SteadyUs();
  std::vector<RowStore::EntryRows> rows;
  const absl::Status folded = FoldEntries(begin, end, &rows);
  if (!folded.ok()) return folded;
  THON_CHECK(!rows.empty());
  const absl::Status written = store_->Write(rows);
  if (!written.ok()) return written;
  overlay_.SetBase(store_->At(store_->end().position));
  const Position after = store_->end().position;
  if (options_.stats != nullptr) {
    options_.stats->fold_us.Observe(
        static_cast<std::uint64_t>(SteadyUs() - begin_us));
    options_.stats->fold_positions.Observe(after.value - before.value);
    options_.stats->NoteFolded(after);
  }
  if (options_.on_written) options_.on_written(rows, after);
  return absl::OkStatus();
}

absl::Status RebuildRows(const EntryLog& log, RowStore& store,
                         const RowFolder::Options& options,
                         const std::function<void(std::uint64_t)>& progress) {
  const absl::Status emptied = store.Reset();
  if (!emptied.ok()) return emptied;
  RowFolder folder(&log, &store, options);
  const EntryIndex end = log.end().tree_size;
  while (store.end().next_entry < end) {
    const absl::Status step = folder.Step(end);
    if (!step.ok()) return step;
    if (progress) progress(store.end().next_entry.value);
  }
  return absl::OkStatus();
}

}  // namespace thon
