// Amounts, and the sum the source says.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

constexpr std::size_t kLinesMax = 16;

constexpr absl::string_view kLineFields[] = {
    "per", "vnd", "up_to", "members_on", "members_max", "purpose", "none"};
constexpr YamlWord kUnits[] = {
    {"team_month", static_cast<int>(AmountUnit::kTeamMonth)},
    {"member_month", static_cast<int>(AmountUnit::kMemberMonth)},
    {"person_day", static_cast<int>(AmountUnit::kPersonDay)},
    {"person_night", static_cast<int>(AmountUnit::kPersonNight)}};

bool IsPerPerson(AmountUnit unit) {
  return unit == AmountUnit::kPersonDay || unit == AmountUnit::kPersonNight;
}

// What may stand behind a slash of an amount of each unit, "tổ" and "tháng" of
// 500 nghìn đồng/tổ/tháng. "đơn vị" is whatever the unit is.
std::vector<absl::string_view> WordsOf(AmountUnit unit) {
  switch (unit) {
    case AmountUnit::kTeamMonth:
      return {"tổ", "tháng", "đơn vị"};
    case AmountUnit::kMemberMonth:
      return {"người", "thành viên", "tháng", "đơn vị"};
    case AmountUnit::kPersonDay:
      return {"người", "ngày", "đơn vị"};
    case AmountUnit::kPersonNight:
      return {"người", "đêm", "đơn vị"};
  }
  return {};
}

}  // namespace

void PolicyParser::CheckUnitOfMoney(const YamlNode& node,
                                    const std::string& path, AmountUnit unit) {
  const YamlNode* value = &node;
  if (node.kind == YamlNode::Kind::kMap) {
    value = YamlReader::Find(node, "value");
  }
  if (value == nullptr || value->kind != YamlNode::Kind::kScalar) return;
  std::vector<std::string> parts = absl::StrSplit(value->text, '/');
  const std::vector<absl::string_view> words = WordsOf(unit);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::string word = Trim(parts[i]);
    if (absl::StartsWith(word, "1 ")) word = Trim(word.substr(2));
    if (std::find(words.begin(), words.end(), word) != words.end()) continue;
    const std::string all = absl::StrJoin(words, ", ");
    reader_.Error(
        *value, path,
        {absl::StrCat(Shown(absl::StrCat("/", word)),
                      " không khớp với per; sau dấu gạch chéo viết một "
                      "trong: ",
                      all, ", hoặc bỏ đơn vị tính"),
         absl::StrCat(Shown(absl::StrCat("/", word)),
                      " is not what per says; after a slash write one of: ",
                      all, ", or leave the unit out")});
    return;
  }
}

void PolicyParser::ParseAmounts() {
  const YamlNode* node = YamlReader::Find(root_, "amount");
  if (node == nullptr && policy_.status == PolicyStatus::kPilot) {
    NoteDefault(root_, "amount",
                {"none (thí điểm không chi)", "none (a pilot pays nothing)"});
    policy_.amount_basis.assumption =
        "không nêu mức hỗ trợ; thí điểm không chi (no amount is named; a pilot "
        "pays nothing)";
    return;
  }
  if (node == nullptr) {
    reader_.Error(root_, "amount",
                  {"thiếu; thêm \"amount:\", hoặc ghi rõ là không chi: "
                   "{none: true}",
                   "missing; add \"amount:\", or say that nothing is paid: "
                   "{none: true}"});
    return;
  }
  if (node->kind == YamlNode::Kind::kSequence) {
    if (reader_.List(*node, "amount",
                     "- {per: team_month, vnd: 500000, source: ...}") ==
        nullptr) {
      return;
    }
    if (node->items.size() > kLinesMax) {
      reader_.Error(*node, "amount",
                    {absl::StrCat("có hơn ", kLinesMax, " khoản; bỏ bớt"),
                     absl::StrCat("has more than ", kLinesMax,
                                  " lines; leave some out")});
      return;
    }
    for (std::size_t i = 0; i < node->items.size(); ++i) {
      ParseLine(node->items[i], absl::StrCat("amount[", i, "]"));
    }
    return;
  }
  const YamlNode* none = node->kind == YamlNode::Kind::kMap
                             ? YamlReader::Find(*node, "none")
                             : nullptr;
  if (none == nullptr) {
    ParseLine(*node, "amount");
    return;
  }
  static constexpr absl::string_view kNoneFields[] = {"none"};
  if (!reader_.CheckMap(*node, "amount", kNoneFields)) return;
  policy_.amount_basis = reader_.ReadBasis(*node, "amount");
  reader_.GatherBasis(nullptr);
  bool nothing = false;
  if (reader_.Bool(*none, "amount.none", &nothing) && !nothing) {
    reader_.Error(*none, "amount.none",
                  {"viết true, hoặc thay bằng per và vnd",
                   "write true, or per and vnd in its place"});
  }
}

