// thon policy check: files against the format, against each other, and, when
// asked, against what a server has.
#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands_policy.h"
#include "tools/thon/files.h"
#include "tools/thon/pages.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct CheckOptions {
  std::vector<std::string> files;
  bool strict = false;
  bool against_server = false;
};

int Count(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<int>(std::count_if(
      findings.begin(), findings.end(),
      [&](const Finding& finding) { return finding.severity == severity; }));
}

// Policies that the server has, but for those whose version is among `given`.
absl::StatusOr<std::vector<PolicySource>> PublishedPolicies(
    Client* client, const std::vector<PolicySource>& given) {
  const absl::StatusOr<v1::ListPoliciesResponse> listed =
      client->ListPolicies(v1::ListPoliciesRequest());
  if (!listed.ok()) return listed.status();
  std::vector<PolicySource> published;
  for (const v1::PolicyRow& row : listed->policies()) {
    const bool replaced = std::any_of(
        given.begin(), given.end(), [&](const PolicySource& source) {
          return source.parsed.policy.id == row.policy_id() &&
                 source.parsed.policy.version == row.version() &&
                 source.text == row.text();
        });
    if (replaced) continue;
    published.push_back(ReadPolicySource(
        row.text(), absl::StrCat("đã công bố (published) ", row.policy_id(),
                                 " v", row.version())));
  }
  return published;
}

// Whether a unit has the issuer's name on the period's first day.
absl::Status CheckIssuer(Client* client, const PolicySource& source,
                         std::vector<Finding>* findings) {
  const Policy& policy = source.parsed.policy;
  if (!source.parsed.ok() || !policy.has_period) return absl::OkStatus();
  const absl::StatusOr<MapRead> map = ReadMap(client, policy.from.days);
  if (!map.ok()) return map.status();
  const std::string name = SearchKey(policy.issuer);
  for (const auto& [id, unit] : map->map.units()) {
    if (SearchKey(unit.name) == name) return absl::OkStatus();
  }
  Finding finding;
  finding.severity = Severity::kWarning;
  finding.file = source.file;
  finding.path = "issuer";
  finding.message = {
      absl::StrCat("trên bản đồ của máy chủ, ngày ", policy.from.Vietnamese(),
                   " không có đơn vị nào tên \"", policy.issuer, "\""),
      absl::StrCat("the server's map has no unit of this name on ",
                   policy.from.Iso(), ", when the period begins")};
  findings->push_back(std::move(finding));
  return absl::OkStatus();
}

void PrintAssumptions(Session* session, const std::vector<Finding>& findings) {
  if (Count(findings, Severity::kAssumption) == 0) return;
  session->out() << "\nGiả định, cần người có thẩm quyền xác nhận "
                    "(assumptions, for an official to confirm):\n";
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::kAssumption) continue;
    PrintFinding(session->out(), finding);
  }
}

void PrintReview(Session* session, const Policy& policy) {
  if (policy.review_on == Date() && policy.review_note.empty()) return;
  session->out() << "Xem xét lại (review)";
  if (policy.review_on != Date()) {
    session->out() << ' ' << policy.review_on.Vietnamese();
  }
  if (!policy.review_note.empty()) {
    session->out() << ": " << Printable(policy.review_note);
  }
  session->out() << '\n';
}

Json CheckJson(const PolicySource& source,
               const std::vector<Finding>& findings) {
  const Policy& policy = source.parsed.policy;
  Json json = {{"file", source.file},
               {"policyId", policy.id},
               {"version", policy.version},
               {"errors", Count(findings, Severity::kError)},
               {"warnings", Count(findings, Severity::kWarning)}};
  if (policy.review_on != Date()) json["reviewOn"] = policy.review_on.Iso();
  if (!policy.review_note.empty()) json["reviewNote"] = policy.review_note;
  json["findings"] = Json::array();
  json["assumptions"] = Json::array();
  for (const Finding& finding : findings) {
    json[finding.severity == Severity::kAssumption ? "assumptions" : "findings"]
        .push_back(FindingJson(finding));
  }
  return json;
}

