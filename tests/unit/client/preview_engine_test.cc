// Goal: what a phone computes offline is what the server says of the same
// events, to the đồng and to the unit of every metric; and where it cannot be,
// the difference is named. Method: libthon against a real engine with simulated
// time and without a network; random days of work under a policy for each
// metric that activities feed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/projections/row_keys.h"
#include "tests/support/engine_transport.h"
#include "tests/support/province.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/preview_server.h"
#include "thon/client.h"

namespace thon::testing {
namespace {

using client::Difference;
using client::MonthPreview;
using client::PolicyPreview;
using ::testing::HasSubstr;

const Month kJune = Month::Of(2023, 6);
const Month kJuly = Month::Of(2023, 7);
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 24 * 60 * kMinuteMs;

// A phone's clock: right, in one boot.
class SimClock final : public client::DeviceClock {
 public:
  std::int64_t WallMs() const override { return now_ms; }
  std::int64_t MonotonicMs() const override {
    return now_ms - 1'600'000'000'000;
  }
  std::uint32_t Boot() const override { return 1; }
  std::int64_t now_ms = 0;
};

// What conditions ask, beside the threshold.
constexpr const char* kMetrics[] = {
    "M01",
    "M02",
    "M03",
    "M08",
    "M09",
    "M09, topic: DIGITAL_PLATFORMS",
    "M09, topic: FRAUD_PREVENTION",
    "M10",
    "M10, app: VNeID, basis: PERSON",
    "M11",
    "M11, account: EWALLET",
    "M19",
    "M19, audience: RESIDENTS, count: attendees",
    "M02, over: quarter",
    "M03, over: year",
    "M08, over: window",
    "M10, over: quarter",
};

class PreviewEngineTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kTeam = 1;

  PreviewEngineTest()
      : directory_(
            absl::StrCat(::testing::TempDir(), "thon_preview_", ::getpid())),
        province_(directory_ + "_province") {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    transport_.tell_standings = true;
  }
  ~PreviewEngineTest() override {
    phones_.clear();
    province_.Close();
    std::filesystem::remove_all(directory_);
  }

  void SetUp() override {
    province_.SetUp();
    MoveTo(*ParseInstant("2023-06-01T08:00:00+07:00"));
  }

