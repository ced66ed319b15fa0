// When a policy holds: period, months, deadlines, the day to look again.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

constexpr int kPeriodMonthsMax = 120;
constexpr std::int64_t kRoundingMax = 1'000'000'000;

}  // namespace

void PolicyParser::ParsePeriod() {
  static constexpr absl::string_view kFields[] = {"from", "to"};
  const bool draft = policy_.status == PolicyStatus::kDraft;
  const YamlNode* given = YamlReader::Find(root_, "period");
  if (given != nullptr && given->kind == YamlNode::Kind::kNull &&
      (draft || !pays())) {
    return;  // "Not known yet", said openly.
  }
  const bool needed = pays() && !draft;
  const YamlNode* node =
      Block("period", needed, kFields, &policy_.period_basis);
  if (node == nullptr) return;
  const YamlNode* from = reader_.Need(*node, "period", "from");
  const YamlNode* to = reader_.Need(*node, "period", "to");
  if (from == nullptr || to == nullptr ||
      !reader_.Day(*from, "period.from", &policy_.from) ||
      !reader_.Day(*to, "period.to", &policy_.to)) {
    return;
  }
  if (policy_.to < policy_.from) {
    reader_.Error(
        *to, "period.to",
        {absl::StrCat("kết thúc trước ngày bắt đầu ", policy_.from.Vietnamese(),
                      "; ghi ngày muộn hơn"),
         absl::StrCat("ends before it begins on ", policy_.from.Iso(),
                      "; put the later day")});
  } else if (MonthCount(policy_.first_month(), policy_.last_month()) >
             kPeriodMonthsMax) {
    reader_.Error(
        *to, "period.to",
        {absl::StrCat("thời gian thực hiện dài quá ", kPeriodMonthsMax,
                      " tháng; công bố phiên bản mới cho thời gian "
                      "sau đó"),
         absl::StrCat("the period is longer than ", kPeriodMonthsMax,
                      " months; publish a new version for the time "
                      "after")});
  } else {
    policy_.has_period = true;
  }
}

void PolicyParser::ParseEffective() {
  reader_.GatherBasis(nullptr);
  policy_.effective_from = policy_.from;
  const YamlNode* effective = YamlReader::Find(root_, "effective_from");
  if (effective == nullptr ||
      !reader_.Day(*effective, "effective_from", &policy_.effective_from)) {
    return;
  }
  if (policy_.has_period && policy_.effective_from > policy_.to) {
    reader_.Error(*effective, "effective_from",
                  {"sau ngày kết thúc thời gian thực hiện, nên phiên bản này "
                   "không bao giờ có hiệu lực; ghi ngày sớm hơn",
                   "is after the period's end, so the version never holds; put "
                   "an earlier day"});
  } else if (policy_.effective_from.day() != 1 &&
             policy_.effective_from != policy_.from) {
    reader_.Note(Severity::kWarning, *effective, "effective_from",
                 {"ở giữa tháng; tháng đó vẫn theo phiên bản có hiệu lực vào "
                  "ngày đầu tháng",
                  "is in the middle of a month; that month still takes the "
                  "version in force on its first day"});
  }
}

void PolicyParser::ParseMonthRule() {
  static constexpr absl::string_view kFields[] = {"unit", "partial_month",
                                                  "prorata"};
  static constexpr YamlWord kUnits[] = {{"whole_month", 0}};
  static constexpr YamlWord kPartial[] = {{"counts", 1}, {"does_not_count", 0}};
  static constexpr YamlWord kProrata[] = {
      {"none", 0}, {"by_day", 1}, {"by_days", 1, true}};
  const bool cut = policy_.has_period &&
                   (policy_.from != policy_.first_month().first_day() ||
                    policy_.to != policy_.last_month().last_day());
  const YamlNode* node =
      Block("month_rule", cut && pays(), kFields, &policy_.month_basis);
  if (node == nullptr) return;
  int value = 0;
  ReadWord(*node, "month_rule", "unit", false, kUnits, &value);
  if (ReadWord(*node, "month_rule", "prorata", false, kProrata, &value)) {
    policy_.prorate_by_day = value == 1;
  }
  if (ReadWord(*node, "month_rule", "partial_month", cut && pays(), kPartial,
               &value)) {
    policy_.partial_month_counts = value == 1;
  }
  if (policy_.prorate_by_day && pays() &&
      !policy_.pays_by(AmountUnit::kTeamMonth) &&
      !policy_.pays_by(AmountUnit::kMemberMonth)) {
    reader_.Error(*YamlReader::Find(*node, "prorata"), "month_rule.prorata",
                  {"không có tác dụng khi không có mức hỗ trợ theo team_month "
                   "hoặc member_month; viết none",
                   "has no effect without an amount per team_month or "
                   "member_month; write none"});
  }
}

