#include "tools/thon/scenario/want_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/text.h"
#include "server/policy/metrics.h"
#include "tools/thon/scenario/values.h"
#include "tools/thon/words.h"

namespace thon::scenario {

using google::protobuf::EnumDescriptor;

bool WantReader::IsField(absl::string_view key) const {
  for (const auto& field : fields_.node().fields) {
    if (field.first == key) return true;
  }
  return false;
}

void WantReader::Add(std::string field, const YamlNode& at, std::string text,
                     Want::Compare compare) {
  out_.wants.push_back(
      {std::move(field), {at.line, at.column}, std::move(text), compare});
}

void WantReader::ReadAsOf() {
  const YamlNode* const node = fields_.Find("as_of");
  if (node == nullptr) return;
  const absl::StatusOr<Date> date = cli::ParseDate(node->text);
  if (date.ok()) {
    out_.as_of_date = *date;
    return;
  }
  Instant moment;
  if (reader_.Moment(*node, Here("as_of"), &moment)) {
    out_.as_of_time = moment;
  }
}

void WantReader::Word(absl::string_view key, const EnumDescriptor* type) {
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr) return;
  std::string text;
  if (EnumText(*node, Here(key), type, &text)) {
    Add(std::string(key), *node, text);
  }
}

bool WantReader::EnumText(const YamlNode& node, const std::string& path,
                          const EnumDescriptor* type, std::string* text) {
  if (absl::AsciiStrToUpper(node.text) == "NONE") {
    *text = "NONE";
    return true;
  }
  int value = 0;
  if (!reader_.EnumWord(node, path, type, &value)) return false;
  *text = cli::ShortEnumName(type, value);
  return true;
}

void WantReader::Words(absl::string_view key, const EnumDescriptor* type,
                       bool sorted) {
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr) return;
  std::vector<std::string> texts;
  for (const YamlNode* const item : reader_.Items(*node, Here(key))) {
    std::string text;
    if (EnumText(*item, Here(key), type, &text)) texts.push_back(text);
  }
  Add(std::string(key), *node, List(std::move(texts), sorted));
}

void WantReader::Count(absl::string_view key) {
  std::int64_t number = 0;
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr ||
      !reader_.Whole(*node, Here(key), INT64_MIN, INT64_MAX, &number)) {
    return;
  }
  Add(std::string(key), *node, absl::StrCat(number));
}

void WantReader::Money(absl::string_view key) {
  std::int64_t amount = 0;
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr || !reader_.Dong(*node, Here(key), &amount)) return;
  Add(std::string(key), *node, FormatDong(amount));
}

void WantReader::Flag(absl::string_view key) {
  bool value = false;
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr || !reader_.Bool(*node, Here(key), &value)) return;
  Add(std::string(key), *node, value ? "true" : "false");
}

void WantReader::Text(absl::string_view key) {
  std::string text;
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr || !reader_.Text(*node, Here(key), &text)) return;
  Add(std::string(key), *node, text);
}

void WantReader::Day(absl::string_view key) {
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr) return;
  if (node->text == "none") return Add(std::string(key), *node, "none");
  Date date;
  if (reader_.Day(*node, Here(key), &date)) {
    Add(std::string(key), *node, date.Iso());
  }
}

void WantReader::MonthField(absl::string_view key) {
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr) return;
  if (node->text == "none") return Add(std::string(key), *node, "none");
  Month month;
  if (reader_.YearMonth(*node, Here(key), &month)) {
    Add(std::string(key), *node, month.Iso());
  }
}

void WantReader::Moment(absl::string_view key) {
  Instant moment;
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr || !reader_.Moment(*node, Here(key), &moment)) return;
  Add(std::string(key), *node, ShowMoment(moment));
}

void WantReader::Name(NameKind kind, absl::string_view key) {
  std::uint64_t id = 0;
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr || !payloads_.Id(kind, *node, Here(key), &id)) return;
  Add(std::string(key), *node,
      kind == NameKind::kMember ? names_.ShowMember(id)
                                : names_.Show(kind, id));
}

void WantReader::NameList(NameKind kind, absl::string_view key) {
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr) return;
  std::vector<std::uint64_t> ids;
  if (!payloads_.Ids(kind, *node, Here(key), &ids)) return;
  std::vector<std::string> texts;
  for (const std::uint64_t id : ids) {
    texts.push_back(kind == NameKind::kMember ? names_.ShowMember(id)
                                              : names_.Show(kind, id));
  }
  Add(std::string(key), *node, List(std::move(texts), true));
}

std::string WantReader::List(std::vector<std::string> texts, bool sorted) {
  if (sorted) std::sort(texts.begin(), texts.end());
  return texts.empty() ? "none" : absl::StrJoin(texts, ", ");
}

void WantReader::Each(
    absl::string_view key,
    const std::function<bool(std::string* name, const YamlNode&,
                             std::string* text)>& read) {
  const YamlNode* const node = fields_.Find(key);
  if (node == nullptr) return;
  Fields inner(&reader_, *node, Here(key));
  for (const auto& [field, value] : node->fields) {
    std::string name = field;
    std::string text;
    if (read(&name, value, &text)) {
      Add(absl::StrCat(key, ".", name), value, text);
    }
  }
}

bool WantReader::MetricName(std::string* name, const YamlNode& at) {
  const std::size_t blank = name->find(' ');
  const std::string id = name->substr(0, blank);
  Metric metric = Metric::kM01;
  if (!FindMetric(id, &metric)) {
    reader_.Error(at, Here("metrics"),
                  {absl::StrCat(Shown(id),
                                " không phải chỉ số của danh mục; viết M01 "
                                "hoặc active_days"),
                   absl::StrCat(Shown(id),
                                " is no metric of the catalogue; write M01 or "
                                "active_days")});
    return false;
  }
  *name = absl::StrCat(InfoOf(metric).id,
                       blank == std::string::npos ? "" : name->substr(blank));
  return true;
}

void WantReader::Metrics() {
  Each("metrics", [&](std::string* name, const YamlNode& value,
                      std::string* text) {
    if (!MetricName(name, value)) return false;
    const std::optional<std::string> number = ParseMetricNumber(value.text);
    if (!number.has_value()) {
      reader_.Error(
          value, Here("metrics"),
          {absl::StrCat(Shown(value.text),
                        " không phải giá trị của chỉ số; viết số đếm 3, tỷ lệ "
                        "412/824, hoặc unknown"),
           absl::StrCat(Shown(value.text),
                        " is not a value of a metric; write a count 3, a ratio "
                        "412/824, or unknown")});
      return false;
    }
    *text = *number;
    return true;
  });
}

void WantReader::Counts(absl::string_view key, const EnumDescriptor* type) {
  Each(key, [&](std::string* name, const YamlNode& value, std::string* text) {
    YamlNode word = value;
    word.kind = YamlNode::Kind::kScalar;
    word.text = *name;
    std::int64_t number = 0;
    if (!EnumText(word, Here(key), type, name) ||
        !reader_.Whole(value, Here(key), 0, INT64_MAX, &number)) {
      return false;
    }
    *text = absl::StrCat(number);
    return true;
  });
}

void WantReader::Sums() {
  Money("amount");
  Counts("count", v1::DeterminationState_descriptor());
  Counts("reasons", v1::ReasonCode_descriptor());
  Count("total");
}

}  // namespace thon::scenario
