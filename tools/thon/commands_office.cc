// What offices do month by month: monthly updates they confirm or return,
// events they make void, periods they close, a policy they end.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/thon/act_options.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/pages.h"
#include "tools/thon/place_option.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

// ---------------------------------------------------------------- updates

struct UpdateOptions {
  ActFlags flags;
  std::string team;
  std::uint64_t organisation = 0;
  std::string month;
  std::string level = "commune";
  std::string reason;
};

// Fills what a confirmation and a return have in common.
template <typename Payload>
absl::Status FillUpdate(Session* session, const UpdateOptions& options,
                        PlannedAct* act, Payload* payload) {
  const auto month = MonthOption("--month", options.month);
  if (!month.ok()) return month.status();
  const std::optional<v1::UnitLevel> level = ParseLevel(options.level);
  if (!level.has_value()) {
    return UsageError(absl::StrCat(
        "--level \"", options.level,
        "\": province, district, commune or village (tỉnh, huyện, xã, thôn)"));
  }
  if (options.team.empty() == (options.organisation == 0)) {
    return UsageError("give either --team or --organisation");
  }
  if (!options.team.empty()) {
    const absl::StatusOr<Client*> client = session->client();
    if (!client.ok()) return client.status();
    const absl::StatusOr<SeenTeam> seen =
        TeamOption(*client, "--team", options.team);
    if (!seen.ok()) return seen.status();
    payload->set_team_id(seen->team.team_id());
    act->lines.push_back(ShowTeam(seen->team));
  }
  payload->set_organisation_id(options.organisation);
  payload->set_period_month(*month);
  payload->set_by_level(*level);
  return absl::OkStatus();
}

absl::Status ConfirmUpdate(Session* session, const UpdateOptions& options) {
  PlannedAct act;
  v1::Event event;
  const absl::Status filled = FillUpdate(
      session, options, &act, event.mutable_monthly_update_confirmed());
  if (!filled.ok()) return filled;
  act.events.push_back(std::move(event));
  return RecordAct(session, options.flags, "update", std::move(act));
}

absl::Status ReturnUpdate(Session* session, const UpdateOptions& options) {
  PlannedAct act;
  v1::Event event;
  const absl::Status filled = FillUpdate(
      session, options, &act, event.mutable_monthly_update_returned());
  if (!filled.ok()) return filled;
  event.mutable_monthly_update_returned()->set_reason(options.reason);
  act.events.push_back(std::move(event));
  return RecordAct(session, options.flags, "update", std::move(act));
}

void AddUpdates(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "update", "Cập nhật hằng tháng (monthly updates)");
  auto confirm = std::make_shared<UpdateOptions>();
  CLI::App* const confirms = Command(
      group, "confirm",
      "Xác nhận cập nhật tháng, cũng khi tổ không gửi được (confirm a month; a "
      "commune may where the team cannot)",
      {"thon update confirm --team 4211 --month 2023-08",
       "thon update confirm --organisation 900 --month 8/2023 --level "
       "province"});
  OnChosen(confirms, session, confirm, &ConfirmUpdate);
  auto returned = std::make_shared<UpdateOptions>();
  CLI::App* const returns = Command(
      group, "return", "Trả lại cập nhật tháng (return a month's update)",
      {"thon update return --team 4211 --month 2023-08 --reason \"thiếu số "
       "liệu\""});
  OnChosen(returns, session, returned, &ReturnUpdate);
  for (const auto& [command, options] :
       {std::make_pair(confirms, confirm), std::make_pair(returns, returned)}) {
    command->add_option("--team", options->team, kTeamHelp);
    command->add_option("--organisation", options->organisation,
                        "The organisation's number");
    command->add_option("--month", options->month, "The month")->required();
    command->add_option("--level", options->level,
                        "Who does it: province, district, commune (the "
                        "default) or village");
    AddActFlags(command, &options->flags);
  }
  returns->add_option("--reason", returned->reason, "Why; no person's name")
      ->required();
}

// ------------------------------------------------------------ void events

struct VoidOptions {
  ActFlags flags;
  std::string author;
  std::uint64_t sequence = 0;
  std::string reason;
  std::string authority;
};

absl::Status VoidEvent(Session* session, const VoidOptions& options) {
  const absl::StatusOr<std::string> author = AuthorOption(options.author);
  if (!author.ok()) return author.status();
  PlannedAct act;
  v1::CorrectionIssued* const correction =
      act.events.emplace_back().mutable_correction_issued();
  correction->set_target_author(*author);
  correction->set_target_sequence(options.sequence);
  correction->set_kind(v1::CORRECTION_KIND_VOID);
  correction->set_reason(options.reason);
  correction->set_authority(options.authority);
  return RecordAct(session, options.flags, "event", std::move(act));
}

void AddEvents(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      Group(app, "event", "Sự kiện của tổ (events of teams)"), "void",
      "Huỷ một sự kiện: không tính nữa (an event of a phone never counted; "
      "other values are recorded with thon record, correction_issued)",
      {"thon event void AUTHOR 12 --reason \"báo cáo không đúng\" --authority "
       "\"UBND xã\""});
  auto options = std::make_shared<VoidOptions>();
  command
      ->add_option("AUTHOR", options->author,
                   "32 hexadecimal digits, as thon author list shows them")
      ->required();
  command->add_option("SEQUENCE", options->sequence, "The author's number")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--reason", options->reason, "Why; no person's name")
      ->required();
  command->add_option("--authority", options->authority, "Who ordered it");
  AddActFlags(command, &options->flags);
  OnChosen(command, session, options, &VoidEvent);
}