  void Publish(const std::string& id, std::string yaml) {
    yaml = absl::StrReplaceAll(yaml, {{"THR-2023", id}});
    v1::Event event;
    v1::PolicyPublished* const policy = event.mutable_policy_published();
    policy->set_policy_id(id);
    policy->set_version(1);
    policy->set_issuer_unit_id(Province::kProvinceUnit);
    policy->set_text_hash(std::string(province_.PutDocument(yaml).view()));
    policy->mutable_document()->set_number("1/2022/NQ-HĐND");
    policy->mutable_document()->set_issue_date(
        ParseIsoDate("2022-12-09")->days);
    policy->mutable_document()->set_issuer("HĐND tỉnh Yên Bái");
    const absl::StatusOr<v1::CommandOutcome> outcome = province_.Submit(event);
    ASSERT_THAT(outcome, IsOk());
    ASSERT_TRUE(outcome->effective()) << outcome->detail() << "\n" << yaml;
  }
  void MoveTo(Instant to) {
    province_.AdvanceTo(to);
    clock_.now_ms = to.ms;
  }
  client::Client* NewPhone(std::uint64_t member) {
    client::Options options;
    options.path = absl::StrCat(directory_, "/phone", phones_.size(), ".db");
    options.clock = &clock_;
    options.random_seed = 1 + phones_.size();
    options.app_version = "test";
    auto opened = client::Client::Open(options, &transport_);
    EXPECT_THAT(opened.status(), IsOk());
    phones_.push_back(*std::move(opened));
    EXPECT_THAT(phones_.back()->Enrol(
                    province_.CodeFor(TeamId(kTeam), MemberId(member))),
                IsOk());
    return phones_.back().get();
  }
  static absl::Status Sync(client::Client* phone) {
    return phone->SyncOnce(60'000);
  }
  v1::Determination ServerSays(const std::string& policy, Month month) {
    const auto rows = province_.Rows();
    return GetRow<v1::Determination>(
               *rows, Table::kDetermination,
               keys::Determination(policy, month, v1::BENEFICIARY_KIND_TEAM,
                                   kTeam))
        .value_or(v1::Determination());
  }
  // Work as a team reports it; of every type that counts.
  v1::Event RandomEvent(std::mt19937_64* random) {
    const auto one_of = [random](std::uint64_t n) {
      return static_cast<int>((*random)() % n);
    };
    v1::Event event;
    event.set_team_id(kTeam);
    event.set_member_id(11 + static_cast<std::uint64_t>(one_of(2)));
    if (one_of(5) == 0) {
      event.set_claimed_date(
          TimeZone::VietNam().DateOf(Instant(clock_.now_ms)).days - one_of(4));
    }
    switch (one_of(10)) {
      case 0:
        event.mutable_task_completed()->set_task_id(3);
        event.mutable_task_completed()->set_result(one_of(9));
        break;
      case 1: {
        v1::HouseholdVisit* const visit = event.mutable_household_visit();
        visit->set_household(
            std::string(16, static_cast<char>('a' + one_of(9))));
        visit->set_outcome(static_cast<v1::VisitOutcome>(1 + one_of(4)));
        for (int i = one_of(3); i > 0; --i) {
          visit->add_topics(static_cast<v1::Topic>(1 + one_of(6)));
        }
        break;
      }
      case 2: {
        v1::AppInstallAssisted* const install =
            event.mutable_app_install_assisted();
        install->set_app(one_of(2) == 0 ? "VNeID" : "YenBai-S");
        install->set_count(1 + one_of(20));
        install->set_basis(static_cast<v1::CountBasis>(1 + one_of(2)));
        break;
      }
      case 3:
        event.mutable_account_opened_assisted()->set_kind(
            static_cast<v1::AccountKind>(1 + one_of(5)));
        event.mutable_account_opened_assisted()->set_count(1 + one_of(9));
        break;
      case 4:
        event.mutable_online_dossier_assisted()->set_count(1 + one_of(9));
        event.mutable_online_dossier_assisted()->set_stage(
            static_cast<v1::DossierStage>(1 + one_of(2)));
        break;
      case 5:
        event.mutable_training_held()->set_audience(
            static_cast<v1::Audience>(1 + one_of(3)));
        event.mutable_training_held()->set_topic(
            static_cast<v1::Topic>(1 + one_of(6)));
        event.mutable_training_held()->set_hours(2);
        event.mutable_training_held()->set_attendees(one_of(40));
        break;
      case 6:
        event.mutable_fraud_warning_issued()->set_channel(v1::CHANNEL_ZALO);
        event.mutable_fraud_warning_issued()->set_reach(one_of(100));
        break;
      case 7:
        event.mutable_digital_shop_supported()->set_kind("tạp hoá");
        event.mutable_digital_shop_supported()->set_count(1 + one_of(3));
        break;
      case 8: {
        v1::MonthlyUpdateSubmitted* const update =
            event.mutable_monthly_update_submitted();
        update->set_period_month(kJune.yyyymm);
        break;
      }
      default:
        event.mutable_outreach_session()->set_topic(
            static_cast<v1::Topic>(1 + one_of(6)));
        event.mutable_outreach_session()->set_place("nhà văn hoá");
        event.mutable_outreach_session()->set_attendees(one_of(60));
        break;
    }
    return event;
  }

  const std::string directory_;
  Province province_;
  EngineTransport transport_{[this] { return province_.engine_or_null(); }};
  SimClock clock_;
  std::vector<std::unique_ptr<client::Client>> phones_;
};

TEST_F(PreviewEngineTest, WhatAPhoneComputesOfflineIsWhatTheServerSays) {
  std::mt19937_64 random = SeededRandom();
  int number = 0;
  for (const char* const metric : kMetrics) {
    client::TextOptions options;
    options.metric = metric;
    options.target = 1 + static_cast<int>(random() % 60);
    Publish(absl::StrCat("P-", 10 + number++), client::TextOf(options));
  }
  client::Client* const phone = NewPhone(11);
  ASSERT_THAT(phone->PreviewMonth(kJune).status(), IsOk());
  ASSERT_THAT(Sync(phone), IsOk());

  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    const int days = 1 + static_cast<int>(random() % 6);
    for (int day = 0; day < days; ++day) {
      const int events = static_cast<int>(random() % 6);
      for (int i = 0; i < events; ++i) {
        clock_.now_ms += 20 * kMinuteMs;
        ASSERT_THAT(phone->Record(RandomEvent(&random)).status(), IsOk());
      }
      MoveTo(Instant((clock_.now_ms / kDayMs + 1) * kDayMs + 60 * kMinuteMs));
    }
    std::map<std::pair<Month, std::string>, v1::Determination> said;
    for (const Month month : {kJune, kJuly}) {
      ASSERT_OK_AND_ASSIGN(const MonthPreview preview,
                           phone->PreviewMonth(month));
      for (const PolicyPreview& policy : preview.policies) {
        said[{month, policy.policy_id}] = policy.determination;
      }
    }
    ASSERT_THAT(Sync(phone), IsOk());
    ASSERT_EQ(phone->Pending()->events(), 0u);
    ASSERT_OK_AND_ASSIGN(const std::vector<Difference> differences,
                         phone->Differences());
    for (const Difference& one : differences) ADD_FAILURE() << one.text.en;
    for (const auto& [name, row] : said) {
      v1::Determination server = ServerSays(name.second, name.first);
      if (server.state() == v1::DETERMINATION_STATE_UNSPECIFIED) continue;
      v1::Determination own = row;
      // A month that the view did not have: where its text was published is
      // not known to every view.
      own.clear_policy_position();
      server.clear_policy_position();
      EXPECT_EQ(own.ShortDebugString(), server.ShortDebugString())
          << name.second << " " << name.first.Iso();
    }
    for (const Month month : {kJune, kJuly}) {
      ASSERT_OK_AND_ASSIGN(const MonthPreview even, phone->PreviewMonth(month));
      EXPECT_TRUE(even.own_events.empty());
      for (const PolicyPreview& policy : even.policies) {
        if (even.facts_from.valid()) continue;
        EXPECT_EQ(policy.determination.ShortDebugString(),
                  ServerSays(policy.policy_id, month).ShortDebugString());
      }
    }
    if (HasFailure()) return;
  }
  int reached = 0;
  for (int i = 0; i < number; ++i) {
    reached += ServerSays(absl::StrCat("P-", 10 + i), kJune).amount_vnd() > 0;
  }
  EXPECT_GT(reached, 0) << "thresholds that nobody reaches show nothing";
}

TEST_F(PreviewEngineTest, TwoPhonesOfOneSessionAreNamedAsTheReason) {
  client::TextOptions options;
  options.target = 2;
  Publish("THR-2023", client::TextOf(options));
  client::Client* const phone = NewPhone(11);
  client::Client* const other = NewPhone(12);
  ASSERT_THAT(phone->PreviewMonth(kJune).status(), IsOk());
  ASSERT_THAT(Sync(phone), IsOk());
  ASSERT_THAT(Sync(other), IsOk());

  // Each session is reported by both phones, one minute apart.
  const auto report = [&](client::Client* who, std::uint64_t member,
                          const std::string& place) {
    v1::Event session;
    session.set_team_id(kTeam);
    session.set_member_id(member);
    session.mutable_outreach_session()->set_place(place);
    session.mutable_outreach_session()->set_attendees(30);
    ASSERT_THAT(who->Record(session).status(), IsOk());
    MoveTo(Instant(clock_.now_ms + kMinuteMs));
  };
  const auto shown = [&]() -> std::int64_t {
    const absl::StatusOr<MonthPreview> preview = phone->PreviewMonth(kJune);
    EXPECT_THAT(preview.status(), IsOk());
    for (const PolicyPreview& one : preview->policies) {
      if (one.policy_id == "THR-2023" && one.determination.metrics_size() == 1)
        return one.determination.metrics(0).numerator();
    }
    return -1;
  };
  for (const char* const place : {"nhà văn hoá", "chợ"}) {
    report(other, 12, place);
    report(phone, 11, place);
    MoveTo(Instant(clock_.now_ms + 60 * kMinuteMs));
  }
  ASSERT_THAT(Sync(other), IsOk());
  EXPECT_EQ(shown(), 2) << "its own two; the other's are not known";
  ASSERT_THAT(Sync(phone), IsOk());
  EXPECT_TRUE(phone->Differences()->empty()) << "two sessions either way";
  EXPECT_EQ(ServerSays("THR-2023", kJune).amount_vnd(), 500'000);

  // Heard of before: the phone counts twice what the server counts once.
  report(other, 12, "trạm y tế");
  ASSERT_THAT(Sync(other), IsOk());
  province_.Rows();
  phone->WantTeamView();
  ASSERT_THAT(Sync(phone), IsOk());
  report(phone, 11, "trạm y tế");
  EXPECT_EQ(shown(), 4);
  ASSERT_THAT(Sync(phone), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::vector<Difference> all, phone->Differences());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].field, Difference::Field::kMetric);
  EXPECT_EQ(all[0].policy_id, "THR-2023");
  EXPECT_EQ(all[0].phone_said.en, "4");
  EXPECT_EQ(all[0].server_says.en, "3");
  EXPECT_THAT(all[0].because.vi, HasSubstr("trùng buổi"));
  EXPECT_THAT(all[0].because.en, HasSubstr("SAME_SESSION"));
}

