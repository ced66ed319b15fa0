#include "server/policy/policy_yaml.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/limits.h"
#include "server/policy/yaml_reader.h"

namespace thon {
namespace {

using Names = absl::Span<const absl::string_view>;

constexpr int kConditionDepthMax = 8;
constexpr int kConditionsMax = 256;

constexpr YamlWord kLookDays[] = {
    {"first_day_of_month", static_cast<int>(LookDay::kFirstDay)},
    {"last_day_of_month", static_cast<int>(LookDay::kLastDay)},
    {"any_day", static_cast<int>(LookDay::kAnyDay)},
};
constexpr YamlWord kSuspensionEffects[] = {
    {"pay", static_cast<int>(SuspensionEffect::kPay)},
    {"hold", static_cast<int>(SuspensionEffect::kHold)},
    {"no_pay", static_cast<int>(SuspensionEffect::kNoPay)},
};

struct LevelKind {
  absl::string_view word;
  v1::UnitKind kind;
  v1::UnitLevel level;
};
constexpr LevelKind kKinds[] = {
    {"thôn", v1::UNIT_KIND_THON, v1::UNIT_LEVEL_VILLAGE},
    {"bản", v1::UNIT_KIND_BAN, v1::UNIT_LEVEL_VILLAGE},
    {"tổ dân phố", v1::UNIT_KIND_TO_DAN_PHO, v1::UNIT_LEVEL_VILLAGE},
    {"ấp", v1::UNIT_KIND_AP, v1::UNIT_LEVEL_VILLAGE},
    {"khu phố", v1::UNIT_KIND_KHU_PHO, v1::UNIT_LEVEL_VILLAGE},
    {"khu vực", v1::UNIT_KIND_KHU_VUC, v1::UNIT_LEVEL_VILLAGE},
    {"xã", v1::UNIT_KIND_XA, v1::UNIT_LEVEL_COMMUNE},
    {"phường", v1::UNIT_KIND_PHUONG, v1::UNIT_LEVEL_COMMUNE},
    {"thị trấn", v1::UNIT_KIND_THI_TRAN, v1::UNIT_LEVEL_COMMUNE},
    {"đặc khu", v1::UNIT_KIND_DAC_KHU, v1::UNIT_LEVEL_COMMUNE},
};

// Reads one policy. A block that is missing is reported by the method that
// needs it; the others go on, so that one look finds all mistakes.
class PolicyParser {
 public:
  explicit PolicyParser(absl::string_view file) : reader_(file) {}

  PolicyText Parse(absl::string_view text);

 private:
  void ParseHead();
  void ParseStatus();
  void ParseDocuments();
  void ParsePeriod();
  void ParseMonthRule();
  void ParseBeneficiary();
  void ParseList();
  void ParseExistence();
  void ParseSuspension();
  void ParseUpdate();
  void ParseConditions();
  bool ParseCondition(const YamlNode& node, const std::string& path, int depth,
                      Condition* condition);
  bool ParseGroup(const YamlNode& node, const std::string& path, int depth,
                  Condition* condition);
  bool ParseThreshold(const YamlNode& node, const std::string& path,
                      Condition* condition);
  void ParseAmount();
  void ParseCaps();
  void ParseFunding();
  void ParseExpected();
  void CheckPhase();

  const YamlNode* Block(absl::string_view key, bool needed, Names known,
                        Names later, Basis* basis);
  // An optional parameter of a block.
  const YamlNode* Parameter(const YamlNode& block, absl::string_view path,
                            absl::string_view key, Basis* basis);
  bool ReadDeadline(const YamlNode& block, absl::string_view key, int* day);

