#include "tools/thon/scenario/payload.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/hash.h"
#include "tools/thon/files.h"
#include "tools/thon/scenario/policy_source.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

using google::protobuf::FieldDescriptor;

// What a scenario calls some payloads, beside the proto's names.
constexpr std::pair<absl::string_view, absl::string_view> kShortNames[] = {
    {"list_approved", "registration_list_approved"},
    {"list_amended", "registration_list_amended"},
    {"units_changed", "admin_unit_changed"},
};

// Fields of Event that are no payload.
bool IsPayload(const FieldDescriptor& field) {
  return field.containing_oneof() != nullptr &&
         field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// A household's pseudonym is a keyed hash on a phone; here its word is all
// there is.
std::string Pseudonym(absl::string_view household) {
  return std::string(
      Sha256Of(absl::StrCat("thon scenario household\n", household))
          .view()
          .substr(0, 16));
}

}  // namespace

const FieldDescriptor* FindPayload(absl::string_view name) {
  for (const auto& [word, payload] : kShortNames) {
    if (name == word) name = payload;
  }
  const FieldDescriptor* const field =
      v1::Event::descriptor()->FindFieldByName(std::string(name));
  return field != nullptr && IsPayload(*field) ? field : nullptr;
}

std::vector<std::string> PayloadNames() {
  std::vector<std::string> names;
  for (const auto& [word, payload] : kShortNames) names.emplace_back(word);
  const auto* const type = v1::Event::descriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    if (IsPayload(*type->field(i))) names.push_back(type->field(i)->name());
  }
  return names;
}

const std::vector<Creation>& Creations() {
  static const auto* const all = new std::vector<Creation>{
      {"team_founded", "team_id", NameKind::kTeam},
      {"village_declared", "unit_id", NameKind::kUnit},
      {"member_joined", "member_id", NameKind::kMember},
      {"organisation_registered", "organisation_id", NameKind::kOrganisation},
      {"grant_issued", "grant_id", NameKind::kGrant},
      {"grant_issued", "officer_id", NameKind::kOfficer},
      {"plan_assigned", "task_id", NameKind::kTask},
      {"model_proposed", "model_id", NameKind::kModel},
      {"mobilisation_recorded", "mobilisation_id", NameKind::kMobilisation},
  };
  return *all;
}

std::string PayloadReader::Put(const google::protobuf::Message& document,
                               Act* act) const {
  act->documents.push_back(document.SerializeAsString());
  return std::string(Sha256Of(act->documents.back()).view());
}

bool PayloadReader::Read(absl::string_view name, const YamlNode& node,
                         const std::string& path, Act* act) {
  const FieldDescriptor* const payload = FindPayload(name);
  THON_CHECK(payload != nullptr);
  Fields fields(&reader_, node, path);
  if (!fields.ok()) return false;
  const int errors = reader_.errors();
  google::protobuf::Message* const message =
      act->event.GetReflection()->MutableMessage(&act->event, payload);
  const auto own = FieldNames(*message->GetDescriptor());
  // The team comes first: its members' names go by it.
  for (const absl::string_view team : {"team", "team_id"}) {
    if (const YamlNode* const value = fields.Find(team)) {
      if (names_.Has(NameKind::kTeam, value->text)) team_ = value->text;
    }
  }
  // A map is read as of its day.
  std::vector<const std::pair<std::string, YamlNode>*> order;
  for (const auto& field : node.fields) order.push_back(&field);
  std::stable_partition(order.begin(), order.end(), [](const auto* field) {
    return absl::StartsWith(field->first, "effective");
  });
  bool good = true;
  for (const auto* const field : order) {
    const std::string& key = field->first;
    const YamlNode& value = field->second;
    const std::string where = At(path, key);
    bool read = true;
    if (Special(payload->name(), key, value, where, act, &read)) {
      good = good && read;
    } else if (const auto found = own.find(key); found != own.end()) {
      // A member joins as one of this team, whoever else is called so.
      YamlNode joined = value;
      if (payload->name() == "member_joined" &&
          found->second->name() == "member_id" &&
          names_.Has(NameKind::kMember, absl::StrCat(team_, "/", value.text))) {
        joined.text = absl::StrCat(team_, "/", value.text);
      }
      good = Field(*found->second, joined, where, message) && good;
    } else if (key == "team" || key == "unit") {
      // What the event is about, where the payload itself does not say it.
      std::uint64_t id = 0;
      const bool team = key == "team";
      good = Id(team ? NameKind::kTeam : NameKind::kUnit, value, where, &id) &&
             good;
      if (team) {
        act->event.set_team_id(id);
      } else {
        act->event.set_unit_id(id);
      }
    } else {
      continue;
    }
    fields.Know(key);
  }
  if (act->event.has_policy_published()) {
    act->policy.emplace();
    good = Policy(&fields, &*act->policy) && good;
  }
  for (const auto& [key, field] : own) fields.Know(key);
  fields.Done();
  FillIn(&act->event);
  return good && reader_.errors() == errors;
}

