// Goal: an office that has only the command line can do what the rules speak
// of, and what it does reaches the money; what cannot be is refused with its
// place and reason, and leaves nothing in the log. Method: hard cases as an
// official would type them, on a real server; then what teams are paid.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/projections/units.h"
#include "tests/unit/tools/acts_fixture.h"

namespace thon::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPaid[] = "PROVISIONAL 500000";
constexpr char kNotCovered[] = "NOT_COVERED 0";
constexpr char kUnfunded[] = "COVERED_UNFUNDED 0";
constexpr char kHeld[] = "HELD 0";

TEST_F(ActsTest, OfTwoTeamsThatMergeOneIsPaidForThatMonth) {
  Fund({1, 2});
  To("2023-08-10");
  Refused(cli::kExitOk,
          {"team", "merge", "1", "2", "--into", "1", "--effective",
           "15/08/2023", "--document", "20/QĐ-UBND", "--dry-run"});
  EXPECT_THAT(Said(), HasSubstr("Dry run"));
  // By number, and by where it stands.
  Act({"team", "merge", "1", "04771/Thôn 2", "--into", "1", "--effective",
       "15/08/2023", "--document", "20/QĐ-UBND", "--issued", "10/08/2023",
       "--issuer", "UBND xã"});
  EXPECT_THAT(Said(), HasSubstr("Tổ (team) 2: "));
  To("2023-09-01");
  EXPECT_EQ(Paid(1, "2023-07"), kPaid);
  EXPECT_EQ(Paid(2, "2023-07"), kPaid);
  EXPECT_EQ(Paid(1, "2023-08"), kPaid);
  EXPECT_EQ(Paid(2, "2023-08"), kNotCovered);
}

TEST_F(ActsTest, TheLeadOfASplitTakesOverTheMoneyAndTheOtherWaitsForADecision) {
  Fund({1});
  To("2023-09-08");
  const std::string teams =
      File("teams.csv",
           "commune_code,village_name,team_name,founded,id\n"
           "04771,Thôn 1,Tổ một,10/09/2023,11\n"
           "04771,Thôn 2,Tổ hai,10/09/2023,12\n");
  Act({"team", "import", teams, "--apply"});
  Act({"team", "split", "1", "--into", "11", "--into", "12", "--lead", "11",
       "--effective", "10/09/2023", "--document", "31/QĐ-UBND"});
  To("2023-10-20");
  EXPECT_EQ(Paid(1, "2023-08"), kPaid);
  EXPECT_EQ(Paid(1, "2023-09"), kNotCovered);
  EXPECT_EQ(Paid(11, "2023-09"), kPaid);
  EXPECT_EQ(Paid(12, "2023-09"), kUnfunded);

  // A second decision adds to the first.
  Fund({12}, "2/QĐ-KP", "2023-09");
  EXPECT_THAT(Said(), AllOf(HasSubstr("1/QĐ-KP"), HasSubstr("không thay thế"),
                            HasSubstr("replaces and withdraws nothing")));
  EXPECT_EQ(Paid(12, "2023-09"), kPaid);
  EXPECT_EQ(Paid(11, "2023-09"), kPaid);
}

class ListActsTest : public ActsTest {
 protected:
  int Amend(const std::string& rows, const std::string& effective,
            std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        "list",
        "amend",
        File("amendment.csv", "commune_code,change,target\n" + rows),
        "--list",
        "894/QĐ-UBND",
        "--document",
        "1700/QĐ-UBND",
        "--issued",
        "05/10/2023",
        "--effective",
        effective};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
};

TEST_F(ListActsTest, ACommuneThatLeavesTheListBackwardsLosesMonthsGoneBy) {
  Fund({1});
  To("2023-10-05");
  EXPECT_EQ(Paid(1, "2023-09"), kPaid);
  const Position before = LastPosition();
  EXPECT_EQ(Amend("04771,đưa ra,\n", "01/09/2023", {"--retroactive"}),
            cli::kExitOk)
      << Said();
  EXPECT_EQ(LastPosition(), before) << "without --apply it is a dry run";
  EXPECT_EQ(
      Amend("04771,đưa ra,\n", "01/09/2023", {"--retroactive", "--apply"}),
      cli::kExitOk)
      << Said();
  To("2023-11-01");
  EXPECT_EQ(Paid(1, "2023-08"), kPaid);
  EXPECT_EQ(Paid(1, "2023-09"), kNotCovered);
  EXPECT_EQ(Paid(1, "2023-09", "2023-10-04"), kPaid);
}

