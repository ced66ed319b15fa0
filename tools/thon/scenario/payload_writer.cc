#include "tools/thon/scenario/payload_writer.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/core/hash.h"
#include "server/projections/values.h"
#include "tools/thon/scenario/payload.h"
#include "tools/thon/scenario/values.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Texts by which rules find what they mean.
constexpr absl::string_view kKept[] = {
    "policy_id",   "list_id",  "number",       "metric",
    "app",         "purpose",  "reason_codes", "service_group",
    "campaign_id", "batch_id", "grade",        "file_kind"};

std::string Block(const std::vector<std::string>& fields) {
  return absl::StrCat("{", absl::StrJoin(fields, ", "), "}");
}

std::string List(const std::vector<std::string>& items) {
  return absl::StrCat("[", absl::StrJoin(items, ", "), "]");
}

bool IsSet(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                             : reflection.HasField(message, &field);
}

std::string FormFields(
    const google::protobuf::RepeatedPtrField<v1::FormField>& form) {
  std::map<std::string, std::int64_t> fields;
  for (const v1::FormField& field : form) fields[field.name()] = field.value();
  std::vector<std::string> all;
  for (const auto& [name, value] : fields) {
    all.push_back(absl::StrCat(Quoted(name), ": ", value));
  }
  return Block(all);
}

}  // namespace

std::string Quoted(absl::string_view text) {
  return absl::StrCat(
      "\"",
      absl::StrReplaceAll(
          text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}, {"\t", "\\t"}}),
      "\"");
}

std::string MomentText(Instant moment) {
  const std::int64_t ms = ((moment.ms % 1000) + 1000) % 1000;
  std::string text = ShowMoment(Instant(moment.ms - ms));
  if (ms == 0) return text;
  return absl::StrCat(text, ".", ms < 100 ? "0" : "", ms < 10 ? "0" : "", ms);
}

void PayloadWriter::CannotSay(absl::string_view what) {
  notes_.unsayable.push_back(absl::StrCat(where_, ": ", what));
}

template <typename T>
bool PayloadWriter::Load(absl::string_view hash, T* document) {
  const std::string* const bytes = log_.FindDocument(hash);
  if (bytes != nullptr && document->ParseFromString(*bytes)) return true;
  CannotSay("its document is not complete");
  return false;
}

std::pair<std::string, std::string> PayloadWriter::Write(
    const v1::Event& event, const AuthorId& author, const std::string& where) {
  where_ = where;
  const FieldDescriptor* const payload =
      v1::Event::descriptor()->FindFieldByNumber(event.payload_case());
  if (payload == nullptr) return {"unknown", "{}"};
  const Message& message = event.GetReflection()->GetMessage(event, payload);
  Fields fields;
  std::set<std::string> done;
  const auto own = FieldNames(*message.GetDescriptor());
  // What the event is about, where the payload does not say it itself.
  if (event.team_id() != 0 && event.has_act() && own.count("team") == 0) {
    fields.push_back(absl::StrCat(
        "team: ", renamer_.Show(NameKind::kTeam, event.team_id())));
  }
  if (event.unit_id() != 0 && own.count("unit") == 0) {
    fields.push_back(absl::StrCat(
        "unit: ", renamer_.Show(NameKind::kUnit, event.unit_id())));
  }
  Special(event, author, &fields, &done);
  WriteFields(message, done, &fields);
  return {payload->name(), Block(fields)};
}

void PayloadWriter::Special(const v1::Event& event, const AuthorId& author,
                            Fields* fields, std::set<std::string>* done) {
  if (event.has_household_visit()) {
    const std::string& household = event.household_visit().household();
    done->insert("household");
    if (!household.empty()) {
      fields->push_back(absl::StrCat(
          "household: ", Quoted(renamer_.Word("hộ", HexEncode(household)))));
    }
  } else if (event.has_monthly_update_submitted()) {
    const v1::MonthlyUpdateSubmitted& update = event.monthly_update_submitted();
    *done = {"fields", "range_hash"};
    if (!update.fields().empty()) {
      fields->push_back(absl::StrCat("fields: ", FormFields(update.fields())));
    }
  } else if (event.has_quarter_evaluated()) {
    *done = {"scores"};
    if (!event.quarter_evaluated().scores().empty()) {
      fields->push_back(absl::StrCat(
          "scores: ", FormFields(event.quarter_evaluated().scores())));
    }
  } else if (event.has_withdrawn()) {
    *done = {"event_hash"};
    const Hash hash = Sha256Of(
        renamer_.Word("withdrawn", HexEncode(event.withdrawn().event_hash())));
    fields->push_back(absl::StrCat("event_hash: ", Quoted(hash.Hex())));
  } else if (event.has_correction_issued()) {
    *done = {"target_author", "target_sequence", "amended"};
    WriteCorrection(event.correction_issued(), author, fields);
  } else if (event.has_held_decided() &&
             !event.held_decided().author().empty()) {
    *done = {"author", "first_sequence", "last_sequence"};
    WriteHeld(event.held_decided(), fields);
  } else {
    WriteTargets(event, fields, done);
    WriteDocuments(event, fields, done);
  }
}

