#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/pages.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/submit.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct ListOptions {
  std::string unit_code;
  std::string as_of;
};

absl::Status ListAuthors(Session* session, const ListOptions& options) {
  ListScope scope;
  absl::StatusOr<v1::ReadOptions> read = AsOfOption(options.as_of);
  if (!read.ok()) return read.status();
  scope.options = *std::move(read);
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::uint64_t> unit =
      UnitIdOfCode(*client, options.unit_code, 0);
  if (!unit.ok()) return unit.status();
  scope.root_unit_id = *unit;
  const absl::StatusOr<Listed<v1::SyncHealthRow>> listed =
      ListAllSyncHealth(*client, scope);
  if (!listed.ok()) return listed.status();
  if (session->json) {
    session->Print({{"position", listed->position},
                    {"authors", ToJsonArray(listed->rows)}});
    return absl::OkStatus();
  }
  TextTable table({{"Khoá (author)"},
                   {"Tổ (team)", Align::kRight},
                   {"Cơ quan (organisation)", Align::kRight},
                   {"Nhận lần cuối (last heard)"},
                   {"Sự kiện (events)", Align::kRight},
                   {"Lô (batches)", Align::kRight},
                   {"Rẽ nhánh (forks)", Align::kRight},
                   {"Giờ nghi ngờ (suspect)", Align::kRight},
                   {"Đồng hồ sai (wrong clock)", Align::kRight}});
  for (const v1::SyncHealthRow& row : listed->rows) {
    table.AddRow(
        {HexEncode(row.author()),
         row.team_id() == 0 ? "-" : absl::StrCat(row.team_id()),
         row.organisation_id() == 0 ? "-" : absl::StrCat(row.organisation_id()),
         ShowInstant(row.last_receive_time_ms()), absl::StrCat(row.events()),
         absl::StrCat(row.batches()), absl::StrCat(row.forks()),
         absl::StrCat(row.suspect()), absl::StrCat(row.wall_clock_wrong())});
  }
  table.Print(session->out());
  return absl::OkStatus();
}

struct StandingsOptions {
  std::string author;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::string as_of;
};

absl::Status ShowStandings(Session* session, const StandingsOptions& options) {
  const absl::StatusOr<std::string> author = AuthorOption(options.author);
  if (!author.ok()) return author.status();
  const absl::StatusOr<v1::ReadOptions> read = AsOfOption(options.as_of);
  if (!read.ok()) return read.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::ListStandingsRequest request;
  request.set_author(*author);
  request.set_first_sequence(options.from);
  request.set_end_sequence(options.to == 0 ? 0 : options.to + 1);
  *request.mutable_options() = *read;
  const absl::StatusOr<v1::ListStandingsResponse> response =
      (*client)->ListStandings(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print(ToJson(*response));
    return absl::OkStatus();
  }
  TextTable table({{"Số (sequence)", Align::kRight},
                   {"Vị trí (position)", Align::kRight},
                   {"Kết quả (standing)"},
                   {"Lý do (reason)"},
                   {"Giờ (time)"},
                   {"Tháng (month)"}});
  for (const v1::EventStanding& row : response->exceptions()) {
    table.AddRow({absl::StrCat(row.sequence()), absl::StrCat(row.position()),
                  Short(row.standing()), Short(row.reason()),
                  Short(row.time_quality()), ShowMonth(row.period_month())});
  }
  table.Print(session->out());
  session->out() << "\nCác số khác từ " << response->first_sequence()
                 << " đến trước " << response->end_sequence()
                 << ": COUNTED, TRUSTED (all other numbers of the range)\n";
  return absl::OkStatus();
}

struct DecideOptions {
  std::string author;
  std::string reason;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  bool count = false;
  bool reject = false;
  std::string month;
};

absl::Status ConfirmAuthor(Session* session, const DecideOptions& options) {
  const absl::StatusOr<std::string> author = AuthorOption(options.author);
  if (!author.ok()) return author.status();
  v1::Event event;
  event.mutable_successor_confirmed()->set_author(*author);
  event.mutable_successor_confirmed()->set_reason(options.reason);
  return RecordOne(session, "author", std::move(event));
}

