// What units are measured by, and what offices record for it: indicators,
// models, tasks and inspections.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/metrics.h"
#include "server/projections/unit_metrics.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/pages.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/submit.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

constexpr char kUnitHelp[] =
    "Official code of a unit, or id:NUMBER, as a village has no code";

// "31362", the code on `date` (0: the last day opened), or "id:600001".
absl::StatusOr<std::uint64_t> UnitOption(Client* client,
                                         const std::string& text,
                                         std::int32_t date) {
  if (!absl::StartsWith(text, "id:")) return UnitIdOfCode(client, text, date);
  std::uint64_t id = 0;
  if (!absl::SimpleAtoi(text.substr(3), &id) || id == 0) {
    return UsageError(absl::StrCat("\"", text, "\": id: and a number above 0"));
  }
  return id;
}

struct MetricsOptions {
  std::string unit;
  std::string from;
  std::string to;
  std::string policy;
  std::string as_of;
};

std::string OutcomeWord(v1::TargetOutcome outcome) {
  switch (outcome) {
    case v1::TARGET_OUTCOME_PASS:
      return "đạt (PASS)";
    case v1::TARGET_OUTCOME_FAIL:
      return "chưa đạt (FAIL)";
    case v1::TARGET_OUTCOME_UNKNOWN:
      return "không rõ (UNKNOWN)";
    case v1::TARGET_OUTCOME_NO_TARGET:
      return "không có chỉ tiêu (NO_TARGET)";
    default:
      return "";
  }
}

// "412/824 = 50,00%", "12", "không rõ".
std::string ShowValue(const v1::MetricValue& value) {
  const MetricNumber number{value.numerator(), value.denominator()};
  if (number.denominator == 0) return FormatShare(number);
  Metric metric{};
  const bool ratio = FindMetric(value.metric(), &metric) &&
                     InfoOf(metric).kind == MetricKind::kRatio;
  if (ratio) {
    return absl::StrCat(number.numerator, "/", number.denominator, " = ",
                        FormatShare(number));
  }
  return number.denominator == 1
             ? absl::StrCat(number.numerator)
             : absl::StrCat(number.numerator, "/", number.denominator);
}

std::string ShowTarget(const v1::UnitMetric& metric) {
  if (metric.outcome() == v1::TARGET_OUTCOME_UNSPECIFIED ||
      metric.target() == 0) {
    return "";
  }
  Metric found{};
  const bool ratio = FindMetric(metric.value().metric(), &found) &&
                     InfoOf(found).kind == MetricKind::kRatio;
  return absl::StrCat("≥ ", metric.target(), ratio ? "%" : "");
}

absl::Status ShowMetrics(Session* session, const MetricsOptions& options) {
  v1::GetUnitMetricsRequest request;
  const auto first = MonthOption("--from", options.from);
  if (!first.ok()) return first.status();
  const auto last = MonthOption("--to", options.to);
  if (!last.ok()) return last.status();
  if (*last < *first) return UsageError("--from is after --to");
  absl::StatusOr<v1::ReadOptions> read = AsOfOption(options.as_of);
  if (!read.ok()) return read.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::uint64_t> unit =
      UnitOption(*client, options.unit, Month(*last).last_day().days);
  if (!unit.ok()) return unit.status();
  request.set_unit_id(*unit);
  request.set_first_month(*first);
  request.set_last_month(*last);
  request.set_policy_id(options.policy);
  *request.mutable_options() = *std::move(read);
  const absl::StatusOr<v1::GetUnitMetricsResponse> response =
      (*client)->GetUnitMetrics(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print({{"position", response->position()},
                    {"unit_id", *unit},
                    {"metrics", ToJsonArray(response->metrics())}});
    return absl::OkStatus();
  }
  TextTable table({{"Mã (id)"},
                   {"Chỉ số (metric)"},
                   {"Phần, kỳ (part, period)"},
                   {"Giá trị (value)", Align::kRight},
                   {"Chỉ tiêu (target)", Align::kRight},
                   {"Kết quả (outcome)"}});
  for (const v1::UnitMetric& metric : response->metrics()) {
    Metric found{};
    const bool known = FindMetric(metric.value().metric(), &found);
    table.AddRow({metric.value().metric(),
                  known ? std::string(InfoOf(found).name_vi) : "",
                  metric.value().qualifier(), ShowValue(metric.value()),
                  ShowTarget(metric), OutcomeWord(metric.outcome())});
  }
  table.Print(session->out());
  session->out() << "\nTỷ lệ làm tròn xuống (shares are rounded down); vị trí "
                    "(position) "
                 << response->position() << '\n';
  return absl::OkStatus();
}

