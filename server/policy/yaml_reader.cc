#include "server/policy/yaml_reader.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/limits.h"
#include "server/core/text.h"

namespace thon {
namespace {

// A policy with more mistakes than this is not being corrected by hand.
constexpr std::size_t kFindingsMax = 500;

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

// For messages: at most a line of it.
std::string Shown(absl::string_view text) {
  if (text.size() <= 60) return absl::StrCat("\"", text, "\"");
  std::size_t cut = 60;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) {
    --cut;
  }
  return absl::StrCat("\"", text.substr(0, cut), "...\"");
}

const char* KindName(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "a word";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a block of fields";
  }
  return "";
}

bool Contains(absl::Span<const absl::string_view> words,
              absl::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::string YamlPath(absl::string_view parent, absl::string_view key) {
  return parent.empty() ? std::string(key) : absl::StrCat(parent, ".", key);
}

void YamlReader::Note(Severity severity, const YamlNode& at,
                      absl::string_view path, absl::string_view message) {
  if (severity == Severity::kError) has_error_ = true;
  if (findings_.size() >= kFindingsMax) return;
  findings_.push_back({severity, file_, at.line, at.column, std::string(path),
                       std::string(message)});
}

std::vector<Finding> YamlReader::TakeFindings() {
  std::stable_sort(findings_.begin(), findings_.end(),
                   [](const Finding& a, const Finding& b) {
                     return std::make_pair(a.line, a.column) <
                            std::make_pair(b.line, b.column);
                   });
  return std::move(findings_);
}

bool YamlReader::CheckMap(const YamlNode& node, absl::string_view path,
                          absl::Span<const absl::string_view> known,
                          absl::Span<const absl::string_view> later) {
  if (node.kind != YamlNode::Kind::kMap) {
    Error(node, path,
          absl::StrCat("is ", KindName(node), "; write a block with ",
                       absl::StrJoin(known, ", ")));
    return false;
  }
  bool good = true;
  for (const auto& [key, value] : node.fields) {
    if (Contains(known, key)) continue;
    good = false;
    if (Contains(later, key)) {
      Error(value, YamlPath(path, key),
            "not supported yet; remove it, or keep it as a comment until it is "
            "computed");
    } else {
      Error(value, YamlPath(path, key),
            absl::StrCat("unknown field ", Shown(key),
                         "; known here: ", absl::StrJoin(known, ", ")));
    }
  }
  return good;
}

const YamlNode* YamlReader::Find(const YamlNode& map, absl::string_view key) {
  for (const auto& field : map.fields) {
    if (field.first == key) return &field.second;
  }
  return nullptr;
}

const YamlNode* YamlReader::Need(const YamlNode& map, absl::string_view path,
                                 absl::string_view key) {
  const YamlNode* node = Find(map, key);
  if (node == nullptr) {
    Error(map, YamlPath(path, key),
          absl::StrCat("missing; add \"", key, ":\""));
  }
  return node;
}

Basis YamlReader::ReadBasis(const YamlNode& map, absl::string_view path) {
  Basis basis;
  if (map.kind != YamlNode::Kind::kMap) return basis;
  const YamlNode* source = Find(map, "source");
  const YamlNode* assumption = Find(map, "assumption");
  if (source != nullptr) {
    Text(*source, YamlPath(path, "source"), &basis.source);
  }
  if (assumption != nullptr &&
      Text(*assumption, YamlPath(path, "assumption"), &basis.assumption)) {
    Note(Severity::kAssumption, *assumption, path, basis.assumption);
  }
  if (source == nullptr && assumption == nullptr) {
    Note(Severity::kAssumption, map, path,
         "no source is named; say \"source:\" or \"assumption:\"");
  }
  return basis;
}

const YamlNode* YamlReader::Scalar(const YamlNode& node, absl::string_view path,
                                   Basis* basis) {
  if (node.kind != YamlNode::Kind::kMap) {
    return Plain(node, path, "a word");
  }
  static constexpr absl::string_view kFields[] = {"value", "source",
                                                  "assumption"};
  if (!CheckMap(node, path, kFields, {})) return nullptr;
  const YamlNode* value = Need(node, path, "value");
  *basis = ReadBasis(node, path);
  return value == nullptr ? nullptr
                          : Plain(*value, YamlPath(path, "value"), "a word");
}

const YamlNode* YamlReader::Plain(const YamlNode& node, absl::string_view path,
                                  absl::string_view what) {
  if (node.kind == YamlNode::Kind::kScalar) return &node;
  Error(node, path, absl::StrCat("is ", KindName(node), "; write ", what));
  return nullptr;
}

bool YamlReader::Text(const YamlNode& node, absl::string_view path,
                      std::string* value) {
  if (Plain(node, path, "a text") == nullptr) return false;
  if (node.text.empty() || !IsTrimmed(node.text)) {
    Error(node, path, "is empty or padded with blanks; write a text");
    return false;
  }
  if (node.text.size() > limits::kTextBytesMax) {
    Error(node, path,
          absl::StrCat("is longer than ", limits::kTextBytesMax,
                       " bytes; make it shorter"));
    return false;
  }
  *value = node.text;
  return true;
}

bool YamlReader::Whole(const YamlNode& node, absl::string_view path,
                       std::int64_t min, std::int64_t max,
                       std::int64_t* value) {
  if (Plain(node, path, "a whole number") == nullptr) return false;
  if (node.quoted) {
    Error(node, path, "is a text in quotes; write the number without quotes");
    return false;
  }
  if (!IsDigits(node.text)) {
    Error(node, path,
          absl::StrCat(Shown(node.text),
                       " is not a whole number; write digits only, without "
                       "decimals, dots, signs or units"));
    return false;
  }
  std::int64_t number = 0;
  if (!absl::SimpleAtoi(node.text, &number) || number < min || number > max) {
    Error(
        node, path,
        absl::StrCat(Shown(node.text), " is out of range; write a number from ",
                     min, " to ", max));
    return false;
  }
  *value = number;
  return true;
}

bool YamlReader::Bool(const YamlNode& node, absl::string_view path,
                      bool* value) {
  if (Plain(node, path, "true or false") == nullptr) return false;
  if (node.quoted || (node.text != "true" && node.text != "false")) {
    Error(node, path,
          absl::StrCat(Shown(node.text), " is neither; write true or false"));
    return false;
  }
  *value = node.text == "true";
  return true;
}

bool YamlReader::IsoDate(const YamlNode& node, absl::string_view path,
                         Date* value) {
  if (Plain(node, path, "a date") == nullptr) return false;
  const absl::StatusOr<Date> date = ParseIsoDate(node.text);
  if (!date.ok()) {
    Error(
        node, path,
        absl::StrCat(Shown(node.text),
                     " is not a day of the calendar; write it as 2023-06-01"));
    return false;
  }
  *value = *date;
  return true;
}

bool YamlReader::Word(const YamlNode& node, absl::string_view path,
                      absl::Span<const YamlWord> words,
                      absl::Span<const absl::string_view> later, int* value) {
  if (Plain(node, path, "a word") == nullptr) return false;
  for (const YamlWord& word : words) {
    if (word.word == node.text) {
      *value = word.value;
      return true;
    }
  }
  const std::string known =
      absl::StrJoin(words, ", ", [](std::string* out, const YamlWord& word) {
        absl::StrAppend(out, word.word);
      });
  if (Contains(later, node.text)) {
    Error(node, path,
          absl::StrCat(Shown(node.text), " is not supported yet; write one of ",
                       known));
  } else {
    Error(
        node, path,
        absl::StrCat(Shown(node.text), " is not known; write one of ", known));
  }
  return false;
}

}  // namespace thon
