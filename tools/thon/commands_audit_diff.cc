// thon audit diff: which determinations changed between two moments, and what
// caused each.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/text.h"
#include "tools/thon/audit_moments.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands_audit.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct DiffOptions {
  std::vector<std::string> as_of;
  std::string policy;
  std::string month;
  std::uint64_t team = 0;
};

std::int64_t AmountOf(bool is_set, const v1::Determination& determination) {
  return is_set ? determination.amount_vnd() : 0;
}

std::string ShowState(bool is_set, const v1::Determination& determination) {
  if (!is_set) return "-";
  return absl::StrCat(StateWord(determination.state()), " (",
                      Short(determination.state()), ") ",
                      FormatDong(determination.amount_vnd()));
}

std::string WithSign(std::int64_t difference) {
  return absl::StrCat(difference > 0 ? "+" : "", FormatDong(difference));
}

absl::StatusOr<std::vector<v1::DeterminationChange>> ReadChanges(
    AuditClient* audit, v1::ListDeterminationChangesRequest request) {
  std::vector<v1::DeterminationChange> changes;
  request.set_page_size(1000);
  do {
    auto page = audit->ListDeterminationChanges(request);
    if (!page.ok()) return page.status();
    for (v1::DeterminationChange& change : *page->mutable_changes()) {
      changes.push_back(std::move(change));
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return changes;
}

std::string ShowCauses(const v1::DeterminationStep& step) {
  std::vector<std::string> kinds;
  for (const std::string& kind : step.cause_kinds()) {
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      kinds.push_back(kind);
    }
  }
  return Printable(absl::StrJoin(kinds, ", "));
}

struct Totals {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

void AddChange(const v1::DeterminationChange& change, TextTable* table) {
  const std::string who =
      change.team_id() != 0
          ? absl::StrCat(change.team_id())
          : absl::StrCat("cơ quan ", change.organisation_id());
  const std::int64_t difference =
      AmountOf(change.has_after(), change.after()) -
      AmountOf(change.has_before(), change.before());
  std::vector<std::string> row = {
      change.policy_id(),
      ShowMonth(change.month()),
      who,
      ShowState(change.has_before(), change.before()),
      ShowState(change.has_after(), change.after()),
      WithSign(difference)};
  // The step that made it what it is, then those on the way.
  for (int i = change.steps_size(); i-- > 0;) {
    const v1::DeterminationStep& step = change.steps(i);
    row.push_back(absl::StrCat(step.entry_index()));
    row.push_back(ShowCauses(step));
    row.push_back(ShowInstant(step.receive_time_ms()));
    row.push_back(ShowState(step.has_determination(), step.determination()));
    table->AddRow(std::move(row));
    row = {"", "", "", "", "", ""};
  }
  if (change.steps_size() == 0) {
    row.insert(row.end(), {"-", "-", "-", "-"});
    table->AddRow(std::move(row));
  }
}

void PrintChanges(Session* session,
                  const std::vector<v1::DeterminationChange>& changes,
                  const Totals& totals, std::uint64_t first,
                  std::uint64_t second) {
  std::ostream& out = session->out();
  TextTable table({{"Chính sách (policy)"},
                   {"Tháng (month)"},
                   {"Tổ (team)", Align::kRight},
                   {"Trước (before)"},
                   {"Sau (after)"},
                   {"Chênh lệch (difference)", Align::kRight},
                   {"Mục (entry)", Align::kRight},
                   {"Do (cause)"},
                   {"Lúc (time)"},
                   {"Thành (became)"}});
  for (const v1::DeterminationChange& change : changes) {
    AddChange(change, &table);
  }
  if (!table.empty()) {
    table.Print(out);
    out << '\n';
  }
  out << "Từ vị trí (from position) " << first << " đến (to) " << second << ": "
      << changes.size()
      << " thay đổi (changes)\nTổng (total): " << FormatDong(totals.before)
      << " -> " << FormatDong(totals.after) << " ("
      << WithSign(totals.after - totals.before) << ")\n";
}

absl::Status Diff(Session* session, const DiffOptions& options) {
  if (options.as_of.size() != 2) {
    return UsageError("give --as-of twice: the older moment, then the newer");
  }
  const auto month = MonthOption("--month", options.month);
  if (!month.ok()) return month.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const auto first = PositionOfMoment(*client, "--as-of", options.as_of[0]);
  if (!first.ok()) return first.status();
  const auto second = PositionOfMoment(*client, "--as-of", options.as_of[1]);
  if (!second.ok()) return second.status();
  if (*first > *second) {
    return UsageError(
        "the first --as-of is the older moment; they are the "
        "other way round");
  }
  v1::ReadOptions newer;
  newer.mutable_as_of()->set_position(*second);
  absl::Status known = CheckPolicy(*client, options.policy, newer);
  if (known.ok()) known = CheckTeam(*client, options.team, newer);
  if (!known.ok()) return known;
  std::vector<v1::DeterminationChange> changes;
  if (*first < *second) {
    v1::ListDeterminationChangesRequest request;
    request.set_first_position(*first);
    request.set_second_position(*second);
    request.set_policy_id(options.policy);
    request.set_month(*month);
    request.set_team_id(options.team);
    auto read = ReadChanges((*client)->audit(), std::move(request));
    if (!read.ok()) return read.status();
    changes = *std::move(read);
  }
  Totals totals;
  for (const v1::DeterminationChange& change : changes) {
    totals.before += AmountOf(change.has_before(), change.before());
    totals.after += AmountOf(change.has_after(), change.after());
  }
  if (!session->json) {
    PrintChanges(session, changes, totals, *first, *second);
    return absl::OkStatus();
  }
  session->Print({{"first_position", *first},
                  {"second_position", *second},
                  {"changes", ToJsonArray(changes)},
                  {"before_vnd", totals.before},
                  {"after_vnd", totals.after},
                  {"difference_vnd", totals.after - totals.before}});
  return absl::OkStatus();
}

}  // namespace

void AddAuditDiffCommand(CLI::App* group, Session* session) {
  CLI::App* const command = Command(
      group, "diff",
      "Kết quả nào đã thay đổi và vì sao (which determinations changed between "
      "two moments, and the event that caused each)",
      {"thon audit diff --as-of 2023-10-31 --as-of 2023-11-30",
       "thon audit diff --as-of 1200 --as-of 4711 --team 4211 --json"});
  auto options = std::make_shared<DiffOptions>();
  command
      ->add_option("--as-of", options->as_of,
                   "Twice: a day (2023-10-13), an instant (RFC 3339) or a "
                   "position")
      ->required()
      ->expected(1, 2);
  command->add_option("--policy", options->policy, "Only this policy");
  command->add_option("--month", options->month, "Only this month");
  command->add_option("--team", options->team, "Only this team")
      ->check(CLI::PositiveNumber);
  OnChosen(command, session, options, &Diff);
}

}  // namespace thon::cli
