#include "server/policy/facts_proto.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "server/core/limits.h"

namespace thon {
namespace {

// Far above what a month of one team holds; a bound on what a phone reads.
constexpr int kFactsMax = 10'000;

std::int32_t OpenDay(Date date) { return date == kOpenEnd ? 0 : date.days; }

void PutDays(const DayRange& range, v1::FactDays* out) {
  out->set_from(range.from.days);
  out->set_to(OpenDay(range.to));
}

void PutValues(const Policy& policy, const std::vector<MetricNumber>& values,
               google::protobuf::RepeatedPtrField<v1::MetricValue>* out) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    v1::MetricValue* const value = out->Add();
    if (i < policy.selectors.size()) {
      const MetricSelector& selector = policy.selectors[i];
      value->set_metric(std::string(InfoOf(selector.metric).id));
      value->set_qualifier(Qualifier(selector));
    }
    value->set_numerator(values[i].numerator);
    value->set_denominator(values[i].denominator);
  }
}

// Reads one message; remembers the first field that no server says.
class FactsReader {
 public:
  FactsReader(const Policy& policy, const v1::DeterminationFacts& proto)
      : policy_(policy), proto_(proto) {}

  absl::StatusOr<BeneficiaryFacts> Read() {
    ReadTeam();
    ReadMembers();
    ReadMoney();
    ReadSupport();
    if (!wrong_.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("facts of a determination: ", wrong_,
                       " is not what a server says; ask it again"));
    }
    return std::move(facts_);
  }

 private:
  void ReadTeam();
  void ReadMembers();
  void ReadMoney();
  void ReadSupport();

  bool Check(bool good, absl::string_view field) {
    if (!good && wrong_.empty()) wrong_ = std::string(field);
    return good;
  }
  // A repeated field's size.
  template <typename Field>
  const Field& Few(const Field& field, int max, absl::string_view name) {
    Check(field.size() <= max, name);
    return field;
  }
  Date Day(std::int32_t days, absl::string_view field) {
    static const Date kFirst = Date::Of(1900, 1, 1);
    static const Date kLast = Date::Of(2199, 12, 31);
    Check(days == 0 || (kFirst.days <= days && days <= kLast.days), field);
    return Date(days);
  }
  Date EndDay(std::int32_t days, absl::string_view field) {
    return days == 0 ? kOpenEnd : Day(days, field);
  }
  Month MonthOfField(std::int32_t yyyymm, absl::string_view field) {
    Check(Month(yyyymm).valid(), field);
    return Month(yyyymm);
  }
  std::int64_t Number(std::int64_t value, std::int64_t max,
                      absl::string_view field) {
    Check(0 <= value && value <= max, field);
    return value;
  }
  DayRange Days(const v1::FactDays& days, absl::string_view field) {
    return {Day(days.from(), field), EndDay(days.to(), field)};
  }
  std::vector<MetricNumber> Values(
      const google::protobuf::RepeatedPtrField<v1::MetricValue>& values,
      absl::string_view field);

  const Policy& policy_;
  const v1::DeterminationFacts& proto_;
  BeneficiaryFacts facts_;
  std::string wrong_;
};

std::vector<MetricNumber> FactsReader::Values(
    const google::protobuf::RepeatedPtrField<v1::MetricValue>& values,
    absl::string_view field) {
  std::vector<MetricNumber> out;
  // An organisation has no metrics.
  if (values.empty() && facts_.kind != v1::BENEFICIARY_KIND_TEAM) return out;
  if (!Check(
          static_cast<std::size_t>(values.size()) == policy_.selectors.size(),
          field)) {
    return out;
  }
  for (int i = 0; i < values.size(); ++i) {
    const MetricSelector& selector =
        policy_.selectors[static_cast<std::size_t>(i)];
    Check(values[i].metric() == InfoOf(selector.metric).id &&
              values[i].qualifier() == Qualifier(selector),
          field);
    out.push_back({Number(values[i].numerator(), limits::kMoneyMax, field),
                   Number(values[i].denominator(), limits::kMoneyMax, field)});
  }
  return out;
}

