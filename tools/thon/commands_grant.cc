#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/ids.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/files.h"
#include "tools/thon/pages.h"
#include "tools/thon/submit.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct IssueOptions {
  std::uint64_t officer = 0;
  std::string role;
  std::string unit_code;
  bool all = false;
  std::string from;
  std::string to;
  std::string token_out;
  std::string token_until;
};

absl::StatusOr<v1::GrantIssued> GrantOf(Client* client,
                                        const IssueOptions& options) {
  if (options.all != options.unit_code.empty()) {
    return UsageError("give either --unit-code CODE or --all");
  }
  if (!IsSurrogateId(options.officer)) {
    return UsageError("--officer: a whole number above 0 and below 2^53");
  }
  const std::optional<v1::Role> role = ParseRole(options.role);
  if (!role.has_value()) {
    return UsageError("--role: operator, officer or reader");
  }
  const auto from = DayOption("--from", options.from);
  if (!from.ok()) return from.status();
  const auto to = DayOption("--to", options.to);
  if (!to.ok()) return to.status();
  const absl::StatusOr<v1::ServerStatus> status = client->GetStatus();
  if (!status.ok()) return status.status();
  const absl::StatusOr<std::uint64_t> unit =
      UnitIdOfCode(client, options.unit_code, 0);
  if (!unit.ok()) return unit.status();
  v1::GrantIssued grant;
  grant.set_grant_id(RandomId());
  grant.set_officer_id(options.officer);
  grant.set_role(*role);
  grant.set_unit_id(*unit);
  grant.set_from_date(*from == 0 ? status->local_date() : *from);
  grant.set_to_date(*to);
  return grant;
}

absl::Status WriteToken(Client* client, std::uint64_t officer,
                        std::int32_t last_date, const std::string& path) {
  v1::CreateTokenRequest request;
  request.set_officer_id(officer);
  request.set_last_date(last_date);
  const absl::StatusOr<v1::CreateTokenResponse> response =
      client->CreateToken(request);
  if (!response.ok()) return response.status();
  return WriteNewSecretFile(path, absl::StrCat(response->token(), "\n"));
}

absl::Status MustNotExist(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(
      path, " is there already; name another file, nothing is overwritten"));
}

absl::Status IssueGrant(Session* session, const IssueOptions& options) {
  const auto until = DayOption("--token-until", options.token_until);
  if (!until.ok()) return until.status();
  // Before anything is recorded: the token is shown once.
  if (!options.token_out.empty()) {
    if (absl::Status status = MustNotExist(options.token_out); !status.ok()) {
      return status;
    }
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  absl::StatusOr<v1::GrantIssued> grant = GrantOf(*client, options);
  if (!grant.ok()) return grant.status();
  Change change;
  change.key = RandomKey("grant");
  *change.events.emplace_back().mutable_grant_issued() = *grant;
  const absl::StatusOr<v1::SubmitResponse> response =
      SubmitChange(*client, change);
  if (!response.ok()) return response.status();
  if (!options.token_out.empty()) {
    const absl::Status status =
        WriteToken(*client, options.officer, *until, options.token_out);
    if (!status.ok()) {
      return absl::Status(
          status.code(),
          absl::StrCat("the grant ", grant->grant_id(),
                       " is issued, but there is no token: ", status.message(),
                       "; make one with thon admin token create"));
    }
  }
  if (session->json) {
    Json json = ToJson(*grant);
    json["position"] = response->position();
    json["token_file"] = options.token_out;
    session->Print(json);
    return absl::OkStatus();
  }
  session->out() << "Đã cấp quyền (grant): " << grant->grant_id()
                 << ", vị trí (position) " << response->position() << '\n';
  if (!options.token_out.empty()) {
    session->out() << "Mã truy cập (token): " << options.token_out << '\n';
  }
  return absl::OkStatus();
}

struct RevokeOptions {
  std::uint64_t grant = 0;
  std::string reason;
};

absl::Status RevokeGrant(Session* session, const RevokeOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  Change change;
  change.key = RandomKey("grant");
  v1::GrantRevoked* const revoked =
      change.events.emplace_back().mutable_grant_revoked();
  revoked->set_grant_id(options.grant);
  revoked->set_reason(options.reason);
  const absl::StatusOr<v1::SubmitResponse> response =
      SubmitChange(*client, change);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print(
        {{"grant_id", options.grant}, {"position", response->position()}});
  } else {
    session->out() << "Đã thu hồi quyền (revoked), vị trí (position) "
                   << response->position() << '\n';
  }
  return absl::OkStatus();
}

}  // namespace

void AddGrantCommands(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "grant", "Quyền của cán bộ (grants of officers)");
  CLI::App* command = Command(
      group, "issue", "Cấp quyền (let an officer act in a subtree)",
      {"thon grant issue --officer 7 --role officer --unit-code 141 "
       "--token-out officer7.token",
       "thon grant issue --officer 9 --role reader --all --to 31/12/2023"});
  auto issue = std::make_shared<IssueOptions>();
  command->add_option("--officer", issue->officer, "The officer's number")
      ->required();
  command->add_option("--role", issue->role, "operator, officer or reader")
      ->required();
  command->add_option("--unit-code", issue->unit_code,
                      "Code of the unit whose subtree it covers");
  command->add_flag("--all", issue->all, "It covers the whole log");
  command->add_option("--from", issue->from,
                      "First day; by default the last day opened");
  command->add_option("--to", issue->to, "Last day; by default open");
  command->add_option("--token-out", issue->token_out,
                      "Make a token too and write it to this new file (0600)");
  command->add_option("--token-until", issue->token_until,
                      "Last day of the token; by default 90 days");
  OnChosen(command, session, issue, &IssueGrant);

  command = Command(group, "revoke", "Thu hồi quyền (end a grant)",
                    {"thon grant revoke --grant 123 --reason \"chuyển công "
                     "tác\""});
  auto revoke = std::make_shared<RevokeOptions>();
  command->add_option("--grant", revoke->grant, "The grant's number")
      ->required();
  command->add_option("--reason", revoke->reason, "Why; no person's name")
      ->required();
  OnChosen(command, session, revoke, &RevokeGrant);
}

}  // namespace thon::cli
