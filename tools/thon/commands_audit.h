// The commands of `thon audit`, a function a part.
#ifndef THON_TOOLS_THON_COMMANDS_AUDIT_H_
#define THON_TOOLS_THON_COMMANDS_AUDIT_H_

#include <CLI/CLI.hpp>

#include "tools/thon/session.h"

namespace thon::cli {

void AddAuditLogCommands(CLI::App* group, Session* session);
void AddAuditProofCommands(CLI::App* group, Session* session);
void AddAuditPackCommand(CLI::App* group, Session* session);
void AddAuditExplainCommand(CLI::App* group, Session* session);
void AddAuditDiffCommand(CLI::App* group, Session* session);
void AddAuditStateCommands(CLI::App* group, Session* session);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_COMMANDS_AUDIT_H_
