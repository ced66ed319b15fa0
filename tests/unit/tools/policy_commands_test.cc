// Goal: thon policy check, explain, diff and simulate say what they found, at
// its place, with the exit code that scripts rely on. Method: whole runs over
// files, with a server in memory where one is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/unit/tools/cli_fixture.h"
#include "tools/thon/session.h"

namespace thon::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const char kPolicy[] = R"(policy: T-1
version: 1
title: A test
issuer: Tỉnh Hà Giang
status: IN_FORCE
basis:
  - {document: 1/2022/NQ-HĐND, issued: 2022-12-09, issuer: HĐND tỉnh}
period: {from: 2023-06-01, to: 2023-12-31, source: S1}
beneficiary: {level: VILLAGE, kinds: [thôn], source: S2}
team_must_exist: {on: last_day_of_month, assumption: nobody knows}
suspended_days: {full_month: no_pay, partial: hold, source: S3}
amount: {per: team_month, vnd: 500.000, source: Điều 4}
funding: {required: true, source: S5}
)";

std::string With(const std::string& from, const std::string& to) {
  return absl::StrReplaceAll(kPolicy, {{from, to}});
}

class PolicyCommandsTest : public CliTest {};

TEST_F(PolicyCommandsTest, AFindingIsALineThatEditorsUnderstand) {
  const std::string file = File("bad.yaml", With("500.000", "500000.5"));
  EXPECT_EQ(RunAlone({"policy", "check", file}), kExitRefused);
  EXPECT_THAT(out_.str(),
              HasSubstr(file + ":12:32: lỗi (error): amount.vnd: "));
  EXPECT_EQ(RunAlone({"policy", "check", file, "--json"}), kExitRefused);
  EXPECT_EQ(Output()[0]["errors"], 1);
  EXPECT_EQ(Output()[0]["findings"][0]["line"], 12);
}

TEST_F(PolicyCommandsTest, AssumptionsStandInASectionOfTheirOwn) {
  const std::string file =
      File("good.yaml",
           absl::StrCat(kPolicy, "review: {on: 2023-12-31, note: look}\n"));
  EXPECT_EQ(RunAlone({"policy", "check", file, "--strict"}), kExitOk);
  const std::string said = out_.str();
  EXPECT_THAT(said, HasSubstr("T-1 v1: hợp lệ, có thể công bố"));
  EXPECT_THAT(said, HasSubstr("Xem xét lại (review) 31/12/2023: look"));
  const std::size_t section = said.find("Giả định");
  ASSERT_NE(section, std::string::npos);
  EXPECT_THAT(
      said.substr(section),
      HasSubstr("giả định (assumption): team_must_exist: nobody knows"));
  EXPECT_THAT(said.substr(0, section), Not(HasSubstr("nobody knows")));
  EXPECT_EQ(RunAlone({"policy", "check", file, "--json"}), kExitOk);
  EXPECT_EQ(Output()[0]["assumptions"].size(), 1u);
  EXPECT_EQ(Output()[0]["reviewOn"], "2023-12-31");
}

TEST_F(PolicyCommandsTest, AWarningFailsOnlyIfAskedTo) {
  const std::string file =
      File("warn.yaml",
           absl::StrCat(kPolicy, "review: {on: 2023-11-30, note: x}\n"));
  EXPECT_EQ(RunAlone({"policy", "check", file}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("cảnh báo (warning): review.on: "));
  EXPECT_EQ(RunAlone({"policy", "check", file, "--strict"}), kExitRefused);
}

TEST_F(PolicyCommandsTest, FilesAreCheckedAgainstEachOther) {
  const std::string one = File(
      "one.yaml",
      absl::StrCat(kPolicy, "double_support: {rule: forbid, source: S}\n"));
  const std::string two = File("two.yaml", With("T-1", "T-2"));
  EXPECT_EQ(RunAlone({"policy", "check", one, two}), kExitOk);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr(one + ":14:"), HasSubstr(two + ":8"),
                                HasSubstr("would pay the same teams")));
  EXPECT_EQ(RunAlone({"policy", "check", one}), kExitOk);
  EXPECT_THAT(out_.str(), Not(HasSubstr("warning")));
}

