#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/csv.h"
#include "tools/thon/enrol_codes.h"
#include "tools/thon/enrol_file.h"
#include "tools/thon/files.h"
#include "tools/thon/submit.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct CodeOptions {
  CodeHolder holder;
  int days = 30;
  int count = 1;
};

absl::Status IssueCodes(Session* session, const CodeOptions& options) {
  const CodeHolder& holder = options.holder;
  const bool phone = IsSurrogateId(holder.team_id) &&
                     IsSurrogateId(holder.member_id) &&
                     holder.organisation_id == 0;
  const bool reporter = holder.team_id == 0 && holder.member_id == 0 &&
                        IsSurrogateId(holder.organisation_id);
  if (!phone && !reporter) {
    return UsageError(
        "give --team ID and --member ID for a phone, or --organisation ID");
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::int32_t> last_date =
      LastCodeDate(*client, options.days);
  if (!last_date.ok()) return last_date.status();
  std::vector<IssuedCode> codes;
  for (int i = 0; i < options.count; ++i) {
    codes.push_back({holder, RandomCode()});
  }
  const absl::StatusOr<std::uint64_t> position =
      RecordCodes(*client, codes, *last_date);
  if (!position.ok()) return position.status();
  if (session->json) {
    Json list = Json::array();
    for (const IssuedCode& issued : codes) list.push_back(issued.code);
    session->Print({{"codes", std::move(list)},
                    {"team_id", holder.team_id},
                    {"member_id", holder.member_id},
                    {"organisation_id", holder.organisation_id},
                    {"last_date", Date(*last_date).Iso()},
                    {"ca_fingerprint", session->ca_fingerprint()},
                    {"position", *position}});
    return absl::OkStatus();
  }
  for (const IssuedCode& issued : codes) {
    session->out() << "Mã đăng ký (code): " << issued.code << '\n';
  }
  session->out() << "Dùng đến hết ngày (last day): "
                 << Date(*last_date).Vietnamese() << '\n'
                 << "Dấu vân tay chứng thực (CA fingerprint): "
                 << (session->ca_fingerprint().empty()
                         ? "-"
                         : session->ca_fingerprint())
                 << '\n';
  return absl::OkStatus();
}

struct BulkOptions {
  std::string file;
  std::string out;
  int days = 30;
};

std::string CodesCsv(const std::vector<IssuedCode>& codes,
                     const std::string& last_date) {
  std::string csv = "team_id,member_id,organisation_id,code,last_date\n";
  const auto number = [](std::uint64_t id) {
    return id == 0 ? std::string() : absl::StrCat(id);
  };
  for (const IssuedCode& issued : codes) {
    csv += CsvLine(
        {number(issued.holder.team_id), number(issued.holder.member_id),
         number(issued.holder.organisation_id), issued.code, last_date});
  }
  return csv;
}

absl::Status IssueBulk(Session* session, const BulkOptions& options) {
  const absl::StatusOr<CsvTable> table = ReadCsv(options.file);
  if (!table.ok()) return table.status();
  Report report;
  const std::vector<CodeHolder> holders = PlanEnrolment(*table, &report);
  if (report.errors() > 0) {
    if (session->json) {
      session->Print({{"errors", report.errors()},
                      {"findings", report.ToJson()},
                      {"applied", false}});
    } else {
      report.Print(options.file, session->out());
    }
    return ChecksFailed(absl::StrCat(options.file, ": ", report.errors(),
                                     " errors; no code is issued"));
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::int32_t> last_date =
      LastCodeDate(*client, options.days);
  if (!last_date.ok()) return last_date.status();
  std::vector<IssuedCode> codes;
  for (const CodeHolder& holder : holders) {
    codes.push_back({holder, RandomCode()});
  }
  // The file first: a code that is in it and was never issued does no harm, one
  // that was issued and is nowhere is lost.
  absl::Status status =
      WriteNewSecretFile(options.out, CodesCsv(codes, Date(*last_date).Iso()));
  if (!status.ok()) return status;
  const absl::StatusOr<std::uint64_t> position =
      RecordCodes(*client, codes, *last_date);
  if (!position.ok()) return position.status();
  if (session->json) {
    session->Print({{"count", codes.size()},
                    {"file", options.out},
                    {"last_date", Date(*last_date).Iso()},
                    {"ca_fingerprint", session->ca_fingerprint()},
                    {"position", *position}});
  } else {
    session->out() << "Đã cấp (issued): " << codes.size()
                   << " mã (codes), tệp (file) " << options.out << '\n';
  }
  return absl::OkStatus();
}

}  // namespace

void AddEnrolCommands(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "enrol", "Đăng ký điện thoại (one-time codes for phones)");
  CLI::App* command =
      Command(group, "code", "Cấp mã một lần (issue a one-time code)",
              {"thon enrol code --team 4211 --member 90871",
               "thon enrol code --organisation 12 --days 7 --json"});
  auto code = std::make_shared<CodeOptions>();
  command->add_option("--team", code->holder.team_id, "The phone's team");
  command->add_option("--member", code->holder.member_id, "Its member");
  command->add_option("--organisation", code->holder.organisation_id,
                      "The organisation whose reporter it is for");
  command->add_option("--days", code->days, "Days it can be used")
      ->check(CLI::Range(1, 366));
  command->add_option("--count", code->count, "How many codes")
      ->check(CLI::Range(1, 256));
  OnChosen(command, session, code, &IssueCodes);

  command = Command(
      group, "bulk",
      "Cấp mã theo danh sách (codes for a file: team_id and member_id, or "
      "organisation_id)",
      {"thon enrol bulk phones.csv --out codes.csv"});
  auto bulk = std::make_shared<BulkOptions>();
  command->add_option("FILE", bulk->file, "CSV as Excel saves it")->required();
  command
      ->add_option("--out", bulk->out,
                   "New file for the codes, readable by its owner only")
      ->required();
  command->add_option("--days", bulk->days, "Days they can be used")
      ->check(CLI::Range(1, 366));
  OnChosen(command, session, bulk, &IssueBulk);
}

}  // namespace thon::cli