void AddMetrics(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      app, "metrics",
      "Chỉ số của một đơn vị so với chỉ tiêu (a unit's metrics and targets)",
      {"thon metrics 31362 --from 2022-07 --to 2022-09 --policy "
       "HG-EMULATION-2022",
       "thon metrics id:600001 --from 2022-07 --to 2022-07 --json"});
  auto options = std::make_shared<MetricsOptions>();
  command->add_option("UNIT", options->unit, kUnitHelp)->required();
  command->add_option("--from", options->from, "First month")->required();
  command->add_option("--to", options->to, "Last month")->required();
  command->add_option("--policy", options->policy, "A policy with targets");
  command->add_option("--as-of", options->as_of, kAsOfHelp);
  OnChosen(command, session, options, &ShowMetrics);
}

struct ObserveOptions {
  std::string unit;
  std::string metric;
  std::int64_t numerator = 0;
  std::int64_t denominator = 0;
  std::string date;
  std::string source;
};

absl::Status ObserveIndicator(Session* session, const ObserveOptions& options) {
  const auto date = DayOption("--date", options.date);
  if (!date.ok()) return date.status();
  Metric metric{};
  if (!FindMetric(options.metric, &metric) ||
      InfoOf(metric).source != MetricSource::kIndicator) {
    return UsageError(
        "--metric: one that is observed of a unit: M12, M12b, M13, M14, M14b, "
        "M15, M15b, M16 or M18");
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::uint64_t> unit =
      UnitOption(*client, options.unit, *date);
  if (!unit.ok()) return unit.status();
  v1::Event event;
  v1::IndicatorObserved* const seen = event.mutable_indicator_observed();
  seen->set_metric(std::string(InfoOf(metric).id));
  seen->set_unit_id(*unit);
  seen->set_numerator(options.numerator);
  seen->set_denominator(options.denominator);
  seen->set_as_of_date(*date);
  seen->set_source(options.source);
  return RecordOne(session, "indicator", std::move(event));
}

void AddIndicator(CLI::App* app, Session* session) {
  CLI::App* const command =
      Command(Group(app, "indicator", "Chỉ số quan sát (observed indicators)"),
              "observe", "Ghi một số liệu (record what was counted of a unit)",
              {"thon indicator observe id:600001 --metric M13 --numerator 720 "
               "--denominator 800 --date 30/09/2022 --source \"báo cáo xã\""});
  auto options = std::make_shared<ObserveOptions>();
  command->add_option("UNIT", options->unit, kUnitHelp)->required();
  command->add_option("--metric", options->metric, "M12 to M16, M18")
      ->required();
  command->add_option("--numerator", options->numerator, "How many")
      ->required();
  command
      ->add_option("--denominator", options->denominator,
                   "Of how many; 0 if nobody knows")
      ->required();
  command->add_option("--date", options->date, "As of which day")->required();
  command->add_option("--source", options->source, "Where it comes from");
  OnChosen(command, session, options, &ObserveIndicator);
}

struct ModelOptions {
  std::uint64_t model = 0;
  std::string quarter;
  std::string unit;
  std::string by;
};

// "2022-Q3" or "20223"; 0 if it is neither.
std::int32_t ParseQuarter(const std::string& text) {
  const bool dashed =
      text.size() == 7 && text[4] == '-' && (text[5] == 'Q' || text[5] == 'q');
  const std::string digits =
      dashed ? absl::StrCat(text.substr(0, 4), text.substr(6)) : text;
  std::int32_t quarter = 0;
  if (digits.size() != 5 || !absl::SimpleAtoi(digits, &quarter) ||
      quarter % 10 < 1 || quarter % 10 > 4) {
    return 0;
  }
  return quarter;
}

absl::Status AcceptModel(Session* session, const ModelOptions& options) {
  const std::int32_t quarter = ParseQuarter(options.quarter);
  if (quarter == 0) return UsageError("--quarter: 2022-Q3");
  v1::Event event;
  if (!options.unit.empty()) {
    const absl::StatusOr<Client*> client = session->client();
    if (!client.ok()) return client.status();
    const absl::StatusOr<std::uint64_t> unit =
        UnitOption(*client, options.unit, 0);
    if (!unit.ok()) return unit.status();
    event.set_unit_id(*unit);
  }
  event.mutable_model_accepted()->set_model_id(options.model);
  event.mutable_model_accepted()->set_accepted_by(options.by);
  event.mutable_model_accepted()->set_quarter(quarter);
  return RecordOne(session, "model", std::move(event));
}

void AddModel(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      Group(app, "model", "Mô hình chuyển đổi số (models)"), "accept",
      "Công nhận một mô hình vào một quý (accept a model into a quarter)",
      {"thon model accept 41 --quarter 2022-Q3 --by \"UBND thị trấn Cái Tắc\"",
       "thon model accept 42 --quarter 2022-Q3 --unit 31362"});
  auto options = std::make_shared<ModelOptions>();
  command->add_option("MODEL", options->model, "The model's id")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--quarter", options->quarter, "2022-Q3")->required();
  command->add_option(
      "--unit", options->unit,
      absl::StrCat("Whose, if nobody proposed it. ", kUnitHelp));
  command->add_option("--by", options->by, "The body that accepts it");
  OnChosen(command, session, options, &AcceptModel);
}