void PolicyParser::ParseLine(const YamlNode& node, const std::string& path) {
  reader_.GatherBasis(nullptr);
  if (!reader_.CheckMap(node, path, kLineFields) &&
      node.kind != YamlNode::Kind::kMap) {
    return;
  }
  if (const YamlNode* none = YamlReader::Find(node, "none")) {
    reader_.Error(*none, YamlPath(path, "none"),
                  {"không đứng trong danh sách các mức hỗ trợ; bỏ mục này",
                   "does not stand in a list of amounts; remove it"});
  }
  AmountLine line;
  line.path = path;
  line.basis = reader_.ReadBasis(node, path);
  reader_.GatherBasis(&line.basis);
  int value = 0;
  if (ReadWord(node, path, "per", true, kUnits, &value)) {
    line.unit = static_cast<AmountUnit>(value);
  }
  if (const YamlNode* vnd = reader_.Need(node, path, "vnd")) {
    reader_.Money(*vnd, YamlPath(path, "vnd"), &line.vnd);
    CheckUnitOfMoney(*vnd, YamlPath(path, "vnd"), line.unit);
  }
  if (const YamlNode* up_to = YamlReader::Find(node, "up_to")) {
    reader_.Bool(*up_to, YamlPath(path, "up_to"), &line.up_to);
    if (line.up_to && !IsPerPerson(line.unit)) {
      reader_.Error(*up_to, YamlPath(path, "up_to"),
                    {"không có tác dụng trừ khi per là person_day hoặc "
                     "person_night; bỏ mục này",
                     "has no effect unless per is person_day or person_night; "
                     "remove it"});
    }
  }
  ParseMembers(node, &line);
  if (const YamlNode* purpose = YamlReader::Find(node, "purpose")) {
    reader_.Text(*purpose, YamlPath(path, "purpose"), &line.purpose);
  }
  for (const AmountLine& other : policy_.amounts) {
    if (other.unit == line.unit &&
        (IsPerPerson(line.unit) || other.purpose == line.purpose)) {
      reader_.Error(node, path,
                    {absl::StrCat("chi trùng với ", other.path,
                                  "; giữ lại một, hoặc ghi mục đích riêng cho "
                                  "từng khoản"),
                     absl::StrCat("pays what ", other.path,
                                  " pays already; keep one, or give each its "
                                  "own purpose")});
      break;
    }
  }
  reader_.GatherBasis(nullptr);
  policy_.amounts.push_back(std::move(line));
}

void PolicyParser::ParseMembers(const YamlNode& node, AmountLine* line) {
  const bool by_member = line->unit == AmountUnit::kMemberMonth;
  for (const absl::string_view key : {"members_on", "members_max"}) {
    const YamlNode* found = YamlReader::Find(node, key);
    if (found != nullptr && !by_member) {
      reader_.Error(*found, YamlPath(line->path, key),
                    {"không có tác dụng trừ khi per là member_month; bỏ mục "
                     "này",
                     "has no effect unless per is member_month; remove it"});
    }
  }
  if (!by_member) return;
  int value = 0;
  if (ReadWord(node, line->path, "members_on", true, kLookDays, &value)) {
    line->members_on = static_cast<LookDay>(value);
  }
  if (const YamlNode* most = YamlReader::Find(node, "members_max")) {
    reader_.Whole(*most, YamlPath(line->path, "members_max"), 1,
                  limits::kTeamMembersMax, &line->members_max);
  }
}

// Sums that no ceiling would hold within what the program can count.
void PolicyParser::CheckLines() {
  const YamlNode* node = YamlReader::Find(root_, "amount");
  if (!policy_.has_period || node == nullptr) return;
  const int months = MonthCount(policy_.first_month(), policy_.last_month());
  for (const AmountLine& line : policy_.amounts) {
    absl::int128 units = 1;
    if (line.unit == AmountUnit::kMemberMonth) {
      units =
          line.members_max != 0 ? line.members_max : limits::kTeamMembersMax;
    } else if (IsPerPerson(line.unit)) {
      units = limits::kCountMax;
    }
    absl::int128 month = absl::int128(line.vnd) * units;
    if (policy_.cap_month_vnd != 0) {
      month = std::min<absl::int128>(month, policy_.cap_month_vnd);
    }
    if (month * months <= limits::kMoneyMax) continue;
    reader_.Note(
        Severity::kWarning, *node, line.path,
        {absl::StrCat("trong ", months, " tháng, một tổ có thể được hơn ",
                      FormatDong(limits::kMoneyMax),
                      ", quá mức tính được; thêm mức trần hoặc xem "
                      "lại số tiền"),
         absl::StrCat("over ", months,
                      " months one team could come to more than ",
                      FormatDong(limits::kMoneyMax),
                      ", where amounts end; add a cap or check the "
                      "amount")});
  }
}

// What the source says the sum comes to; only checked, never computed with.
void PolicyParser::ParseExpected() {
  static constexpr absl::string_view kFields[] = {"team_months", "total_vnd"};
  Basis basis;
  const YamlNode* node = Block("expected", false, kFields, &basis);
  if (node == nullptr) return;
  const YamlNode* months_node = reader_.Need(*node, "expected", "team_months");
  const YamlNode* total_node = reader_.Need(*node, "expected", "total_vnd");
  std::int64_t months = 0;
  std::int64_t total = 0;
  const bool good = months_node != nullptr && total_node != nullptr &&
                    reader_.Whole(*months_node, "expected.team_months", 1,
                                  1'000'000'000, &months) &&
                    reader_.Money(*total_node, "expected.total_vnd", &total);
  reader_.GatherBasis(nullptr);
  if (!good) return;
  if (policy_.amounts.size() != 1 ||
      policy_.amounts[0].unit != AmountUnit::kTeamMonth ||
      policy_.prorate_by_day) {
    reader_.Error(*node, "expected",
                  {"chỉ kiểm tra được khi có một mức hỗ trợ theo team_month, "
                   "tròn tháng; bỏ mục này",
                   "can only be checked for one amount per team_month in whole "
                   "months; remove it"});
    return;
  }
  const std::int64_t vnd = policy_.amounts[0].vnd;
  if (vnd != 0 && absl::int128(vnd) * months != total) {
    reader_.Error(*total_node, "expected.total_vnd",
                  {absl::StrCat("không bằng ", months, " tháng-tổ nhân ",
                                FormatDong(vnd), "; một trong ba số này sai"),
                   absl::StrCat("is not ", months, " team-months of ", vnd,
                                "; one of the three is wrong")});
  }
}

}  // namespace thon