TEST_F(ListActsTest, ACommuneThatLeavesTheListOtherwiseIsPaidThroughThatMonth) {
  Fund({1});
  To("2023-10-05");
  EXPECT_EQ(Amend("04771,remove,STANDARD\n", "2023-09-01", {"--apply"}),
            cli::kExitOk)
      << Said();
  EXPECT_THAT(Said(), HasSubstr("--retroactive is not given"));
  To("2023-12-01");
  EXPECT_EQ(Paid(1, "2023-09"), kPaid);
  EXPECT_EQ(Paid(1, "2023-10"), kPaid);
  EXPECT_EQ(Paid(1, "2023-11"), kNotCovered);
}

TEST_F(ListActsTest, ACommuneThatJoinsTheListIsPaidWhenFundingNamesItsTeams) {
  Fund({1});
  To("2023-09-14");
  EXPECT_EQ(Amend("04717,thêm,nâng cao\n", "15/09/2023", {"--apply"}),
            cli::kExitOk)
      << Said();
  To("2023-11-01");
  EXPECT_EQ(Paid(3, "2023-09"), kNotCovered);
  EXPECT_EQ(Paid(3, "2023-10"), kUnfunded);
  Fund({3}, "2/QĐ-KP", "2023-09");
  EXPECT_EQ(Paid(3, "2023-10"), kPaid);
}

TEST_F(ListActsTest, AnAmendmentThatCannotBeSaysWhereAndWhy) {
  const auto refused = [&](const std::string& rows, const std::string& says) {
    const Position before = LastPosition();
    EXPECT_EQ(Amend(rows, "01/09/2023", {"--apply"}), cli::kExitRefused);
    EXPECT_THAT(Said(), HasSubstr(says));
    EXPECT_EQ(LastPosition(), before) << rows;
  };
  refused("04771,remove,\n04771,remove,\n", "amendment.csv:3: commune_code");
  refused("04771,remove,\n04771,remove,\n", "stands in line 2");
  refused("04717,remove,\n", "is not on the list");
  refused("04771,remove,ADVANCED\n", "is not on the list");
  refused("04717,add,\n", "amendment.csv:2: target");
  refused("04717,add,king\n", "\"king\" is not STANDARD");
  refused("04717,perhaps,STANDARD\n", "is not add (thêm) or remove (đưa ra)");
  refused("99999,add,STANDARD\n", "has no commune \"99999\"");
  refused("", "1 to 20000 can be recorded");
  Refused(
      cli::kExitRefused,
      {"list", "amend", File("one.csv", "commune_code,change\n04771,remove\n"),
       "--list", "895/QĐ-UBND", "--document", "1", "--issued", "05/10/2023",
       "--effective", "01/09/2023", "--apply"});
  EXPECT_THAT(Said(), AllOf(HasSubstr("there is no list \"895/QĐ-UBND\""),
                            HasSubstr("there are: 894/QĐ-UBND")));
  // What is so already is passed over.
  const Position before = LastPosition();
  EXPECT_EQ(Amend("04771,add,STANDARD\n", "01/09/2023", {"--apply"}),
            cli::kExitOk);
  EXPECT_THAT(Said(), AllOf(HasSubstr("is so from that day on already"),
                            HasSubstr("Nothing new")));
  EXPECT_EQ(LastPosition(), before);
  EXPECT_EQ(Amend("04771,remove,\n", "31/02/2023", {}), cli::kExitUsage);
  EXPECT_THAT(Said(), HasSubstr("--effective"));
}

TEST_F(ActsTest, ASuspensionOfPartOfAMonthHoldsItAndAnOfficerDecides) {
  Fund({1, 2});
  To("2023-08-01");
  Act({"team", "suspend", "1", "--from", "10/08/2023", "--to", "20/09/2023",
       "--reason", "kiện toàn"});
  Act({"team", "suspend", "2", "--from", "2023-08-10", "--reason", "kiện toàn",
       "--document", "21/QĐ-UBND"});
  Act({"team", "resume", "2", "--date", "10/08/2023"});
  To("2023-10-02");
  EXPECT_EQ(Paid(1, "2023-07"), kPaid);
  EXPECT_EQ(Paid(1, "2023-08"), kHeld);
  EXPECT_EQ(Paid(1, "2023-09"), kHeld);
  EXPECT_EQ(Paid(2, "2023-08"), kPaid) << "a suspension in error is undone";
  Act({"decide", "month", "--policy", Province::kPolicy, "--team", "1",
       "--month", "2023-08", "--pay", "--reason", "tổ vẫn làm việc"});
  EXPECT_EQ(Paid(1, "2023-08"), kPaid);
}

