// Goal: every kind of act that the server takes from an officer can be entered
// with `thon`. A new kind of event.proto fails here until a command enters it,
// or until it is said to be nobody's to enter.
// Method: the oneof's members by reflection; whose they are the server's own
// check says. Then one history on a real server, a command a kind, and the log
// must hold each kind afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "server/core/hash.h"
#include "server/projections/command_check.h"
#include "tests/unit/tools/acts_fixture.h"

namespace thon::testing {
namespace {

using Arguments = std::vector<std::string>;

// Kinds that come from phones and organisations, or that the server writes of
// its own accord.
const std::set<std::string>& NotOfficers() {
  static const auto* const kKinds =
      new std::set<std::string>{"access_recorded",
                                "account_opened_assisted",
                                "app_install_assisted",
                                "author_enrolled",
                                "clock_observed",
                                "day_opened",
                                "digital_shop_supported",
                                "document_part",
                                "epoch_opened",
                                "fork_observed",
                                "fraud_warning_issued",
                                "household_visit",
                                "log_opened",
                                "model_proposed",
                                "monthly_update_submitted",
                                "online_dossier_assisted",
                                "outreach_session",
                                "state_roots_recorded",
                                "task_completed",
                                "training_attended",
                                "training_held",
                                "withdrawn"};
  return *kKinds;
}

class ActKindsTest : public ActsTest {
 protected:
  // The command that enters one kind.
  struct Entry {
    std::string kind;
    std::function<Arguments()> command;
    int code = cli::kExitOk;
  };

  Entry Do(const std::string& kind, Arguments arguments) {
    return {kind, [arguments = std::move(arguments)] { return arguments; }};
  }
  // Acts that have no command of their own.
  Entry ByFile(const std::string& kind, const std::string& fields) {
    const std::string name = kind + ".yaml";
    return Do(kind, {"record",
                     File(name, absl::StrCat("- ", kind, ": {", fields, "}\n")),
                     "--apply"});
  }
  Arguments Import(const std::string& what, const std::string& csv,
                   Arguments more = {}) {
    Arguments all = {what, "import", File(what + "-import.csv", csv)};
    all.insert(all.end(), more.begin(), more.end());
    all.emplace_back("--apply");
    return all;
  }

