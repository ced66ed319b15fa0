#include "server/policy/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/core/text.h"

namespace thon {
namespace {

// Ends the text that the library reads, as a comment: at a line's end it would
// take a quote that is not closed.
constexpr char kEnd[] = "\n#";

// Controls, letters without width, and marks that turn the direction of
// writing: with them a text is not what a reader sees.
bool IsUnseen(std::uint32_t letter) {
  return (letter < 0x20 && letter != '\t') ||
         (letter >= 0x7F && letter <= 0x9F) || letter == 0xAD ||
         (letter >= 0x200B && letter <= 0x200F) ||
         (letter >= 0x2028 && letter <= 0x202E) ||
         (letter >= 0x2060 && letter <= 0x206F) || letter == 0xFEFF;
}

// The first letter of UTF-8 text, taken off it.
std::uint32_t TakeLetter(absl::string_view* text) {
  const auto first = static_cast<unsigned char>(text->front());
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xE0 ? 2
                           : first < 0xF0 ? 3
                                          : 4;
  std::uint32_t letter = size == 1 ? first : first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size && i < text->size(); ++i) {
    letter = letter << 6 | (static_cast<unsigned char>((*text)[i]) & 0x3Fu);
  }
  text->remove_prefix(std::min(size, text->size()));
  return letter;
}

// What is said of the first unseen letter of UTF-8 `text`; nothing if there is
// none. `*column`: which letter it is, from 1. Ends of lines are none.
Sentence UnseenLetter(absl::string_view text, int* column) {
  for (*column = 1; !text.empty(); ++*column) {
    const std::uint32_t letter = TakeLetter(&text);
    if (letter == '\n' || !IsUnseen(letter)) continue;
    const std::string code = absl::AsciiStrToUpper(
        absl::StrCat("U+", absl::Hex(letter, absl::kZeroPad4)));
    return {
        absl::StrCat("có ký tự không nhìn thấy được, ", code, "; xóa đi"),
        absl::StrCat("a letter that cannot be seen, ", code, "; take it out")};
  }
  return {};
}

// Builds the tree from the parser's events. After the first problem it only
// waits for the parser to end.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlNode* root) : root_(root) {}

  bool failed() const { return !problem_.message.vi.empty(); }
  const YamlProblem& problem() const { return problem_; }
  // Where the last node began.
  const YAML::Mark& last() const { return last_; }

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
    Fail(mark, {"không được dùng bí danh (*); viết hẳn giá trị ra",
                "aliases (*) are not allowed; write the value out"});
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    if (!Admit(mark, tag, anchor) || !AdmitText(mark, value)) return;
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

  void Fail(const YAML::Mark& mark, Sentence message) {
    if (failed()) return;
    problem_ = {mark.line + 1, mark.column + 1, std::move(message)};
  }

  void FailKey(const YAML::Mark& mark) {
    Fail(mark, {"tên mục phải là một từ", "a key must be a word"});
  }

  bool Admit(const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor) {
    if (failed()) return false;
    last_ = mark;
    if (anchor != 0) {
      Fail(mark, {"không được dùng neo (&); viết hẳn giá trị ra",
                  "anchors (&) are not allowed; write the value out"});
    } else if (!tag.empty() && tag != "?" && tag != "!") {
      Fail(mark, {"không được dùng thẻ (!); bỏ thẻ này",
                  "tags (!) are not allowed; remove it"});
    } else if (++nodes_ > kPolicyNodesMax) {
      Fail(mark, {absl::StrCat("có hơn ", kPolicyNodesMax,
                               " giá trị; một chính sách dài một, hai trang"),
                  absl::StrCat("more than ", kPolicyNodesMax,
                               " values; a policy is a page or two")});
    }
    return !failed();
  }

  // The text was checked as it is written; escapes can put anything in it.
  bool AdmitText(const YAML::Mark& mark, const std::string& text) {
    int column = 0;
    const Sentence unseen = UnseenLetter(text, &column);
    if (!unseen.vi.empty()) {
      Fail(mark, unseen);
    } else if (!IsNfc(text)) {
      Fail(mark, {"chữ viết bằng mã \\u không ở dạng NFC; viết thẳng chữ đó ra",
                  "letters written as \\u codes are not NFC; write the letters "
                  "themselves"});
    }
    return !failed();
  }

