// The parts of `thon policy`, a file a part. Private to commands_policy*.cc.
#ifndef THON_TOOLS_THON_COMMANDS_POLICY_H_
#define THON_TOOLS_THON_COMMANDS_POLICY_H_

#include <CLI/CLI.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/policy/policy_check.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/session.h"

namespace thon::cli {

// Each adds its commands to the group `thon policy`.
void AddPolicyCheckCommand(CLI::App* group, Session* session);
void AddPolicyReadCommands(CLI::App* group, Session* session);
void AddPolicySimulateCommand(CLI::App* group, Session* session);

// Reads and parses a file; a text with mistakes is still a source.
absl::StatusOr<PolicySource> ReadPolicyFile(const std::string& path);
// The same; a text with an error is printed and refused.
absl::StatusOr<PolicySource> ReadGoodPolicy(Session* session,
                                            const std::string& path);

// The line of FormatFinding(); editors find the place by it.
void PrintFinding(std::ostream& out, const Finding& finding);
Json FindingJson(const Finding& finding);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_COMMANDS_POLICY_H_
