// Goal: a phone is told all of its own team and nothing of another, only as
// much as it lacks, and facts from which its engine comes to the server's
// determination. Method: a province on a real engine with simulated time; views
// are read from its rows.
#include "server/engine/team_view.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/core/limits.h"
#include "server/policy/explain.h"
#include "server/policy/facts_proto.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/row_keys.h"
#include "tests/support/province.h"
#include "tests/support/status_matchers.h"
#include "tests/support/wire_phone.h"

namespace thon::testing {
namespace {

constexpr char kPilot[] = R"(policy: A-2023
version: 1
title: Thí điểm
issuer: Tỉnh Yên Bái
status: IN_FORCE
basis:
  - {document: 1/2023/NQ-HĐND, issued: 2023-01-09, issuer: HĐND tỉnh}
period: {from: 2023-01-01, to: 2024-12-31, source: S1}
EXTRA
beneficiary: {level: VILLAGE, kinds: [thôn], source: S2}
team_must_exist: {on: last_day_of_month, assumption: A1}
suspended_days: {full_month: no_pay, partial: hold, assumption: A2}
conditions: {all: [{metric: M02, at_least: 2, source: S3}]}
amount: {per: team_month, vnd: 300000, source: S4}
funding: {required: false, source: S5}
)";

std::string Pilot(int version, const std::string& extra = "") {
  return absl::StrReplaceAll(
      kPilot,
      {{"version: 1", absl::StrCat("version: ", version)}, {"EXTRA\n", extra}});
}

class TeamViewTest : public ::testing::Test {
 protected:
  TeamViewTest()
      : province_(absl::StrCat(::testing::TempDir(), "thon_team_view_",
                               ::getpid())) {}

  void SetUp() override {
    province_.SetUp();
    Publish("A-2023", 1, Pilot(1));
    province_.AdvanceTo("2023-06-05T08:00:00+07:00");
  }

  void Publish(const std::string& id, int version, const std::string& yaml) {
    v1::Event event;
    v1::PolicyPublished* const policy = event.mutable_policy_published();
    policy->set_policy_id(id);
    policy->set_version(version);
    policy->set_issuer_unit_id(Province::kProvinceUnit);
    policy->set_text_hash(std::string(province_.PutDocument(yaml).view()));
    policy->mutable_document()->set_number("1/2023/NQ-HĐND");
    policy->mutable_document()->set_issue_date(Day("2023-01-09"));
    policy->mutable_document()->set_issuer("HĐND tỉnh Yên Bái");
    Must(event);
  }
  void Must(const v1::Event& event) {
    const absl::StatusOr<v1::CommandOutcome> outcome = province_.Submit(event);
    ASSERT_THAT(outcome, IsOk());
    ASSERT_TRUE(outcome->effective()) << outcome->detail();
  }

  v1::EnrolRequest Request(const TestPhone& phone, std::uint64_t team) {
    return phone.EnrolRequest(
        province_.CodeFor(TeamId(team), MemberId(10 * team + 1)));
  }
  void Enrol(const v1::EnrolRequest& request) {
    EnrolmentRequest wanted;
    wanted.code = request.code();
    wanted.public_key = request.public_key();
    wanted.possession_signature = request.possession_signature();
    wanted.predecessor = request.predecessor();
    wanted.predecessor_signature = request.predecessor_signature();
    ASSERT_THAT(Await<Enrolment>([&](Done<Enrolment> done) {
                  province_.engine().Enrol(wanted, std::move(done));
                }),
                IsOk());
  }
  void Send(TestPhone* phone, int count) {
    OfferedBatch batch =
        province_.engine().Admit(phone->author(), phone->Next(count));
    const absl::StatusOr<v1::Answer> answer =
        Await<v1::Answer>([&](Done<v1::Answer> done) {
          ASSERT_EQ(province_.engine().Offer(
                        &batch,
                        [done](Answered answered) {
                          if (answered.status.ok()) {
                            done(answered.answer);
                          } else {
                            done(answered.status);
                          }
                        },
                        [] {}),
                    OfferStatus::kTaken);
        });
    ASSERT_THAT(answer, IsOk());
    ASSERT_EQ(answer->code(), v1::ANSWER_CODE_RECORDED);
  }
  v1::TeamView View(
      const AuthorId& author, std::int32_t first_month = 202305,
      const std::vector<std::pair<std::string, int>>& known = {}) {
    v1::TeamViewRequest request;
    request.set_first_month(first_month);
    for (const auto& [id, version] : known) {
      v1::PolicyName* const name = request.add_known_policies();
      name->set_policy_id(id);
      name->set_version(version);
    }
    EXPECT_THAT(CheckTeamViewRequest(request), IsOk());
    const std::unique_ptr<RowReader> rows = province_.Rows();
    return BuildTeamView(*rows, province_.engine().rows_position(), author,
                         request);
  }

