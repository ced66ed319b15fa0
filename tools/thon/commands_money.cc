// Officers' acts about what teams are supported with: top-ups, mobilisations,
// support from elsewhere, held months, rules of transition.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "tools/thon/act_options.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/pages.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/submit.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct Months {
  std::int32_t first = 0;
  std::int32_t last = 0;
};

absl::StatusOr<Months> MonthsOf(const std::string& from,
                                const std::string& to) {
  const auto first = MonthOption("--from", from);
  if (!first.ok()) return first.status();
  const auto last = MonthOption("--to", to);
  if (!last.ok()) return last.status();
  if (*first > *last) return UsageError("--from is after --to");
  return Months{*first, *last};
}

absl::StatusOr<std::int64_t> MoneyOption(absl::string_view name,
                                         const std::string& text) {
  const absl::StatusOr<std::int64_t> money = ParseDong(text);
  if (money.ok()) return money;
  return UsageError(absl::StrCat(name, ": ", money.status().message()));
}

// ----------------------------------------------------------------- top-up

struct TopUpOptions {
  DocumentOptions document;
  std::string policy;
  std::string commune;
  std::string from;
  std::string to;
  std::string amount;
  bool retroactive = false;
};

absl::Status ApproveTopUp(Session* session, const TopUpOptions& options) {
  absl::StatusOr<v1::LegalDocument> document = DocumentOf(options.document);
  if (!document.ok()) return document.status();
  const absl::StatusOr<Months> months = MonthsOf(options.from, options.to);
  if (!months.ok()) return months.status();
  const auto amount = MoneyOption("--amount", options.amount);
  if (!amount.ok()) return amount.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::uint64_t> unit =
      UnitIdOfCode(*client, options.commune, document->issue_date());
  if (!unit.ok()) return unit.status();
  v1::Event event;
  v1::TopUpApproved* const approved = event.mutable_top_up_approved();
  approved->set_policy_id(options.policy);
  *approved->mutable_document() = *std::move(document);
  approved->set_unit_id(*unit);
  approved->set_first_month(months->first);
  approved->set_last_month(months->last);
  approved->set_amount_vnd(*amount);
  approved->set_retroactive(options.retroactive);
  return RecordOne(session, "top-up", std::move(event));
}

void AddTopUp(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      Group(app, "top-up", "Phần xã hỗ trợ thêm (a commune's top-ups)"),
      "approve",
      "Ghi quyết định hỗ trợ thêm của xã (record what a commune adds to each "
      "of its teams and months)",
      {"thon top-up approve --policy YB-2023 --commune-code 04771 --from "
       "2023-06 --to 2023-12 --amount \"300 nghìn đồng\" --document 12/QĐ-UBND "
       "--issued 1/6/2023"});
  auto options = std::make_shared<TopUpOptions>();
  command->add_option("--policy", options->policy, "To which policy")
      ->required();
  command->add_option("--commune-code", options->commune, "The commune's code")
      ->required();
  command->add_option("--from", options->from, "First month")->required();
  command->add_option("--to", options->to, "Last month")->required();
  command
      ->add_option("--amount", options->amount,
                   "For a team and month: 300000, \"300 nghìn đồng\"")
      ->required();
  command->add_flag("--retroactive", options->retroactive,
                    "It covers months before the day it is recorded");
  AddDocument(command, &options->document, true);
  OnChosen(command, session, options, &ApproveTopUp);
}

// ----------------------------------------------------------- mobilisation

struct MobilisationOptions {
  DocumentOptions document;
  std::string policy;
  std::uint64_t team = 0;
  std::uint64_t id = 0;
  std::string date;
  bool night = false;
  std::int64_t persons = 0;
  std::string rate;
  std::string reason;
};

absl::Status RecordMobilisation(Session* session,
                                const MobilisationOptions& options) {
  absl::StatusOr<v1::LegalDocument> document = DocumentOf(options.document);
  if (!document.ok()) return document.status();
  const auto date = DayOption("--date", options.date);
  if (!date.ok()) return date.status();
  std::int64_t rate = 0;
  if (!options.rate.empty()) {
    const auto money = MoneyOption("--rate", options.rate);
    if (!money.ok()) return money.status();
    rate = *money;
  }
  v1::Event event;
  v1::MobilisationRecorded* const recorded =
      event.mutable_mobilisation_recorded();
  recorded->set_mobilisation_id(options.id == 0 ? RandomId() : options.id);
  recorded->set_policy_id(options.policy);
  recorded->set_team_id(options.team);
  recorded->set_date(*date);
  recorded->set_shift(options.night ? v1::SHIFT_NIGHT : v1::SHIFT_DAY);
  recorded->set_persons(options.persons);
  recorded->set_rate_vnd(rate);
  *recorded->mutable_document() = *std::move(document);
  if (!session->json) {
    session->out() << "Huy động số (mobilisation id) "
                   << recorded->mobilisation_id() << '\n';
  }
  return RecordOne(session, "mobilisation", std::move(event));
}

