#include "tools/thon/commands_audit.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"

namespace thon::cli {

void AddAuditCommands(CLI::App* app, Session* session) {
  CLI::App* const group =
      Group(app, "audit",
            "Kiểm toán (for auditors: the log, its proofs, and what follows "
            "from it)");
  AddAuditLogCommands(group, session);
  AddAuditProofCommands(group, session);
  AddAuditPackCommand(group, session);
  AddAuditExplainCommand(group, session);
  AddAuditDiffCommand(group, session);
  AddAuditStateCommands(group, session);
}

absl::StatusOr<TrustedCheckpoint> FetchOrAlarm(
    Session* session, const TrustOptions& options,
    const v1::GetCheckpointRequest& request) {
  absl::StatusOr<TrustedCheckpoint> trusted =
      FetchTrusted(session, options, request);
  if (!absl::IsPermissionDenied(trusted.status())) return trusted;
  const absl::string_view why = trusted.status().message();
  // A file that may not be read is no verdict on the log.
  if (absl::StartsWith(why, "cannot ")) {
    return absl::FailedPreconditionError(why);
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const auto answer = (*client)->audit()->GetCheckpoint(request);
  if (!answer.ok()) return answer.status();
  session->Note(
      "NHẬT KÝ ĐƯỢC KÝ BẰNG KHÓA KHÁC! Đừng tin nhật ký này cho đến khi cơ "
      "quan quản lý giải thích.\nTHE LOG IS SIGNED WITH ANOTHER KEY! Believe "
      "nothing of it until its operator has explained this.");
  return WithReason(absl::DataLossError(why), "LOG_KEY_CHANGED");
}

absl::Status CheckTeam(Client* client, std::uint64_t team_id,
                       const v1::ReadOptions& read) {
  if (team_id == 0) return absl::OkStatus();
  v1::GetTeamRequest request;
  request.set_team_id(team_id);
  *request.mutable_options() = read;
  const auto team = client->GetTeam(request);
  if (!absl::IsNotFound(team.status())) return team.status();
  return absl::NotFoundError(
      absl::StrCat("không có tổ này (no such team): ", team_id));
}

absl::Status CheckPolicy(Client* client, const std::string& policy_id,
                         const v1::ReadOptions& read) {
  if (policy_id.empty()) return absl::OkStatus();
  v1::ListPoliciesRequest request;
  *request.mutable_options() = read;
  const auto policies = client->ListPolicies(request);
  if (!policies.ok()) return policies.status();
  for (const v1::PolicyRow& policy : policies->policies()) {
    if (policy.policy_id() == policy_id) return absl::OkStatus();
  }
  return absl::NotFoundError(
      absl::StrCat("không có chính sách này (no such policy): ", policy_id));
}

}  // namespace thon::cli
