// Whether what people are told is in both languages.
#ifndef THON_TESTS_SUPPORT_BOTH_LANGUAGES_H_
#define THON_TESTS_SUPPORT_BOTH_LANGUAGES_H_

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/policy_yaml.h"

namespace thon::testing {

// Without what stands in quotes or braces: a file's own words, and examples of
// the format.
inline std::string OwnWords(absl::string_view text) {
  std::string out = " ";
  bool quoted = false;
  int depth = 0;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    if (!quoted && depth == 0 && c != '"' && c != '}') out += c;
  }
  for (char& c : out) {
    if (c == ',' || c == ';' || c == ':' || c == '?' || c == '.') c = ' ';
  }
  return absl::StrCat(out, " ");
}

// What is missing of one of the languages, or is of the other; "" if nothing.
inline std::string OneLanguageFault(const Sentence& said) {
  if (said.vi.empty()) return "it has no Vietnamese";
  if (said.en.empty()) return "it has no English";
  if (said.vi == said.en) return "both languages are the same";
  if (!IsNfc(said.vi)) return "the Vietnamese is not NFC";
  const std::string vi = OwnWords(said.vi);
  if (std::none_of(vi.begin(), vi.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x80;
      })) {
    return "the Vietnamese has no letter that only Vietnamese has";
  }
  for (const char* const word :
       {" the ", " not ", " and ", " or ", " write ", " has ", " must ",
        " missing ", " unknown ", " remove ", " keep "}) {
    if (absl::StrContains(vi, word)) {
      return absl::StrCat("the Vietnamese has the word", word);
    }
  }
  const std::string en = OwnWords(said.en);
  for (const char* const word :
       {" không ", " viết ", " hoặc ", " là ", " thiếu ", " bỏ ", " phải "}) {
    if (absl::StrContains(en, word)) {
      return absl::StrCat("the English has the word", word);
    }
  }
  return "";
}

// The same of a finding; what its text assumes is said in its author's words.
inline std::string OneLanguageFault(const Finding& finding) {
  if (finding.severity == Severity::kAssumption &&
      finding.message.vi == finding.message.en && !finding.message.vi.empty()) {
    return "";
  }
  return OneLanguageFault(finding.message);
}

}  // namespace thon::testing

#endif  // THON_TESTS_SUPPORT_BOTH_LANGUAGES_H_