absl::Status VoidMobilisation(Session* session,
                              const MobilisationOptions& options) {
  v1::Event event;
  event.mutable_mobilisation_voided()->set_mobilisation_id(options.id);
  event.mutable_mobilisation_voided()->set_reason(options.reason);
  return RecordOne(session, "mobilisation", std::move(event));
}

void AddMobilisation(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "mobilisation", "Huy động người (mobilisations)");
  CLI::App* command = Command(
      group, "record",
      "Ghi một ngày hoặc đêm huy động (record people mobilised for a day or a "
      "night)",
      {"thon mobilisation record --policy BD-2023 --team 7 --date 2024-03-05 "
       "--persons 4",
       "thon mobilisation record --policy BD-2023 --team 7 --date 2024-03-05 "
       "--night --persons 3 --rate \"120 nghìn đồng\""});
  auto options = std::make_shared<MobilisationOptions>();
  command->add_option("--policy", options->policy, "Under which policy")
      ->required();
  command->add_option("--team", options->team, "Team id")->required();
  command
      ->add_option("--date", options->date, "Day, or on which a night begins")
      ->required();
  command->add_flag("--night", options->night, "A night; else a day");
  command->add_option("--persons", options->persons, "How many people")
      ->required();
  command->add_option("--rate", options->rate,
                      "For a person, where the policy only says up to");
  command->add_option("--id", options->id, "Its id; by default a random one");
  AddDocument(command, &options->document, false);
  OnChosen(command, session, options, &RecordMobilisation);

  command = Command(group, "void",
                    "Huỷ một lần huy động ghi nhầm (void a mobilisation)",
                    {"thon mobilisation void --id 12 --reason \"ghi nhầm\""});
  auto voided = std::make_shared<MobilisationOptions>();
  command->add_option("--id", voided->id, "The mobilisation")->required();
  command->add_option("--reason", voided->reason, "Why; no person's name")
      ->required();
  OnChosen(command, session, voided, &VoidMobilisation);
}

// ---------------------------------------------------------- other support

struct OtherSupportOptions {
  DocumentOptions document;
  std::uint64_t team = 0;
  std::string from;
  std::string to;
  std::string description;
};

absl::Status SupportElsewhere(Session* session,
                              const OtherSupportOptions& options, bool ended) {
  absl::StatusOr<v1::LegalDocument> document = DocumentOf(options.document);
  if (!document.ok()) return document.status();
  const absl::StatusOr<Months> months = MonthsOf(options.from, options.to);
  if (!months.ok()) return months.status();
  v1::Event event;
  v1::OtherSupportRecorded* const recorded =
      event.mutable_other_support_recorded();
  recorded->set_team_id(options.team);
  recorded->set_first_month(months->first);
  recorded->set_last_month(months->last);
  recorded->set_description(options.description);
  recorded->set_ended(ended);
  *recorded->mutable_document() = *std::move(document);
  return RecordOne(session, "other-support", std::move(event));
}

absl::Status RecordOtherSupport(Session* session,
                                const OtherSupportOptions& options) {
  return SupportElsewhere(session, options, false);
}

absl::Status EndOtherSupport(Session* session,
                             const OtherSupportOptions& options) {
  return SupportElsewhere(session, options, true);
}

void AddOtherSupport(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "other-support",
            "Nguồn hỗ trợ khác của tổ (support from elsewhere)");
  const auto add = [&](const char* name, const char* what, const char* example,
                       bool required, auto run) {
    CLI::App* const command = Command(group, name, what, {example});
    auto options = std::make_shared<OtherSupportOptions>();
    command->add_option("--team", options->team, "Team id")->required();
    command->add_option("--from", options->from, "First month")->required();
    command->add_option("--to", options->to, "Last month")->required();
    CLI::Option* const description = command->add_option(
        "--description", options->description, "What supports the team");
    if (required) description->required();
    AddDocument(command, &options->document, false);
    OnChosen(command, session, options, run);
  };
  add("record", "Ghi tổ được nguồn khác hỗ trợ (somebody else supports a team)",
      "thon other-support record --team 7 --from 2023-06 --to 2023-08 "
      "--description \"doanh nghiệp viễn thông\"",
      true, &RecordOtherSupport);
  add("end",
      "Ghi tổ không còn nguồn đó (it does not any more; without a description "
      "all of it)",
      "thon other-support end --team 7 --from 2023-08 --to 2023-08", false,
      &EndOtherSupport);
}