TEST_F(ActsTest, ATeamIsRenamedMovedAndDissolved) {
  Fund({1, 2, 3});
  To("2023-08-01");
  Act({"team", "rename", "1", "--name", "Tổ mới", "--effective", "01/08/2023"});
  EXPECT_EQ(TeamNow(1)["name"], "Tổ mới");
  Act({"team", "move", "3", "--to", "04771/Thôn 2", "--effective",
       "01/08/2023"});
  EXPECT_EQ(TeamNow(3)["units"].back()["unit_id"], 1002);
  Act({"team", "dissolve", "2", "--date", "15/08/2023", "--reason",
       "sáp nhập thôn", "--successor", "1", "--document", "40/QĐ-UBND"});
  EXPECT_EQ(TeamNow(2)["ended_date"], "2023-08-15");
  EXPECT_EQ(TeamNow(2)["successor_team_ids"][0], 1);
  To("2023-09-01");
  EXPECT_EQ(Paid(2, "2023-07"), kPaid);
  EXPECT_EQ(Paid(2, "2023-08"), kNotCovered);
  EXPECT_EQ(Paid(3, "2023-08"), kPaid) << "it stands in a listed commune now";
}

TEST_F(ActsTest, AMemberLeavesAndAnotherTakesTheSeat) {
  Act({"member", "leave", "11", "--team", "1", "--date", "12/05/2023",
       "--reason", "chuyển nơi cư trú"});
  Act({"member", "seat", "12", "--team", "04771/Thôn 1", "--seat", "tổ trưởng",
       "--date", "2023-05-12"});
  const cli::Json members = TeamNow(1)["members"];
  ASSERT_EQ(members.size(), 3u) << members;
  EXPECT_EQ(members[0]["left_date"], "2023-05-12");
  EXPECT_EQ(members[1]["left_date"], "2023-05-12");
  EXPECT_EQ(members[2]["member_id"], 12);
  EXPECT_EQ(members[2]["seat"], "LEADER");
  EXPECT_TRUE(members[2]["left_date"].is_null());

  Refused(cli::kExitRefused,
          {"member", "leave", "11", "--team", "1", "--date", "13/05/2023"});
  EXPECT_THAT(Said(), HasSubstr("is no member of the team now"));
  Refused(cli::kExitUsage, {"member", "seat", "12", "--team", "1", "--seat",
                            "leader", "--date", "13/05/2023"});
  EXPECT_THAT(Said(), HasSubstr("holds that seat already"));
  Refused(cli::kExitUsage, {"member", "seat", "12", "--team", "1", "--seat",
                            "king", "--date", "13/05/2023"});
  Refused(cli::kExitRefused,
          {"member", "leave", "12", "--team", "1", "--date", "01/01/2023"});
  EXPECT_THAT(Said(), HasSubstr("is not in team 1 on that day"));
}