  std::vector<Entry> AboutTheMap();
  std::vector<Entry> AboutTeams();
  std::vector<Entry> AboutMoney();
  std::vector<Entry> AboutPhones();
  std::vector<Entry> OfOffices();
  // In an order in which each takes effect.
  std::vector<Entry> All() {
    std::vector<Entry> all;
    for (const auto& part : {AboutPhones(), AboutMoney(), OfOffices(),
                             AboutTeams(), AboutTheMap()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  std::string author_ = std::string(32, '0');  // Of the phone of team 1.
};

std::vector<ActKindsTest::Entry> ActKindsTest::AboutPhones() {
  return {
      Do("correction_issued", {"event", "void", author_, "1", "--reason", "x"}),
      Do("author_revoked", {"author", "revoke", author_, "--reason", "x"}),
      {"held_decided",
       [this] {
         Record(&phones_[0], 1);  // Held by now.
         AwaitAllRows();
         return Arguments{"held",     "decide",     author_, "--from",
                          "4",        "--to",       "4",     "--count",
                          "--reason", "đã kiểm tra"};
       }},
      // Of a key that waits for nobody's confirmation, as this test has no
      // other: the server says so.
      {"successor_confirmed",
       [this] {
         return Arguments{"author", "confirm", author_, "--reason", "x"};
       },
       cli::kExitRefused},
      Do("enrolment_code_issued",
         {"enrol", "code", "--team", "1", "--member", "12"}),
      Do("grant_issued",
         {"grant", "issue", "--officer", "7", "--role", "reader", "--all"}),
      {"grant_revoked",
       [this] {
         const cli::Json made = RunJson(
             {"grant", "issue", "--officer", "8", "--role", "reader", "--all"});
         return Arguments{"grant",    "revoke",
                          "--grant",  made["grant_id"].dump(),
                          "--reason", "x"};
       }},
  };
}

std::vector<ActKindsTest::Entry> ActKindsTest::AboutMoney() {
  const std::string list =
      File("list.csv", "commune_code,target\n04771,STANDARD\n");
  const std::string amendment =
      File("amend.csv", "commune_code,change,target\n04717,add,ADVANCED\n");
  const std::string funded = File("funded.csv", "team_id\n1\n");
  const std::string examples = THON_SOURCE_DIR "/deploy/policies/examples/";
  return {
      Do("policy_published",
         {"policy", "publish", examples + "binh-duong-2023.yaml",
          "--issuer-code", "15"}),
      Do("registration_list_approved",
         {"list", "approve", list, "--list", "9/DS", "--issued", "01/06/2023",
          "--year", "2023", "--effective", "01/06/2023", "--apply"}),
      Do("registration_list_amended",
         {"list", "amend", amendment, "--list", "9/DS", "--document", "10/DS",
          "--issued", "01/06/2023", "--effective", "01/06/2023", "--apply"}),
      Do("funding_approved",
         {"funding", "approve", funded, "--policy", "YB-2023", "--document",
          "1/KP", "--issued", "01/06/2023", "--from", "2023-06", "--to",
          "2023-12", "--ceiling", "3.500.000", "--apply"}),
      Do("mobilisation_recorded",
         {"mobilisation", "record", "--policy", "BD-2023", "--team", "1",
          "--date", "05/03/2024", "--persons", "4", "--id", "12"}),
      Do("mobilisation_voided",
         {"mobilisation", "void", "--id", "12", "--reason", "x"}),
      {"top_up_approved",
       [this, examples] {
         Act({"policy", "publish", examples + "da-nang-2026.yaml",
              "--issuer-code", "15"});
         return Arguments{"top-up",         "approve", "--policy", "DNA-2026",
                          "--commune-code", "04771",   "--from",   "2026-09",
                          "--to",           "2026-09", "--amount", "1",
                          "--document",     "12/QĐ"};
       }},
      Do("other_support_recorded",
         {"other-support", "record", "--team", "1", "--from", "2023-06", "--to",
          "2023-06", "--description", "x"}),
      Do("transition_rule",
         {"transition-rule", "add", "--policy", "YB-2023", "--old-unit", "15",
          "--new-unit", "132", "--from", "01/07/2025", "--document", "202/QH"}),
      Do("policy_superseded", {"policy", "supersede", "BD-2023", "--end",
                               "01/07/2024", "--document", "70/NQ"}),
      ByFile("verification_decided",
             "policy: YB-2023, team: 1, month: 2023-06, accepted: true"),
      ByFile("payment_recorded",
             "batch: D1, policy: YB-2023, team: 1, months: [202306], amount: "
             "500.000"),
      ByFile("payment_reversed",
             "batch: D1, policy: YB-2023, team: 1, months: [202306], amount: "
             "500.000, reason: x"),
      ByFile("approval_decided",
             "policy: YB-2023, months: 2023-06..2023-06, scope_unit: 15, "
             "approved: true"),
      ByFile("award_granted",
             "campaign: C, rank: 1, unit: 101, amount: 1 triệu"),
      ByFile("award_revoked", "campaign: C, unit: 101, reason: x"),
      ByFile("expense_recorded",
             "team: 1, purpose: TRAINING, amount: 1000, date: 2023-06-01"),
      Do("period_closed", {"period", "close", "--from", "2023-06", "--to",
                           "2023-06", "--unit-code", "15"}),
      Do("period_reopened", {"period", "reopen", "--from", "2023-06", "--to",
                             "2023-06", "--reason", "x"}),
  };
}

std::vector<ActKindsTest::Entry> ActKindsTest::OfOffices() {
  const std::string hash(64, 'a');
  return {
      Do("plan_assigned",
         {"task", "assign", "15", "--team", "1", "--due", "30/06/2023"}),
      Do("model_accepted",
         {"model", "accept", "42", "--quarter", "2023-Q2", "--unit", "04771"}),
      Do("indicator_observed",
         {"indicator", "observe", "04771", "--metric", "M13", "--numerator",
          "1", "--denominator", "2", "--date", "01/06/2023"}),
      Do("inspection_recorded", {"inspection", "record", "1", "--score", "85"}),
      Do("monthly_update_confirmed",
         {"update", "confirm", "--team", "04771/Thôn 1", "--month", "6/2023"}),
      Do("monthly_update_returned",
         {"update", "return", "--team", "1", "--month", "2023-06", "--level",
          "xã", "--reason", "thiếu số liệu"}),
      ByFile("quarter_evaluated", "quarter: 2023-Q2, team: 1, grade: Tốt"),
      ByFile("hand_over",
             "from_unit: 101, to_unit: 102, scope: x, effective: 2023-07-01"),
      ByFile("export_recorded",
             absl::StrCat("kind: bảng, scope_unit: 15, sha256: ", hash)),
      ByFile("appeal_filed",
             "team: 1, policy: YB-2023, month: 2023-06, ground: x"),
      ByFile("qr_placed", "village: 1001, count: 3"),
      ByFile("projection_adopted", "projection: registry, version: 1"),
  };
}

std::vector<ActKindsTest::Entry> ActKindsTest::AboutTeams() {
  return {
      Do("village_declared",
         Import("village", "commune_code,village_name,id\n04771,Thôn 4,1004\n",
                {"--effective", "01/01/2023"})),
      Do("team_founded",
         Import("team",
                "commune_code,village_name,team_name,founded,id\n"
                "04771,Thôn 4,Tổ bốn,01/06/2023,4\n"
                "04771,Thôn 4,Tổ năm,01/06/2023,5\n")),
      Do("member_joined", Import("member",
                                 "team_id,id,seat,joined\n"
                                 "4,41,LEADER,01/06/2023\n")),
      Do("organisation_registered",
         Import("organisation",
                "name,kind,unit_code,registered,id\n"
                "Sở Khoa học,DEPARTMENT,15,01/01/2023,900\n")),
      Do("facts_imported", Import("member",
                                  "team_id,id,seat,joined\n"
                                  "4,42,MEMBER,01/06/2023\n")),
      Do("member_left",
         {"member", "leave", "42", "--team", "4", "--date", "02/06/2023"}),
      Do("team_renamed", {"team", "rename", "4", "--name", "Tổ Bốn",
                          "--effective", "02/06/2023"}),
      Do("team_moved",
         {"team", "move", "4", "--to", "id:1003", "--effective", "02/06/2023"}),
      Do("team_suspended",
         {"team", "suspend", "4", "--from", "03/06/2023", "--reason", "x"}),
      Do("team_resumed", {"team", "resume", "4", "--date", "04/06/2023"}),
      Do("team_split", {"team", "split", "1", "--into", "1", "--into", "4",
                        "--lead", "1", "--effective", "05/06/2023"}),
      Do("team_merged",
         {"team", "merge", "2", "--into", "1", "--effective", "06/06/2023"}),
      Do("team_dissolved",
         {"team", "dissolve", "5", "--date", "07/06/2023", "--reason", "x"}),
  };
}

std::vector<ActKindsTest::Entry> ActKindsTest::AboutTheMap() {
  const std::string change =
      File("change.csv", "from_code,to_code\n04717,04720\n");
  return {
      Do("units_imported", Import("units",
                                  "code,level,name,parent_code\n"
                                  "15,province,Tỉnh Yên Bái,\n"
                                  "132,district,Huyện Yên Bình,15\n"
                                  "04771,commune,Xã Vĩnh Kiên,132\n"
                                  "04720,commune,Xã Mới,132\n",
                                  {"--effective", "01/07/2023"})),
      Do("admin_unit_changed", {"units", "change", change, "--effective",
                                "01/07/2023", "--document", "1/NQ", "--apply"}),
      Do("placement_decided",
         {"village", "place", "04720/Thôn 3", "--commune-code", "04771",
          "--effective", "02/07/2023"}),
  };
}

TEST_F(ActKindsTest, EveryKindIsAnOfficersWithACommandOrIsSaidNotToBe) {
  std::set<std::string> entered;
  for (const Entry& entry : All()) {
    EXPECT_TRUE(entered.insert(entry.kind).second) << entry.kind;
  }
  const auto* const payloads =
      v1::Event::descriptor()->FindOneofByName("payload");
  const std::unique_ptr<RowReader> rows = province_.Rows();
  for (int i = 0; i < payloads->field_count(); ++i) {
    const auto* const field = payloads->field(i);
    v1::Event event;
    event.GetReflection()->MutableMessage(&event, field);
    event.mutable_act()->set_officer_id(1);
    event.mutable_act()->set_idempotency_key("k");
    // The server takes it from no officer.
    const bool nobodys =
        CheckCommand(event, Date::Of(2023, 6, 1), *rows, nullptr).detail() ==
        "this type of event is not an officer's to record";
    EXPECT_EQ(nobodys, NotOfficers().count(field->name()) > 0)
        << field->name() << ": say in this file whose it is";
    EXPECT_EQ(entered.erase(field->name()) > 0, !nobodys)
        << field->name()
        << (nobodys ? " is not an officer's" : " has no command of thon");
  }
  EXPECT_THAT(entered, ::testing::IsEmpty()) << "no such kind";
}

TEST_F(ActKindsTest, EachCommandEntersItsKind) {
  To("2023-06-01");
  phones_.push_back(EnrolledPhone(100, 1));
  Record(&phones_[0], 3);
  AwaitAllRows();
  author_ = HexEncode(phones_[0].author().view());
  const Position before = LastPosition();
  const std::vector<Entry> all = All();
  for (const Entry& entry : all) {
    EXPECT_EQ(Run(entry.command()), entry.code) << entry.kind << ": " << Said();
    if (entry.code == cli::kExitRefused) {
      EXPECT_THAT(Said(), ::testing::HasSubstr("is confirmed already"));
    }
  }
  std::set<std::string> kinds;
  std::map<std::string, std::string> documents;
  std::vector<std::string> imported;
  for (const PlainEntry& entry : ReadPlainly()) {
    for (const v1::Event& event : entry.batch.events()) {
      if (event.has_document_part()) {
        documents[event.document_part().document_hash()] +=
            event.document_part().content();
      }
      if (!event.has_act() || entry.trailer.last_position() <= before) continue;
      kinds.insert(KindOf(event));
      if (event.has_facts_imported()) {
        imported.push_back(event.facts_imported().facts_hash());
      }
    }
  }
  for (const std::string& hash : imported) {
    v1::FactList facts;
    ASSERT_TRUE(facts.ParseFromString(documents[hash]));
    for (const v1::Event& fact : facts.facts()) kinds.insert(KindOf(fact));
  }
  for (const Entry& entry : all) {
    EXPECT_EQ(kinds.count(entry.kind) > 0, entry.code == cli::kExitOk)
        << entry.kind;
  }
}

}  // namespace
}  // namespace thon::testing
