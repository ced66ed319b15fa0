// What the commands share: groups of subcommands, and options whose text is a
// day, a month or a moment.
#ifndef THON_TOOLS_THON_COMMAND_OPTIONS_H_
#define THON_TOOLS_THON_COMMAND_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "thon/v1/query_service.pb.h"
#include "tools/thon/session.h"

namespace thon::cli {

// The group `name` below `app`, made at its first use. A group does nothing
// without one of its commands.
CLI::App* Group(CLI::App* app, const std::string& name,
                const std::string& description);

// A command below `group`. `examples` are shown by --help, one a line.
CLI::App* Command(CLI::App* group, const std::string& name,
                  const std::string& description,
                  const std::vector<std::string>& examples);

// Runs `run(session, options)` when the command is chosen.
template <typename Options>
void OnChosen(CLI::App* command, Session* session,
              const std::shared_ptr<Options>& options,
              absl::Status (*run)(Session*, const Options&)) {
  command->callback([session, options, run] {
    session->set_action(
        [session, options, run] { return run(session, *options); });
  });
}

// Each of these gives 0 for an empty text, and an error of usage that names the
// option when the text is wrong.
absl::StatusOr<std::int32_t> DayOption(absl::string_view name,
                                       const std::string& text);
absl::StatusOr<std::int32_t> MonthOption(absl::string_view name,
                                         const std::string& text);

// "120" a position, "2023-10-13" or "13/10/2023" a day, RFC 3339 an instant;
// not set for an empty text.
absl::StatusOr<v1::ReadOptions> AsOfOption(const std::string& text);

// 16 bytes out of 32 hexadecimal digits.
absl::StatusOr<std::string> AuthorOption(const std::string& text);

inline constexpr char kAsOfHelp[] =
    "Rows as of a day (2023-10-13), an instant (RFC 3339) or a position";

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_COMMAND_OPTIONS_H_
