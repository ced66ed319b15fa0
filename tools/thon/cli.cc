#include "tools/thon/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "server/core/version.h"
#include "tools/thon/commands.h"

namespace thon::cli {
namespace {

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The environment names a server only where the command line names none, and
// then as a whole: one server's token never goes to another.
void FillFromEnvironment(ConnectionOptions* options) {
  if (!options->server.empty() || !options->data.empty()) return;
  options->server = Environment("THON_SERVER");
  if (options->server.empty()) {
    options->data = Environment("THON_DATA");
    return;
  }
  if (options->ca_file.empty()) options->ca_file = Environment("THON_CA");
  if (options->token_file.empty()) {
    options->token_file = Environment("THON_TOKEN_FILE");
  }
}

void AddGlobalOptions(CLI::App* app, Session* session) {
  ConnectionOptions* const options = &session->connection;
  app->add_option("--data", options->data,
                  "Data directory of a server on this machine (THON_DATA)");
  app->add_option("--server", options->server,
                  "HOST:PORT of a server (THON_SERVER)");
  app->add_option("--ca", options->ca_file,
                  "Its certificate authority, PEM (THON_CA)");
  app->add_option("--token-file", options->token_file,
                  "File with your token (THON_TOKEN_FILE)");
  app->add_flag("--insecure", options->insecure,
                "Plain text; only to a server on this machine");
  app->add_flag("--json", session->json,
                "One JSON value on standard output instead of tables");
}

}  // namespace

int RunThon(const std::vector<std::string>& arguments, std::ostream* out,
            std::ostream* err, std::unique_ptr<Client> client) {
  Session session(out, err);
  if (client != nullptr) session.set_client(std::move(client));
  CLI::App app("Thôn: công cụ dòng lệnh (the command line of Thôn)", "thon");
  app.set_version_flag("--version", std::string("thon ") + kVersion);
  app.require_subcommand(1);
  // Global options may stand behind the command as well.
  app.fallthrough();
  app.footer(
      "Kết thúc (exit codes): 0 xong (done), 1 bị từ chối (refused), 2 sai cú "
      "pháp (usage),\n3 không kết nối được (cannot connect), 4 không có quyền "
      "(not permitted).\nthon COMMAND --help has examples.");
  AddGlobalOptions(&app, &session);
  AddStatusCommands(&app, &session);
  AddImportCommands(&app, &session);
  AddRegistryCommands(&app, &session);
  AddTeamCommands(&app, &session);
  AddMemberCommands(&app, &session);
  AddMapCommands(&app, &session);
  AddListCommands(&app, &session);
  AddDecisionCommands(&app, &session);
  AddPolicyCommands(&app, &session);
  AddEligibilityCommands(&app, &session);
  AddMoneyCommands(&app, &session);
  AddIndicatorCommands(&app, &session);
  AddOfficeCommands(&app, &session);
  AddRecordCommand(&app, &session);
  AddGrantCommands(&app, &session);
  AddEnrolCommands(&app, &session);
  AddEnrolSheetCommands(&app, &session);
  AddTemplateCommands(&app, &session);
  AddAuthorCommands(&app, &session);
  AddLogCommands(&app, &session);
  AddAuditCommands(&app, &session);
  AddScenarioCommands(&app, &session);
  AddLoginCommands(&app, &session);
  AddAdminCommands(&app, &session);

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);  // CLI11 takes the last argument first.
  } catch (const CLI::ParseError& error) {
    return app.exit(error, *out, *err) == 0 ? kExitOk : kExitUsage;
  }
  FillFromEnvironment(&session.connection);
  return session.Run();
}

}  // namespace thon::cli
