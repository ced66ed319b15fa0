#include "server/policy/policy_yaml.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/policy/policy_parser.h"

namespace thon {
namespace {

bool IsPolicyId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](char c) {
           const auto u = static_cast<unsigned char>(c);
           return absl::ascii_isupper(u) || absl::ascii_isdigit(u) || c == '-';
         });
}

}  // namespace

const YamlNode* PolicyParser::Block(absl::string_view key, bool needed,
                                    Names known, Basis* basis) {
  reader_.GatherBasis(nullptr);
  const YamlNode* node =
      needed ? reader_.Need(root_, "", key) : YamlReader::Find(root_, key);
  if (node == nullptr) return nullptr;
  if (!reader_.CheckMap(*node, key, known) &&
      node->kind != YamlNode::Kind::kMap) {
    return nullptr;
  }
  *basis = reader_.ReadBasis(*node, key);
  reader_.GatherBasis(basis);
  return node;
}

bool PolicyParser::ReadWord(const YamlNode& block, absl::string_view path,
                            absl::string_view key, bool needed, Words words,
                            int* value) {
  const YamlNode* node =
      needed ? reader_.Need(block, path, key) : YamlReader::Find(block, key);
  return node != nullptr &&
         reader_.Word(*node, YamlPath(path, key), words, value);
}

void PolicyParser::NoteDefault(const YamlNode& block, absl::string_view path,
                               const Sentence& taken) {
  reader_.Note(Severity::kAssumption, block, path,
               {absl::StrCat("không ghi; lấy ", taken.vi),
                absl::StrCat("not given; ", taken.en, " is taken")});
}

void PolicyParser::ParseHead() {
  if (const YamlNode* id = reader_.Need(root_, "", "policy")) {
    if (reader_.Text(*id, "policy", &policy_.id) && !IsPolicyId(policy_.id)) {
      reader_.Error(*id, "policy",
                    {"viết chữ in hoa A đến Z, chữ số và gạch nối, nhiều nhất "
                     "64, như YB-2023",
                     "write capitals A to Z, digits and hyphens, at most 64, "
                     "like YB-2023"});
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
      reader_.Error(*zone, "time_zone",
                    {"viết Asia/Ho_Chi_Minh", "write Asia/Ho_Chi_Minh"});
    }
  }
}

void PolicyParser::ParseStatus() {
  static constexpr YamlWord kStatuses[] = {
      {"DRAFT", static_cast<int>(PolicyStatus::kDraft)},
      {"ADOPTED", static_cast<int>(PolicyStatus::kAdopted)},
      {"IN_FORCE", static_cast<int>(PolicyStatus::kInForce)},
      {"PILOT", static_cast<int>(PolicyStatus::kPilot)},
      {"CLOSED", static_cast<int>(PolicyStatus::kClosed)},
      {"REPEALED", static_cast<int>(PolicyStatus::kRepealed)},
      {"SUPERSEDED", static_cast<int>(PolicyStatus::kSuperseded)}};
  const YamlNode* node = reader_.Need(root_, "", "status");
  if (node == nullptr) return;
  const YamlNode* word =
      reader_.WithBasis(*node, "status", &policy_.status_basis);
  int value = 0;
  if (word != nullptr && reader_.Word(*word, "status", kStatuses, &value)) {
    policy_.status = static_cast<PolicyStatus>(value);
  }
}

void PolicyParser::ParseDocuments() {
  const YamlNode* node = YamlReader::Find(root_, "basis");
  if (node == nullptr) {
    reader_.Error(root_, "basis",
                  {"thiếu; nêu các quyết định, nghị quyết mà chính sách này "
                   "thực hiện",
                   "missing; name the decisions that the policy implements"});
    return;
  }
  if (reader_.List(*node, "basis",
                   "- {document: 60/2022/NQ-HĐND, issued: 2022-12-09, issuer: "
                   "HĐND tỉnh}") == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    ParseDocument(node->items[i], absl::StrCat("basis[", i, "]"));
  }
}

