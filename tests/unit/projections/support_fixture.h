// A made log with small policies of Yên Bái's, for tests of what teams are
// supported with besides a month's amount.
#ifndef THON_TESTS_UNIT_PROJECTIONS_SUPPORT_FIXTURE_H_
#define THON_TESTS_UNIT_PROJECTIONS_SUPPORT_FIXTURE_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/projections/acts_fixture.h"
#include "tests/unit/projections/eligibility_fixture.h"

namespace thon {

inline constexpr auto kRejected = v1::DETERMINATION_STATE_REJECTED;

// A policy over all teams of 2023 without funding decisions; `rules` are the
// blocks of its amount and of what else it says.
inline std::string SmallPolicy(absl::string_view id, absl::string_view rules,
                               absl::string_view status = "IN_FORCE") {
  return absl::StrCat(
      "policy: ", id,
      "\nversion: 1\ntitle: Thử\nissuer: Tỉnh Yên Bái\n"
      "time_zone: Asia/Ho_Chi_Minh\nstatus: {value: ",
      status,
      ", source: S}\n"
      "basis:\n  - {document: 1/2023/NQ-HĐND, issued: 2023-01-01, issuer: "
      "HĐND}\n"
      "period: {from: 2023-01-01, to: 2023-12-31, source: S}\n"
      "month_rule: {unit: whole_month, prorata: none, source: S}\n"
      "beneficiary: {level: VILLAGE, kinds: [thôn, bản, tổ dân phố], source: "
      "S}\n"
      "team_must_exist: {on: last_day_of_month, source: S}\n"
      "suspended_days: {full_month: no_pay, partial: hold, source: S}\n"
      "funding: {required: false, source: S}\n",
      rules);
}

inline std::string PerMonth(std::int64_t vnd) {
  return absl::StrCat("amount: {per: team_month, vnd: ", vnd, ", source: S}\n");
}

class SupportTest : public EligibilityTest {
 protected:
  // Team 7 in Vĩnh Kiên, team 8 in Thác Bà; it is 1 June 2023.
  void Begin() {
    ASSERT_NO_FATAL_FAILURE(made_.Settle());
    for (const v1::Event& event : {made_.Village(kThacBaVillage, kThacBa),
                                   made_.Team(8, kThacBaVillage)}) {
      ASSERT_TRUE(made_.log.Submit(event).effective());
    }
    Go("2023-06-01");
  }
  v1::CommandOutcome PublishSmall(absl::string_view id, absl::string_view rules,
                                  absl::string_view status = "IN_FORCE") {
    return Publish(SmallPolicy(id, rules, status), 1, id);
  }

  v1::Determination Of(absl::string_view policy, std::uint64_t team,
                       int month = 202306) {
    return GetRow<v1::Determination>(
               made_.log.rows(), Table::kDetermination,
               keys::Determination(policy, Month(month),
                                   v1::BENEFICIARY_KIND_TEAM, team))
        .value_or(v1::Determination());
  }

  v1::Event TopUp(absl::string_view policy, std::int64_t vnd,
                  std::uint64_t commune = kVinhKien, bool retroactive = true) {
    v1::Event event = made_.New();
    v1::TopUpApproved* top_up = event.mutable_top_up_approved();
    top_up->set_policy_id(std::string(policy));
    top_up->set_unit_id(commune);
    top_up->set_first_month(202301);
    top_up->set_last_month(202312);
    top_up->set_amount_vnd(vnd);
    top_up->set_retroactive(retroactive);
    return event;
  }
  v1::Event Mobilisation(absl::string_view policy, std::uint64_t id,
                         std::int64_t persons, std::int64_t rate,
                         absl::string_view date = "2023-06-10",
                         v1::Shift shift = v1::SHIFT_DAY,
                         std::uint64_t team = 7) {
    v1::Event event = made_.New();
    v1::MobilisationRecorded* recorded = event.mutable_mobilisation_recorded();
    recorded->set_mobilisation_id(id);
    recorded->set_policy_id(std::string(policy));
    recorded->set_team_id(team);
    recorded->set_date(Day(date));
    recorded->set_shift(shift);
    recorded->set_persons(persons);
    recorded->set_rate_vnd(rate);
    return event;
  }
  v1::Event Outside(std::uint64_t team, int first, int last,
                    absl::string_view description, bool ended = false) {
    v1::Event event = made_.New();
    v1::OtherSupportRecorded* recorded = event.mutable_other_support_recorded();
    recorded->set_team_id(team);
    recorded->set_first_month(first);
    recorded->set_last_month(last);
    recorded->set_description(std::string(description));
    recorded->set_ended(ended);
    return event;
  }
  v1::Event DecideMonth(absl::string_view policy, std::uint64_t team, int month,
                        bool pay, std::uint64_t officer = kOperator,
                        Position seen = Position(0)) {
    v1::Event event = made_.New(officer, seen);
    v1::HeldDecided* decided = event.mutable_held_decided();
    decided->set_policy_id(std::string(policy));
    decided->set_team_id(team);
    decided->set_period_month(month);
    decided->set_counted(pay);
    decided->set_reason("đã kiểm tra");
    return event;
  }
  v1::Event Suspend(std::uint64_t team, absl::string_view from,
                    absl::string_view to) {
    v1::Event event = made_.New();
    event.mutable_team_suspended()->set_team_id(team);
    event.mutable_team_suspended()->set_from_date(Day(from));
    event.mutable_team_suspended()->set_to_date(Day(to));
    return event;
  }

  // Beside ExpectConsistent(): no row is missing.
  void ExpectComplete(const std::vector<std::string>& policies,
                      const std::vector<std::uint64_t>& teams, int last_month) {
    ExpectConsistent();
    for (const std::string& policy : policies) {
      for (const std::uint64_t team : teams) {
        for (Month month(202301); month.yyyymm <= last_month;
             month = month.Next()) {
          const auto inputs = ReadDeterminationInputs(
              policy, v1::BENEFICIARY_KIND_TEAM, team, month, made_.log.rows());
          ASSERT_TRUE(inputs.ok());
          EXPECT_EQ(inputs->facts.territory != Territory::kOutside,
                    Of(policy, team, month.yyyymm).state() !=
                        v1::DETERMINATION_STATE_UNSPECIFIED)
              << policy << " " << team << " " << month.Iso();
        }
      }
    }
  }
};

}  // namespace thon

#endif  // THON_TESTS_UNIT_PROJECTIONS_SUPPORT_FIXTURE_H_
