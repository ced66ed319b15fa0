#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/hash.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/pages.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct NoOptions {};

absl::Status ShowStatus(Session* session, const NoOptions& /*options*/) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<v1::ServerStatus> status = (*client)->GetStatus();
  if (!status.ok()) return status.status();
  if (session->json) {
    session->Print(ToJson(*status));
    return absl::OkStatus();
  }
  TextTable table({{"Máy chủ (server)"}, {status->origin()}});
  table.AddRow({"Phiên bản (version)", status->version()});
  table.AddRow({"Trạng thái ghi (commit state)", status->commit_state()});
  table.AddRow(
      {"Số mục trong nhật ký (entries)", absl::StrCat(status->tree_size())});
  table.AddRow({"Vị trí tiếp theo (next position)",
                absl::StrCat(status->next_position())});
  table.AddRow({"Bảng tính đến vị trí (rows position)",
                absl::StrCat(status->rows_position())});
  table.AddRow(
      {"Giờ máy chủ (receive clock)",
       absl::StrCat(ShowInstant(status->server_time_ms()),
                    status->simulated_time() ? " mô phỏng (simulated)" : "")});
  table.AddRow(
      {"Ngày đang mở (last day opened)", ShowDate(status->local_date())});
  table.Print(session->out());
  return absl::OkStatus();
}

struct ListOptions {
  std::string unit_code;
  std::string structure;
  std::string as_of;
};

void AddListOptions(CLI::App* command, ListOptions* options) {
  command->add_option("--unit-code", options->unit_code,
                      "Only below the unit of this code");
  command->add_option("--structure", options->structure,
                      "The map of this day; by default the last day opened");
  command->add_option("--as-of", options->as_of, kAsOfHelp);
}

absl::StatusOr<ListScope> ScopeOf(Client* client, const ListOptions& options) {
  ListScope scope;
  const auto structure = DayOption("--structure", options.structure);
  if (!structure.ok()) return structure.status();
  scope.structure_date = *structure;
  absl::StatusOr<v1::ReadOptions> read = AsOfOption(options.as_of);
  if (!read.ok()) return read.status();
  scope.options = *std::move(read);
  const absl::StatusOr<std::uint64_t> unit =
      UnitIdOfCode(client, options.unit_code, *structure);
  if (!unit.ok()) return unit.status();
  scope.root_unit_id = *unit;
  return scope;
}

int MembersNow(const v1::TeamRow& team) {
  return static_cast<int>(std::count_if(
      team.members().begin(), team.members().end(),
      [](const v1::TeamMember& member) { return member.left_date() == 0; }));
}

std::string TeamState(const v1::TeamRow& team) {
  if (team.ended_date() != 0) {
    return absl::StrCat("đã kết thúc (ended) ", ShowDate(team.ended_date()));
  }
  return team.pilot() ? "thí điểm (pilot)" : "hoạt động (active)";
}

absl::Status ListTeams(Session* session, const ListOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<ListScope> scope = ScopeOf(*client, options);
  if (!scope.ok()) return scope.status();
  const absl::StatusOr<Listed<v1::TeamRow>> teams =
      ListAllTeams(*client, *scope);
  if (!teams.ok()) return teams.status();
  if (session->json) {
    session->Print(
        {{"position", teams->position}, {"teams", ToJsonArray(teams->rows)}});
    return absl::OkStatus();
  }
  const absl::StatusOr<MapRead> map =
      ReadMap(*client, scope->structure_date, scope->root_unit_id);
  if (!map.ok()) return map.status();
  TextTable table({{"Mã tổ (team)", Align::kRight},
                   {"Tên (name)"},
                   {"Cấp (level)"},
                   {"Nơi đóng (unit)"},
                   {"Xã (commune)"},
                   {"Thành lập (founded)"},
                   {"Thành viên (members)", Align::kRight},
                   {"Trạng thái (state)"}});
  for (const v1::TeamRow& team : teams->rows) {
    const std::uint64_t unit_id =
        team.units_size() == 0 ? 0
                               : team.units(team.units_size() - 1).unit_id();
    const MapUnit* const unit = map->map.Find(unit_id);
    const bool village =
        unit != nullptr && unit->level == v1::UNIT_LEVEL_VILLAGE;
    table.AddRow({absl::StrCat(team.team_id()), team.name(),
                  LevelWord(team.level()), ShowUnit(map->map, unit_id),
                  village ? ShowUnit(map->map, unit->parent_id) : "",
                  ShowDate(team.founded_date()), absl::StrCat(MembersNow(team)),
                  TeamState(team)});
  }
  table.Print(session->out());
  session->out() << "\nSố tổ (teams): " << teams->rows.size()
                 << ", vị trí (position) " << teams->position << '\n';
  return absl::OkStatus();
}

