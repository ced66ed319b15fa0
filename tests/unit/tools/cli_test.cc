// The command line does what it says: dry runs record nothing, what is recorded
// is what the file says, exit codes and JSON are those of the manual.
//
// Method: whole runs of the program's own function against a server in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "server/core/error_info.h"
#include "server/core/hash.h"
#include "tests/unit/tools/cli_fixture.h"
#include "tools/thon/surrogate.h"

namespace thon::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(CliTest, ADryRunRecordsNothing) {
  EXPECT_EQ(Run({"units", "import", UnitsFile(), "--effective", "2023-04-01"}),
            kExitOk);
  EXPECT_THAT(server_.submitted, IsEmpty());
  EXPECT_THAT(server_.documents, IsEmpty());
  EXPECT_THAT(out_.str(), HasSubstr("Dry run"));
}

TEST_F(CliTest, AnImportRecordsTheDocumentAndTheEventThatNamesIt) {
  EXPECT_EQ(Run({"units", "import", UnitsFile(), "--effective", "01/04/2023",
                 "--document", "124/2004/QĐ-TTg", "--issued", "08/07/2004",
                 "--apply", "--json"}),
            kExitOk)
      << err_.str();
  ASSERT_THAT(server_.submitted, SizeIs(1));
  const v1::SubmitRequest& request = server_.submitted[0];
  ASSERT_EQ(request.events_size(), 1);
  const v1::UnitsImported& imported = request.events(0).units_imported();
  EXPECT_EQ(imported.effective_date(), Date::Of(2023, 4, 1).days);
  EXPECT_EQ(imported.document().number(), "124/2004/QĐ-TTg");
  EXPECT_EQ(imported.document().issue_date(), Date::Of(2004, 7, 8).days);
  EXPECT_EQ(request.seen_position(), 77u);
  const std::string& document = server_.documents[imported.units_hash()];
  EXPECT_EQ(Sha256Of(document).view(), imported.units_hash());
  v1::UnitList list;
  ASSERT_TRUE(list.ParseFromString(document));
  EXPECT_EQ(list.units_size(), 3);
  EXPECT_EQ(Output()["applied"], true);
  EXPECT_EQ(Output()["position"], 100);
  EXPECT_EQ(Output()["summary"]["created"], 3);

  // The same again is the same command.
  const std::string key = request.idempotency_key();
  EXPECT_LE(key.size(), 60u);
  Run({"units", "import", UnitsFile(), "--effective", "01/04/2023",
       "--document", "124/2004/QĐ-TTg", "--issued", "08/07/2004", "--apply"});
  EXPECT_EQ(server_.submitted[1].idempotency_key(), key);
}

TEST_F(CliTest, ALargeDocumentTravelsInCallsOfWholeParts) {
  std::string text =
      "code,level,name,parent_code\n02,province,Tỉnh Hà Giang,\n"
      "024,district,Thành phố Hà Giang,02\n";
  for (int i = 10000; i < 40000; ++i) {
    text += std::to_string(i) + ",commune,Xã " + std::string(90, 'x') +
            std::to_string(i) + ",024\n";
  }
  EXPECT_EQ(Run({"units", "import", File("large.csv", text), "--effective",
                 "2023-04-01", "--apply"}),
            kExitOk)
      << err_.str();
  ASSERT_THAT(server_.documents, SizeIs(1));
  const auto& [hash, document] = *server_.documents.begin();
  EXPECT_GT(document.size(), std::size_t{3} << 20);
  EXPECT_EQ(Sha256Of(document).view(), hash);
}

