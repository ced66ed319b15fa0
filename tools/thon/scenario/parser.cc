#include "tools/thon/scenario/parser.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/thon/scenario/values.h"

namespace thon::scenario {
namespace {

const YamlNode* Child(const YamlNode& node, absl::string_view key) {
  for (const auto& field : node.fields) {
    if (field.first == key) return &field.second;
  }
  return nullptr;
}

// The field of a payload's block under one of its names.
const YamlNode* FieldOf(const YamlNode& node, absl::string_view payload,
                        absl::string_view field) {
  const auto* const type = FindPayload(payload)->message_type();
  for (const auto& [name, descriptor] : FieldNames(*type)) {
    if (descriptor->name() != field) continue;
    if (const YamlNode* const value = Child(node, name)) return value;
  }
  return nullptr;
}

bool IsNumber(absl::string_view text) {
  std::uint64_t number = 0;
  return absl::SimpleAtoi(text, &number);
}

}  // namespace

bool ReadScenario::ok() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) {
                        return finding.severity == Severity::kError;
                      });
}

ReadScenario ParseScenario(absl::string_view text, const std::string& file) {
  return Parser(file).Parse(text);
}

Parser::Parser(const std::string& file)
    : scenario_(result_.scenario),
      reader_(file),
      directory_(std::filesystem::path(file).parent_path().string()) {
  scenario_.file = file;
}

PayloadReader Parser::Payloads() {
  return PayloadReader(&reader_, &scenario_.names, directory_);
}

Step Parser::At(const YamlNode& node, const std::string& path,
                Instant at) const {
  Step step;
  step.place = {node.line, node.column};
  step.path = path;
  step.at = at;
  return step;
}

void Parser::Ground(const YamlNode& at, const std::string& path,
                    v1::Event event, std::vector<std::string> documents) {
  Step step = At(at, path, scenario_.start);
  step.setup = true;
  Act act;
  act.event = std::move(event);
  act.documents = std::move(documents);
  step.what = std::move(act);
  ground_.push_back(std::move(step));
}

ReadScenario Parser::Parse(absl::string_view text) {
  YamlNode root;
  if (reader_.Parse(text, &root)) {
    Fields fields(&reader_, root, "");
    if (fields.ok()) {
      fields.Know("names");
      Declare(root);
      ReadHead(&fields);
      ReadGroundMap(fields.Find("map"));
      ReadOfficers(fields.Find("officers"));
      ReadOrganisations(fields.Find("organisations"));
      ReadTeams(fields.Find("teams"));
      ReadPhones(fields.Find("phones"));
      ReadActs(fields.Find("policies"), "policies", "policy_published");
      ReadActs(fields.Find("lists"), "lists", "registration_list_approved");
      ReadActs(fields.Find("funding"), "funding", "funding_approved");
      ReadSteps(fields.Find("steps"));
      ReadExpect(fields.Need("expect"));
      fields.Done();
    }
  }
  // What the ground and the sections say comes before the steps of the same
  // moment.
  std::vector<Step>& all = scenario_.steps;
  for (std::vector<Step>* const part : {&ground_, &timed_, &steps_}) {
    for (Step& step : *part) all.push_back(std::move(step));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Step& a, const Step& b) { return a.at < b.at; });
  if (!all.empty()) scenario_.end = std::max(scenario_.end, all.back().at);
  result_.findings = reader_.TakeFindings();
  return std::move(result_);
}

void Parser::DeclareNew(NameKind kind, const YamlNode& at,
                        const std::string& name, const std::string& path) {
  if (scenario_.names.Has(kind, name)) {
    const Sentence what = KindText(kind);
    reader_.Error(
        at, path,
        {absl::StrCat("đã có ", what.vi, " ", Shown(name), "; đặt tên khác"),
         absl::StrCat("the ", what.en, " ", Shown(name),
                      " is there already; give this another name")});
    return;
  }
  scenario_.names.Add(kind, name);
}