TEST_F(ActsTest, AnActOfATeamThatCannotBeSaysWhereAndWhy) {
  Refused(cli::kExitRefused, {"team", "rename", "99", "--name", "Tổ",
                              "--effective", "01/08/2023"});
  EXPECT_THAT(Said(), HasSubstr("TEAM \"99\": máy chủ không có tổ mã 99 (the "
                                "server has no team 99)"));
  Refused(cli::kExitUsage, {"team", "rename", "Thôn 1", "--name", "Tổ",
                            "--effective", "01/08/2023"});
  Refused(cli::kExitRefused, {"team", "rename", "04771/Thôn Một", "--name",
                              "Tổ", "--effective", "01/08/2023"});
  EXPECT_THAT(Said(), HasSubstr("has no village \"Thôn Một\""));
  Refused(cli::kExitRefused, {"team", "rename", "99999/Thôn 1", "--name", "Tổ",
                              "--effective", "01/08/2023"});
  EXPECT_THAT(Said(), HasSubstr("there is no unit of code 99999"));
  Refused(cli::kExitRefused, {"team", "rename", "04771/", "--name", "Tổ",
                              "--effective", "01/08/2023"});
  EXPECT_THAT(Said(), HasSubstr("no team that has not ended stands there"));

  // Teams 1 and 2 exist from 15/01/2023 on.
  for (const char* const dry : {"--dry-run", "--json"}) {
    Refused(cli::kExitRefused, {"team", "suspend", "1", "--from", "14/01/2023",
                                "--reason", "x", dry});
    EXPECT_THAT(Said(), HasSubstr("team 1 exists only from 2023-01-15 on"));
  }
  Refused(cli::kExitUsage, {"team", "suspend", "1", "--from", "2023-08-10",
                            "--to", "2023-08-09", "--reason", "x"});
  Refused(cli::kExitUsage,
          {"team", "dissolve", "1", "--date", "", "--reason", "x"});
  EXPECT_THAT(Said(), HasSubstr("--date"));
  Refused(cli::kExitUsage,
          {"team", "dissolve", "1", "--date", "31/13/2023", "--reason", "x"});
  Refused(cli::kExitRefused, {"team", "resume", "1", "--date", "01/08/2023"});
  EXPECT_THAT(Said(), HasSubstr("is not suspended on that day"));

  Refused(cli::kExitUsage,
          {"team", "merge", "1", "--into", "1", "--effective", "15/08/2023"});
  EXPECT_THAT(Said(), HasSubstr("cannot merge into itself"));
  Refused(cli::kExitUsage, {"team", "merge", "1", "1", "--into", "2",
                            "--effective", "15/08/2023"});
  EXPECT_THAT(Said(), HasSubstr("is named twice"));
  Refused(cli::kExitRefused, {"team", "merge", "1", "2", "--into", "99",
                              "--effective", "15/08/2023"});
  EXPECT_THAT(Said(), HasSubstr("--into \"99\""));
  Refused(cli::kExitUsage, {"team", "split", "1", "--into", "2", "--lead", "3",
                            "--effective", "15/08/2023"});
  EXPECT_THAT(Said(), HasSubstr("--lead"));
  Refused(cli::kExitUsage, {"team", "split", "1", "--into", "1", "--lead", "1",
                            "--effective", "15/08/2023"});
  Refused(cli::kExitRefused, {"team", "dissolve", "1", "--date", "15/08/2023",
                              "--reason", "x", "--successor", "99"});
  EXPECT_THAT(Said(), HasSubstr("--successor"));
}

TEST_F(ActsTest, TheSameKeyTwiceIsOneAct) {
  Act({"team", "suspend", "1", "--from", "10/08/2023", "--reason", "x", "--key",
       "k-1"});
  const Position after = LastPosition();
  Act({"team", "suspend", "1", "--from", "10/08/2023", "--reason", "x", "--key",
       "k-1"});
  EXPECT_EQ(LastPosition(), after);
  Refused(cli::kExitRefused,
          {"team", "suspend", "1", "--from", "10/08/2023", "--reason", "x"});
  EXPECT_THAT(Said(), HasSubstr("is suspended from 2023-08-10 on already"));
}

TEST_F(ActsTest, AnOfficerOfACommuneActsOnItsTeamsAlone) {
  std::ofstream(Path("token")) << OfficerToken(20, v1::ROLE_OFFICER, 101);
  Act({"team", "suspend", "04771/Thôn 1", "--from", "10/08/2023", "--reason",
       "x"});
  Refused(cli::kExitNotPermitted,
          {"team", "suspend", "3", "--from", "10/08/2023", "--reason", "x"});
  Refused(cli::kExitNotPermitted, {"team", "suspend", "04717/Thôn 3", "--from",
                                   "10/08/2023", "--reason", "x"});
}

