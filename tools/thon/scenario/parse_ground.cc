// The ground of a scenario: map, officers, organisations, teams, phones.
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "tools/thon/scenario/parser.h"

namespace thon::scenario {
namespace {

constexpr char kFounded[] = "2022-01-01";

}  // namespace

void Parser::ReadGroundMap(const YamlNode* node) {
  if (node == nullptr) return;
  MapReading map;
  ReadMap(&reader_, &scenario_.names, *node, "map", *ParseIsoDate(kMapFrom),
          &map);
  if (map.upper.units_size() > 0) {
    v1::Event event;
    v1::UnitsImported* const imported = event.mutable_units_imported();
    imported->set_effective_date(map.upper_from.days);
    std::string document = map.upper.SerializeAsString();
    imported->set_units_hash(std::string(Sha256Of(document).view()));
    Ground(*node, "map", std::move(event), {std::move(document)});
  }
  for (v1::VillageDeclared& village : map.villages) {
    v1::Event event;
    *event.mutable_village_declared() = std::move(village);
    Ground(*node, "map", std::move(event));
  }
}

void Parser::ReadOfficers(const YamlNode* node) {
  if (node == nullptr) return;
  PayloadReader payloads = Payloads();
  const Date today = TimeZone::VietNam().DateOf(scenario_.start);
  for (const auto& [name, value] : node->fields) {
    const std::string path = thon::scenario::At("officers", name);
    Fields fields(&reader_, value, path);
    v1::Event event;
    v1::GrantIssued* const grant = event.mutable_grant_issued();
    grant->set_grant_id(scenario_.names.Add(NameKind::kGrant, name));
    grant->set_officer_id(scenario_.names.Add(NameKind::kOfficer, name));
    int role = v1::ROLE_OFFICER;
    if (const YamlNode* const word = fields.Find("role")) {
      reader_.EnumWord(*word, fields.Path("role"), v1::Role_descriptor(),
                       &role);
    }
    grant->set_role(static_cast<v1::Role>(role));
    std::uint64_t unit = 0;
    if (const YamlNode* const of = fields.Find("of")) {
      payloads.Id(NameKind::kUnit, *of, fields.Path("of"), &unit);
    }
    grant->set_unit_id(unit);
    Date from = today;
    Date to;
    fields.Day("from", &from);
    fields.Day("to", &to);
    grant->set_from_date(from.days);
    grant->set_to_date(to.days);
    fields.Done();
    Ground(value, path, std::move(event));
  }
}

void Parser::ReadOrganisations(const YamlNode* node) {
  if (node == nullptr) return;
  PayloadReader payloads = Payloads();
  for (const auto& [name, value] : node->fields) {
    const std::string path = thon::scenario::At("organisations", name);
    Fields fields(&reader_, value, path);
    v1::Event event;
    v1::OrganisationRegistered* const made =
        event.mutable_organisation_registered();
    made->set_organisation_id(
        scenario_.names.Add(NameKind::kOrganisation, name));
    int kind = v1::ORGANISATION_KIND_OTHER;
    if (const YamlNode* const word = fields.Find("kind")) {
      reader_.EnumWord(*word, fields.Path("kind"),
                       v1::OrganisationKind_descriptor(), &kind);
    }
    made->set_kind(static_cast<v1::OrganisationKind>(kind));
    std::uint64_t unit = 0;
    if (const YamlNode* const of = fields.Need("of")) {
      payloads.Id(NameKind::kUnit, *of, fields.Path("of"), &unit);
    }
    made->set_unit_id(unit);
    std::string title = name;
    Date registered = *ParseIsoDate(kFounded);
    fields.Text("name", &title);
    fields.Day("registered", &registered);
    made->set_name(title);
    made->set_registered_date(registered.days);
    fields.Done();
    Ground(value, path, std::move(event));
  }
}

void Parser::ReadTeams(const YamlNode* node) {
  if (node == nullptr) return;
  Fields all(&reader_, *node, "teams");
  for (const auto& [name, value] : node->fields) {
    ReadTeam(name, value, thon::scenario::At("teams", name));
  }
}

void Parser::ReadTeam(const std::string& name, const YamlNode& node,
                      const std::string& path) {
  PayloadReader payloads = Payloads();
  Fields fields(&reader_, node, path);
  if (!fields.ok()) return;
  v1::TeamFounded founded;
  Date day = *ParseIsoDate(kFounded);
  fields.Day("founded", &day);
  founded.set_founded_date(day.days);
  int level = 0;
  if (const YamlNode* const word = fields.Find("level")) {
    reader_.EnumWord(*word, fields.Path("level"), v1::UnitLevel_descriptor(),
                     &level);
  }
  std::string title;
  fields.Text("name", &title);
  bool pilot = false;
  fields.Bool("pilot", &pilot);
  founded.set_pilot(pilot);
  if (const YamlNode* const document = fields.Find("document")) {
    payloads.Document(*document, fields.Path("document"),
                      founded.mutable_document());
  }
  Step where = At(node, path, scenario_.start);
  where.setup = true;
  fields.Moment("at", &where.at);
  const YamlNode* const members = fields.Find("members");
  const YamlNode* const on = fields.Need("on");
  fields.Done();
  if (on == nullptr) return;
  std::vector<std::uint64_t> units;
  if (!payloads.Ids(NameKind::kUnit, *on, fields.Path("on"), &units)) return;
  const bool group =
      scenario_.names.FindGroup(NameKind::kTeam, name) != nullptr;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const NamedUnit* const unit = scenario_.names.FindUnit(units[i]);
    founded.set_level(static_cast<v1::UnitLevel>(level));
    if (level == 0 && unit != nullptr) founded.set_level(unit->level);
    const std::string one = group ? absl::StrCat(name, "-", i + 1) : name;
    founded.set_name(!title.empty() && !group
                         ? title
                         : absl::StrCat("Tổ công nghệ số cộng đồng ", one));
    FoundTeam(one, units[i], founded, members, fields.Path("members"), where);
  }
}

