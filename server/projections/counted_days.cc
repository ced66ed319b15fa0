#include "server/projections/counted_days.h"

#include <optional>

#include "server/projections/activity_event.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

// What a wall clock that is not called wrong may be off.
constexpr std::int64_t kWallClockToleranceMs = 10 * 60 * 1000;

}  // namespace

bool CountedDays::Has(Holder holder, Date date, const Fact& fact) {
  const auto [at, fresh] = days_.try_emplace(std::make_pair(holder, date));
  if (fresh) {
    const auto day =
        GetRow<v1::ActivityDay>(rows_, Table::kActivityDay,
                                keys::ActivityDay(TeamId(holder.key()), date));
    if (day.has_value()) {
      for (const v1::ActivityFact& one : day->facts()) {
        at->second.emplace(one.author_number(), one.sequence());
      }
    }
  }
  return at->second.count(fact) != 0;
}

Date CountedDays::Of(const RecordedEvent& recorded,
                     const v1::AuthorRow& author) {
  const v1::Event& event = recorded.event;
  // One of no known type can have been amended to an activity.
  if (!HasInstant(event)) return Date();
  const Holder holder =
      author.kind() == v1::AUTHOR_KIND_ORGANISATION
          ? Holder::Of(OrganisationId(author.organisation_id()))
          : Holder::Of(TeamId(event.team_id()));
  const Fact fact(author.number(), event.sequence());
  const TimeZone zone = TimeZone::VietNam();
  // Readings are any number: a sum may not pass the range.
  const auto around = [&](std::int64_t off_ms) {
    std::int64_t ms = 0;
    return zone.DateOf(__builtin_add_overflow(event.wall_time_ms(), off_ms, &ms)
                           ? recorded.receive_time
                           : Instant(ms));
  };
  for (const Date date :
       {Date(event.claimed_date()), around(0), around(-kWallClockToleranceMs),
        around(kWallClockToleranceMs), zone.DateOf(recorded.receive_time)}) {
    if (date != Date() && Has(holder, date, fact)) return date;
  }
  const auto [at, fresh] = all_.try_emplace(holder);
  if (fresh) {
    ScanRows<v1::ActivityDay>(
        rows_, Table::kActivityDay, keys::Key().U64(holder.key()).Take(),
        [&](absl::string_view key, const v1::ActivityDay& day, Position) {
          const Date date = keys::KeyView(key).Skip(8).Day();
          for (const v1::ActivityFact& one : day.facts()) {
            at->second.emplace(Fact(one.author_number(), one.sequence()), date);
          }
          return true;
        });
  }
  const auto found = at->second.find(fact);
  return found == at->second.end() ? Date() : found->second;
}

}  // namespace thon