void PayloadWriter::WriteCorrection(const v1::CorrectionIssued& correction,
                                    const AuthorId& author, Fields* fields) {
  AuthorId target = author;
  if (!correction.target_author().empty()) {
    AuthorId::FromBytes(correction.target_author(), &target);
  }
  const std::uint64_t number = correction.target_sequence();
  const bool from_server = author == log_.entries().front().author;
  const std::string name = event_name(target, number);
  if (!from_server && target == author) {
    fields->push_back(absl::StrCat("target_sequence: ", number));
  } else if (from_server && !name.empty()) {
    fields->push_back(absl::StrCat("event: ", name));
  } else if (from_server && target == author && founded_by(number) != 0) {
    fields->push_back(absl::StrCat(
        "founding: ", renamer_.Show(NameKind::kTeam, founded_by(number))));
  } else {
    CannotSay("the event that is corrected is not in the recording");
  }
  if (!correction.has_amended()) return;
  const auto [payload, block] = Write(correction.amended(), author, where_);
  fields->push_back(absl::StrCat("amended: {", payload, ": ", block, "}"));
}

void PayloadWriter::WriteHeld(const v1::HeldDecided& held, Fields* fields) {
  AuthorId author;
  AuthorId::FromBytes(held.author(), &author);
  std::vector<std::string> names;
  constexpr std::uint64_t kMany = 10'000;
  for (std::uint64_t number = held.first_sequence();
       number <= held.last_sequence() && names.size() < kMany; ++number) {
    const std::string name = event_name(author, number);
    if (name.empty()) break;
    names.push_back(name);
  }
  if (names.size() != held.last_sequence() - std::min(held.first_sequence() - 1,
                                                      held.last_sequence())) {
    CannotSay("events that are decided are not in the recording");
  }
  fields->push_back(absl::StrCat("events: ", List(names)));
}

void PayloadWriter::WriteTargets(const v1::Event& event, Fields* fields,
                                 std::set<std::string>* done) {
  std::string bytes;
  if (event.has_successor_confirmed()) {
    bytes = event.successor_confirmed().author();
  } else if (event.has_author_revoked()) {
    bytes = event.author_revoked().author();
  } else if (event.has_clock_observed()) {
    bytes = event.clock_observed().author();
  }
  if (bytes.empty()) return;
  done->insert("author");
  AuthorId author;
  AuthorId::FromBytes(bytes, &author);
  const std::string phone = phone_name(author);
  if (phone.empty() || event.has_clock_observed()) {
    CannotSay("the phone that it names is not in the recording");
    return;
  }
  fields->push_back(absl::StrCat("phone: ", phone));
}

