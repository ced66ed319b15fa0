// Goal: the team's view is asked for when it is needed and not else, what no
// server says is not kept, and a file that is old, damaged or full never keeps
// the phone from its work. Method: as preview_test.cc; the file is changed with
// SQL as a damaged disk or an old app would.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/client/preview_fixture.h"

namespace thon::client {
namespace {

using TeamViewKeptTest = PreviewTest;

TEST_F(TeamViewKeptTest, ViewsAreAskedForOnceThereIsAnAppThatShowsThem) {
  Record(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.views_asked, 0) << "nobody shows them";
  Preview();
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.views_asked, 1);
  said_.end_sequence = 2;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.views_asked, 2) << "it did not hold the event yet";
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.views_asked, 2) << "nothing is new";
  phone_.Open();
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.views_asked, 2) << "it is kept over a restart";
  server_.now_ms += kDayMs;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.views_asked, 3) << "it is a day old";
  phone_.client->WantTeamView();
  EXPECT_FALSE(phone_.client->Step(1'000).wait_ms > 0);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.views_asked, 4) << "the app wants it";
  EXPECT_EQ(said_.texts_sent, 1) << "the phone has the policy's text";
}

TEST_F(TeamViewKeptTest, AnOptionTurnsTheAskingOff) {
  phone_.change = [](Options* options) { options->team_view = false; };
  phone_.Open();
  Preview();
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.views_asked, 0);
  phone_.client->WantTeamView();
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.views_asked, 1);
}