  YamlReader reader_;
  YamlNode root_;
  Policy policy_;
  std::set<Metric> metrics_;
  int conditions_ = 0;
};

const YamlNode* PolicyParser::Block(absl::string_view key, bool needed,
                                    Names known, Names later, Basis* basis) {
  const YamlNode* node =
      needed ? reader_.Need(root_, "", key) : YamlReader::Find(root_, key);
  if (node == nullptr) return nullptr;
  if (!reader_.CheckMap(*node, key, known, later) &&
      node->kind != YamlNode::Kind::kMap) {
    return nullptr;
  }
  *basis = reader_.ReadBasis(*node, key);
  return node;
}

const YamlNode* PolicyParser::Parameter(const YamlNode& block,
                                        absl::string_view path,
                                        absl::string_view key, Basis* basis) {
  const YamlNode* node = YamlReader::Find(block, key);
  if (node == nullptr) return nullptr;
  return reader_.Scalar(*node, YamlPath(path, key), basis);
}

void PolicyParser::ParseHead() {
  if (const YamlNode* id = reader_.Need(root_, "", "policy")) {
    const bool good =
        reader_.Text(*id, "policy", &policy_.id) && policy_.id.size() <= 64 &&
        std::all_of(policy_.id.begin(), policy_.id.end(), [](char c) {
          return absl::ascii_isupper(static_cast<unsigned char>(c)) ||
                 absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-';
        });
    if (!good && !policy_.id.empty()) {
      reader_.Error(*id, "policy",
                    "write capitals A to Z, digits and hyphens, at most 64, "
                    "like YB-2023");
    }
  }
  if (const YamlNode* version = reader_.Need(root_, "", "version")) {
    std::int64_t number = 0;
    if (reader_.Whole(*version, "version", 1, 1'000'000, &number)) {
      policy_.version = static_cast<int>(number);
    }
  }
  if (const YamlNode* title = reader_.Need(root_, "", "title")) {
    reader_.Text(*title, "title", &policy_.title);
  }
  if (const YamlNode* issuer = reader_.Need(root_, "", "issuer")) {
    reader_.Text(*issuer, "issuer", &policy_.issuer);
  }
  if (const YamlNode* zone = YamlReader::Find(root_, "time_zone")) {
    std::string name;
    if (reader_.Text(*zone, "time_zone", &name) && !TimeZone::Find(name).ok()) {
      reader_.Error(*zone, "time_zone", "write Asia/Ho_Chi_Minh");
    }
  }
}

void PolicyParser::ParseStatus() {
  static constexpr YamlWord kStatuses[] = {
      {"DRAFT", static_cast<int>(PolicyStatus::kDraft)},
      {"IN_FORCE", static_cast<int>(PolicyStatus::kInForce)}};
  static constexpr absl::string_view kLater[] = {"PILOT", "CLOSED"};
  const YamlNode* node = reader_.Need(root_, "", "status");
  if (node == nullptr) return;
  const YamlNode* word = reader_.Scalar(*node, "status", &policy_.status_basis);
  int value = 0;
  if (word != nullptr &&
      reader_.Word(*word, "status", kStatuses, kLater, &value)) {
    policy_.status = static_cast<PolicyStatus>(value);
  }
}

void PolicyParser::ParseDocuments() {
  static constexpr absl::string_view kFields[] = {"document", "issued",
                                                  "issuer"};
  const YamlNode* node = YamlReader::Find(root_, "basis");
  if (node == nullptr) {
    reader_.Error(root_, "basis",
                  "missing; name the decisions that the policy implements");
    return;
  }
  if (node->kind != YamlNode::Kind::kSequence || node->items.empty()) {
    reader_.Error(*node, "basis",
                  "write a list with at least one decision: "
                  "- {document: 60/2022/NQ-HĐND, issued: 2022-12-09, issuer: "
                  "HĐND tỉnh}");
    return;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const YamlNode& item = node->items[i];
    const std::string path = absl::StrCat("basis[", i, "]");
    if (!reader_.CheckMap(item, path, kFields, {})) continue;
    PolicyDocument document;
    if (const YamlNode* number = reader_.Need(item, path, "document")) {
      reader_.Text(*number, YamlPath(path, "document"), &document.number);
    }
    if (const YamlNode* issuer = reader_.Need(item, path, "issuer")) {
      reader_.Text(*issuer, YamlPath(path, "issuer"), &document.issuer);
    }
    if (const YamlNode* issued = YamlReader::Find(item, "issued")) {
      reader_.IsoDate(*issued, YamlPath(path, "issued"), &document.issued);
    } else if (policy_.status == PolicyStatus::kInForce) {
      reader_.Need(item, path, "issued");
    }
    policy_.documents.push_back(std::move(document));
  }
}

void PolicyParser::ParsePeriod() {
  static constexpr absl::string_view kFields[] = {"from", "to", "source",
                                                  "assumption"};
  const bool needed = policy_.status == PolicyStatus::kInForce;
  const YamlNode* node =
      Block("period", needed, kFields, {}, &policy_.period_basis);
  if (node != nullptr) {
    const YamlNode* from = reader_.Need(*node, "period", "from");
    const YamlNode* to = reader_.Need(*node, "period", "to");
    if (from != nullptr && to != nullptr &&
        reader_.IsoDate(*from, "period.from", &policy_.from) &&
        reader_.IsoDate(*to, "period.to", &policy_.to)) {
      if (policy_.to < policy_.from) {
        reader_.Error(*to, "period.to",
                      absl::StrCat("ends before it begins on ",
                                   policy_.from.Iso(), "; put the later day"));
      } else if (MonthCount(policy_.first_month(), policy_.last_month()) >
                 120) {
        reader_.Error(*to, "period.to",
                      "the period is longer than 120 months; publish a new "
                      "version for the time after");
      } else {
        policy_.has_period = true;
      }
    }
  }
  policy_.effective_from = policy_.from;
  if (const YamlNode* effective = YamlReader::Find(root_, "effective_from")) {
    reader_.IsoDate(*effective, "effective_from", &policy_.effective_from);
    if (policy_.has_period && policy_.effective_from > policy_.to) {
      reader_.Error(*effective, "effective_from",
                    "is after the period's end, so the version never holds");
    } else if (policy_.effective_from.day() != 1 &&
               policy_.effective_from != policy_.from) {
      reader_.Note(Severity::kWarning, *effective, "effective_from",
                   "is in the middle of a month; that month still takes the "
                   "version in force on its first day");
    }
  }
}

void PolicyParser::ParseMonthRule() {
  static constexpr absl::string_view kFields[] = {
      "unit", "partial_month", "prorata", "source", "assumption"};
  static constexpr YamlWord kUnits[] = {{"whole_month", 0}};
  static constexpr YamlWord kPartial[] = {{"counts", 1}, {"does_not_count", 0}};
  static constexpr YamlWord kProrata[] = {{"none", 0}};
  static constexpr absl::string_view kLater[] = {"by_day", "by_days"};
  const bool cut = policy_.has_period &&
                   (policy_.from != policy_.first_month().first_day() ||
                    policy_.to != policy_.last_month().last_day());
  const YamlNode* node =
      Block("month_rule", cut, kFields, {}, &policy_.month_basis);
  if (node == nullptr) return;
  Basis& basis = policy_.month_basis;
  int value = 0;
  if (const YamlNode* unit = Parameter(*node, "month_rule", "unit", &basis)) {
    reader_.Word(*unit, "month_rule.unit", kUnits, kLater, &value);
  }
  if (const YamlNode* rest =
          Parameter(*node, "month_rule", "prorata", &basis)) {
    reader_.Word(*rest, "month_rule.prorata", kProrata, kLater, &value);
  }
  const YamlNode* partial =
      Parameter(*node, "month_rule", "partial_month", &basis);
  if (partial != nullptr) {
    if (reader_.Word(*partial, "month_rule.partial_month", kPartial, {},
                     &value)) {
      policy_.partial_month_counts = value == 1;
    }
  } else if (cut) {
    reader_.Need(*node, "month_rule", "partial_month");
  }
}

void PolicyParser::ParseBeneficiary() {
  static constexpr absl::string_view kFields[] = {"level", "kinds", "source",
                                                  "assumption"};
  static constexpr YamlWord kLevels[] = {{"VILLAGE", v1::UNIT_LEVEL_VILLAGE},
                                         {"COMMUNE", v1::UNIT_LEVEL_COMMUNE}};
  static constexpr absl::string_view kLater[] = {"members"};
  const YamlNode* node =
      Block("beneficiary", true, kFields, kLater, &policy_.beneficiary_basis);
  if (node == nullptr) return;
  if (const YamlNode* level = reader_.Need(*node, "beneficiary", "level")) {
    int value = 0;
    if (reader_.Word(*level, "beneficiary.level", kLevels, {}, &value)) {
      policy_.level = static_cast<v1::UnitLevel>(value);
    }
  }
  const YamlNode* kinds = reader_.Need(*node, "beneficiary", "kinds");
  if (kinds == nullptr) return;
  if (kinds->kind != YamlNode::Kind::kSequence || kinds->items.empty()) {
    reader_.Error(*kinds, "beneficiary.kinds",
                  "write a list: [thôn, bản, tổ dân phố]");
    return;
  }
  for (std::size_t i = 0; i < kinds->items.size(); ++i) {
    const YamlNode& item = kinds->items[i];
    const std::string path = absl::StrCat("beneficiary.kinds[", i, "]");
    std::string word;
    if (!reader_.Text(item, path, &word)) continue;
    const LevelKind* found =
        std::find_if(std::begin(kKinds), std::end(kKinds),
                     [&](const LevelKind& k) { return k.word == word; });
    if (found == std::end(kKinds)) {
      reader_.Error(item, path,
                    absl::StrCat("\"", word,
                                 "\" is no kind of unit; write e.g. thôn, bản, "
                                 "tổ dân phố, ấp, khu phố, khu vực"));
    } else if (found->level != policy_.level) {
      reader_.Error(item, path,
                    absl::StrCat("\"", word,
                                 "\" is no kind of the level given; change the "
                                 "level or the kind"));
    } else if (std::count(policy_.kinds.begin(), policy_.kinds.end(),
                          found->kind) != 0) {
      reader_.Error(item, path,
                    absl::StrCat("\"", word, "\" is given twice; keep one"));
    } else {
      policy_.kinds.push_back(found->kind);
    }
  }
}

void PolicyParser::ParseList() {
  static constexpr absl::string_view kFields[] = {
      "list", "year", "targets", "list_month", "source", "assumption"};
  static constexpr YamlWord kTargets[] = {
      {"STANDARD", v1::REGISTRATION_TARGET_STANDARD},
      {"ADVANCED", v1::REGISTRATION_TARGET_ADVANCED}};
  static constexpr YamlWord kListMonths[] = {
      {"first_full", static_cast<int>(ListMonth::kFirstFull)},
      {"containing", static_cast<int>(ListMonth::kContaining)}};
  RegistrationListRule rule;
  const YamlNode* node =
      Block("registration_list", false, kFields, {}, &rule.basis);
  if (node == nullptr) return;
  if (const YamlNode* list = reader_.Need(*node, "registration_list", "list")) {
    reader_.Text(*list, "registration_list.list", &rule.list_id);
  }
  if (const YamlNode* year = reader_.Need(*node, "registration_list", "year")) {
    std::int64_t value = 0;
    if (reader_.Whole(*year, "registration_list.year", 1900, 2199, &value)) {
      rule.year = static_cast<int>(value);
    }
  }
  const YamlNode* targets = reader_.Need(*node, "registration_list", "targets");
  if (targets != nullptr &&
      (targets->kind != YamlNode::Kind::kSequence || targets->items.empty())) {
    reader_.Error(*targets, "registration_list.targets",
                  "write a list: [STANDARD, ADVANCED]");
  } else if (targets != nullptr) {
    for (std::size_t i = 0; i < targets->items.size(); ++i) {
      const std::string path =
          absl::StrCat("registration_list.targets[", i, "]");
      int value = 0;
      if (!reader_.Word(targets->items[i], path, kTargets, {}, &value)) {
        continue;
      }
      rule.targets.push_back(static_cast<v1::RegistrationTarget>(value));
    }
  }
  rule.list_month_basis = rule.basis;
  const YamlNode* month_node =
      reader_.Need(*node, "registration_list", "list_month");
  if (month_node != nullptr) {
    const YamlNode* word = reader_.Scalar(
        *month_node, "registration_list.list_month", &rule.list_month_basis);
    int value = 0;
    if (word != nullptr && reader_.Word(*word, "registration_list.list_month",
                                        kListMonths, {}, &value)) {
      rule.list_month = static_cast<ListMonth>(value);
    }
  }
  policy_.list = std::move(rule);
}

void PolicyParser::ParseExistence() {
  static constexpr absl::string_view kFields[] = {"on", "source", "assumption"};
  const YamlNode* node =
      Block("team_must_exist", true, kFields, {}, &policy_.exists_basis);
  if (node == nullptr) return;
  const YamlNode* day = reader_.Need(*node, "team_must_exist", "on");
  int value = 0;
  if (day != nullptr &&
      reader_.Word(*day, "team_must_exist.on", kLookDays, {}, &value)) {
    policy_.exists_on = static_cast<LookDay>(value);
  }
}

void PolicyParser::ParseSuspension() {
  static constexpr absl::string_view kFields[] = {"full_month", "partial",
                                                  "source", "assumption"};
  const YamlNode* node =
      Block("suspended_days", true, kFields, {}, &policy_.suspended_basis);
  if (node == nullptr) return;
  int value = 0;
  const YamlNode* full = reader_.Need(*node, "suspended_days", "full_month");
  if (full != nullptr && reader_.Word(*full, "suspended_days.full_month",
                                      kSuspensionEffects, {}, &value)) {
    policy_.suspended_full = static_cast<SuspensionEffect>(value);
  }
  const YamlNode* partial = reader_.Need(*node, "suspended_days", "partial");
  if (partial != nullptr && reader_.Word(*partial, "suspended_days.partial",
                                         kSuspensionEffects, {}, &value)) {
    policy_.suspended_partly = static_cast<SuspensionEffect>(value);
  }
}

bool PolicyParser::ReadDeadline(const YamlNode& block, absl::string_view key,
                                int* day) {
  const YamlNode* node =
      Parameter(block, "monthly_update", key, &policy_.update_basis);
  std::int64_t value = 0;
  if (node == nullptr ||
      !reader_.Whole(*node, YamlPath("monthly_update", key), 1, 28, &value)) {
    return false;
  }
  *day = static_cast<int>(value);
  return true;
}

void PolicyParser::ParseUpdate() {
  static constexpr absl::string_view kFields[] = {
      "required",           "record_missing", "submit_before_day",
      "confirm_before_day", "source",         "assumption"};
  const YamlNode* node =
      Block("monthly_update", false, kFields, {}, &policy_.update_basis);
  if (node == nullptr) return;
  const YamlNode* required = reader_.Need(*node, "monthly_update", "required");
  if (required != nullptr) {
    reader_.Bool(*required, "monthly_update.required",
                 &policy_.update_required);
  }
  if (const YamlNode* record = YamlReader::Find(*node, "record_missing")) {
    reader_.Bool(*record, "monthly_update.record_missing",
                 &policy_.update_record_missing);
  }
  const YamlNode* submit = YamlReader::Find(*node, "submit_before_day");
  if (submit != nullptr) {
    ReadDeadline(*node, "submit_before_day", &policy_.update_submit_before_day);
  } else if (policy_.update_record_missing) {
    reader_.Need(*node, "monthly_update", "submit_before_day");
  }
  const YamlNode* confirm = YamlReader::Find(*node, "confirm_before_day");
  if (confirm != nullptr && !policy_.update_required) {
    reader_.Error(*confirm, "monthly_update.confirm_before_day",
                  "has no effect unless required is true; remove it");
  } else if (confirm != nullptr) {
    ReadDeadline(*node, "confirm_before_day",
                 &policy_.update_confirm_before_day);
  } else if (policy_.update_required) {
    reader_.Need(*node, "monthly_update", "confirm_before_day");
  }
}

void PolicyParser::ParseConditions() {
  const YamlNode* node = YamlReader::Find(root_, "conditions");
  if (node != nullptr) {
    Condition condition;
    if (ParseCondition(*node, "conditions", 1, &condition)) {
      policy_.conditions = std::move(condition);
      policy_.metrics.assign(metrics_.begin(), metrics_.end());
    }
  }
  const bool on_time = metrics_.count(Metric::kM06) != 0;
  const bool deadline = policy_.update_submit_before_day != 0;
  if (on_time && !deadline) {
    reader_.Error(*node, "conditions",
                  "M06 needs a deadline; add monthly_update with "
                  "submit_before_day");
  }
  if (deadline && !on_time && !policy_.update_record_missing) {
    reader_.Error(*YamlReader::Find(root_, "monthly_update"),
                  "monthly_update.submit_before_day",
                  "has no effect without record_missing or a condition on M06; "
                  "remove it");
  }
}

bool PolicyParser::ParseCondition(const YamlNode& node, const std::string& path,
                                  int depth, Condition* condition) {
  if (depth > kConditionDepthMax) {
    reader_.Error(
        node, path,
        absl::StrCat("conditions are nested deeper than ", kConditionDepthMax,
                     " levels; make them flatter"));
    return false;
  }
  if (++conditions_ > kConditionsMax) {
    reader_.Error(node, path,
                  absl::StrCat("more than ", kConditionsMax, " conditions"));
    return false;
  }
  condition->path = path;
  if (node.kind == YamlNode::Kind::kMap &&
      YamlReader::Find(node, "metric") != nullptr) {
    return ParseThreshold(node, path, condition);
  }
  return ParseGroup(node, path, depth, condition);
}

bool PolicyParser::ParseGroup(const YamlNode& node, const std::string& path,
                              int depth, Condition* condition) {
  static constexpr absl::string_view kFields[] = {
      "all", "any", "none", "metric", "source", "assumption"};
  if (!reader_.CheckMap(node, path, kFields, {})) return false;
  static constexpr std::pair<absl::string_view, Condition::Op> kOps[] = {
      {"all", Condition::Op::kAll},
      {"any", Condition::Op::kAny},
      {"none", Condition::Op::kNone}};
  const YamlNode* children = nullptr;
  absl::string_view name;
  for (const auto& [word, op] : kOps) {
    const YamlNode* found = YamlReader::Find(node, word);
    if (found == nullptr) continue;
    if (children != nullptr) {
      reader_.Error(*found, YamlPath(path, word),
                    "one block holds one of all, any, none; nest the other");
      return false;
    }
    children = found;
    name = word;
    condition->op = op;
  }
  if (children == nullptr) {
    reader_.Error(node, path, "write one of all, any, none, or a metric");
    return false;
  }
  if (children->kind != YamlNode::Kind::kSequence || children->items.empty()) {
    reader_.Error(*children, YamlPath(path, name),
                  "write a list with at least one condition");
    return false;
  }
  // A group needs no source: its thresholds have theirs.
  if (YamlReader::Find(node, "source") != nullptr ||
      YamlReader::Find(node, "assumption") != nullptr) {
    condition->basis = reader_.ReadBasis(node, path);
  }
  bool good = true;
  for (std::size_t i = 0; i < children->items.size(); ++i) {
    Condition child;
    const std::string child_path =
        absl::StrCat(YamlPath(path, name), "[", i, "]");
    if (ParseCondition(children->items[i], child_path, depth + 1, &child)) {
      condition->children.push_back(std::move(child));
    } else {
      good = false;
    }
  }
  return good;
}

bool PolicyParser::ParseThreshold(const YamlNode& node, const std::string& path,
                                  Condition* condition) {
  static constexpr absl::string_view kFields[] = {
      "metric", "at_least", "at_least_percent", "source", "assumption"};
  static constexpr absl::string_view kLater[] = {"at_most", "at_most_percent",
                                                 "grain", "topic", "window"};
  const bool known = reader_.CheckMap(node, path, kFields, kLater);
  condition->basis = reader_.ReadBasis(node, path);
  const YamlNode& id_node = *YamlReader::Find(node, "metric");
  std::string id;
  if (!reader_.Text(id_node, YamlPath(path, "metric"), &id)) return false;
  if (!FindMetric(id, &condition->metric)) {
    reader_.Error(id_node, YamlPath(path, "metric"),
                  absl::StrCat("there is no metric \"", id,
                               "\"; write one of the catalogue, M01 to M30"));
    return false;
  }
  const MetricInfo& info = InfoOf(condition->metric);
  if (!info.supported) {
    reader_.Error(id_node, YamlPath(path, "metric"),
                  absl::StrCat(id, " (", info.name,
                               ") is not supported yet; leave the condition "
                               "out until it is computed"));
    return false;
  }
  metrics_.insert(condition->metric);
  const bool ratio = info.kind == MetricKind::kRatio;
  const absl::string_view key = ratio ? "at_least_percent" : "at_least";
  const absl::string_view other = ratio ? "at_least" : "at_least_percent";
  if (const YamlNode* wrong = YamlReader::Find(node, other)) {
    reader_.Error(
        *wrong, YamlPath(path, other),
        absl::StrCat(id, " is a ", ratio ? "ratio" : "count", "; write ", key));
    return false;
  }
  const YamlNode* target = reader_.Need(node, path, key);
  if (target == nullptr) return false;
  std::int64_t max = 1'000'000'000;
  if (ratio) max = 100;
  if (info.kind == MetricKind::kFlag) max = 1;
  if (condition->metric == Metric::kM01) max = 31;
  return reader_.Whole(*target, YamlPath(path, key), 1, max,
                       &condition->target) &&
         known;
}

void PolicyParser::ParseAmount() {
  static constexpr absl::string_view kFields[] = {
      "per", "vnd", "purpose", "members_on", "source", "assumption"};
  static constexpr absl::string_view kLaterFields[] = {"top_up", "rounding"};
  static constexpr YamlWord kUnits[] = {
      {"team_month", static_cast<int>(AmountUnit::kTeamMonth)},
      {"member_month", static_cast<int>(AmountUnit::kMemberMonth)}};
  static constexpr absl::string_view kLaterUnits[] = {"person_day", "night",
                                                      "award"};
  const YamlNode* node =
      Block("amount", true, kFields, kLaterFields, &policy_.amount_basis);
  if (node == nullptr) return;
  int value = 0;
  const YamlNode* per = reader_.Need(*node, "amount", "per");
  if (per != nullptr &&
      reader_.Word(*per, "amount.per", kUnits, kLaterUnits, &value)) {
    policy_.unit = static_cast<AmountUnit>(value);
  }
  if (const YamlNode* vnd = reader_.Need(*node, "amount", "vnd")) {
    reader_.Whole(*vnd, "amount.vnd", 1, limits::kMoneyMax,
                  &policy_.amount_vnd);
  }
  if (const YamlNode* purpose = YamlReader::Find(*node, "purpose")) {
    reader_.Text(*purpose, "amount.purpose", &policy_.purpose);
  }
  const YamlNode* day = YamlReader::Find(*node, "members_on");
  if (policy_.unit == AmountUnit::kMemberMonth) {
    if (day == nullptr) day = reader_.Need(*node, "amount", "members_on");
    if (day != nullptr &&
        reader_.Word(*day, "amount.members_on", kLookDays, {}, &value)) {
      policy_.members_on = static_cast<LookDay>(value);
    }
  } else if (day != nullptr) {
    reader_.Error(*day, "amount.members_on",
                  "has no effect unless per is member_month; remove it");
  }
}

void PolicyParser::ParseCaps() {
  static constexpr absl::string_view kFields[] = {"month_vnd", "year_vnd",
                                                  "source", "assumption"};
  static constexpr absl::string_view kLater[] = {"unit_vnd", "top_up_total_max",
                                                 "year_prorata"};
  const YamlNode* node =
      Block("caps", false, kFields, kLater, &policy_.cap_basis);
  if (node == nullptr) return;
  static constexpr std::pair<absl::string_view, std::int64_t Policy::*>
      kCaps[] = {{"month_vnd", &Policy::cap_month_vnd},
                 {"year_vnd", &Policy::cap_year_vnd}};
  bool any = false;
  for (const auto& [key, field] : kCaps) {
    const YamlNode* cap = YamlReader::Find(*node, key);
    if (cap == nullptr) continue;
    any = true;
    const std::string path = YamlPath("caps", key);
    std::int64_t vnd = 0;
    if (!reader_.Whole(*cap, path, 1, limits::kMoneyMax, &vnd)) continue;
    if (vnd < policy_.amount_vnd) {
      reader_.Error(
          *cap, path,
          absl::StrCat("is below the amount of one unit, ", policy_.amount_vnd,
                       "; raise the cap or lower amount.vnd"));
      continue;
    }
    policy_.*field = vnd;
  }
  if (policy_.cap_month_vnd != 0 && policy_.cap_year_vnd != 0 &&
      policy_.cap_year_vnd < policy_.cap_month_vnd) {
    reader_.Error(*YamlReader::Find(*node, "year_vnd"), "caps.year_vnd",
                  "is below caps.month_vnd, which can then never be reached; "
                  "raise it or remove the other");
  }
  if (!any) {
    reader_.Error(*node, "caps", "write month_vnd, year_vnd or both");
  }
}

void PolicyParser::ParseFunding() {
  static constexpr absl::string_view kFields[] = {"required", "source",
                                                  "assumption"};
  const YamlNode* node =
      Block("funding", true, kFields, {}, &policy_.funding_basis);
  if (node == nullptr) return;
  if (const YamlNode* required = reader_.Need(*node, "funding", "required")) {
    reader_.Bool(*required, "funding.required", &policy_.funding_required);
  }
}

// What the source says the sum comes to; only checked, never computed with.
void PolicyParser::ParseExpected() {
  static constexpr absl::string_view kFields[] = {"team_months", "total_vnd",
                                                  "source", "assumption"};
  Basis basis;
  const YamlNode* node = Block("expected", false, kFields, {}, &basis);
  if (node == nullptr) return;
  const YamlNode* months_node = reader_.Need(*node, "expected", "team_months");
  const YamlNode* total_node = reader_.Need(*node, "expected", "total_vnd");
  std::int64_t months = 0;
  std::int64_t total = 0;
  if (months_node == nullptr || total_node == nullptr ||
      !reader_.Whole(*months_node, "expected.team_months", 1, 1'000'000'000,
                     &months) ||
      !reader_.Whole(*total_node, "expected.total_vnd", 1, limits::kMoneyMax,
                     &total)) {
    return;
  }
  if (policy_.unit != AmountUnit::kTeamMonth) {
    reader_.Error(*node, "expected",
                  "can only be checked for an amount per team_month; remove "
                  "it");
    return;
  }
  if (policy_.amount_vnd != 0 && (total % policy_.amount_vnd != 0 ||
                                  total / policy_.amount_vnd != months)) {
    reader_.Error(
        *total_node, "expected.total_vnd",
        absl::StrCat("is not ", months, " team-months of ", policy_.amount_vnd,
                     "; one of the three is wrong"));
  }
}

// The years the decision speaks of; the period must lie in them.
void PolicyParser::CheckPhase() {
  static constexpr absl::string_view kFields[] = {"from_year", "to_year",
                                                  "source", "assumption"};
  Basis basis;
  const YamlNode* node = Block("phase", false, kFields, {}, &basis);
  if (node == nullptr) return;
  const YamlNode* from_node = reader_.Need(*node, "phase", "from_year");
  const YamlNode* to_node = reader_.Need(*node, "phase", "to_year");
  std::int64_t from = 0;
  std::int64_t to = 0;
  if (from_node == nullptr || to_node == nullptr ||
      !reader_.Whole(*from_node, "phase.from_year", 1900, 2199, &from) ||
      !reader_.Whole(*to_node, "phase.to_year", 1900, 2199, &to)) {
    return;
  }
  if (to < from) {
    reader_.Error(*to_node, "phase.to_year", "is before from_year");
  } else if (policy_.has_period &&
             (policy_.from.year() < from || policy_.to.year() > to)) {
    reader_.Error(*node, "phase",
                  absl::StrCat("the period ", policy_.from.Iso(), " to ",
                               policy_.to.Iso(),
                               " is not within it; correct one of them"));
  }
}

PolicyText PolicyParser::Parse(absl::string_view text) {
  static constexpr absl::string_view kFields[] = {"policy",
                                                  "version",
                                                  "title",
                                                  "status",
                                                  "issuer",
                                                  "basis",
                                                  "phase",
                                                  "effective_from",
                                                  "time_zone",
                                                  "period",
                                                  "month_rule",
                                                  "beneficiary",
                                                  "conditions",
                                                  "registration_list",
                                                  "team_must_exist",
                                                  "amount",
                                                  "suspended_days",
                                                  "monthly_update",
                                                  "caps",
                                                  "funding",
                                                  "expected"};
  static constexpr absl::string_view kLater[] = {
      "award",    "double_support", "late_events",   "pay_rhythm",
      "purposes", "review",         "rounding",      "score",
      "seats",    "seat_template",  "team_template", "ties",
      "top_up",   "transition",     "verify_chain",  "corrections"};
  YamlProblem problem;
  if (!ReadYaml(text, &root_, &problem)) {
    YamlNode at;
    at.line = problem.line;
    at.column = problem.column;
    reader_.Error(at, "", problem.message);
  } else if (root_.kind != YamlNode::Kind::kMap) {
    reader_.Error(root_, "", "the text is no policy; begin with \"policy:\"");
  } else {
    reader_.CheckMap(root_, "", kFields, kLater);
    ParseHead();
    ParseStatus();
    ParseDocuments();
    ParsePeriod();
    ParseMonthRule();
    ParseBeneficiary();
    ParseList();
    ParseExistence();
    ParseSuspension();
    ParseUpdate();
    ParseConditions();
    ParseAmount();
    ParseCaps();
    ParseFunding();
    ParseExpected();
    CheckPhase();
  }
  PolicyText result;
  result.policy = std::move(policy_);
  result.findings = reader_.TakeFindings();
  return result;
}

const char* SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kAssumption:
      return "assumption";
  }
  return "";
}

}  // namespace

std::string FormatFinding(const Finding& finding) {
  std::string out = finding.file;
  if (finding.line > 0) absl::StrAppend(&out, ":", finding.line);
  if (finding.column > 0) absl::StrAppend(&out, ":", finding.column);
  absl::StrAppend(&out, ": ", SeverityName(finding.severity), ": ");
  if (!finding.path.empty()) absl::StrAppend(&out, finding.path, ": ");
  return absl::StrCat(out, finding.message);
}

bool PolicyText::ok() const {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& f) {
    return f.severity == Severity::kError;
  });
}

PolicyText ParsePolicy(absl::string_view text, absl::string_view file_name) {
  return PolicyParser(file_name).Parse(text);
}

}  // namespace thon
