// What a column may be called: its own name ("commune_code"), the same in other
// letters ("Commune code"), or Vietnamese with or without tones ("Mã xã",
// "MA XA"), alone or together ("Mã xã (commune_code)").
#ifndef THON_TOOLS_THON_COLUMN_NAMES_H_
#define THON_TOOLS_THON_COLUMN_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace thon::cli {

// The column that a cell of a header names; what stands there in lower case
// where it names none that is known. Takes any text.
std::string ColumnOf(absl::string_view title);

// "Mã xã"; "" for a column that is not known.
absl::string_view VietnameseTitle(absl::string_view column);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_COLUMN_NAMES_H_
