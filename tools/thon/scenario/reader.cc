#include "tools/thon/scenario/reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "tools/thon/scenario/values.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

// A file with more mistakes is not being corrected by hand.
constexpr int kErrorsMax = 200;

// Words that people write beside the API's own.
template <typename Enum>
bool Vietnamese(const google::protobuf::EnumDescriptor* type,
                const std::optional<Enum>& parsed, int* value) {
  if (type != google::protobuf::GetEnumDescriptor<Enum>() ||
      !parsed.has_value()) {
    return false;
  }
  *value = static_cast<int>(*parsed);
  return true;
}

bool UnitKindWord(const google::protobuf::EnumDescriptor* type,
                  absl::string_view text, int* value) {
  if (type != v1::UnitKind_descriptor()) return false;
  const std::string wanted = SearchKey(text);
  if (wanted == SearchKey("thành phố trung ương") ||
      wanted == SearchKey("thành phố trực thuộc trung ương")) {
    *value = v1::UNIT_KIND_THANH_PHO_TW;
    return true;
  }
  // The central cities are written out, so the plain word is a province's own.
  if (wanted == SearchKey("thành phố")) {
    *value = v1::UNIT_KIND_THANH_PHO;
    return true;
  }
  for (int i = 0; i < type->value_count(); ++i) {
    const auto kind = static_cast<v1::UnitKind>(type->value(i)->number());
    if (kind != v1::UNIT_KIND_UNSPECIFIED &&
        wanted == SearchKey(cli::KindWord(kind))) {
      *value = kind;
      return true;
    }
  }
  return false;
}

}  // namespace

std::string At(absl::string_view path, absl::string_view key) {
  return path.empty() ? std::string(key) : absl::StrCat(path, ".", key);
}

std::string At(absl::string_view path, std::size_t index) {
  return absl::StrCat(path, "[", index, "]");
}

std::string Shown(absl::string_view text) {
  if (text.size() <= 60) return absl::StrCat("\"", text, "\"");
  std::size_t cut = 60;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) {
    --cut;
  }
  return absl::StrCat("\"", text.substr(0, cut), "...\"");
}

Sentence Perhaps(absl::string_view nearest) {
  if (nearest.empty()) return {};
  return {absl::StrCat("; có phải là \"", nearest, "\"?"),
          absl::StrCat("; did you mean \"", nearest, "\"?")};
}

bool Reader::Parse(absl::string_view text, YamlNode* root) {
  YamlProblem problem;
  std::vector<YamlProblem> notes;
  const bool read = ReadYaml(text, root, &problem, &notes);
  for (const YamlProblem& note : notes) {
    Note(Severity::kWarning, note.line, note.column, "", note.message);
  }
  if (!read) {
    Note(Severity::kError, problem.line, problem.column, "", problem.message);
  }
  return read;
}

void Reader::Note(Severity severity, int line, int column,
                  absl::string_view path, const Sentence& message) {
  if (severity == Severity::kError) ++errors_;
  if (errors_ > kErrorsMax) return;
  findings_.push_back(
      {severity, file_, line, column, std::string(path), message});
}

std::vector<Finding> Reader::TakeFindings() {
  std::stable_sort(findings_.begin(), findings_.end(),
                   [](const Finding& a, const Finding& b) {
                     return std::make_pair(a.line, a.column) <
                            std::make_pair(b.line, b.column);
                   });
  return std::move(findings_);
}

const std::string* Reader::Plain(const YamlNode& node, absl::string_view path,
                                 const Sentence& what) {
  if (node.kind == YamlNode::Kind::kScalar) return &node.text;
  const Sentence is = KindWords(node);
  Error(node, path,
        {absl::StrCat(is.vi, "; viết ", what.vi),
         absl::StrCat(is.en, "; write ", what.en)});
  return nullptr;
}

bool Reader::Text(const YamlNode& node, absl::string_view path,
                  std::string* value) {
  const std::string* const text = Plain(node, path, {"một đoạn chữ", "a text"});
  if (text == nullptr) return false;
  *value = Trim(*text);
  return true;
}

