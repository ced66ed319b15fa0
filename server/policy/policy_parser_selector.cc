// Which metric, which part of it, over which time.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

constexpr YamlWord kGrains[] = {{"month", static_cast<int>(Grain::kMonth)},
                                {"quarter", static_cast<int>(Grain::kQuarter)},
                                {"year", static_cast<int>(Grain::kYear)},
                                {"window", static_cast<int>(Grain::kWindow)}};
constexpr YamlWord kTopics[] = {
    {"ONLINE_SERVICES", v1::TOPIC_ONLINE_SERVICES},
    {"DIGITAL_PLATFORMS", v1::TOPIC_DIGITAL_PLATFORMS},
    {"DIGITAL_SERVICES", v1::TOPIC_DIGITAL_SERVICES},
    {"DIGITAL_SKILLS", v1::TOPIC_DIGITAL_SKILLS},
    {"ONLINE_TRANSACTIONS", v1::TOPIC_ONLINE_TRANSACTIONS},
    {"FRAUD_PREVENTION", v1::TOPIC_FRAUD_PREVENTION},
    {"HEALTH", v1::TOPIC_HEALTH},
    {"EDUCATION", v1::TOPIC_EDUCATION},
    {"SOCIAL_POLICY", v1::TOPIC_SOCIAL_POLICY},
    {"COMMUNE_WORK", v1::TOPIC_COMMUNE_WORK}};
constexpr YamlWord kBases[] = {{"PERSON", v1::COUNT_BASIS_PERSON},
                               {"HOUSEHOLD", v1::COUNT_BASIS_HOUSEHOLD}};
constexpr YamlWord kAccounts[] = {
    {"PAYMENT", v1::ACCOUNT_KIND_PAYMENT},
    {"EWALLET", v1::ACCOUNT_KIND_EWALLET},
    {"MOBILE_MONEY", v1::ACCOUNT_KIND_MOBILE_MONEY},
    {"ECOMMERCE", v1::ACCOUNT_KIND_ECOMMERCE},
    {"CITIZEN_APP", v1::ACCOUNT_KIND_CITIZEN_APP},
    {"ECOM", v1::ACCOUNT_KIND_ECOMMERCE, true}};
constexpr YamlWord kAudiences[] = {{"LEADERS", v1::AUDIENCE_LEADERS},
                                   {"IT_OFFICERS", v1::AUDIENCE_IT_OFFICERS},
                                   {"TEAM_MEMBERS", v1::AUDIENCE_TEAM_MEMBERS},
                                   {"RESIDENTS", v1::AUDIENCE_RESIDENTS},
                                   {"ENTERPRISES", v1::AUDIENCE_ENTERPRISES}};
constexpr YamlWord kCounts[] = {{"sessions", 0}, {"attendees", 1}};
constexpr YamlWord kTakes[] = {{"last", 0}, {"mean", 1}};
constexpr YamlWord kLevels[] = {{"VILLAGE", v1::UNIT_LEVEL_VILLAGE},
                                {"COMMUNE", v1::UNIT_LEVEL_COMMUNE},
                                {"DISTRICT", v1::UNIT_LEVEL_DISTRICT},
                                {"PROVINCE", v1::UNIT_LEVEL_PROVINCE}};

constexpr absl::string_view kQualifiers[] = {"over",  "topic",   "app",
                                             "basis", "account", "audience",
                                             "count", "take",    "of"};

// Whether the metric has the qualifier.
bool Has(Metric metric, absl::string_view key) {
  const MetricSource source = InfoOf(metric).source;
  if (key == "over") {
    return source == MetricSource::kActivity ||
           source == MetricSource::kIndicator ||
           source == MetricSource::kModels;
  }
  if (key == "of") {
    return source == MetricSource::kIndicator ||
           source == MetricSource::kModels || source == MetricSource::kUnit;
  }
  switch (metric) {
    case Metric::kM09:
      return key == "topic";
    case Metric::kM10:
      return key == "app" || key == "basis";
    case Metric::kM11:
      return key == "account";
    case Metric::kM19:
      return key == "audience" || key == "count";
    case Metric::kM21:
      return key == "take";
    default:
      return false;
  }
}

std::vector<absl::string_view> QualifiersOf(Metric metric) {
  std::vector<absl::string_view> keys;
  for (const absl::string_view key : kQualifiers) {
    if (Has(metric, key)) keys.push_back(key);
  }
  return keys;
}

}  // namespace