  void Open(const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (!Admit(mark, tag, anchor)) return;
    if (stack_.size() >= kPolicyDepthMax) {
      Fail(mark, {absl::StrCat("lồng nhau quá ", kPolicyDepthMax,
                               " tầng; viết phẳng hơn"),
                  absl::StrCat("nested deeper than ", kPolicyDepthMax,
                               " levels; make it flatter")});
      return;
    }
    if (!stack_.empty() && !stack_.back().has_key &&
        stack_.back().node.kind == YamlNode::Kind::kMap) {
      FailKey(mark);
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
    if (node.kind != YamlNode::Kind::kScalar || node.text.empty() ||
        absl::StrContains(node.text, '\n')) {
      FailKey(mark);
      return;
    }
    if (node.text == "<<") {
      Fail(mark, {"không được dùng khóa gộp (<<); viết hẳn các giá trị ra",
                  "merge keys (<<) are not allowed; write the values out"});
      return;
    }
    for (const auto& field : top->node.fields) {
      if (field.first == node.text) {
        Fail(
            mark,
            {absl::StrCat("\"", node.text, "\" bị ghi hai lần, lần đầu ở dòng ",
                          field.second.line, "; giữ lại một"),
             absl::StrCat("\"", node.text, "\" is given twice, first in line ",
                          field.second.line, "; keep one of them")});
        return;
      }
    }
    top->key = node.text;
    top->has_key = true;
  }

  YamlNode* const root_;
  std::vector<Frame> stack_;
  std::size_t nodes_ = 0;
  YAML::Mark last_;
  YamlProblem problem_;
};

// A line of UTF-8 without its end.
bool CheckLine(absl::string_view text, int line, YamlProblem* problem) {
  absl::ConsumeSuffix(&text, "\r");
  if (line == 1) absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  if (absl::StartsWith(text, "%")) {
    *problem = {line,
                1,
                {"không được dùng chỉ thị YAML (dòng bắt đầu bằng %); bỏ dòng "
                 "này",
                 "directives (lines that begin with %) are not allowed; remove "
                 "it"}};
    return false;
  }
  problem->message = UnseenLetter(text, &problem->column);
  problem->line = line;
  return problem->message.vi.empty();
}

// Takes the text line by line into `*plain`. False: the first line that cannot
// be read.
bool CheckText(absl::string_view text, std::vector<YamlProblem>* notes,
               std::string* plain, YamlProblem* problem) {
  if (text.size() > kPolicyTextBytesMax) {
    *problem = {0,
                0,
                {absl::StrCat("văn bản dài ", text.size(),
                              " byte; nhiều nhất là ", kPolicyTextBytesMax),
                 absl::StrCat("the text has ", text.size(), " bytes; at most ",
                              kPolicyTextBytesMax)}};
    return false;
  }
  plain->reserve(text.size());
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const absl::string_view one = text.substr(0, end);
    if (one.find('\0') != absl::string_view::npos) {
      *problem = {line,
                  0,
                  {"có byte 0; lưu tệp dưới dạng văn bản UTF-8",
                   "a zero byte; save the file as UTF-8 text"}};
      return false;
    }
    const absl::StatusOr<std::string> normal = ToNfc(one);
    if (!normal.ok()) {
      *problem = {line,
                  0,
                  {"không phải UTF-8; lưu tệp dưới dạng UTF-8 (NFC)",
                   "not UTF-8; save the file as UTF-8 (NFC)"}};
      return false;
    }
    if (notes == nullptr && !IsNfc(one)) {
      *problem = {line,
                  0,
                  {"không ở dạng NFC; lưu tệp dưới dạng UTF-8 (NFC)",
                   "not in NFC; save the file as UTF-8 (NFC)"}};
      return false;
    }
    if (!CheckLine(one, line, problem)) return false;
    if (notes != nullptr && *normal != one) {
      notes->push_back({line,
                        0,
                        {"có chữ không ở dạng NFC hoặc dấu cách không ngắt; đã "
                         "đọc như chữ và dấu cách thường; nên lưu tệp dưới "
                         "dạng UTF-8 (NFC)",
                         "letters that are not NFC, or blanks that do not "
                         "break, were read as plain ones; save the file as "
                         "UTF-8 (NFC)"}});
    }
    plain->append(notes == nullptr ? std::string(one) : *normal);
    if (end == absl::string_view::npos) break;
    plain->push_back('\n');
    text.remove_prefix(end + 1);
  }
  return true;
}