TEST_F(PolicyCommandsTest, AServersPoliciesAndMapAreLookedAtIfAskedTo) {
  v1::PolicyRow* const row = server_.policies.add_policies();
  row->set_policy_id("T-2");
  row->set_version(1);
  row->set_text(With("T-1", "T-2"));
  const std::string file = File(
      "one.yaml",
      absl::StrCat(kPolicy, "double_support: {rule: forbid, source: S}\n"));
  EXPECT_EQ(Run({"policy", "check", file, "--against-server"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("see đã công bố (published) T-2 v1:8"));
  EXPECT_THAT(out_.str(), HasSubstr("cảnh báo (warning): issuer: "));
  // The published version itself is no other policy.
  row->set_policy_id("T-1");
  row->set_text(
      absl::StrCat(kPolicy, "double_support: {rule: forbid, source: S}\n"));
  EXPECT_EQ(Run({"policy", "check", file, "--against-server"}), kExitOk);
  EXPECT_THAT(out_.str(), Not(HasSubstr("(published) ")));
  // Another text under a published number is an error.
  const std::string known =
      File("known.yaml", With("Tỉnh Hà Giang", "Tỉnh Yên Bái"));
  EXPECT_EQ(Run({"policy", "check", known, "--against-server"}), kExitRefused);
  EXPECT_THAT(out_.str(), HasSubstr("lỗi (error): version: "));
  server_.policies.Clear();
  EXPECT_EQ(Run({"policy", "check", known, "--against-server"}), kExitOk);
  EXPECT_THAT(out_.str(), Not(HasSubstr("cảnh báo (warning): issuer: ")));
}

TEST_F(PolicyCommandsTest, APolicyIsToldInTheLanguageAskedFor) {
  const std::string file = File("good.yaml", kPolicy);
  EXPECT_EQ(RunAlone({"policy", "explain", file}), kExitOk);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("Mức hỗ trợ: 500.000 đồng cho một tổ trong một "
                              "tháng."),
                    HasSubstr("Amount: 500.000 đồng for a team and month."),
                    HasSubstr("căn cứ (source): Điều 4"),
                    HasSubstr("giả định (assumption): nobody knows"),
                    HasSubstr("Số quy định dựa trên giả định: ")));
  EXPECT_EQ(RunAlone({"policy", "explain", file, "--lang", "vi"}), kExitOk);
  EXPECT_THAT(out_.str(),
              AllOf(Not(HasSubstr("Amount:")), HasSubstr("căn cứ: Điều 4")));
  EXPECT_EQ(RunAlone({"policy", "explain", file, "--lang", "en"}), kExitOk);
  EXPECT_THAT(out_.str(), Not(HasSubstr("Mức hỗ trợ")));
  EXPECT_EQ(RunAlone({"policy", "explain", file, "--lang", "fr"}), kExitUsage);
  EXPECT_EQ(RunAlone({"policy", "explain", file, "--json"}), kExitOk);
  EXPECT_EQ(Output()["policyId"], "T-1");
  EXPECT_GT(Output()["statements"].size(), 8u);
}

TEST_F(PolicyCommandsTest, EveryDeployedPolicyIsTold) {
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           THON_SOURCE_DIR "/deploy/policies")) {
    if (entry.path().extension() != ".yaml") continue;
    ++files;
    EXPECT_EQ(RunAlone({"policy", "check", entry.path(), "--strict"}), kExitOk)
        << entry.path() << out_.str();
    EXPECT_EQ(RunAlone({"policy", "explain", entry.path()}), kExitOk);
    EXPECT_THAT(out_.str(), HasSubstr("Chính sách "));
  }
  EXPECT_EQ(files, 7);
}

TEST_F(PolicyCommandsTest, ADifferenceIsNamedWithBothValuesAndItsMoney) {
  const std::string one = File("one.yaml", kPolicy);
  const std::string two = File("two.yaml", With("500.000", "600.000"));
  EXPECT_EQ(RunAlone({"policy", "diff", one, one}), kExitOk);
  EXPECT_EQ(RunAlone({"policy", "diff", one, two}), kExitRefused);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("amount.vnd\n  500.000 đồng → 600.000 đồng\n"),
                    HasSubstr("Một tổ, cả thời gian: 3.500.000 đồng → "
                              "4.200.000 đồng (+700.000 đồng).")));
  EXPECT_EQ(RunAlone({"policy", "diff", one, two, "--json"}), kExitRefused);
  EXPECT_EQ(Output()["differences"].size(), 1u);
  EXPECT_EQ(Output()["differences"][0]["path"], "amount.vnd");
  const std::string bad = File("bad.yaml", "policy: x\n");
  EXPECT_EQ(RunAlone({"policy", "diff", one, bad}), kExitRefused);
  EXPECT_THAT(err_.str(), HasSubstr("error"));
}

TEST_F(PolicyCommandsTest, ASimulationSaysThatItIsOne) {
  server_.simulated.set_total_vnd(1'500'000'000);
  v1::DeterminationSum* const sum = server_.simulated.add_sums();
  sum->set_month(202407);
  sum->set_beneficiary_kind(v1::BENEFICIARY_KIND_TEAM);
  sum->set_state(v1::DETERMINATION_STATE_PROVISIONAL);
  sum->set_reason(v1::REASON_CODE_COVERED);
  sum->set_count(1000);
  sum->set_amount_vnd(1'500'000'000);
  const std::string file = File("draft.yaml", kPolicy);
  EXPECT_EQ(Run({"policy", "simulate", file, "--issuer", "1000001", "--from",
                 "2024-07", "--to", "07/2024", "--assume-funded"}),
            kExitOk);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("MÔ PHỎNG"), HasSubstr("SIMULATION"),
                    HasSubstr("1.500.000.000 đồng"), HasSubstr("1.000")));
  EXPECT_EQ(server_.simulation.issuer_unit_id(), 1'000'001u);
  EXPECT_EQ(server_.simulation.first_month(), 202407);
  EXPECT_EQ(server_.simulation.last_month(), 202407);
  EXPECT_TRUE(server_.simulation.assume_funded());
  EXPECT_EQ(server_.simulation.yaml(), kPolicy);
  EXPECT_EQ(Run({"policy", "simulate", file, "--issuer", "1000001", "--json"}),
            kExitOk);
  EXPECT_EQ(Output()["simulation"], true);
  EXPECT_EQ(Run({"policy", "simulate", file, "--issuer", "x"}), kExitUsage);
}

}  // namespace
}  // namespace thon::cli