bool PolicyParser::ParseSelector(const YamlNode& node, const std::string& path,
                                 Names more, MetricSelector* selector) {
  // A metric first: what may stand beside it depends on it.
  const YamlNode* metric = reader_.Need(node, path, "metric");
  if (metric == nullptr ||
      !ParseMetric(*metric, YamlPath(path, "metric"), &selector->metric)) {
    return false;
  }
  std::vector<absl::string_view> known(more.begin(), more.end());
  known.push_back("metric");
  known.insert(known.end(), std::begin(kQualifiers), std::end(kQualifiers));
  bool good = reader_.CheckMap(node, path, known);
  const absl::string_view id = InfoOf(selector->metric).id;
  const std::vector<absl::string_view> own = QualifiersOf(selector->metric);
  const std::string all = absl::StrJoin(own, ", ");
  for (const absl::string_view key : kQualifiers) {
    const YamlNode* value = YamlReader::Find(node, key);
    if (value == nullptr) continue;
    if (Has(selector->metric, key)) {
      good = ParseQualifier(*value, YamlPath(path, key), key, selector) && good;
      continue;
    }
    reader_.Error(
        *value, YamlPath(path, key),
        {absl::StrCat(id, " không có \"", key, "\"; ",
                      own.empty() ? "bỏ mục này" : absl::StrCat("có ", all)),
         absl::StrCat(
             id, " has no \"", key, "\"; ",
             own.empty() ? "remove it" : absl::StrCat("it has ", all))});
    good = false;
  }
  if (selector->over == Grain::kWindow && !policy_.has_period) {
    reader_.Error(*YamlReader::Find(node, "over"), YamlPath(path, "over"),
                  {"window là thời gian thực hiện của chính sách, mà chính "
                   "sách không có; thêm \"period:\" hoặc viết quarter, year",
                   "the window is the policy's period, and there is none; add "
                   "\"period:\" or write quarter or year"});
    good = false;
  }
  return good;
}

bool PolicyParser::ParseMetric(const YamlNode& node, const std::string& path,
                               Metric* metric) {
  std::string id;
  if (!reader_.Text(node, path, &id)) return false;
  if (!FindMetric(id, metric)) {
    std::vector<absl::string_view> known;
    for (std::size_t i = 0; i < kMetricCount; ++i) {
      known.push_back(InfoOf(static_cast<Metric>(i)).id);
      known.push_back(InfoOf(static_cast<Metric>(i)).name);
    }
    const Sentence near = DidYouMean(id, known);
    const bool none = near.en.empty();
    reader_.Error(node, path,
                  {absl::StrCat("không có chỉ số ", Shown(id), near.vi,
                                none ? "; viết" : " Viết",
                                " một chỉ số của danh mục, M01 đến M24"),
                   absl::StrCat("there is no metric ", Shown(id), near.en,
                                none ? "; write" : " Write",
                                " one of the catalogue, M01 to M24")});
    return false;
  }
  const MetricInfo& info = InfoOf(*metric);
  if (info.source != MetricSource::kMoney) return true;
  const bool determined = *metric == Metric::kM25;
  reader_.Error(
      node, path,
      {absl::StrCat(info.id, " (", info.name, ") ",
                    determined ? "được tính từ chính kết quả xác định hỗ trợ"
                               : "thuộc thi đua và quyết toán, vốn dựa trên "
                                 "kết quả xác định hỗ trợ",
                    "; viết một chỉ số từ M01 đến M24"),
       absl::StrCat(info.id, " (", info.name, ") ",
                    determined ? "rests on determinations themselves"
                               : "belongs to emulation and settlement, which "
                                 "rest on determinations",
                    "; write a metric from M01 to M24")});
  return false;
}

bool PolicyParser::ParseQualifier(const YamlNode& node, const std::string& path,
                                  absl::string_view key,
                                  MetricSelector* selector) {
  if (key == "app") {
    if (!reader_.Text(node, path, &selector->app)) return false;
    if (selector->app.size() <= 64) return true;
    reader_.Error(node, path,
                  {"dài hơn 64 byte; viết tên ứng dụng",
                   "is longer than 64 bytes; write the app's name"});
    return false;
  }
  const auto word = [&](Words words, auto* to) {
    int value = 0;
    if (!reader_.Word(node, path, words, &value)) return false;
    *to = static_cast<std::remove_pointer_t<decltype(to)>>(value);
    return true;
  };
  if (key == "over") return word(kGrains, &selector->over);
  if (key == "topic") return word(kTopics, &selector->topic);
  if (key == "basis") return word(kBases, &selector->basis);
  if (key == "account") return word(kAccounts, &selector->account);
  if (key == "audience") return word(kAudiences, &selector->audience);
  if (key == "count") return word(kCounts, &selector->attendees);
  if (key == "take") return word(kTakes, &selector->mean);
  return word(kLevels, &selector->of);
}

}  // namespace thon
