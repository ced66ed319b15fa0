#include "server/policy/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <exception>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/text.h"

namespace thon {
namespace {

// Builds the tree from the parser's events. After the first problem it only
// waits for the parser to end.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlNode* root) : root_(root) {}

  bool failed() const { return !problem_.message.empty(); }
  const YamlProblem& problem() const { return problem_; }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!Admit(mark, "", anchor)) return;
    YamlNode node;
    node.kind = YamlNode::Kind::kNull;
    Place(mark, &node);
    Add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    Fail(mark, "aliases (*) are not allowed; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    if (!Admit(mark, tag, anchor)) return;
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.text = value;
    node.quoted = tag == "!";
    Place(mark, &node);
    Add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    YamlNode node;
    bool has_key = false;
    std::string key;
  };

  static void Place(const YAML::Mark& mark, YamlNode* node) {
    node->line = mark.line + 1;
    node->column = mark.column + 1;
  }

  void Fail(const YAML::Mark& mark, std::string message) {
    if (failed()) return;
    problem_ = {mark.line + 1, mark.column + 1, std::move(message)};
  }

  bool Admit(const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor) {
    if (failed()) return false;
    if (anchor != 0) {
      Fail(mark, "anchors (&) are not allowed; write the value out");
    } else if (!tag.empty() && tag != "?" && tag != "!") {
      Fail(mark, "tags (!) are not allowed; remove it");
    } else if (++nodes_ > kPolicyNodesMax) {
      Fail(mark, absl::StrCat("more than ", kPolicyNodesMax,
                              " values; a policy is a page or two"));
    }
    return !failed();
  }

  void Open(const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (!Admit(mark, tag, anchor)) return;
    if (stack_.size() >= kPolicyDepthMax) {
      Fail(mark, absl::StrCat("nested deeper than ", kPolicyDepthMax,
                              " levels; make it flatter"));
      return;
    }
    if (!stack_.empty() && !stack_.back().has_key &&
        stack_.back().node.kind == YamlNode::Kind::kMap) {
      Fail(mark, "a key must be a word");
      return;
    }
    Frame frame;
    frame.node.kind = kind;
    Place(mark, &frame.node);
    stack_.push_back(std::move(frame));
  }

  void Close() {
    if (failed()) return;
    YamlNode node = std::move(stack_.back().node);
    stack_.pop_back();
    Add(std::move(node));
  }

  void Add(YamlNode node) {
    if (stack_.empty()) {
      *root_ = std::move(node);
      return;
    }
    Frame& top = stack_.back();
    if (top.node.kind == YamlNode::Kind::kSequence) {
      top.node.items.push_back(std::move(node));
    } else if (!top.has_key) {
      TakeKey(node, &top);
    } else {
      top.node.fields.emplace_back(std::move(top.key), std::move(node));
      top.has_key = false;
    }
  }

  void TakeKey(const YamlNode& node, Frame* top) {
    YAML::Mark mark;
    mark.line = node.line - 1;
    mark.column = node.column - 1;
    if (node.kind != YamlNode::Kind::kScalar || node.text.empty()) {
      Fail(mark, "a key must be a word");
      return;
    }
    if (node.text == "<<") {
      Fail(mark, "merge keys (<<) are not allowed; write the values out");
      return;
    }
    for (const auto& field : top->node.fields) {
      if (field.first == node.text) {
        Fail(mark,
             absl::StrCat("\"", node.text, "\" is given twice, first in ",
                          "line ", field.second.line, "; keep one of them"));
        return;
      }
    }
    top->key = node.text;
    top->has_key = true;
  }

  YamlNode* const root_;
  std::vector<Frame> stack_;
  std::size_t nodes_ = 0;
  YamlProblem problem_;
};

// Takes the text line by line into `*plain`. False: the first line that cannot
// be read.
bool CheckText(absl::string_view text, std::vector<YamlProblem>* notes,
               std::string* plain, YamlProblem* problem) {
  if (text.size() > kPolicyTextBytesMax) {
    *problem = {0, 0,
                absl::StrCat("the text has ", text.size(), " bytes; at most ",
                             kPolicyTextBytesMax)};
    return false;
  }
  plain->reserve(text.size());
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const absl::string_view one = text.substr(0, end);
    if (one.find('\0') != absl::string_view::npos) {
      *problem = {line, 0, "a zero byte; save the file as UTF-8 text"};
      return false;
    }
    const absl::StatusOr<std::string> normal = ToNfc(one);
    const bool taken = normal.ok() && (notes != nullptr || IsNfc(one));
    if (!taken) {
      *problem = {line, 0, "not UTF-8 in NFC; save the file as UTF-8 (NFC)"};
      return false;
    }
    if (notes != nullptr && *normal != one) {
      notes->push_back({line, 0,
                        "letters that are not NFC, or blanks that do not "
                        "break, were read as plain ones; save the file as "
                        "UTF-8 (NFC)"});
    }
    plain->append(notes == nullptr ? std::string(one) : *normal);
    if (end == absl::string_view::npos) break;
    plain->push_back('\n');
    text.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace

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

bool ReadYaml(absl::string_view text, YamlNode* root, YamlProblem* problem,
              std::vector<YamlProblem>* notes) {
  std::string plain;
  if (!CheckText(text, notes, &plain, problem)) return false;
  *root = YamlNode();
  std::istringstream stream{std::move(plain)};
  // yaml-cpp reports by exception; none leaves this function.
  try {
    YAML::Parser parser(stream);
    TreeBuilder builder(root);
    if (!parser.HandleNextDocument(builder)) {
      *problem = {0, 0, "the text is empty"};
      return false;
    }
    if (builder.failed()) {
      *problem = builder.problem();
      return false;
    }
    YamlNode more;
    TreeBuilder rest(&more);
    if (parser.HandleNextDocument(rest)) {
      *problem = {more.line, more.column,
                  "a second document; one file is one policy"};
      return false;
    }
  } catch (const YAML::Exception& error) {
    *problem = {error.mark.line + 1, error.mark.column + 1,
                absl::StrCat("not YAML: ", error.msg)};
    return false;
  } catch (const std::exception& error) {
    *problem = {0, 0, absl::StrCat("not YAML: ", error.what())};
    return false;
  }
  return true;
}

}  // namespace thon