// What the library could not read: a tab that indents, a quote, or what it met,
// which it says in English. `last`: where the last node before it began.
YamlProblem NotYaml(absl::string_view text, const YAML::Exception& error,
                    const YAML::Mark& last) {
  absl::ConsumeSuffix(&text, "\n");
  int line = 0;
  for (const absl::string_view one : absl::StrSplit(text, '\n')) {
    ++line;
    const std::size_t tab = one.find_first_not_of(' ');
    if (tab == absl::string_view::npos || one[tab] != '\t' ||
        Trim(one).empty()) {
      continue;
    }
    if (line > error.mark.line + 1) break;
    return {line,
            static_cast<int>(tab) + 1,
            {"thụt đầu dòng bằng dấu tab; thay bằng dấu cách",
             "a tab indents the line; write blanks in its place"}};
  }
  if (error.msg == YAML::ErrorMsg::EOF_IN_SCALAR) {
    return {last.line + 1,
            last.column + 1,
            {"dấu nháy mở ở đây hoặc ngay sau đây không có dấu đóng; đóng lại",
             "a quote opened here or just after is not closed; close it"}};
  }
  Sentence said = {
      "không đúng cú pháp YAML; xem lại thụt đầu dòng, dấu ngoặc, dấu nháy và "
      "dấu hai chấm ở đây hoặc ngay trước",
      absl::StrCat("not YAML: ", error.msg,
                   "; look at indents, brackets, quotes and colons here or "
                   "just before")};
  // What is missing at the end is said of the last line.
  if (error.mark.line >= line) return {line, 0, std::move(said)};
  return {error.mark.line + 1, error.mark.column + 1, std::move(said)};
}

}  // namespace

Sentence KindWords(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return {"đang để trống", "is nothing"};
    case YamlNode::Kind::kScalar:
      return {"là một từ", "is a word"};
    case YamlNode::Kind::kSequence:
      return {"là một danh sách", "is a list"};
    case YamlNode::Kind::kMap:
      return {"là một khối gồm nhiều mục", "is a block of fields"};
  }
  return {};
}

bool ReadYaml(absl::string_view text, YamlNode* root, YamlProblem* problem,
              std::vector<YamlProblem>* notes) {
  std::string plain;
  if (!CheckText(text, notes, &plain, problem)) return false;
  *root = YamlNode();
  std::istringstream stream{absl::StrCat(plain, kEnd)};
  TreeBuilder builder(root);
  YamlNode more;
  TreeBuilder rest(&more);
  // yaml-cpp reports by exception; none leaves this function.
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      *problem = {0, 0, {"văn bản không có nội dung nào", "the text is empty"}};
      return false;
    }
    if (!builder.failed() && parser.HandleNextDocument(rest)) {
      *problem = {more.line,
                  more.column,
                  {"có văn bản YAML thứ hai; mỗi tệp là một chính sách",
                   "a second document; one file is one policy"}};
      return false;
    }
  } catch (const YAML::Exception& error) {
    *problem = NotYaml(plain, error, builder.last());
    if (!builder.failed()) return false;
  } catch (const std::exception& error) {
    *problem = NotYaml(plain, YAML::Exception(YAML::Mark(), error.what()),
                       builder.last());
    if (!builder.failed()) return false;
  }
  // What the builder refused came before what the library did.
  if (builder.failed()) *problem = builder.problem();
  return !builder.failed();
}

}  // namespace thon
