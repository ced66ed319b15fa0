#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/text.h"
#include "tools/thon/facts_file.h"
#include "tools/thon/facts_rows.h"
#include "tools/thon/surrogate.h"
#include "tools/thon/unit_match.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

constexpr int kAffiliationsMax = 8;

// Whether a reference is a number that the state or a telephone company gave.
bool LooksPersonal(absl::string_view reference) {
  int digits = 0;
  for (const char c : reference) digits += c >= '0' && c <= '9' ? 1 : 0;
  return digits >= 9;
}

void ReadAffiliations(RowReader* reader, v1::MemberJoined* member) {
  const std::string text = reader->Text("affiliations");
  for (const absl::string_view part :
       absl::StrSplit(text, absl::ByAnyChar(";|+"), absl::SkipWhitespace())) {
    const std::optional<v1::Affiliation> affiliation = ParseAffiliation(part);
    if (!affiliation.has_value()) {
      reader->Error(
          "affiliations", "UNKNOWN_VALUE",
          {absl::StrCat("\"", Trim(part),
                        "\" không phải thành phần đã biết; xem biểu mẫu: thon "
                        "template members"),
           absl::StrCat("\"", Trim(part),
                        "\" is no affiliation; the template has them: thon "
                        "template members")});
      continue;
    }
    member->add_affiliations(*affiliation);
  }
  if (member->affiliations_size() > kAffiliationsMax) {
    reader->Error("affiliations", "TOO_LONG",
                  {"nhiều nhất 8 thành phần", "at most 8 are allowed"});
  }
}

void PlanMember(RowReader* reader, const UnitMap& map, const TeamIndex& teams,
                Seen* seen, FactsPlan* plan) {
  v1::MemberJoined member;
  const std::string seat = reader->NeedText("seat");
  member.set_seat(ParseSeat(seat).value_or(v1::SEAT_UNSPECIFIED));
  if (!seat.empty() && member.seat() == v1::SEAT_UNSPECIFIED) {
    reader->Error(
        "seat", "UNKNOWN_VALUE",
        {absl::StrCat("\"", seat,
                      "\" không phải tổ trưởng, tổ phó hay thành viên"),
         absl::StrCat("\"", seat,
                      "\" is not tổ trưởng, tổ phó or thành viên")});
  }
  if (!reader->NeedText("joined").empty()) {
    member.set_joined_date(reader->Day("joined"));
  }
  ReadAffiliations(reader, &member);
  const std::optional<bool> part_time = ParseYesNo(reader->Text("part_time"));
  member.set_part_time(part_time.value_or(false));
  if (!part_time.has_value()) {
    reader->Error("part_time", "UNKNOWN_VALUE",
                  {"không phải có hay không", "neither yes nor no"});
  }
  const std::string reference = reader->Text("member_ref");
  if (LooksPersonal(reference)) {
    reader->Error(
        "member_ref", "PERSONAL_DATA",
        {"ký hiệu giống số điện thoại hoặc số định danh; dùng ký hiệu riêng "
         "của "
         "cơ quan, vì nhật ký không được chứa dữ liệu cá nhân",
         "the reference looks like a phone or identity number; use one of the "
         "office's own, as the log may hold nothing of a person"});
  }
  const v1::TeamRow* const team = FindRowsTeam(reader, map, teams);
  if (team == nullptr) return;
  member.set_team_id(team->team_id());
  std::uint64_t id = reader->Id("id");
  if (id == 0 && reference.empty()) {
    reader->Error("member_ref", "EMPTY",
                  {"ghi ký hiệu thành viên (member_ref) hoặc mã định danh (id)",
                   "give member_ref or id"});
    return;
  }
  if (id == 0) id = DeriveMemberId(team->team_id(), reference);
  member.set_member_id(id);
  if (!seen->Add(reader, "member_ref",
                 absl::StrCat(team->team_id(), "\n", id))) {
    return;
  }
  for (const v1::TeamMember& known : team->members()) {
    if (known.member_id() != id || known.left_date() != 0) continue;
    ReportKnown(reader, "member_ref",
                known.joined_date() == member.joined_date(), plan);
    return;
  }
  *plan->facts.add_facts()->mutable_member_joined() = std::move(member);
  ++plan->members;
}