bool Reader::Name(const YamlNode& node, absl::string_view path,
                  std::string* value) {
  std::string text;
  if (!Text(node, path, &text)) return false;
  const bool letters = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || absl::ascii_isalnum(c) ||
           c == '-' || c == '_' || c == '.';
  });
  const bool digits = std::all_of(
      text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
  if (text.empty() || text.size() > 80 || !letters || digits) {
    Error(
        node, path,
        {absl::StrCat(Shown(text),
                      " không phải tên; dùng chữ cái, chữ số, \"-\", \"_\" và "
                      "\".\", không chỉ toàn chữ số"),
         absl::StrCat(Shown(text),
                      " is no name; use letters, digits, \"-\", \"_\" and "
                      "\".\", not digits alone")});
    return false;
  }
  *value = text;
  return true;
}

bool Reader::Whole(const YamlNode& node, absl::string_view path,
                   std::int64_t min, std::int64_t max, std::int64_t* value) {
  const std::string* const text =
      Plain(node, path, {"một số nguyên", "a whole number"});
  if (text == nullptr) return false;
  std::int64_t number = 0;
  if (!absl::SimpleAtoi(*text, &number)) {
    Error(node, path,
          {absl::StrCat(Shown(*text), " không phải số nguyên; chỉ viết chữ số"),
           absl::StrCat(Shown(*text),
                        " is not a whole number; write digits only")});
    return false;
  }
  if (number < min || number > max) {
    Error(node, path,
          {absl::StrCat(number, " không nằm từ ", min, " đến ", max),
           absl::StrCat(number, " is not between ", min, " and ", max)});
    return false;
  }
  *value = number;
  return true;
}

bool Reader::Bool(const YamlNode& node, absl::string_view path, bool* value) {
  const std::string* const text =
      Plain(node, path, {"true hoặc false", "true or false"});
  if (text == nullptr) return false;
  const std::string lower = absl::AsciiStrToLower(*text);
  if (lower == "true" || lower == "false") {
    *value = lower == "true";
    return true;
  }
  const std::optional<bool> yes = cli::ParseYesNo(*text);
  if (!yes.has_value()) {
    Error(node, path,
          {absl::StrCat(Shown(*text), ": viết true (có) hoặc false (không)"),
           absl::StrCat(Shown(*text), ": write true or false")});
    return false;
  }
  *value = *yes;
  return true;
}

bool Reader::Day(const YamlNode& node, absl::string_view path, Date* value) {
  const std::string* const text = Plain(node, path, {"một ngày", "a date"});
  if (text == nullptr) return false;
  const absl::StatusOr<Date> date = cli::ParseDate(*text);
  if (!date.ok()) {
    Error(node, path,
          {absl::StrCat(Shown(*text),
                        " không phải là ngày; viết 2023-06-30 hoặc 30/6/2023"),
           absl::StrCat(Shown(*text),
                        " is not a date; write 2023-06-30 or 30/6/2023")});
    return false;
  }
  *value = *date;
  return true;
}

bool Reader::YearMonth(const YamlNode& node, absl::string_view path,
                       Month* value) {
  const std::string* const text = Plain(node, path, {"một tháng", "a month"});
  if (text == nullptr) return false;
  const absl::StatusOr<Month> month = cli::ParseMonth(*text);
  if (!month.ok()) {
    Error(node, path,
          {absl::StrCat(Shown(*text),
                        " không phải là tháng; viết 2023-06 hoặc 6/2023"),
           absl::StrCat(Shown(*text),
                        " is not a month; write 2023-06 or 6/2023")});
    return false;
  }
  *value = *month;
  return true;
}

bool Reader::Months(const YamlNode& node, absl::string_view path, Month* first,
                    Month* last) {
  const std::string* const text = Plain(node, path, Same("2023-06..2023-12"));
  if (text == nullptr) return false;
  const auto months = ParseMonths(*text);
  if (!months.has_value()) {
    Error(node, path,
          {absl::StrCat(Shown(*text),
                        " không phải là tháng hay khoảng tháng, tháng đầu "
                        "trước; viết 2023-06 hoặc 2023-06..2023-12"),
           absl::StrCat(Shown(*text),
                        " is not a month or a range, the first month first; "
                        "write 2023-06 or 2023-06..2023-12")});
    return false;
  }
  *first = months->first;
  *last = months->second;
  return true;
}

