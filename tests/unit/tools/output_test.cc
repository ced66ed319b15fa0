// What a terminal and a program get to see.
//
// Method: small tables and messages, compared as text and as JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "server/core/civil.h"
#include "server/core/entry.h"
#include "server/core/signature.h"
#include "tests/support/status_matchers.h"
#include "thon/v1/rows.pb.h"
#include "tools/thon/entry_text.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/text_table.h"

namespace thon::cli {
namespace {

using ::testing::HasSubstr;

TEST(TextTableTest, WidthIsWhatATerminalShows) {
  EXPECT_EQ(DisplayWidth("Tổ CĐS xã Vĩnh Kiên"), 19);  // NFC, 25 bytes.
  // The same in NFD, 30 bytes.
  EXPECT_EQ(DisplayWidth("To\xCC\x82\xCC\x89 C\xC4\x90S xa\xCC\x83 Vi\xCC\x83"
                         "nh Kie\xCC\x82n"),
            19);
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("漢"), 2);
  EXPECT_EQ(DisplayWidth("\xFF"), 1);
}

TEST(TextTableTest, ColumnsAlignWhateverTheLettersTake) {
  TextTable table({{"Tên (name)"}, {"Số (n)", Align::kRight}});
  table.AddRow({"Tổ", "1"});
  table.AddRule();
  table.AddRow({"Nguyễn Thái Học", "1.234"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "Tên (name)       Số (n)\n"
            "---------------  ------\n"
            "Tổ                    1\n"
            "---------------  ------\n"
            "Nguyễn Thái Học   1.234\n");
}

TEST(TextTableTest, NothingInARowCanSteerATerminal) {
  TextTable table({{"x"}});
  table.AddRow({"a\x1b[2J\nb\xE2\x80\xAE"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str().find('\x1b'), std::string::npos);
  EXPECT_THAT(out.str(), HasSubstr("a\xEF\xBF\xBD[2J\xEF\xBF\xBD"
                                   "b\xEF\xBF\xBD\n"));
}

TEST(ProtoJsonTest, DaysMonthsBytesAndEnumsAreReadable) {
  v1::FundingRow row;
  row.set_policy_id("YB-2023");
  row.mutable_document()->set_number("1845/QĐ-UBND");
  row.mutable_document()->set_issue_date(Date::Of(2023, 10, 12).days);
  row.set_first_month(202306);
  row.set_ceiling_vnd(2'698'500'000);
  row.set_teams_hash(std::string("\x00\xff", 2));
  row.add_team_ids((std::uint64_t{1} << 53) - 1);
  const Json json = ToJson(row);
  EXPECT_EQ(json["policy_id"], "YB-2023");
  EXPECT_EQ(json["document"]["issue_date"], "2023-10-12");
  EXPECT_EQ(json["first_month"], "2023-06");
  EXPECT_TRUE(json["last_month"].is_null());
  EXPECT_EQ(json["ceiling_vnd"], 2'698'500'000);
  EXPECT_EQ(json["teams_hash"], "00ff");
  EXPECT_EQ(json["team_ids"], Json::array({9007199254740991}));
  EXPECT_EQ(json["retroactive"], false);

  v1::Determination determination;
  determination.set_state(v1::DETERMINATION_STATE_NOT_COVERED);
  determination.add_reasons(v1::REASON_CODE_NOT_A_TEAM);
  EXPECT_EQ(ToJson(determination)["state"], "NOT_COVERED");
  EXPECT_EQ(ToJson(determination)["reasons"], Json::array({"NOT_A_TEAM"}));
}

TEST(ProtoJsonTest, WhatIsAbsentHasNoKeyAndAbsurdDaysStayNumbers) {
  v1::Event event;
  event.set_claimed_date(2'000'000'000);
  event.mutable_day_opened()->set_local_date(19'509);
  const Json json = ToJson(event);
  EXPECT_EQ(json["claimed_date"], 2'000'000'000);
  EXPECT_EQ(json["day_opened"]["local_date"], "2023-06-01");
  EXPECT_FALSE(json.contains("team_founded"));
  EXPECT_FALSE(json.contains("originally"));
}

TEST(EntryTextTest, AnEntryIsShownWithPlaceTimeAuthorAndTypes) {
  v1::Batch batch;
  batch.set_author(std::string(16, '\x1f'));
  batch.set_first_sequence(5);
  for (int i = 0; i < 3; ++i) batch.add_events()->set_sequence(5 + i);
  batch.mutable_events(0)->mutable_task_completed();
  batch.mutable_events(1)->mutable_task_completed();
  EntryTrailer trailer;
  trailer.first_position = Position(40);
  trailer.event_count = 3;
  trailer.receive_time = Instant(1685552400000);
  v1::Entry entry;
  entry.set_entry_index(12);
  entry.set_leaf(EncodeEntry(batch.SerializeAsString(), trailer));
  const absl::StatusOr<DecodedEntry> decoded = DecodeEntry(entry);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(ShowEntry(*decoded),
            "12  40-42  2023-06-01T00:00:00+07:00  1f1f1f1f1f1f  #5  "
            "task_completed x2, unknown");
  const Json json = EntryJson(*decoded, true);
  EXPECT_EQ(json["last_position"], 42);
  EXPECT_EQ(json["types"]["task_completed"], 2);
  EXPECT_EQ(json["events"].size(), 3u);

  entry.set_leaf("short");
  EXPECT_THAT(DecodeEntry(entry), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace thon::cli
