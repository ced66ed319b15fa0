// A file of phones to enrol: team_id and member_id, or organisation_id, a row.
#ifndef THON_TOOLS_THON_ENROL_FILE_H_
#define THON_TOOLS_THON_ENROL_FILE_H_

#include <cstdint>
#include <vector>

#include "tools/thon/csv.h"
#include "tools/thon/report.h"

namespace thon::cli {

// Whom a one-time code is for.
struct CodeHolder {
  std::uint64_t team_id = 0;
  std::uint64_t member_id = 0;
  std::uint64_t organisation_id = 0;
};

std::vector<CodeHolder> PlanEnrolment(const CsvTable& table, Report* report);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_ENROL_FILE_H_