TEST_F(ActsTest, AVillageOfADividedCommuneWaitsUntilItIsPlaced) {
  const std::string units = File("units.csv",
                                 "code,level,name,parent_code\n"
                                 "15,province,Tỉnh Yên Bái,\n"
                                 "132,district,Huyện Yên Bình,15\n"
                                 "04717,commune,Xã Thác Bà,132\n"
                                 "04720,commune,Xã Mới,132\n");
  Act({"units", "import", units, "--effective", "01/07/2023", "--apply"});
  const std::string both =
      "from_code,to_code,part\n04771,04717,có\n04771,04720,yes\n";
  const auto change = [&](const std::string& rows) {
    return std::vector<std::string>{
        "units",       "change",     File("change.csv", rows),
        "--effective", "01/07/2023", "--document",
        "1684/NQ",     "--apply"};
  };
  for (const auto& [rows, says] :
       std::vector<std::pair<std::string, std::string>>{
           {"from_code,to_code,part\n04771,04717,có\n04771,04720,\n",
            "change.csv:3: from_code"},
           {"from_code,to_code\n04771,132\n", "are not of one level"},
           {"from_code,to_code\n04771,00001\n", "has no unit of code 00001"},
           {"from_code,to_code\n04771,04720\n04771,04720\n",
            "stands in line 2"},
           {"from_code,to_code\n", "no row of use"}}) {
    Refused(cli::kExitRefused, change(rows));
    EXPECT_THAT(Said(), HasSubstr(says));
  }
  Act(change(both));
  const auto waits = [&] {
    return GetUnit(*province_.Rows(), UnitId(1001))->placement_pending();
  };
  EXPECT_TRUE(waits());
  Refused(cli::kExitRefused,
          {"village", "place", "04771/Thôn Một", "--commune-code", "04720",
           "--effective", "01/07/2023"});
  EXPECT_THAT(Said(), HasSubstr("VILLAGE"));
  Act({"village", "place", "04771/Thôn 1", "--commune-code", "04720",
       "--effective", "01/07/2023", "--document", "9/QĐ-UBND"});
  EXPECT_FALSE(waits());
}

TEST_F(ActsTest, APolicyThatEndsPaysNoMonthAfter) {
  Fund({1});
  Act({"policy", "supersede", Province::kPolicy, "--end", "01/08/2023",
       "--document", "70/2023/NQ-HĐND"});
  To("2023-09-01");
  EXPECT_EQ(Paid(1, "2023-07"), kPaid);
  EXPECT_THAT(Paid(1, "2023-08"), Not(kPaid));
  Refused(cli::kExitRefused, {"policy", "supersede", "XX", "--end",
                              "01/08/2023", "--document", "70"});
  EXPECT_THAT(Said(), HasSubstr("policy XX is not published"));
}

TEST_F(ActsTest, AFileOfActsIsCheckedThenRecordedOnce) {
  To("2023-08-01");
  const std::string file =
      File("acts.yaml",
           "- payment_recorded: {batch: D1, policy: YB-2023, team: 1, months: "
           "[202306], amount: 500.000 đồng, voucher: PC-12}\n"
           "- expense_recorded: {team: 1, purpose: TRAINING, amount: 100 "
           "nghìn, date: 15/07/2023, voucher: C1}\n");
  Refused(cli::kExitOk, {"record", file});
  const cli::Json json = RunJson({"record", file, "--apply"});
  EXPECT_EQ(json["applied"], true);
  EXPECT_EQ(json["events"][0]["payment_recorded"]["amount_vnd"], 500'000);
  const Position after = LastPosition();
  Act({"record", file, "--apply"});
  EXPECT_EQ(LastPosition(), after) << "a repeat recorded something";

  Refused(cli::kExitRefused,
          {"record",
           File("bad.yaml",
                "- payment_recorded: {batch: D1, policy: YB-2023, team: 99, "
                "months: [202306], amount: 1}\n"),
           "--apply"});
  EXPECT_THAT(Said(), HasSubstr("events[0]: team 99 does not exist"));
  for (const auto& [text, says] :
       std::vector<std::pair<std::string, std::string>>{
           {"- payment_recorded: {batch: D1}\n- nonsense: {}\n", "bad.yaml:2:"},
           {"- payment_recorded: {batsh: D1}\n", "bad.yaml:1:"},
           {"- payment_recorded: {amount: 500000,5}\n", "bad.yaml:1:"},
           {"- registration_list_amended: {list: 894/QĐ-UBND, effective: "
            "2023-09-01, rows: {\"101\": removed}}\n",
            "has a command of its own"},
           {"payment_recorded: {}\n", "write a list"},
           {"", "bad.yaml:"}}) {
    Refused(cli::kExitRefused, {"record", File("bad.yaml", text), "--apply"});
    EXPECT_THAT(Said(), HasSubstr(says)) << text;
  }
}

}  // namespace
}  // namespace thon::testing
