// Goal: seats are filled by as many people as can be, one seat a person, on the
// days that the template looks at. Method: rosters with known answers, and
// random ones against every way to seat them; rerun with THON_SEED.
#include "server/policy/seats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/seed.h"
#include "tests/unit/policy/policy_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Member;

constexpr auto kParty = v1::AFFILIATION_PARTY_SECRETARY;
constexpr auto kHead = v1::AFFILIATION_VILLAGE_HEAD;
constexpr auto kYouth = v1::AFFILIATION_YOUTH_UNION;
constexpr auto kWomen = v1::AFFILIATION_WOMENS_UNION;

const Date kDay = Date::Of(2024, 2, 29);
const Month kFebruary = Month::Of(2024, 2);

// HT-06: party secretary or village head, youth, women.
SeatTemplate HaTinh() {
  SeatTemplate seats;
  seats.seats = {{{kParty, kHead}}, {{kYouth}}, {{kWomen}}};
  return seats;
}

TEST(SeatsTest, TheThreeOfTheSourceAreComplete) {
  EXPECT_THAT(
      EmptySeats(HaTinh(),
                 {Member(1, {kHead}), Member(2, {kYouth}), Member(3, {kWomen})},
                 kDay),
      IsEmpty());
}

TEST(SeatsTest, TwoForOneSeatLeaveTheWomensSeatEmpty) {  // HT-06
  EXPECT_THAT(
      EmptySeats(HaTinh(),
                 {Member(1, {kParty}), Member(2, {kHead}), Member(3, {kYouth})},
                 kDay),
      ElementsAre(2));
}

TEST(SeatsTest, OnePersonFillsOneSeatWhateverTheyAre) {
  EXPECT_THAT(EmptySeats(HaTinh(), {Member(1, {kParty, kYouth, kWomen})}, kDay),
              ElementsAre(1, 2));
  EXPECT_THAT(EmptySeats(HaTinh(), {}, kDay), ElementsAre(0, 1, 2));
}

TEST(SeatsTest, PeopleMoveToOtherSeatsToLetMoreBeFilled) {
  EXPECT_THAT(EmptySeats(HaTinh(),
                         {Member(1, {kParty, kYouth}), Member(2, {kParty}),
                          Member(3, {kYouth, kWomen})},
                         kDay),
              IsEmpty());
  EXPECT_THAT(
      EmptySeats(HaTinh(), {Member(1, {kWomen, kYouth}), Member(2, {kWomen})},
                 kDay),
      ElementsAre(0));
}

TEST(SeatsTest, OnlyWhoIsAMemberThatDaySits) {
  const std::vector<MemberFact> members = {
      Member(1, {kHead}), Member(2, {kYouth}, kDay),
      Member(3, {kWomen}, Date::Of(2022, 1, 1), kDay)};
  EXPECT_THAT(EmptySeats(HaTinh(), members, kDay), ElementsAre(2));
  EXPECT_THAT(EmptySeats(HaTinh(), members, kDay.Previous()), ElementsAre(1));
}

TEST(SeatsTest, TheTemplateSaysOnWhichDays) {
  SeatTemplate seats = HaTinh();
  // Complete from 10 to 19 February.
  const std::vector<MemberFact> members = {
      Member(1, {kHead}), Member(2, {kYouth}, Date::Of(2024, 2, 10)),
      Member(3, {kWomen}, Date::Of(2022, 1, 1), Date::Of(2024, 2, 20))};
  const std::pair<LookDay, bool> cases[] = {{LookDay::kFirstDay, false},
                                            {LookDay::kLastDay, false},
                                            {LookDay::kAnyDay, true},
                                            {LookDay::kEveryDay, false}};
  for (const auto& [on, complete] : cases) {
    seats.on = on;
    EXPECT_EQ(SeatsComplete(seats, members, kFebruary), complete)
        << static_cast<int>(on);
  }
  const std::vector<MemberFact> handed_over = {
      Member(1, {kHead}), Member(2, {kYouth}),
      Member(3, {kWomen}, Date::Of(2022, 1, 1), Date::Of(2024, 2, 20)),
      Member(4, {kWomen}, Date::Of(2024, 2, 20))};
  for (const auto& [on, unused] : cases) {
    seats.on = on;
    EXPECT_TRUE(SeatsComplete(seats, handed_over, kFebruary));
  }
}

// The most seats that can be filled, by trying everybody on every seat.
std::size_t MostFilled(const SeatTemplate& seats,
                       const std::vector<MemberFact>& members, std::size_t seat,
                       std::uint32_t taken) {
  if (seat == seats.seats.size()) return 0;
  std::size_t most = MostFilled(seats, members, seat + 1, taken);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if ((taken >> i & 1u) != 0) continue;
    for (const v1::Affiliation one : members[i].affiliations) {
      const auto& any = seats.seats[seat].any_of;
      if (std::find(any.begin(), any.end(), one) == any.end()) continue;
      most = std::max(
          most, 1 + MostFilled(seats, members, seat + 1, taken | 1u << i));
    }
  }
  return most;
}

TEST(SeatsTest, AsManySeatsAreFilledAsCanBe) {
  std::mt19937_64 random = SeededRandom();
  const auto between = [&](std::uint64_t low, std::uint64_t high) {
    return low + random() % (high - low + 1);
  };
  for (int round = 0; round < 2000; ++round) {
    SeatTemplate seats;
    const auto affiliation = [&] {
      return static_cast<v1::Affiliation>(between(1, 6));
    };
    for (std::uint64_t i = between(1, 5); i > 0; --i) {
      seats.seats.push_back({{affiliation(), affiliation()}});
    }
    std::vector<MemberFact> members;
    for (std::uint64_t i = between(0, 5); i > 0; --i) {
      members.push_back(Member(i, {affiliation(), affiliation()}));
    }
    const std::size_t most = MostFilled(seats, members, 0, 0);
    const std::vector<std::size_t> empty = EmptySeats(seats, members, kDay);
    ASSERT_EQ(empty.size(), seats.seats.size() - most);
    std::vector<MemberFact> reversed(members.rbegin(), members.rend());
    ASSERT_EQ(EmptySeats(seats, reversed, kDay), empty);
  }
}

}  // namespace
}  // namespace thon
