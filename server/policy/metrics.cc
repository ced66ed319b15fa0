#include "server/policy/metrics.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace thon {
namespace {

constexpr MetricKind kCount = MetricKind::kCount;
constexpr MetricKind kRatio = MetricKind::kRatio;
constexpr MetricKind kFlag = MetricKind::kFlag;
constexpr Pillar kGovernment = Pillar::kGovernment;
constexpr Pillar kEconomy = Pillar::kEconomy;
constexpr Pillar kSociety = Pillar::kSociety;
using Source = MetricSource;

constexpr std::array<MetricInfo, kMetricCount> kCatalogue = {{
    {"M01", "active_days", "số ngày có hoạt động", "days with an activity",
     kCount, Source::kActivity, kSociety},
    {"M02", "activity_count", "số hoạt động", "activities", kCount,
     Source::kActivity, kSociety},
    {"M03", "active_members", "số thành viên có hoạt động", "active members",
     kCount, Source::kActivity, kSociety},
    {"M04", "member_count", "số thành viên", "members", kCount, Source::kRoster,
     kSociety},
    {"M05", "seats_complete", "đủ thành phần", "seats complete", kFlag,
     Source::kRoster, kSociety},
    {"M06", "monthly_update_on_time", "cập nhật tháng đúng hạn",
     "monthly update on time", kFlag, Source::kUpdate, kGovernment},
    {"M07", "monthly_update_confirmed", "cập nhật tháng được xác nhận",
     "monthly update confirmed", kFlag, Source::kUpdate, kGovernment},
    {"M08", "households_reached", "số hộ được hướng dẫn", "households reached",
     kCount, Source::kActivity, kSociety},
    {"M09", "people_guided", "số người được hướng dẫn", "people guided", kCount,
     Source::kActivity, kSociety},
    {"M10", "installs", "số lượt cài đặt ứng dụng", "app installs", kCount,
     Source::kActivity, kSociety},
    {"M11", "accounts", "số tài khoản được mở", "accounts opened", kCount,
     Source::kActivity, kEconomy},
    {"M12", "online_dossier_ratio", "tỷ lệ hồ sơ nộp và xử lý trực tuyến",
     "share of dossiers submitted and processed online", kRatio,
     Source::kIndicator, kGovernment},
    {"M12b", "online_submitted_ratio", "tỷ lệ hồ sơ nộp trực tuyến",
     "share of dossiers submitted online", kRatio, Source::kIndicator,
     kGovernment},
    {"M13", "household_skill_ratio", "tỷ lệ hộ có kỹ năng số",
     "share of households with digital skills", kRatio, Source::kIndicator,
     kSociety},
    {"M14", "household_app_ratio", "tỷ lệ hộ cài ứng dụng",
     "share of households with the app", kRatio, Source::kIndicator, kSociety},
    {"M14b", "resident_app_ratio", "tỷ lệ người dân cài ứng dụng",
     "share of residents with the app", kRatio, Source::kIndicator, kSociety},
    {"M15", "household_cashless_ratio", "tỷ lệ hộ thanh toán không tiền mặt",
     "share of households paying without cash", kRatio, Source::kIndicator,
     kEconomy},
    {"M15b", "resident_payment_ratio",
     "tỷ lệ người dân có tài khoản thanh toán điện tử",
     "share of residents paying electronically", kRatio, Source::kIndicator,
     kEconomy},
    {"M16", "farm_ecom_ratio", "tỷ lệ hộ nông nghiệp trên sàn",
     "share of farm households on a platform", kRatio, Source::kIndicator,
     kEconomy},
    {"M17", "accepted_models", "số mô hình được công nhận", "accepted models",
     kCount, Source::kModels, kSociety},
    {"M18", "adult_smartphone_app_ratio", "tỷ lệ người lớn dùng ứng dụng",
     "share of adults with a smartphone using the app", kRatio,
     Source::kIndicator, kSociety},
    {"M19", "training_sessions", "số buổi tập huấn", "training sessions",
     kCount, Source::kActivity, kSociety},
    {"M20", "tasks_done_ratio", "tỷ lệ nhiệm vụ hoàn thành",
     "share of tasks done", kRatio, Source::kActivity, kGovernment},
    {"M21", "inspection_score", "điểm kiểm tra", "inspection score", kCount,
     Source::kActivity, kGovernment},
    {"M22", "sync_delay_p95", "độ trễ đồng bộ (giờ, phân vị 95)",
     "sync delay, hours, 95th percentile", kCount, Source::kActivity,
     kGovernment},
    {"M23", "suspect_event_ratio", "tỷ lệ hoạt động nghi ngờ về thời gian",
     "share of activities with suspect time", kRatio, Source::kActivity,
     kGovernment},
    {"M24", "team_coverage", "độ phủ tổ", "team coverage", kRatio,
     Source::kUnit, kGovernment},
    {"M25", "supported_share", "tỷ lệ tổ được hỗ trợ",
     "share of supported teams", kRatio, Source::kMoney, kGovernment},
    {"M26", "commune_recognition", "xã được công nhận", "commune recognised",
     kFlag, Source::kMoney, kGovernment},
    {"M27", "composite_score", "điểm tổng hợp", "composite score", kCount,
     Source::kMoney, kGovernment},
    {"M28", "rank", "thứ hạng", "rank", kCount, Source::kMoney, kGovernment},
    {"M29", "paid_vs_entitled", "đã chi so với được hưởng",
     "paid against entitled", kRatio, Source::kMoney, kGovernment},
    {"M30", "budget_left", "kinh phí còn lại", "budget left", kCount,
     Source::kMoney, kGovernment},
}};

using Months = absl::Span<const v1::TeamMonth* const>;

// Sum over the months that have a row.
template <typename Of>
std::int64_t Sum(Months months, Of of) {
  std::int64_t sum = 0;
  for (const v1::TeamMonth* month : months) {
    if (month != nullptr) sum += static_cast<std::int64_t>(of(*month));
  }
  return sum;
}

std::int64_t DistinctMembers(Months months) {
  if (months.size() == 1) {
    return months[0] == nullptr ? 0 : months[0]->members_size();
  }
  std::vector<std::uint64_t> ids;
  for (const v1::TeamMonth* month : months) {
    if (month == nullptr) continue;
    for (const v1::MemberCount& member : month->members()) {
      ids.push_back(member.member_id());
    }
  }
  std::sort(ids.begin(), ids.end());
  return std::unique(ids.begin(), ids.end()) - ids.begin();
}

std::int64_t PeopleGuided(const v1::TeamMonth& month, v1::Topic topic) {
  std::int64_t people = 0;
  for (const v1::TopicCount& one : month.people_by_topic()) {
    if (topic == v1::TOPIC_UNSPECIFIED || one.topic() == topic) {
      people += one.people();
    }
  }
  return people;
}

std::int64_t Installs(const v1::TeamMonth& month,
                      const MetricSelector& selector) {
  if (selector.app.empty() && selector.basis == v1::COUNT_BASIS_UNSPECIFIED) {
    return month.installs();
  }
  std::int64_t count = 0;
  for (const v1::AppCount& one : month.installs_by_app()) {
    if ((selector.app.empty() || one.app() == selector.app) &&
        (selector.basis == v1::COUNT_BASIS_UNSPECIFIED ||
         one.basis() == selector.basis)) {
      count += one.count();
    }
  }
  return count;
}

std::int64_t Accounts(const v1::TeamMonth& month, v1::AccountKind kind) {
  if (kind == v1::ACCOUNT_KIND_UNSPECIFIED) return month.accounts();
  std::int64_t count = 0;
  for (const v1::AccountCount& one : month.accounts_by_kind()) {
    if (one.kind() == kind) count += one.count();
  }
  return count;
}

std::int64_t Trainings(const v1::TeamMonth& month,
                       const MetricSelector& selector) {
  std::int64_t count = 0;
  for (const v1::TrainingCount& one : month.trainings()) {
    if (selector.audience == v1::AUDIENCE_UNSPECIFIED ||
        one.audience() == selector.audience) {
      count += selector.attendees ? one.attendees() : one.sessions();
    }
  }
  return count;
}

// Without an inspection nobody can say what its score was.
MetricNumber Score(Months months, bool mean) {
  MetricNumber value = kUnknownNumber;
  std::uint64_t newest = 0;
  for (const v1::TeamMonth* month : months) {
    if (month == nullptr) continue;
    for (const v1::InspectionScore& one : month->inspections()) {
      if (mean) {
        value.numerator += one.score();
        ++value.denominator;
      } else if (value.denominator == 0 || one.position() > newest) {
        value = {one.score(), 1};
        newest = one.position();
      }
    }
  }
  return value;
}

// The 95th percentile by nearest rank: the fewest hours within which at least
// 95 of 100 activities came.
MetricNumber DelayHours(Months months) {
  std::vector<std::pair<std::int32_t, std::int64_t>> delays;
  std::int64_t all = 0;
  for (const v1::TeamMonth* month : months) {
    if (month == nullptr) continue;
    for (const v1::DelayCount& one : month->delays()) {
      delays.emplace_back(one.hours(), one.count());
      all += one.count();
    }
  }
  if (all <= 0) return kUnknownNumber;
  std::sort(delays.begin(), delays.end());
  absl::int128 so_far = 0;
  for (const auto& [hours, count] : delays) {
    so_far += count;
    if (so_far * 100 >= absl::int128(all) * 95) return {hours, 1};
  }
  return {delays.back().first, 1};
}

// The number to compare with `target`, on both sides of the comparison.
struct Sides {
  absl::int128 value;
  absl::int128 target;
};
Sides SidesOf(const MetricSelector& selector, const MetricNumber& value,
              std::int64_t target) {
  const int scale =
      InfoOf(selector.metric).kind == MetricKind::kRatio ? 100 : 1;
  return {absl::int128(value.numerator) * scale,
          absl::int128(target) * value.denominator};
}

void Add(absl::string_view key, absl::string_view word, std::string* out) {
  absl::StrAppend(out, out->empty() ? "" : " ", key, "=", word);
}

absl::string_view GrainWord(Grain over) {
  switch (over) {
    case Grain::kMonth:
      return "month";
    case Grain::kQuarter:
      return "quarter";
    case Grain::kYear:
      return "year";
    case Grain::kWindow:
      return "window";
  }
  return "";
}

}  // namespace

