// Acts about members after their joining: they leave, or take another seat.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/thon/act_options.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/place_option.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct MemberOptions {
  ActFlags flags;
  std::string team;
  std::uint64_t member = 0;
  std::string from;  // The act's day.
  std::string reason;
  std::string seat;
  bool part_time = false;
};

const v1::TeamMember* MemberNow(const v1::TeamRow& team, std::uint64_t id) {
  for (const v1::TeamMember& member : team.members()) {
    if (member.member_id() == id && member.left_date() == 0) return &member;
  }
  return nullptr;
}

// The team and its member. kNotFound: they are no member now.
absl::StatusOr<SeenTeam> TeamOfMember(Client* client,
                                      const MemberOptions& options) {
  absl::StatusOr<SeenTeam> seen = TeamOption(client, "--team", options.team);
  if (!seen.ok()) return seen.status();
  if (MemberNow(seen->team, options.member) == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        "MEMBER ", options.member, ": không phải thành viên đang ở tổ ",
        seen->team.team_id(), " (is no member of the team now; thon team show ",
        seen->team.team_id(), ")"));
  }
  return seen;
}

v1::Event Left(const SeenTeam& seen, const MemberOptions& options,
               std::int32_t day) {
  v1::Event event;
  v1::MemberLeft* const left = event.mutable_member_left();
  left->set_member_id(options.member);
  left->set_team_id(seen.team.team_id());
  left->set_left_date(day);
  left->set_reason(options.reason);
  return event;
}

absl::Status LeaveTeam(Session* session, const MemberOptions& options) {
  const absl::StatusOr<std::int32_t> day = NeedDay("--date", options.from);
  if (!day.ok()) return day.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<SeenTeam> seen = TeamOfMember(*client, options);
  if (!seen.ok()) return seen.status();
  PlannedAct act;
  act.seen_position = seen->position;
  act.lines = {ShowTeam(seen->team)};
  act.events = {Left(*seen, options, *day)};
  return RecordAct(session, options.flags, "member", std::move(act));
}

// One seat ends and the other begins on the same day, recorded together.
absl::Status ChangeSeat(Session* session, const MemberOptions& options) {
  const absl::StatusOr<std::int32_t> day = NeedDay("--date", options.from);
  if (!day.ok()) return day.status();
  const std::optional<v1::Seat> seat = ParseSeat(options.seat);
  if (!seat.has_value()) {
    return UsageError(absl::StrCat("--seat \"", options.seat,
                                   "\": leader (tổ trưởng), deputy (tổ phó) "
                                   "or member (thành viên)"));
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<SeenTeam> seen = TeamOfMember(*client, options);
  if (!seen.ok()) return seen.status();
  const v1::TeamMember& now = *MemberNow(seen->team, options.member);
  if (now.seat() == *seat) {
    return UsageError(absl::StrCat("--seat: thành viên ", options.member,
                                   " đã là ", SeatWord(*seat),
                                   " (holds that seat already)"));
  }
  PlannedAct act;
  act.seen_position = seen->position;
  act.lines = {ShowTeam(seen->team),
               absl::StrCat(SeatWord(now.seat()), " -> ", SeatWord(*seat))};
  act.events = {Left(*seen, options, *day)};
  v1::MemberJoined* const joined =
      act.events.emplace_back().mutable_member_joined();
  joined->set_member_id(options.member);
  joined->set_team_id(seen->team.team_id());
  joined->set_seat(*seat);
  *joined->mutable_affiliations() = now.affiliations();
  joined->set_joined_date(*day);
  joined->set_part_time(options.part_time);
  return RecordAct(session, options.flags, "member", std::move(act));
}

// A command with what both have; the caller adds its own options.
CLI::App* Add(CLI::App* group, Session* session, const std::string& name,
              const std::string& description,
              const std::vector<std::string>& examples,
              absl::Status (*run)(Session*, const MemberOptions&),
              const std::shared_ptr<MemberOptions>& options) {
  CLI::App* const command = Command(group, name, description, examples);
  AddActFlags(command, &options->flags);
  OnChosen(command, session, options, run);
  return command;
}

}  // namespace

void AddMemberCommands(CLI::App* app, Session* session) {
  CLI::App* const group = Group(app, "member", "");
  auto leave = std::make_shared<MemberOptions>();
  auto seat = std::make_shared<MemberOptions>();
  CLI::App* const left =
      Add(group, session, "leave", "Thành viên rời tổ (a member leaves a team)",
          {"thon member leave 42113 --team 4211 --date 12/09/2023 --reason "
           "\"chuyển nơi cư trú\""},
          &LeaveTeam, leave);
  CLI::App* const changed =
      Add(group, session, "seat",
          "Đổi vai trò trong tổ (a member takes another seat)",
          {"thon member seat 42112 --team 4211 --seat \"tổ trưởng\" --date "
           "12/09/2023"},
          &ChangeSeat, seat);
  for (const auto& [command, options] :
       {std::make_pair(left, leave), std::make_pair(changed, seat)}) {
    command->add_option("MEMBER", options->member, "The member's number")
        ->required()
        ->check(CLI::PositiveNumber);
    command->add_option("--team", options->team, kTeamHelp)->required();
    command->add_option("--reason", options->reason, "Why; no person's name");
  }
  left->add_option("--date", leave->from,
                   "First day on which they are no member")
      ->required();
  changed->add_option("--date", seat->from, "First day of the new seat")
      ->required();
  changed
      ->add_option("--seat", seat->seat,
                   "leader (tổ trưởng), deputy (tổ phó) or member (thành viên)")
      ->required();
  changed->add_flag("--part-time", seat->part_time,
                    "They serve part time (kiêm nhiệm)");
}

}  // namespace thon::cli
