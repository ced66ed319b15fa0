// Acts about teams after their founding: a name, a place, a merger, a split, a
// suspension, an end.
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/thon/act_options.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/place_option.h"

namespace thon::cli {
namespace {

// What any of these commands may ask for.
struct Options {
  ActFlags flags;
  DocumentOptions document;
  std::string team;                // TEAM.
  std::vector<std::string> teams;  // TEAM...
  std::vector<std::string> targets;
  std::string other;  // A place, a lead, a successor.
  std::string name;
  std::string from;  // The act's day, or its first.
  std::string to;
  std::string reason;
};

// The act of one team: reads the team, the day and the decision, has `fill` put
// the payload together, and records it.
template <typename Fill>
absl::Status ActOnTeam(Session* session, const Options& options,
                       absl::string_view day_option, const Fill& fill) {
  const absl::StatusOr<std::int32_t> day = NeedDay(day_option, options.from);
  if (!day.ok()) return day.status();
  const absl::StatusOr<v1::LegalDocument> document =
      DocumentOf(options.document);
  if (!document.ok()) return document.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<SeenTeam> seen =
      TeamOption(*client, "TEAM", options.team);
  if (!seen.ok()) return seen.status();
  PlannedAct act;
  act.seen_position = seen->position;
  act.lines.push_back(ShowTeam(seen->team));
  act.events.emplace_back();
  const absl::Status filled =
      fill(*client, *seen, *day, *document, &act.events.back(), &act.lines);
  if (!filled.ok()) return filled;
  return RecordAct(session, options.flags, "team", std::move(act));
}

absl::Status RenameTeam(Session* session, const Options& options) {
  return ActOnTeam(session, options, "--effective",
                   [&](Client*, const SeenTeam& seen, std::int32_t day,
                       const v1::LegalDocument& document, v1::Event* event,
                       std::vector<std::string>* /*lines*/) {
                     v1::TeamRenamed* const renamed =
                         event->mutable_team_renamed();
                     renamed->set_team_id(seen.team.team_id());
                     renamed->set_name(options.name);
                     renamed->set_effective_date(day);
                     *renamed->mutable_document() = document;
                     return absl::OkStatus();
                   });
}

absl::Status MoveTeam(Session* session, const Options& options) {
  return ActOnTeam(session, options, "--effective",
                   [&](Client* client, const SeenTeam& seen, std::int32_t day,
                       const v1::LegalDocument& document, v1::Event* event,
                       std::vector<std::string>* /*lines*/) {
                     const absl::StatusOr<std::uint64_t> unit =
                         PlaceOption(client, "--to", options.other, day);
                     if (!unit.ok()) return unit.status();
                     v1::TeamMoved* const moved = event->mutable_team_moved();
                     moved->set_team_id(seen.team.team_id());
                     moved->set_unit_id(*unit);
                     moved->set_effective_date(day);
                     *moved->mutable_document() = document;
                     return absl::OkStatus();
                   });
}

absl::Status SuspendTeam(Session* session, const Options& options) {
  const auto last = DayOption("--to", options.to);
  if (!last.ok()) return last.status();
  return ActOnTeam(session, options, "--from",
                   [&](Client*, const SeenTeam& seen, std::int32_t day,
                       const v1::LegalDocument& document, v1::Event* event,
                       std::vector<std::string>* /*lines*/) -> absl::Status {
                     if (*last != 0 && *last < day) {
                       return UsageError("--to is before --from");
                     }
                     v1::TeamSuspended* const suspended =
                         event->mutable_team_suspended();
                     suspended->set_team_id(seen.team.team_id());
                     suspended->set_from_date(day);
                     suspended->set_to_date(*last);
                     suspended->set_reason(options.reason);
                     *suspended->mutable_document() = document;
                     return absl::OkStatus();
                   });
}

absl::Status ResumeTeam(Session* session, const Options& options) {
  return ActOnTeam(session, options, "--date",
                   [&](Client*, const SeenTeam& seen, std::int32_t day,
                       const v1::LegalDocument& document, v1::Event* event,
                       std::vector<std::string>* /*lines*/) {
                     v1::TeamResumed* const resumed =
                         event->mutable_team_resumed();
                     resumed->set_team_id(seen.team.team_id());
                     resumed->set_resumed_date(day);
                     *resumed->mutable_document() = document;
                     return absl::OkStatus();
                   });
}

absl::Status DissolveTeam(Session* session, const Options& options) {
  return ActOnTeam(
      session, options, "--date",
      [&](Client* client, const SeenTeam& seen, std::int32_t day,
          const v1::LegalDocument& document, v1::Event* event,
          std::vector<std::string>* lines) {
        v1::TeamDissolved* const dissolved = event->mutable_team_dissolved();
        dissolved->set_team_id(seen.team.team_id());
        dissolved->set_dissolved_date(day);
        dissolved->set_reason(options.reason);
        *dissolved->mutable_document() = document;
        if (options.other.empty()) return absl::OkStatus();
        const absl::StatusOr<SeenTeam> successor =
            TeamOption(client, "--successor", options.other);
        if (!successor.ok()) return successor.status();
        dissolved->set_successor_team_id(successor->team.team_id());
        lines->push_back(absl::StrCat("-> ", ShowTeam(successor->team)));
        return absl::OkStatus();
      });
}

// The numbers of several teams. Reason USAGE: one is named twice.
absl::StatusOr<std::vector<std::uint64_t>> TeamsOf(
    Client* client, absl::string_view name,
    const std::vector<std::string>& texts, absl::string_view mark,
    PlannedAct* act) {
  std::vector<std::uint64_t> ids;
  for (const std::string& text : texts) {
    const absl::StatusOr<SeenTeam> seen = TeamOption(client, name, text);
    if (!seen.ok()) return seen.status();
    const std::uint64_t id = seen->team.team_id();
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) {
      return UsageError(absl::StrCat(name, " \"", text, "\": tổ ", id,
                                     " đã ghi ở trước (is named twice)"));
    }
    ids.push_back(id);
    act->lines.push_back(absl::StrCat(mark, ShowTeam(seen->team)));
    // The oldest look: what changed after it makes the act stale.
    act->seen_position = act->seen_position == 0
                             ? seen->position
                             : std::min(act->seen_position, seen->position);
  }
  return ids;
}

absl::Status MergeTeams(Session* session, const Options& options) {
  const absl::StatusOr<std::int32_t> day = NeedDay("--effective", options.from);
  if (!day.ok()) return day.status();
  const absl::StatusOr<v1::LegalDocument> document =
      DocumentOf(options.document);
  if (!document.ok()) return document.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  PlannedAct act;
  const auto sources = TeamsOf(*client, "TEAM", options.teams, "", &act);
  if (!sources.ok()) return sources.status();
  const auto targets = TeamsOf(*client, "--into", options.targets, "-> ", &act);
  if (!targets.ok()) return targets.status();
  const std::set<std::uint64_t> go_on(targets->begin(), targets->end());
  if (std::all_of(sources->begin(), sources->end(),
                  [&](std::uint64_t id) { return go_on.count(id) > 0; })) {
    return UsageError(
        "--into: không tổ nào kết thúc: tổ nhập vào chính nó (every team of "
        "the merger goes on: a team cannot merge into itself alone)");
  }
  v1::TeamMerged* const merged =
      act.events.emplace_back().mutable_team_merged();
  for (const std::uint64_t id : *sources) merged->add_source_team_ids(id);
  for (const std::uint64_t id : *targets) merged->add_target_team_ids(id);
  merged->set_effective_date(*day);
  *merged->mutable_document() = *document;
  return RecordAct(session, options.flags, "team", std::move(act));
}

absl::Status SplitTeam(Session* session, const Options& options) {
  const absl::StatusOr<std::int32_t> day = NeedDay("--effective", options.from);
  if (!day.ok()) return day.status();
  const absl::StatusOr<v1::LegalDocument> document =
      DocumentOf(options.document);
  if (!document.ok()) return document.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  PlannedAct act;
  const auto source = TeamsOf(*client, "TEAM", {options.team}, "", &act);
  if (!source.ok()) return source.status();
  const auto targets = TeamsOf(*client, "--into", options.targets, "-> ", &act);
  if (!targets.ok()) return targets.status();
  const absl::StatusOr<SeenTeam> lead =
      TeamOption(*client, "--lead", options.other);
  if (!lead.ok()) return lead.status();
  if (*targets == *source) {
    return UsageError(
        "--into: tổ không được tách (the team alone is no split: name the "
        "teams that come of it)");
  }
  const std::uint64_t lead_id = lead->team.team_id();
  if (std::find(targets->begin(), targets->end(), lead_id) == targets->end()) {
    return UsageError(absl::StrCat(
        "--lead: tổ ", lead_id,
        " không có trong --into (is not one of the teams of --into)"));
  }
  v1::TeamSplit* const split = act.events.emplace_back().mutable_team_split();
  split->set_source_team_id(source->front());
  for (const std::uint64_t id : *targets) split->add_target_team_ids(id);
  split->set_lead_team_id(lead_id);
  split->set_effective_date(*day);
  *split->mutable_document() = *document;
  return RecordAct(session, options.flags, "team", std::move(act));
}

// --------------------------------------------------------------- the groups

using Run = absl::Status (*)(Session*, const Options&);

// A command with what all have; the caller adds its own options.
CLI::App* Add(CLI::App* group, Session* session, const std::string& name,
              const std::string& description,
              const std::vector<std::string>& examples, Run run,
              const std::shared_ptr<Options>& options) {
  CLI::App* const command = Command(group, name, description, examples);
  AddActFlags(command, &options->flags);
  OnChosen(command, session, options, run);
  return command;
}

void AddDay(CLI::App* command, Options* options, const std::string& name,
            const std::string& what) {
  command->add_option(name, options->from, what)->required();
}

void AddNameAndPlace(CLI::App* group, Session* session) {
  auto rename = std::make_shared<Options>();
  CLI::App* command =
      Add(group, session, "rename", "Đổi tên tổ (a team gets another name)",
          {"thon team rename 4211 --name \"Tổ công nghệ số cộng đồng thôn Nà "
           "Xá\" --effective 01/08/2023 --document 15/QĐ-UBND --issued "
           "28/07/2023"},
          &RenameTeam, rename);
  command->add_option("TEAM", rename->team, kTeamHelp)->required();
  command->add_option("--name", rename->name, "The new name")->required();
  AddDay(command, rename.get(), "--effective", "First day of the new name");
  AddDocument(command, &rename->document, false);

  auto move = std::make_shared<Options>();
  command = Add(group, session, "move",
                "Chuyển tổ sang thôn khác (a team moves to another unit)",
                {"thon team move 4211 --to \"04771/Thôn Khe Gầy\" --effective "
                 "01/08/2023 --document 15/QĐ-UBND"},
                &MoveTeam, move);
  command->add_option("TEAM", move->team, kTeamHelp)->required();
  command
      ->add_option("--to", move->other,
                   "The new village, \"04771/Thôn Khe Gầy\"; for a team of a "
                   "commune its code; or id:NUMBER")
      ->required();
  AddDay(command, move.get(), "--effective", "First day there");
  AddDocument(command, &move->document, false);
}

void AddMergeAndSplit(CLI::App* group, Session* session) {
  auto merge = std::make_shared<Options>();
  CLI::App* command = Add(
      group, session, "merge",
      "Nhập tổ: các tổ nêu tên kết thúc, trừ tổ ở --into (teams end on that "
      "day and others go on; who is paid for that month is the policy's "
      "team_must_exist)",
      {"thon team merge 4211 4212 --into 4211 --effective 15/08/2023 "
       "--document 20/QĐ-UBND --issued 10/08/2023",
       "thon team merge \"04771/Thôn Ba Chãng\" --into \"04771/Thôn Mạ\" "
       "--effective 15/08/2023 --dry-run"},
      &MergeTeams, merge);
  command->add_option("TEAM", merge->teams, kTeamHelp)->required();
  command->add_option("--into", merge->targets, "A team that goes on")
      ->required()
      ->allow_extra_args(false);  // What stands behind is a TEAM.
  AddDay(command, merge.get(), "--effective", "First day of the new state");
  AddDocument(command, &merge->document, false);

  auto split = std::make_shared<Options>();
  command = Add(
      group, session, "split",
      "Tách tổ: lập các tổ mới trước bằng thon team import (a team becomes "
      "several, which are founded before; the lead takes over funding, the "
      "others need a funding decision)",
      {"thon team split 4211 --into 5001 --into 5002 --lead 5001 --effective "
       "10/09/2023 --document 31/QĐ-UBND --issued 05/09/2023"},
      &SplitTeam, split);
  command->add_option("TEAM", split->team, kTeamHelp)->required();
  command->add_option("--into", split->targets, "A team that comes of it")
      ->required()
      ->allow_extra_args(false);  // What stands behind is a TEAM.
  command
      ->add_option("--lead", split->other,
                   "The one of them that takes over rights and money")
      ->required();
  AddDay(command, split.get(), "--effective", "First day of the new state");
  AddDocument(command, &split->document, false);
}

void AddSuspendAndEnd(CLI::App* group, Session* session) {
  auto suspend = std::make_shared<Options>();
  CLI::App* command = Add(
      group, session, "suspend",
      "Tạm dừng tổ (suspend a team; what becomes of months that are suspended "
      "in part or whole is the policy's suspended_days)",
      {"thon team suspend 4211 --from 10/08/2023 --to 20/09/2023 --reason "
       "\"kiện toàn tổ\" --document 21/QĐ-UBND"},
      &SuspendTeam, suspend);
  command->add_option("TEAM", suspend->team, kTeamHelp)->required();
  AddDay(command, suspend.get(), "--from", "First suspended day");
  command->add_option("--to", suspend->to,
                      "Last suspended day; open if left out");
  command->add_option("--reason", suspend->reason, "Why; no person's name")
      ->required();
  AddDocument(command, &suspend->document, false);

  auto resume = std::make_shared<Options>();
  command =
      Add(group, session, "resume",
          "Tổ hoạt động trở lại (a suspension ends, also one entered in "
          "error)",
          {"thon team resume 4211 --date 21/09/2023"}, &ResumeTeam, resume);
  command->add_option("TEAM", resume->team, kTeamHelp)->required();
  AddDay(command, resume.get(), "--date",
         "First day that is not suspended any more");
  AddDocument(command, &resume->document, false);

  auto dissolve = std::make_shared<Options>();
  command =
      Add(group, session, "dissolve", "Giải thể tổ (a team ends)",
          {"thon team dissolve 4211 --date 01/10/2023 --reason \"sáp nhập "
           "thôn\" --successor 4212 --document 40/QĐ-UBND"},
          &DissolveTeam, dissolve);
  command->add_option("TEAM", dissolve->team, kTeamHelp)->required();
  AddDay(command, dissolve.get(), "--date",
         "First day on which it does not exist");
  command->add_option("--reason", dissolve->reason, "Why; no person's name")
      ->required();
  command->add_option("--successor", dissolve->other,
                      "The team that takes over");
  AddDocument(command, &dissolve->document, false);
}

}  // namespace

void AddTeamCommands(CLI::App* app, Session* session) {
  CLI::App* const group = Group(app, "team", "");
  AddNameAndPlace(group, session);
  AddMergeAndSplit(group, session);
  AddSuspendAndEnd(group, session);
}

}  // namespace thon::cli
