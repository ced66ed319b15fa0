// What an enrolment sheet prints is what a camera reads and a phone takes: the
// code, the server and the certificate authority, and nothing of a person.
//
// Method: the QR of the page is drawn from its SVG and read by libzbar, which
// shares nothing with what made it; files and areas of teams by a small map.
#include "tools/thon/enrol_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zbar.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/core/enrol_payload.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/tools/report_matchers.h"
#include "tools/thon/enrol_file.h"

namespace thon::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kPixels = 4;  // A module.
const Date kToday = Date::Of(2023, 6, 1);

struct Picture {
  int side = 0;
  std::string grey;  // A byte a pixel.
};

// Draws the rectangles "Mx yhNv1h-Nz" of an SVG that QrSvg() made.
Picture Draw(const std::string& svg) {
  Picture picture;
  int side = 0;
  EXPECT_EQ(
      std::sscanf(svg.c_str() + svg.find("viewBox"), "viewBox=\"0 0 %d", &side),
      1);
  picture.side = side * kPixels;
  picture.grey.assign(static_cast<std::size_t>(picture.side * picture.side),
                      '\xFF');
  for (std::size_t at = svg.find('M'); at != std::string::npos;
       at = svg.find('M', at + 1)) {
    int x = 0, y = 0, run = 0;
    if (std::sscanf(svg.c_str() + at, "M%d %dh%dv1", &x, &y, &run) != 3) break;
    for (int py = y * kPixels; py < (y + 1) * kPixels; ++py) {
      for (int px = x * kPixels; px < (x + run) * kPixels; ++px) {
        picture.grey[static_cast<std::size_t>(py * picture.side + px)] = '\0';
      }
    }
  }
  return picture;
}

// What a camera reads of a picture, a text a QR.
std::vector<std::string> Scan(Picture picture) {
  zbar::ImageScanner scanner;
  scanner.set_config(zbar::ZBAR_QRCODE, zbar::ZBAR_CFG_ENABLE, 1);
  zbar::Image image(static_cast<unsigned>(picture.side),
                    static_cast<unsigned>(picture.side), "Y800",
                    picture.grey.data(), picture.grey.size());
  std::vector<std::string> texts;
  scanner.scan(image);
  for (auto it = image.symbol_begin(); it != image.symbol_end(); ++it) {
    texts.push_back(it->get_data());
  }
  image.set_data(nullptr, 0);
  return texts;
}

std::vector<std::string> SvgsOf(const std::string& html) {
  std::vector<std::string> svgs;
  for (std::size_t at = html.find("<svg"); at != std::string::npos;
       at = html.find("<svg", at + 1)) {
    svgs.push_back(html.substr(at, html.find("</svg>", at) - at));
  }
  return svgs;
}

SheetOptions Options() {
  SheetOptions options;
  options.server = "thon.yenbai.gov.vn:7443";
  options.ca_fingerprint = std::string(60, 'a') + "0f19";
  options.last_date = Date::Of(2023, 7, 1);
  return options;
}

SheetCard Card(std::uint64_t team, const std::string& name, char letter) {
  SheetCard card;
  card.team_id = team;
  card.team_name = name;
  card.place = "Thôn Nà Xá, Xã Vĩnh Kiên (04771)";
  card.member_id = 90871;
  card.seat = v1::SEAT_LEADER;
  card.code = std::string(26, letter);
  return card;
}

TEST(EnrolSheetTest, TheQrOfEachCardIsReadByACameraAndTakenByAPhone) {
  const std::vector<SheetCard> cards = {Card(4211, "Tổ 1", 'A'),
                                        Card(4212, "Tổ 2", '7'),
                                        Card(4213, "Tổ 3", 'Z')};
  const absl::StatusOr<std::string> html = EnrolSheetHtml(cards, Options());
  ASSERT_THAT(html, IsOk());
  const std::vector<std::string> svgs = SvgsOf(*html);
  ASSERT_THAT(svgs, SizeIs(3));
  for (std::size_t i = 0; i < svgs.size(); ++i) {
    const std::vector<std::string> read = Scan(Draw(svgs[i]));
    ASSERT_THAT(read, SizeIs(1));
    const absl::StatusOr<EnrolPayload> payload = ParseEnrolPayload(read[0]);
    ASSERT_THAT(payload, IsOk());
    EXPECT_EQ(payload->code, cards[i].code);
    EXPECT_EQ(payload->server, Options().server);
    EXPECT_EQ(payload->ca_fingerprint, Options().ca_fingerprint);
  }
}

TEST(EnrolSheetTest, TheScannerSeesAFault) {
  const absl::StatusOr<std::string> svg = QrSvg("THON1/A:1");
  ASSERT_THAT(svg, IsOk());
  Picture picture = Draw(*svg);
  EXPECT_THAT(Scan(picture), ElementsAre("THON1/A:1"));
  picture.grey.assign(picture.grey.size() / 2, '\0');
  picture.grey.resize(static_cast<std::size_t>(picture.side * picture.side),
                      '\xFF');
  EXPECT_THAT(Scan(picture), IsEmpty());
}