void PolicyParser::ParseRounding() {
  static constexpr absl::string_view kFields[] = {"to_vnd", "mode"};
  static constexpr YamlWord kModes[] = {
      {"down", static_cast<int>(RoundMode::kDown)},
      {"half_up", static_cast<int>(RoundMode::kHalfUp)},
      {"up", static_cast<int>(RoundMode::kUp)}};
  const YamlNode* node = Block("rounding", policy_.prorate_by_day, kFields,
                               &policy_.rounding.basis);
  if (node == nullptr) return;
  if (!policy_.prorate_by_day && !policy_.cap_year_by_month) {
    reader_.Error(*node, "rounding",
                  {"không có tác dụng khi không có month_rule.prorata: by_day "
                   "hoặc caps.year_prorata: by_month; bỏ mục này",
                   "has no effect without month_rule.prorata: by_day or "
                   "caps.year_prorata: by_month; remove it"});
  }
  int value = 0;
  if (ReadWord(*node, "rounding", "mode", true, kModes, &value)) {
    policy_.rounding.mode = static_cast<RoundMode>(value);
  }
  const YamlNode* to = reader_.Need(*node, "rounding", "to_vnd");
  std::int64_t vnd = 0;
  if (to == nullptr || !reader_.Money(*to, "rounding.to_vnd", &vnd)) return;
  if (vnd > kRoundingMax) {
    reader_.Error(*to, "rounding.to_vnd",
                  {absl::StrCat("lớn hơn ", FormatDong(kRoundingMax),
                                "; viết 1, 1000 hoặc số tương tự"),
                   absl::StrCat("is above ", kRoundingMax,
                                "; write 1, 1000 or the like")});
    return;
  }
  policy_.rounding.to_vnd = vnd;
}

// The years the decision speaks of; the period must lie in them.
void PolicyParser::ParsePhase() {
  static constexpr absl::string_view kFields[] = {"from_year", "to_year"};
  Basis basis;
  const YamlNode* node = Block("phase", false, kFields, &basis);
  if (node == nullptr) return;
  const YamlNode* from_node = reader_.Need(*node, "phase", "from_year");
  const YamlNode* to_node = reader_.Need(*node, "phase", "to_year");
  std::int64_t from = 0;
  std::int64_t to = 0;
  const bool good =
      from_node != nullptr && to_node != nullptr &&
      reader_.Whole(*from_node, "phase.from_year", 1900, 2199, &from) &&
      reader_.Whole(*to_node, "phase.to_year", 1900, 2199, &to);
  reader_.GatherBasis(nullptr);
  if (!good) return;
  if (to < from) {
    reader_.Error(*to_node, "phase.to_year",
                  {"trước from_year; ghi năm muộn hơn",
                   "is before from_year; put the later year"});
  } else if (policy_.has_period &&
             (policy_.from.year() < from || policy_.to.year() > to)) {
    reader_.Error(*node, "phase",
                  {absl::StrCat("không chứa hết thời gian thực hiện từ ",
                                policy_.from.Vietnamese(), " đến ",
                                policy_.to.Vietnamese(), "; sửa một trong hai"),
                   absl::StrCat("the period ", policy_.from.Iso(), " to ",
                                policy_.to.Iso(),
                                " is not within it; correct one of them")});
  }
}