void FactsReader::ReadTeam() {
  Check(proto_.kind() == v1::BENEFICIARY_KIND_TEAM ||
            proto_.kind() == v1::BENEFICIARY_KIND_ORGANISATION,
        "kind");
  facts_.kind = proto_.kind();
  facts_.today = Day(proto_.today(), "today");
  Check(v1::UnitLevel_IsValid(proto_.level()), "level");
  facts_.level = proto_.level();
  Check(v1::UnitKind_IsValid(proto_.unit_kind()), "unit_kind");
  facts_.unit_kind = proto_.unit_kind();
  if (Check(0 <= proto_.territory() && proto_.territory() <= 2, "territory")) {
    facts_.territory = static_cast<Territory>(proto_.territory());
  }
  facts_.placement_pending = proto_.placement_pending();
  facts_.structure_position = Position(proto_.structure_position());
  facts_.exists = {Day(proto_.exists_from(), "exists_from"),
                   EndDay(proto_.exists_to(), "exists_to")};
  Date last(std::numeric_limits<std::int32_t>::min());
  for (const v1::FactDays& days :
       Few(proto_.suspensions(), limits::kTeamChangesMax, "suspensions")) {
    const DayRange range = Days(days, "suspensions");
    Check(last <= range.from, "suspensions");
    last = range.from;
    facts_.suspensions.push_back(range);
  }
  for (const v1::FactListing& listing :
       Few(proto_.listings(), kFactsMax, "listings")) {
    Check(v1::RegistrationTarget_IsValid(listing.target()), "listings.target");
    facts_.listings.push_back(
        {listing.target(), Days(listing.days(), "listings.days")});
  }
  facts_.list_position = Position(proto_.list_position());
  facts_.counted = Values(proto_.counted(), "counted");
  facts_.with_held = Values(proto_.with_held(), "with_held");
  facts_.late_left_out =
      Number(proto_.late_left_out(), limits::kMoneyMax, "late_left_out");
  facts_.update_submitted = Day(proto_.update_submitted(), "update_submitted");
  facts_.update_confirmed = proto_.update_confirmed();
}

void FactsReader::ReadMembers() {
  for (const v1::FactMember& member :
       Few(proto_.members(), limits::kTeamMembersMax, "members")) {
    MemberFact fact;
    Check(IsSurrogateId(member.member_id()), "members.member_id");
    fact.id = MemberId(member.member_id());
    for (const int affiliation :
         Few(member.affiliations(), 64, "members.affiliations")) {
      Check(v1::Affiliation_IsValid(affiliation), "members.affiliations");
      fact.affiliations.push_back(static_cast<v1::Affiliation>(affiliation));
    }
    fact.joined = Day(member.joined(), "members.joined");
    fact.left = Day(member.left(), "members.left");
    facts_.members.push_back(std::move(fact));
  }
}

void FactsReader::ReadMoney() {
  std::uint64_t last = 0;
  for (const v1::FactFunding& funding :
       Few(proto_.fundings(), kFactsMax, "fundings")) {
    Check(last <= funding.position(), "fundings.position");
    last = funding.position();
    FundingFact fact;
    fact.position = Position(funding.position());
    fact.first = MonthOfField(funding.first_month(), "fundings.first_month");
    fact.last = MonthOfField(funding.last_month(), "fundings.last_month");
    fact.reaches_back = funding.reaches_back();
    fact.recorded = Day(funding.recorded(), "fundings.recorded");
    fact.in_set = funding.in_set();
    fact.remaining_vnd = Number(funding.remaining_vnd(), limits::kMoneyMax,
                                "fundings.remaining_vnd");
    Check(funding.number().size() <= limits::kTextBytesMax, "fundings.number");
    fact.number = funding.number();
    fact.issued = Day(funding.issued(), "fundings.issued");
    facts_.fundings.push_back(fact);
  }
  facts_.year_used_vnd =
      Number(proto_.year_used_vnd(), 12 * limits::kMoneyMax, "year_used_vnd");
  last = 0;
  for (const v1::FactTopUp& top_up :
       Few(proto_.top_ups(), kFactsMax, "top_ups")) {
    Check(last <= top_up.position(), "top_ups.position");
    last = top_up.position();
    TopUpFact fact;
    fact.position = Position(top_up.position());
    fact.first = MonthOfField(top_up.first_month(), "top_ups.first_month");
    fact.last = MonthOfField(top_up.last_month(), "top_ups.last_month");
    fact.reaches_back = top_up.reaches_back();
    fact.recorded = Day(top_up.recorded(), "top_ups.recorded");
    fact.amount_vnd =
        Number(top_up.amount_vnd(), limits::kMoneyMax, "top_ups.amount_vnd");
    facts_.top_ups.push_back(fact);
  }
}