TEST_F(CliTest, OneFaultAndNothingIsRecorded) {
  const std::string file = File("units.csv",
                                "code,level,name,parent_code\n"
                                "02,province,Tỉnh Hà Giang,\n"
                                "24,district,Thành phố Hà Giang,02\n");
  EXPECT_EQ(Run({"units", "import", file, "--effective", "2023-04-01",
                 "--apply", "--json"}),
            kExitRefused);
  EXPECT_THAT(server_.submitted, IsEmpty());
  EXPECT_THAT(server_.documents, IsEmpty());
  const Json json = Output();
  EXPECT_EQ(json["applied"], false);
  EXPECT_EQ(json["errors"], 1);
  const Json& finding = json["findings"][0];
  EXPECT_EQ(finding["line"], 3);
  EXPECT_EQ(finding["severity"], "ERROR");
  EXPECT_EQ(finding["code"], "BAD_CODE");
  EXPECT_EQ(finding["column"], "code");
  EXPECT_EQ(finding["value"], "24");
  EXPECT_THAT(std::string(finding["message"]), HasSubstr("did you mean 024?"));
  EXPECT_THAT(std::string(finding["message_vi"]), HasSubstr("có phải là 024?"));
}

TEST_F(CliTest, FactsAreOneDocumentWithTheirCount) {
  const std::string file =
      File("teams.csv",
           "commune_code;village_name;team_name;founded\r\n"
           "04771;Thôn Mới;Tổ 1;20/05/2023\r\n"
           "04771;;Tổ xã;20/05/2023\r\n");
  EXPECT_EQ(Run({"team", "import", file, "--with-villages", "--apply"}),
            kExitOk)
      << err_.str();
  ASSERT_THAT(server_.submitted, SizeIs(1));
  const v1::FactsImported& imported =
      server_.submitted[0].events(0).facts_imported();
  EXPECT_EQ(imported.file_kind(), "teams");
  EXPECT_EQ(imported.count(), 3);
  v1::FactList facts;
  ASSERT_TRUE(facts.ParseFromString(server_.documents[imported.facts_hash()]));
  EXPECT_EQ(facts.facts_size(), 3);
}

TEST_F(CliTest, AnOfficerOfASubtreeReadsNoMoreThanIt) {
  const std::string file = File("teams.csv",
                                "commune_code,village_name,team_name,founded\n"
                                "04771,Thôn Nà Xá,Tổ 1,20/05/2023\n");
  EXPECT_EQ(Run({"team", "import", file, "--unit-code", "141"}), kExitOk)
      << err_.str();
  EXPECT_EQ(server_.listed_below, 11u);
}

TEST_F(CliTest, AListIsApprovedWithTheIdsOfTheDayOfTheDecision) {
  const std::string file =
      File("list.csv", "commune_code,target\n04771,nâng cao\n");
  EXPECT_EQ(Run({"list", "approve", file, "--list", "894/QĐ-UBND", "--issued",
                 "01/06/2023", "--year", "2023", "--effective", "2023-06-01",
                 "--apply"}),
            kExitOk)
      << err_.str();
  ASSERT_THAT(server_.submitted, SizeIs(1));
  const v1::RegistrationListApproved& approved =
      server_.submitted[0].events(0).registration_list_approved();
  EXPECT_EQ(approved.list_id(), "894/QĐ-UBND");
  EXPECT_EQ(approved.document().number(), "894/QĐ-UBND");
  EXPECT_EQ(approved.year(), 2023);
  EXPECT_FALSE(approved.retroactive());
  v1::RegistrationList list;
  ASSERT_TRUE(list.ParseFromString(server_.documents[approved.rows_hash()]));
  EXPECT_EQ(list.rows(0).unit_id(), 101u);
}

TEST_F(CliTest, FundingSaysTeamsMonthsAndWhatTheyCostTogether) {
  server_.teams = {Team(9, 1001, "Tổ 1", Date::Of(2023, 5, 20)),
                   Team(4, 101, "Tổ xã", Date::Of(2023, 5, 20))};
  const std::string file = File("funded.csv", "team_id\n9\n");
  const std::vector<std::string> arguments = {
      "funding",       "approve",   file,
      "--policy",      "YB-2023",   "--document",
      "1845/QĐ-UBND",  "--issued",  "12/10/2023",
      "--from",        "2023-06",   "--to",
      "12/2023",       "--ceiling", "3.500.000 đồng",
      "--retroactive", "--apply",   "--json"};
  EXPECT_EQ(Run(arguments), kExitOk) << err_.str();
  const v1::FundingApproved& funding =
      server_.submitted.at(0).events(0).funding_approved();
  EXPECT_EQ(funding.first_month(), 202306);
  EXPECT_EQ(funding.last_month(), 202312);
  EXPECT_EQ(funding.ceiling_vnd(), 3'500'000);
  EXPECT_EQ(funding.team_count(), 1);
  EXPECT_TRUE(funding.retroactive());
  EXPECT_EQ(Output()["summary"]["team_months"], 7);
}

