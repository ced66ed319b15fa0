#include "tools/thon/commands_audit.h"

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

}  // namespace thon::cli
