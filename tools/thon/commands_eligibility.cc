#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/text.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/derivation_text.h"
#include "tools/thon/pages.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct Options {
  std::string policy;
  std::uint64_t team = 0;
  std::uint64_t organisation = 0;
  std::string month;
  std::string from;
  std::string to;
  std::string state;
  std::string unit_code;
  std::string as_of;
  bool explain = false;
};

// What list and summary have in common.
struct Range {
  std::int32_t first_month = 0;
  std::int32_t last_month = 0;
  std::uint64_t root_unit_id = 0;
  v1::ReadOptions read;
};

absl::StatusOr<Range> RangeOf(Client* client, const Options& options) {
  Range range;
  const auto first = MonthOption("--from", options.from);
  if (!first.ok()) return first.status();
  const auto last = MonthOption("--to", options.to);
  if (!last.ok()) return last.status();
  absl::StatusOr<v1::ReadOptions> read = AsOfOption(options.as_of);
  if (!read.ok()) return read.status();
  const absl::StatusOr<std::uint64_t> unit =
      UnitIdOfCode(client, options.unit_code, 0);
  if (!unit.ok()) return unit.status();
  range.first_month = *first;
  range.last_month = *last;
  range.read = *std::move(read);
  range.root_unit_id = *unit;
  return range;
}

std::string ShowReasons(const v1::Determination& determination) {
  std::vector<std::string> reasons;
  for (const int reason : determination.reasons()) {
    reasons.push_back(Short(static_cast<v1::ReasonCode>(reason)));
  }
  return absl::StrJoin(reasons, " ");
}

std::string ShowMetrics(const v1::Determination& determination) {
  std::vector<std::string> metrics;
  for (const v1::MetricValue& metric : determination.metrics()) {
    metrics.push_back(absl::StrCat(metric.metric(), "=", metric.numerator()));
    if (metric.denominator() != 1) {
      absl::StrAppend(&metrics.back(), "/", metric.denominator());
    }
  }
  return absl::StrJoin(metrics, " ");
}

