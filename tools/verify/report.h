// A verification as a report for people, Vietnamese first, and as JSON for
// programs. FORMAT.md, "The report", defines the JSON.
#ifndef THON_TOOLS_VERIFY_REPORT_H_
#define THON_TOOLS_VERIFY_REPORT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tools/verify/document.h"
#include "tools/verify/verify.h"

namespace thon::verify {

// `places_shown`: how many places of a finding are written out.
Document ReportDocument(const VerifyReport& report, std::size_t places_shown);
std::string ReportJson(const VerifyReport& report);

// "HELD", and in words.
absl::string_view VerdictName(Verdict verdict);
Words VerdictWords(Verdict verdict);
// "entry 12, position 40, tile/0/000: detail"
std::string PlaceText(const Place& place);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_REPORT_H_