// ---------------------------------------------------------------- periods

struct PeriodOptions {
  ActFlags flags;
  std::string from;
  std::string to;
  std::string unit;
  std::string authority;
  std::string reason;
};

template <typename Payload>
absl::Status FillPeriod(Session* session, const PeriodOptions& options,
                        Payload* payload) {
  const auto first = MonthOption("--from", options.from);
  if (!first.ok()) return first.status();
  const auto last = MonthOption("--to", options.to);
  if (!last.ok()) return last.status();
  if (*last < *first) return UsageError("--from is after --to");
  if (!options.unit.empty()) {
    const absl::StatusOr<Client*> client = session->client();
    if (!client.ok()) return client.status();
    const absl::StatusOr<std::uint64_t> unit =
        PlaceOption(*client, "--unit-code", options.unit, 0);
    if (!unit.ok()) return unit.status();
    payload->set_scope_unit_id(*unit);
  }
  payload->set_first_month(*first);
  payload->set_last_month(*last);
  payload->set_authority(options.authority);
  return absl::OkStatus();
}

absl::Status ClosePeriod(Session* session, const PeriodOptions& options) {
  PlannedAct act;
  const absl::Status filled = FillPeriod(
      session, options, act.events.emplace_back().mutable_period_closed());
  if (!filled.ok()) return filled;
  return RecordAct(session, options.flags, "period", std::move(act));
}

absl::Status ReopenPeriod(Session* session, const PeriodOptions& options) {
  PlannedAct act;
  v1::PeriodReopened* const reopened =
      act.events.emplace_back().mutable_period_reopened();
  const absl::Status filled = FillPeriod(session, options, reopened);
  if (!filled.ok()) return filled;
  reopened->set_reason(options.reason);
  return RecordAct(session, options.flags, "period", std::move(act));
}

void AddPeriods(CLI::App* app, Session* session) {
  CLI::App* const group = Group(app, "period", "Kỳ thanh toán (periods)");
  auto close = std::make_shared<PeriodOptions>();
  CLI::App* const closes =
      Command(group, "close",
              "Khoá kỳ (close a period; the log records the state roots there)",
              {"thon period close --from 2023-06 --to 2023-08 --unit-code 15 "
               "--authority \"Sở Thông tin và Truyền thông\""});
  OnChosen(closes, session, close, &ClosePeriod);
  auto reopen = std::make_shared<PeriodOptions>();
  CLI::App* const reopens =
      Command(group, "reopen", "Mở lại kỳ (open a closed period again)",
              {"thon period reopen --from 2023-08 --to 2023-08 --unit-code 15 "
               "--reason \"số liệu đến muộn\""});
  OnChosen(reopens, session, reopen, &ReopenPeriod);
  for (const auto& [command, options] :
       {std::make_pair(closes, close), std::make_pair(reopens, reopen)}) {
    command->add_option("--from", options->from, "First month")->required();
    command->add_option("--to", options->to, "Last month")->required();
    command->add_option("--unit-code", options->unit,
                        "For the subtree of this unit; by default everywhere");
    command->add_option("--authority", options->authority, "Who does it");
    AddActFlags(command, &options->flags);
  }
  reopens->add_option("--reason", reopen->reason, "Why; no person's name")
      ->required();
}

// ----------------------------------------------------------------- policy

struct SupersedeOptions {
  ActFlags flags;
  DocumentOptions document;
  std::string policy;
  std::string end;
};

absl::Status SupersedePolicy(Session* session,
                             const SupersedeOptions& options) {
  const absl::StatusOr<std::int32_t> end = NeedDay("--end", options.end);
  if (!end.ok()) return end.status();
  absl::StatusOr<v1::LegalDocument> document = DocumentOf(options.document);
  if (!document.ok()) return document.status();
  PlannedAct act;
  v1::PolicySuperseded* const superseded =
      act.events.emplace_back().mutable_policy_superseded();
  superseded->set_policy_id(options.policy);
  superseded->set_end_date(*end);
  *superseded->mutable_document() = *std::move(document);
  return RecordAct(session, options.flags, "policy", std::move(act));
}

void AddSupersede(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      Group(app, "policy", ""), "supersede",
      "Chính sách hết hiệu lực từ một ngày (a policy ends; a new version of it "
      "is published instead with thon policy publish)",
      {"thon policy supersede YB-2023 --end 01/10/2023 --document "
       "70/2023/NQ-HĐND --issued 20/09/2023"});
  auto options = std::make_shared<SupersedeOptions>();
  command->add_option("POLICY", options->policy, "Its id")->required();
  command
      ->add_option("--end", options->end, "First day on which it does not hold")
      ->required();
  AddDocument(command, &options->document, true);
  AddActFlags(command, &options->flags);
  OnChosen(command, session, options, &SupersedePolicy);
}

}  // namespace

void AddOfficeCommands(CLI::App* app, Session* session) {
  AddUpdates(app, session);
  AddEvents(app, session);
  AddPeriods(app, session);
  AddSupersede(app, session);
}

}  // namespace thon::cli
