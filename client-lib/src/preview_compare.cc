#include "client-lib/src/preview_compare.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client-lib/src/preview_maker.h"
#include "client-lib/src/preview_words.h"

namespace thon::client {
namespace {

using Field = Difference::Field;

// What follows PROVISIONAL is a matter of offices, not of the rule.
v1::DeterminationState ByRule(v1::DeterminationState state) {
  return state > v1::DETERMINATION_STATE_PROVISIONAL
             ? v1::DETERMINATION_STATE_PROVISIONAL
             : state;
}

bool SameReasons(const v1::Determination& a, const v1::Determination& b) {
  return std::equal(a.reasons().begin(), a.reasons().end(), b.reasons().begin(),
                    b.reasons().end());
}

std::string MetricName(const v1::MetricValue& value) {
  return value.qualifier().empty()
             ? value.metric()
             : absl::StrCat(value.metric(), " ", value.qualifier());
}

template <typename Rows, typename Same>
bool SameRows(const Rows& a, const Rows& b, const Same& same) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

bool SameRoster(const v1::DeterminationFacts& a,
                const v1::DeterminationFacts& b) {
  return SameRows(a.members(), b.members(),
                  [](const v1::FactMember& x, const v1::FactMember& y) {
                    return x.SerializeAsString() == y.SerializeAsString();
                  });
}

bool SameListings(const v1::DeterminationFacts& a,
                  const v1::DeterminationFacts& b) {
  return SameRows(a.listings(), b.listings(),
                  [](const v1::FactListing& x, const v1::FactListing& y) {
                    return x.SerializeAsString() == y.SerializeAsString();
                  });
}

// What is left of a ceiling changes with every other team; where it matters the
// amount and its reason say so.
bool SameFundings(const v1::DeterminationFacts& a,
                  const v1::DeterminationFacts& b) {
  return SameRows(a.fundings(), b.fundings(),
                  [](const v1::FactFunding& x, const v1::FactFunding& y) {
                    return x.position() == y.position() &&
                           x.in_set() == y.in_set();
                  });
}

class Comparison {
 public:
  Comparison(const ShownPreview& shown, const v1::TeamView& view,
             const v1::DeterminationView* said,
             const StandingOfEvent& standing_of)
      : shown_(shown), position_(view.position()) {
    if (said != nullptr) server_ = said->determination();
    for (const OwnEvent& event : shown.events) {
      const std::optional<v1::EventStanding> standing = standing_of(event.name);
      if (!standing.has_value()) continue;
      const bool as_taken = standing->standing() == v1::STANDING_COUNTED &&
                            (standing->period_month() == 0 ||
                             standing->period_month() == shown.month.yyyymm);
      if (!as_taken) uncounted_.push_back({event, *standing});
    }
  }

  std::vector<Difference> Run(const v1::DeterminationView* said) {
    const v1::Determination& phone = shown_.determination;
    if (ByRule(phone.state()) != ByRule(server_.state())) {
      Add(Field::kState, SayState(phone.state()), SayState(server_.state()));
    }
    if (phone.amount_vnd() != server_.amount_vnd()) {
      Add(Field::kAmount, SayAmount(phone.amount_vnd()),
          SayAmount(server_.amount_vnd()));
    }
    if (!SameReasons(phone, server_)) {
      Add(Field::kReasons, SayReasons(phone), SayReasons(server_));
    }
    CompareMetrics();
    if (said == nullptr) return std::move(differences_);
    if (phone.policy_version() != server_.policy_version()) {
      Add(Field::kPolicyVersion, SayVersion(phone.policy_version()),
          SayVersion(server_.policy_version()));
    }
    const v1::DeterminationFacts& then = shown_.facts;
    const v1::DeterminationFacts& now = said->facts();
    // Of two versions one may not look at the roster.
    const bool both_look = phone.policy_version() == server_.policy_version() ||
                           (!then.members().empty() && !now.members().empty());
    if (both_look && !SameRoster(then, now)) {
      Add(Field::kRoster, SayRoster(then), SayRoster(now));
    }
    if (!SameListings(then, now)) {
      Add(Field::kList, SayListings(then), SayListings(now));
    }
    if (!SameFundings(then, now)) {
      Add(Field::kFunding, SayFundings(then), SayFundings(now));
    }
    return std::move(differences_);
  }

 private:
  // Values that both looked at: where one did not, another rule decided, which
  // the reasons say.
  void CompareMetrics() {
    for (const v1::MetricValue& phone : shown_.determination.metrics()) {
      for (const v1::MetricValue& server : server_.metrics()) {
        if (MetricName(phone) != MetricName(server) ||
            (phone.numerator() == server.numerator() &&
             phone.denominator() == server.denominator())) {
          continue;
        }
        Add(Field::kMetric, SayMetric(phone), SayMetric(server),
            server.numerator() > phone.numerator(), MetricName(phone));
      }
    }
  }

  void Add(Field field, Words phone_said, Words server_says,
           bool more_at_server = false, std::string metric = "") {
    Difference difference;
    difference.policy_id = shown_.policy_id;
    difference.month = shown_.month;
    difference.field = field;
    difference.metric = std::move(metric);
    difference.phone_said = std::move(phone_said);
    difference.server_says = std::move(server_says);
    difference.because = SayBecause(field, uncounted_, server_, more_at_server);
    difference.text = SayDifference(difference);
    difference.position = position_;
    differences_.push_back(std::move(difference));
  }

  const ShownPreview& shown_;
  const Position position_;
  v1::Determination server_;
  std::vector<Uncounted> uncounted_;
  std::vector<Difference> differences_;
};

}  // namespace

std::vector<Difference> Compare(const ShownPreview& shown,
                                const v1::TeamView& view,
                                const StandingOfEvent& standing_of) {
  const v1::TeamMonthView* const month = FindMonth(view, shown.month);
  const v1::DeterminationView* const said =
      month == nullptr ? nullptr : FindDetermination(*month, shown.policy_id);
  return Comparison(shown, view, said, standing_of).Run(said);
}

}  // namespace thon::client