TEST_F(PreviewEngineTest, ASupersededPolicyIsRepeatedNotComputed) {
  client::TextOptions options;
  options.target = 1;
  Publish("THR-2023", client::TextOf(options));
  client::Client* const phone = NewPhone(11);
  v1::Event event;
  event.mutable_policy_superseded()->set_policy_id("THR-2023");
  event.mutable_policy_superseded()->set_end_date(
      ParseIsoDate("2023-06-01")->days);
  ASSERT_THAT(province_.Submit(event), IsOk());
  ASSERT_THAT(phone->PreviewMonth(kJune).status(), IsOk());
  ASSERT_THAT(Sync(phone), IsOk());
  v1::Event session;
  session.set_team_id(kTeam);
  session.set_member_id(11);
  session.mutable_outreach_session()->set_attendees(30);
  ASSERT_THAT(phone->Record(session).status(), IsOk());
  ASSERT_OK_AND_ASSIGN(const MonthPreview preview, phone->PreviewMonth(kJune));
  bool found = false;
  for (const PolicyPreview& one : preview.policies) {
    if (one.policy_id != "THR-2023") continue;
    found = true;
    EXPECT_EQ(one.determination.amount_vnd(), 0);
    EXPECT_EQ(one.determination.reasons(0), v1::REASON_CODE_POLICY_ENDED);
  }
  EXPECT_TRUE(found);
  ASSERT_EQ(preview.missing.size(), 1u);
  EXPECT_THAT(preview.missing[0].vi, HasSubstr("không tự tính lại"));
}

}  // namespace
}  // namespace thon::testing