void PayloadWriter::WriteDocuments(const v1::Event& event, Fields* fields,
                                   std::set<std::string>* done) {
  if (event.has_registration_list_approved()) {
    *done = {"rows_hash"};
    fields->push_back(absl::StrCat(
        "rows: ", WriteRows(event.registration_list_approved().rows_hash())));
  } else if (event.has_registration_list_amended()) {
    *done = {"rows_hash"};
    fields->push_back(absl::StrCat(
        "rows: ", WriteRows(event.registration_list_amended().rows_hash())));
  } else if (event.has_funding_approved()) {
    *done = {"teams_hash", "team_count"};
    v1::FundedTeams funded;
    std::vector<std::string> teams;
    if (Load(event.funding_approved().teams_hash(), &funded)) {
      for (const std::uint64_t id : funded.team_ids()) {
        if (renamer_.Has(NameKind::kTeam, id)) {
          teams.push_back(renamer_.Show(NameKind::kTeam, id));
        }
      }
      if (funded.team_ids_size() > static_cast<int>(teams.size())) {
        notes_.left_out.push_back(absl::StrCat(
            where_, ": ",
            funded.team_ids_size() - static_cast<int>(teams.size()),
            " other teams of the funding decision; its ceiling is kept"));
      }
    }
    fields->push_back(absl::StrCat("teams: ", List(teams)));
  } else if (event.has_units_imported()) {
    *done = {"units_hash"};
    fields->push_back(
        absl::StrCat("map: ", WriteMap(event.units_imported().units_hash())));
  } else if (event.has_admin_unit_changed()) {
    *done = {"successions_hash"};
    fields->push_back(absl::StrCat(
        "successions: ",
        WriteSuccessions(event.admin_unit_changed().successions_hash())));
  } else if (event.has_facts_imported()) {
    *done = {"facts_hash", "count"};
    fields->push_back(absl::StrCat(
        "facts: ", WriteFacts(event.facts_imported().facts_hash())));
  } else if (event.has_policy_published()) {
    // Its text stands in a block of its own.
    *done = {"text_hash"};
  }
}

std::string PayloadWriter::WriteRows(absl::string_view hash) {
  v1::RegistrationList list;
  std::map<std::string, std::vector<std::string>> targets;
  if (Load(hash, &list)) {
    for (const v1::RegistrationRow& row : list.rows()) {
      if (!renamer_.Has(NameKind::kUnit, row.unit_id())) continue;
      const std::string word =
          row.removed() ? "removed" : cli::Short(row.target());
      auto& words = targets[renamer_.Show(NameKind::kUnit, row.unit_id())];
      if (std::find(words.begin(), words.end(), word) == words.end()) {
        words.push_back(word);
      }
    }
  }
  Fields rows;
  for (const auto& [unit, words] : targets) {
    rows.push_back(absl::StrCat(
        unit, ": ", words.size() == 1 ? words.front() : List(words)));
  }
  return Block(rows);
}

std::string PayloadWriter::WriteMap(absl::string_view hash) {
  v1::UnitList map;
  Fields units;
  if (Load(hash, &map)) {
    for (const v1::UnitRecord& unit : map.units()) {
      if (!renamer_.Has(NameKind::kUnit, unit.unit_id())) continue;
      Fields fields = {absl::StrCat("kind: ", cli::Short(unit.kind()))};
      if (unit.level() == v1::UNIT_LEVEL_VILLAGE) {
        CannotSay("a village in a map of units");
      }
      fields.push_back(absl::StrCat(
          "code: ", Quoted(renamer_.Code(unit.unit_id(),
                                         static_cast<int>(std::max<std::size_t>(
                                             2, unit.code().size()))))));
      if (unit.parent_unit_id() != 0) {
        fields.push_back(absl::StrCat(
            "in: ", renamer_.Show(NameKind::kUnit, unit.parent_unit_id())));
      }
      units.push_back(absl::StrCat(
          renamer_.Show(NameKind::kUnit, unit.unit_id()), ": ", Block(fields)));
    }
  }
  return Block(units);
}

std::string PayloadWriter::WriteSuccessions(absl::string_view hash) {
  v1::Successions successions;
  Fields rows;
  if (Load(hash, &successions)) {
    for (const v1::Succession& row : successions.rows()) {
      if (!renamer_.Has(NameKind::kUnit, row.from_unit_id())) continue;
      rows.push_back(WriteMessage(row));
    }
  }
  return List(rows);
}

std::string PayloadWriter::WriteFacts(absl::string_view hash) {
  v1::FactList list;
  Fields facts;
  if (!Load(hash, &list)) return "[]";
  for (const v1::Event& fact : list.facts()) {
    const bool touched =
        renamer_.Has(NameKind::kTeam, fact.team_founded().team_id()) ||
        renamer_.Has(NameKind::kTeam, fact.member_joined().team_id()) ||
        renamer_.Has(NameKind::kUnit, fact.village_declared().unit_id()) ||
        renamer_.Has(NameKind::kOrganisation,
                     fact.organisation_registered().organisation_id());
    if (!touched) continue;
    const auto [payload, block] =
        Write(fact, log_.entries().front().author, where_);
    facts.push_back(absl::StrCat("{", payload, ": ", block, "}"));
  }
  return List(facts);
}

