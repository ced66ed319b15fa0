// Fields of messages by reflection.
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "tools/thon/scenario/payload.h"
#include "tools/thon/scenario/values.h"

namespace thon::scenario {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

constexpr absl::string_view kEndings[] = {"_unit_id", "_team_id", "_team_ids",
                                          "_id",      "_ids",     "_date",
                                          "_month",   "_vnd"};

bool EndsWith(const FieldDescriptor& field, absl::string_view end) {
  return absl::EndsWith(field.name(), end);
}

}  // namespace

std::optional<NameKind> IdKind(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_UINT64) return std::nullopt;
  if (EndsWith(field, "team_id") || EndsWith(field, "team_ids")) {
    return NameKind::kTeam;
  }
  if (EndsWith(field, "unit_id") || EndsWith(field, "village_id")) {
    return NameKind::kUnit;
  }
  if (EndsWith(field, "member_id")) return NameKind::kMember;
  if (EndsWith(field, "organisation_id")) return NameKind::kOrganisation;
  if (EndsWith(field, "officer_id")) return NameKind::kOfficer;
  if (EndsWith(field, "grant_id")) return NameKind::kGrant;
  if (EndsWith(field, "task_id")) return NameKind::kTask;
  if (EndsWith(field, "model_id")) return NameKind::kModel;
  if (EndsWith(field, "mobilisation_id")) return NameKind::kMobilisation;
  return std::nullopt;
}

std::map<std::string, const FieldDescriptor*> FieldNames(
    const Descriptor& type) {
  std::map<std::string, const FieldDescriptor*> names;
  std::map<std::string, std::vector<const FieldDescriptor*>> shorter;
  const FieldDescriptor* date = nullptr;
  int dates = 0;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    names[field->name()] = field;
    for (const absl::string_view end : kEndings) {
      if (!absl::EndsWith(field->name(), end)) continue;
      const std::string rest =
          field->name().substr(0, field->name().size() - end.size());
      if (rest.empty()) continue;
      shorter[rest].push_back(field);
      if (absl::EndsWith(end, "ids")) shorter[rest + "s"].push_back(field);
    }
    if (field->name() == "period_month") shorter["month"].push_back(field);
    if (field->name() == "issue_date") shorter["issued"].push_back(field);
    if (field->name() == "team_ids") shorter["teams"].push_back(field);
    if (EndsWith(*field, "_date")) {
      date = field;
      ++dates;
    }
  }
  if (dates == 1) shorter["date"].push_back(date);
  for (const auto& [name, fields] : shorter) {
    bool same = true;
    for (const FieldDescriptor* const field : fields) {
      same = same && field == fields.front();
    }
    if (same) names.emplace(name, fields.front());
  }
  return names;
}

bool PayloadReader::Id(NameKind kind, const YamlNode& node,
                       absl::string_view path, std::uint64_t* id) {
  std::string text;
  if (!reader_.Text(node, path, &text)) return false;
  if (text == "none") {
    *id = 0;
    return true;
  }
  // A number is an id as it stands, of something that may not exist.
  if (absl::SimpleAtoi(text, id)) return true;
  std::optional<std::string> name = text;
  bool ambiguous = false;
  if (kind == NameKind::kMember) {
    name = names_.FindMember(team_, text, &ambiguous);
  }
  const std::optional<std::uint64_t> found =
      name.has_value() ? names_.Find(kind, *name) : std::nullopt;
  if (found.has_value()) {
    *id = *found;
    return true;
  }
  if (ambiguous) {
    reader_.Error(node, path,
                  {absl::StrCat("nhiều tổ có thành viên ", Shown(text),
                                "; viết TỔ/", text),
                   absl::StrCat("several teams have a member ", Shown(text),
                                "; write TEAM/", text)});
    return false;
  }
  if (names_.FindGroup(kind, text) != nullptr) {
    reader_.Error(
        node, path,
        {absl::StrCat(Shown(text),
                      " là tên chung của nhiều đối tượng; viết một "
                      "trong số đó, ",
                      text, "-1"),
         absl::StrCat(Shown(text), " stands for several; write one of them, ",
                      text, "-1")});
    return false;
  }
  const std::string nearest = Nearest(text, names_.All(kind));
  const Sentence what = KindText(kind);
  const Sentence hint = nearest.empty()
                            ? Sentence{"; khai báo tên này, hoặc sửa lại tên",
                                       "; say what it is, or correct the name"}
                            : Perhaps(nearest);
  reader_.Error(
      node, path,
      {absl::StrCat("không có ", what.vi, " nào tên ", Shown(text), hint.vi),
       absl::StrCat("no ", what.en, " is called ", Shown(text), hint.en)});
  return false;
}

