#include "server/projections/activity.h"

#include <utility>
#include <vector>

#include "server/core/check.h"
#include "server/projections/activity_fold.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

class Activity final : public Projection {
 public:
  absl::string_view name() const override { return "activity"; }
  int version() const override { return 2; }
  void Apply(const FoldInput& input, const EventSource& events,
             RowWriter& rows) override {
    google::protobuf::Arena arena(block_.data(), block_.size());
    ActivityFold(input, events, rows, &arena).Run();
  }

 private:
  // What most entries' rows need in memory, so that it is allocated once.
  static constexpr std::size_t kBlockBytes = 256 << 10;
  std::vector<char> block_ = std::vector<char>(kBlockBytes);
};

}  // namespace

std::unique_ptr<Projection> NewActivity() {
  return std::make_unique<Activity>();
}

std::vector<v1::EventStanding> StandingsOf(const RowReader& rows,
                                           const AuthorId& author,
                                           Sequence first, Sequence last) {
  std::vector<v1::EventStanding> standings;
  if (first.value == 0) first = Sequence(1);
  if (last < first) return standings;
  rows.Scan(Table::kStandings, author.view(),
            keys::Standings(author, StandingsRowOf(first)),
            [&](absl::string_view, const RowVersion& row) {
              v1::EntryStandings block;
              THON_CHECK(block.ParseFromArray(
                  row.value.data(), static_cast<int>(row.value.size())));
              for (v1::EventStanding& standing : *block.mutable_exceptions()) {
                if (standing.sequence() > last.value) return false;
                if (standing.sequence() >= first.value) {
                  standings.push_back(std::move(standing));
                }
              }
              return true;
            });
  return standings;
}

}  // namespace thon
