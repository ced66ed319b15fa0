// What one watch sends from one PROGRESS to the next, a page at a time: for
// each query either what changed, or a whole table.
//
// It is fixed when it is made: every row in it is as of one position, however
// long it takes to send.
#ifndef THON_WATCH_CUT_H_
#define THON_WATCH_CUT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/watch/feed.h"
#include "server/watch/query_scan.h"
#include "thon/v1/watch_service.pb.h"

namespace thon {

// What a cut sends of one query.
struct CutPart {
  std::uint32_t query_id = 0;
  // UNSPECIFIED: changes.
  v1::WatchStartReason reason = v1::WATCH_START_REASON_UNSPECIFIED;
  // To send, null for a removal; then what the scan finds.
  std::deque<std::pair<std::string, SharedRow>> rows;
  std::unique_ptr<QueryScan> scan;
  TableMove moved;  // Of the feed, at the cut.
  TableMove table;  // At the cut; of a scan, when it is done.

  // Sends a row and counts it in the table.
  void Add(std::string key, std::string row);

 private:
  friend class Cut;
  bool announced_ = false;
};

// Thread-safety: none.
class Cut {
 public:
  // What a page may hold. A row that is larger travels alone.
  struct PageMax {
    std::size_t bytes;
    std::size_t rows;
  };

  Cut(Position position, Date today) : position_(position), today_(today) {}

  Position position() const { return position_; }
  std::vector<CutPart>& parts() { return parts_; }
  const std::vector<CutPart>& parts() const { return parts_; }

  // Goes on with the page at hand for a moment: limits::kWatchStepRowsMax rows
  // are looked at, or few more. True: the page is to be sent; take it.
  bool Fill(const PageMax& max);
  // Whether the page at hand is the last; it tells where the tables stand but
  // the server's time and a token.
  bool complete() const { return page_.has_progress(); }
  v1::WatchResponse& page() { return page_; }
  v1::WatchResponse Take();

 private:
  void Announce(CutPart* part);
  bool Drain(CutPart* part, const PageMax& max);
  void Scan(CutPart* part, std::size_t rows_max);
  void Tell();

  const Position position_;
  const Date today_;
  std::vector<CutPart> parts_;
  std::size_t part_ = 0;
  v1::WatchResponse page_;
  std::size_t page_bytes_ = 0;
};

}  // namespace thon

#endif  // THON_WATCH_CUT_H_
