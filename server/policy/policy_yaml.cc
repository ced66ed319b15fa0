#include "server/policy/policy_yaml.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

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
