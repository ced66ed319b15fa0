// Goal: every block of the format becomes the model it stands for, or is
// refused with the reason. Method: the good text with blocks added, changed or
// taken away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kSimplePolicy;
using testing::MustParse;
using ::testing::Not;
using testing::Said;
using testing::With;

Policy WithBlock(absl::string_view block) {
  return MustParse(absl::StrCat(kSimplePolicy, block, "\n"));
}

std::string SaidOf(absl::string_view from, absl::string_view to) {
  const PolicyText parsed =
      ParsePolicy(With(std::string(kSimplePolicy), from, to), "p.yaml");
  return absl::StrCat(parsed.ok() ? "ok: " : "", Said(parsed));
}

constexpr absl::string_view kAmount =
    "amount: {per: team_month, vnd: 500000, source: S4}";

TEST(PolicyBlocksTest, MoneyIsTakenAsPeopleWriteIt) {  // X-04
  const std::pair<const char*, std::int64_t> forms[] = {
      {"500000", 500'000},
      {"\"500000\"", 500'000},
      {"500.000", 500'000},
      {"600.000 đồng", 600'000},
      {"500 nghìn", 500'000},
      {"500 nghìn đồng/tổ/tháng", 500'000},
      {"1.500.000 đồng", 1'500'000},
      {"500 triệu đồng/1 đơn vị", 500'000'000},
      {"2.698.500.000 đồng", 2'698'500'000},
      {"3 tỷ", 3'000'000'000},
      {"1000000000000000", 1'000'000'000'000'000}};
  for (const auto& [text, vnd] : forms) {
    const Policy policy =
        MustParse(With(std::string(kSimplePolicy), "vnd: 500000",
                       absl::StrCat("vnd: ", text)));
    EXPECT_EQ(policy.amounts[0].vnd, vnd) << text;
  }
}

TEST(PolicyBlocksTest, AnAmountNamesNoOtherUnitThanItsOwn) {
  for (const char* text :
       {"500 nghìn đồng/tổ/quý", "500 nghìn đồng/tổ/năm",
        "500 nghìn đồng/người/tháng", "500 nghìn đồng/tổ/xyz"}) {
    EXPECT_THAT(Said(ParsePolicy(With(std::string(kSimplePolicy), "vnd: 500000",
                                      absl::StrCat("vnd: ", text)),
                                 "p.yaml")),
                ::testing::HasSubstr("amount.vnd"))
        << text;
  }
}

TEST(PolicyBlocksTest, DatesAreDayFirst) {  // X-05
  for (const char* text :
       {"1/6/2023", "01/6/2023", "01/06/2023", "2023-06-01"}) {
    EXPECT_EQ(MustParse(With(std::string(kSimplePolicy), "from: 2023-06-01",
                             absl::StrCat("from: ", text)))
                  .from,
              Date::Of(2023, 6, 1))
        << text;
  }
  EXPECT_EQ(MustParse(With(std::string(kSimplePolicy), "issued: 2022-12-09",
                           "issued: 12/10/2022"))
                .documents[0]
                .issued,
            Date::Of(2022, 10, 12));
}

TEST(PolicyBlocksTest, TextsAreNormalisedAndTrimmedWithAReport) {  // X-06
  const PolicyText decomposed =
      ParsePolicy(With(std::string(kSimplePolicy), "issuer: Tỉnh Yên Bái",
                       "issuer: Ti\xCC\x89nh\xC2\xA0Ye\xCC\x82n Ba\xCC\x81i"),
                  "p.yaml");
  ASSERT_TRUE(decomposed.ok()) << Said(decomposed);
  EXPECT_EQ(decomposed.policy.issuer, "Tỉnh Yên Bái");
  EXPECT_THAT(Said(decomposed),
              HasSubstr("p.yaml:4: warning: letters that are not NFC"));
  const PolicyText padded = ParsePolicy(
      With(std::string(kSimplePolicy), "title: A test", "title: \" A test \""),
      "p.yaml");
  ASSERT_TRUE(padded.ok()) << Said(padded);
  EXPECT_EQ(padded.policy.title, "A test");
  EXPECT_THAT(Said(padded), HasSubstr("p.yaml:3:8: warning: title: blanks"));
}

TEST(PolicyBlocksTest, EachStatusIsAWord) {
  const std::pair<const char*, PolicyStatus> words[] = {
      {"DRAFT", PolicyStatus::kDraft},
      {"ADOPTED", PolicyStatus::kAdopted},
      {"IN_FORCE", PolicyStatus::kInForce},
      {"PILOT", PolicyStatus::kPilot},
      {"CLOSED", PolicyStatus::kClosed},
      {"REPEALED", PolicyStatus::kRepealed},
      {"SUPERSEDED", PolicyStatus::kSuperseded}};
  for (const auto& [word, status] : words) {
    EXPECT_EQ(
        MustParse(With(std::string(kSimplePolicy), "status: IN_FORCE",
                       absl::StrCat("status: {value: ", word, ", source: S}")))
            .status,
        status);
  }
}

TEST(PolicyBlocksTest, OnlyADraftMayRestOnADocumentWithoutANumber) {  // DN-11
  const std::string nameless = With(
      std::string(kSimplePolicy), "document: 1/2022/NQ-HĐND", "document: null");
  EXPECT_THAT(Said(ParsePolicy(nameless, "p.yaml")),
              HasSubstr("basis[0].document: missing; only a DRAFT"));
  EXPECT_EQ(MustParse(With(nameless, "status: IN_FORCE", "status: DRAFT"))
                .documents[0]
                .number,
            "");
  EXPECT_THAT(
      Said(ParsePolicy(With(nameless, "status: IN_FORCE", "status: PILOT"),
                       "p.yaml")),
      HasSubstr("only a DRAFT"));
}

TEST(PolicyBlocksTest, WhatPaysNeedsAPeriodAndWhatDoesNotNeedsNone) {
  const std::string without =
      With(std::string(kSimplePolicy),
           "period: {from: 2023-06-01, to: 2023-12-31, source: S1}\n", "");
  for (const char* status : {"IN_FORCE", "ADOPTED", "PILOT", "CLOSED"}) {
    EXPECT_THAT(Said(ParsePolicy(With(without, "status: IN_FORCE",
                                      absl::StrCat("status: ", status)),
                                 "p.yaml")),
                HasSubstr("period: missing"));
  }
  const Policy draft = MustParse(absl::StrCat(
      With(without, "status: IN_FORCE", "status: DRAFT"), "period: null\n"));
  EXPECT_FALSE(draft.has_period);
  const Policy none =
      MustParse(With(without, kAmount, "amount: {none: true, source: S4}"));
  EXPECT_THAT(none.amounts, IsEmpty());
  EXPECT_EQ(none.amount_basis.source, "S4");
}

TEST(PolicyBlocksTest, APilotNeedsNoAmount) {  // HA-02
  const Policy policy = MustParse(With(
      With(std::string(kSimplePolicy), "status: IN_FORCE", "status: PILOT"),
      absl::StrCat(kAmount, "\n"), ""));
  EXPECT_THAT(policy.amounts, IsEmpty());
  EXPECT_FALSE(policy.amount_basis.assumption.empty());
  EXPECT_THAT(SaidOf(absl::StrCat(kAmount, "\n"), ""),
              HasSubstr("amount: missing; add \"amount:\""));
}

TEST(PolicyBlocksTest, AmountsMayBeSeveralLines) {
  const Policy policy = MustParse(
      With(std::string(kSimplePolicy), kAmount,
           "amount:\n"
           "  - {per: member_month, vnd: 60.000, members_on: every_day, "
           "members_max: 5, source: A}\n"
           "  - {per: person_day, vnd: 150.000, source: B}\n"
           "  - {per: person_night, vnd: 200.000, up_to: true, purpose: "
           "NIGHT, assumption: C}\n"));
  ASSERT_EQ(policy.amounts.size(), 3u);
  EXPECT_EQ(policy.amounts[0].unit, AmountUnit::kMemberMonth);
  EXPECT_EQ(policy.amounts[0].members_on, LookDay::kEveryDay);
  EXPECT_EQ(policy.amounts[0].members_max, 5);
  EXPECT_EQ(policy.amounts[0].path, "amount[0]");
  EXPECT_EQ(policy.amounts[1].unit, AmountUnit::kPersonDay);
  EXPECT_EQ(policy.amounts[1].basis.source, "B");
  EXPECT_FALSE(policy.amounts[1].up_to);
  EXPECT_EQ(policy.amounts[2].unit, AmountUnit::kPersonNight);
  EXPECT_TRUE(policy.amounts[2].up_to);
  EXPECT_EQ(policy.amounts[2].purpose, "NIGHT");
  EXPECT_TRUE(policy.reads_roster());
  EXPECT_TRUE(policy.pays_by(AmountUnit::kPersonNight));
  EXPECT_FALSE(policy.pays_by(AmountUnit::kTeamMonth));
}

TEST(PolicyBlocksTest, LinesThatWouldPayTheSameTwiceAreRefused) {
  EXPECT_THAT(SaidOf(kAmount,
                     "amount: [{per: person_day, vnd: 1, source: A}, {per: "
                     "person_day, vnd: 2, purpose: B, source: A}]"),
              HasSubstr("amount[1]: pays what amount[0] pays already"));
  EXPECT_THAT(SaidOf(kAmount,
                     "amount: [{per: team_month, vnd: 1, source: A}, {per: "
                     "team_month, vnd: 2, source: A}]"),
              HasSubstr("amount[1]: pays what amount[0] pays already"));
  EXPECT_THAT(SaidOf(kAmount,
                     "amount: [{per: team_month, vnd: 1, source: A}, {per: "
                     "team_month, vnd: 2, purpose: B, source: A}]"),
              HasSubstr("ok: "));
}

TEST(PolicyBlocksTest, FieldsThatWouldHaveNoEffectAreRefused) {
  EXPECT_THAT(SaidOf("vnd: 500000,", "vnd: 500000, up_to: true,"),
              HasSubstr("amount.up_to: has no effect unless"));
  EXPECT_THAT(SaidOf("vnd: 500000,", "vnd: 500000, members_max: 5,"),
              HasSubstr("amount.members_max: has no effect unless"));
  const std::pair<const char*, const char*> blocks[] = {
      {"rounding: {to_vnd: 1000, mode: down, source: S}",
       "rounding: has no effect without"},
      {"late_events: {effect: counts, before_day: 6, source: S}",
       "late_events.before_day: has no effect"},
      {"double_support: {rule: allow, with: [YB-2023], source: S}",
       "double_support.with: has no effect"},
      {"caps: {month_vnd: 500000, year_prorata: by_month, source: S}",
       "caps.year_prorata: has no effect"},
      {"monthly_update: {required: false, confirm_before_day: 11, source: S}",
       "monthly_update.confirm_before_day: has no effect"},
      {"targets: [{metric: M12, no_target: true, weight: 5, source: S}]",
       "targets[0].weight: has no effect"}};
  for (const auto& [block, said] : blocks) {
    const PolicyText parsed =
        ParsePolicy(absl::StrCat(kSimplePolicy, block, "\n"), "p.yaml");
    EXPECT_FALSE(parsed.ok()) << block;
    EXPECT_THAT(Said(parsed), HasSubstr(said));
  }
}

TEST(PolicyBlocksTest, DaysNeedARounding) {
  constexpr absl::string_view kDays =
      "month_rule: {prorata: by_day, partial_month: counts, source: S}\n";
  EXPECT_THAT(Said(ParsePolicy(absl::StrCat(kSimplePolicy, kDays), "p.yaml")),
              HasSubstr("rounding: missing; add \"rounding:\""));
  const Policy policy = WithBlock(absl::StrCat(
      kDays, "rounding: {to_vnd: 1.000 đồng, mode: half_up, source: R}"));
  EXPECT_TRUE(policy.prorate_by_day);
  EXPECT_EQ(policy.rounding.to_vnd, 1000);
  EXPECT_EQ(policy.rounding.mode, RoundMode::kHalfUp);
  EXPECT_EQ(policy.rounding.basis.source, "R");
  EXPECT_THAT(
      SaidOf("per: team_month, vnd: 500000, source: S4}",
             absl::StrCat("per: person_day, vnd: 500000, source: S4}\n", kDays,
                          "rounding: {to_vnd: 1, mode: up, source: S}")),
      HasSubstr("month_rule.prorata: has no effect"));
}

TEST(PolicyBlocksTest, SeatsAreTakenWithTheirAlternativesAndShortNames) {
  const Policy policy = WithBlock(
      "team_template:\n"
      "  seats: [{any_of: [PARTY_SEC, VILLAGE_HEAD]}, YOUTH_SEC, WOMEN]\n"
      "  on: every_day\n"
      "  blocks_payment: true\n"
      "  source: S");
  ASSERT_TRUE(policy.seats.has_value());
  ASSERT_EQ(policy.seats->seats.size(), 3u);
  EXPECT_THAT(policy.seats->seats[0].any_of,
              ElementsAre(v1::AFFILIATION_PARTY_SECRETARY,
                          v1::AFFILIATION_VILLAGE_HEAD));
  EXPECT_THAT(policy.seats->seats[2].any_of,
              ElementsAre(v1::AFFILIATION_WOMENS_UNION));
  EXPECT_EQ(policy.seats->on, LookDay::kEveryDay);
  EXPECT_TRUE(policy.seats->blocks_payment);
  EXPECT_TRUE(policy.reads_roster());
  const PolicyText plain =
      ParsePolicy(absl::StrCat(kSimplePolicy,
                               "team_template: {seats: [YOUTH], source: S}\n"),
                  "p.yaml");
  ASSERT_TRUE(plain.ok()) << Said(plain);
  EXPECT_THAT(Said(plain), HasSubstr("assumption: team_template.on: not given; "
                                     "last_day_of_month is taken"));
  for (const char* seats : {"[]", "[YOUTH, {any_of: []}]", "[CHIEF]",
                            "[{any_of: [YOUTH, YOUTH_UNION]}]", "YOUTH"}) {
    EXPECT_FALSE(ParsePolicy(absl::StrCat(kSimplePolicy,
                                          "team_template: {seats: ", seats,
                                          ", source: S}\n"),
                             "p.yaml")
                     .ok())
        << seats;
  }
}

TEST(PolicyBlocksTest, LateEventsAreLeftOutFromADayOrADate) {
  const Policy day =
      WithBlock("late_events: {effect: left_out, before_day: 6, source: S}");
  EXPECT_EQ(day.late_deadline(Month::Of(2023, 12)), Date::Of(2024, 1, 6));
  EXPECT_TRUE(day.reads_metrics());
  const Policy date = WithBlock(
      "late_events: {effect: left_out, accept_before: 21/8/2023, source: S}");
  EXPECT_EQ(date.late_deadline(Month::Of(2023, 6)), Date::Of(2023, 8, 21));
  EXPECT_EQ(WithBlock("late_events: {effect: counts, source: S}").late.effect,
            LateEffect::kCounts);
  EXPECT_THAT(
      Said(ParsePolicy(absl::StrCat(kSimplePolicy,
                                    "late_events: {effect: left_out, source: "
                                    "S}\n"),
                       "p.yaml")),
      HasSubstr("write one of before_day"));
}

TEST(PolicyBlocksTest, CapsAndTopUpsBoundTheAmount) {
  const Policy caps = WithBlock(
      "caps: {month_vnd: 500000, year_vnd: 3 triệu, year_prorata: by_month, "
      "source: S}");
  EXPECT_EQ(caps.cap_month_vnd, 500'000);
  EXPECT_EQ(caps.cap_year_vnd, 3'000'000);
  EXPECT_TRUE(caps.cap_year_by_month);
  EXPECT_EQ(WithBlock("top_up: {total_max_vnd: 600.000, source: S}")
                .top_up->total_max_vnd,
            600'000);
  EXPECT_EQ(WithBlock("top_up: {total_max_percent: 200, source: S}")
                .top_up->total_max_percent,
            200);
  const std::pair<const char*, const char*> bad[] = {
      {"top_up: {total_max_vnd: 499999, source: S}",
       "top_up.total_max_vnd: is below the amount itself, 500000"},
      {"top_up: {total_max_percent: 99, source: S}", "out of range"},
      {"top_up: {total_max_percent: 200, total_max_vnd: 600000, source: S}",
       "write one of"},
      {"top_up: {source: S}", "write one of"}};
  for (const auto& [block, said] : bad) {
    EXPECT_THAT(
        Said(ParsePolicy(absl::StrCat(kSimplePolicy, block, "\n"), "p.yaml")),
        HasSubstr(said));
  }
}

TEST(PolicyBlocksTest, ACapBelowAnyLineIsRefused) {
  EXPECT_THAT(
      SaidOf(kAmount,
             "amount: [{per: member_month, vnd: 60000, members_on: any_day, "
             "source: A}, {per: person_night, vnd: 200000, source: A}]\n"
             "caps: {month_vnd: 199999, source: S}"),
      HasSubstr("caps.month_vnd: is below the amount of one unit, 200000; "
                "raise the cap or lower amount[1].vnd"));
}

TEST(PolicyBlocksTest, DoubleSupportNamesPolicies) {
  const Policy policy = WithBlock(
      "double_support: {rule: forbid, with: [YB-2023, DNA-2026], source: S}");
  EXPECT_TRUE(policy.double_support.forbid);
  EXPECT_THAT(policy.double_support.with, ElementsAre("YB-2023", "DNA-2026"));
  EXPECT_FALSE(WithBlock("double_support: {rule: allow, source: S}")
                   .double_support.forbid);
  for (const char* with : {"[]", "[yb]", "[A, A]", "[T-1]"}) {
    EXPECT_FALSE(ParsePolicy(absl::StrCat(kSimplePolicy,
                                          "double_support: {rule: forbid, "
                                          "with: ",
                                          with, ", source: S}\n"),
                             "p.yaml")
                     .ok())
        << with;
  }
}

TEST(PolicyBlocksTest, ConditionsAskForPartsOfMetrics) {
  const Policy policy = WithBlock(
      "conditions:\n"
      "  all:\n"
      "    - {metric: M10, app: VNeID, basis: PERSON, over: quarter, at_least: "
      "5, source: S}\n"
      "    - {metric: active_days, at_most: 3, source: S}\n"
      "    - any:\n"
      "        - {metric: M12, of: COMMUNE, over: year, at_least_percent: 50, "
      "source: S}\n"
      "        - {metric: M21, take: mean, over: window, at_least: 70, source: "
      "S}\n"
      "        - {metric: M19, audience: RESIDENTS, count: attendees, "
      "at_least: "
      "9, source: S}\n"
      "    - none:\n"
      "        - {metric: M10, app: VNeID, basis: PERSON, over: quarter, "
      "at_least: 99, source: S}\n"
      "        - {metric: M11, account: EWALLET, at_least: 1, source: S}\n"
      "        - {metric: M09, topic: HEALTH, at_least: 1, source: S}\n");
  // Each once, ascending.
  std::vector<std::string> asked;
  for (const MetricSelector& selector : policy.selectors) {
    asked.push_back(
        absl::StrCat(InfoOf(selector.metric).id, " ", Qualifier(selector)));
  }
  EXPECT_THAT(asked,
              ElementsAre("M01 ", "M09 topic=HEALTH",
                          "M10 app=VNeID basis=PERSON over=quarter",
                          "M11 account=EWALLET", "M12 of=COMMUNE over=year",
                          "M19 audience=RESIDENTS count=attendees",
                          "M21 take=mean over=window"));
  EXPECT_TRUE(std::is_sorted(policy.selectors.begin(), policy.selectors.end()));
  const Condition& all = *policy.conditions;
  ASSERT_EQ(all.children.size(), 4u);
  EXPECT_EQ(all.children[0].selector, 2u);
  EXPECT_EQ(all.children[0].target, 5);
  EXPECT_FALSE(all.children[0].at_most);
  EXPECT_EQ(all.children[1].selector, 0u);
  EXPECT_TRUE(all.children[1].at_most);
  EXPECT_EQ(all.children[3].children[0].selector, 2u);
  EXPECT_EQ(all.children[3].children[0].path, "conditions.all[3].none[0]");
  EXPECT_TRUE(policy.reads_metrics());
  EXPECT_FALSE(policy.reads_roster());
}

TEST(PolicyBlocksTest, AWindowNeedsAPeriod) {
  std::string text =
      With(std::string(kSimplePolicy),
           "period: {from: 2023-06-01, to: 2023-12-31, source: S1}\n", "");
  text = With(text, kAmount, "amount: {none: true, source: S4}");
  EXPECT_THAT(
      Said(ParsePolicy(absl::StrCat(text,
                                    "targets: [{metric: M17, over: window, "
                                    "at_least: 2, source: S}]\n"),
                       "p.yaml")),
      HasSubstr("targets[0].over: the window is the policy's period"));
}

TEST(PolicyBlocksTest, TargetsAreReportedAndWeighed) {
  const Policy policy = WithBlock(
      "targets:\n"
      "  - {metric: M12, at_least: 50, over: quarter, weight: 20, source: S}\n"
      "  - {metric: M17, at_least: 2, over: window, weight: 80, source: S}\n"
      "  - {metric: M16, no_target: true, source: T}\n");
  ASSERT_EQ(policy.targets.size(), 3u);
  EXPECT_EQ(policy.targets[0].at_least, 50);
  EXPECT_EQ(policy.targets[0].selector.over, Grain::kQuarter);
  EXPECT_EQ(policy.targets[1].weight, 80);
  EXPECT_FALSE(policy.targets[2].has_target);
  EXPECT_EQ(policy.targets[2].basis.source, "T");
  EXPECT_EQ(policy.targets[2].path, "targets[2]");
  EXPECT_THAT(policy.selectors, IsEmpty());  // Nothing is paid by them.
  const std::pair<const char*, const char*> bad[] = {
      {"[]", "is an empty list"},
      {"[{metric: M12, source: S}]", "write one of at_least and no_target"},
      {"[{metric: M12, at_least: 5, no_target: true, source: S}]",
       "write one of at_least and no_target"},
      {"[{metric: M28, at_least: 5, source: S}]", "belongs to emulation"},
      {"[{metric: M12, at_least: 5, source: S}, {metric: M12, at_least: 6, "
       "source: S}]",
       "targets[1]: is targets[0] again"},
      {"[{metric: M12, at_least: 101, source: S}]", "out of range"},
      {"[M12]", "targets[0]: write {metric: M12"}};
  for (const auto& [targets, said] : bad) {
    EXPECT_THAT(
        Said(ParsePolicy(
            absl::StrCat(kSimplePolicy, "targets: ", targets, "\n"), "p.yaml")),
        HasSubstr(said));
  }
}

TEST(PolicyBlocksTest, AnAwardTableIsTakenWhole) {
  const Policy policy = WithBlock(
      "award: {pool: [DEPARTMENT, DISTRICT_PC], precondition: được công nhận, "
      "ranks: {1: 500 triệu, 2: 400 triệu, 3: 300 triệu}, tie: hold, cadence: "
      "yearly, source: S}");
  ASSERT_TRUE(policy.award.has_value());
  EXPECT_THAT(policy.award->rank_vnd,
              ElementsAre(500'000'000, 400'000'000, 300'000'000));
  EXPECT_TRUE(policy.award->tie_holds);
  EXPECT_EQ(policy.award->cadence, "yearly");
  EXPECT_EQ(policy.award->precondition, "được công nhận");
  const std::pair<const char*, const char*> bad[] = {
      {"pool: []", "is an empty list"},
      {"pool: [DEPARTMENT, DEPARTMENT]", "is given twice"},
      {"ranks: {}", "write the ranks from 1 on"},
      {"ranks: {1: 5, 3: 4}", "award.ranks.2: missing"},
      {"ranks: {1: 1000000000000000, 2: 1}", "come to more than"},
      {"tie: coin", "write one of hold, share"}};
  for (const auto& [field, said] : bad) {
    std::string award =
        "award: {pool: [DEPARTMENT], ranks: {1: 5}, tie: hold, cadence: "
        "yearly, source: S}\n";
    const std::string key(field, std::string(field).find(':'));
    const std::size_t at = award.find(key + ":");
    const std::size_t open = award.find_first_of("[{", at + key.size());
    const std::size_t end = key == "tie" ? award.find(',', at)
                                         : award.find_first_of("]}", open) + 1;
    award.replace(at, end - at, field);
    EXPECT_THAT(Said(ParsePolicy(absl::StrCat(kSimplePolicy, award), "p.yaml")),
                HasSubstr(said));
  }
  EXPECT_THAT(
      Said(ParsePolicy(absl::StrCat(kSimplePolicy,
                                    "award: {pool: [DEPARTMENT], ranks: {1: 4, "
                                    "2: 5}, tie: hold, cadence: once, source: "
                                    "S}\n"),
                       "p.yaml")),
      HasSubstr("warning: award.ranks.2: is more than the rank before it"));
}

TEST(PolicyBlocksTest, WhatIsOnlySaidIsKept) {
  const Policy policy = WithBlock(
      "review: {on: 31/12/2023, note: the phase ends}\n"
      "pay_rhythm: {every: quarter, source: P}\n"
      "purposes: {of: [COMMON_TASKS, TRAINING], source: Q}\n"
      "verify_chain: {steps: [COMMUNE_STANDING, DISTRICT_STANDING], source: "
      "R}\n"
      "effective_from: 1/6/2023");
  EXPECT_EQ(policy.review_on, Date::Of(2023, 12, 31));
  EXPECT_EQ(policy.review_note, "the phase ends");
  EXPECT_EQ(policy.pay_rhythm, "quarterly");
  EXPECT_THAT(policy.purposes, ElementsAre("COMMON_TASKS", "TRAINING"));
  EXPECT_THAT(policy.verify_chain,
              ElementsAre("COMMUNE_STANDING", "DISTRICT_STANDING"));
  EXPECT_EQ(policy.effective_from, Date::Of(2023, 6, 1));
}

TEST(PolicyBlocksTest, OneValueCanCarryItsSource) {
  const Policy policy =
      MustParse(With(std::string(kSimplePolicy), "partial: hold",
                     "partial: {value: hold, source: Điều 5}"));
  EXPECT_EQ(policy.suspended_partly, SuspensionEffect::kHold);
  EXPECT_EQ(policy.suspended_basis.source, "partial: Điều 5");
  EXPECT_EQ(policy.suspended_basis.assumption, "A2");
  const Policy one = MustParse(
      With(std::string(kSimplePolicy), "level: VILLAGE,",
           "level: VILLAGE, one_team_per_unit: {value: true, source: S9},"));
  EXPECT_TRUE(one.one_team_per_unit);
  EXPECT_EQ(one.one_team_basis.source, "S9");
  EXPECT_EQ(one.beneficiary_basis.source, "S2");
}

TEST(PolicyBlocksTest, AnEmptyBlockIsNotReadAsNone) {
  for (const char* block : {"conditions:", "caps:", "targets:", "award:",
                            "team_template:", "top_up:"}) {
    EXPECT_FALSE(
        ParsePolicy(absl::StrCat(kSimplePolicy, block, "\n"), "p.yaml").ok())
        << block;
  }
}

TEST(PolicyBlocksTest, ConditionsOfWhatPaysNothingAreRefused) {
  EXPECT_THAT(SaidOf(kAmount,
                     "amount: {none: true, source: S}\n"
                     "conditions: {metric: M02, at_least: 1, source: S}"),
              HasSubstr("conditions: have no effect"));
}

TEST(PolicyBlocksTest, SumsThatCouldPassTheBoundAreWarnedOf) {
  const PolicyText large = ParsePolicy(
      With(std::string(kSimplePolicy), kAmount,
           "amount: {per: member_month, vnd: 200 tỷ, members_on: any_day, "
           "source: S}"),
      "p.yaml");
  EXPECT_TRUE(large.ok()) << Said(large);
  EXPECT_THAT(Said(large), HasSubstr("warning: amount: over 7 months"));
  EXPECT_THAT(Said(ParsePolicy(kSimplePolicy, "p.yaml")),
              Not(HasSubstr("warning")));
}

}  // namespace
}  // namespace thon
