// What a person is told, in Vietnamese and in English. Both are written where
// the thing is said, side by side, so that neither can be without the other.
#ifndef THON_POLICY_SENTENCE_H_
#define THON_POLICY_SENTENCE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace thon {

// The same in Vietnamese and in English. Vietnamese is NFC.
struct Sentence {
  std::string vi;
  std::string en;
  bool operator==(const Sentence&) const = default;
};

// The same text in both languages: a name, a number, a person's own words.
Sentence Same(absl::string_view text);
// "a, b, c".
Sentence Joined(const std::vector<Sentence>& words,
                absl::string_view separator = ", ");
// Where both stand in one text: "vi (en)", or once what is the same.
std::string Both(const Sentence& sentence);

}  // namespace thon

#endif  // THON_POLICY_SENTENCE_H_
