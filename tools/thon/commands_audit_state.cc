// thon audit state-at, roots: what was so at a moment, and the roots over all
// rows that prove it.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/projections/state_root.h"
#include "tools/thon/audit_moments.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands_audit.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct StateOptions {
  std::string as_of;
};

struct MoneySum {
  std::string policy_id;
  v1::DeterminationSum sum;
};

absl::StatusOr<std::vector<MoneySum>> ReadMoney(Client* client,
                                                std::uint64_t position) {
  v1::ListPoliciesRequest list;
  list.mutable_options()->mutable_as_of()->set_position(position);
  const auto policies = client->ListPolicies(list);
  if (!policies.ok()) return policies.status();
  std::set<std::string> ids;
  for (const v1::PolicyRow& policy : policies->policies()) {
    ids.insert(policy.policy_id());
  }
  std::vector<MoneySum> sums;
  for (const std::string& id : ids) {
    v1::SummarizeDeterminationsRequest request;
    request.set_policy_id(id);
    *request.mutable_options() = list.options();
    const auto response = client->SummarizeDeterminations(request);
    if (!response.ok()) return response.status();
    for (const v1::DeterminationSum& sum : response->sums()) {
      sums.push_back({id, sum});
    }
  }
  return sums;
}

absl::StatusOr<std::vector<v1::StateRoot>> ReadRoots(AuditClient* audit,
                                                     std::uint64_t position) {
  std::vector<v1::StateRoot> roots;
  for (const ProjectionTables& projection : AllProjectionTables()) {
    v1::ComputeStateRootRequest request;
    request.set_projection(projection.name);
    request.set_position(position);
    auto root = audit->ComputeStateRoot(request);
    if (!root.ok()) return root.status();
    roots.push_back(*std::move(root));
  }
  return roots;
}

void PrintMoney(const std::vector<MoneySum>& sums, std::ostream& out) {
  // States of a month together: reasons are for thon eligibility summary.
  std::map<std::tuple<std::string, std::int32_t, int>,
           std::pair<std::int64_t, std::int64_t>>
      cells;
  std::map<std::string, std::int64_t> totals;
  for (const MoneySum& one : sums) {
    auto& [count, amount] =
        cells[{one.policy_id, one.sum.month(), one.sum.state()}];
    count += one.sum.count();
    amount += one.sum.amount_vnd();
    totals[one.policy_id] += one.sum.amount_vnd();
  }
  TextTable table({{"Chính sách (policy)"},
                   {"Tháng (month)"},
                   {"Trạng thái (state)"},
                   {"Số lượng (count)", Align::kRight},
                   {"Số tiền (amount)", Align::kRight}});
  std::string last;
  for (const auto& [key, cell] : cells) {
    const auto& [policy, month, state] = key;
    if (!last.empty() && last != policy) table.AddRule();
    last = policy;
    const auto named = static_cast<v1::DeterminationState>(state);
    table.AddRow({policy, ShowMonth(month),
                  absl::StrCat(StateWord(named), " (", Short(named), ")"),
                  FormatGrouped(cell.first), FormatDong(cell.second)});
  }
  table.Print(out);
  for (const auto& [policy, total] : totals) {
    out << "Tổng (total) " << policy << ": " << FormatDong(total) << '\n';
  }
}

void PrintRoots(const std::vector<v1::StateRoot>& roots, std::ostream& out) {
  TextTable table({{"Phép chiếu (projection)"},
                   {"Bản (version)", Align::kRight},
                   {"Số hàng (rows)", Align::kRight},
                   {"Gốc (root)"}});
  for (const v1::StateRoot& root : roots) {
    table.AddRow({root.projection(), absl::StrCat(root.version()),
                  FormatGrouped(static_cast<std::int64_t>(root.row_count())),
                  HexEncode(root.root())});
  }
  table.Print(out);
}