void Parser::Declare(const YamlNode& root) {
  Names& names = scenario_.names;
  const auto each = [&](absl::string_view section, const auto& visit) {
    const YamlNode* const node = Child(root, section);
    if (node == nullptr) return;
    for (const auto& [name, value] : node->fields) {
      YamlNode word = value;
      word.kind = YamlNode::Kind::kScalar;
      word.text = name;
      std::string good;
      if (reader_.Name(word, thon::scenario::At(section, name), &good)) {
        visit(good, value);
      }
    }
  };
  if (const YamlNode* const kinds = Child(root, "names")) DeclareNames(*kinds);
  each("map", [&](const std::string& name, const YamlNode& value) {
    const YamlNode* const count = Child(value, "count");
    std::int64_t many = 0;
    if (count == nullptr || !absl::SimpleAtoi(count->text, &many)) {
      names.Add(NameKind::kUnit, name);
      return;
    }
    std::vector<std::string> members;
    for (std::int64_t i = 1; i <= std::min<std::int64_t>(many, 20'000); ++i) {
      members.push_back(absl::StrCat(name, "-", i));
      names.Add(NameKind::kUnit, members.back());
    }
    names.AddGroup(NameKind::kUnit, name, std::move(members));
  });
  if (const YamlNode* const teams = Child(root, "teams")) DeclareTeams(*teams);
  each("organisations", [&](const std::string& name, const YamlNode&) {
    names.Add(NameKind::kOrganisation, name);
  });
  each("officers", [&](const std::string& name, const YamlNode& value) {
    DeclareNew(NameKind::kOfficer, value, name,
               thon::scenario::At("officers", name));
  });
  each("phones", [&](const std::string& name, const YamlNode&) {
    names.Add(NameKind::kPhone, name);
  });
  if (const YamlNode* const steps = Child(root, "steps")) {
    for (const YamlNode& step : steps->items) DeclareStep(step);
  }
  FindStart(root, 0);
}

void Parser::DeclareNames(const YamlNode& kinds) {
  static constexpr std::pair<absl::string_view, NameKind> kKinds[] = {
      {"units", NameKind::kUnit},
      {"teams", NameKind::kTeam},
      {"members", NameKind::kMember},
      {"organisations", NameKind::kOrganisation},
      {"officers", NameKind::kOfficer},
      {"grants", NameKind::kGrant},
      {"tasks", NameKind::kTask},
      {"models", NameKind::kModel},
      {"mobilisations", NameKind::kMobilisation},
      {"phones", NameKind::kPhone}};
  Fields fields(&reader_, kinds, "names");
  for (const auto& [word, kind] : kKinds) {
    const YamlNode* const list = fields.Find(word);
    if (list == nullptr) continue;
    const std::string path = fields.Path(word);
    for (const YamlNode* const item : reader_.Items(*list, path)) {
      std::string name;
      if (reader_.Name(*item, path, &name)) {
        DeclareNew(kind, *item, name, path);
      }
    }
  }
  fields.Done();
}

void Parser::DeclareTeams(const YamlNode& teams) {
  Names& names = scenario_.names;
  for (const auto& [name, value] : teams.fields) {
    std::vector<std::string> all = {name};
    const YamlNode* const on = Child(value, "on");
    const std::vector<std::string>* const units =
        on == nullptr ? nullptr : names.FindGroup(NameKind::kUnit, on->text);
    if (units != nullptr) {
      all.clear();
      for (std::size_t i = 1; i <= units->size(); ++i) {
        all.push_back(absl::StrCat(name, "-", i));
      }
    }
    for (const std::string& team : all) {
      names.Add(NameKind::kTeam, team);
      const YamlNode* const members = Child(value, "members");
      if (members == nullptr) continue;
      for (const auto& [member, unused] : members->fields) {
        names.Add(NameKind::kMember, absl::StrCat(team, "/", member));
      }
    }
    if (units != nullptr) names.AddGroup(NameKind::kTeam, name, all);
  }
}

void Parser::DeclarePayload(absl::string_view payload, const YamlNode& node) {
  const auto* const field = FindPayload(payload);
  if (field == nullptr) return;
  Names& names = scenario_.names;
  for (const Creation& creation : Creations()) {
    if (creation.payload != field->name()) continue;
    const YamlNode* const name = FieldOf(node, payload, creation.field);
    if (name == nullptr || name->text.empty() || IsNumber(name->text)) continue;
    if (creation.kind != NameKind::kMember) {
      names.Add(creation.kind, name->text);
      continue;
    }
    const YamlNode* const team = FieldOf(node, payload, "team_id");
    if (names.Has(NameKind::kMember, name->text)) continue;
    if (team != nullptr) {
      names.Add(NameKind::kMember, absl::StrCat(team->text, "/", name->text));
    }
  }
  if (const YamlNode* const map = Child(node, "map")) {
    for (const auto& [name, unused] : map->fields) {
      names.Add(NameKind::kUnit, name);
    }
  }
}

void Parser::DeclareStep(const YamlNode& step) {
  Names& names = scenario_.names;
  for (const auto& [key, value] : step.fields) {
    if (key == "record" || key == "command") {
      const std::vector<YamlNode> one = {value};
      for (const YamlNode& item :
           value.kind == YamlNode::Kind::kSequence ? value.items : one) {
        for (const auto& [name, block] : item.fields) {
          DeclarePayload(name, block);
        }
      }
    } else {
      DeclarePayload(key, value);
    }
  }
  if (Child(step, "enrol") != nullptr) {
    const YamlNode* const phone = Child(step, "phone");
    if (phone != nullptr) names.Add(NameKind::kPhone, phone->text);
  }
  if (const YamlNode* const clone = Child(step, "clone_to")) {
    DeclareNew(NameKind::kPhone, *clone, clone->text, "clone_to");
  }
  const YamlNode* const as = Child(step, "as");
  if (as == nullptr) return;
  std::string name;
  if (!reader_.Name(*as, "as", &name)) return;
  const YamlNode* const record = Child(step, "record");
  const YamlNode* const times = Child(step, "times");
  std::int64_t many = 1;
  if (times != nullptr) absl::SimpleAtoi(times->text, &many);
  if (record != nullptr && record->kind == YamlNode::Kind::kSequence) {
    many = static_cast<std::int64_t>(record->items.size());
  }
  if (record == nullptr || many <= 1) {
    DeclareNew(NameKind::kStep, *as, name, "as");
    return;
  }
  std::vector<std::string> all;
  for (std::int64_t i = 1; i <= std::min<std::int64_t>(many, 10'000); ++i) {
    all.push_back(absl::StrCat(name, "-", i));
    DeclareNew(NameKind::kStep, *as, all.back(), "as");
  }
  names.AddGroup(NameKind::kStep, name, std::move(all));
}

// The first moment that the file names; it is read properly where it stands.
void Parser::FindStart(const YamlNode& node, int depth) {
  if (depth > 3) return;
  for (const auto& [key, value] : node.fields) {
    if (key == "expect") continue;
    if ((key == "at" || key == "enrolled") &&
        value.kind == YamlNode::Kind::kScalar) {
      const std::optional<Instant> moment = ParseMoment(value.text);
      if (moment.has_value() &&
          (!first_at_.has_value() || *moment < *first_at_)) {
        first_at_ = *moment;
      }
      continue;
    }
    FindStart(value, depth + 1);
  }
  for (const YamlNode& item : node.items) FindStart(item, depth + 1);
}

void Parser::ReadHead(Fields* root) {
  if (const YamlNode* const title = root->Need("scenario")) {
    reader_.Text(*title, "scenario", &scenario_.title);
  }
  if (const YamlNode* const ids = root->Find("ids")) {
    for (const YamlNode* const item : reader_.Items(*ids, "ids")) {
      std::string id;
      if (reader_.Text(*item, "ids", &id)) scenario_.ids.push_back(id);
    }
  }
  root->Text("about", &scenario_.about);
  const TimeZone zone = TimeZone::VietNam();
  const YamlNode* const start = root->Find("start");
  if (start != nullptr) {
    if (reader_.Moment(*start, "start", &scenario_.start) &&
        first_at_.has_value() && *first_at_ < scenario_.start) {
      reader_.Error(
          *start, "start",
          {absl::StrCat("sau thời điểm đầu tiên của tệp, ",
                        ShowMoment(*first_at_), "; bắt đầu không muộn hơn"),
           absl::StrCat("is after the first moment of the file, ",
                        ShowMoment(*first_at_), "; begin no later than that")});
    }
  } else if (first_at_.has_value()) {
    scenario_.start = Instant(
        zone.StartOf(zone.DateOf(*first_at_).Previous()).ms + 8 * 3'600'000);
  } else {
    reader_.Error(root->node(), "start",
                  {"thiếu; trong tệp không có thời điểm nào, nên phải ghi thời "
                   "điểm đầu, start: 2023-06-01 08:00",
                   "missing; nothing here says when, so give the first moment, "
                   "start: 2023-06-01 08:00"});
  }
  scenario_.end = scenario_.start;
  root->Moment("end", &scenario_.end);
}

}  // namespace thon::scenario
