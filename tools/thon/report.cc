#include "tools/thon/report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/thon/text_table.h"

namespace thon::cli {
namespace {

// A cell is shown whole up to here, in bytes.
constexpr std::size_t kValueBytesMax = 120;

std::string ShowValue(absl::string_view value) {
  std::size_t size = std::min(value.size(), kValueBytesMax);
  while (size < value.size() && size > 0 &&
         (static_cast<unsigned char>(value[size]) & 0xC0) == 0x80) {
    --size;
  }
  return absl::StrCat("\"", Printable(value.substr(0, size)),
                      size < value.size() ? "…" : "", "\"");
}

// "Mã xã (commune_code)", or the column alone where the file calls it that.
std::string ShowColumn(const Finding& finding) {
  const std::string title = Printable(finding.title);
  if (title.empty() || title == finding.column) return finding.column;
  if (title.find(finding.column) != std::string::npos) return title;
  return absl::StrCat(title, " (", finding.column, ")");
}

}  // namespace

void Report::Add(Finding finding) {
  int& count = finding.severity == Severity::kError ? errors_ : warnings_;
  if (++count <= kFindingsMax) findings_.push_back(std::move(finding));
}

void Report::Error(int line, absl::string_view column, absl::string_view code,
                   Words words) {
  Add({line, Severity::kError, std::string(column), "", "", std::string(code),
       std::move(words)});
}

void Report::Warning(int line, absl::string_view column, absl::string_view code,
                     Words words) {
  Add({line, Severity::kWarning, std::string(column), "", "", std::string(code),
       std::move(words)});
}

void Report::Sort() {
  std::stable_sort(
      findings_.begin(), findings_.end(),
      [](const Finding& a, const Finding& b) { return a.line < b.line; });
}

void Report::Print(absl::string_view file, std::ostream& out) const {
  for (const Finding& finding : findings_) {
    out << Printable(file) << ':';
    if (finding.line != 0) out << finding.line << ':';
    if (!finding.column.empty()) out << ' ' << ShowColumn(finding) << ':';
    if (!finding.value.empty()) out << ' ' << ShowValue(finding.value);
    out << (finding.severity == Severity::kError ? " lỗi (error) "
                                                 : " lưu ý (warning) ")
        << finding.code << "\n    " << Printable(finding.words.vi) << "\n    "
        << Printable(finding.words.en) << '\n';
  }
  if (left_out() > 0) {
    out << "... và " << left_out() << " phát hiện nữa (and " << left_out()
        << " more findings)\n";
  }
}

Json Report::ToJson() const {
  Json array = Json::array();
  for (const Finding& finding : findings_) {
    array.push_back(
        {{"line", finding.line},
         {"severity",
          finding.severity == Severity::kError ? "ERROR" : "WARNING"},
         {"column", finding.column},
         {"title", finding.title},
         {"value", finding.value},
         {"code", finding.code},
         {"message", finding.words.en},
         {"message_vi", finding.words.vi}});
  }
  return array;
}

}  // namespace thon::cli
