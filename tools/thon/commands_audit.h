// The commands of `thon audit`, a function a part.
#ifndef THON_TOOLS_THON_COMMANDS_AUDIT_H_
#define THON_TOOLS_THON_COMMANDS_AUDIT_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "tools/thon/log_trust.h"
#include "tools/thon/session.h"

namespace thon::cli {

void AddAuditLogCommands(CLI::App* group, Session* session);
void AddAuditProofCommands(CLI::App* group, Session* session);
void AddAuditPackCommand(CLI::App* group, Session* session);
void AddAuditExplainCommand(CLI::App* group, Session* session);
void AddAuditDiffCommand(CLI::App* group, Session* session);
void AddAuditStateCommands(CLI::App* group, Session* session);

// What the parts share.

// FetchTrusted(), whose verdict that the log is signed with another key is an
// alarm (kDataLoss with reason LOG_KEY_CHANGED), not a matter of grants:
// kPermissionDenied comes from the server alone.
absl::StatusOr<TrustedCheckpoint> FetchOrAlarm(
    Session* session, const TrustOptions& options,
    const v1::GetCheckpointRequest& request);

// kNotFound: there is no such team, or policy, in the rows that `read` names.
// 0 and "" stand for all, and are there.
absl::Status CheckTeam(Client* client, std::uint64_t team_id,
                       const v1::ReadOptions& read);
absl::Status CheckPolicy(Client* client, const std::string& policy_id,
                         const v1::ReadOptions& read);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_COMMANDS_AUDIT_H_