absl::Status RevokeAuthor(Session* session, const DecideOptions& options) {
  const absl::StatusOr<std::string> author = AuthorOption(options.author);
  if (!author.ok()) return author.status();
  v1::Event event;
  event.mutable_author_revoked()->set_author(*author);
  event.mutable_author_revoked()->set_reason(options.reason);
  return RecordOne(session, "author", std::move(event));
}

absl::Status DecideHeld(Session* session, const DecideOptions& options) {
  const absl::StatusOr<std::string> author = AuthorOption(options.author);
  if (!author.ok()) return author.status();
  const auto month = MonthOption("--month", options.month);
  if (!month.ok()) return month.status();
  if (options.count == options.reject) {
    return UsageError("give either --count or --reject");
  }
  if (options.from == 0 || options.to < options.from) {
    return UsageError("--from and --to: the author's numbers, from 1");
  }
  v1::Event event;
  v1::HeldDecided* const decided = event.mutable_held_decided();
  decided->set_author(*author);
  decided->set_first_sequence(options.from);
  decided->set_last_sequence(options.to);
  decided->set_counted(options.count);
  decided->set_period_month(*month);
  decided->set_reason(options.reason);
  return RecordOne(session, "author", std::move(event));
}

std::shared_ptr<DecideOptions> AddDecision(CLI::App* command) {
  auto options = std::make_shared<DecideOptions>();
  command->add_option("AUTHOR", options->author, "32 hexadecimal digits")
      ->required();
  command->add_option("--reason", options->reason, "Why; no person's name")
      ->required();
  return options;
}

}  // namespace

void AddAuthorCommands(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "author", "Khoá của điện thoại, cơ quan (authors)");
  CLI::App* command =
      Command(group, "list", "Danh sách khoá và đồng bộ (authors, how heard)",
              {"thon author list --unit-code 141"});
  auto list = std::make_shared<ListOptions>();
  command->add_option("--unit-code", list->unit_code,
                      "Only teams below the unit of this code");
  command->add_option("--as-of", list->as_of, kAsOfHelp);
  OnChosen(command, session, list, &ListAuthors);

  command = Command(group, "standings",
                    "Kết quả từng sự kiện (how an author's events stand)",
                    {"thon author standings AUTHOR --from 1 --to 400"});
  auto standings = std::make_shared<StandingsOptions>();
  command->add_option("AUTHOR", standings->author, "32 hexadecimal digits")
      ->required();
  command->add_option("--from", standings->from, "First number");
  command->add_option("--to", standings->to, "Last number");
  command->add_option("--as-of", standings->as_of, kAsOfHelp);
  OnChosen(command, session, standings, &ShowStandings);

  command = Command(group, "confirm",
                    "Xác nhận khoá kế tiếp (confirm a successor key)",
                    {"thon author confirm AUTHOR --reason \"cài lại máy\""});
  OnChosen(command, session, AddDecision(command), &ConfirmAuthor);
  command = Command(group, "revoke", "Thu hồi khoá (revoke a key)",
                    {"thon author revoke AUTHOR --reason \"mất máy\""});
  OnChosen(command, session, AddDecision(command), &RevokeAuthor);

  command = Command(
      Group(app, "held", "Sự kiện chờ quyết định (held events)"), "decide",
      "Quyết định sự kiện bị giữ (decide held events)",
      {"thon held decide AUTHOR --from 12 --to 15 --count --reason \"đã đối "
       "chiếu sổ\""});
  const std::shared_ptr<DecideOptions> decide = AddDecision(command);
  command->add_option("--from", decide->from, "First number")->required();
  command->add_option("--to", decide->to, "Last number")->required();
  command->add_flag("--count", decide->count, "They count");
  command->add_flag("--reject", decide->reject, "They do not");
  command->add_option("--month", decide->month, "The month they count in");
  OnChosen(command, session, decide, &DecideHeld);
}

}  // namespace thon::cli
