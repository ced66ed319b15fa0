// Metrics of units and campaigns' targets, against the figures of the domain's
// facts (HG-02, HG-05 to HG-14, HG-19, YB-08, DN-03; cases T30, T31).
//
// Method: a small Hậu Giang is made with hamlets, teams and offices'
// observations, and values are read at every level. Money is not determined
// here: rows of determinations are put as the money projection would.

#include "server/projections/unit_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "server/projections/scratch_rows.h"
#include "tests/unit/projections/activity_maker.h"

namespace thon {
namespace {

constexpr std::uint64_t kHauGiang = 93;
constexpr std::uint64_t kChauThanhA = 932;
constexpr std::uint64_t kCaiTac = 31362;
constexpr std::uint64_t kRachGoi = 31365;
constexpr std::uint64_t kHamletA = 600001;  // In Cái Tắc, with team 21.
constexpr std::uint64_t kHamletB = 600002;  // In Cái Tắc, without a team.
constexpr std::uint64_t kHamletC = 600003;  // In Rạch Gòi, with team 23.
constexpr std::uint64_t kTeamA = 21;
constexpr std::uint64_t kTeamC = 23;

Target AtLeastOf(Metric metric, std::int64_t at_least,
                 Grain over = Grain::kQuarter) {
  Target target;
  target.selector.metric = metric;
  target.selector.over = over;
  target.has_target = true;
  target.at_least = at_least;
  return target;
}

class UnitMetricsTest : public ::testing::Test {
 protected:
  UnitMetricsTest() : made_("2022-01-01T08:00:00+07:00") {
    v1::UnitList list;
    AddUnit(&list, kHauGiang, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "93",
            "Tỉnh Hậu Giang", 0);
    AddUnit(&list, kChauThanhA, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN,
            "932", "Huyện Châu Thành A", kHauGiang);
    AddUnit(&list, kCaiTac, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_THI_TRAN,
            "31362", "Thị trấn Cái Tắc", kChauThanhA);
    AddUnit(&list, kRachGoi, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_THI_TRAN,
            "31365", "Thị trấn Rạch Gòi", kChauThanhA);
    EXPECT_TRUE(made_.Import(list, "2022-01-01").effective());
    for (const auto& [hamlet, commune] :
         {std::make_pair(kHamletA, kCaiTac), std::make_pair(kHamletB, kCaiTac),
          std::make_pair(kHamletC, kRachGoi)}) {
      made_.log.Submit(made_.Village(hamlet, commune, "2022-01-01"));
    }
    AddTeam(kTeamA, kHamletA);
    AddTeam(kTeamC, kHamletC);
    policy_.id = "HG-2022";
    policy_.has_period = true;
    policy_.from = Date(Day("2022-06-23"));
    policy_.to = Date(Day("2022-12-31"));
  }

  void AddTeam(std::uint64_t team, std::uint64_t unit, int members = 2) {
    EXPECT_TRUE(
        made_.log.Submit(made_.Team(team, unit, "2022-01-05")).effective());
    for (int i = 0; i < members; ++i) {
      made_.log.Submit(made_.Member(team * 100 + static_cast<unsigned>(i), team,
                                    "2022-01-05"));
    }
  }

  void Observe(std::uint64_t unit, absl::string_view metric,
               std::int64_t numerator, std::int64_t denominator,
               absl::string_view as_of) {
    v1::Event event = made_.New();
    v1::IndicatorObserved* seen = event.mutable_indicator_observed();
    seen->set_metric(std::string(metric));
    seen->set_unit_id(unit);
    seen->set_numerator(numerator);
    seen->set_denominator(denominator);
    seen->set_as_of_date(Day(as_of));
    const v1::CommandOutcome outcome = made_.log.Submit(event);
    ASSERT_TRUE(outcome.effective()) << outcome.detail();
  }
  void Accept(std::uint64_t model, std::uint64_t unit, int quarter) {
    v1::Event event = made_.New();
    event.set_unit_id(unit);
    event.mutable_model_accepted()->set_model_id(model);
    event.mutable_model_accepted()->set_quarter(quarter);
    ASSERT_TRUE(made_.log.Submit(event).effective());
  }
  void SetDay(absl::string_view day) {
    made_.log.SetTime(At(absl::StrCat(day, "T09:00:00+07:00")));
  }
  Date today() const { return TimeZone::VietNam().DateOf(made_.log.now()); }

