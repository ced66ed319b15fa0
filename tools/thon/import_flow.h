// How every file is imported: read, judged row by row, reported in Vietnamese
// and English; recorded only with --apply and only without an error, as one
// change. Without --apply, or with --dry-run, nothing is recorded.
#ifndef THON_TOOLS_THON_IMPORT_FLOW_H_
#define THON_TOOLS_THON_IMPORT_FLOW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "tools/thon/command_options.h"
#include "tools/thon/report.h"
#include "tools/thon/row_reader.h"
#include "tools/thon/session.h"
#include "tools/thon/submit.h"

namespace thon::cli {

struct ImportFlags {
  std::string file;
  bool apply = false;
  bool dry_run = false;
  bool strict = false;
  std::string key;

  CellRules rules() const { return CellRules{strict}; }
};

void AddImportFlags(CLI::App* command, ImportFlags* flags);

// A figure of the summary, as a person and a program read it.
struct SummaryLine {
  std::string vietnamese;
  std::string name;  // Key of the JSON object.
  Json value;
};

struct ImportPlan {
  std::string kind;  // "units".
  std::size_t rows = 0;
  Report report;
  std::vector<SummaryLine> summary;
  // What to record; not set when there is nothing new. The key may be empty.
  std::optional<Change> change;
};

// Prints the report and, with --apply, records the change. OK: recorded, or the
// dry run found no error. Reason CHECKS_FAILED: it did; nothing is recorded.
absl::Status FinishImport(Session* session, const ImportFlags& flags,
                          ImportPlan plan);

// What was meant to reach back before the day of its recording, and does not
// say so, is told before it is recorded: an act recorded cannot be taken back.
// `option` is the option of the act's first day.
absl::Status WarnUnlessItReachesBack(Client* client, Date first,
                                     bool retroactive, absl::string_view option,
                                     Report* report);

// One event that names one document.
Change MakeChange(v1::Event event, std::string document);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_IMPORT_FLOW_H_