void PolicyParser::ParseDocument(const YamlNode& item,
                                 const std::string& path) {
  static constexpr absl::string_view kFields[] = {"document", "issued",
                                                  "issuer"};
  if (!reader_.CheckMap(item, path, kFields)) return;
  const auto given = [&](absl::string_view key) {
    const YamlNode* node = YamlReader::Find(item, key);
    return node != nullptr && node->kind != YamlNode::Kind::kNull ? node
                                                                  : nullptr;
  };
  PolicyDocument document;
  if (const YamlNode* number = given("document")) {
    reader_.Text(*number, YamlPath(path, "document"), &document.number);
  } else if (policy_.status != PolicyStatus::kDraft) {
    reader_.Error(item, YamlPath(path, "document"),
                  {"thiếu; chỉ dự thảo (DRAFT) mới được dựa trên văn bản chưa "
                   "có số, thêm \"document:\"",
                   "missing; only a DRAFT may rest on a document without a "
                   "number, add \"document:\""});
  }
  if (const YamlNode* issuer = reader_.Need(item, path, "issuer")) {
    reader_.Text(*issuer, YamlPath(path, "issuer"), &document.issuer);
  }
  if (const YamlNode* issued = given("issued")) {
    reader_.Day(*issued, YamlPath(path, "issued"), &document.issued);
  } else if (policy_.status == PolicyStatus::kInForce ||
             policy_.status == PolicyStatus::kClosed) {
    reader_.Need(item, path, "issued");
  }
  for (const PolicyDocument& other : policy_.documents) {
    if (!document.number.empty() && other.number == document.number &&
        other.issuer == document.issuer) {
      reader_.Error(
          item, path,
          {"bị ghi hai lần; giữ lại một", "is given twice; keep one"});
    }
  }
  policy_.documents.push_back(std::move(document));
}

// The amounts come before what asks whether anything is paid, the period before
// what asks how long.
void PolicyParser::ParseBlocks() {
  ParseHead();
  ParseStatus();
  ParseDocuments();
  ParseAmounts();
  ParsePeriod();
  ParseEffective();
  ParseMonthRule();
  ParseBeneficiary();
  ParseList();
  ParseExistence();
  ParseSuspension();
  ParseSeats();
  ParseUpdate();
  ParseLate();
  ParseConditions();
  ParseCaps();
  ParseRounding();
  ParseTopUp();
  ParseDoubleSupport();
  ParseFunding();
  CheckLines();
  ParseTargets();
  ParseAward();
  ParseRhythm();
  ParsePurposes();
  ParseVerification();
  ParseExpected();
  ParsePhase();
  ParseReview();
}

PolicyText PolicyParser::Parse(absl::string_view text) {
  static constexpr absl::string_view kFields[] = {
      "policy",          "version",     "title",          "status",
      "issuer",          "basis",       "phase",          "effective_from",
      "time_zone",       "period",      "review",         "month_rule",
      "rounding",        "beneficiary", "conditions",     "registration_list",
      "team_must_exist", "amount",      "suspended_days", "team_template",
      "monthly_update",  "late_events", "caps",           "top_up",
      "double_support",  "funding",     "targets",        "award",
      "pay_rhythm",      "purposes",    "verify_chain",   "expected"};
  YamlProblem problem;
  std::vector<YamlProblem> notes;
  const auto place = [](const YamlProblem& at) {
    YamlNode node;
    node.line = at.line;
    node.column = at.column;
    return node;
  };
  const bool read = ReadYaml(text, &root_, &problem, &notes);
  for (const YamlProblem& note : notes) {
    reader_.Note(Severity::kWarning, place(note), "", note.message);
  }
  if (!read) {
    reader_.Error(place(problem), "", problem.message);
  } else if (root_.kind != YamlNode::Kind::kMap) {
    reader_.Error(root_, "",
                  {"văn bản không phải là chính sách; bắt đầu bằng \"policy:\"",
                   "the text is no policy; begin with \"policy:\""});
  } else {
    reader_.CheckMap(root_, "", kFields);
    ParseBlocks();
  }
  PolicyText result;
  result.policy = std::move(policy_);
  result.findings = reader_.TakeFindings();
  return result;
}

Sentence WordsOf(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return {"lỗi", "error"};
    case Severity::kWarning:
      return {"cảnh báo", "warning"};
    case Severity::kAssumption:
      return {"giả định", "assumption"};
  }
  return {};
}

std::string FormatFinding(const Finding& finding) {
  std::string out = finding.file;
  if (finding.line > 0) absl::StrAppend(&out, ":", finding.line);
  if (finding.column > 0) absl::StrAppend(&out, ":", finding.column);
  absl::StrAppend(&out, ": ", Both(WordsOf(finding.severity)), ": ");
  if (!finding.path.empty()) absl::StrAppend(&out, finding.path, ": ");
  absl::StrAppend(&out, Both(finding.message));
  // One line, whatever is quoted in it.
  for (char& c : out) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return out;
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