absl::Status ListEligibility(Session* session, const Options& options) {
  const std::optional<v1::DeterminationState> state = ParseState(options.state);
  if (!options.state.empty() && !state.has_value()) {
    return UsageError(
        "--state: NOT_COVERED, REJECTED, HELD, COVERED_UNFUNDED, PROVISIONAL, "
        "VERIFIED, APPROVED or PAID");
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<Range> range = RangeOf(*client, options);
  if (!range.ok()) return range.status();
  v1::ListDeterminationsRequest request;
  request.set_policy_id(options.policy);
  request.set_first_month(range->first_month);
  request.set_last_month(range->last_month);
  request.set_state(state.value_or(v1::DETERMINATION_STATE_UNSPECIFIED));
  request.set_root_unit_id(range->root_unit_id);
  *request.mutable_options() = range->read;
  const absl::StatusOr<Listed<v1::DeterminationRow>> listed =
      ListAllDeterminations(*client, std::move(request));
  if (!listed.ok()) return listed.status();
  if (session->json) {
    session->Print(
        {{"position", listed->position}, {"rows", ToJsonArray(listed->rows)}});
    return absl::OkStatus();
  }
  TextTable table({{"Tháng (month)"},
                   {"Loại (kind)"},
                   {"Mã (id)", Align::kRight},
                   {"Trạng thái (state)"},
                   {"Số tiền (amount)", Align::kRight},
                   {"Lý do (reasons)"}});
  std::int64_t total = 0;
  for (const v1::DeterminationRow& row : listed->rows) {
    const v1::Determination& determination = row.determination();
    total += determination.amount_vnd();
    table.AddRow(
        {ShowMonth(row.month()),
         row.beneficiary_kind() == v1::BENEFICIARY_KIND_ORGANISATION ? "cơ quan"
                                                                     : "tổ",
         absl::StrCat(row.beneficiary_id()),
         absl::StrCat(StateWord(determination.state()), " (",
                      Short(determination.state()), ")"),
         FormatDong(determination.amount_vnd()), ShowReasons(determination)});
  }
  table.Print(session->out());
  session->out() << "\nSố dòng (rows): " << listed->rows.size()
                 << ", tổng (total): " << FormatDong(total)
                 << ", vị trí (position) " << listed->position << '\n';
  return absl::OkStatus();
}

absl::Status ShowEligibility(Session* session, const Options& options) {
  if ((options.team == 0) == (options.organisation == 0)) {
    return UsageError("give either --team ID or --organisation ID");
  }
  const auto month = MonthOption("--month", options.month);
  if (!month.ok()) return month.status();
  const absl::StatusOr<v1::ReadOptions> read = AsOfOption(options.as_of);
  if (!read.ok()) return read.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::GetDeterminationRequest request;
  request.set_policy_id(options.policy);
  request.set_beneficiary_kind(options.team != 0
                                   ? v1::BENEFICIARY_KIND_TEAM
                                   : v1::BENEFICIARY_KIND_ORGANISATION);
  request.set_beneficiary_id(options.team != 0 ? options.team
                                               : options.organisation);
  request.set_month(*month);
  request.set_explain(options.explain);
  *request.mutable_options() = *read;
  const absl::StatusOr<v1::GetDeterminationResponse> response =
      (*client)->GetDetermination(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print(ToJson(*response));
    return absl::OkStatus();
  }
  const v1::DeterminationRow& row = response->row();
  const v1::Determination& determination = row.determination();
  TextTable table(
      {{"Chính sách (policy)"},
       {absl::StrCat(row.policy_id(), " v", determination.policy_version())}});
  table.AddRow({"Đối tượng (beneficiary)", absl::StrCat(row.beneficiary_id())});
  table.AddRow({"Tháng (month)", ShowMonth(row.month())});
  table.AddRow({"Trạng thái (state)",
                absl::StrCat(StateWord(determination.state()), " (",
                             Short(determination.state()), ")")});
  table.AddRow({"Số tiền (amount)", FormatDong(determination.amount_vnd())});
  table.AddRow({"Lý do (reasons)", ShowReasons(determination)});
  table.AddRow({"Chỉ số (metrics)", ShowMetrics(determination)});
  table.AddRow({"Vị trí (position)", absl::StrCat(response->position())});
  table.Print(session->out());
  if (options.explain) {
    session->out() << '\n';
    PrintDerivation(response->derivation(), 0, session->out());
  }
  return absl::OkStatus();
}

void PrintSums(Session* session,
               const v1::SummarizeDeterminationsResponse& response) {
  TextTable table({{"Tháng (month)"},
                   {"Loại (kind)"},
                   {"Trạng thái (state)"},
                   {"Lý do (reason)"},
                   {"Số lượng (count)", Align::kRight},
                   {"Số tiền (amount)", Align::kRight}});
  std::map<std::int32_t, std::int64_t> by_month;
  std::int64_t total = 0;
  std::int32_t last_month = 0;
  for (const v1::DeterminationSum& sum : response.sums()) {
    if (last_month != 0 && sum.month() != last_month) table.AddRule();
    last_month = sum.month();
    by_month[sum.month()] += sum.amount_vnd();
    total += sum.amount_vnd();
    table.AddRow(
        {ShowMonth(sum.month()),
         sum.beneficiary_kind() == v1::BENEFICIARY_KIND_ORGANISATION
             ? "cơ quan (organisations)"
             : "tổ (teams)",
         absl::StrCat(StateWord(sum.state()), " (", Short(sum.state()), ")"),
         Short(sum.reason()), FormatGrouped(sum.count()),
         FormatDong(sum.amount_vnd())});
  }
  table.Print(session->out());
  session->out() << '\n';
  TextTable months({{"Tháng (month)"}, {"Cộng (sum)", Align::kRight}});
  for (const auto& [month, amount] : by_month) {
    months.AddRow({ShowMonth(month), FormatDong(amount)});
  }
  months.AddRule();
  months.AddRow({"Tổng (total)", FormatDong(total)});
  months.Print(session->out());
}

absl::Status SummarizeEligibility(Session* session, const Options& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<Range> range = RangeOf(*client, options);
  if (!range.ok()) return range.status();
  v1::SummarizeDeterminationsRequest request;
  request.set_policy_id(options.policy);
  request.set_first_month(range->first_month);
  request.set_last_month(range->last_month);
  request.set_root_unit_id(range->root_unit_id);
  *request.mutable_options() = range->read;
  const absl::StatusOr<v1::SummarizeDeterminationsResponse> response =
      (*client)->SummarizeDeterminations(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    std::int64_t total = 0;
    for (const v1::DeterminationSum& sum : response->sums()) {
      total += sum.amount_vnd();
    }
    Json json = ToJson(*response);
    json["total_vnd"] = total;
    session->Print(json);
    return absl::OkStatus();
  }
  PrintSums(session, *response);
  session->out() << "Vị trí (position): " << response->position() << '\n';
  return absl::OkStatus();
}

void AddRange(CLI::App* command, Options* options) {
  command->add_option("--policy", options->policy, "Under which policy")
      ->required();
  command->add_option("--from", options->from, "First month: 2023-06, 6/2023");
  command->add_option("--to", options->to, "Last month");
  command->add_option("--unit-code", options->unit_code,
                      "Only teams below the unit of this code");
  command->add_option("--as-of", options->as_of, kAsOfHelp);
}

}  // namespace

void AddEligibilityCommands(CLI::App* app, Session* session) {
  CLI::App* const group = Group(
      app, "eligibility", "Kết quả hỗ trợ theo tháng (what is owed, and why)");
  CLI::App* command = Command(
      group, "list", "Từng tổ, từng tháng (a row a team and month)",
      {"thon eligibility list --policy YB-2023 --from 2023-06 --to 2023-06",
       "thon eligibility list --policy YB-2023 --state HELD --unit-code 141"});
  auto list = std::make_shared<Options>();
  AddRange(command, list.get());
  command->add_option("--state", list->state, "Only this state");
  OnChosen(command, session, list, &ListEligibility);

  command =
      Command(group, "show", "Một tổ, một tháng (one team and month)",
              {"thon eligibility show --team 4211 --month 2023-08 --explain"});
  auto show = std::make_shared<Options>();
  command->add_option("--policy", show->policy,
                      "Under which policy; may be left out where there is one");
  command->add_option("--team", show->team, "The team's number");
  command->add_option("--organisation", show->organisation,
                      "The organisation's number");
  command->add_option("--month", show->month, "2023-08 or 8/2023")->required();
  command->add_flag("--explain", show->explain,
                    "How it follows, down to the events");
  command->add_option("--as-of", show->as_of, kAsOfHelp);
  OnChosen(command, session, show, &ShowEligibility);

  command = Command(
      group, "summary", "Bảng theo tháng (month by month, counted and summed)",
      {"thon eligibility summary --policy YB-2023",
       "thon eligibility summary --policy YB-2023 --as-of 2023-10-11 --json"});
  auto summary = std::make_shared<Options>();
  AddRange(command, summary.get());
  OnChosen(command, session, summary, &SummarizeEligibility);
}

}  // namespace thon::cli