// ------------------------------------------------------------ held months

struct DecideMonthOptions {
  std::string policy;
  std::uint64_t team = 0;
  std::string month;
  bool pay = false;
  bool reject = false;
  std::string reason;
  std::uint64_t seen = 0;
};

absl::Status DecideMonth(Session* session, const DecideMonthOptions& options) {
  const auto month = MonthOption("--month", options.month);
  if (!month.ok()) return month.status();
  if (options.pay == options.reject) {
    return UsageError("give either --pay or --reject");
  }
  v1::Event event;
  v1::HeldDecided* const decided = event.mutable_held_decided();
  decided->set_policy_id(options.policy);
  decided->set_team_id(options.team);
  decided->set_period_month(*month);
  decided->set_counted(options.pay);
  decided->set_reason(options.reason);
  return RecordOne(session, "decide-month", std::move(event), options.seen);
}

void AddDecideMonth(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      Group(app, "decide", "Quyết định của người có thẩm quyền (decisions)"),
      "month", "Quyết định một tháng đang chờ (decide a month that is HELD)",
      {"thon decide month --policy YB-2023 --team 7 --month 2023-08 --pay "
       "--reason \"đã kiểm tra, tổ vẫn hoạt động\""});
  auto options = std::make_shared<DecideMonthOptions>();
  command->add_option("--policy", options->policy, "Under which policy")
      ->required();
  command->add_option("--team", options->team, "Team id")->required();
  command->add_option("--month", options->month, "The month")->required();
  command->add_flag("--pay", options->pay, "It is paid as if nothing held it");
  command->add_flag("--reject", options->reject, "It is not paid");
  command->add_option("--reason", options->reason, "Why; no person's name")
      ->required();
  command->add_option("--seen", options->seen,
                      "The position at which it was looked at");
  OnChosen(command, session, options, &DecideMonth);
}

// ------------------------------------------------------------- transition

struct TransitionOptions {
  DocumentOptions document;
  std::string policy;
  std::uint64_t old_unit = 0;
  std::uint64_t new_unit = 0;
  std::string from;
  std::string to;
};

absl::Status AddTransitionRule(Session* session,
                               const TransitionOptions& options) {
  absl::StatusOr<v1::LegalDocument> document = DocumentOf(options.document);
  if (!document.ok()) return document.status();
  const auto from = DayOption("--from", options.from);
  if (!from.ok()) return from.status();
  const auto to = DayOption("--to", options.to);
  if (!to.ok()) return to.status();
  v1::Event event;
  v1::TransitionRule* const rule = event.mutable_transition_rule();
  rule->set_policy_id(options.policy);
  rule->set_old_unit_id(options.old_unit);
  rule->set_new_unit_id(options.new_unit);
  rule->set_from_date(*from);
  rule->set_to_date(*to);
  *rule->mutable_document() = *std::move(document);
  return RecordOne(session, "transition", std::move(event));
}

void AddTransition(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      Group(app, "transition-rule",
            "Quy định chuyển tiếp khi địa giới thay đổi (transition rules)"),
      "add", "Văn bản cũ giữ địa bàn cũ (an old act keeps its old territory)",
      {"thon transition-rule add --policy YB-2025 --old-unit 15 --new-unit "
       "1500 --from 2025-07-01 --document 202/2025/QH15"});
  auto options = std::make_shared<TransitionOptions>();
  command->add_option("--policy", options->policy, "The act")->required();
  command
      ->add_option("--old-unit", options->old_unit, "Id of its issuer before")
      ->required();
  command
      ->add_option("--new-unit", options->new_unit,
                   "Id of the unit that carries it on")
      ->required();
  command->add_option("--from", options->from, "First day")->required();
  command->add_option("--to", options->to, "Last day; open if left out");
  AddDocument(command, &options->document, true);
  OnChosen(command, session, options, &AddTransitionRule);
}

}  // namespace

void AddMoneyCommands(CLI::App* app, Session* session) {
  AddTopUp(app, session);
  AddMobilisation(app, session);
  AddOtherSupport(app, session);
  AddDecideMonth(app, session);
  AddTransition(app, session);
}

}  // namespace thon::cli
