// What is held waits for an officer whose grant covers the team, and then
// counts or does not, whatever it was held for (domain cases T05, T10, T20).
//
// Method: an event is brought to be HELD for each of the five reasons, and each
// is decided both ways; standings and months are read from the rows.

#include <gtest/gtest.h>

#include "server/projections/activity_month.h"
#include "tests/unit/projections/activity_maker.h"

namespace thon {
namespace {

constexpr std::uint64_t kDistrictOfficer = 5;  // Of Yên Bình, where team 7 is.
constexpr std::uint64_t kElsewhere = 6;        // Of Bảo Thắng.

class HeldTest : public ::testing::TestWithParam<v1::StandingReason>,
                 public ActivityLog {
 protected:
  HeldTest() {
    log.Submit(
        Grant(51, kDistrictOfficer, v1::ROLE_OFFICER, kYenBinh, "2023-01-01"));
    log.Submit(
        Grant(61, kElsewhere, v1::ROLE_OFFICER, kBaoThang, "2023-01-01"));
    log.SetTime(At("2023-07-02T09:00:00+07:00"));
  }

  // An event that is held for the reason.
  Sequence Hold(v1::StandingReason reason) {
    switch (reason) {
      case v1::STANDING_REASON_TWO_MONTHS:
        return Send(phone,
                    {Outreach("2023-06-25T08:00:00+07:00"), AfterFlatBattery()})
            .Next();
      case v1::STANDING_REASON_BACKDATED: {
        v1::Event event = Outreach("2023-06-25T08:00:00+07:00");
        event.set_claimed_date(Day("2023-06-01"));
        return Send(phone, {event});
      }
      case v1::STANDING_REASON_REVOKED_AUTHOR: {
        v1::Event revoke = New();
        revoke.mutable_author_revoked()->set_author(std::string(phone.view()));
        revoke.mutable_author_revoked()->set_reason("mất máy");
        EXPECT_TRUE(log.Submit(revoke).effective());
        return Send(phone, {Outreach("2023-06-25T08:00:00+07:00")});
      }
      case v1::STANDING_REASON_UNCONFIRMED_AUTHOR: {
        phone = Succeed("successor");
        return Send(phone, {Outreach("2023-06-25T08:00:00+07:00")});
      }
      default: {
        v1::Event suspend = New();
        suspend.mutable_team_suspended()->set_team_id(kTeam);
        suspend.mutable_team_suspended()->set_from_date(Day("2023-06-24"));
        suspend.mutable_team_suspended()->set_to_date(Day("2023-06-26"));
        EXPECT_TRUE(log.Submit(suspend).effective());
        return Send(phone, {Outreach("2023-06-25T08:00:00+07:00")});
      }
    }
  }

  AuthorId Succeed(absl::string_view name) {
    const SigningKey key = LogBuilder::KeyOf(name);
    v1::Event enrol;
    v1::AuthorEnrolled* enrolled = enrol.mutable_author_enrolled();
    enrolled->set_public_key(std::string(key.public_key().view()));
    enrolled->set_kind(v1::AUTHOR_KIND_PHONE);
    enrolled->set_team_id(kTeam);
    enrolled->set_member_id(kMember);
    enrolled->set_predecessor(std::string(phone.view()));
    log.Append(log.server(), {enrol});
    return log.Author(name);
  }

  int Activities(int month) {
    return static_cast<int>(MonthOf(month).activities());
  }
  // Held events and those that would count with them.
  void ExpectHeld(int month, int held) {
    MonthOptions options;
    options.with_held = true;
    EXPECT_EQ(MonthOf(month).held(), held) << month;
    EXPECT_EQ(
        ComputeMonth(log.rows(), Holder{false, kTeam}, Month(month), options)
            .activities(),
        Activities(month) + held)
        << month;
  }
};

TEST_P(HeldTest, CountsOnceAnOfficerOfItsDistrictSaysSo) {
  const Sequence event = Hold(GetParam());
  ASSERT_EQ(ReasonOf(phone, event), GetParam());
  ASSERT_EQ(StandingOf(phone, event).standing(), v1::STANDING_HELD);
  const int before = Activities(202306);
  ExpectHeld(202306, 1);

  EXPECT_EQ(Decide(phone, event, event, true, 202306, kElsewhere).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_EQ(StandingOf(phone, event).standing(), v1::STANDING_HELD);
  ASSERT_TRUE(
      Decide(phone, event, event, true, 202306, kDistrictOfficer).effective());
  EXPECT_TRUE(Counts(phone, event));
  EXPECT_EQ(Activities(202306), before + 1);
  ExpectHeld(202306, 0);
  ExpectHeld(202307, 0);
}

TEST_P(HeldTest, NeverCountsOnceAnOfficerSaysSo) {
  const Sequence event = Hold(GetParam());
  const int before = Activities(202306);
  ASSERT_TRUE(
      Decide(phone, event, event, false, 0, kDistrictOfficer).effective());
  EXPECT_EQ(StandingOf(phone, event).standing(), v1::STANDING_NOT_COUNTED);
  EXPECT_EQ(ReasonOf(phone, event), v1::STANDING_REASON_HELD_REJECTED);
  EXPECT_EQ(Activities(202306), before);
  ExpectHeld(202306, 0);
  ExpectHeld(202307, 0);
}

TEST_P(HeldTest, IsNotDecidedWithoutAReason) {
  const Sequence event = Hold(GetParam());
  v1::Event decide = New();
  v1::HeldDecided* decided = decide.mutable_held_decided();
  decided->set_author(std::string(phone.view()));
  decided->set_first_sequence(event.value);
  decided->set_last_sequence(event.value);
  decided->set_counted(true);
  EXPECT_EQ(log.Submit(decide).failure(), v1::COMMAND_FAILURE_MALFORMED);
  EXPECT_EQ(StandingOf(phone, event).standing(), v1::STANDING_HELD);
}

INSTANTIATE_TEST_SUITE_P(
    EveryReason, HeldTest,
    ::testing::Values(v1::STANDING_REASON_TWO_MONTHS,
                      v1::STANDING_REASON_BACKDATED,
                      v1::STANDING_REASON_REVOKED_AUTHOR,
                      v1::STANDING_REASON_UNCONFIRMED_AUTHOR,
                      v1::STANDING_REASON_TEAM_SUSPENDED),
    [](const auto& reason) {
      return v1::StandingReason_Name(reason.param).substr(16);
    });

class OtherHeldTest : public HeldTest {};
TEST_P(OtherHeldTest, TheOfficerChoosesWhichOfTwoMonths) {
  const Sequence event = Hold(GetParam());
  ExpectHeld(202306, 1);
  ExpectHeld(202307, 1);
  ASSERT_TRUE(Decide(phone, event, event, true, 202307).effective());
  EXPECT_EQ(Activities(202306), 1);
  EXPECT_EQ(Activities(202307), 1);
  EXPECT_EQ(StandingOf(phone, event).period_month(), 202307);
}
INSTANTIATE_TEST_SUITE_P(TwoMonths, OtherHeldTest,
                         ::testing::Values(v1::STANDING_REASON_TWO_MONTHS));

TEST_F(HeldTest, ADayHoldsABoundedNumberOfHeldReports) {
  const Sequence first = Hold(v1::STANDING_REASON_TEAM_SUSPENDED);
  Sequence last = first;
  for (int batch = 0; batch < 4; ++batch) {
    std::vector<v1::Event> events(160, Outreach("2023-06-25T08:00:00+07:00"));
    last = Send(phone, events);
  }
  EXPECT_EQ(MonthOf(202306).held(), 512);
  const Sequence newest(last.value + 159);
  EXPECT_EQ(ReasonOf(phone, newest), v1::STANDING_REASON_ABSURD_COUNT);
  ASSERT_TRUE(Decide(phone, first, newest, false).effective());
  EXPECT_EQ(MonthOf(202306).held(), 0);
}

}  // namespace
}  // namespace thon
