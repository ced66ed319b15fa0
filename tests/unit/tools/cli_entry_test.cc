// What officials enter and hand out: templates, files with money, one-time
// codes and the sheets that carry them.
//
// Method: whole runs of the program's own function against a server in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "server/core/enrol_payload.h"
#include "server/core/hash.h"
#include "tests/unit/tools/cli_fixture.h"
#include "tools/thon/csv.h"

namespace thon::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CliEntryTest : public CliTest {};

TEST_F(CliEntryTest, ASheetPrintsTheCodesWhoseHashesTheLogGets) {
  v1::TeamRow team = Team(9, 1001, "Tổ 1", Date::Of(2023, 5, 20));
  v1::TeamMember* const leader = team.add_members();
  leader->set_member_id(91);
  leader->set_seat(v1::SEAT_LEADER);
  leader->set_joined_date(Date::Of(2023, 5, 20).days);
  server_.teams = {team, Team(4, 101, "Tổ xã", Date::Of(2023, 5, 20))};
  const std::string ca = File("ca.crt",
                              "-----BEGIN CERTIFICATE-----\nAAAA\n"
                              "-----END CERTIFICATE-----\n");
  const std::string sheet = NewPath("sheet.html");
  // Without an authority, or an address for phones, there is no sheet.
  EXPECT_EQ(Run({"enrol", "sheet", "--under", "04771", "-o", sheet, "--address",
                 "thon.example:7443"}),
            kExitUsage);
  EXPECT_EQ(
      Run({"enrol", "sheet", "--under", "04771", "-o", sheet, "--ca", ca}),
      kExitUsage);
  ASSERT_EQ(Run({"enrol", "sheet", "--under", "04771", "-o", sheet, "--ca", ca,
                 "--address", "thon.example:7443"}),
            kExitOk)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("NO_MEMBER"));  // The commune's team.
  ASSERT_THAT(server_.submitted, SizeIs(1));
  ASSERT_EQ(server_.submitted[0].events_size(), 1);
  const v1::EnrolmentCodeIssued& issued =
      server_.submitted[0].events(0).enrolment_code_issued();
  EXPECT_EQ(issued.team_id(), 9u);
  EXPECT_EQ(issued.member_id(), 91u);
  EXPECT_EQ(issued.last_date(), Date::Of(2023, 7, 1).days);

  struct stat info = {};
  ASSERT_EQ(stat(sheet.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::ostringstream page;
  page << std::ifstream(sheet).rdbuf();
  const std::string mark = "<dd class=\"code\">";
  const std::size_t at = page.str().find(mark);
  ASSERT_NE(at, std::string::npos);
  const absl::StatusOr<std::string> code =
      TypedEnrolCode(page.str().substr(at + mark.size(), 32));
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(issued.code_hash(), Sha256Of(*code).view());
}

TEST_F(CliEntryTest, ATemplateOffersWhatTheServerKnows) {
  server_.teams = {Team(9, 1001, "Tổ 1", Date::Of(2023, 5, 20))};
  EXPECT_EQ(Run({"template", "members", "--under", "141", "-o",
                 NewPath("members.xlsx"), "--json"}),
            kExitOk)
      << err_.str();
  EXPECT_EQ(Output()["communes"], 2);
  EXPECT_EQ(Output()["teams"], 1);
  EXPECT_EQ(Output()["columns"][0], "team_id");
  EXPECT_EQ(
      RunAlone({"template", "members", "-o", NewPath("alone.xlsx"), "--json"}),
      kExitOk)
      << err_.str();
  EXPECT_EQ(Output()["columns"][0], "commune_code");
}

TEST_F(CliEntryTest, TheAmountsOfAFundingFileAreSummedAndCompared) {
  server_.teams = {Team(9, 1001, "Tổ 1", Date::Of(2023, 5, 20)),
                   Team(4, 101, "Tổ xã", Date::Of(2023, 5, 20))};
  const std::string file =
      File("funded.csv", "Mã tổ;Mức hỗ trợ\n9;500.000\n4;500 nghìn đồng\n");
  const std::vector<std::string> arguments = {
      "funding",    "approve", file,       "--policy",   "YB-2023",
      "--document", "1845",    "--issued", "12/10/2023", "--from",
      "2023-06",    "--to",    "2023-12",  "--ceiling",  "7.000.001 đồng",
      "--json"};
  EXPECT_EQ(Run(arguments), kExitOk) << err_.str();
  const Json json = Output();
  EXPECT_EQ(json["summary"]["listed_total_vnd"], 7'000'000);
  EXPECT_EQ(json["findings"][0]["code"], "CONFLICT");
  EXPECT_EQ(Run({"funding", "approve",
                 File("bad.csv", "Mã tổ;Mức hỗ trợ\n9;500.000,5\n4;500000\n"),
                 "--policy", "YB-2023", "--document", "1845", "--issued",
                 "12/10/2023", "--from", "2023-06", "--to", "2023-12",
                 "--ceiling", "7.000.000 đồng", "--apply", "--json"}),
            kExitRefused);
  EXPECT_EQ(Output()["findings"][0]["code"], "BAD_MONEY");
  EXPECT_THAT(server_.submitted, IsEmpty());
}

TEST_F(CliEntryTest, TheLogGetsTheHashOfACodeAndTheOfficerTheCode) {
  EXPECT_EQ(Run({"enrol", "code", "--team", "9", "--member", "12", "--json"}),
            kExitOk)
      << err_.str();
  const std::string code = Output()["codes"][0];
  EXPECT_EQ(code.size(), 26u);
  EXPECT_EQ(code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            std::string::npos);
  const v1::EnrolmentCodeIssued& issued =
      server_.submitted.at(0).events(0).enrolment_code_issued();
  EXPECT_EQ(issued.code_hash(), Sha256Of(code).view());
  EXPECT_EQ(issued.team_id(), 9u);
  EXPECT_EQ(issued.last_date(), Date::Of(2023, 7, 1).days);
  EXPECT_EQ(Run({"enrol", "code", "--team", "9"}), kExitUsage);
}

TEST_F(CliEntryTest, ManyCodesGoInCommandsOf256) {
  std::string text = "team_id,member_id,organisation_id\n";
  for (int i = 1; i <= 300; ++i) text += "9," + std::to_string(i) + ",\n";
  text += ",,18\n";
  const std::string codes = NewPath("codes.csv");
  EXPECT_EQ(Run({"enrol", "bulk", File("phones.csv", text), "--out", codes}),
            kExitOk)
      << err_.str();
  ASSERT_THAT(server_.submitted, SizeIs(2));
  EXPECT_EQ(server_.submitted[0].events_size(), 256);
  EXPECT_EQ(server_.submitted[1].events_size(), 45);
  const absl::StatusOr<CsvTable> table = ReadCsv(codes);
  ASSERT_TRUE(table.ok());
  ASSERT_THAT(table->rows, SizeIs(301));
  EXPECT_EQ(
      Sha256Of(table->Cell(table->rows[300], "code")).view(),
      server_.submitted[1].events(44).enrolment_code_issued().code_hash());
}

TEST_F(CliTest, AListThatDoesNotSayItReachesBackIsToldBeforeItIsRecorded) {
  const std::string file =
      File("list.csv", "commune_code,target\n04771,nâng cao\n");
  const std::vector<std::string> arguments = {
      "list", "approve",  file,       "--list",      "894/QĐ-UBND", "--year",
      "2023", "--issued", "1/5/2023", "--effective", "2023-05-01"};
  EXPECT_EQ(Run(arguments), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("COUNTS_FROM_TODAY"));
  EXPECT_THAT(out_.str(), HasSubstr("Ngày 01/05/2023 đã qua"));
  EXPECT_THAT(out_.str(), HasSubstr("add --retroactive"));

  std::vector<std::string> reaching = arguments;
  reaching.push_back("--retroactive");
  EXPECT_EQ(Run(reaching), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), Not(HasSubstr("COUNTS_FROM_TODAY")));
}

TEST(ReportTest, WhatIsLeftOutIsCountedAndNoErrorHidesBehindWarnings) {
  Report report;
  for (int line = 2; line < 3 * Report::kFindingsMax; ++line) {
    report.Warning(line, "name", "PADDED", {"thừa dấu cách", "padded"});
  }
  const int last = 3 * Report::kFindingsMax;
  report.Error(last, "founded", "BAD_DATE", {"sai ngày", "no date"});
  EXPECT_EQ(report.errors(), 1);
  EXPECT_EQ(report.warnings(), last - 2);
  EXPECT_EQ(report.findings().size(), Report::kFindingsMax + 1u);
  std::ostringstream out;
  report.Print("to.csv", out);
  EXPECT_THAT(out.str(), HasSubstr("BAD_DATE"));
  EXPECT_THAT(out.str(), HasSubstr(absl::StrCat(last - 2 - Report::kFindingsMax,
                                                " phát hiện nữa")));
}

}  // namespace
}  // namespace thon::cli
