// The reader's words: fixed ones, short names, lists of them, and what was
// probably meant by another.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/text.h"
#include "server/policy/yaml_reader.h"

namespace thon {
namespace {

constexpr std::size_t kLabelBytesMax = 64;

Sentence Twice() {
  return {"bị ghi hai lần; giữ lại một", "is given twice; keep one"};
}

// Levenshtein's distance, in bytes.
std::size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t swap = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({swap, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

Sentence DidYouMean(absl::string_view word,
                    const std::vector<absl::string_view>& known) {
  // Nobody means a word of the format by a long text.
  if (word.size() > 40) return {};
  const std::string key = SearchKey(word);
  std::vector<std::pair<std::size_t, absl::string_view>> near;
  for (const absl::string_view one : known) {
    const std::string other = SearchKey(one);
    const std::size_t distance = Distance(key, other);
    const bool part = key.size() >= 4 && other.size() >= 4 &&
                      (absl::StrCat(key).find(other) != std::string::npos ||
                       other.find(key) != std::string::npos);
    if (distance <= std::max<std::size_t>(1, key.size() / 3) || part) {
      near.emplace_back(distance, one);
    }
  }
  if (near.empty()) return {};
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  if (near.size() > 3) near.resize(3);
  const auto any = [&](absl::string_view separator) {
    return absl::StrJoin(near, separator,
                         [](std::string* out, const auto& one) {
                           absl::StrAppend(out, "\"", one.second, "\"");
                         });
  };
  return {absl::StrCat("; có phải là ", any(" hoặc "), "?"),
          absl::StrCat("; did you mean ", any(" or "), "?")};
}

bool YamlReader::Word(const YamlNode& node, absl::string_view path, Words words,
                      int* value) {
  const YamlNode* plain = Plain(node, path, {"một từ", "a word"});
  if (plain == nullptr) return false;
  const std::string text = Trimmed(*plain, path);
  for (const YamlWord& word : words) {
    if (word.word == text) {
      *value = word.value;
      return true;
    }
  }
  std::vector<absl::string_view> known;
  for (const YamlWord& word : words) {
    if (!word.synonym) known.push_back(word.word);
  }
  const Sentence near = DidYouMean(text, known);
  const bool none = near.en.empty();
  const std::string all = absl::StrJoin(known, ", ");
  Error(node, path,
        {absl::StrCat("không có từ ", Shown(text), near.vi,
                      none ? "; viết" : " Viết", " một trong các từ ", all),
         absl::StrCat(Shown(text), " is not known", near.en,
                      none ? "; write" : " Write", " one of ", all)});
  return false;
}

bool YamlReader::WordList(const YamlNode& node, absl::string_view path,
                          Words words, absl::string_view like,
                          std::vector<int>* values) {
  if (List(node, path, like) == nullptr) return false;
  bool good = true;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string at = absl::StrCat(path, "[", i, "]");
    int value = 0;
    if (!Word(node.items[i], at, words, &value)) {
      good = false;
    } else if (std::count(values->begin(), values->end(), value) != 0) {
      Error(node.items[i], at, Twice());
      good = false;
    } else {
      values->push_back(value);
    }
  }
  return good;
}

bool YamlReader::Label(const YamlNode& node, absl::string_view path,
                       std::string* value) {
  std::string text;
  if (!Text(node, path, &text)) return false;
  const bool good = text.size() <= kLabelBytesMax &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      const auto u = static_cast<unsigned char>(c);
                      return absl::ascii_isupper(u) || absl::ascii_isdigit(u) ||
                             c == '-' || c == '_';
                    });
  if (!good) {
    Error(node, path,
          {absl::StrCat(Shown(text),
                        " không phải tên ngắn; viết chữ in hoa A đến Z, chữ "
                        "số, gạch nối và _, nhiều nhất 64"),
           absl::StrCat(Shown(text),
                        " is no short name; write capitals A to Z, "
                        "digits, hyphens and _, at most 64")});
    return false;
  }
  *value = std::move(text);
  return true;
}

bool YamlReader::LabelList(const YamlNode& node, absl::string_view path,
                           absl::string_view like,
                           std::vector<std::string>* values) {
  if (List(node, path, like) == nullptr) return false;
  bool good = true;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string at = absl::StrCat(path, "[", i, "]");
    std::string value;
    if (!Label(node.items[i], at, &value)) {
      good = false;
    } else if (std::count(values->begin(), values->end(), value) != 0) {
      Error(node.items[i], at, Twice());
      good = false;
    } else {
      values->push_back(std::move(value));
    }
  }
  return good;
}

}  // namespace thon
