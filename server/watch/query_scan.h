// A walk over all rows of a query as of one position, a piece at a time; for a
// watch that resumes, beside the rows as of where it stood.
#ifndef THON_WATCH_QUERY_SCAN_H_
#define THON_WATCH_QUERY_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/watch/query.h"
#include "server/watch/query_digest.h"
#include "server/watch/row_source.h"
#include "server/watch/rows_view.h"

namespace thon {

// Thread-safety: none. It holds no files between two steps.
class QueryScan {
 public:
  // `query` is not owned. Not for EVENTS. Without `before`: a snapshot.
  QueryScan(const Query* query, RowsView now, std::optional<RowsView> before);

  // Calls `emit` for rows to send, ascending by key: of a snapshot all, else
  // those that differ, nullopt for one that is gone. Examines about `rows_max`
  // rows. False: there is more.
  using Emit =
      std::function<void(std::string key, std::optional<std::string> row)>;
  bool Step(std::size_t rows_max, const Emit& emit);

  // Of the rows as of the scan's position, once it is done.
  const QueryDigest& digest() const { return digest_; }
  std::uint64_t row_count() const { return row_count_; }

 private:
  using Rows = std::vector<std::pair<std::string, RowVersion>>;

  bool IsWholeKey(const std::string& range) const;
  // Rows of a range from the cursor on, at most `rows_max`. True: all of them.
  bool Read(const RowsView& view, const std::string& range,
            std::size_t rows_max, Rows* rows) const;
  void Visit(const std::string& key, const RowVersion* before,
             const RowVersion* now, const Emit& emit);

  const Query* query_;
  Table table_;
  RowsView now_;
  std::optional<RowsView> before_;
  std::optional<std::vector<std::string>> ranges_;  // Found in the first step.
  std::size_t range_ = 0;
  std::string cursor_;
  QueryDigest digest_;
  std::uint64_t row_count_ = 0;
};

}  // namespace thon

#endif  // THON_WATCH_QUERY_SCAN_H_