TEST_F(TeamViewKeptTest, AViewThatNoServerSaysIsNotKept) {
  HearView();
  const std::uint64_t held = Preview().view_position.value;
  const auto refused = [&](auto change) {
    server_.team_view = [this, change](const v1::TeamViewRequest& request,
                                       const std::string&) {
      v1::TeamView view = said_.Say(request);
      change(&view);
      return view;
    };
    phone_.client->WantTeamView();
    EXPECT_THAT(phone_.Sync(), IsOk()) << "the phone's work goes on";
    return Preview().view_position.value == held;
  };
  EXPECT_TRUE(
      refused([](v1::TeamView* v) { v->mutable_team()->set_team_id(8); }));
  EXPECT_TRUE(refused([](v1::TeamView* v) { v->set_end_sequence(1000); }));
  EXPECT_TRUE(refused([](v1::TeamView* v) { v->set_position(1); }));
  EXPECT_TRUE(refused(
      [](v1::TeamView* v) { v->mutable_months()->SwapElements(0, 1); }));
  EXPECT_TRUE(refused([](v1::TeamView* v) {
    for (int i = 0; i < 7; ++i) *v->add_months() = v->months(2);
  }));
  EXPECT_TRUE(refused([](v1::TeamView* v) {
    v->mutable_months(0)
        ->mutable_determinations(0)
        ->mutable_facts()
        ->clear_counted();
  }));
  EXPECT_TRUE(refused([](v1::TeamView* v) {
    v->mutable_policies(0)->set_text(std::string(300'000, '#'));
  }));
  EXPECT_TRUE(refused([](v1::TeamView* v) {
    for (int i = 0; i < 1001; ++i) v->mutable_team()->add_members();
  }));
  EXPECT_TRUE(refused([](v1::TeamView* v) { v->Clear(); })) << "nothing";
  EXPECT_FALSE(refused([](v1::TeamView*) {})) << "a good one is kept";
}

TEST_F(TeamViewKeptTest, AnOlderServerIsNotAskedTwice) {
  server_.faults.no_views = true;
  Preview();
  Record(1);
  EXPECT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.Waiting(), 0u);
  phone_.client->WantTeamView();
  EXPECT_THAT(phone_.Sync(), IsOk());
  EXPECT_TRUE(phone_.client->Step(1'000).even);
  EXPECT_EQ(server_.views_asked, 1);
}

TEST_F(TeamViewKeptTest, AViewThatDoesNotComeCostsNothingElse) {
  server_.faults.silent_views = true;
  Preview();
  Record(1);
  EXPECT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.Waiting(), 0u);
  EXPECT_EQ(phone_.client->State().condition, Condition::kGood);
  server_.faults.silent_views = false;
  EXPECT_THAT(phone_.Sync(), IsOk());
  EXPECT_TRUE(Preview().has_view);
}

TEST_F(TeamViewKeptTest, ADamagedViewIsDroppedAndAskedForAgain) {
  ServerCounts(3);
  HearView();
  Sql("UPDATE team_view SET bytes = substr(bytes, 1, length(bytes) - 1)");
  EXPECT_FALSE(Preview().has_view);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 500'000);
  Sql("UPDATE policy_texts SET text = x'2a'");
  EXPECT_TRUE(Preview().policies.empty());
  EXPECT_FALSE(Preview().missing.empty());
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(OnlyPolicy().determination.amount_vnd(), 500'000);
  EXPECT_EQ(said_.texts_sent, 2);
  Sql("UPDATE shown SET facts = x'ff', events = x'01'");
  phone_.client->WantTeamView();
  EXPECT_THAT(phone_.Sync(), IsOk());
}

TEST_F(TeamViewKeptTest, AFileOfTheFirstFormatOpensWithAllItHolds) {
  Record(3);
  Sql("DROP TABLE team_view; DROP TABLE policy_texts; DROP TABLE shown; "
      "DROP TABLE differences; DROP TABLE followed; DROP TABLE following; "
      "DROP INDEX batches_unproven; DROP INDEX batches_by_checkpoint; "
      "ALTER TABLE batches DROP COLUMN checkpoint; "
      "ALTER TABLE batches DROP COLUMN proof; "
      "ALTER TABLE batches DROP COLUMN proof_tries; "
      "ALTER TABLE epochs DROP COLUMN tree_size; "
      "DROP TABLE checkpoints; DROP TABLE evidence; "
      "PRAGMA user_version = 1");
  EXPECT_EQ(phone_.Waiting(), 3u);
  HearView();
  EXPECT_EQ(phone_.Waiting(), 0u);
  phone_.Open();
  EXPECT_TRUE(Preview().has_view);
}

TEST_F(TeamViewKeptTest, AnotherEpochsViewIsForgotten) {
  const FakeServer::Log backup = server_.Backup();
  ServerCounts(3);
  HearView();
  server_.RestoreUnderNextEpoch(backup);
  server_.team_view = nullptr;
  Record(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_FALSE(Preview().has_view);
}

TEST_F(TeamViewKeptTest, WhatIsKeptIsBounded) {
  HearView();
  for (int i = 0; i < 60; ++i) {
    Preview();
    ServerCounts(i % 2 == 0 ? 3 : 0);
    phone_.client->WantTeamView();
    ASSERT_THAT(phone_.Sync(), IsOk());
  }
  const std::vector<Difference> all = Differences();
  EXPECT_EQ(all.size(), kDifferencesMax);
  EXPECT_GT(all.front().id, 1u);
  std::vector<v1::Event> events(2000, Outreach());
  ASSERT_THAT(phone_.client->RecordAll(events).status(), IsOk());
  const MonthPreview preview = Preview();
  EXPECT_EQ(preview.own_events.size(), kOwnEventsMax);
  EXPECT_EQ(preview.own_events_left_out, 1500);
  EXPECT_EQ(preview.policies[0].determination.metrics(0).numerator(), 2000);
}

TEST_F(TeamViewKeptTest, AScreenThatIsDrawnAgainWritesNothing) {
  HearView();
  Record(1);
  Preview();
  int commits = 0;
  phone_.on_step = [&commits](absl::string_view step) {
    commits += step == "shown" ? 1 : 0;
  };
  phone_.Open();
  for (int i = 0; i < 5; ++i) Preview();
  EXPECT_EQ(commits, 1) << "once after opening";
}

}  // namespace
}  // namespace thon::client