struct TaskOptions {
  std::uint64_t task = 0;
  std::uint64_t team = 0;
  std::string unit;
  std::string due;
  bool periodic = false;
  std::string authority;
  std::int64_t target = 0;
};

absl::Status AssignTask(Session* session, const TaskOptions& options) {
  const auto due = DayOption("--due", options.due);
  if (!due.ok()) return due.status();
  if ((options.team == 0) == options.unit.empty()) {
    return UsageError("give either --team or --unit");
  }
  v1::Event event;
  event.set_team_id(options.team);
  if (!options.unit.empty()) {
    const absl::StatusOr<Client*> client = session->client();
    if (!client.ok()) return client.status();
    const absl::StatusOr<std::uint64_t> unit =
        UnitOption(*client, options.unit, 0);
    if (!unit.ok()) return unit.status();
    event.set_unit_id(*unit);
  }
  v1::PlanAssigned* const plan = event.mutable_plan_assigned();
  plan->set_task_id(options.task);
  plan->set_kind(options.periodic ? v1::TASK_KIND_PERIODIC
                                  : v1::TASK_KIND_AD_HOC);
  plan->set_authority(options.authority);
  plan->set_due_date(*due);
  plan->set_target(options.target);
  return RecordOne(session, "task", std::move(event));
}

void AddTask(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      Group(app, "task", "Nhiệm vụ (tasks)"), "assign",
      "Giao nhiệm vụ cho một tổ, hoặc mọi tổ của đơn vị (assign a task)",
      {"thon task assign 15 --team 7 --due 30/06/2023 --authority \"UBND xã\"",
       "thon task assign 16 --unit 04771 --due 2023-06-30 --periodic"});
  auto options = std::make_shared<TaskOptions>();
  command
      ->add_option("TASK", options->task,
                   "The task's id; the same again replaces its terms")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--team", options->team, "To this team");
  command->add_option(
      "--unit", options->unit,
      absl::StrCat("To every team below this unit today. ", kUnitHelp));
  command->add_option("--due", options->due, "Last day for it")->required();
  command->add_flag("--periodic", options->periodic,
                    "It comes round; by default it is ad hoc");
  command->add_option("--authority", options->authority, "Who assigns it");
  command->add_option("--target", options->target,
                      "What is to be reached, in the unit of the task");
  OnChosen(command, session, options, &AssignTask);
}

struct InspectionOptions {
  std::uint64_t team = 0;
  int score = 0;
  std::string by;
  std::string findings;
  std::string date;
};

absl::Status RecordInspection(Session* session,
                              const InspectionOptions& options) {
  const auto date = DayOption("--date", options.date);
  if (!date.ok()) return date.status();
  v1::Event event;
  event.set_claimed_date(*date);
  v1::InspectionRecorded* const inspection =
      event.mutable_inspection_recorded();
  inspection->set_team_id(options.team);
  inspection->set_score(options.score);
  inspection->set_by(options.by);
  inspection->set_findings(options.findings);
  return RecordOne(session, "inspection", std::move(event));
}

void AddInspection(CLI::App* app, Session* session) {
  CLI::App* const command =
      Command(Group(app, "inspection", "Kiểm tra (inspections)"), "record",
              "Ghi kết quả kiểm tra một tổ (record an inspection of a team)",
              {"thon inspection record 7 --score 85 --by \"UBND xã\" --date "
               "12/06/2023"});
  auto options = std::make_shared<InspectionOptions>();
  command->add_option("TEAM", options->team, "The team's id")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--score", options->score, "0 to 100")
      ->required()
      ->check(CLI::Range(0, 100));
  command->add_option("--by", options->by, "The inspecting body");
  command->add_option("--findings", options->findings,
                      "What was found; no person's name");
  command->add_option("--date", options->date,
                      "Day of the inspection; by default today");
  OnChosen(command, session, options, &RecordInspection);
}

}  // namespace

void AddIndicatorCommands(CLI::App* app, Session* session) {
  AddMetrics(app, session);
  AddIndicator(app, session);
  AddModel(app, session);
  AddTask(app, session);
  AddInspection(app, session);
}

}  // namespace thon::cli