TEST(EnrolSheetTest, MoreThanAQrHoldsIsRefused) {
  EXPECT_THAT(QrSvg(std::string(5000, 'a')),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(EnrolSheetTest, ThePageNeedsNothingElseAndEscapesNames) {
  SheetCard card = Card(4211, "Tổ <script>alert(1)</script> & \"x\"", 'A');
  const absl::StatusOr<std::string> html = EnrolSheetHtml({card}, Options());
  ASSERT_THAT(html, IsOk());
  EXPECT_THAT(*html, HasSubstr("Tổ &lt;script&gt;alert(1)&lt;/script&gt; &amp; "
                               "&quot;x&quot;"));
  EXPECT_THAT(*html, Not(HasSubstr("<script")));
  EXPECT_THAT(*html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(*html, HasSubstr("AAAA AAAA AAAA AAAA AAAA AAAA AA"));
  EXPECT_THAT(*html, HasSubstr("01/07/2023"));
  EXPECT_THAT(*html, HasSubstr("tổ trưởng"));
  EXPECT_THAT(*html, HasSubstr("size: A4"));
  // The one address is the name of SVG's own words, which nothing fetches.
  const std::string rest = absl::StrReplaceAll(
      *html, {{"xmlns=\"http://www.w3.org/2000/svg\"", ""}});
  for (const char* outside : {"http:", "https:", "url(", "src=", "href="}) {
    EXPECT_THAT(rest, Not(HasSubstr(outside)));
  }
}

TEST(EnrolSheetTest, CardsComeAsManyAPageAsAskedFor) {
  const std::vector<SheetCard> cards(9, Card(4211, "Tổ", 'B'));
  for (const auto& [per_page, pages] : {std::pair{1, 9}, {2, 5}, {4, 3}}) {
    SheetOptions options = Options();
    options.per_page = per_page;
    const absl::StatusOr<std::string> html = EnrolSheetHtml(cards, options);
    ASSERT_THAT(html, IsOk());
    int found = 0;
    for (std::size_t at = html->find("<div class=\"page");
         at != std::string::npos;
         at = html->find("<div class=\"page", at + 1)) {
      ++found;
    }
    EXPECT_EQ(found, pages);
  }
}

v1::TeamRow TeamWithMembers() {
  v1::TeamRow team = Team(7, 1001, "Tổ 1", Date::Of(2023, 5, 20));
  const auto add = [&](std::uint64_t id, v1::Seat seat, Date joined,
                       Date left) {
    v1::TeamMember* const member = team.add_members();
    member->set_member_id(id);
    member->set_seat(seat);
    member->set_joined_date(joined.days);
    member->set_left_date(left.days);
  };
  add(70, v1::SEAT_LEADER, Date::Of(2023, 5, 20), kToday);  // Left today.
  add(71, v1::SEAT_MEMBER, Date::Of(2023, 5, 20), Date());
  add(72, v1::SEAT_LEADER, Date::Of(2023, 5, 25), Date());
  add(73, v1::SEAT_MEMBER, kToday.Next(), Date());  // Not yet.
  return team;
}

TEST(EnrolFileTest, ATeamsCardIsItsPresentLeaders) {
  const UnitMap map = SmallUnitMap();
  const v1::TeamRow team = TeamWithMembers();
  const std::vector<SheetCard> leader =
      CardsOfTeam(team, map, kToday, SheetFor::kLeader);
  ASSERT_THAT(leader, SizeIs(1));
  EXPECT_EQ(leader[0].member_id, 72u);
  EXPECT_EQ(leader[0].place, "Thôn Nà Xá, Xã Vĩnh Kiên (04771)");
  const std::vector<SheetCard> all =
      CardsOfTeam(team, map, kToday, SheetFor::kEveryMember);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].member_id, 71u);
}

TEST(EnrolFileTest, EveryFaultOfAFileIsReportedInItsRow) {
  const TeamIndex teams(
      {TeamWithMembers(), Team(8, 101, "Tổ xã", Date::Of(2023, 5, 20))});
  Report report;
  const std::vector<SheetCard> cards =
      PlanSheet(Table("team_id,member_id\n7,\n7,71\n7,70\n8,\n9,\n7,72\n"),
                SmallUnitMap(), teams, kToday, SheetFor::kLeader, &report);
  EXPECT_THAT(cards, SizeIs(2));
  EXPECT_THAT(Errors(report),
              ElementsAre("4 UNKNOWN_MEMBER member_id", "5 NO_MEMBER team_id",
                          "6 UNKNOWN_TEAM team_id", "7 DUPLICATE team_id"));
}

}  // namespace
}  // namespace thon::cli