bool PayloadReader::Ids(NameKind kind, const YamlNode& node,
                        absl::string_view path,
                        std::vector<std::uint64_t>* ids) {
  bool good = true;
  for (const YamlNode* const item : reader_.Items(node, path)) {
    if (kind == NameKind::kTeam && item->text == "all") {
      for (const std::string& name : names_.All(kind)) {
        const std::optional<std::uint64_t> id = names_.Find(kind, name);
        if (id.has_value()) ids->push_back(*id);
      }
      continue;
    }
    if (const auto* const group = names_.FindGroup(kind, item->text)) {
      for (const std::string& name : *group) {
        ids->push_back(*names_.Find(kind, name));
      }
      continue;
    }
    std::uint64_t id = 0;
    if (Id(kind, *item, path, &id)) {
      ids->push_back(id);
    } else {
      good = false;
    }
  }
  return good && node.kind != YamlNode::Kind::kMap;
}

bool PayloadReader::Document(const YamlNode& node, absl::string_view path,
                             v1::LegalDocument* document) {
  if (node.kind == YamlNode::Kind::kScalar) {
    std::string number;
    if (!reader_.Text(node, path, &number)) return false;
    document->set_number(number);
    return true;
  }
  return Message(node, std::string(path), document);
}

bool PayloadReader::Message(const YamlNode& node, const std::string& path,
                            google::protobuf::Message* message) {
  Fields fields(&reader_, node, path);
  if (!fields.ok()) return false;
  const int errors = reader_.errors();
  for (const auto& [name, field] : FieldNames(*message->GetDescriptor())) {
    const YamlNode* const value = fields.Find(name);
    if (value != nullptr) Field(*field, *value, At(path, name), message);
  }
  fields.Done();
  return reader_.errors() == errors;
}

bool PayloadReader::Field(const FieldDescriptor& field, const YamlNode& node,
                          const std::string& path,
                          google::protobuf::Message* message) {
  const Reflection& reflection = *message->GetReflection();
  if (field.message_type() == v1::LegalDocument::descriptor()) {
    return Document(node, path,
                    static_cast<v1::LegalDocument*>(
                        reflection.MutableMessage(message, &field)));
  }
  if (!field.is_repeated()) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return Message(node, path, reflection.MutableMessage(message, &field));
    }
    return Scalar(field, node, path, false, message);
  }
  if (const std::optional<NameKind> kind = IdKind(field)) {
    std::vector<std::uint64_t> ids;
    if (!Ids(*kind, node, path, &ids)) return false;
    for (const std::uint64_t id : ids) {
      reflection.AddUInt64(message, &field, id);
    }
    return true;
  }
  if (node.kind == YamlNode::Kind::kMap) {
    const Sentence is = KindWords(node);
    reader_.Error(node, path,
                  {absl::StrCat(is.vi, "; viết một danh sách, [a, b]"),
                   absl::StrCat(is.en, "; write a list, [a, b]")});
    return false;
  }
  bool good = true;
  for (const YamlNode* const item : reader_.Items(node, path)) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      good =
          Message(*item, path, reflection.AddMessage(message, &field)) && good;
    } else {
      good = Scalar(field, *item, path, true, message) && good;
    }
  }
  return good;
}

