// The server's rows of a pack against those folded here, one by one, in both
// directions.
#ifndef THON_TOOLS_VERIFY_ROWS_CHECK_H_
#define THON_TOOLS_VERIFY_ROWS_CHECK_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/projections/projection.h"
#include "server/projections/tables.h"
#include "tools/verify/findings.h"
#include "tools/verify/pack.h"

namespace thon::verify {

// `rows` are as of the pack's position. Memory: one file of rows.
void CheckRows(const Pack& pack, const RowReader& rows, Findings* findings);

// A row as people know it: "determination YB-2023, 2023-06, team 7". Takes any
// bytes.
Detail RowName(Table table, absl::string_view key);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_ROWS_CHECK_H_
