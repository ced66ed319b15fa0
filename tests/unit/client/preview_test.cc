// Goal: what an app relies on when it shows a month (thon/preview.h): the
// server's own engine on the view's facts and the phone's newer events, and
// every difference of the server's later answer named, in both languages.
// Method: a client on a real SQLite file; the fake server says views that the
// real engine made of months which the test sets, so the test knows what the
// server counted and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/client/preview_fixture.h"

namespace thon::client {
namespace {

using Effect = OwnEvent::Effect;
using Field = Difference::Field;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST_F(PreviewTest, WithoutAViewItSaysWhatIsMissingInsteadOfAFigure) {
  Record(2);
  const MonthPreview preview = Preview();
  EXPECT_FALSE(preview.has_view);
  EXPECT_TRUE(preview.policies.empty());
  ASSERT_EQ(preview.missing.size(), 1u);
  EXPECT_THAT(preview.missing[0].vi, HasSubstr("chưa có chính sách"));
  EXPECT_THAT(preview.missing[0].en, HasSubstr("no policy"));
  EXPECT_EQ(preview.own_events.size(), 2u);
  EXPECT_THAT(phone_.client->PreviewMonth(Month(202313)),
              StatusIs(absl::StatusCode::kInvalidArgument, "202313"));
}

TEST_F(PreviewTest, WithoutOwnEventsItIsTheServersDetermination) {
  ServerCounts(3);
  HearView();
  const PolicyPreview policy = OnlyPolicy();
  EXPECT_EQ(policy.determination.SerializeAsString(),
            policy.server.SerializeAsString());
  EXPECT_EQ(policy.determination.state(), v1::DETERMINATION_STATE_PROVISIONAL);
  EXPECT_EQ(policy.determination.amount_vnd(), 500'000);
  EXPECT_FALSE(policy.rests_on_own_events);
  EXPECT_THAT(policy.text.vi, HasSubstr("Tạm tính"));
  EXPECT_THAT(policy.text.vi, HasSubstr("500.000 đồng"));
  EXPECT_THAT(policy.text.en, HasSubstr("Provisional"));
  EXPECT_FALSE(policy.derivation.steps().empty());
}

TEST_F(PreviewTest, UnsentEventsReachTheThresholdAndTheServerAgrees) {
  ServerCounts(1);
  HearView();
  EXPECT_EQ(OnlyPolicy().determination.state(),
            v1::DETERMINATION_STATE_REJECTED);
  Record(2);
  const MonthPreview preview = Preview();
  ASSERT_EQ(preview.policies.size(), 1u);
  EXPECT_EQ(preview.policies[0].determination.state(),
            v1::DETERMINATION_STATE_PROVISIONAL);
  EXPECT_EQ(preview.policies[0].determination.amount_vnd(), 500'000);
  EXPECT_TRUE(preview.policies[0].rests_on_own_events);
  EXPECT_EQ(preview.policies[0].server.state(),
            v1::DETERMINATION_STATE_REJECTED);
  EXPECT_EQ(preview.own_events.size(), 2u);
  EXPECT_EQ(preview.own_events[0].type, "outreach_session");
  EXPECT_EQ(preview.own_events[0].date, Date::Of(2023, 11, 15));
  ServerCounts(3);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_TRUE(Differences().empty());
  EXPECT_FALSE(OnlyPolicy().rests_on_own_events);
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 500'000);
}

TEST_F(PreviewTest, AnEventThatTheServerHoldsIsNamedInBothLanguages) {
  ServerCounts(1);
  HearView();
  Record(2);
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 500'000);
  ServerCounts(2);
  server_.standing = [](const LoggedEvent& logged) {
    v1::EventStanding standing;
    if (logged.event.sequence() == 2) {
      standing.set_standing(v1::STANDING_HELD);
      standing.set_reason(v1::STANDING_REASON_TWO_MONTHS);
    }
    return standing;
  };
  ASSERT_THAT(phone_.Sync(), IsOk());
  const std::vector<Difference> all = Differences();
  const Difference* const state = Find(all, Field::kState);
  const Difference* const amount = Find(all, Field::kAmount);
  const Difference* const metric = Find(all, Field::kMetric);
  ASSERT_TRUE(state != nullptr && amount != nullptr && metric != nullptr);
  EXPECT_NE(Find(all, Field::kReasons), nullptr);
  EXPECT_EQ(Find(all, Field::kRoster), nullptr);
  EXPECT_EQ(amount->phone_said.vi, "500.000 đồng");
  EXPECT_EQ(amount->server_says.vi, "0 đồng");
  EXPECT_EQ(amount->month, kNovember);
  EXPECT_EQ(amount->policy_id, "THR-2023");
  EXPECT_THAT(amount->because.vi, HasSubstr("sự kiện số 2 của máy này"));
  EXPECT_THAT(amount->because.en, HasSubstr("this phone's event 2"));
  EXPECT_THAT(amount->because.en, HasSubstr("HELD: TWO_MONTHS"));
  EXPECT_THAT(amount->text.vi, HasSubstr("máy này đã báo \"500.000 đồng\""));
  EXPECT_THAT(amount->text.en, HasSubstr("the server says \"0 VND\""));
  EXPECT_EQ(metric->metric, "M02");
  EXPECT_EQ(metric->phone_said.en, "3");
  EXPECT_EQ(metric->server_says.en, "2");
  // Kept until the app has shown them; never told twice.
  phone_.Open();
  EXPECT_EQ(Differences().size(), all.size());
  ASSERT_THAT(phone_.client->Acknowledge(all[0].id), IsOk());
  EXPECT_EQ(Differences().size(), all.size() - 1);
  ASSERT_THAT(phone_.client->Acknowledge(all.back().id), IsOk());
  EXPECT_TRUE(Differences().empty());
  phone_.client->WantTeamView();
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_TRUE(Differences().empty());
}

TEST_F(PreviewTest, AGroupedSessionIsNamedAndANewNumberIsNeverUsedAgain) {
  HearView();
  Record(3);
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 500'000);
  ServerCounts(2);
  server_.standing = [](const LoggedEvent& logged) {
    v1::EventStanding standing;
    if (logged.event.sequence() == 3) {
      standing.set_standing(v1::STANDING_NOT_COUNTED);
      standing.set_reason(v1::STANDING_REASON_SAME_SESSION);
    }
    return standing;
  };
  ASSERT_THAT(phone_.Sync(), IsOk());
  std::vector<Difference> all = Differences();
  const Difference* const amount = Find(all, Field::kAmount);
  ASSERT_NE(amount, nullptr);
  EXPECT_THAT(amount->because.vi, HasSubstr("trùng buổi với máy khác"));
  EXPECT_THAT(amount->because.en, HasSubstr("SAME_SESSION"));
  const std::uint64_t last = all.back().id;
  ASSERT_THAT(phone_.client->Acknowledge(last), IsOk());
  Preview();
  ServerCounts(5);
  phone_.client->WantTeamView();
  ASSERT_THAT(phone_.Sync(), IsOk());
  all = Differences();
  ASSERT_FALSE(all.empty());
  EXPECT_GT(all.front().id, last);
  EXPECT_THAT(Find(all, Field::kMetric)->because.en,
              HasSubstr("this phone did not know"));
}

TEST_F(PreviewTest, NothingIsComparedBeforeTheServerHoldsTheSameEvents) {
  HearView();
  Record(3);
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 500'000);
  said_.end_sequence = 2;  // Of three.
  said_.months[kNovember].set_activities(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_TRUE(Differences().empty()) << "the rows lag behind";
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 500'000)
      << "two of the three are still own events";
  ServerCounts(3);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_TRUE(Differences().empty());
}

TEST_F(PreviewTest, ARosterPolicyOrFundingThatChangedIsNamed) {
  TextOptions options{.metric = "M04", .target = 1};
  options.unit = "member_month, members_on: last_day_of_month";
  said_.SetText(TextOf(options));
  HearView();
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 1'000'000);
  said_.Join(13);
  phone_.client->WantTeamView();
  ASSERT_THAT(phone_.Sync(), IsOk());
  std::vector<Difference> all = Differences();
  ASSERT_NE(Find(all, Field::kRoster), nullptr);
  EXPECT_THAT(Find(all, Field::kRoster)->server_says.en, HasSubstr("13"));
  EXPECT_EQ(Find(all, Field::kAmount)->server_says.vi, "1.500.000 đồng");
  EXPECT_EQ(Find(all, Field::kPolicyVersion), nullptr);

  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 1'500'000);
  options.version = 2;
  options.amount = 300'000;
  said_.SetText(TextOf(options));
  said_.fundings.push_back({.position = Position(9),
                            .first = kNovember,
                            .last = kNovember,
                            .recorded = Date::Of(2023, 11, 1),
                            .in_set = true});
  said_.listings.push_back(
      {v1::REGISTRATION_TARGET_STANDARD, {Date::Of(2023, 6, 1), kOpenEnd}});
  ASSERT_THAT(phone_.client->Acknowledge(all.back().id), IsOk());
  phone_.client->WantTeamView();
  ASSERT_THAT(phone_.Sync(), IsOk());
  all = Differences();
  ASSERT_NE(Find(all, Field::kPolicyVersion), nullptr);
  EXPECT_EQ(Find(all, Field::kPolicyVersion)->server_says.en, "version 2");
  EXPECT_THAT(Find(all, Field::kFunding)->server_says.vi,
              HasSubstr("có tên tổ"));
  EXPECT_THAT(Find(all, Field::kList)->phone_said.vi,
              HasSubstr("không có trong danh sách"));
  EXPECT_EQ(Find(all, Field::kAmount)->server_says.vi, "900.000 đồng");
  EXPECT_EQ(OnlyPolicy().version, 2);
  EXPECT_EQ(said_.texts_sent, 2);
}

TEST_F(PreviewTest, ADraftPaysNothingHoweverMuchWasDone) {
  said_.SetText(TextOf({.status = "DRAFT"}));
  HearView();
  Record(10);
  const PolicyPreview policy = OnlyPolicy();
  EXPECT_EQ(policy.determination.state(), v1::DETERMINATION_STATE_NOT_COVERED);
  EXPECT_EQ(policy.determination.amount_vnd(), 0);
  ASSERT_FALSE(policy.determination.reasons().empty());
  EXPECT_EQ(policy.determination.reasons(0), v1::REASON_CODE_POLICY_DRAFT);
}

TEST_F(PreviewTest, WhatThePhoneItselfCanSeeDoesNotCount) {
  HearView();
  v1::DateRange* const suspended = said_.team.add_suspensions();
  suspended->set_from_date(Date::Of(2023, 11, 10).days);
  suspended->set_to_date(Date::Of(2023, 11, 12).days);
  phone_.client->WantTeamView();
  ASSERT_THAT(phone_.Sync(), IsOk());

  Record(Outreach());
  Record(Outreach(99));  // Never joined.
  v1::Event other = Outreach();
  other.set_team_id(8);
  Record(other);
  v1::Event absurd = Outreach(11, 1'000'000);
  Record(absurd);
  v1::Event back = Outreach();
  back.set_claimed_date(Date::Of(2023, 10, 1).days);
  Record(back);
  v1::Event suspended_day = Outreach();
  suspended_day.set_claimed_date(Date::Of(2023, 11, 11).days);
  Record(suspended_day);
  const Recorded voided = Record(Outreach());
  v1::Event correction;
  correction.set_team_id(PreviewServer::kTeam);
  correction.set_member_id(11);
  correction.mutable_correction_issued()->set_target_sequence(
      voided.name.sequence.value);
  correction.mutable_correction_issued()->set_kind(v1::CORRECTION_KIND_VOID);
  Record(correction);

  const MonthPreview preview = Preview();
  std::map<v1::StandingReason, Effect> effects;
  for (const OwnEvent& event : preview.own_events) {
    effects[event.reason] = event.effect;
  }
  const std::map<v1::StandingReason, Effect> expected = {
      {v1::STANDING_REASON_UNSPECIFIED, Effect::kCounts},
      {v1::STANDING_REASON_UNKNOWN_MEMBER, Effect::kNone},
      {v1::STANDING_REASON_OTHER_TEAM, Effect::kNone},
      {v1::STANDING_REASON_ABSURD_COUNT, Effect::kNone},
      {v1::STANDING_REASON_TEAM_SUSPENDED, Effect::kHeld},
      {v1::STANDING_REASON_VOIDED, Effect::kNone},
  };
  EXPECT_EQ(effects, expected);
  ASSERT_EQ(preview.policies.size(), 1u);
  ASSERT_EQ(preview.policies[0].determination.metrics_size(), 1);
  EXPECT_EQ(preview.policies[0].determination.metrics(0).numerator(), 1);
  const MonthPreview october = Preview(Month::Of(2023, 10));
  ASSERT_EQ(october.own_events.size(), 1u);
  EXPECT_EQ(october.own_events[0].reason, v1::STANDING_REASON_BACKDATED);
  EXPECT_EQ(october.own_events[0].effect, Effect::kHeld);
}

TEST_F(PreviewTest, HeldEventsThatDecideMakeTheMonthHeld) {
  HearView();
  v1::DateRange* const suspended = said_.team.add_suspensions();
  suspended->set_from_date(Date::Of(2023, 11, 11).days);
  suspended->set_to_date(Date::Of(2023, 11, 11).days);
  phone_.client->WantTeamView();
  ASSERT_THAT(phone_.Sync(), IsOk());
  v1::Event event = Outreach();
  event.set_claimed_date(Date::Of(2023, 11, 11).days);
  for (int i = 0; i < 3; ++i) Record(event);
  const PolicyPreview policy = OnlyPolicy();
  EXPECT_EQ(policy.determination.state(), v1::DETERMINATION_STATE_HELD);
  EXPECT_EQ(policy.determination.reasons(0),
            v1::REASON_CODE_HELD_EVENTS_DECIDE);
}

TEST_F(PreviewTest, LateEventsAreLeftOutWhereThePolicySaysSo) {
  said_.SetText(TextOf({.late = "late_events: {effect: left_out, "
                                "before_day: 6, source: S6}"}));
  ServerCounts(0);
  HearView();
  // In October's last days, and heard of on 15 November.
  v1::Event event = Outreach();
  phone_.clock.wall_ms -= 16 * kDayMs;
  phone_.clock.monotonic_ms = 1;
  phone_.clock.boot = 77;  // Another boot: only the wall clock speaks.
  for (int i = 0; i < 3; ++i) Record(event);
  phone_.clock.wall_ms += 16 * kDayMs;
  phone_.clock.boot = 1;
  phone_.clock.monotonic_ms = 6'000;
  const MonthPreview preview = Preview(Month::Of(2023, 10));
  EXPECT_EQ(preview.own_events.size(), 3u);
  EXPECT_TRUE(preview.own_events[0].clock_doubtful);
  ASSERT_EQ(preview.policies.size(), 1u);
  EXPECT_EQ(preview.policies[0].determination.state(),
            v1::DETERMINATION_STATE_REJECTED);
  EXPECT_THAT(preview.policies[0].determination.reasons(),
              Contains(v1::REASON_CODE_LATE_EVENTS_LEFT_OUT));
  for (int i = 0; i < 3; ++i) Record(event);
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 500'000)
      << "November's deadline has not come";
}

TEST_F(PreviewTest, ACapOfTheYearKnowsWhatOwnEventsAddToEarlierMonths) {
  said_.SetText(TextOf({.late = "caps: {year_vnd: 800000, source: S7}"}));
  HearView();
  phone_.clock.wall_ms -= 16 * kDayMs;  // October, as its wall clock says.
  phone_.clock.boot = 77;
  Record(3);
  phone_.clock.wall_ms += 16 * kDayMs;
  phone_.clock.boot = 1;
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 0);
  Record(3);
  EXPECT_EQ(OnlyPolicy(Month::Of(2023, 10)).determination.amount_vnd(),
            500'000);
  const PolicyPreview november = OnlyPolicy();
  EXPECT_EQ(november.determination.amount_vnd(), 300'000);
  EXPECT_THAT(november.determination.reasons(),
              Contains(v1::REASON_CODE_CAP_REACHED));
}

TEST_F(PreviewTest, EventsOfAKeyThatWaitsForAnOfficerAreHeld) {
  said_.end_sequence = 2;
  Record(1);
  ServerCounts(1);
  HearView();
  // A clone of the file goes on; then this phone's numbers are taken.
  phone_.client.reset();
  const std::string clone = folder_ / "clone.db";
  std::filesystem::copy_file(phone_.path, clone);
  Phone other(clone, &server_);
  other.Open();
  other.Record(1, PreviewServer::kTeam);
  ASSERT_THAT(other.Sync(), IsOk());
  phone_.Open();
  server_.faults.confirm_successors = false;
  server_.team_view = nullptr;  // The new key is told nothing.
  server_.standing = [](const LoggedEvent&) {
    v1::EventStanding standing;
    standing.set_standing(v1::STANDING_HELD);
    standing.set_reason(v1::STANDING_REASON_UNCONFIRMED_AUTHOR);
    return standing;
  };
  const Recorded first = Record(Outreach());
  Record(3);
  ASSERT_THAT(phone_.Sync(), IsOk());
  ASSERT_EQ(phone_.client->State().condition, Condition::kUnconfirmedSuccessor);
  const MonthPreview preview = Preview();
  ASSERT_TRUE(preview.has_view) << "what was heard before stays";
  ASSERT_EQ(preview.own_events.size(), 4u);
  EXPECT_EQ(preview.own_events[0].name, first.name) << "as it was recorded";
  for (const OwnEvent& event : preview.own_events) {
    EXPECT_EQ(event.effect, Effect::kHeld);
    EXPECT_EQ(event.reason, v1::STANDING_REASON_UNCONFIRMED_AUTHOR);
  }
  ASSERT_EQ(preview.policies.size(), 1u);
  EXPECT_EQ(preview.policies[0].determination.state(),
            v1::DETERMINATION_STATE_HELD);
}

TEST_F(PreviewTest, HouseholdsAreCountedOnceAndNotAgainAfterTheView) {
  said_.SetText(TextOf({.metric = "M08", .target = 3}));
  HearView();
  const auto visit = [](char household) {
    v1::Event event;
    event.set_team_id(PreviewServer::kTeam);
    event.set_member_id(11);
    event.mutable_household_visit()->set_household(std::string(16, household));
    return event;
  };
  for (const char c : {'a', 'b', 'a'}) Record(visit(c));
  EXPECT_EQ(OnlyPolicy().determination.metrics(0).numerator(), 2);
  said_.months[kNovember].set_households(2);
  said_.end_sequence = recorded_ + 1;
  ASSERT_THAT(phone_.Sync(), IsOk());
  for (const char c : {'a', 'c'}) Record(visit(c));
  EXPECT_EQ(OnlyPolicy().determination.metrics(0).numerator(), 3);
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 500'000);
}

TEST_F(PreviewTest, AMonthThatTheViewLacksRestsOnTheLastingFacts) {
  ServerCounts(3);
  HearView();
  server_.now_ms += 20 * kDayMs;
  phone_.clock.wall_ms += 20 * kDayMs;
  phone_.clock.monotonic_ms += 20 * kDayMs;
  const Month december = Month::Of(2023, 12);
  MonthPreview preview = Preview(december);
  EXPECT_EQ(preview.facts_from, kNovember);
  ASSERT_EQ(preview.policies.size(), 1u);
  EXPECT_EQ(preview.policies[0].determination.state(),
            v1::DETERMINATION_STATE_REJECTED)
      << "November's activities are not December's";
  Record(3);
  preview = Preview(december);
  EXPECT_EQ(preview.policies[0].determination.amount_vnd(), 500'000);
  EXPECT_EQ(preview.policies[0].server.state(),
            v1::DETERMINATION_STATE_UNSPECIFIED);
  EXPECT_TRUE(Preview(Month::Of(2024, 1)).policies.empty());
  EXPECT_FALSE(Preview(Month::Of(2024, 1)).missing.empty());
  // The server opens the month and counts two.
  said_.today = Date::Of(2023, 12, 5);
  said_.months[december].set_activities(2);
  said_.end_sequence = recorded_ + 1;
  ASSERT_THAT(phone_.Sync(), IsOk());
  const std::vector<Difference> all = Differences();
  ASSERT_NE(Find(all, Field::kAmount), nullptr);
  EXPECT_EQ(Find(all, Field::kAmount)->month, december);
}

TEST_F(PreviewTest, AnOlderMonthIsAskedForWhenItIsWanted) {
  HearView();
  const Month july = Month::Of(2023, 7);
  EXPECT_TRUE(Preview(july).policies.empty());
  EXPECT_FALSE(Preview(july).missing.empty());
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(Preview(july).policies.size(), 1u);
  const Month march = Month::Of(2023, 3);
  EXPECT_THAT(Preview(march).missing[0].vi, HasSubstr("sáu tháng"));
}

}  // namespace
}  // namespace thon::client
