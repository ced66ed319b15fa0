#include "server/watch/cut.h"

#include <optional>

#include "server/core/limits.h"

namespace thon {
namespace {

// What a row costs on the wire besides its bytes, about.
constexpr std::size_t kRowFrameBytes = 16;

}  // namespace

void CutPart::Add(std::string key, std::string row) {
  table.digest.Add(key, row);
  ++table.rows;
  rows.emplace_back(std::move(key),
                    std::make_shared<const std::string>(std::move(row)));
}

void Cut::Announce(CutPart* part) {
  if (part->announced_) return;
  part->announced_ = true;
  v1::WatchStarted* const started = page_.add_started();
  started->set_query_id(part->query_id);
  started->set_reason(part->reason);
  started->set_position(position_.value);
  started->set_clear(part->reason != v1::WATCH_START_REASON_RESUMED);
}

// Moves rows to the page. False: it is full.
bool Cut::Drain(CutPart* part, const PageMax& max) {
  while (!part->rows.empty()) {
    auto& [key, row] = part->rows.front();
    const std::size_t bytes =
        key.size() + (row == nullptr ? 0 : row->size()) + kRowFrameBytes;
    if (page_.rows_size() >= static_cast<int>(max.rows) ||
        (page_bytes_ > 0 && page_bytes_ + bytes > max.bytes)) {
      return false;
    }
    v1::WatchedRow* const out = page_.add_rows();
    out->set_query_id(part->query_id);
    out->set_key(std::move(key));
    if (row == nullptr) {
      out->set_removed(true);
    } else {
      out->set_row(*row);
    }
    page_bytes_ += bytes;
    part->rows.pop_front();
  }
  return true;
}

void Cut::Scan(CutPart* part, std::size_t rows_max) {
  const bool done = part->scan->Step(
      rows_max, [part](std::string key, std::optional<std::string> row) {
        part->rows.emplace_back(
            std::move(key),
            row.has_value()
                ? std::make_shared<const std::string>(*std::move(row))
                : nullptr);
      });
  if (!done) return;
  part->table = {part->scan->digest(),
                 static_cast<std::int64_t>(part->scan->row_count())};
  part->scan.reset();
}

void Cut::Tell() {
  v1::WatchProgress* const progress = page_.mutable_progress();
  progress->set_position(position_.value);
  progress->set_local_date(today_.days);
  for (const CutPart& part : parts_) {
    v1::WatchedTable* const table = progress->add_tables();
    table->set_query_id(part.query_id);
    table->set_row_count(static_cast<std::uint64_t>(part.table.rows));
    table->set_digest(part.table.digest.Bytes());
  }
}

bool Cut::Fill(const PageMax& max) {
  constexpr std::size_t kRows = limits::kWatchStepRowsMax / 4;
  std::size_t examined = 0;
  while (part_ < parts_.size()) {
    CutPart& part = parts_[part_];
    const bool starts = part.reason != v1::WATCH_START_REASON_UNSPECIFIED;
    if (starts) Announce(&part);
    if (!Drain(&part, max)) return true;
    if (part.scan != nullptr) {
      if (examined >= limits::kWatchStepRowsMax) return false;
      Scan(&part, kRows);
      examined += kRows;
      continue;
    }
    if (starts) page_.add_complete_query_ids(part.query_id);
    ++part_;
  }
  Tell();
  return true;
}

v1::WatchResponse Cut::Take() {
  v1::WatchResponse page = std::move(page_);
  page_.Clear();
  page_bytes_ = 0;
  return page;
}

}  // namespace thon