struct ShowOptions {
  std::uint64_t id = 0;
  std::string as_of;
};

void PrintMembers(Session* session, const v1::TeamRow& team) {
  TextTable members({{"Thành viên (member)", Align::kRight},
                     {"Vai trò (seat)"},
                     {"Kiêm (affiliations)"},
                     {"Từ ngày (joined)"},
                     {"Đến ngày (left)"}});
  for (const v1::TeamMember& member : team.members()) {
    std::vector<std::string> affiliations;
    for (const int affiliation : member.affiliations()) {
      affiliations.push_back(Short(static_cast<v1::Affiliation>(affiliation)));
    }
    members.AddRow({absl::StrCat(member.member_id()), SeatWord(member.seat()),
                    absl::StrJoin(affiliations, "+"),
                    ShowDate(member.joined_date()),
                    ShowDate(member.left_date())});
  }
  session->out() << '\n';
  members.Print(session->out());
}

void PrintPhones(Session* session, const v1::GetTeamResponse& response) {
  TextTable phones({{"Điện thoại (author)"},
                    {"Thành viên (member)", Align::kRight},
                    {"Trạng thái (state)"},
                    {"Nhận lần cuối (last heard)"},
                    {"Sự kiện (events)", Align::kRight}});
  for (const v1::AuthorRow& author : response.authors()) {
    std::string heard = "-";
    std::string events = "0";
    for (const v1::SyncHealthRow& health : response.sync_health()) {
      if (health.author() != author.author()) continue;
      heard = ShowInstant(health.last_receive_time_ms());
      events = absl::StrCat(health.events());
    }
    phones.AddRow({HexEncode(author.author()), absl::StrCat(author.member_id()),
                   author.revoked_position() != 0 ? "bị thu hồi (revoked)"
                   : author.confirmed() ? "đã xác nhận (confirmed)"
                                        : "chờ xác nhận (waits)",
                   heard, events});
  }
  session->out() << '\n';
  phones.Print(session->out());
}

absl::Status ShowTeam(Session* session, const ShowOptions& options) {
  const absl::StatusOr<v1::ReadOptions> read = AsOfOption(options.as_of);
  if (!read.ok()) return read.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::GetTeamRequest request;
  request.set_team_id(options.id);
  *request.mutable_options() = *read;
  const absl::StatusOr<v1::GetTeamResponse> response =
      (*client)->GetTeam(request);
  if (!response.ok()) return response.status();
  v1::ListTeamMonthsRequest months_request;
  months_request.set_team_id(options.id);
  *months_request.mutable_options() = *read;
  months_request.mutable_options()->mutable_as_of()->set_position(
      response->position());
  const absl::StatusOr<v1::ListTeamMonthsResponse> months =
      (*client)->ListTeamMonths(months_request);
  if (!months.ok()) return months.status();
  if (session->json) {
    Json json = ToJson(*response);
    json["months"] = ToJsonArray(months->months());
    session->Print(json);
    return absl::OkStatus();
  }
  const v1::TeamRow& team = response->team();
  std::vector<std::string> path;
  for (const v1::UnitRow& unit : response->path()) {
    if (unit.names_size() > 0) {
      path.push_back(unit.names(unit.names_size() - 1).name());
    }
  }
  session->out() << team.name() << '\n'
                 << absl::StrJoin(path, ", ") << '\n'
                 << "Mã tổ (team) " << team.team_id()
                 << ", thành lập (founded) " << ShowDate(team.founded_date())
                 << ", " << TeamState(team) << '\n';
  PrintMembers(session, team);
  PrintPhones(session, *response);
  TextTable table({{"Tháng (month)"},
                   {"Ngày có hoạt động (active days)", Align::kRight},
                   {"Hoạt động (activities)", Align::kRight},
                   {"Lượt người (people)", Align::kRight},
                   {"Chờ quyết định (held)", Align::kRight},
                   {"Cập nhật tháng (update)"}});
  for (const v1::TeamMonthEntry& month : months->months()) {
    table.AddRow({ShowMonth(month.month()),
                  absl::StrCat(month.row().active_days()),
                  absl::StrCat(month.row().activities()),
                  absl::StrCat(month.row().people_reached()),
                  absl::StrCat(month.row().held()),
                  ShowDate(month.row().update_submitted_date())});
  }
  session->out() << '\n';
  table.Print(session->out());
  return absl::OkStatus();
}

