#include "tests/unit/policy/random_case.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"

namespace thon::testing {
namespace {

constexpr v1::Affiliation kAffiliations[] = {
    v1::AFFILIATION_PARTY_SECRETARY, v1::AFFILIATION_VILLAGE_HEAD,
    v1::AFFILIATION_YOUTH_UNION, v1::AFFILIATION_WOMENS_UNION};

class Dice {
 public:
  explicit Dice(std::mt19937_64* random) : random_(*random) {}

  // From 0 to n - 1.
  int Below(int n) {
    return static_cast<int>(random_() % static_cast<std::uint64_t>(n));
  }
  bool OneIn(int n) { return Below(n) == 0; }
  template <typename T>
  T Pick(std::initializer_list<T> values) {
    return values.begin()[Below(static_cast<int>(values.size()))];
  }
  LookDay Look() { return static_cast<LookDay>(Below(4)); }

 private:
  std::mt19937_64& random_;
};

MetricSelector RandomSelector(Dice* dice, const Policy& policy) {
  MetricSelector selector;
  selector.metric =
      dice->Pick({Metric::kM01, Metric::kM02, Metric::kM04, Metric::kM07,
                  Metric::kM10, Metric::kM12, Metric::kM21});
  if (dice->OneIn(6) && policy.seats.has_value()) {
    selector.metric = Metric::kM05;
  } else if (dice->OneIn(6) && policy.update_submit_before_day != 0) {
    selector.metric = Metric::kM06;
  }
  if (selector.metric == Metric::kM10 && dice->OneIn(2)) selector.app = "VNeID";
  if (selector.metric == Metric::kM21) selector.mean = dice->OneIn(2);
  const MetricSource source = InfoOf(selector.metric).source;
  if (source != MetricSource::kRoster && source != MetricSource::kUpdate &&
      dice->OneIn(3)) {
    selector.over = Grain::kQuarter;
  }
  return selector;
}

// `selectors` grows; indexes are set when the tree is whole.
Condition RandomTree(Dice* dice, const Policy& policy, int depth,
                     std::vector<MetricSelector>* selectors) {
  Condition condition;
  if (depth == 0 || dice->OneIn(3)) {
    condition.selector = selectors->size();
    selectors->push_back(RandomSelector(dice, policy));
    const MetricKind kind = InfoOf(selectors->back().metric).kind;
    condition.target = kind == MetricKind::kFlag    ? 1
                       : kind == MetricKind::kRatio ? 50
                                                    : 1 + dice->Below(4);
    condition.at_most = kind == MetricKind::kCount && dice->OneIn(5);
    return condition;
  }
  condition.op = dice->Pick({Condition::Op::kAll, Condition::Op::kAny,
                             Condition::Op::kAll, Condition::Op::kNone});
  const int children = 1 + dice->Below(3);
  for (int i = 0; i < children; ++i) {
    condition.children.push_back(
        RandomTree(dice, policy, depth - 1, selectors));
  }
  return condition;
}

void SetIndexes(const std::vector<MetricSelector>& drawn,
                const std::vector<MetricSelector>& sorted,
                Condition* condition) {
  if (condition->op == Condition::Op::kThreshold) {
    const auto at = std::lower_bound(sorted.begin(), sorted.end(),
                                     drawn[condition->selector]);
    condition->selector = static_cast<std::size_t>(at - sorted.begin());
  }
  for (Condition& child : condition->children) {
    SetIndexes(drawn, sorted, &child);
  }
}

void DrawWho(Dice* dice, Policy* policy) {
  policy->kinds = {v1::UNIT_KIND_THON};
  if (dice->OneIn(2)) {
    policy->list = RegistrationListRule();
    policy->list->list_id = "L";
    policy->list->targets = {v1::REGISTRATION_TARGET_STANDARD};
    if (dice->OneIn(2)) policy->list->list_month = ListMonth::kContaining;
  }
  policy->exists_on = dice->Look();
  policy->suspended_full = static_cast<SuspensionEffect>(dice->Below(3));
  policy->suspended_partly = static_cast<SuspensionEffect>(dice->Below(3));
  if (dice->OneIn(2)) {
    policy->seats = SeatTemplate();
    policy->seats->seats = {{{kAffiliations[0], kAffiliations[1]}},
                            {{kAffiliations[2]}}};
    policy->seats->on = dice->Look();
    policy->seats->blocks_payment = dice->OneIn(2);
  }
  if (dice->OneIn(2)) {
    policy->update_record_missing = true;
    policy->update_submit_before_day = 6;
  }
  if (dice->OneIn(3)) {
    policy->update_required = true;
    policy->update_confirm_before_day = 11;
  }
  if (dice->OneIn(3)) {
    policy->late.effect = LateEffect::kLeftOut;
    policy->late.before_day = 9;
  }
}

void DrawMoney(Dice* dice, Policy* policy) {
  const int lines = dice->OneIn(12) ? 0 : 1 + dice->Below(3);
  for (int i = 0; i < lines; ++i) {
    AmountLine line;
    line.unit = static_cast<AmountUnit>(dice->Below(4));
    line.vnd = dice->Pick<std::int64_t>({50'000, 500'000, 333'333});
    line.up_to = (line.unit == AmountUnit::kPersonDay ||
                  line.unit == AmountUnit::kPersonNight) &&
                 dice->OneIn(2);
    line.members_on = dice->Look();
    if (line.unit == AmountUnit::kMemberMonth && dice->OneIn(3)) {
      line.members_max = 1 + dice->Below(3);
    }
    line.path = absl::StrCat("amount[", i, "]");
    policy->amounts.push_back(std::move(line));
  }
  policy->prorate_by_day = dice->OneIn(3);
  policy->rounding.to_vnd = dice->Pick<std::int64_t>({1, 1000});
  policy->rounding.mode = static_cast<RoundMode>(dice->Below(3));
  if (dice->OneIn(4)) policy->cap_month_vnd = 600'000;
  if (dice->OneIn(4)) policy->cap_year_vnd = 3'000'000;
  policy->cap_year_by_month = dice->OneIn(2);
  if (dice->OneIn(3)) {
    policy->top_up = TopUpRule();
    if (dice->OneIn(2)) {
      policy->top_up->total_max_percent = 200;
    } else {
      policy->top_up->total_max_vnd = 1'000'000;
    }
  }
  policy->double_support.forbid = dice->OneIn(2);
  if (dice->OneIn(2)) policy->double_support.with = {"OTHER"};
  policy->funding_required = !dice->OneIn(3);
}

Policy DrawPolicy(Dice* dice, Month month) {
  Policy policy;
  policy.id = "RANDOM";
  policy.version = 1;
  policy.status = dice->OneIn(15) ? static_cast<PolicyStatus>(dice->Below(7))
                                  : PolicyStatus::kInForce;
  policy.has_period = !dice->OneIn(30);
  policy.from = Date(month.first_day().days + dice->Pick({-90, -31, 0, 9}));
  policy.to = Date(month.last_day().days + dice->Pick({92, 31, 0, -5}));
  policy.partial_month_counts = !dice->OneIn(5);
  if (!policy.has_period) policy.from = policy.to = Date();
  DrawWho(dice, &policy);
  DrawMoney(dice, &policy);
  if (dice->OneIn(2)) {
    std::vector<MetricSelector> drawn;
    Condition tree = RandomTree(dice, policy, 2, &drawn);
    const std::set<MetricSelector> unique(drawn.begin(), drawn.end());
    policy.selectors.assign(unique.begin(), unique.end());
    SetIndexes(drawn, policy.selectors, &tree);
    policy.conditions = std::move(tree);
  }
  return policy;
}

std::vector<MetricNumber> DrawValues(Dice* dice, const Policy& policy) {
  std::vector<MetricNumber> values;
  for (const MetricSelector& selector : policy.selectors) {
    const bool share =
        InfoOf(selector.metric).kind == MetricKind::kRatio || selector.mean;
    values.push_back({dice->Below(6), share ? dice->Below(8) : 1});
  }
  return values;
}

MemberFact DrawMember(Dice* dice, Month month, int id) {
  MemberFact member;
  member.id = MemberId(static_cast<std::uint64_t>(id));
  member.affiliations = {kAffiliations[dice->Below(4)]};
  member.joined = Date(month.first_day().days + dice->Pick({-300, -300, 0, 9}));
  if (dice->OneIn(4)) {
    member.left = Date(month.first_day().days + dice->Pick({-1, 5, 20, 40}));
  }
  return member;
}

void DrawMoneyFacts(Dice* dice, Month month, BeneficiaryFacts* facts) {
  std::uint64_t position = 20;
  for (int i = dice->Below(3); i > 0; --i) {
    FundingFact funding;
    funding.position = Position(++position);
    funding.first = dice->OneIn(5) ? month.Next() : month;
    funding.last = month.Next();
    funding.reaches_back = dice->OneIn(2);
    funding.recorded = Date(month.first_day().days + dice->Pick({-40, 10, 60}));
    funding.in_set = !dice->OneIn(4);
    if (dice->OneIn(3)) funding.remaining_vnd = dice->Pick({0, 100'000});
    facts->fundings.push_back(funding);
  }
  if (dice->OneIn(3)) {
    facts->year_used_vnd = dice->Pick<std::int64_t>({500'000, 2'900'000});
  }
  if (dice->OneIn(3)) {
    facts->top_ups.push_back(
        {Position(31), month, month.Next(), dice->OneIn(2), month.first_day(),
         dice->Pick<std::int64_t>({1, 300'000, 2'000'000})});
  }
  for (int i = dice->Below(4); i > 0; --i) {
    facts->mobilisations.push_back(
        {Position(static_cast<std::uint64_t>(40 + i)),
         Date(month.first_day().days + dice->Below(28)),
         dice->OneIn(3) ? v1::SHIFT_NIGHT : v1::SHIFT_DAY, 1 + dice->Below(3),
         dice->Pick<std::int64_t>({0, 40'000, 900'000})});
  }
  if (dice->OneIn(8)) {
    facts->other_support.push_back(
        {dice->Pick<std::string>({"OTHER", "THIRD", ""}), Position(), 1});
  }
}

BeneficiaryFacts DrawFacts(Dice* dice, const Policy& policy, Month month) {
  BeneficiaryFacts facts;
  if (dice->OneIn(25)) facts.kind = v1::BENEFICIARY_KIND_ORGANISATION;
  facts.today = Date(month.last_day().days + dice->Pick({-60, 0, 8, 40, 40}));
  facts.level =
      dice->OneIn(25) ? v1::UNIT_LEVEL_COMMUNE : v1::UNIT_LEVEL_VILLAGE;
  facts.unit_kind = dice->OneIn(25) ? v1::UNIT_KIND_AP : v1::UNIT_KIND_THON;
  facts.territory = dice->OneIn(10) ? static_cast<Territory>(dice->Below(3))
                                    : Territory::kInside;
  facts.placement_pending = dice->OneIn(10);
  facts.structure_position = Position(11);
  facts.exists.from =
      Date(month.first_day().days + dice->Pick({-300, -300, -300, 9}));
  if (dice->OneIn(6)) facts.exists.to = Date(month.last_day().days - 7);
  if (dice->OneIn(5)) {
    facts.suspensions.push_back(
        {Date(month.first_day().days + dice->Pick({-10, 12})),
         Date(month.last_day().days + dice->Pick({10, -5}))});
  }
  if (!dice->OneIn(6)) {
    facts.listings.push_back(
        {dice->OneIn(6) ? v1::REGISTRATION_TARGET_ADVANCED
                        : v1::REGISTRATION_TARGET_STANDARD,
         {Date(month.first_day().days + dice->Pick({-60, 0, 5})), kOpenEnd}});
  }
  facts.list_position = Position(12);
  for (int i = dice->Below(5); i > 0; --i) {
    facts.members.push_back(DrawMember(dice, month, i));
  }
  facts.counted = DrawValues(dice, policy);
  facts.with_held = dice->OneIn(2) ? DrawValues(dice, policy) : facts.counted;
  facts.late_left_out = dice->OneIn(3) ? 2 : 0;
  if (!dice->OneIn(3)) {
    facts.update_submitted =
        Date(month.last_day().days + dice->Pick({1, 5, 6, 20}));
  }
  facts.update_confirmed = !dice->OneIn(3);
  DrawMoneyFacts(dice, month, &facts);
  if (dice->OneIn(4)) facts.decision = {Position(50), dice->OneIn(2)};
  return facts;
}

std::string MetricInput(const MetricSelector& selector) {
  const std::string qualifier = Qualifier(selector);
  return absl::StrCat("metric:", InfoOf(selector.metric).id,
                      qualifier.empty() ? "" : " ", qualifier);
}

// Other facts, one alteration each.
class Alterations {
 public:
  Alterations(const Policy& policy, const BeneficiaryFacts& facts, Month month)
      : policy_(policy),
        facts_(facts),
        first_(month.first_day()),
        last_(month.last_day()),
        month_(month) {}

  std::vector<BeneficiaryFacts> Of(const std::string& input);

 private:
  template <typename Change>
  void Add(Change change) {
    BeneficiaryFacts other = facts_;
    change(&other);
    out_.push_back(std::move(other));
  }
  void Team(const std::string& input);
  void Time(const std::string& input);
  void Values(const std::string& input);
  void Members();
  void Money(const std::string& input);
  void Support(const std::string& input);

  const Policy& policy_;
  const BeneficiaryFacts& facts_;
  const Date first_;
  const Date last_;
  const Month month_;
  std::vector<BeneficiaryFacts> out_;
};

using F = BeneficiaryFacts*;

void Alterations::Team(const std::string& input) {
  if (input == "kind") {
    for (const auto kind :
         {v1::BENEFICIARY_KIND_TEAM, v1::BENEFICIARY_KIND_ORGANISATION}) {
      Add([&](F f) { f->kind = kind; });
    }
  } else if (input == "level") {
    for (const auto level : {v1::UNIT_LEVEL_VILLAGE, v1::UNIT_LEVEL_COMMUNE}) {
      Add([&](F f) { f->level = level; });
    }
  } else if (input == "unit_kind") {
    for (const auto kind : {v1::UNIT_KIND_THON, v1::UNIT_KIND_AP}) {
      Add([&](F f) { f->unit_kind = kind; });
    }
  } else if (input == "territory") {
    for (int i = 0; i < 3; ++i) {
      Add([&](F f) { f->territory = static_cast<Territory>(i); });
    }
  } else if (input == "placement_pending") {
    Add([](F f) { f->placement_pending = !f->placement_pending; });
  } else if (input == "listings") {
    Add([](F f) { f->listings.clear(); });
    for (const auto target :
         {v1::REGISTRATION_TARGET_STANDARD, v1::REGISTRATION_TARGET_ADVANCED}) {
      for (const int offset : {-60, 0, 5, 60}) {
        Add([&](F f) {
          f->listings = {{target, {Date(first_.days + offset), kOpenEnd}}};
        });
      }
    }
  }
}

void Alterations::Time(const std::string& input) {
  if (input == "today") {
    for (const int offset : {-40, 0, 5, 10, 60}) {
      Add([&](F f) { f->today = Date(last_.days + offset); });
    }
  } else if (input == "exists") {
    const DayRange ranges[] = {{Date(first_.days - 300), kOpenEnd},
                               {Date(first_.days + 3), kOpenEnd},
                               {Date(first_.days + 20), Date(last_.days - 4)},
                               {Date(first_.days - 300), Date(last_.days - 9)},
                               {last_, kOpenEnd},
                               {first_, first_},
                               {last_.Next(), kOpenEnd}};
    for (const DayRange& range : ranges) {
      Add([&](F f) { f->exists = range; });
    }
  } else if (input == "suspensions") {
    Add([](F f) { f->suspensions.clear(); });
    const DayRange ranges[] = {{first_, last_},
                               {Date(first_.days - 9), kOpenEnd},
                               {Date(first_.days + 2), Date(first_.days + 3)},
                               {Date(last_.days - 1), Date(last_.days + 9)},
                               {Date(first_.days + 11), Date(last_.days - 8)}};
    for (const DayRange& range : ranges) {
      Add([&](F f) { f->suspensions = {range}; });
    }
  } else if (input == "update_submitted") {
    Add([](F f) { f->update_submitted = Date(); });
    for (const int offset : {0, 4, 5, 6, 30}) {
      Add([&](F f) { f->update_submitted = Date(last_.days + offset); });
    }
  } else if (input == "update_confirmed") {
    Add([](F f) { f->update_confirmed = !f->update_confirmed; });
  } else if (input == "late_left_out") {
    for (const int count : {0, 1, 7}) {
      Add([&](F f) { f->late_left_out = count; });
    }
  } else if (input == "decision") {
    Add([](F f) { f->decision = DecisionFact(); });
    Add([](F f) { f->decision = {Position(51), true}; });
    Add([](F f) { f->decision = {Position(51), false}; });
  }
}

void Alterations::Values(const std::string& input) {
  for (std::size_t i = 0; i < policy_.selectors.size(); ++i) {
    if (MetricInput(policy_.selectors[i]) != input) continue;
    for (const std::int64_t numerator : {0, 1, 2, 3, 5, 100}) {
      for (const std::int64_t denominator : {1, 7, 0}) {
        Add([&](F f) { f->counted[i] = {numerator, denominator}; });
        Add([&](F f) { f->with_held[i] = {numerator, denominator}; });
        Add([&](F f) {
          f->counted[i] = f->with_held[i] = {numerator, denominator};
        });
      }
    }
  }
}

void Alterations::Members() {
  Add([](F f) { f->members.clear(); });
  Add([&](F f) {
    for (MemberFact& member : f->members) member.left = first_.Previous();
  });
  std::vector<MemberFact> crowd;
  for (std::uint64_t i = 0; i < 6; ++i) {
    crowd.push_back({MemberId(100 + i),
                     {kAffiliations[i % 4]},
                     Date(first_.days - 300),
                     Date()});
    Add([&](F f) { f->members = crowd; });
    Add([&](F f) {
      f->members = crowd;
      for (MemberFact& member : f->members) member.left = last_;
    });
  }
}

void Alterations::Money(const std::string& input) {
  if (input == "fundings") {
    Add([](F f) { f->fundings.clear(); });
    for (const bool in_set : {true, false}) {
      for (const std::int64_t left : {std::int64_t{0}, limits::kMoneyMax}) {
        Add([&](F f) {
          f->fundings = {
              {Position(60), month_, month_, true, first_, in_set, left}};
        });
      }
    }
    Add([&](F f) {
      f->fundings = {{Position(60), month_.Next(), month_.Next(), true, first_,
                      true, limits::kMoneyMax}};
    });
  } else if (input == "year_used") {
    for (const std::int64_t used : {0, 1'000'000, 2'950'000, 3'000'000}) {
      Add([&](F f) { f->year_used_vnd = used; });
    }
  } else if (input == "top_ups") {
    Add([](F f) { f->top_ups.clear(); });
    for (const std::int64_t vnd : {1, 77'777, 5'000'000}) {
      Add([&](F f) {
        f->top_ups = {{Position(61), month_, month_, true, first_, vnd}};
      });
    }
  } else if (input == "mobilisations") {
    Add([](F f) { f->mobilisations.clear(); });
    // On a day that most periods have.
    for (const auto shift : {v1::SHIFT_DAY, v1::SHIFT_NIGHT}) {
      for (const std::int64_t persons : {1, 4, 100}) {
        for (const int day : {0, 15}) {
          Add([&](F f) {
            f->mobilisations = {{Position(62), Date(first_.days + day), shift,
                                 persons, 33'333}};
          });
        }
      }
    }
  }
}

void Alterations::Support(const std::string& input) {
  if (input != "other_support") return;
  Add([](F f) { f->other_support.clear(); });
  for (const char* id : {"", "OTHER", "FOURTH"}) {
    Add([&](F f) { f->other_support = {{id, Position(63), 9}}; });
  }
}

std::vector<BeneficiaryFacts> Alterations::Of(const std::string& input) {
  Team(input);
  Time(input);
  Values(input);
  if (input == "members") Members();
  Money(input);
  Support(input);
  return std::move(out_);
}

}  // namespace

RandomCase MakeRandomCase(std::mt19937_64* random) {
  Dice dice(random);
  RandomCase out;
  out.month = Month::Of(2023, 1 + dice.Below(12));
  out.policy = DrawPolicy(&dice, out.month);
  out.facts = DrawFacts(&dice, out.policy, out.month);
  return out;
}

std::vector<BeneficiaryFacts> Altered(const Policy& policy,
                                      const BeneficiaryFacts& facts,
                                      Month month, const std::string& input) {
  return Alterations(policy, facts, month).Of(input);
}

std::vector<std::string> InputsOf(const Policy& policy) {
  std::vector<std::string> inputs = {"kind",
                                     "today",
                                     "level",
                                     "unit_kind",
                                     "territory",
                                     "placement_pending",
                                     "exists",
                                     "suspensions",
                                     "listings",
                                     "members",
                                     "late_left_out",
                                     "update_submitted",
                                     "update_confirmed",
                                     "fundings",
                                     "year_used",
                                     "top_ups",
                                     "mobilisations",
                                     "other_support",
                                     "decision"};
  for (const MetricSelector& selector : policy.selectors) {
    const MetricSource source = InfoOf(selector.metric).source;
    if (source != MetricSource::kRoster && source != MetricSource::kUpdate) {
      inputs.push_back(MetricInput(selector));
    }
  }
  return inputs;
}

}  // namespace thon::testing