const MetricInfo& InfoOf(Metric metric) {
  return kCatalogue[static_cast<std::size_t>(metric)];
}

bool FindMetric(absl::string_view id, Metric* metric) {
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    if (kCatalogue[i].id == id || kCatalogue[i].name == id) {
      *metric = static_cast<Metric>(i);
      return true;
    }
  }
  return false;
}

std::string Qualifier(const MetricSelector& selector) {
  std::string out;
  const auto word = [](const std::string& name, absl::string_view prefix) {
    return std::string(absl::StripPrefix(name, prefix));
  };
  if (selector.topic != v1::TOPIC_UNSPECIFIED) {
    Add("topic", word(v1::Topic_Name(selector.topic), "TOPIC_"), &out);
  }
  if (!selector.app.empty()) Add("app", selector.app, &out);
  if (selector.basis != v1::COUNT_BASIS_UNSPECIFIED) {
    Add("basis", word(v1::CountBasis_Name(selector.basis), "COUNT_BASIS_"),
        &out);
  }
  if (selector.account != v1::ACCOUNT_KIND_UNSPECIFIED) {
    Add("account",
        word(v1::AccountKind_Name(selector.account), "ACCOUNT_KIND_"), &out);
  }
  if (selector.audience != v1::AUDIENCE_UNSPECIFIED) {
    Add("audience", word(v1::Audience_Name(selector.audience), "AUDIENCE_"),
        &out);
  }
  if (selector.attendees) Add("count", "attendees", &out);
  if (selector.mean) Add("take", "mean", &out);
  if (selector.of != v1::UNIT_LEVEL_UNSPECIFIED) {
    Add("of", word(v1::UnitLevel_Name(selector.of), "UNIT_LEVEL_"), &out);
  }
  if (selector.over != Grain::kMonth) {
    Add("over", GrainWord(selector.over), &out);
  }
  return out;
}

