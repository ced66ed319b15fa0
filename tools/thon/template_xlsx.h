// A template as a workbook: libxlsxwriter writes it, as the format is a zip of
// a dozen linked XML files.
//
//   sheet 1   the table: frozen header in Vietnamese with the importer's name
//             below, a comment with both languages on each column, drop-downs,
//             formats for days and money, text for codes, and an example row
//   sheet 2   the guide: what each column is, how to save, how to import
//   sheet 3   hidden: what the drop-downs offer
#ifndef THON_TOOLS_THON_TEMPLATE_XLSX_H_
#define THON_TOOLS_THON_TEMPLATE_XLSX_H_

#include <string>

#include "absl/status/status.h"
#include "tools/thon/template_spec.h"

namespace thon::cli {

// Rows that the drop-downs and formats reach.
inline constexpr int kTemplateRows = 5000;

// kAlreadyExists: the file is there; it is left as it is. kInternal: it
// cannot be written.
absl::Status WriteTemplateXlsx(const TemplateSpec& spec,
                               const std::string& path);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_TEMPLATE_XLSX_H_