absl::Status ListOrganisations(Session* session, const ListOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<ListScope> scope = ScopeOf(*client, options);
  if (!scope.ok()) return scope.status();
  const absl::StatusOr<Listed<v1::OrganisationRow>> listed =
      ListAllOrganisations(*client, *scope);
  if (!listed.ok()) return listed.status();
  if (session->json) {
    session->Print({{"position", listed->position},
                    {"organisations", ToJsonArray(listed->rows)}});
    return absl::OkStatus();
  }
  TextTable table({{"Mã (organisation)", Align::kRight},
                   {"Tên (name)"},
                   {"Loại (kind)"},
                   {"Đăng ký (registered)"}});
  for (const v1::OrganisationRow& row : listed->rows) {
    table.AddRow({absl::StrCat(row.organisation_id()), row.name(),
                  Short(row.kind()), ShowDate(row.registered_date())});
  }
  table.Print(session->out());
  return absl::OkStatus();
}

struct UnitListOptions {
  ListOptions list;
  std::string level;
};

absl::Status ListUnits(Session* session, const UnitListOptions& options) {
  const std::optional<v1::UnitLevel> level = ParseLevel(options.level);
  if (!options.level.empty() && !level.has_value()) {
    return UsageError("--level: province, district, commune or village");
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<ListScope> scope = ScopeOf(*client, options.list);
  if (!scope.ok()) return scope.status();
  const absl::StatusOr<Listed<v1::UnitRow>> units =
      ListAllUnits(*client, *scope, level.value_or(v1::UNIT_LEVEL_UNSPECIFIED));
  if (!units.ok()) return units.status();
  if (session->json) {
    session->Print(
        {{"position", units->position}, {"units", ToJsonArray(units->rows)}});
    return absl::OkStatus();
  }
  std::int32_t date = scope->structure_date;
  if (date == 0) {
    const absl::StatusOr<v1::ServerStatus> status = (*client)->GetStatus();
    if (!status.ok()) return status.status();
    date = status->local_date();
  }
  TextTable table({{"Mã (code)"},
                   {"Tên (name)"},
                   {"Cấp (level)"},
                   {"Mã định danh (unit)", Align::kRight},
                   {"Cấp trên (parent)", Align::kRight}});
  for (const v1::UnitRow& row : units->rows) {
    const MapUnit unit = UnitOn(row, Date(date));
    table.AddRow({unit.code, unit.name, LevelWord(unit.level),
                  absl::StrCat(unit.id), absl::StrCat(unit.parent_id)});
  }
  table.Print(session->out());
  return absl::OkStatus();
}

}  // namespace

void AddStatusCommands(CLI::App* app, Session* session) {
  CLI::App* const command =
      Command(app, "status", "Trạng thái máy chủ (the server's state)",
              {"thon status --data demo-data"});
  OnChosen(command, session, std::make_shared<NoOptions>(), &ShowStatus);
}

void AddRegistryCommands(CLI::App* app, Session* session) {
  CLI::App* group = Group(app, "team", "");
  CLI::App* command = Command(group, "list", "Danh sách tổ (list teams)",
                              {"thon team list --unit-code 04771",
                               "thon team list --as-of 2023-10-13 --json"});
  auto teams = std::make_shared<ListOptions>();
  AddListOptions(command, teams.get());
  OnChosen(command, session, teams, &ListTeams);

  command =
      Command(group, "show", "Một tổ (one team)", {"thon team show 4211"});
  auto show = std::make_shared<ShowOptions>();
  command->add_option("TEAM", show->id, "The team's number")->required();
  command->add_option("--as-of", show->as_of, kAsOfHelp);
  OnChosen(command, session, show, &ShowTeam);

  group = Group(app, "organisation", "");
  command = Command(group, "list", "Danh sách cơ quan (list organisations)",
                    {"thon organisation list --json"});
  auto organisations = std::make_shared<ListOptions>();
  AddListOptions(command, organisations.get());
  OnChosen(command, session, organisations, &ListOrganisations);

  group = Group(app, "units", "");
  command = Command(group, "list", "Danh sách đơn vị (list units)",
                    {"thon units list --unit-code 15 --level commune",
                     "thon units list --structure 2023-06-01 --json"});
  auto units = std::make_shared<UnitListOptions>();
  AddListOptions(command, &units->list);
  command->add_option("--level", units->level,
                      "province, district, commune or village");
  OnChosen(command, session, units, &ListUnits);
}

}  // namespace thon::cli