std::vector<Month> MonthsOf(Grain over, Month month, Month from) {
  Month first = month;
  switch (over) {
    case Grain::kMonth:
      break;
    case Grain::kQuarter:
      first = Month::Of(month.year(), (month.quarter() - 1) * 3 + 1);
      break;
    case Grain::kYear:
      first = Month::Of(month.year(), 1);
      break;
    case Grain::kWindow:
      if (from.valid() && from < month) first = from;
      break;
  }
  std::vector<Month> months;
  for (; first < month; first = first.Next()) months.push_back(first);
  months.push_back(month);
  return months;
}

MetricNumber ReadActivityMetric(const MetricSelector& selector,
                                absl::Span<const v1::TeamMonth* const> months) {
  using Row = v1::TeamMonth;
  switch (selector.metric) {
    case Metric::kM01:
      return {Sum(months, [](const Row& m) { return m.active_days(); }), 1};
    case Metric::kM02:
      return {Sum(months, [](const Row& m) { return m.activities(); }), 1};
    case Metric::kM03:
      return {DistinctMembers(months), 1};
    case Metric::kM08:
      return {Sum(months, [](const Row& m) { return m.households(); }), 1};
    case Metric::kM09:
      return {
          Sum(months,
              [&](const Row& m) { return PeopleGuided(m, selector.topic); }),
          1};
    case Metric::kM10:
      return {Sum(months, [&](const Row& m) { return Installs(m, selector); }),
              1};
    case Metric::kM11:
      return {Sum(months,
                  [&](const Row& m) { return Accounts(m, selector.account); }),
              1};
    case Metric::kM19:
      return {Sum(months, [&](const Row& m) { return Trainings(m, selector); }),
              1};
    case Metric::kM20:
      return {Sum(months, [](const Row& m) { return m.tasks_done(); }),
              Sum(months, [](const Row& m) { return m.tasks_due(); })};
    case Metric::kM21:
      return Score(months, selector.mean);
    case Metric::kM22:
      return DelayHours(months);
    case Metric::kM23:
      return {
          Sum(months, [](const Row& m) { return m.suspect(); }),
          // What is held is among those whose time is looked at.
          Sum(months, [](const Row& m) { return m.activities() + m.held(); })};
    default:
      return kUnknownNumber;
  }
}