void PayloadReader::FillIn(v1::Event* event) const {
  if (event->has_team_founded()) {
    v1::TeamFounded* const founded = event->mutable_team_founded();
    const NamedUnit* const unit = names_.FindUnit(founded->unit_id());
    if (founded->level() == 0 && unit != nullptr) {
      founded->set_level(unit->level);
    }
    if (founded->name().empty()) {
      founded->set_name(
          absl::StrCat("Tổ công nghệ số cộng đồng ",
                       names_.Show(NameKind::kTeam, founded->team_id())));
    }
  } else if (event->has_village_declared()) {
    v1::VillageDeclared* const village = event->mutable_village_declared();
    if (village->kind() == 0) village->set_kind(v1::UNIT_KIND_THON);
    if (village->name().empty()) {
      village->set_name(
          absl::StrCat(cli::KindWord(village->kind()), " ",
                       names_.Show(NameKind::kUnit, village->unit_id())));
    }
    NamedUnit unit;
    unit.level = v1::UNIT_LEVEL_VILLAGE;
    unit.kind = village->kind();
    names_.SetUnit(village->unit_id(), unit);
  } else if (event->has_member_joined()) {
    v1::MemberJoined* const joined = event->mutable_member_joined();
    if (joined->seat() == 0) joined->set_seat(v1::SEAT_MEMBER);
  } else if (event->has_registration_list_approved()) {
    auto* const list = event->mutable_registration_list_approved();
    if (!list->has_document()) {
      list->mutable_document()->set_number(list->list_id());
    }
  }
}

bool PayloadReader::Special(absl::string_view payload, const std::string& key,
                            const YamlNode& node, const std::string& path,
                            Act* act, bool* good) {
  google::protobuf::Message* const message =
      act->event.GetReflection()->MutableMessage(&act->event,
                                                 FindPayload(payload));
  const auto* const type = message->GetDescriptor();
  const FieldDescriptor* const first = type->FindFieldByName("first_month");
  if (key == "months" && first != nullptr) {
    Month from;
    Month to;
    *good = reader_.Months(node, path, &from, &to);
    message->GetReflection()->SetInt32(message, first, from.yyyymm);
    message->GetReflection()->SetInt32(
        message, type->FindFieldByName("last_month"), to.yyyymm);
    return true;
  }
  return SpecialEvent(key, node, path, act, good) ||
         SpecialDocument(key, node, path, act, good);
}

bool PayloadReader::SpecialEvent(const std::string& key, const YamlNode& node,
                                 const std::string& path, Act* act,
                                 bool* good) {
  v1::Event& event = act->event;
  const bool corrects = event.has_correction_issued();
  const bool decides = event.has_held_decided();
  if ((corrects && key == "event") ||
      (decides && (key == "event" || key == "events"))) {
    for (const YamlNode* const item : reader_.Items(node, path)) {
      std::uint64_t id = 0;
      *good = Id(NameKind::kStep, *item, path, &id) && *good;
      act->events.push_back(item->text);
    }
    return true;
  }
  if (corrects && key == "founding") {
    std::uint64_t id = 0;
    *good = Id(NameKind::kTeam, node, path, &id);
    act->founding = node.text;
    return true;
  }
  if (corrects && key == "amended") {
    *good = Amended(node, path,
                    event.mutable_correction_issued()->mutable_amended());
    return true;
  }
  if ((event.has_successor_confirmed() || event.has_author_revoked() ||
       decides) &&
      key == "phone") {
    std::uint64_t id = 0;
    *good = Id(NameKind::kPhone, node, path, &id);
    act->phone = node.text;
    return true;
  }
  if (event.has_household_visit() && key == "household") {
    std::string text;
    *good = reader_.Text(node, path, &text);
    event.mutable_household_visit()->set_household(Pseudonym(text));
    return true;
  }
  if (event.has_monthly_update_submitted() && key == "fields") {
    *good = FormFields(
        node, path, event.mutable_monthly_update_submitted()->mutable_fields());
    return true;
  }
  if (event.has_quarter_evaluated() && key == "scores") {
    *good = FormFields(node, path,
                       event.mutable_quarter_evaluated()->mutable_scores());
    return true;
  }
  return false;
}

