// thon policy explain and diff: policies in plain sentences.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/policy/policy_diff.h"
#include "server/policy/policy_words.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands_policy.h"
#include "tools/thon/text_table.h"

namespace thon::cli {
namespace {

struct ExplainOptions {
  std::string file;
  std::string language = "both";
};

struct DiffOptions {
  std::string before;
  std::string after;
};

Json SentenceJson(const Sentence& sentence) {
  return {{"vi", sentence.vi}, {"en", sentence.en}};
}

Json StatementJson(const PolicyStatement& statement) {
  Json json = {{"path", statement.path},
               {"vi", statement.text.vi},
               {"en", statement.text.en},
               {"source", statement.basis.source},
               {"assumption", statement.basis.assumption},
               {"assumed", statement.assumed()}};
  json["fields"] = Json::array();
  for (const PolicyField& field : statement.fields) {
    Json one = SentenceJson(field.value);
    one["path"] = field.path;
    json["fields"].push_back(std::move(one));
  }
  return json;
}

// Lines in the languages asked for.
class Speaker {
 public:
  Speaker(Session* session, const std::string& language)
      : out_(session->out()), vi_(language != "en"), en_(language != "vi") {}

  void Say(const Sentence& sentence, int indent) {
    if (vi_) Line(sentence.vi, indent);
    if (en_ && (!vi_ || sentence.en != sentence.vi)) {
      Line(sentence.en, vi_ ? indent + 2 : indent);
    }
  }

  // "căn cứ (source): 60/2022/NQ-HĐND": what is the same is said once.
  void Name(const Sentence& name, const Sentence& value, int indent) {
    if (vi_ && en_ && value.vi == value.en) {
      Line(absl::StrCat(name.vi, " (", name.en, "): ", value.vi), indent);
      return;
    }
    Say({absl::StrCat(name.vi, ": ", value.vi),
         absl::StrCat(name.en, ": ", value.en)},
        indent);
  }

 private:
  void Line(const std::string& text, int indent) {
    out_ << std::string(static_cast<std::size_t>(indent), ' ')
         << Printable(text) << '\n';
  }

  std::ostream& out_;
  const bool vi_;
  const bool en_;
};

void SayBasis(const PolicyStatement& statement, int indent, Speaker* speaker) {
  if (!statement.needs_basis) return;
  const Basis& basis = statement.basis;
  if (!basis.source.empty()) {
    speaker->Name({"căn cứ", "source"}, Same(basis.source), indent);
  }
  if (!basis.assumption.empty()) {
    speaker->Name({"giả định", "assumption"}, Same(basis.assumption), indent);
  }
  if (basis.source.empty() && basis.assumption.empty()) {
    speaker->Name({"giả định", "assumption"},
                  {"không nêu căn cứ", "no source is named"}, indent);
  }
}

absl::Status ExplainFile(Session* session, const ExplainOptions& options) {
  if (options.language != "vi" && options.language != "en" &&
      options.language != "both") {
    return UsageError("--lang: vi, en or both");
  }
  const absl::StatusOr<PolicySource> source =
      ReadGoodPolicy(session, options.file);
  if (!source.ok()) return source.status();
  const Policy& policy = source->parsed.policy;
  const std::vector<PolicyStatement> statements = DescribePolicy(policy);
  if (session->json) {
    Json json = {{"file", source->file},
                 {"policyId", policy.id},
                 {"version", policy.version}};
    json["statements"] = Json::array();
    for (const PolicyStatement& statement : statements) {
      json["statements"].push_back(StatementJson(statement));
    }
    session->Print(json);
    return absl::OkStatus();
  }
  Speaker speaker(session, options.language);
  int assumed = 0;
  for (const PolicyStatement& statement : statements) {
    const int indent = 2 * statement.depth;
    speaker.Say(statement.text, indent);
    SayBasis(statement, indent + 4, &speaker);
    assumed += statement.assumed() ? 1 : 0;
  }
  session->out() << '\n';
  speaker.Say(
      {absl::StrCat("Số quy định dựa trên giả định: ", assumed, "."),
       absl::StrCat("Rules that rest on an assumption: ", assumed, ".")},
      0);
  return absl::OkStatus();
}

Json ValueJson(const std::optional<Sentence>& value) {
  return value.has_value() ? SentenceJson(*value) : Json(nullptr);
}

Sentence Arrow(const PolicyDifference& difference) {
  const Sentence none = {"(không có)", "(not set)"};
  const Sentence before = difference.before.value_or(none);
  const Sentence after = difference.after.value_or(none);
  return {absl::StrCat(before.vi, " → ", after.vi),
          absl::StrCat(before.en, " → ", after.en)};
}

absl::Status DiffFiles(Session* session, const DiffOptions& options) {
  const absl::StatusOr<PolicySource> before =
      ReadGoodPolicy(session, options.before);
  if (!before.ok()) return before.status();
  const absl::StatusOr<PolicySource> after =
      ReadGoodPolicy(session, options.after);
  if (!after.ok()) return after.status();
  const std::vector<PolicyDifference> differences =
      DiffPolicies(before->parsed.policy, after->parsed.policy);
  const std::vector<Sentence> money =
      MoneyDifference(before->parsed.policy, after->parsed.policy);
  if (session->json) {
    Json json = {{"before", options.before}, {"after", options.after}};
    json["differences"] = Json::array();
    for (const PolicyDifference& difference : differences) {
      json["differences"].push_back({{"path", difference.path},
                                     {"before", ValueJson(difference.before)},
                                     {"after", ValueJson(difference.after)}});
    }
    json["money"] = Json::array();
    for (const Sentence& sentence : money) {
      json["money"].push_back(SentenceJson(sentence));
    }
    session->Print(json);
  } else {
    Speaker speaker(session, "both");
    for (const PolicyDifference& difference : differences) {
      session->out() << difference.path << '\n';
      speaker.Say(Arrow(difference), 2);
    }
    if (!money.empty()) session->out() << "\nVề tiền (in money)\n";
    for (const Sentence& sentence : money) speaker.Say(sentence, 2);
    if (differences.empty()) {
      session->out() << "Hai chính sách như nhau (they are the same)\n";
    }
  }
  if (differences.empty()) return absl::OkStatus();
  return ChecksFailed(absl::StrCat(differences.size(),
                                   " tham số khác nhau (parameters differ)"));
}

}  // namespace

void AddPolicyReadCommands(CLI::App* group, Session* session) {
  CLI::App* command = Command(
      group, "explain", "Chính sách bằng lời (a policy in plain sentences)",
      {"thon policy explain deploy/policies/ha-tinh-2024-2025.yaml",
       "thon policy explain deploy/policies/yen-bai-2023.yaml --lang vi"});
  auto explain = std::make_shared<ExplainOptions>();
  command->add_option("FILE", explain->file, "YAML")->required();
  command->add_option("--lang", explain->language,
                      "vi, en or both (the default)");
  OnChosen(command, session, explain, &ExplainFile);

  command = Command(
      group, "diff",
      "Hai chính sách khác nhau ở đâu (what two policies differ in); kết thúc "
      "0 như nhau, 1 khác",
      {"thon policy diff v1.yaml v2.yaml"});
  auto diff = std::make_shared<DiffOptions>();
  command->add_option("BEFORE", diff->before, "YAML")->required();
  command->add_option("AFTER", diff->after, "YAML")->required();
  OnChosen(command, session, diff, &DiffFiles);
}

}  // namespace thon::cli