void Parser::FoundTeam(const std::string& name, std::uint64_t unit,
                       const v1::TeamFounded& like, const YamlNode* members,
                       const std::string& path, const Step& where) {
  Step step = where;
  Act act;
  v1::TeamFounded* const founded = act.event.mutable_team_founded();
  *founded = like;
  founded->set_team_id(scenario_.names.Add(NameKind::kTeam, name));
  founded->set_unit_id(unit);
  const v1::TeamFounded copy = *founded;
  step.what = std::move(act);
  std::vector<Step>& to = where.at == scenario_.start ? ground_ : timed_;
  to.push_back(std::move(step));
  if (members != nullptr) ReadMembers(name, *members, path, copy, where);
}

void Parser::ReadMembers(const std::string& team, const YamlNode& node,
                         const std::string& path,
                         const v1::TeamFounded& founded, const Step& where) {
  Fields all(&reader_, node, path);
  if (!all.ok()) return;
  std::vector<Step>& to = where.at == scenario_.start ? ground_ : timed_;
  bool first = true;
  for (const auto& [name, value] : node.fields) {
    Fields fields(&reader_, value, thon::scenario::At(path, name));
    Act joining;
    v1::MemberJoined* const joined = joining.event.mutable_member_joined();
    joined->set_member_id(
        scenario_.names.Add(NameKind::kMember, absl::StrCat(team, "/", name)));
    joined->set_team_id(founded.team_id());
    int seat = first ? v1::SEAT_LEADER : v1::SEAT_MEMBER;
    first = false;
    if (const YamlNode* const word = fields.Find("seat")) {
      reader_.EnumWord(*word, fields.Path("seat"), v1::Seat_descriptor(),
                       &seat);
    }
    joined->set_seat(static_cast<v1::Seat>(seat));
    if (const YamlNode* const words = fields.Find("affiliations")) {
      for (const YamlNode* const word :
           reader_.Items(*words, fields.Path("affiliations"))) {
        int affiliation = 0;
        reader_.EnumWord(*word, fields.Path("affiliations"),
                         v1::Affiliation_descriptor(), &affiliation);
        joined->add_affiliations(static_cast<v1::Affiliation>(affiliation));
      }
    }
    Date from(founded.founded_date());
    Date left;
    bool part_time = false;
    fields.Day("joined", &from);
    fields.Day("left", &left);
    fields.Bool("part_time", &part_time);
    fields.Done();
    joined->set_joined_date(from.days);
    joined->set_part_time(part_time);
    const std::uint64_t member = joined->member_id();
    Step step = where;
    step.place = {value.line, value.column};
    step.path = thon::scenario::At(path, name);
    step.what = std::move(joining);
    to.push_back(step);
    if (left.days == 0) continue;
    Act leaving;
    v1::MemberLeft* const gone = leaving.event.mutable_member_left();
    gone->set_member_id(member);
    gone->set_team_id(founded.team_id());
    gone->set_left_date(left.days);
    step.what = std::move(leaving);
    to.push_back(std::move(step));
  }
}

void Parser::ReadPhones(const YamlNode* node) {
  if (node == nullptr) return;
  for (const auto& [name, value] : node->fields) {
    const std::string path = thon::scenario::At("phones", name);
    Fields fields(&reader_, value, path);
    if (!fields.ok()) continue;
    Step step = At(value, path, scenario_.start);
    step.setup = true;
    fields.Moment("enrolled", &step.at);
    Enrolment enrolment;
    ReadOwner(&fields, name, &enrolment);
    step.what = std::move(enrolment);
    timed_.push_back(std::move(step));
  }
}

bool Parser::ReadEnrolment(const YamlNode& node, const std::string& path,
                           const std::string& phone, Enrolment* enrolment) {
  Fields fields(&reader_, node, path);
  if (!fields.ok()) return false;
  if (phones_.count(phone) > 0) {
    reader_.Error(node, path,
                  {"điện thoại này đã được đăng ký; nêu điện thoại khác",
                   "the phone is enrolled already; name another"});
    return false;
  }
  ReadOwner(&fields, phone, enrolment);
  return true;
}

void Parser::ReadOwner(Fields* fields, const std::string& phone,
                       Enrolment* enrolment) {
  PayloadReader payloads = Payloads();
  enrolment->phone = phone;
  const YamlNode* const team = fields->Find("team");
  const YamlNode* const member = fields->Find("member");
  const YamlNode* const organisation = fields->Find("organisation");
  fields->Done();
  if (organisation != nullptr && team == nullptr && member == nullptr) {
    payloads.Id(NameKind::kOrganisation, *organisation,
                fields->Path("organisation"), &enrolment->organisation);
  } else if (team != nullptr && member != nullptr && organisation == nullptr) {
    payloads.Id(NameKind::kTeam, *team, fields->Path("team"), &enrolment->team);
    payloads.set_team(team->text);
    payloads.Id(NameKind::kMember, *member, fields->Path("member"),
                &enrolment->member);
  } else {
    reader_.Error(fields->node(), fields->path(),
                  {"là của một thành viên tổ, {team: t1, member: a}, hoặc của "
                   "một cơ quan, tổ chức, {organisation: vnpt}",
                   "is of a team's member, {team: t1, member: a}, or of an "
                   "organisation, {organisation: vnpt}"});
  }
  phones_[phone] = *enrolment;
}

}  // namespace thon::scenario