void PrintCheck(Session* session, const PolicySource& source,
                const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kAssumption) continue;
    PrintFinding(session->out(), finding);
  }
  const Policy& policy = source.parsed.policy;
  if (Count(findings, Severity::kError) == 0) {
    session->out() << source.file << ": " << policy.id << " v" << policy.version
                   << ": hợp lệ, có thể công bố (it can be published)\n";
    PrintReview(session, policy);
  }
  PrintAssumptions(session, findings);
}

absl::Status CheckFiles(Session* session, const CheckOptions& options) {
  std::vector<PolicySource> sources;
  for (const std::string& file : options.files) {
    absl::StatusOr<PolicySource> source = ReadPolicyFile(file);
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  std::vector<Finding> extra;
  if (options.against_server) {
    const absl::StatusOr<Client*> client = session->client();
    if (!client.ok()) return client.status();
    for (const PolicySource& source : sources) {
      const absl::Status status = CheckIssuer(*client, source, &extra);
      if (!status.ok()) return status;
    }
    absl::StatusOr<std::vector<PolicySource>> published =
        PublishedPolicies(*client, sources);
    if (!published.ok()) return published.status();
    for (PolicySource& source : *published) {
      sources.push_back(std::move(source));
    }
  }
  const std::vector<Finding> all = CheckPolicies(sources);
  Json results = Json::array();
  int errors = 0;
  int warnings = 0;
  for (std::size_t i = 0; i < options.files.size(); ++i) {
    std::vector<Finding> findings;
    for (const std::vector<Finding>* const some :
         std::initializer_list<const std::vector<Finding>*>{&extra, &all}) {
      for (const Finding& finding : *some) {
        if (finding.file == options.files[i]) findings.push_back(finding);
      }
    }
    errors += Count(findings, Severity::kError);
    warnings += Count(findings, Severity::kWarning);
    if (session->json) {
      results.push_back(CheckJson(sources[i], findings));
    } else {
      PrintCheck(session, sources[i], findings);
    }
  }
  if (session->json) session->Print(results);
  if (errors != 0) {
    return ChecksFailed(
        absl::StrCat(errors,
                     " lỗi, không công bố được (errors; such a policy cannot "
                     "be published)"));
  }
  if (options.strict && warnings != 0) {
    return ChecksFailed(absl::StrCat(warnings, " cảnh báo (warnings)"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PolicySource> ReadPolicyFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return ReadPolicySource(*text, path);
}

absl::StatusOr<PolicySource> ReadGoodPolicy(Session* session,
                                            const std::string& path) {
  absl::StatusOr<PolicySource> source = ReadPolicyFile(path);
  if (!source.ok() || source->parsed.ok()) return source;
  for (const Finding& finding : source->parsed.findings) {
    if (finding.severity == Severity::kError) {
      PrintFinding(session->err(), finding);
    }
  }
  return ChecksFailed(
      absl::StrCat(path,
                   " không phải chính sách dùng được; xem thon policy check "
                   "(is no policy; see thon policy check)"));
}

void PrintFinding(std::ostream& out, const Finding& finding) {
  out << Printable(FormatFinding(finding)) << '\n';
}

Json FindingJson(const Finding& finding) {
  return {{"severity", WordsOf(finding.severity).en},
          {"line", finding.line},
          {"column", finding.column},
          {"path", finding.path},
          {"message", Both(finding.message)},
          {"vi", finding.message.vi},
          {"en", finding.message.en}};
}

void AddPolicyCheckCommand(CLI::App* group, Session* session) {
  CLI::App* const command = Command(
      group, "check", "Kiểm tra tệp chính sách (check policy files)",
      {"thon policy check deploy/policies/yen-bai-2023.yaml",
       "thon policy check v1.yaml v2.yaml --strict",
       "thon policy check new.yaml --against-server --server HOST:PORT"});
  auto check = std::make_shared<CheckOptions>();
  command
      ->add_option("FILE", check->files,
                   "YAML; several are checked against "
                   "each other")
      ->required();
  command->add_flag("--strict", check->strict, "A warning fails, too");
  command->add_flag("--against-server", check->against_server,
                    "Also against published policies and the map");
  OnChosen(command, session, check, &CheckFiles);
}

}  // namespace thon::cli