// A spreadsheet may have dropped zeros of a code of any level.
void ReportUnknownUnit(RowReader* reader, const UnitMap& map,
                       const std::string& code) {
  std::vector<const MapUnit*> lost;
  for (const v1::UnitLevel level :
       {v1::UNIT_LEVEL_PROVINCE, v1::UNIT_LEVEL_DISTRICT,
        v1::UNIT_LEVEL_COMMUNE}) {
    const MapUnit* const unit = WithLostZeros(map, level, code);
    if (unit != nullptr) lost.push_back(unit);
  }
  const Words similar = DidYouMean(lost);
  reader->Error("unit_code", lost.empty() ? "UNKNOWN_UNIT" : "BAD_CODE",
                {absl::StrCat("danh mục ngày ", map.date().Vietnamese(),
                              " không có đơn vị mã \"", code, "\"", similar.vi),
                 absl::StrCat("the map of ", map.date().Vietnamese(),
                              " has no unit \"", code, "\"", similar.en)});
}

void PlanOrganisation(
    RowReader* reader, const UnitMap& map,
    const std::map<std::uint64_t, v1::OrganisationRow>& existing, Seen* seen,
    FactsPlan* plan) {
  v1::OrganisationRegistered organisation;
  organisation.set_name(reader->NeedText("name"));
  const std::string kind = reader->NeedText("kind");
  organisation.set_kind(
      ParseOrganisationKind(kind).value_or(v1::ORGANISATION_KIND_UNSPECIFIED));
  if (!kind.empty() &&
      organisation.kind() == v1::ORGANISATION_KIND_UNSPECIFIED) {
    reader->Error(
        "kind", "UNKNOWN_KIND",
        {absl::StrCat("\"", kind,
                      "\" không phải sở, UBND huyện, UBND xã, doanh nghiệp hay "
                      "khác"),
         absl::StrCat("\"", kind,
                      "\" is not DEPARTMENT, DISTRICT_PC, COMMUNE_PC, "
                      "ENTERPRISE or OTHER")});
  }
  if (!reader->NeedText("registered").empty()) {
    organisation.set_registered_date(reader->Day("registered"));
  }
  const Choice code = SplitChoice(reader->NeedText("unit_code"));
  if (code.code.empty()) return;
  const MapUnit* const unit = map.FindCode(code.code);
  if (unit == nullptr) {
    ReportUnknownUnit(reader, map, code.code);
    return;
  }
  CheckName(reader, "unit_code", *unit, code.rest, OtherName::kError);
  organisation.set_unit_id(unit->id);
  const std::uint64_t id =
      IdOr(reader, DeriveOrganisationId(unit->id, organisation.name()));
  organisation.set_organisation_id(id);
  if (!seen->AddId(reader, id)) return;
  if (const auto it = existing.find(id); it != existing.end()) {
    ReportKnown(reader, "name",
                it->second.name() == organisation.name() &&
                    it->second.kind() == organisation.kind() &&
                    it->second.unit_id() == unit->id,
                plan);
    return;
  }
  *plan->facts.add_facts()->mutable_organisation_registered() =
      std::move(organisation);
  ++plan->organisations;
}

}  // namespace

FactsPlan PlanMembers(const CsvTable& table, const UnitMap& map,
                      const TeamIndex& teams, const FactsFileOptions& options,
                      Report* report) {
  FactsPlan plan;
  const std::vector<std::string> needed =
      table.Find("team_id").has_value()
          ? std::vector<std::string>{"seat", "joined"}
          : std::vector<std::string>{"commune_code", "village_name", "seat",
                                     "joined"};
  if (!CheckColumns(table, needed,
                    {"team_id", "commune_code", "commune_name", "village_name",
                     "team_name", "kind", "member_ref", "id", "affiliations",
                     "part_time"},
                    report)) {
    return plan;
  }
  Seen seen;
  ForEachRow(table, options.rules, report, [&](RowReader* reader) {
    PlanMember(reader, map, teams, &seen, &plan);
  });
  return plan;
}

FactsPlan PlanOrganisations(const CsvTable& table, const UnitMap& map,
                            const std::vector<v1::OrganisationRow>& existing,
                            const FactsFileOptions& options, Report* report) {
  FactsPlan plan;
  if (!CheckColumns(table, {"name", "kind", "unit_code", "registered"}, {"id"},
                    report)) {
    return plan;
  }
  std::map<std::uint64_t, v1::OrganisationRow> by_id;
  for (const v1::OrganisationRow& row : existing) {
    by_id[row.organisation_id()] = row;
  }
  Seen seen;
  ForEachRow(table, options.rules, report, [&](RowReader* reader) {
    PlanOrganisation(reader, map, by_id, &seen, &plan);
  });
  return plan;
}

}  // namespace thon::cli