bool Reader::Moment(const YamlNode& node, absl::string_view path,
                    Instant* value) {
  const std::string* const text = Plain(node, path, Same("2023-06-30 18:00"));
  if (text == nullptr) return false;
  const std::optional<Instant> moment = ParseMoment(*text);
  if (!moment.has_value()) {
    Error(node, path,
          {absl::StrCat(Shown(*text),
                        " không phải là thời điểm; viết 2023-06-30 18:00 (giờ "
                        "Việt Nam) hoặc 2023-06-30T11:00:00Z"),
           absl::StrCat(Shown(*text),
                        " is not a moment; write 2023-06-30 18:00 (local "
                        "time) or 2023-06-30T11:00:00Z")});
    return false;
  }
  *value = *moment;
  return true;
}

bool Reader::Span(const YamlNode& node, absl::string_view path,
                  std::int64_t* ms) {
  const std::string* const text = Plain(node, path, Same("+366d"));
  if (text == nullptr) return false;
  const std::optional<std::int64_t> span = ParseSpan(*text);
  if (!span.has_value()) {
    Error(node, path,
          {absl::StrCat(Shown(*text),
                        " không phải là khoảng thời gian; viết 90s, 10m, -3h "
                        "hoặc +366d"),
           absl::StrCat(Shown(*text),
                        " is not a span of time; write 90s, 10m, -3h or "
                        "+366d")});
    return false;
  }
  *ms = *span;
  return true;
}

bool Reader::Dong(const YamlNode& node, absl::string_view path,
                  std::int64_t* value) {
  const std::string* const text =
      Plain(node, path, {"một số tiền", "an amount of money"});
  if (text == nullptr) return false;
  absl::string_view positive = *text;
  const bool negative = !positive.empty() && positive.front() == '-';
  if (negative) positive.remove_prefix(1);
  const absl::StatusOr<std::int64_t> amount = ParseDong(positive);
  if (!amount.ok()) {
    Error(node, path,
          {absl::StrCat(Shown(*text),
                        " không phải số tiền nguyên đồng; viết 500000, "
                        "500.000, 500 nghìn hoặc 1.500.000 đồng"),
           absl::StrCat(Shown(*text),
                        " is no whole amount of đồng; write 500000, 500.000, "
                        "500 nghìn or 1.500.000 đồng")});
    return false;
  }
  *value = negative ? -*amount : *amount;
  return true;
}

bool Reader::EnumWord(const YamlNode& node, absl::string_view path,
                      const google::protobuf::EnumDescriptor* type,
                      int* value) {
  const std::string* const text = Plain(node, path, {"một từ", "a word"});
  if (text == nullptr) return false;
  if (absl::SimpleAtoi(*text, value)) return true;
  const std::string upper = absl::AsciiStrToUpper(*text);
  std::vector<std::string> known;
  for (int i = 0; i < type->value_count(); ++i) {
    const int number = type->value(i)->number();
    const std::string word = cli::ShortEnumName(type, number);
    if (upper == word || upper == type->value(i)->name()) {
      *value = number;
      return true;
    }
    if (number != 0) known.push_back(word);
  }
  if (UnitKindWord(type, *text, value) ||
      Vietnamese(type, cli::ParseLevel(*text), value) ||
      Vietnamese(type, cli::ParseSeat(*text), value) ||
      Vietnamese(type, cli::ParseAffiliation(*text), value) ||
      Vietnamese(type, cli::ParseOrganisationKind(*text), value) ||
      Vietnamese(type, cli::ParseTarget(*text), value) ||
      Vietnamese(type, cli::ParseRole(*text), value) ||
      Vietnamese(type, cli::ParseState(*text), value)) {
    return true;
  }
  const std::string nearest = Nearest(*text, known);
  const Sentence perhaps = Perhaps(nearest);
  const bool none = nearest.empty();
  const std::string all = absl::StrJoin(known, ", ");
  Error(node, path,
        {absl::StrCat("không có từ ", Shown(*text), perhaps.vi,
                      none ? "; viết" : " Viết", " một trong các từ ", all),
         absl::StrCat(Shown(*text), " is not known", perhaps.en,
                      none ? "; write" : " Write", " one of ", all)});
  return false;
}