// A reminder for officials; nothing rests on it, so it needs no basis.
void PolicyParser::ParseReview() {
  static constexpr absl::string_view kFields[] = {"on", "note"};
  reader_.GatherBasis(nullptr);
  const YamlNode* node = YamlReader::Find(root_, "review");
  if (node == nullptr || !reader_.CheckMap(*node, "review", kFields)) return;
  if (const YamlNode* on = reader_.Need(*node, "review", "on")) {
    reader_.Day(*on, "review.on", &policy_.review_on);
  }
  if (const YamlNode* note = YamlReader::Find(*node, "note")) {
    reader_.Text(*note, "review.note", &policy_.review_note);
  }
}

void PolicyParser::ParseUpdate() {
  static constexpr absl::string_view kFields[] = {
      "required", "record_missing", "submit_before_day", "confirm_before_day"};
  const YamlNode* node =
      Block("monthly_update", false, kFields, &policy_.update_basis);
  if (node == nullptr) return;
  if (const YamlNode* required =
          reader_.Need(*node, "monthly_update", "required")) {
    reader_.Bool(*required, "monthly_update.required",
                 &policy_.update_required);
  }
  if (const YamlNode* record = YamlReader::Find(*node, "record_missing")) {
    reader_.Bool(*record, "monthly_update.record_missing",
                 &policy_.update_record_missing);
  }
  ParseUpdateDays(*node);
}

void PolicyParser::ParseUpdateDays(const YamlNode& block) {
  const auto day = [&](absl::string_view key, int* to) {
    const YamlNode* node = reader_.Need(block, "monthly_update", key);
    std::int64_t value = 0;
    if (node != nullptr &&
        reader_.Whole(*node, YamlPath("monthly_update", key), 1, 28, &value)) {
      *to = static_cast<int>(value);
    }
  };
  // Whether submit_before_day has a use, the conditions say.
  if (policy_.update_record_missing ||
      YamlReader::Find(block, "submit_before_day") != nullptr) {
    day("submit_before_day", &policy_.update_submit_before_day);
  }
  const YamlNode* confirm = YamlReader::Find(block, "confirm_before_day");
  if (policy_.update_required) {
    day("confirm_before_day", &policy_.update_confirm_before_day);
  } else if (confirm != nullptr) {
    reader_.Error(*confirm, "monthly_update.confirm_before_day",
                  {"không có tác dụng trừ khi required là true; bỏ mục này",
                   "has no effect unless required is true; remove it"});
  }
}

void PolicyParser::ParseLate() {
  static constexpr absl::string_view kFields[] = {"effect", "before_day",
                                                  "accept_before"};
  static constexpr YamlWord kEffects[] = {
      {"counts", static_cast<int>(LateEffect::kCounts)},
      {"left_out", static_cast<int>(LateEffect::kLeftOut)}};
  const YamlNode* node =
      Block("late_events", false, kFields, &policy_.late.basis);
  if (node == nullptr) return;
  int value = 0;
  if (!ReadWord(*node, "late_events", "effect", true, kEffects, &value)) return;
  policy_.late.effect = static_cast<LateEffect>(value);
  const YamlNode* day = YamlReader::Find(*node, "before_day");
  const YamlNode* date = YamlReader::Find(*node, "accept_before");
  if (policy_.late.effect == LateEffect::kCounts) {
    const YamlNode* useless = day != nullptr ? day : date;
    if (useless != nullptr) {
      reader_.Error(*useless,
                    day != nullptr ? "late_events.before_day"
                                   : "late_events.accept_before",
                    {"không có tác dụng trừ khi effect là left_out; bỏ mục này",
                     "has no effect unless effect is left_out; remove it"});
    }
    return;
  }
  if ((day == nullptr) == (date == nullptr)) {
    reader_.Error(*node, "late_events",
                  {"viết một trong hai: before_day (ngày của tháng sau) hoặc "
                   "accept_before (một ngày cụ thể)",
                   "write one of before_day (of the month after) and "
                   "accept_before (a date)"});
    return;
  }
  std::int64_t number = 0;
  if (day != nullptr &&
      reader_.Whole(*day, "late_events.before_day", 1, 28, &number)) {
    policy_.late.before_day = static_cast<int>(number);
  }
  if (date != nullptr) {
    reader_.Day(*date, "late_events.accept_before",
                &policy_.late.accept_before);
  }
}

}  // namespace thon
