#include "server/policy/sentence.h"

#include "absl/strings/str_cat.h"

namespace thon {

Sentence Same(absl::string_view text) {
  return {std::string(text), std::string(text)};
}

Sentence Joined(const std::vector<Sentence>& words,
                absl::string_view separator) {
  Sentence joined;
  for (const Sentence& word : words) {
    absl::StrAppend(&joined.vi, joined.vi.empty() ? "" : separator, word.vi);
    absl::StrAppend(&joined.en, joined.en.empty() ? "" : separator, word.en);
  }
  return joined;
}

std::string Both(const Sentence& sentence) {
  return sentence.vi == sentence.en
             ? sentence.vi
             : absl::StrCat(sentence.vi, " (", sentence.en, ")");
}

}  // namespace thon
