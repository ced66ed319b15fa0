#include "tools/thon/command_options.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

absl::Status BadOption(absl::string_view name, const absl::Status& why) {
  return UsageError(absl::StrCat(name, ": ", why.message()));
}

}  // namespace

CLI::App* Group(CLI::App* app, const std::string& name,
                const std::string& description) {
  const std::vector<CLI::App*> found = app->get_subcommands(
      [&](const CLI::App* other) { return other->get_name() == name; });
  if (!found.empty()) return found.front();
  CLI::App* const group = app->add_subcommand(name, description);
  group->require_subcommand(1);
  return group;
}

CLI::App* Command(CLI::App* group, const std::string& name,
                  const std::string& description,
                  const std::vector<std::string>& examples) {
  CLI::App* const command = group->add_subcommand(name, description);
  if (!examples.empty()) {
    command->footer(
        absl::StrCat("Ví dụ (examples):\n  ", absl::StrJoin(examples, "\n  ")));
  }
  return command;
}

absl::StatusOr<std::int32_t> DayOption(absl::string_view name,
                                       const std::string& text) {
  if (text.empty()) return 0;
  const absl::StatusOr<Date> date = ParseDate(text);
  if (!date.ok()) return BadOption(name, date.status());
  return date->days;
}

absl::StatusOr<std::int32_t> MonthOption(absl::string_view name,
                                         const std::string& text) {
  if (text.empty()) return 0;
  const absl::StatusOr<Month> month = ParseMonth(text);
  if (!month.ok()) return BadOption(name, month.status());
  return month->yyyymm;
}

absl::StatusOr<v1::ReadOptions> AsOfOption(const std::string& text) {
  v1::ReadOptions options;
  if (text.empty()) return options;
  v1::AsOf* const as_of = options.mutable_as_of();
  std::uint64_t position = 0;
  if (std::all_of(text.begin(), text.end(),
                  [](char c) { return c >= '0' && c <= '9'; }) &&
      absl::SimpleAtoi(text, &position)) {
    as_of->set_position(position);
    return options;
  }
  if (const absl::StatusOr<Date> date = ParseDate(text); date.ok()) {
    as_of->set_date(date->days);
    return options;
  }
  const absl::StatusOr<Instant> instant = ParseInstant(text);
  if (!instant.ok()) {
    return UsageError(absl::StrCat(
        "--as-of: \"", text,
        "\" is neither a position, nor a day (2023-10-13), nor an instant "
        "(2023-10-13T08:00:00+07:00)"));
  }
  as_of->set_time_ms(instant->ms);
  return options;
}

absl::StatusOr<std::string> AuthorOption(const std::string& text) {
  std::string author;
  if (!HexDecode(text, &author) || author.size() != AuthorId::kSize) {
    return UsageError(
        absl::StrCat("\"", text,
                     "\" is not an author: 32 hexadecimal digits, "
                     "as thon author list shows them"));
  }
  return author;
}

}  // namespace thon::cli