void FactsReader::ReadSupport() {
  for (const v1::FactMobilisation& mobilisation :
       Few(proto_.mobilisations(), kFactsMax, "mobilisations")) {
    MobilisationFact fact;
    fact.position = Position(mobilisation.position());
    fact.date = Day(mobilisation.date(), "mobilisations.date");
    Check(v1::Shift_IsValid(mobilisation.shift()), "mobilisations.shift");
    fact.shift = mobilisation.shift();
    fact.persons = Number(mobilisation.persons(), limits::kCountMax,
                          "mobilisations.persons");
    fact.rate_vnd = Number(mobilisation.rate_vnd(), limits::kMoneyMax,
                           "mobilisations.rate_vnd");
    facts_.mobilisations.push_back(fact);
  }
  for (const v1::FactOtherSupport& support :
       Few(proto_.other_support(), kFactsMax, "other_support")) {
    Check(support.policy_id().size() <= 64, "other_support.policy_id");
    facts_.other_support.push_back(
        {support.policy_id(), Position(support.position()),
         Number(support.amount_vnd(), limits::kMoneyMax,
                "other_support.amount_vnd")});
  }
  facts_.decision.position = Position(proto_.decision().position());
  facts_.decision.pay = proto_.decision().pay();
}

}  // namespace

v1::DeterminationFacts ToProto(const Policy& policy,
                               const BeneficiaryFacts& facts) {
  v1::DeterminationFacts out;
  out.set_kind(facts.kind);
  out.set_today(facts.today.days);
  out.set_level(facts.level);
  out.set_unit_kind(facts.unit_kind);
  out.set_territory(static_cast<std::int32_t>(facts.territory));
  out.set_placement_pending(facts.placement_pending);
  out.set_structure_position(facts.structure_position.value);
  out.set_exists_from(facts.exists.from.days);
  out.set_exists_to(OpenDay(facts.exists.to));
  for (const DayRange& range : facts.suspensions) {
    PutDays(range, out.add_suspensions());
  }
  for (const ListingFact& listing : facts.listings) {
    v1::FactListing* const row = out.add_listings();
    row->set_target(listing.target);
    PutDays(listing.days, row->mutable_days());
  }
  out.set_list_position(facts.list_position.value);
  for (const MemberFact& member : facts.members) {
    v1::FactMember* const row = out.add_members();
    row->set_member_id(member.id.value);
    for (const v1::Affiliation affiliation : member.affiliations) {
      row->add_affiliations(affiliation);
    }
    row->set_joined(member.joined.days);
    row->set_left(member.left.days);
  }
  PutValues(policy, facts.counted, out.mutable_counted());
  PutValues(policy, facts.with_held, out.mutable_with_held());
  out.set_update_submitted(facts.update_submitted.days);
  out.set_update_confirmed(facts.update_confirmed);
  for (const FundingFact& funding : facts.fundings) {
    v1::FactFunding* const row = out.add_fundings();
    row->set_position(funding.position.value);
    row->set_first_month(funding.first.yyyymm);
    row->set_last_month(funding.last.yyyymm);
    row->set_reaches_back(funding.reaches_back);
    row->set_recorded(funding.recorded.days);
    row->set_in_set(funding.in_set);
    row->set_remaining_vnd(funding.remaining_vnd);
    row->set_number(funding.number);
    row->set_issued(funding.issued.days);
  }
  out.set_year_used_vnd(facts.year_used_vnd);
  for (const TopUpFact& top_up : facts.top_ups) {
    v1::FactTopUp* const row = out.add_top_ups();
    row->set_position(top_up.position.value);
    row->set_first_month(top_up.first.yyyymm);
    row->set_last_month(top_up.last.yyyymm);
    row->set_reaches_back(top_up.reaches_back);
    row->set_recorded(top_up.recorded.days);
    row->set_amount_vnd(top_up.amount_vnd);
  }
  for (const MobilisationFact& mobilisation : facts.mobilisations) {
    v1::FactMobilisation* const row = out.add_mobilisations();
    row->set_position(mobilisation.position.value);
    row->set_date(mobilisation.date.days);
    row->set_shift(mobilisation.shift);
    row->set_persons(mobilisation.persons);
    row->set_rate_vnd(mobilisation.rate_vnd);
  }
  for (const OtherSupportFact& support : facts.other_support) {
    v1::FactOtherSupport* const row = out.add_other_support();
    row->set_policy_id(support.policy_id);
    row->set_position(support.position.value);
    row->set_amount_vnd(support.amount_vnd);
  }
  out.mutable_decision()->set_position(facts.decision.position.value);
  out.mutable_decision()->set_pay(facts.decision.pay);
  out.set_late_left_out(facts.late_left_out);
  return out;
}

absl::StatusOr<BeneficiaryFacts> FromProto(
    const Policy& policy, const v1::DeterminationFacts& proto) {
  return FactsReader(policy, proto).Read();
}

}  // namespace thon
