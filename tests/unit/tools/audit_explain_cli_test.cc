// Goal: what `thon audit explain` says of a month's update, who handed it in
// and who confirmed or returned it, is named, and proven like all else. Method:
// the program's own function against a real server; a policy that needs the
// confirmation, and acts of which each changes the month or does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/tools/audit_cli_fixture.h"

namespace thon::testing {
namespace {

using cli::Json;
using ::testing::HasSubstr;

// What an explanation of June rests on for the monthly update, by kind.
class UpdateExplainedTest : public AuditCliTest {
 protected:
  static constexpr int kJune = 202306;

  void SetUp() override {
    AuditCliTest::SetUp();
    province_.AdvanceTo("2023-07-02T08:00:00+07:00");
    std::string policy = ReadSource("/deploy/policies/yen-bai-2023.yaml");
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{
             {"policy: YB-2023", "policy: YB-CONFIRMED"},
             {"rule: forbid", "rule: allow"},
             {"required: false\n  record_missing",
              "required: true\n  confirm_before_day: 11\n  record_missing"}}) {
      const std::size_t at = policy.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      policy.replace(at, from.size(), to);
    }
    v1::Event event;
    v1::PolicyPublished* const published = event.mutable_policy_published();
    published->set_policy_id("YB-CONFIRMED");
    published->set_version(1);
    published->set_issuer_unit_id(Province::kProvinceUnit);
    published->set_text_hash(std::string(province_.PutDocument(policy).view()));
    published->mutable_document()->set_number("61/2023/NQ-HĐND");
    published->mutable_document()->set_issue_date(Day("2023-06-01"));
    published->mutable_document()->set_issuer("HĐND tỉnh Yên Bái");
    Must(event);
  }

  static std::string ReadSource(const std::string& path) {
    return *cli::ReadFile(THON_SOURCE_DIR + path);
  }
  void Must(const v1::Event& event) {
    const auto outcome = province_.Submit(event);
    ASSERT_THAT(outcome, IsOk());
    ASSERT_TRUE(outcome->effective()) << outcome->detail();
    AwaitAllRows();
  }
  std::uint64_t Last() { return LastPosition().value; }

  // A phone of team 1 hands June in; its position.
  std::uint64_t HandIn(std::uint64_t seed) {
    const TestPhone phone = EnrolledPhone(seed);
    v1::Batch batch;
    batch.set_author(std::string(phone.author().view()));
    batch.set_first_sequence(1);
    v1::Event* const event = batch.add_events();
    event->set_sequence(1);
    event->set_team_id(1);
    event->set_member_id(11);
    event->set_wall_time_ms(province_.engine().status().server_time.ms);
    event->mutable_monthly_update_submitted()->set_period_month(kJune);
    SyncCall call(sync_.get());
    call.Greet(phone);
    const v1::Answer answer = call.Answer(SealBatch(batch, phone.key()));
    EXPECT_EQ(answer.code(), v1::ANSWER_CODE_RECORDED);
    call.CloseSend();
    EXPECT_TRUE(call.End().ok());
    AwaitAllRows();
    return answer.receipt().first_position();
  }
  std::uint64_t Confirm(std::uint64_t team = 1, int month = kJune) {
    v1::Event event;
    auto* const confirmed = event.mutable_monthly_update_confirmed();
    confirmed->set_team_id(team);
    confirmed->set_period_month(month);
    confirmed->set_by_level(v1::UNIT_LEVEL_COMMUNE);
    Must(event);
    return Last();
  }
  std::uint64_t Return() {
    v1::Event event;
    auto* const returned = event.mutable_monthly_update_returned();
    returned->set_team_id(1);
    returned->set_period_month(kJune);
    returned->set_by_level(v1::UNIT_LEVEL_COMMUNE);
    returned->set_reason("thiếu số liệu");
    Must(event);
    return Last();
  }

  // The evidence for the monthly update: kind by position.
  std::map<std::uint64_t, std::string> UpdateEvidence(
      const std::string& policy = "YB-CONFIRMED") {
    const Json explained =
        RunJson({"audit", "explain", "1", "2023-06", "--policy", policy});
    std::map<std::uint64_t, std::string> found;
    for (const Json& one : explained["evidence"]) {
      for (const std::string why : one["why"]) {
        if (why == "monthly_update") found[one["position"]] = one["kind"];
      }
      EXPECT_EQ(one["signature_holds"], true);
      EXPECT_EQ(one["inclusion_holds"], true);
    }
    return found;
  }
};

TEST_F(UpdateExplainedTest, TheUpdateAndWhoConfirmedItAreNamedAndProven) {
  using Found = std::map<std::uint64_t, std::string>;
  const std::string kSubmitted = "monthly_update_submitted";
  const std::string kConfirmed = "monthly_update_confirmed";
  const std::string kReturned = "monthly_update_returned";

  Confirm(2);  // Another team's.
  const std::uint64_t handed_in = HandIn(901);
  province_.AdvanceTo("2023-07-12T08:00:00+07:00");
  AwaitAllRows();
  EXPECT_EQ(UpdateEvidence(), (Found{{handed_in, kSubmitted}}))
      << "nobody has said anything";

  Confirm(1, 202307);  // Another month's.
  const std::uint64_t confirmed = Confirm();
  const Found once = {{handed_in, kSubmitted}, {confirmed, kConfirmed}};
  EXPECT_EQ(UpdateEvidence(), once);
  // What changes the month but not the confirmation, and a second confirmation.
  const std::uint64_t late = HandIn(902);
  Confirm();
  Found both = once;
  both[late] = kSubmitted;
  EXPECT_EQ(UpdateEvidence(), both);
  // This policy does not ask who confirmed.
  EXPECT_EQ(UpdateEvidence("YB-2023"),
            (Found{{handed_in, kSubmitted}, {late, kSubmitted}}));

  const std::uint64_t returned = Return();
  EXPECT_EQ(UpdateEvidence(), (Found{{handed_in, kSubmitted},
                                     {late, kSubmitted},
                                     {returned, kReturned}}));
  const std::uint64_t again = Confirm();
  EXPECT_EQ(UpdateEvidence(), (Found{{handed_in, kSubmitted},
                                     {late, kSubmitted},
                                     {again, kConfirmed}}));
  ASSERT_EQ(Run({"audit", "explain", "1", "6/2023", "--policy", "YB-CONFIRMED",
                 "--as-of", absl::StrCat(confirmed)}),
            0)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("báo cáo tháng (monthly update)"));
}

}  // namespace
}  // namespace thon::testing
