#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/policy/policy_yaml.h"
#include "tools/thon/commands.h"
#include "tools/thon/csv.h"
#include "tools/thon/decision_files.h"
#include "tools/thon/import_flow.h"
#include "tools/thon/pages.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

// ---------------------------------------------------------------- funding

struct FundingOptions {
  ImportFlags flags;
  std::string policy;
  std::string document;
  std::string issued;
  std::string issuer;
  std::string from;
  std::string to;
  std::string ceiling;
  bool retroactive = false;
};

// Đồng a team and month by the newest version of the policy; 0 if the server
// has none that pays by the team and month and by nothing else.
absl::StatusOr<std::int64_t> TeamMonthAmount(Client* client,
                                             const std::string& policy_id) {
  const absl::StatusOr<v1::ListPoliciesResponse> policies =
      client->ListPolicies(v1::ListPoliciesRequest());
  if (!policies.ok()) return policies.status();
  std::int64_t amount = 0;
  for (const v1::PolicyRow& row : policies->policies()) {
    if (row.policy_id() != policy_id) continue;
    const PolicyText text = ParsePolicy(row.text(), policy_id);
    const bool by_team = text.ok() && text.policy.amounts.size() == 1 &&
                         text.policy.amounts[0].unit == AmountUnit::kTeamMonth;
    amount = by_team ? text.policy.amounts[0].vnd : 0;
  }
  return amount;
}

// a x b, or the bound of every amount if that is less.
std::int64_t BoundedProduct(std::int64_t a, std::int64_t b) {
  if (a != 0 && b > limits::kMoneyMax / a) return limits::kMoneyMax;
  return a * b;
}

void WarnOfCeiling(const std::string& vietnamese, const std::string& english,
                   std::int64_t total, std::int64_t ceiling, Report* report) {
  if (total == ceiling) return;
  report->Warning(0, "", "CONFLICT",
                  {absl::StrCat(vietnamese, " là ", FormatDong(total),
                                ", kinh phí ghi là ", FormatDong(ceiling)),
                   absl::StrCat(english, " are ", FormatDong(total),
                                ", the ceiling is ", FormatDong(ceiling))});
}

// What the figures of a decision must be, one against the other.
void CheckCeiling(std::int64_t teams, int months, std::int64_t amount,
                  const ListedAmounts& listed, std::int64_t ceiling,
                  ImportPlan* plan) {
  const std::int64_t expected = BoundedProduct(teams * months, amount);
  plan->summary = {{"Số tổ", "teams", teams},
                   {"Số tháng", "months", months},
                   {"Số tổ-tháng", "team_months", teams * months},
                   {"Mức một tổ một tháng, đồng", "amount_vnd", amount},
                   {"Tổng theo mức, đồng", "expected_total_vnd", expected},
                   {"Kinh phí tối đa, đồng", "ceiling_vnd", ceiling}};
  if (listed.rows > 0) {
    const std::int64_t total = BoundedProduct(months, listed.sum_vnd);
    plan->summary.push_back({"Tổng theo tệp, đồng", "listed_total_vnd", total});
    WarnOfCeiling(
        absl::StrCat("cột mức hỗ trợ: ", FormatDong(listed.sum_vnd), " x ",
                     months, " tháng"),
        absl::StrCat("the file's amounts: ", FormatDong(listed.sum_vnd), " x ",
                     months, " months"),
        total, ceiling, &plan->report);
  }
  if (amount == 0) {
    plan->report.Warning(
        0, "", "UNKNOWN_VALUE",
        {"máy chủ không có chính sách này theo mức tổ-tháng; không so được "
         "tổng "
         "số",
         "the server has no policy of that id that pays by the team and month; "
         "the total is not compared"});
    return;
  }
  WarnOfCeiling(
      absl::StrCat(teams, " tổ x ", months, " tháng x ", FormatDong(amount)),
      absl::StrCat(teams, " teams x ", months, " months x ",
                   FormatDong(amount)),
      expected, ceiling, &plan->report);
}

absl::StatusOr<v1::FundingApproved> FundingOf(const FundingOptions& options) {
  const auto issued = DayOption("--issued", options.issued);
  if (!issued.ok()) return issued.status();
  const auto first = MonthOption("--from", options.from);
  if (!first.ok()) return first.status();
  const auto last = MonthOption("--to", options.to);
  if (!last.ok()) return last.status();
  if (*first > *last) return UsageError("--from is after --to");
  const absl::StatusOr<std::int64_t> ceiling = ParseDong(options.ceiling);
  if (!ceiling.ok()) {
    return UsageError(absl::StrCat("--ceiling: ", ceiling.status().message()));
  }
  v1::FundingApproved funding;
  funding.set_policy_id(options.policy);
  funding.mutable_document()->set_number(options.document);
  funding.mutable_document()->set_issue_date(*issued);
  funding.mutable_document()->set_issuer(options.issuer);
  funding.set_first_month(*first);
  funding.set_last_month(*last);
  funding.set_ceiling_vnd(*ceiling);
  funding.set_retroactive(options.retroactive);
  return funding;
}