bool PayloadReader::Number(const FieldDescriptor& field, const YamlNode& node,
                           const std::string& path, std::int64_t* value) {
  const bool none = node.text == "none";
  if (none) {
    *value = 0;
    return true;
  }
  if (EndsWith(field, "_date") || field.name() == "date") {
    Date date;
    if (!reader_.Day(node, path, &date)) return false;
    *value = date.days;
    return true;
  }
  if (EndsWith(field, "month")) {
    Month month;
    if (!reader_.YearMonth(node, path, &month)) return false;
    *value = month.yyyymm;
    return true;
  }
  if (field.name() == "quarter") {
    const std::optional<std::int32_t> quarter = ParseQuarter(node.text);
    if (!quarter.has_value()) {
      reader_.Error(
          node, path,
          {absl::StrCat(Shown(node.text), " không phải là quý; viết 2023-Q3"),
           absl::StrCat(Shown(node.text), " is not a quarter; write 2023-Q3")});
      return false;
    }
    *value = *quarter;
    return true;
  }
  if (EndsWith(field, "_vnd")) return reader_.Dong(node, path, value);
  if (EndsWith(field, "time_ms")) {
    Instant moment;
    if (!reader_.Moment(node, path, &moment)) return false;
    *value = moment.ms;
    return true;
  }
  // Absurd counts are what some scenarios are about: any number passes that
  // the field can hold.
  const bool narrow = field.cpp_type() == FieldDescriptor::CPPTYPE_INT32;
  return reader_.Whole(node, path,
                       narrow ? std::numeric_limits<std::int32_t>::min()
                              : std::numeric_limits<std::int64_t>::min(),
                       narrow ? std::numeric_limits<std::int32_t>::max()
                              : std::numeric_limits<std::int64_t>::max(),
                       value);
}

bool PayloadReader::Scalar(const FieldDescriptor& field, const YamlNode& node,
                           const std::string& path, bool add,
                           google::protobuf::Message* message) {
  const Reflection& reflection = *message->GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM: {
      int value = 0;
      if (!reader_.EnumWord(node, path, field.enum_type(), &value)) {
        return false;
      }
      if (add) {
        reflection.AddEnumValue(message, &field, value);
      } else {
        reflection.SetEnumValue(message, &field, value);
      }
      return true;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text;
      if (!reader_.Text(node, path, &text)) return false;
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        std::string bytes;
        if (!HexDecode(text, &bytes)) {
          reader_.Error(node, path,
                        {"không phải số hệ mười sáu; bỏ mục này",
                         "is not hexadecimal; leave it out"});
          return false;
        }
        text = bytes;
      }
      if (add) {
        reflection.AddString(message, &field, text);
      } else {
        reflection.SetString(message, &field, text);
      }
      return true;
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      bool value = false;
      if (!reader_.Bool(node, path, &value)) return false;
      reflection.SetBool(message, &field, value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      std::uint64_t id = 0;
      if (const std::optional<NameKind> kind = IdKind(field)) {
        if (!Id(*kind, node, path, &id)) return false;
      } else {
        std::int64_t value = 0;
        if (!reader_.Whole(node, path, 0,
                           std::numeric_limits<std::int64_t>::max(), &value)) {
          return false;
        }
        id = static_cast<std::uint64_t>(value);
      }
      reflection.SetUInt64(message, &field, id);
      return true;
    }
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64: {
      std::int64_t value = 0;
      if (!Number(field, node, path, &value)) return false;
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
        reflection.SetInt64(message, &field, value);
      } else if (add) {
        reflection.AddInt32(message, &field, static_cast<std::int32_t>(value));
      } else {
        reflection.SetInt32(message, &field, static_cast<std::int32_t>(value));
      }
      return true;
    }
    default:
      reader_.Error(node, path,
                    {"không viết được trong kịch bản; bỏ mục này",
                     "cannot be written in a scenario; leave it out"});
      return false;
  }
}

}  // namespace thon::scenario