TEST_F(CliTest, AMeasureWithDecimalsIsAnErrorOfUsage) {
  const std::string file = File("funded.csv", "team_id\n9\n");
  EXPECT_EQ(
      Run({"funding", "approve", file, "--policy", "YB-2023", "--document",
           "1845/QĐ-UBND", "--issued", "12/10/2023", "--from", "2023-06",
           "--to", "2023-12", "--ceiling", "2698500000,5"}),
      kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--ceiling"));
}

TEST_F(CliTest, ACommandWithoutEffectIsAFailure) {
  server_.commands_effective = false;
  EXPECT_EQ(Run({"grant", "issue", "--officer", "7", "--role", "reader",
                 "--all", "--json"}),
            kExitRefused);
  EXPECT_EQ(Output()["error"]["reason"], "NO_EFFECT");
  EXPECT_THAT(err_.str(), HasSubstr("STALE"));
}

TEST_F(CliTest, AGrantNamesTheUnitByIdAndItsTokenIsTheOwnersAlone) {
  const std::string token = NewPath("token");
  EXPECT_EQ(Run({"grant", "issue", "--officer", "7", "--role", "officer",
                 "--unit-code", "141", "--token-out", token}),
            kExitOk)
      << err_.str();
  const v1::GrantIssued& grant =
      server_.submitted.at(0).events(0).grant_issued();
  EXPECT_EQ(grant.unit_id(), 11u);
  EXPECT_EQ(grant.role(), v1::ROLE_OFFICER);
  EXPECT_EQ(grant.from_date(), Date::Of(2023, 6, 1).days);
  EXPECT_THAT(out_.str(), Not(HasSubstr("secret-token")));
  struct stat info = {};
  ASSERT_EQ(stat(token.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::string line;
  std::getline(std::ifstream(token) >> std::ws, line);
  EXPECT_EQ(line, "secret-token");

  // A file that is there is never overwritten, and then nothing is recorded.
  EXPECT_EQ(Run({"grant", "issue", "--officer", "7", "--role", "officer",
                 "--unit-code", "141", "--token-out", token}),
            kExitRefused);
  EXPECT_THAT(server_.submitted, SizeIs(1));
}

TEST_F(CliTest, AGrantWithoutScopeIsRefused) {
  EXPECT_EQ(Run({"grant", "issue", "--officer", "7", "--role", "reader"}),
            kExitUsage);
  EXPECT_EQ(
      Run({"grant", "issue", "--officer", "7", "--role", "king", "--all"}),
      kExitUsage);
  EXPECT_THAT(server_.submitted, IsEmpty());
}

TEST_F(CliTest, ASummaryIsAskedForAsOfAMomentAndSummed) {
  for (const int month : {202306, 202307}) {
    v1::DeterminationSum* const sum = server_.sums.add_sums();
    sum->set_month(month);
    sum->set_beneficiary_kind(v1::BENEFICIARY_KIND_TEAM);
    sum->set_state(v1::DETERMINATION_STATE_PROVISIONAL);
    sum->set_count(771);
    sum->set_amount_vnd(385'500'000);
  }
  EXPECT_EQ(Run({"eligibility", "summary", "--policy", "YB-2023", "--as-of",
                 "2023-10-13", "--json"}),
            kExitOk);
  EXPECT_EQ(server_.summarized.options().as_of().date(),
            Date::Of(2023, 10, 13).days);
  EXPECT_EQ(Output()["total_vnd"], 771'000'000);
  EXPECT_EQ(Output()["sums"][0]["month"], "2023-06");
  EXPECT_EQ(Output()["sums"][0]["state"], "PROVISIONAL");

  EXPECT_EQ(Run({"eligibility", "summary", "--policy", "YB-2023", "--as-of",
                 "2023-10-13T08:00:00+07:00"}),
            kExitOk);
  EXPECT_EQ(server_.summarized.options().as_of().time_ms(), 1697158800000);
  EXPECT_THAT(out_.str(), HasSubstr("385.500.000 đồng"));
  EXPECT_THAT(out_.str(), HasSubstr("771.000.000 đồng"));
  EXPECT_EQ(
      Run({"eligibility", "summary", "--policy", "YB-2023", "--as-of", "5120"}),
      kExitOk);
  EXPECT_EQ(server_.summarized.options().as_of().position(), 5120u);
  EXPECT_EQ(Run({"eligibility", "summary", "--policy", "YB-2023", "--as-of",
                 "yesterday"}),
            kExitUsage);
}

TEST_F(CliTest, TheClockMovesToTheMidnightOfADay) {
  EXPECT_EQ(Run({"admin", "advance-clock", "--to", "2023-06-01"}), kExitOk);
  EXPECT_EQ(server_.advanced.to_time_ms(), 1685552400000);
}

TEST_F(CliTest, ExitCodesSayWhatKindOfFailureItWas) {
  const struct {
    absl::Status status;
    int exit_code;
  } cases[] = {
      {absl::OkStatus(), kExitOk},
      {absl::UnavailableError("no answer"), kExitCannotConnect},
      {WithReason(absl::UnavailableError("disk"), "DISK_LOW"), kExitRefused},
      {absl::PermissionDeniedError("no"), kExitNotPermitted},
      {absl::UnauthenticatedError("who?"), kExitNotPermitted},
      {absl::InvalidArgumentError("bad"), kExitRefused},
      {absl::DataLossError("lost"), kExitRefused},
  };
  for (const auto& c : cases) {
    server_.status = c.status;
    EXPECT_EQ(Run({"status", "--json"}), c.exit_code) << c.status;
    EXPECT_EQ(Output().contains("error"), !c.status.ok());
  }
  EXPECT_EQ(Run({"nonsense"}), kExitUsage);
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_EQ(RunAlone({"status"}), kExitUsage);
  EXPECT_EQ(RunAlone({"status", "--data", "/nonexistent"}), kExitCannotConnect);
  EXPECT_EQ(RunAlone({"status", "--server", "example.org:1", "--insecure"}),
            kExitUsage);
  EXPECT_EQ(RunAlone({"status", "--server", "127.0.0.1:1"}), kExitUsage);
  EXPECT_EQ(RunAlone({"status", "--server", "127.0.0.1:1", "--insecure"}),
            kExitCannotConnect);
}

TEST_F(CliTest, EveryCommandHasHelpWithExamples) {
  const std::vector<std::vector<std::string>> commands = {
      {"status"},
      {"units", "import"},
      {"units", "list"},
      {"village", "import"},
      {"team", "import"},
      {"team", "list"},
      {"team", "show"},
      {"member", "import"},
      {"organisation", "import"},
      {"organisation", "list"},
      {"list", "approve"},
      {"funding", "approve"},
      {"policy", "check"},
      {"policy", "explain"},
      {"policy", "diff"},
      {"policy", "simulate"},
      {"policy", "publish"},
      {"policy", "list"},
      {"eligibility", "list"},
      {"eligibility", "show"},
      {"eligibility", "summary"},
      {"grant", "issue"},
      {"grant", "revoke"},
      {"enrol", "code"},
      {"enrol", "bulk"},
      {"author", "list"},
      {"author", "standings"},
      {"author", "confirm"},
      {"author", "revoke"},
      {"held", "decide"},
      {"log", "tail"},
      {"log", "export"},
      {"admin", "backup"},
      {"admin", "restore"},
      {"admin", "check"},
      {"admin", "open-epoch"},
      {"admin", "advance-clock"},
      {"admin", "token", "create"},
      {"admin", "token", "revoke"},
      {"login-link"},
  };
  for (std::vector<std::string> command : commands) {
    SCOPED_TRACE(::testing::PrintToString(command));
    command.emplace_back("--help");
    EXPECT_EQ(Run(command), kExitOk);
    EXPECT_THAT(out_.str(), HasSubstr("Ví dụ (examples):"));
  }
}

}  // namespace
}  // namespace thon::cli
