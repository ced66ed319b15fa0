#include "tools/thon/scenario/policy_source.h"

#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace thon::scenario {
namespace {

// A step of a path: a key, or an index.
struct PathStep {
  std::string key;
  bool is_index = false;
  std::size_t index = 0;
};

bool ParsePath(absl::string_view path, std::vector<PathStep>* steps,
               Sentence* problem) {
  for (const absl::string_view part : absl::StrSplit(path, '.')) {
    const std::vector<absl::string_view> pieces = absl::StrSplit(part, '[');
    if (pieces.front().empty()) {
      *problem = {
          "không phải đường dẫn; viết amount.vnd hoặc "
          "conditions.all[0].at_least",
          "is no path; write amount.vnd or conditions.all[0].at_least"};
      return false;
    }
    steps->push_back({std::string(pieces.front()), false, 0});
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      absl::string_view digits = pieces[i];
      PathStep step;
      step.is_index = true;
      if (digits.empty() || digits.back() != ']' ||
          !absl::SimpleAtoi(digits.substr(0, digits.size() - 1), &step.index)) {
        *problem = {"không phải đường dẫn; chỉ số thứ tự viết là [0]",
                    "is no path; an index is written [0]"};
        return false;
      }
      steps->push_back(step);
    }
  }
  return true;
}

YamlNode* Child(YamlNode* node, const PathStep& step) {
  if (step.is_index) {
    return node->kind == YamlNode::Kind::kSequence &&
                   step.index < node->items.size()
               ? &node->items[step.index]
               : nullptr;
  }
  for (auto& field : node->fields) {
    if (field.first == step.key) return &field.second;
  }
  return nullptr;
}

std::string Show(const PathStep& step) {
  return step.is_index ? absl::StrCat("[", step.index, "]") : step.key;
}

std::string Quoted(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

void Write(const YamlNode& node, std::size_t indent, std::string* out) {
  const std::string blanks(indent, ' ');
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      absl::StrAppend(out, " ~\n");
      return;
    case YamlNode::Kind::kScalar:
      // A plain word stays plain: it may be a number or a date.
      absl::StrAppend(out, " ", node.quoted ? Quoted(node.text) : node.text,
                      "\n");
      return;
    case YamlNode::Kind::kSequence:
      if (node.items.empty()) {
        absl::StrAppend(out, " []\n");
        return;
      }
      absl::StrAppend(out, "\n");
      for (const YamlNode& item : node.items) {
        absl::StrAppend(out, blanks, "-");
        Write(item, indent + 2, out);
      }
      return;
    case YamlNode::Kind::kMap:
      if (node.fields.empty()) {
        absl::StrAppend(out, " {}\n");
        return;
      }
      absl::StrAppend(out, "\n");
      for (const auto& [key, value] : node.fields) {
        absl::StrAppend(out, blanks, Quoted(key), ":");
        Write(value, indent + 2, out);
      }
      return;
  }
}

}  // namespace

bool SetAt(YamlNode* root, absl::string_view path, const YamlNode& value,
           Sentence* problem) {
  std::vector<PathStep> steps;
  if (!ParsePath(path, &steps, problem)) return false;
  YamlNode* node = root;
  for (const PathStep& step : steps) {
    YamlNode* child = Child(node, step);
    if (child == nullptr) {
      if (step.is_index) {
        // One past the last adds an item.
        if (node->kind != YamlNode::Kind::kSequence ||
            step.index != node->items.size()) {
          *problem = {absl::StrCat("không có ", Show(step), " ở đó"),
                      absl::StrCat("has no ", Show(step), " there")};
          return false;
        }
        node->items.emplace_back();
        child = &node->items.back();
      } else {
        if (node->kind == YamlNode::Kind::kNull) {
          node->kind = YamlNode::Kind::kMap;
        }
        if (node->kind != YamlNode::Kind::kMap) {
          *problem = {absl::StrCat("không có khối nào chứa ", Show(step)),
                      absl::StrCat("has no block above ", Show(step))};
          return false;
        }
        node->fields.emplace_back(step.key, YamlNode());
        child = &node->fields.back().second;
      }
    }
    node = child;
  }
  // A word that carries its source keeps it, if only the word changes.
  if (value.kind == YamlNode::Kind::kScalar &&
      node->kind == YamlNode::Kind::kMap) {
    if (YamlNode* const inner = Child(node, {"value", false, 0})) node = inner;
  }
  *node = value;
  return true;
}

bool RemoveAt(YamlNode* root, absl::string_view path, Sentence* problem) {
  std::vector<PathStep> steps;
  if (!ParsePath(path, &steps, problem)) return false;
  YamlNode* node = root;
  for (std::size_t i = 0; i + 1 < steps.size() && node != nullptr; ++i) {
    node = Child(node, steps[i]);
  }
  YamlNode* const child = node == nullptr ? nullptr : Child(node, steps.back());
  if (child == nullptr) {
    *problem = {"không có trong chính sách; không có gì để bỏ",
                "is not in the policy; there is nothing to remove"};
    return false;
  }
  if (steps.back().is_index) {
    node->items.erase(node->items.begin() +
                      static_cast<std::ptrdiff_t>(steps.back().index));
    return true;
  }
  for (auto it = node->fields.begin(); it != node->fields.end(); ++it) {
    if (&it->second != child) continue;
    node->fields.erase(it);
    break;
  }
  return true;
}

std::string WriteYaml(const YamlNode& root) {
  std::string text;
  Write(root, 0, &text);
  // A block begins behind its key's line end; the root has no key.
  if (!text.empty() && (text.front() == '\n' || text.front() == ' ')) {
    text.erase(0, 1);
  }
  return text;
}

}  // namespace thon::scenario
