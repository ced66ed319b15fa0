// The commands of `thon`, a function a group. Each adds its commands to `app`;
// a chosen command sets the session's action. Both pointers outlive the parse.
#ifndef THON_TOOLS_THON_COMMANDS_H_
#define THON_TOOLS_THON_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "tools/thon/session.h"

namespace thon::cli {

void AddStatusCommands(CLI::App* app, Session* session);
void AddImportCommands(CLI::App* app, Session* session);
void AddTeamCommands(CLI::App* app, Session* session);
void AddMemberCommands(CLI::App* app, Session* session);
void AddMapCommands(CLI::App* app, Session* session);
void AddListCommands(CLI::App* app, Session* session);
void AddDecisionCommands(CLI::App* app, Session* session);
void AddPolicyCommands(CLI::App* app, Session* session);
void AddGrantCommands(CLI::App* app, Session* session);
void AddEnrolCommands(CLI::App* app, Session* session);
void AddEnrolSheetCommands(CLI::App* app, Session* session);
void AddTemplateCommands(CLI::App* app, Session* session);
void AddRegistryCommands(CLI::App* app, Session* session);
void AddAuthorCommands(CLI::App* app, Session* session);
void AddIndicatorCommands(CLI::App* app, Session* session);
void AddEligibilityCommands(CLI::App* app, Session* session);
void AddMoneyCommands(CLI::App* app, Session* session);
void AddOfficeCommands(CLI::App* app, Session* session);
void AddRecordCommand(CLI::App* app, Session* session);
void AddAuditCommands(CLI::App* app, Session* session);
void AddLogCommands(CLI::App* app, Session* session);
void AddScenarioCommands(CLI::App* app, Session* session);
void AddLoginCommands(CLI::App* app, Session* session);
void AddAdminCommands(CLI::App* app, Session* session);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_COMMANDS_H_