Truth AtLeast(const MetricSelector& selector, const MetricNumber& value,
              std::int64_t target) {
  if (value.denominator == 0) return Truth::kUnknown;
  const Sides sides = SidesOf(selector, value, target);
  return sides.value >= sides.target ? Truth::kTrue : Truth::kFalse;
}

Truth AtMost(const MetricSelector& selector, const MetricNumber& value,
             std::int64_t target) {
  if (value.denominator == 0) return Truth::kUnknown;
  const Sides sides = SidesOf(selector, value, target);
  return sides.value <= sides.target ? Truth::kTrue : Truth::kFalse;
}

int TaskGroupOf(v1::Topic topic) {
  switch (topic) {
    case v1::TOPIC_COMMUNE_WORK:
      return 1;
    case v1::TOPIC_ONLINE_SERVICES:
      return 2;
    case v1::TOPIC_DIGITAL_PLATFORMS:
    case v1::TOPIC_DIGITAL_SERVICES:
    case v1::TOPIC_DIGITAL_SKILLS:
    case v1::TOPIC_ONLINE_TRANSACTIONS:
    case v1::TOPIC_FRAUD_PREVENTION:
      return 3;
    case v1::TOPIC_HEALTH:
    case v1::TOPIC_EDUCATION:
    case v1::TOPIC_SOCIAL_POLICY:
      return 4;
    default:
      return 0;
  }
}

}  // namespace thon
