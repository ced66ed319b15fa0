#include "server/policy/yaml_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/limits.h"
#include "server/core/text.h"

namespace thon {
namespace {

// A policy with more mistakes than this is not being corrected by hand.
constexpr std::size_t kFindingsMax = 500;
constexpr std::size_t kListItemsMax = 64;

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

bool Contains(YamlReader::Names words, absl::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::string Shown(absl::string_view text) {
  if (text.size() <= 60) return absl::StrCat("\"", text, "\"");
  std::size_t cut = 60;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) {
    --cut;
  }
  return absl::StrCat("\"", text.substr(0, cut), "...\"");
}

std::string YamlPath(absl::string_view parent, absl::string_view key) {
  return parent.empty() ? std::string(key) : absl::StrCat(parent, ".", key);
}

void YamlReader::Note(Severity severity, const YamlNode& at,
                      absl::string_view path, const Sentence& message) {
  if (findings_.size() >= kFindingsMax) return;
  findings_.push_back(
      {severity, file_, at.line, at.column, std::string(path), message});
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
                          Names known) {
  if (node.kind != YamlNode::Kind::kMap) {
    const Sentence is = KindWords(node);
    const std::string all = absl::StrJoin(known, ", ");
    Error(node, path,
          {absl::StrCat(is.vi, "; viết một khối gồm các mục ", all),
           absl::StrCat(is.en, "; write a block with ", all)});
    return false;
  }
  bool good = true;
  for (const auto& [key, value] : node.fields) {
    if (Contains(known, key) || key == "source" || key == "assumption") {
      continue;
    }
    good = false;
    std::vector<absl::string_view> words(known.begin(), known.end());
    words.insert(words.end(), {"source", "assumption"});
    const Sentence near = DidYouMean(key, words);
    const bool none = near.en.empty();
    const std::string all = absl::StrJoin(words, ", ");
    if (value.kind == YamlNode::Kind::kNull && absl::ascii_isdigit(key[0])) {
      Error(value, path,
            {absl::StrCat("dấu phẩy trước ", Shown(key),
                          " bắt đầu một mục khác; số tiền viết không có phần "
                          "thập phân, dấu chấm ngăn hàng nghìn"),
             absl::StrCat("the comma before ", Shown(key),
                          " begins another field; write amounts without "
                          "decimals, thousands with dots")});
      continue;
    }
    Error(value, YamlPath(path, key),
          {absl::StrCat("không có mục ", Shown(key), near.vi,
                        none ? "; các" : " Các", " mục dùng được ở đây: ", all),
           absl::StrCat("unknown field ", Shown(key), near.en,
                        none ? "; known" : " Known", " here: ", all)});
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
  if (node == nullptr || node->kind == YamlNode::Kind::kNull) {
    Error(node == nullptr ? map : *node, YamlPath(path, key),
          {absl::StrCat("thiếu; thêm \"", key, ":\""),
           absl::StrCat("missing; add \"", key, ":\"")});
    return nullptr;
  }
  return node;
}

const YamlNode* YamlReader::List(const YamlNode& node, absl::string_view path,
                                 absl::string_view like) {
  if (node.kind != YamlNode::Kind::kSequence || node.items.empty()) {
    const Sentence is =
        node.kind == YamlNode::Kind::kSequence
            ? Sentence{"là một danh sách trống", "is an empty list"}
            : KindWords(node);
    Error(
        node, path,
        {absl::StrCat(is.vi, "; viết danh sách có ít nhất một khoản: ", like),
         absl::StrCat(is.en, "; write a list with at least one item: ", like)});
    return nullptr;
  }
  if (node.items.size() > kListItemsMax) {
    Error(node, path,
          {absl::StrCat("có hơn ", kListItemsMax, " khoản; viết ngắn hơn"),
           absl::StrCat("has more than ", kListItemsMax,
                        " items; make it shorter")});
    return nullptr;
  }
  return &node;
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
    Note(Severity::kAssumption, *assumption, path, Same(basis.assumption));
  }
  if (source == nullptr && assumption == nullptr) {
    Note(Severity::kAssumption, map, path,
         {"không nêu căn cứ; thêm \"source:\" hoặc \"assumption:\"",
          "no source is named; say \"source:\" or \"assumption:\""});
  }
  return basis;
}

const YamlNode* YamlReader::WithBasis(const YamlNode& node,
                                      absl::string_view path, Basis* basis) {
  if (node.kind != YamlNode::Kind::kMap) {
    return Plain(node, path, {"một từ", "a word"});
  }
  static constexpr absl::string_view kFields[] = {"value"};
  if (!CheckMap(node, path, kFields)) return nullptr;
  const YamlNode* value = Need(node, path, "value");
  *basis = ReadBasis(node, path);
  if (value == nullptr) return nullptr;
  if (value->kind == YamlNode::Kind::kScalar) return value;
  const Sentence is = KindWords(*value);
  Error(*value, YamlPath(path, "value"),
        {absl::StrCat(is.vi, "; viết một từ"),
         absl::StrCat(is.en, "; write a word")});
  return nullptr;
}

const YamlNode* YamlReader::Plain(const YamlNode& node, absl::string_view path,
                                  const Sentence& what) {
  if (node.kind == YamlNode::Kind::kScalar) return &node;
  if (node.kind != YamlNode::Kind::kMap || Find(node, "value") == nullptr) {
    const Sentence is = KindWords(node);
    Error(node, path,
          {absl::StrCat(is.vi, "; viết ", what.vi),
           absl::StrCat(is.en, "; write ", what.en)});
    return nullptr;
  }
  Basis basis;
  const YamlNode* value = WithBasis(node, path, &basis);
  if (value == nullptr || gathered_ == nullptr) return value;
  const absl::string_view key = path.substr(
      path.rfind('.') == absl::string_view::npos ? 0 : path.rfind('.') + 1);
  const auto add = [&](const std::string& text, std::string* to) {
    if (text.empty()) return;
    absl::StrAppend(to, to->empty() ? "" : "; ", key, ": ", text);
  };
  add(basis.source, &gathered_->source);
  add(basis.assumption, &gathered_->assumption);
  return value;
}

std::string YamlReader::Trimmed(const YamlNode& node, absl::string_view path) {
  if (IsTrimmed(node.text)) return node.text;
  Note(Severity::kWarning, node, path,
       {"đã bỏ dấu cách ở đầu, cuối văn bản",
        "blanks around the text are left out"});
  return Trim(node.text);
}

bool YamlReader::Text(const YamlNode& node, absl::string_view path,
                      std::string* value) {
  const YamlNode* plain = Plain(node, path, {"một đoạn chữ", "a text"});
  if (plain == nullptr) return false;
  std::string text = Trimmed(*plain, path);
  if (text.empty()) {
    Error(node, path,
          {"đang để trống; viết một đoạn chữ", "is empty; write a text"});
    return false;
  }
  if (text.size() > limits::kTextBytesMax) {
    Error(node, path,
          {absl::StrCat("dài hơn ", limits::kTextBytesMax,
                        " byte; viết ngắn hơn"),
           absl::StrCat("is longer than ", limits::kTextBytesMax,
                        " bytes; make it shorter")});
    return false;
  }
  *value = std::move(text);
  return true;
}

bool YamlReader::Whole(const YamlNode& node, absl::string_view path,
                       std::int64_t min, std::int64_t max,
                       std::int64_t* value) {
  const YamlNode* plain =
      Plain(node, path, {"một số nguyên", "a whole number"});
  if (plain == nullptr) return false;
  if (plain->quoted) {
    Error(node, path,
          {"là chữ trong dấu nháy; viết số không có dấu nháy",
           "is a text in quotes; write the number without quotes"});
    return false;
  }
  if (!IsDigits(plain->text)) {
    Error(node, path,
          {absl::StrCat(Shown(plain->text),
                        " không phải số nguyên; chỉ viết chữ số, không có phần "
                        "thập phân, dấu chấm, dấu âm dương hay đơn vị tính"),
           absl::StrCat(Shown(plain->text),
                        " is not a whole number; write digits only, without "
                        "decimals, dots, signs or units")});
    return false;
  }
  std::int64_t number = 0;
  if (!absl::SimpleAtoi(plain->text, &number) || number < min || number > max) {
    Error(node, path,
          {absl::StrCat(Shown(plain->text),
                        " nằm ngoài khoảng cho phép; viết số từ ", min, " đến ",
                        max),
           absl::StrCat(Shown(plain->text),
                        " is out of range; write a number from ", min, " to ",
                        max)});
    return false;
  }
  *value = number;
  return true;
}

bool YamlReader::Money(const YamlNode& node, absl::string_view path,
                       std::int64_t* value) {
  const YamlNode* plain =
      Plain(node, path, {"một số tiền", "an amount of money"});
  if (plain == nullptr) return false;
  const std::string text = Trimmed(*plain, path);
  const absl::StatusOr<std::int64_t> dong = ParseDong(text);
  if (!dong.ok() && dong.status().code() != absl::StatusCode::kOutOfRange) {
    Error(node, path,
          {absl::StrCat(Shown(text),
                        " không phải số tiền nguyên đồng; viết 500000, "
                        "500.000, 500 nghìn hoặc 1.500.000 đồng, không có phần "
                        "thập phân"),
           absl::StrCat(Shown(text),
                        " is no whole amount of đồng; write 500000, 500.000, "
                        "500 nghìn or 1.500.000 đồng, without decimals")});
    return false;
  }
  if (!dong.ok() || *dong < 1 || *dong > limits::kMoneyMax) {
    Error(node, path,
          {absl::StrCat(Shown(text),
                        " nằm ngoài khoảng cho phép; viết số tiền từ 1 đồng "
                        "đến ",
                        FormatDong(limits::kMoneyMax)),
           absl::StrCat(Shown(text),
                        " is out of range; write an amount from 1 to ",
                        limits::kMoneyMax)});
    return false;
  }
  *value = *dong;
  return true;
}

bool YamlReader::Bool(const YamlNode& node, absl::string_view path,
                      bool* value) {
  const YamlNode* plain =
      Plain(node, path, {"true hoặc false", "true or false"});
  if (plain == nullptr) return false;
  if (plain->quoted || (plain->text != "true" && plain->text != "false")) {
    Error(
        node, path,
        {absl::StrCat(Shown(plain->text),
                      " không phải true cũng không phải false; viết true "
                      "(có) hoặc false (không)"),
         absl::StrCat(Shown(plain->text), " is neither; write true or false")});
    return false;
  }
  *value = plain->text == "true";
  return true;
}

bool YamlReader::Day(const YamlNode& node, absl::string_view path,
                     Date* value) {
  const YamlNode* plain = Plain(node, path, {"một ngày", "a date"});
  if (plain == nullptr) return false;
  const std::string text = Trimmed(*plain, path);
  absl::StatusOr<Date> date = ParseIsoDate(text);
  if (!date.ok()) date = ParseVietnameseDate(text);
  if (!date.ok()) {
    Error(node, path,
          {absl::StrCat(Shown(text),
                        " không phải là một ngày có trong lịch; viết "
                        "2023-06-01, hoặc ngày trước tháng sau, 1/6/2023"),
           absl::StrCat(Shown(text),
                        " is not a day of the calendar; write it as 2023-06-01 "
                        "or, day first, 1/6/2023")});
    return false;
  }
  *value = *date;
  return true;
}

}  // namespace thon