  std::string Value(std::uint64_t unit, Metric metric, int first, int last) {
    MetricSelector selector;
    selector.metric = metric;
    const MetricNumber value =
        UnitMetric(made_.log.rows(), UnitId(unit), selector,
                   DaySpan::Of(Month(first), Month(last)), today());
    return absl::StrCat(value.numerator, "/", value.denominator);
  }
  std::vector<UnitTarget> Targets(std::uint64_t unit, int first, int last) {
    return UnitTargets(made_.log.rows(), policy_, UnitId(unit), Month(first),
                       Month(last), today());
  }
  v1::TargetOutcome Outcome(std::uint64_t unit, int month) {
    const std::vector<UnitTarget> targets = Targets(unit, month, month);
    EXPECT_EQ(targets.size(), 1u);
    return targets.empty() ? v1::TARGET_OUTCOME_UNSPECIFIED
                           : targets[0].outcome;
  }

  MadeLog made_;
  Policy policy_;
};

constexpr v1::TargetOutcome kPass = v1::TARGET_OUTCOME_PASS;
constexpr v1::TargetOutcome kFail = v1::TARGET_OUTCOME_FAIL;
constexpr v1::TargetOutcome kUnknown = v1::TARGET_OUTCOME_UNKNOWN;
constexpr v1::TargetOutcome kNoTarget = v1::TARGET_OUTCOME_NO_TARGET;

TEST_F(UnitMetricsTest, ExactlyTheTargetIsReachedAndOneLessIsNot) {
  SetDay("2022-10-05");  // HG-06, HG-08, HG-09, T30
  struct Case {
    const char* metric;
    std::int64_t target, numerator, denominator;
    v1::TargetOutcome outcome;
  };
  for (const Case& c :
       {Case{"M12", 50, 412, 824, kPass}, Case{"M12", 50, 411, 824, kFail},
        Case{"M13", 90, 720, 800, kPass}, Case{"M13", 90, 719, 800, kFail},
        Case{"M14", 80, 640, 800, kPass}, Case{"M14", 80, 639, 800, kFail},
        Case{"M15", 80, 640, 800, kPass},
        Case{"M15", 80, 0, 0, kUnknown}}) {  // T31
    Metric metric{};
    ASSERT_TRUE(FindMetric(c.metric, &metric));
    Observe(kHamletA, c.metric, c.numerator, c.denominator, "2022-09-30");
    policy_.targets = {AtLeastOf(metric, c.target)};
    EXPECT_EQ(Outcome(kHamletA, 202209), c.outcome)
        << c.metric << " " << c.numerator;
  }
  policy_.targets = {AtLeastOf(Metric::kM16, 80)};
  EXPECT_EQ(Outcome(kHamletA, 202209), kUnknown) << "nobody observed it";
}

TEST_F(UnitMetricsTest, AQuarterIsTheSumOfItsMonthsNotTheirMean) {  // HG-07
  SetDay("2022-10-05");
  Observe(kHamletA, "M12", 90, 100, "2022-07-31");
  Observe(kHamletA, "M12", 10, 10, "2022-08-31");
  Observe(kHamletA, "M12", 20, 200, "2022-09-30");
  EXPECT_EQ(Value(kHamletA, Metric::kM12, 202208, 202208), "10/10");
  EXPECT_EQ(Value(kHamletA, Metric::kM12, 202207, 202209), "120/310");
  EXPECT_EQ(Value(kHamletA, Metric::kM12, 202201, 202212), "120/310");
  policy_.targets = {AtLeastOf(Metric::kM12, 50)};
  EXPECT_EQ(Outcome(kHamletA, 202209), kFail);
  EXPECT_EQ(Outcome(kHamletA, 202208), kPass) << "100/110 up to August";
}

TEST_F(UnitMetricsTest, AStateIsItsNewestObservation) {
  SetDay("2022-10-05");
  Observe(kHamletA, "M13", 50, 100, "2022-07-31");
  Observe(kHamletA, "M13", 70, 110, "2022-08-31");
  EXPECT_EQ(Value(kHamletA, Metric::kM13, 202207, 202209), "70/110");
  EXPECT_EQ(Value(kHamletA, Metric::kM13, 202207, 202207), "50/100");
  EXPECT_EQ(Value(kHamletA, Metric::kM13, 202209, 202209), "0/0");
}

TEST_F(UnitMetricsTest, RollUpSumsNumeratorsAndDenominators) {  // HG-14, HG-19
  SetDay("2022-10-05");
  Observe(kHamletA, "M13", 90, 100, "2022-08-31");
  Observe(kHamletB, "M13", 10, 100, "2022-09-30");
  for (const std::uint64_t unit : {kCaiTac, kChauThanhA, kHauGiang}) {
    EXPECT_EQ(Value(unit, Metric::kM13, 202207, 202209), "100/200") << unit;
  }
  Observe(kHamletC, "M13", 5, 0, "2022-09-30");  // Of how many nobody knows.
  EXPECT_EQ(Value(kChauThanhA, Metric::kM13, 202207, 202209), "100/200");
  EXPECT_EQ(Value(kRachGoi, Metric::kM13, 202207, 202209), "0/0");
  Observe(kCaiTac, "M13", 101, 202, "2022-09-30");
  EXPECT_EQ(Value(kHauGiang, Metric::kM13, 202207, 202209), "101/202")
      << "the commune's own observation";
  EXPECT_EQ(Value(kHamletA, Metric::kM13, 202207, 202209), "90/100");
}

TEST_F(UnitMetricsTest, AMonthIsRolledUpByTheMapOfItsTime) {  // HG-19
  SetDay("2025-08-05");
  Observe(kHamletA, "M12", 30, 40, "2025-06-30");
  Observe(kHamletA, "M12", 5, 10, "2025-07-31");
  v1::UnitList merged;
  AddUnit(&merged, 92, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_THANH_PHO_TW,
          "92", "Thành phố Cần Thơ", 0);
  AddUnit(&merged, 31369, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "31369",
          "Xã Đông Phước", 92);
  // As one change: the new map, then who went where.
  ASSERT_TRUE(made_.Import(merged, "2025-07-01").effective());
  v1::Successions successions;
  for (const auto& [from, to] :
       {std::make_pair(kHauGiang, std::uint64_t{92}),
        std::make_pair(kCaiTac, std::uint64_t{31369}),
        std::make_pair(kRachGoi, std::uint64_t{31369})}) {
    v1::Succession* row = successions.add_rows();
    row->set_from_unit_id(from);
    row->set_to_unit_id(to);
  }
  const v1::CommandOutcome change = made_.Change(successions, "2025-07-01");
  ASSERT_TRUE(change.effective()) << change.detail();
  EXPECT_EQ(Value(kChauThanhA, Metric::kM12, 202506, 202507), "30/40");
  EXPECT_EQ(Value(kHauGiang, Metric::kM12, 202506, 202507), "30/40");
  EXPECT_EQ(Value(31369, Metric::kM12, 202506, 202507), "5/10");
  EXPECT_EQ(Value(92, Metric::kM12, 202506, 202507), "5/10");
}

TEST_F(UnitMetricsTest, TheCampaignBeginsAtItsFirstMidnight) {  // HG-02
  const AuthorId phone = made_.log.EnrolPhone("p", kOperator, TeamId(kTeamA),
                                              MemberId(kTeamA * 100));
  SetDay("2022-06-25");
  const Instant boot = At("2022-01-01T00:00:00+07:00");
  v1::Anchor anchor;
  anchor.set_server_time_ms(boot.ms);
  anchor.set_boot(kBoot);
  std::vector<v1::Event> events;
  for (const char* when :
       {"2022-06-22T23:59:59+07:00", "2022-06-23T00:00:00+07:00"}) {
    events.push_back(Outreach(when, 10, kTeamA * 100, kTeamA));
    events.back().set_monotonic_ms(At(when).ms - boot.ms);
  }
  made_.log.Append(phone, events, anchor);
  Observe(kHamletA, "M13", 1, 100, "2022-06-22");
  Observe(kHamletB, "M13", 2, 100, "2022-06-23");
  EXPECT_EQ(Value(kHauGiang, Metric::kM02, 202206, 202206), "2/1");
  policy_.targets = {AtLeastOf(Metric::kM02, 1, Grain::kWindow),
                     AtLeastOf(Metric::kM13, 1, Grain::kWindow)};
  SetDay("2022-12-31");
  const std::vector<UnitTarget> targets = Targets(kHauGiang, 202201, 202212);
  ASSERT_EQ(targets.size(), 2u);
  EXPECT_EQ(targets[0].days.last.days - targets[0].days.first.days + 1, 192);
  EXPECT_FALSE(targets[0].partial);
  EXPECT_EQ(targets[0].value.numerator, 1);
  EXPECT_EQ(targets[1].value, (MetricNumber{2, 100}));
}

TEST_F(UnitMetricsTest, QuartersThatTheCampaignTouches) {  // HG-05, HG-12
  SetDay("2022-12-31");
  Accept(1, kHamletA, 20223);
  Accept(2, kHamletB, 20223);
  policy_.targets = {AtLeastOf(Metric::kM17, 1),
                     AtLeastOf(Metric::kM17, 2, Grain::kWindow)};
  const std::vector<UnitTarget> targets = Targets(kCaiTac, 202206, 202212);
  ASSERT_EQ(targets.size(), 4u);
  EXPECT_EQ(targets[0].days,
            (DaySpan{Date(Day("2022-06-23")), Date(Day("2022-06-30"))}));
  EXPECT_EQ(targets[0].days.last.days - targets[0].days.first.days + 1, 8);
  EXPECT_TRUE(targets[0].partial);
  EXPECT_EQ(targets[0].outcome, kNoTarget) << "none is due in eight days";
  EXPECT_FALSE(targets[1].partial);
  EXPECT_EQ(targets[1].outcome, kPass);
  EXPECT_EQ(targets[2].value.numerator, 0);
  EXPECT_EQ(targets[2].outcome, kFail);
  EXPECT_EQ(targets[3].outcome, kPass) << "HG-11: two in all";
  EXPECT_EQ(Value(kHamletA, Metric::kM17, 202206, 202212), "1/1");
  const std::vector<UnitTarget> one = Targets(kHamletA, 202206, 202212);
  EXPECT_EQ(one[3].outcome, kFail) << "HG-11: one is not two";
}

TEST_F(UnitMetricsTest, AMetricWithoutTargetIsReportedAndNeverFails) {  // HG-13
  SetDay("2022-10-05");
  Observe(kHamletA, "M16", 1, 500, "2022-09-30");
  Target target = AtLeastOf(Metric::kM16, 0);
  target.has_target = false;
  policy_.targets = {target};
  EXPECT_EQ(Outcome(kHamletA, 202209), kNoTarget);
}

TEST_F(UnitMetricsTest, ATargetOfAnotherLevelIsNotThisUnits) {  // HG-03
  policy_.targets = {AtLeastOf(Metric::kM13, 90)};
  policy_.targets[0].selector.of = v1::UNIT_LEVEL_COMMUNE;
  EXPECT_TRUE(Targets(kHamletA, 202209, 202209).empty());
  SetDay("2022-10-05");
  EXPECT_EQ(Targets(kCaiTac, 202209, 202209).size(), 1u);
}

TEST_F(UnitMetricsTest, WhatIsAnsweredNamesEveryPeriodOnce) {
  SetDay("2022-12-31");
  Observe(kHamletA, "M12", 412, 824, "2022-09-30");
  policy_.targets = {AtLeastOf(Metric::kM12, 50),
                     AtLeastOf(Metric::kM17, 2, Grain::kWindow)};
  std::map<std::string, v1::UnitMetric> rows;
  for (const v1::UnitMetric& row :
       DescribeUnit(made_.log.rows(), &policy_, UnitId(kHamletA), Month(202207),
                    Month(202209), today())) {
    const std::string name =
        absl::StrCat(row.value().metric(), " ", row.value().qualifier());
    EXPECT_TRUE(rows.emplace(name, row).second) << name << " twice";
  }
  EXPECT_EQ(rows["M12 "].outcome(), kPass);
  EXPECT_EQ(rows["M12 "].target(), 50);
  EXPECT_EQ(rows["M12 over=quarter"].outcome(), kPass);
  EXPECT_EQ(rows["M17 over=window"].outcome(), kFail);
  EXPECT_EQ(rows["M17 over=window from=2022-06-23 to=2022-09-30"].target(), 2);
  EXPECT_EQ(rows["M17 "].outcome(), v1::TARGET_OUTCOME_UNSPECIFIED);
  EXPECT_EQ(rows["M24 "].value().numerator(), 1);
}

TEST_F(UnitMetricsTest, ActivitiesAreSumsOverTeamsAndMembersAreDistinct) {
  SetDay("2022-07-20");
  const Instant boot = At("2022-01-01T00:00:00+07:00");
  v1::Anchor anchor;
  anchor.set_server_time_ms(boot.ms);
  anchor.set_boot(kBoot);
  for (const std::uint64_t team : {kTeamA, kTeamC}) {
    const AuthorId phone = made_.log.EnrolPhone(
        absl::StrCat("p", team), kOperator, TeamId(team), MemberId(team * 100));
    std::vector<v1::Event> events;
    for (const char* when :
         {"2022-06-30T08:00:00+07:00", "2022-07-01T08:00:00+07:00"}) {
      events.push_back(Outreach(when, 10, team * 100, team));
      events.back().set_monotonic_ms(At(when).ms - boot.ms);
      events.push_back(events.back());
      events.back().mutable_household_visit()->set_household(
          std::string(16, 'h'));
    }
    made_.log.Append(phone, events, anchor);
  }
  EXPECT_EQ(Value(kHauGiang, Metric::kM01, 202206, 202207), "4/1");
  EXPECT_EQ(Value(kHauGiang, Metric::kM02, 202206, 202207), "8/1");
  EXPECT_EQ(Value(kHauGiang, Metric::kM03, 202206, 202207), "2/1");
  EXPECT_EQ(Value(kHauGiang, Metric::kM08, 202206, 202207), "2/1")
      << "a household a team, in both months the same";
  EXPECT_EQ(Value(kHauGiang, Metric::kM09, 202206, 202207), "40/1");
  EXPECT_EQ(Value(kCaiTac, Metric::kM09, 202206, 202207), "20/1");
  EXPECT_EQ(Value(kHamletB, Metric::kM09, 202206, 202207), "0/1");
  EXPECT_EQ(Value(kHauGiang, Metric::kM07, 202206, 202207), "0/0");
}

TEST_F(UnitMetricsTest, CoverageCountsUnitsWithATeam) {  // M24, DN-03
  SetDay("2022-10-05");
  AddTeam(29, kHamletC, 5);  // A second team covers no second village.
  EXPECT_EQ(Value(kHauGiang, Metric::kM24, 202209, 202209), "2/3");
  EXPECT_EQ(Value(kHamletA, Metric::kM24, 202209, 202209), "1/1");
  EXPECT_EQ(Value(kHamletB, Metric::kM24, 202209, 202209), "0/1");
  EXPECT_EQ(Value(kHauGiang, Metric::kM04, 202209, 202209), "9/1");
  const UnitCoverage all =
      CoverageOf(made_.log.rows(), UnitId(kHauGiang), today());
  EXPECT_EQ(all.teams, 3);
  EXPECT_EQ(all.members, 9);
  EXPECT_EQ(all.levels[v1::UNIT_LEVEL_DISTRICT], (MetricNumber{1, 1}));
  EXPECT_EQ(all.levels[v1::UNIT_LEVEL_COMMUNE], (MetricNumber{2, 2}));

  v1::Event dissolve = made_.New();
  dissolve.mutable_team_dissolved()->set_team_id(kTeamA);
  dissolve.mutable_team_dissolved()->set_dissolved_date(Day("2022-09-30"));
  ASSERT_TRUE(made_.log.Submit(dissolve).effective());
  EXPECT_EQ(Value(kHauGiang, Metric::kM24, 202209, 202209), "1/3");
  EXPECT_EQ(Value(kHauGiang, Metric::kM24, 202208, 202208), "2/3");
}

TEST_F(UnitMetricsTest, SupportedTeamsAreThoseThatAnyMonthPays) {  // M25, YB-08
  SetDay("2022-12-31");
  ScratchRows rows(&made_.log.rows(), made_.log.last_position());
  rows.Put(Table::kPolicy, keys::Policy("P-1", 1), "");
  const auto determine = [&rows](int month, std::uint64_t team,
                                 std::int64_t vnd) {
    v1::Determination row;
    row.set_amount_vnd(vnd);
    PutRow(rows, Table::kDetermination,
           keys::Determination("P-1", Month(month), v1::BENEFICIARY_KIND_TEAM,
                               team),
           row);
  };
  determine(202207, kTeamA, 500'000);
  determine(202208, kTeamA, 500'000);
  determine(202208, kTeamC, 0);
  determine(202112, kTeamC, 500'000);
  MetricSelector selector;
  selector.metric = Metric::kM25;
  const auto supported = [&](std::uint64_t unit, int first, int last) {
    return UnitMetric(rows, UnitId(unit), selector,
                      DaySpan::Of(Month(first), Month(last)), today());
  };
  EXPECT_EQ(supported(kHauGiang, 202201, 202212), (MetricNumber{1, 2}));
  EXPECT_EQ(supported(kHauGiang, 202209, 202212), (MetricNumber{0, 2}));
  EXPECT_EQ(supported(kHamletB, 202201, 202212), kUnknownNumber);
}

TEST(ShareTest, IsShownRoundedDown) {  // YB-08
  const MetricNumber share{771, 1356};
  EXPECT_EQ(BasisPoints(share, RoundMode::kDown), 5685);
  EXPECT_EQ(BasisPoints(share, RoundMode::kHalfUp), 5686);
  EXPECT_EQ(BasisPoints(share, RoundMode::kUp), 5686);
  EXPECT_EQ(FormatShare(share), "56,85%");
  EXPECT_EQ(FormatShare({49999, 100000}), "49,99%") << "50% is not reached";
  EXPECT_EQ(FormatShare({412, 824}), "50,00%");
  EXPECT_EQ(FormatShare({1, 1000}), "0,10%");
  EXPECT_EQ(FormatShare({5, 0}), "không rõ");
  EXPECT_EQ(BasisPoints({5, 0}, RoundMode::kHalfUp), -1);
  EXPECT_EQ(BasisPoints({90'000'000'000'000, 1}, RoundMode::kDown),
            900'000'000'000'000'000);
}

}  // namespace
}  // namespace thon