bool PayloadReader::Amended(const YamlNode& node, const std::string& path,
                            v1::Event* amended) {
  if (node.kind != YamlNode::Kind::kMap || node.fields.size() != 1 ||
      FindPayload(node.fields.front().first) == nullptr) {
    reader_.Error(node, path,
                  {"viết nội dung đúng ra phải có, {outreach_session: {...}}",
                   "write the payload as it should be, {outreach_session: "
                   "{...}}"});
    return false;
  }
  Act inner;
  const auto& [name, value] = node.fields.front();
  if (!Read(name, value, At(path, name), &inner)) return false;
  *amended = inner.event;
  return true;
}

bool PayloadReader::ListRows(const YamlNode& node, const std::string& path,
                             Act* act) {
  v1::RegistrationList list;
  Fields fields(&reader_, node, path);
  if (!fields.ok()) return false;
  const int errors = reader_.errors();
  for (const auto& [name, value] : node.fields) {
    const std::string where = At(path, name);
    YamlNode unit = value;
    unit.kind = YamlNode::Kind::kScalar;
    unit.text = name;
    std::vector<std::uint64_t> ids;
    Ids(NameKind::kUnit, unit, where, &ids);
    for (const std::uint64_t id : ids) {
      for (const YamlNode* const item : reader_.Items(value, where)) {
        v1::RegistrationRow row;
        row.set_unit_id(id);
        row.set_printed_name(name);
        const NamedUnit* const known = names_.FindUnit(id);
        if (known != nullptr) row.set_printed_code(known->code);
        if (item->text == "removed") {
          // From every list of targets that it may stand in.
          row.set_removed(true);
          for (const auto target : {v1::REGISTRATION_TARGET_STANDARD,
                                    v1::REGISTRATION_TARGET_ADVANCED}) {
            row.set_target(target);
            *list.add_rows() = row;
          }
          continue;
        }
        int target = 0;
        reader_.EnumWord(*item, where, v1::RegistrationTarget_descriptor(),
                         &target);
        row.set_target(static_cast<v1::RegistrationTarget>(target));
        *list.add_rows() = row;
      }
    }
  }
  const std::string hash = Put(list, act);
  if (act->event.has_registration_list_approved()) {
    act->event.mutable_registration_list_approved()->set_rows_hash(hash);
  } else {
    act->event.mutable_registration_list_amended()->set_rows_hash(hash);
  }
  return reader_.errors() == errors;
}

bool PayloadReader::FormFields(
    const YamlNode& node, const std::string& path,
    google::protobuf::RepeatedPtrField<v1::FormField>* fields) {
  if (node.kind != YamlNode::Kind::kMap) {
    reader_.Error(node, path,
                  {"viết các mục của biểu mẫu, {so_ho: 12}",
                   "write the form's fields, {so_ho: 12}"});
    return false;
  }
  bool good = true;
  for (const auto& [name, value] : node.fields) {
    std::int64_t number = 0;
    good = reader_.Whole(value, At(path, name), -1'000'000'000'000,
                         1'000'000'000'000, &number) &&
           good;
    v1::FormField* const field = fields->Add();
    field->set_name(name);
    field->set_value(number);
  }
  return good;
}

