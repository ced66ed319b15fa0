#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/enrol_payload.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/csv.h"
#include "tools/thon/enrol_codes.h"
#include "tools/thon/enrol_file.h"
#include "tools/thon/enrol_sheet.h"
#include "tools/thon/files.h"
#include "tools/thon/pages.h"
#include "tools/thon/submit.h"

namespace thon::cli {
namespace {

struct SheetCommand {
  std::string teams;
  std::string unit_code;
  std::string out;
  std::string address;
  bool every_member = false;
  int days = 30;
  int per_page = 1;
};

// Where phones reach the server and how they know it.
absl::StatusOr<SheetOptions> HowToReach(Session* session,
                                        const SheetCommand& command) {
  SheetOptions options;
  options.per_page = command.per_page;
  options.server = command.address;
  if (options.server.empty()) options.server = session->connection.server;
  if (options.server.empty() || absl::StartsWith(options.server, "127.") ||
      absl::StartsWith(options.server, "localhost:") ||
      absl::StartsWith(options.server, "[::1]")) {
    if (command.address.empty()) {
      return UsageError(
          "where do phones reach the server? give --address HOST:PORT");
    }
  }
  options.ca_fingerprint = session->ca_fingerprint();
  if (options.ca_fingerprint.empty() && !session->connection.ca_file.empty()) {
    const absl::StatusOr<std::string> pem =
        ReadFile(session->connection.ca_file);
    if (!pem.ok()) return pem.status();
    options.ca_fingerprint = CertificateFingerprint(*pem);
  }
  if (options.ca_fingerprint.empty()) {
    return UsageError(
        "no certificate authority is known, so that a phone could not tell the "
        "server from another: give --ca FILE and leave out --insecure");
  }
  // What is printed is what a phone will be able to read.
  const EnrolPayload payload = {options.server, std::string(26, 'A'),
                                options.ca_fingerprint};
  const absl::StatusOr<EnrolPayload> read =
      ParseEnrolPayload(EnrolPayloadText(payload));
  if (!read.ok()) {
    return UsageError(absl::StrCat("--address: ", read.status().message()));
  }
  return options;
}

// All the teams below a unit; those without a leader are passed over with a
// warning.
std::vector<SheetCard> CardsOfArea(const std::vector<v1::TeamRow>& teams,
                                   const UnitMap& map, Date today,
                                   SheetFor whom, Report* report) {
  std::vector<SheetCard> cards;
  for (const v1::TeamRow& team : teams) {
    if (team.ended_date() != 0 && team.ended_date() <= today.days) continue;
    std::vector<SheetCard> of_team = CardsOfTeam(team, map, today, whom);
    if (of_team.empty()) {
      report->Warning(
          0, "", "NO_MEMBER",
          {absl::StrCat("tổ ", team.team_id(), " (", team.name(), ") không có ",
                        whom == SheetFor::kLeader ? "tổ trưởng" : "thành viên",
                        ", không có phiếu"),
           absl::StrCat("team ", team.team_id(), " (", team.name(), ") has no ",
                        whom == SheetFor::kLeader ? "leader" : "member",
                        " and gets no card")});
    }
    for (SheetCard& card : of_team) cards.push_back(std::move(card));
  }
  // As they are handed out: by place, then team.
  std::stable_sort(
      cards.begin(), cards.end(),
      [](const SheetCard& a, const SheetCard& b) { return a.place < b.place; });
  return cards;
}

absl::StatusOr<std::vector<SheetCard>> FindCards(Client* client,
                                                 const SheetCommand& command,
                                                 Date today, Report* report) {
  const absl::StatusOr<std::uint64_t> root =
      UnitIdOfCode(client, command.unit_code, 0);
  if (!root.ok()) return root.status();
  const absl::StatusOr<MapRead> map = ReadMap(client, 0, *root);
  if (!map.ok()) return map.status();
  ListScope scope;
  scope.root_unit_id = *root;
  absl::StatusOr<Listed<v1::TeamRow>> teams = ListAllTeams(client, scope);
  if (!teams.ok()) return teams.status();
  const SheetFor whom =
      command.every_member ? SheetFor::kEveryMember : SheetFor::kLeader;
  if (command.teams.empty()) {
    return CardsOfArea(teams->rows, map->map, today, whom, report);
  }
  const absl::StatusOr<CsvTable> table = ReadCsv(command.teams);
  if (!table.ok()) return table.status();
  return PlanSheet(*table, map->map, TeamIndex(std::move(teams->rows)), today,
                   whom, report);
}

void PrintReport(Session* session, const SheetCommand& command,
                 const Report& report) {
  if (session->json) return;
  report.Print(command.teams.empty() ? command.unit_code : command.teams,
               session->out());
}

absl::Status MakeSheet(Session* session, const SheetCommand& command) {
  if (command.teams.empty() == command.unit_code.empty()) {
    return UsageError("give either --teams FILE or --under UNIT_CODE");
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  absl::StatusOr<SheetOptions> options = HowToReach(session, command);
  if (!options.ok()) return options.status();
  const absl::StatusOr<std::int32_t> last_date =
      LastCodeDate(*client, command.days);
  if (!last_date.ok()) return last_date.status();
  options->last_date = Date(*last_date);
  Report report;
  absl::StatusOr<std::vector<SheetCard>> cards =
      FindCards(*client, command, Date(*last_date - command.days), &report);
  if (!cards.ok()) return cards.status();
  PrintReport(session, command, report);
  if (report.errors() > 0 || cards->empty()) {
    if (session->json) {
      session->Print({{"errors", report.errors()},
                      {"findings", report.ToJson()},
                      {"applied", false}});
    }
    return ChecksFailed(
        report.errors() > 0
            ? absl::StrCat(command.teams, ": ", report.errors(),
                           " lỗi, không cấp mã nào (errors; no code is issued)")
            : "không có tổ nào để cấp mã (no team to issue a code for)");
  }
  std::vector<IssuedCode> codes;
  for (SheetCard& card : *cards) {
    card.code = RandomCode();
    codes.push_back({{card.team_id, card.member_id, 0}, card.code});
  }
  const absl::StatusOr<std::string> html = EnrolSheetHtml(*cards, *options);
  if (!html.ok()) return html.status();
  // The file first: a code that is in it and was never issued does no harm, one
  // that was issued and is nowhere is lost.
  const absl::Status written = WriteNewSecretFile(command.out, *html);
  if (!written.ok()) return written;
  const absl::StatusOr<std::uint64_t> position =
      RecordCodes(*client, codes, *last_date);
  if (!position.ok()) return position.status();
  if (session->json) {
    session->Print({{"count", codes.size()},
                    {"file", command.out},
                    {"server", options->server},
                    {"last_date", options->last_date.Iso()},
                    {"ca_fingerprint", options->ca_fingerprint},
                    {"findings", report.ToJson()},
                    {"position", *position}});
    return absl::OkStatus();
  }
  session->out() << "Đã cấp (issued): " << codes.size()
                 << " mã (codes), dùng đến hết ngày "
                 << options->last_date.Vietnamese()
                 << "\nPhiếu (sheet): " << command.out
                 << "\nTệp chứa mã bí mật, chỉ chủ tệp đọc được; in xong thì "
                    "xóa. (It holds "
                    "secrets and is readable by its owner only; delete it when "
                    "printed.)\n";
  return absl::OkStatus();
}

struct ReadCommand {
  std::string text;
};

absl::Status ReadPayload(Session* session, const ReadCommand& command) {
  const absl::StatusOr<EnrolPayload> payload = ParseEnrolPayload(command.text);
  if (!payload.ok()) return UsageError(payload.status().message());
  if (session->json) {
    session->Print({{"server", payload->server},
                    {"code", payload->code},
                    {"ca_fingerprint", payload->ca_fingerprint}});
    return absl::OkStatus();
  }
  session->out() << "Máy chủ (server): " << payload->server
                 << "\nMã đăng ký (code): " << GroupedEnrolCode(payload->code)
                 << "\nDấu vân tay chứng thực (CA fingerprint): "
                 << payload->ca_fingerprint << '\n';
  return absl::OkStatus();
}

}  // namespace

void AddEnrolSheetCommands(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "enrol", "Đăng ký điện thoại (one-time codes for phones)");
  CLI::App* command = Command(
      group, "sheet",
      "In phiếu đăng ký có mã QR (a page to print, with one QR a team)",
      {"thon enrol sheet --under 04771 --address thon.yenbai.gov.vn:7443 -o "
       "phieu.html",
       "thon enrol sheet --teams teams.csv --every-member --per-page 4 "
       "--address thon.yenbai.gov.vn:7443 -o phieu.html"});
  auto sheet = std::make_shared<SheetCommand>();
  command->add_option("--teams", sheet->teams,
                      "CSV of teams: team_id, or commune_code and "
                      "village_name; [member_id]");
  command->add_option("--under,--unit-code", sheet->unit_code,
                      "All teams below the unit of this code");
  command
      ->add_option("-o,--out", sheet->out,
                   "New HTML file, readable by its owner only")
      ->required();
  command->add_option("--address", sheet->address,
                      "HOST:PORT at which phones reach the server; by default "
                      "that of --server");
  command->add_flag("--every-member", sheet->every_member,
                    "A card for each member; by default for the leader");
  command->add_option("--days", sheet->days, "Days the codes can be used")
      ->check(CLI::Range(1, 366));
  command->add_option("--per-page", sheet->per_page, "Cards a page: 1, 2 or 4")
      ->check(CLI::IsMember({1, 2, 4}));
  OnChosen(command, session, sheet, &MakeSheet);

  command =
      Command(group, "read", "Đọc nội dung mã QR (what the QR of a sheet says)",
              {"thon enrol read THON1/THON.EXAMPLE:7443/ABC.../0F1E..."});
  auto read = std::make_shared<ReadCommand>();
  command->add_option("TEXT", read->text, "The text that a scanner shows")
      ->required();
  OnChosen(command, session, read, &ReadPayload);
}

}  // namespace thon::cli
