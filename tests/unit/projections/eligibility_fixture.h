// A made log with a policy, a list and teams, and checks that hold for every
// log: rows equal their explanations.
#ifndef THON_TESTS_UNIT_PROJECTIONS_ELIGIBILITY_FIXTURE_H_
#define THON_TESTS_UNIT_PROJECTIONS_ELIGIBILITY_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "server/projections/eligibility.h"
#include "server/projections/row_keys.h"
#include "tests/unit/projections/map_maker.h"

namespace thon {

inline constexpr auto kNotCovered = v1::DETERMINATION_STATE_NOT_COVERED;
inline constexpr auto kHeld = v1::DETERMINATION_STATE_HELD;
inline constexpr auto kUnfunded = v1::DETERMINATION_STATE_COVERED_UNFUNDED;
inline constexpr auto kProvisional = v1::DETERMINATION_STATE_PROVISIONAL;
inline constexpr char kYenBaiId[] = "YB-2023";
inline constexpr char kListId[] = "894/QĐ-UBND";
// The amount as Yên Bái's policy writes it.
inline constexpr char kAmountText[] = "vnd: 500 nghìn đồng/tổ/tháng";
// A second village of Vĩnh Kiên, and one of Thác Bà and of Phố Lu.
inline constexpr std::uint64_t kVillage2 = 500002;
inline constexpr std::uint64_t kThacBaVillage = 500003;
inline constexpr std::uint64_t kPhoLuVillage = 500004;

inline std::string YenBaiText() {
  std::ifstream file(
      absl::StrCat(THON_SOURCE_DIR, "/deploy/policies/yen-bai-2023.yaml"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::string Replaced(std::string text, absl::string_view from,
                            absl::string_view to) {
  const std::size_t at = text.find(std::string(from));
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), std::string(to));
}

class EligibilityTest : public ::testing::Test {
 protected:
  v1::CommandOutcome Publish(const std::string& text, int version = 1,
                             absl::string_view id = kYenBaiId,
                             std::uint64_t issuer = kYenBai) {
    const Hash hash = made_.log.AppendDocument(text);
    v1::Event event = made_.New();
    v1::PolicyPublished* published = event.mutable_policy_published();
    published->set_policy_id(std::string(id));
    published->set_version(version);
    published->set_text_hash(std::string(hash.view()));
    published->set_issuer_unit_id(issuer);
    return made_.log.Submit(event);
  }

  static v1::RegistrationRow Listed(std::uint64_t commune,
                                    bool removed = false) {
    v1::RegistrationRow row;
    row.set_unit_id(commune);
    row.set_target(v1::REGISTRATION_TARGET_STANDARD);
    row.set_removed(removed);
    return row;
  }

  Hash ListDocument(const std::vector<v1::RegistrationRow>& rows) {
    v1::RegistrationList list;
    for (const v1::RegistrationRow& row : rows) *list.add_rows() = row;
    return made_.log.AppendDocument(list.SerializeAsString());
  }

  v1::CommandOutcome Approve(const std::vector<v1::RegistrationRow>& rows,
                             absl::string_view date = "2023-06-01") {
    const Hash hash = ListDocument(rows);
    v1::Event event = made_.New();
    v1::RegistrationListApproved* list =
        event.mutable_registration_list_approved();
    list->set_list_id(kListId);
    list->set_year(2023);
    list->set_effective_date(Day(date));
    list->set_retroactive(true);
    list->set_rows_hash(std::string(hash.view()));
    return made_.log.Submit(event);
  }

  v1::CommandOutcome Amend(const std::vector<v1::RegistrationRow>& rows,
                           absl::string_view date, bool retroactive) {
    const Hash hash = ListDocument(rows);
    v1::Event event = made_.New();
    v1::RegistrationListAmended* list =
        event.mutable_registration_list_amended();
    list->set_list_id(kListId);
    list->set_effective_date(Day(date));
    list->set_retroactive(retroactive);
    list->set_rows_hash(std::string(hash.view()));
    return made_.log.Submit(event);
  }

  v1::CommandOutcome Fund(const std::vector<std::uint64_t>& teams,
                          std::int64_t ceiling_vnd, bool retroactive = true,
                          int first_month = 202306) {
    v1::FundedTeams set;
    for (const std::uint64_t team : teams) set.add_team_ids(team);
    const Hash hash = made_.log.AppendDocument(set.SerializeAsString());
    v1::Event event = made_.New();
    v1::FundingApproved* funding = event.mutable_funding_approved();
    funding->set_policy_id(kYenBaiId);
    funding->set_first_month(first_month);
    funding->set_last_month(202312);
    funding->set_ceiling_vnd(ceiling_vnd);
    funding->set_teams_hash(std::string(hash.view()));
    funding->set_team_count(static_cast<std::int64_t>(teams.size()));
    funding->set_retroactive(retroactive);
    return made_.log.Submit(event);
  }

  v1::Event Organisation(std::uint64_t id, std::uint64_t unit) {
    v1::Event event = made_.New();
    v1::OrganisationRegistered* registered =
        event.mutable_organisation_registered();
    registered->set_organisation_id(id);
    registered->set_name(absl::StrCat("Sở ", id));
    registered->set_kind(v1::ORGANISATION_KIND_DEPARTMENT);
    registered->set_unit_id(unit);
    registered->set_registered_date(Day("2023-01-05"));
    return event;
  }

  // Map, teams 7 (Vĩnh Kiên, listed) and 8 (Thác Bà), policy and list; it is
  // 1 June 2023.
  void Begin() {
    ASSERT_NO_FATAL_FAILURE(made_.Settle());
    for (const v1::Event& event :
         {made_.Village(kThacBaVillage, kThacBa), made_.Team(8, kThacBaVillage),
          made_.Village(kVillage2, kVinhKien)}) {
      ASSERT_TRUE(made_.log.Submit(event).effective());
    }
    ASSERT_TRUE(Publish(YenBaiText()).effective());
    Go("2023-06-01");
    ASSERT_TRUE(Approve({Listed(kVinhKien)}).effective());
  }

  void Go(absl::string_view date) {
    made_.log.SetTime(At(absl::StrCat(date, "T09:00:00+07:00")));
  }

  // The last position before the day after `date` was opened.
  Position EndOf(absl::string_view date) {
    Position end;
    for (const auto& entry : made_.log.entries()) {
      for (const v1::Event& event : entry->batch.events()) {
        if (event.has_day_opened() &&
            event.day_opened().local_date() > Day(date)) {
          return end;
        }
      }
      end =
          Position(entry->trailer.first_position.value +
                   static_cast<std::uint64_t>(entry->batch.events_size()) - 1);
    }
    return end;
  }

  static v1::Determination Read(
      const RowReader& rows, std::uint64_t id, int month,
      v1::BeneficiaryKind kind = v1::BENEFICIARY_KIND_TEAM) {
    return GetRow<v1::Determination>(
               rows, Table::kDetermination,
               keys::Determination(kYenBaiId, Month(month), kind, id))
        .value_or(v1::Determination());
  }
  v1::Determination Row(std::uint64_t id, int month) {
    return Read(made_.log.rows(), id, month);
  }
  v1::DeterminationState State(std::uint64_t id, int month) {
    return Row(id, month).state();
  }
  std::int64_t Amount(std::uint64_t id, int month) {
    return Row(id, month).amount_vnd();
  }
  v1::ReasonCode Reason(std::uint64_t id, int month) {
    const v1::Determination row = Row(id, month);
    return row.reasons_size() == 0 ? v1::REASON_CODE_UNSPECIFIED
                                   : row.reasons(0);
  }

  std::int64_t Total() {
    std::int64_t total = 0;
    ScanRows<v1::Determination>(
        made_.log.rows(), Table::kDetermination, "",
        [&total](absl::string_view, const v1::Determination& row, Position) {
          total += row.amount_vnd();
          return true;
        });
    return total;
  }

  // Every row is what the engine says of the rows as they are, and a fold that
  // starts over comes to the same history.
  void ExpectConsistent() {
    int explained = 0;
    ScanRows<v1::Determination>(
        made_.log.rows(), Table::kDetermination, "",
        [&](absl::string_view key, const v1::Determination& row, Position) {
          keys::KeyView view(key);
          const std::string policy(view.Text());
          const Month month = view.YearMonth();
          const auto kind = static_cast<v1::BeneficiaryKind>(view.U8());
          const std::uint64_t id = view.U64();
          const auto again =
              ExplainDetermination(policy, kind, id, month, made_.log.rows());
          EXPECT_TRUE(again.ok()) << again.status();
          if (!again.ok()) return false;
          EXPECT_EQ(again->row.ShortDebugString(), row.ShortDebugString())
              << policy << " " << id << " " << month.Iso();
          EXPECT_GT(again->derivation.steps_size(), 0);
          ++explained;
          return true;
        });
    EXPECT_GT(explained, 0);
  }

  MadeLog made_;
};

}  // namespace thon

#endif  // THON_TESTS_UNIT_PROJECTIONS_ELIGIBILITY_FIXTURE_H_