absl::Status ShowState(Session* session, const StateOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const auto position = PositionOfMoment(*client, "AS-OF", options.as_of);
  if (!position.ok()) return position.status();
  if (*position == 0) {
    return absl::NotFoundError("the log begins after that moment");
  }
  const auto sums = ReadMoney(*client, *position);
  if (!sums.ok()) return sums.status();
  const auto roots = ReadRoots((*client)->audit(), *position);
  if (!roots.ok()) return roots.status();
  if (!session->json) {
    session->out() << "Vị trí (position): " << *position << "\n\n";
    PrintMoney(*sums, session->out());
    session->out() << '\n';
    PrintRoots(*roots, session->out());
    return absl::OkStatus();
  }
  Json money = Json::array();
  std::int64_t total = 0;
  for (const MoneySum& one : *sums) {
    Json row = {{"policy_id", one.policy_id}};
    row.update(ToJson(one.sum));
    money.push_back(std::move(row));
    total += one.sum.amount_vnd();
  }
  session->Print({{"position", *position},
                  {"money", std::move(money)},
                  {"total_vnd", total},
                  {"state_roots", ToJsonArray(*roots)}});
  return absl::OkStatus();
}

struct RootsOptions {
  std::string projection;
  std::string from;
};

absl::Status ShowRoots(Session* session, const RootsOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::ListStateRootsRequest request;
  request.set_projection(options.projection);
  request.set_page_size(1000);
  if (!options.from.empty()) {
    const auto first = PositionOfMoment(*client, "--from", options.from);
    if (!first.ok()) return first.status();
    request.set_first_position(*first);
  }
  std::vector<v1::RecordedStateRoots> all;
  do {
    const auto page = (*client)->audit()->ListStateRoots(request);
    if (!page.ok()) return page.status();
    all.insert(all.end(), page->state_roots().begin(),
               page->state_roots().end());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (session->json) {
    session->Print({{"state_roots", ToJsonArray(all)}});
    return absl::OkStatus();
  }
  TextTable table({{"Vị trí (position)", Align::kRight},
                   {"Mục (entry)", Align::kRight},
                   {"Vì sao (reason)"},
                   {"Phép chiếu (projection)"},
                   {"Số hàng (rows)", Align::kRight},
                   {"Gốc (root)"},
                   {"Ghi ở (recorded at)", Align::kRight}});
  for (const v1::RecordedStateRoots& one : all) {
    const std::string recorded = one.recorded_position() == 0
                                     ? "đang tính (pending)"
                                     : absl::StrCat(one.recorded_position());
    if (one.roots_size() == 0) {
      table.AddRow({absl::StrCat(one.position()),
                    absl::StrCat(one.entry_index()), Short(one.reason()), "-",
                    "-", "-", recorded});
    }
    for (const v1::StateRoot& root : one.roots()) {
      table.AddRow({absl::StrCat(one.position()),
                    absl::StrCat(one.entry_index()), Short(one.reason()),
                    absl::StrCat(root.projection(), " v", root.version()),
                    absl::StrCat(root.row_count()), HexEncode(root.root()),
                    recorded});
    }
  }
  table.Print(session->out());
  return absl::OkStatus();
}

}  // namespace

void AddAuditStateCommands(CLI::App* group, Session* session) {
  CLI::App* command = Command(
      group, "state-at",
      "Tình trạng tại một thời điểm (states, đồng and state roots as of a "
      "moment)",
      {"thon audit state-at 2023-10-31", "thon audit state-at 4711 --json"});
  auto state = std::make_shared<StateOptions>();
  command->add_option("as-of", state->as_of, kAsOfHelp)->required();
  OnChosen(command, session, state, &ShowState);

  command = Command(
      group, "roots",
      "Gốc trạng thái đã ghi (the state roots that the log recorded)",
      {"thon audit roots", "thon audit roots --projection eligibility"});
  auto roots = std::make_shared<RootsOptions>();
  command->add_option("--projection", roots->projection,
                      "Only this projection");
  command->add_option("--from", roots->from, kFromHelp);
  OnChosen(command, session, roots, &ShowRoots);
}

}  // namespace thon::cli
