#include "server/policy/metrics.h"

#include <algorithm>

#include "server/core/limits.h"

namespace thon {
namespace {

constexpr MetricKind kCount = MetricKind::kCount;
constexpr MetricKind kRatio = MetricKind::kRatio;
constexpr MetricKind kFlag = MetricKind::kFlag;

constexpr std::array<MetricInfo, kMetricCount> kCatalogue = {{
    {"M01", "active_days", "số ngày có hoạt động", "days with an activity",
     kCount, true},
    {"M02", "activity_count", "số hoạt động", "activities", kCount, true},
    {"M03", "active_members", "số thành viên có hoạt động", "active members",
     kCount, true},
    {"M04", "member_count", "số thành viên", "members", kCount, true},
    {"M05", "seats_complete", "đủ thành phần", "seats complete", kFlag, false},
    {"M06", "monthly_update_on_time", "cập nhật tháng đúng hạn",
     "monthly update on time", kFlag, true},
    {"M07", "monthly_update_confirmed", "cập nhật tháng được xác nhận",
     "monthly update confirmed", kFlag, true},
    {"M08", "households_reached", "số hộ được hướng dẫn", "households reached",
     kCount, true},
    {"M09", "people_guided", "số người được hướng dẫn", "people guided", kCount,
     false},
    {"M10", "installs", "số lượt cài đặt ứng dụng", "app installs", kCount,
     true},
    {"M11", "accounts", "số tài khoản được mở", "accounts opened", kCount,
     true},
    {"M12", "online_dossier_ratio", "tỷ lệ hồ sơ trực tuyến",
     "share of dossiers handled online", kRatio, false},
    {"M12b", "online_submitted_ratio", "tỷ lệ hồ sơ nộp trực tuyến",
     "share of dossiers submitted online", kRatio, false},
    {"M13", "household_skill_ratio", "tỷ lệ hộ có kỹ năng số",
     "share of households with digital skills", kRatio, false},
    {"M14", "household_app_ratio", "tỷ lệ hộ cài ứng dụng",
     "share of households with the app", kRatio, false},
    {"M14b", "resident_app_ratio", "tỷ lệ người dân cài ứng dụng",
     "share of residents with the app", kRatio, false},
    {"M15", "household_cashless_ratio", "tỷ lệ hộ thanh toán không tiền mặt",
     "share of households paying without cash", kRatio, false},
    {"M15b", "resident_payment_ratio", "tỷ lệ người dân thanh toán điện tử",
     "share of residents paying electronically", kRatio, false},
    {"M16", "farm_ecom_ratio", "tỷ lệ hộ nông nghiệp trên sàn",
     "share of farm households on a platform", kRatio, false},
    {"M17", "accepted_models", "số mô hình được công nhận", "accepted models",
     kCount, false},
    {"M18", "adult_smartphone_app_ratio", "tỷ lệ người lớn dùng ứng dụng",
     "share of adults using the app", kRatio, false},
    {"M19", "training_sessions", "số buổi tập huấn", "training sessions",
     kCount, false},
    {"M20", "tasks_done_ratio", "tỷ lệ nhiệm vụ hoàn thành",
     "share of tasks done", kRatio, false},
    {"M21", "inspection_score", "điểm kiểm tra", "inspection score", kCount,
     false},
    {"M22", "sync_delay_p95", "độ trễ đồng bộ", "sync delay", kCount, false},
    {"M23", "suspect_event_ratio", "tỷ lệ hoạt động nghi ngờ về thời gian",
     "share of activities with suspect time", kRatio, true},
    {"M24", "team_coverage", "độ phủ tổ", "team coverage", kRatio, false},
    {"M25", "supported_share", "tỷ lệ tổ được hỗ trợ",
     "share of supported teams", kRatio, false},
    {"M26", "commune_recognition", "xã được công nhận", "commune recognised",
     kFlag, false},
    {"M27", "composite_score", "điểm tổng hợp", "composite score", kCount,
     false},
    {"M28", "rank", "thứ hạng", "rank", kCount, false},
    {"M29", "paid_vs_entitled", "đã chi so với được hưởng",
     "paid against entitled", kRatio, false},
    {"M30", "budget_left", "kinh phí còn lại", "budget left", kCount, false},
}};

}  // namespace

const MetricInfo& InfoOf(Metric metric) {
  return kCatalogue[static_cast<std::size_t>(metric)];
}

bool FindMetric(absl::string_view id, Metric* metric) {
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    if (kCatalogue[i].id == id) {
      *metric = static_cast<Metric>(i);
      return true;
    }
  }
  return false;
}

void ReadMetrics(const v1::TeamMonth& month, MetricValues* counted,
                 MetricValues* with_held) {
  *counted = MetricValues();
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    if (!kCatalogue[i].supported) {
      (*counted)[static_cast<Metric>(i)].denominator = 0;
    }
  }
  MetricValues& v = *counted;
  v[Metric::kM01].numerator = month.active_days();
  v[Metric::kM02].numerator = month.activities();
  v[Metric::kM03].numerator = month.members_size();
  v[Metric::kM07].numerator = month.update_confirmed() ? 1 : 0;
  v[Metric::kM08].numerator = month.households();
  v[Metric::kM10].numerator = month.installs();
  v[Metric::kM11].numerator = month.accounts();
  v[Metric::kM23] = {month.suspect(), month.activities()};

  *with_held = v;
  const std::int64_t held = month.held();
  if (held <= 0) return;
  MetricValues& h = *with_held;
  h[Metric::kM01].numerator = std::max<std::int64_t>(
      v[Metric::kM01].numerator,
      std::min<std::int64_t>(31, v[Metric::kM01].numerator + held));
  h[Metric::kM02].numerator += held;
  h[Metric::kM03].numerator += held;
  h[Metric::kM08].numerator += held;
  h[Metric::kM10].numerator += held * limits::kCountMax;
  h[Metric::kM11].numerator += held * limits::kCountMax;
  h[Metric::kM23].numerator += held;
  h[Metric::kM23].denominator += held;
}

}  // namespace thon