std::vector<const YamlNode*> Reader::Items(const YamlNode& node,
                                           absl::string_view path) {
  std::vector<const YamlNode*> items;
  if (node.kind == YamlNode::Kind::kScalar) {
    items.push_back(&node);
  } else if (node.kind == YamlNode::Kind::kSequence) {
    for (const YamlNode& item : node.items) items.push_back(&item);
  } else {
    const Sentence is = KindWords(node);
    Error(node, path,
          {absl::StrCat(is.vi, "; viết một danh sách, [a, b]"),
           absl::StrCat(is.en, "; write a list, [a, b]")});
  }
  return items;
}

Fields::Fields(Reader* reader, const YamlNode& node, std::string path)
    : reader_(reader), node_(&node), path_(std::move(path)) {
  if (node.kind == YamlNode::Kind::kMap) return;
  ok_ = false;
  // An empty block is written as nothing at all, or as {}.
  if (node.kind == YamlNode::Kind::kNull) {
    ok_ = true;
    return;
  }
  const Sentence is = KindWords(node);
  reader_->Error(
      node, path_,
      {absl::StrCat(is.vi, "; viết một khối gồm nhiều mục, {name: value}"),
       absl::StrCat(is.en, "; write a block of fields, {name: value}")});
}

std::string Fields::Path(absl::string_view key) const { return At(path_, key); }

const YamlNode* Fields::Find(absl::string_view key) {
  Know(key);
  for (const auto& field : node_->fields) {
    if (field.first == key) return &field.second;
  }
  return nullptr;
}

const YamlNode* Fields::Need(absl::string_view key) {
  const YamlNode* const node = Find(key);
  if (node == nullptr && ok_) {
    reader_->Error(*node_, Path(key),
                   {absl::StrCat("thiếu; thêm \"", key, ":\""),
                    absl::StrCat("missing; add \"", key, ":\"")});
  }
  return node;
}

void Fields::Done() {
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto& [key, value] : node_->fields) {
    if (known_.count(key) > 0) continue;
    const std::string nearest = Nearest(key, known);
    const std::string all = absl::StrJoin(known, ", ");
    const Sentence hint =
        nearest.empty()
            ? Sentence{absl::StrCat("; các mục dùng được ở đây: ", all),
                       absl::StrCat("; known here: ", all)}
            : Perhaps(nearest);
    reader_->Error(value, Path(key),
                   {absl::StrCat("không có mục ", Shown(key), hint.vi),
                    absl::StrCat("unknown field ", Shown(key), hint.en)});
  }
}

bool Fields::Text(absl::string_view key, std::string* value) {
  const YamlNode* const node = Find(key);
  return node == nullptr || reader_->Text(*node, Path(key), value);
}

bool Fields::Bool(absl::string_view key, bool* value) {
  const YamlNode* const node = Find(key);
  return node == nullptr || reader_->Bool(*node, Path(key), value);
}

bool Fields::Day(absl::string_view key, Date* value) {
  const YamlNode* const node = Find(key);
  return node == nullptr || reader_->Day(*node, Path(key), value);
}

bool Fields::Moment(absl::string_view key, Instant* value) {
  const YamlNode* const node = Find(key);
  return node == nullptr || reader_->Moment(*node, Path(key), value);
}

bool Fields::Whole(absl::string_view key, std::int64_t min, std::int64_t max,
                   std::int64_t* value) {
  const YamlNode* const node = Find(key);
  return node == nullptr || reader_->Whole(*node, Path(key), min, max, value);
}

}  // namespace thon::scenario