  Province province_;
};

TEST_F(TeamViewTest, ItIsOfTheOwnTeamWithFactsThatGiveTheServersRows) {
  TestPhone phone(1);
  Enrol(Request(phone, 1));
  Send(&phone, 3);
  const v1::TeamView view = View(phone.author());
  EXPECT_EQ(view.end_sequence(), 4u);
  EXPECT_EQ(view.position(), province_.engine().rows_position().value);
  EXPECT_EQ(view.team().team_id(), 1u);
  EXPECT_EQ(view.team().members_size(), 2);
  EXPECT_EQ(view.team().founded_position(), 0u);
  ASSERT_EQ(view.months_size(), 2);
  EXPECT_EQ(view.months(0).month(), 202305);
  EXPECT_EQ(view.months(1).month(), 202306);
  std::map<std::pair<std::string, int>, Policy> policies;
  for (const v1::PolicyText& text : view.policies()) {
    PolicyText parsed = ParsePolicy(text.text(), "view");
    ASSERT_TRUE(parsed.ok()) << text.name().policy_id();
    policies[{text.name().policy_id(), text.name().version()}] =
        std::move(parsed.policy);
  }
  EXPECT_EQ(policies.size(), 2u);
  int determinations = 0;
  for (const v1::TeamMonthView& month : view.months()) {
    for (const v1::DeterminationView& said : month.determinations()) {
      ++determinations;
      const Policy& policy =
          policies.at({said.policy().policy_id(), said.policy().version()});
      ASSERT_OK_AND_ASSIGN(const BeneficiaryFacts facts,
                           FromProto(policy, said.facts()));
      const v1::Determination own =
          ToRow(policy, Determine(policy, facts, Month(month.month())),
                Position(said.determination().policy_position()));
      EXPECT_EQ(own.ShortDebugString(),
                said.determination().ShortDebugString());
    }
  }
  EXPECT_GE(determinations, 3);
  const v1::DeterminationView& pilot = view.months(1).determinations(0);
  EXPECT_EQ(pilot.policy().policy_id(), "A-2023");
  EXPECT_EQ(view.months(0).activity().activities() +
                view.months(1).activity().activities(),
            3);
}

TEST_F(TeamViewTest, AnotherTeamsAuthorHearsOfItsOwn) {
  TestPhone one(1);
  TestPhone two(2, 2, 21);
  Enrol(Request(one, 1));
  Enrol(Request(two, 2));
  EXPECT_EQ(View(one.author()).team().team_id(), 1u);
  EXPECT_EQ(View(two.author()).team().team_id(), 2u);
  EXPECT_EQ(View(two.author()).end_sequence(), 1u);
}

TEST_F(TeamViewTest, WhoHasNotProvedToBeOfATeamHearsNothing) {
  TestPhone phone(1);
  EXPECT_FALSE(View(phone.author()).has_team()) << "unknown";
  Enrol(Request(phone, 1));
  EXPECT_TRUE(View(phone.author()).has_team());

  const SigningKey old_key = *SigningKey::FromSeed(std::string(32, 'o'));
  const SigningKey new_key = *SigningKey::FromSeed(std::string(32, 'n'));
  const auto enrol = [&](const SigningKey& key, const std::string& code,
                         const SigningKey* predecessor) {
    v1::EnrolRequest request;
    request.set_code(code);
    request.set_public_key(std::string(key.public_key().view()));
    if (predecessor != nullptr) {
      request.set_predecessor(
          std::string(predecessor->public_key().author().view()));
      request.set_predecessor_signature(std::string(
          predecessor->Sign(kSuccessorContext, request.public_key()).view()));
    }
    request.set_possession_signature(std::string(
        key.Sign(kEnrolContext, absl::StrCat(Sha256Of(request.code()).view(),
                                             request.predecessor()))
            .view()));
    Enrol(request);
  };
  enrol(old_key, province_.CodeFor(TeamId(1), MemberId(11)), nullptr);
  enrol(new_key, "", &old_key);
  const AuthorId successor = new_key.public_key().author();
  EXPECT_FALSE(View(successor).has_team()) << "not confirmed";
  v1::Event event;
  event.mutable_successor_confirmed()->set_author(
      std::string(successor.view()));
  event.mutable_successor_confirmed()->set_reason("cùng một máy");
  Must(event);
  EXPECT_TRUE(View(successor).has_team());

  event.Clear();
  event.mutable_author_revoked()->set_author(std::string(successor.view()));
  event.mutable_author_revoked()->set_reason("mất máy");
  Must(event);
  const v1::TeamView revoked = View(successor);
  EXPECT_FALSE(revoked.has_team());
  EXPECT_EQ(revoked.months_size() + revoked.policies_size(), 0);
}

TEST_F(TeamViewTest, ATextThatThePhoneHasIsNotSentAgain) {
  TestPhone phone(1);
  Enrol(Request(phone, 1));
  const v1::TeamView view =
      View(phone.author(), 202306, {{"A-2023", 1}, {"YB-2023", 9}});
  ASSERT_EQ(view.policies_size(), 2);
  EXPECT_EQ(view.policies(0).name().policy_id(), "A-2023");
  EXPECT_TRUE(view.policies(0).text().empty());
  EXPECT_EQ(view.policies(1).name().version(), 1);
  EXPECT_FALSE(view.policies(1).text().empty());
}

TEST_F(TeamViewTest, TheVersionThatHoldsNextMonthComesWithTheView) {
  TestPhone phone(1);
  Enrol(Request(phone, 1));
  Publish("A-2023", 2, Pilot(2, "effective_from: 2023-07-01\n"));
  const v1::TeamView view = View(phone.author(), 202306);
  std::set<int> versions;
  for (const v1::PolicyText& text : view.policies()) {
    if (text.name().policy_id() == "A-2023") {
      versions.insert(text.name().version());
    }
  }
  EXPECT_EQ(versions, (std::set<int>{1, 2}));
  EXPECT_EQ(view.months(0).determinations(0).policy().version(), 1);
}

TEST_F(TeamViewTest, ASupersededPolicySaysWhatTheServerSays) {
  TestPhone phone(1);
  Enrol(Request(phone, 1));
  v1::Event event;
  event.mutable_policy_superseded()->set_policy_id("A-2023");
  event.mutable_policy_superseded()->set_end_date(Day("2023-06-01"));
  Must(event);
  const v1::TeamView view = View(phone.author(), 202306);
  const v1::DeterminationView& said = view.months(0).determinations(0);
  ASSERT_EQ(said.policy().policy_id(), "A-2023");
  EXPECT_EQ(said.determination().reasons(0), v1::REASON_CODE_POLICY_ENDED);
}

TEST_F(TeamViewTest, SixMonthsAtMostTheNewestUpToTheLastDayOpened) {
  TestPhone phone(1);
  Enrol(Request(phone, 1));
  province_.AdvanceTo("2023-12-02T08:00:00+07:00");
  v1::TeamView view = View(phone.author(), 202301);
  ASSERT_EQ(view.months_size(), kTeamViewMonthsMax);
  EXPECT_EQ(view.months(0).month(), 202307);
  EXPECT_EQ(view.months(5).month(), 202312);
  view = View(phone.author(), 202311);
  ASSERT_EQ(view.months_size(), 2);
  EXPECT_EQ(view.months(0).month(), 202311);
  view = View(phone.author(), 202401);
  EXPECT_LE(view.months_size(), 1) << "a month that has not begun";
}

TEST_F(TeamViewTest, ARequestThatCannotBeIsRefused) {
  v1::TeamViewRequest request;
  EXPECT_THAT(CheckTeamViewRequest(request),
              StatusIs(absl::StatusCode::kInvalidArgument, "first_month"));
  request.set_first_month(202313);
  EXPECT_THAT(CheckTeamViewRequest(request),
              StatusIs(absl::StatusCode::kInvalidArgument, "first_month"));
  request.set_first_month(202312);
  EXPECT_THAT(CheckTeamViewRequest(request), IsOk());
  for (int i = 0; i <= kKnownPoliciesMax; ++i) request.add_known_policies();
  EXPECT_THAT(CheckTeamViewRequest(request),
              StatusIs(absl::StatusCode::kInvalidArgument, "known_policies"));
}

TEST_F(TeamViewTest, TheReplyIsBoundedHoweverLargeThePoliciesAre) {
  TestPhone phone(1);
  Enrol(Request(phone, 1));
  for (int i = 0; i < 6; ++i) {
    const std::string id = absl::StrCat("B-", i);
    std::string yaml = absl::StrReplaceAll(Pilot(1), {{"A-2023", id}});
    absl::StrAppend(&yaml, "# ", std::string(200'000, 'x'), "\n");
    Publish(id, 1, yaml);
  }
  const v1::TeamView view = View(phone.author(), 202306);
  EXPECT_LE(view.ByteSizeLong(), limits::kReplyBytesMax);
  std::size_t bytes = 0;
  int empty = 0;
  for (const v1::PolicyText& text : view.policies()) {
    bytes += text.text().size();
    empty += text.text().empty() ? 1 : 0;
  }
  EXPECT_EQ(view.policies_size(), 8);
  EXPECT_LE(bytes, kTeamViewTextBytesMax);
  EXPECT_GT(empty, 0) << "the rest is asked for again";
}

}  // namespace
}  // namespace thon::testing