std::string PayloadWriter::PolicyText(
    const v1::PolicyPublished& published) const {
  const std::string* const text = log_.FindDocument(published.text_hash());
  if (text == nullptr) return "";
  std::vector<std::pair<std::string, std::string>> names = unit_names;
  // The longest first: one may be part of another.
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return a.first.size() != b.first.size() ? a.first.size() > b.first.size()
                                            : a < b;
  });
  std::string neutral = *text;
  for (const auto& [from, to] : names) {
    neutral = absl::StrReplaceAll(neutral, {{from, to}});
  }
  return neutral;
}

std::string PayloadWriter::WriteMessage(const Message& message) {
  Fields fields;
  WriteFields(message, {}, &fields);
  return Block(fields);
}

void PayloadWriter::WriteFields(const Message& message,
                                const std::set<std::string>& done,
                                Fields* fields) {
  const auto* const type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    if (!IsSet(message, field) || done.count(field.name()) > 0) continue;
    std::string value;
    if (field.is_repeated()) {
      Fields items;
      const int size = message.GetReflection()->FieldSize(message, &field);
      for (int k = 0; k < size; ++k) {
        items.push_back(WriteValue(message, field, k));
      }
      value = List(items);
    } else {
      value = WriteValue(message, field, -1);
    }
    if (!value.empty()) {
      fields->push_back(absl::StrCat(field.name(), ": ", value));
    }
  }
}

std::string PayloadWriter::WriteValue(const Message& message,
                                      const FieldDescriptor& field, int index) {
  const auto& reflection = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return WriteMessage(
          one ? reflection.GetMessage(message, &field)
              : reflection.GetRepeatedMessage(message, &field, index));
    case FieldDescriptor::CPPTYPE_ENUM:
      return cli::ShortEnumName(
          field.enum_type(),
          one ? reflection.GetEnumValue(message, &field)
              : reflection.GetRepeatedEnumValue(message, &field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_STRING:
      return WriteText(
          field, one ? reflection.GetString(message, &field)
                     : reflection.GetRepeatedString(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT64: {
      const std::uint64_t value =
          one ? reflection.GetUInt64(message, &field)
              : reflection.GetRepeatedUInt64(message, &field, index);
      const std::optional<NameKind> kind = IdKind(field);
      return kind.has_value() ? renamer_.Show(*kind, value)
                              : absl::StrCat(value);
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return WriteNumber(
          field, one ? reflection.GetInt32(message, &field)
                     : reflection.GetRepeatedInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return WriteNumber(
          field, one ? reflection.GetInt64(message, &field)
                     : reflection.GetRepeatedInt64(message, &field, index));
    default:
      CannotSay(absl::StrCat(field.name(), " cannot be written"));
      return "";
  }
}

std::string PayloadWriter::WriteText(const FieldDescriptor& field,
                                     const std::string& value) {
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    notes_.left_out.push_back(
        absl::StrCat(where_, ": ", field.name(), ", a hash"));
    return "";
  }
  const bool kept = std::find(std::begin(kKept), std::end(kKept),
                              field.name()) != std::end(kKept);
  if (kept) return Quoted(value);
  if (field.name() == "place") return Quoted(renamer_.Word("nơi", value));
  // Units and teams get their names from the kind and the word.
  const std::string& type = field.containing_type()->name();
  if (field.name() == "name") {
    if (type == "TeamFounded" || type == "VillageDeclared") return "";
    return Quoted(renamer_.Word("tên", value));
  }
  return Quoted(renamer_.Word("lời", value));
}

std::string PayloadWriter::WriteNumber(const FieldDescriptor& field,
                                       std::int64_t value) {
  const std::string& name = field.name();
  const auto narrow = static_cast<std::int32_t>(value);
  if (absl::EndsWith(name, "_date") || name == "date") {
    if (IsDate(narrow)) return Date(narrow).Iso();
  } else if (absl::EndsWith(name, "month")) {
    if (IsMonth(narrow)) return Month(narrow).Iso();
  } else if (name == "quarter") {
    if (value / 10 >= 1900 && value / 10 < 2200 && value % 10 >= 1 &&
        value % 10 <= 4) {
      return absl::StrCat(value / 10, "-Q", value % 10);
    }
  } else if (absl::EndsWith(name, "time_ms")) {
    return MomentText(Instant(value));
  } else if (!absl::EndsWith(name, "_vnd") || IsMoney(value)) {
    return absl::StrCat(value);
  }
  CannotSay(absl::StrCat(name, ": ", value, " is none that can be written"));
  return "";
}

}  // namespace thon::scenario