// Decisions stand beside each other: none replaces or withdraws another, and a
// team that two name is paid once. Who takes a new one for an amendment of the
// old is told.
absl::Status TellOfOthers(Client* client, const v1::FundingApproved& funding,
                          ImportPlan* plan) {
  const absl::StatusOr<v1::ListPoliciesResponse> known =
      client->ListPolicies(v1::ListPoliciesRequest());
  if (!known.ok()) return known.status();
  std::vector<std::string> others;
  for (const v1::FundingRow& row : known->fundings()) {
    if (row.policy_id() != funding.policy_id() ||
        row.last_month() < funding.first_month() ||
        funding.last_month() < row.first_month() ||
        row.document().number() == funding.document().number()) {
      continue;
    }
    others.push_back(absl::StrCat(
        row.document().number(), " (", row.team_count(), " tổ, ",
        ShowMonth(row.first_month()), " - ", ShowMonth(row.last_month()), ", ",
        FormatDong(row.ceiling_vnd()), ")"));
  }
  if (others.empty()) return absl::OkStatus();
  const std::string list = absl::StrJoin(others, "; ");
  plan->report.Warning(
      0, "", "ADDS_TO_OTHERS",
      {absl::StrCat("Các tháng này đã có quyết định ", list,
                    ". Quyết định mới cộng thêm tổ và kinh phí, không thay thế "
                    "hay thu hồi quyết định trước; tổ có trong cả hai chỉ được "
                    "chi một lần, theo quyết định ghi trước còn kinh phí."),
       absl::StrCat("These months are covered by ", list,
                    " already. The new decision adds teams and money; it "
                    "replaces and withdraws nothing. A team that both name is "
                    "paid once, from the one recorded first that has money "
                    "left.")});
  return absl::OkStatus();
}

absl::Status ApproveFunding(Session* session, const FundingOptions& options) {
  absl::StatusOr<v1::FundingApproved> funding = FundingOf(options);
  if (!funding.ok()) return funding.status();
  const absl::StatusOr<CsvTable> table = ReadCsv(options.flags.file);
  if (!table.ok()) return table.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<MapRead> map =
      ReadMap(*client, funding->document().issue_date());
  if (!map.ok()) return map.status();
  absl::StatusOr<Listed<v1::TeamRow>> teams =
      ListAllTeams(*client, ListScope());
  if (!teams.ok()) return teams.status();
  const absl::StatusOr<std::int64_t> amount =
      TeamMonthAmount(*client, options.policy);
  if (!amount.ok()) return amount.status();

  ImportPlan plan;
  plan.kind = "funding";
  plan.rows = table->rows.size();
  ListedAmounts listed;
  const v1::FundedTeams set =
      PlanFundedTeams(*table, map->map, TeamIndex(std::move(teams->rows)),
                      options.flags.rules(), &plan.report, &listed);
  CheckCeiling(
      set.team_ids_size(),
      MonthCount(Month(funding->first_month()), Month(funding->last_month())),
      *amount, listed, funding->ceiling_vnd(), &plan);
  const absl::Status others = TellOfOthers(*client, *funding, &plan);
  if (!others.ok()) return others;
  // The month of the recording is covered either way.
  const absl::Status told =
      WarnUnlessItReachesBack(*client, Month(funding->first_month()).last_day(),
                              options.retroactive, "--from", &plan.report);
  if (!told.ok()) return told;
  if (plan.report.errors() == 0) {
    std::string document = set.SerializeAsString();
    funding->set_teams_hash(std::string(Sha256Of(document).view()));
    funding->set_team_count(set.team_ids_size());
    v1::Event event;
    *event.mutable_funding_approved() = *std::move(funding);
    plan.change = MakeChange(std::move(event), std::move(document));
    plan.change->seen_position = teams->position;
  }
  return FinishImport(session, options.flags, std::move(plan));
}

void AddFunding(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      Group(app, "funding", "Quyết định kinh phí (funding decisions)"),
      "approve",
      "Ghi quyết định kinh phí; quyết định sau cộng thêm vào quyết định trước, "
      "không thay thế (record funded teams: team_id, or commune_code and "
      "village_name; a later decision adds teams and money to those before and "
      "replaces none)",
      {"thon funding approve 1845.csv --policy YB-2023 --document "
       "1845/QĐ-UBND --issued 12/10/2023 --from 2023-06 --to 2023-12 "
       "--ceiling \"2.698.500.000 đồng\" --retroactive --apply",
       "thon funding approve added-teams.csv --policy YB-2023 --document "
       "2000/QĐ-UBND --issued 20/11/2023 --from 2023-08 --to 2023-12 "
       "--ceiling \"2.500.000 đồng\" --retroactive --apply"});
  auto options = std::make_shared<FundingOptions>();
  AddImportFlags(command, &options->flags);
  command->add_option("--policy", options->policy, "For which policy")
      ->required();
  command->add_option("--document", options->document, "The decision's number")
      ->required();
  command->add_option("--issued", options->issued, "Its day of issue")
      ->required();
  command->add_option("--issuer", options->issuer, "Who issued it");
  command->add_option("--from", options->from, "First covered month")
      ->required();
  command->add_option("--to", options->to, "Last covered month")->required();
  command
      ->add_option("--ceiling", options->ceiling,
                   "No more than this in all: 2698500000, \"2.698.500.000 "
                   "đồng\", \"500 triệu đồng\"")
      ->required();
  command->add_flag("--retroactive", options->retroactive,
                    "It covers months before the day it is recorded");
  OnChosen(command, session, options, &ApproveFunding);
}

}  // namespace

void AddDecisionCommands(CLI::App* app, Session* session) {
  AddFunding(app, session);
}

}  // namespace thon::cli