bool PayloadReader::SpecialDocument(const std::string& key,
                                    const YamlNode& node,
                                    const std::string& path, Act* act,
                                    bool* good) {
  v1::Event& event = act->event;
  if ((event.has_registration_list_approved() ||
       event.has_registration_list_amended()) &&
      key == "rows") {
    *good = ListRows(node, path, act);
    return true;
  }
  if (event.has_funding_approved() && key == "teams") {
    std::vector<std::uint64_t> ids;
    *good = Ids(NameKind::kTeam, node, path, &ids);
    const std::set<std::uint64_t> sorted(ids.begin(), ids.end());
    v1::FundedTeams teams;
    for (const std::uint64_t id : sorted) teams.add_team_ids(id);
    event.mutable_funding_approved()->set_team_count(teams.team_ids_size());
    event.mutable_funding_approved()->set_teams_hash(Put(teams, act));
    return true;
  }
  if (event.has_units_imported() && key == "map") {
    MapReading map;
    *good = ReadMap(&reader_, &names_, node, path,
                    Date(event.units_imported().effective_date()), &map);
    if (!map.villages.empty()) {
      reader_.Error(node, path,
                    {"có thôn, bản, tổ dân phố; các đơn vị này khai báo từng "
                     "đơn vị một, bằng village_declared",
                     "has villages; they are declared one by one, with "
                     "village_declared"});
      *good = false;
    }
    event.mutable_units_imported()->set_units_hash(Put(map.upper, act));
    return true;
  }
  if (event.has_admin_unit_changed() && key == "successions") {
    v1::Successions successions;
    for (const YamlNode& item : node.items) {
      *good = Message(item, path, successions.add_rows()) && *good;
    }
    if (node.items.empty()) {
      reader_.Error(node, path,
                    {"viết một danh sách, [{from: a, to: b}]",
                     "write a list, [{from: a, to: b}]"});
      *good = false;
    }
    event.mutable_admin_unit_changed()->set_successions_hash(
        Put(successions, act));
    return true;
  }
  if (event.has_facts_imported() && key == "facts") {
    v1::FactList facts;
    for (const YamlNode& item : node.items) {
      *good = Amended(item, path, facts.add_facts()) && *good;
    }
    event.mutable_facts_imported()->set_count(facts.facts_size());
    event.mutable_facts_imported()->set_facts_hash(Put(facts, act));
    return true;
  }
  // The text is read where the block is, with what varies it.
  return event.has_policy_published() &&
         (key == "file" || key == "text" || key == "set" || key == "remove");
}

bool PayloadReader::Policy(Fields* fields, PolicySource* source) {
  const int errors = reader_.errors();
  const YamlNode* const file = fields->Find("file");
  const YamlNode* const text = fields->Find("text");
  const YamlNode* const set = fields->Find("set");
  const YamlNode* const remove = fields->Find("remove");
  if ((file == nullptr) == (text == nullptr)) {
    reader_.Error(fields->node(), fields->path(),
                  {"cần file: hoặc text:, không cả hai",
                   "needs file: or text:, and not both"});
    return false;
  }
  if (text != nullptr) {
    source->file = absl::StrCat(reader_.file(), ":", text->line);
    if (!reader_.Text(*text, fields->Path("text"), &source->text)) {
      return false;
    }
    source->text += "\n";
  } else {
    std::string name;
    if (!reader_.Text(*file, fields->Path("file"), &name)) return false;
    source->file = name;
    const absl::StatusOr<std::string> content = cli::ReadFile(
        (std::filesystem::path(directory_) / name).lexically_normal());
    if (!content.ok()) {
      reader_.Error(*file, fields->Path("file"),
                    {absl::StrCat("không đọc được tệp ", Shown(name),
                                  "; đường dẫn tính từ tệp kịch bản"),
                     absl::StrCat(content.status().message(),
                                  "; the path is relative to the scenario")});
      return false;
    }
    source->text = *content;
  }
  if (set == nullptr && remove == nullptr) return true;
  Reader inner(source->file);
  YamlNode root;
  if (!inner.Parse(source->text, &root)) {
    reader_.Error(fields->node(), fields->path(),
                  {"set: và remove: cần một chính sách đọc được",
                   "set: and remove: need a policy that can be read"});
    return false;
  }
  Sentence problem;
  if (remove != nullptr) {
    for (const YamlNode* const item :
         reader_.Items(*remove, fields->Path("remove"))) {
      if (!RemoveAt(&root, item->text, &problem)) {
        reader_.Error(*item, fields->Path("remove"),
                      {absl::StrCat(Shown(item->text), " ", problem.vi),
                       absl::StrCat(Shown(item->text), " ", problem.en)});
      }
    }
  }
  if (set != nullptr) {
    for (const auto& [key, value] : set->fields) {
      if (!SetAt(&root, key, value, &problem)) {
        reader_.Error(value, fields->Path("set"),
                      {absl::StrCat(Shown(key), " ", problem.vi),
                       absl::StrCat(Shown(key), " ", problem.en)});
      }
    }
  }
  source->file += " (set)";
  source->text = WriteYaml(root);
  return reader_.errors() == errors;
}

}  // namespace thon::scenario
