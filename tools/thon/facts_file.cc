#include "tools/thon/facts_file.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/thon/facts_rows.h"
#include "tools/thon/surrogate.h"
#include "tools/thon/unit_match.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

// A village as a row names it.
struct VillageName {
  v1::UnitKind kind = v1::UNIT_KIND_UNSPECIFIED;
  std::string full_name;  // "Thôn Nà Xá".
};

// The kind stands in its own column, at the head of the name, or both.
VillageName NameVillage(RowReader* reader, absl::string_view name) {
  VillageName village;
  const v1::UnitKind in_name = KindOfName(v1::UNIT_LEVEL_VILLAGE, name);
  const std::string kind_text = reader->Text("kind");
  village.kind = in_name;
  village.full_name = std::string(name);
  if (!kind_text.empty()) {
    const std::optional<v1::UnitKind> kind = ParseVillageKind(kind_text);
    if (!kind.has_value()) {
      reader->Error(
          "kind", "UNKNOWN_KIND",
          {absl::StrCat("\"", kind_text,
                        "\" không phải thôn, bản, tổ dân phố, ấp, khu phố hay "
                        "khu vực"),
           absl::StrCat("\"", kind_text,
                        "\" is not thôn, bản, tổ dân phố, ấp, khu phố or khu "
                        "vực")});
      return village;
    }
    if (in_name == v1::UNIT_KIND_UNSPECIFIED) {
      village.full_name = absl::StrCat(KindWord(*kind), " ", name);
    } else if (in_name != *kind) {
      reader->Error(
          "kind", "CONFLICT",
          {absl::StrCat("loại là \"", kind_text, "\" nhưng tên là \"", name,
                        "\""),
           absl::StrCat("the kind is \"", kind_text,
                        "\", the name begins otherwise: \"", name, "\"")});
    }
    village.kind = *kind;
  }
  if (village.kind == v1::UNIT_KIND_UNSPECIFIED) {
    reader->Error(
        "village_name", "UNKNOWN_KIND",
        {absl::StrCat("\"", name,
                      "\" không bắt đầu bằng thôn, bản, tổ dân phố...; ghi đủ "
                      "hoặc thêm cột \"Loại\" (kind)"),
         absl::StrCat("\"", name,
                      "\" does not begin with a kind of village; give it in a "
                      "column \"kind\"")});
  }
  return village;
}

void AddVillage(std::uint64_t id, const VillageName& name,
                std::uint64_t commune_id, std::int32_t effective,
                FactsPlan* plan) {
  v1::VillageDeclared* const village =
      plan->facts.add_facts()->mutable_village_declared();
  village->set_unit_id(id);
  village->set_kind(name.kind);
  village->set_name(name.full_name);
  village->set_commune_unit_id(commune_id);
  village->set_effective_date(effective);
  ++plan->villages;
}

// A village that differs from one of the map by spelling alone is seldom meant.
void WarnOfSpelling(RowReader* reader, const UnitMap& map,
                    const MapUnit& commune, const std::string& name) {
  for (const MapUnit* const unit :
       SimilarUnits(map, v1::UNIT_LEVEL_VILLAGE, commune.id, name)) {
    if (CompareNames(*unit, name) == NameMatch::kOther) continue;
    reader->Warning(
        "village_name", "SIMILAR_NAME",
        {absl::StrCat(commune.name, " đã có \"", unit->name,
                      "\"; nếu là một thì ghi đúng tên đó"),
         absl::StrCat(commune.name, " has \"", unit->name,
                      "\" already; if it is the same, write that name")});
  }
}

void PlanVillage(RowReader* reader, const UnitMap& map,
                 const FactsFileOptions& options, Seen* seen, FactsPlan* plan) {
  const MapUnit* const commune = CommuneOf(reader, map);
  const std::string text = reader->NeedText("village_name");
  std::int32_t effective = reader->Day("effective");
  if (effective == 0) effective = options.effective_date;
  if (effective == 0) {
    reader->Error("effective", "EMPTY",
                  {"từ ngày nào? điền cột này hoặc thêm --effective",
                   "from which day? fill the column or give --effective"});
  }
  if (text.empty()) return;
  const VillageName name = NameVillage(reader, text);
  if (commune == nullptr) return;
  const std::uint64_t id =
      IdOr(reader, DeriveVillageId(commune->id, name.full_name));
  if (!seen->AddId(reader, id)) return;
  if (!seen->Add(reader, "village_name",
                 absl::StrCat(commune->id, "\n", name.full_name))) {
    return;
  }
  const MapUnit* const by_id = map.Find(id);
  const MapUnit* const by_name = map.FindVillage(commune->id, name.full_name);
  if (by_id != nullptr || by_name != nullptr) {
    ReportKnown(reader, "village_name", by_id == by_name, plan);
    return;
  }
  WarnOfSpelling(reader, map, *commune, name.full_name);
  AddVillage(id, name, commune->id, effective, plan);
}

class TeamPlanner {
 public:
  TeamPlanner(const UnitMap& map, const TeamIndex& teams,
              const FactsFileOptions& options, FactsPlan* plan)
      : map_(map), teams_(teams), options_(options), plan_(plan) {}

  void Row(RowReader* reader) {
    const int errors_before = reader->report().errors();
    const MapUnit* const commune = CommuneOf(reader, map_);
    const std::string village = reader->Text("village_name");
    const std::string name = reader->NeedText("team_name");
    const std::int32_t founded = NeedDay(reader, "founded");
    v1::TeamFounded team;
    team.set_name(name);
    team.set_founded_date(founded);
    team.set_level(LevelOf(reader, village));
    ReadDocument(reader, team.mutable_document());
    const std::string pilot = reader->Text("pilot");
    team.set_pilot(ParseYesNo(pilot).value_or(false));
    if (!ParseYesNo(pilot).has_value()) {
      reader->Error("pilot", "UNKNOWN_VALUE",
                    {absl::StrCat("\"", pilot, "\" không phải có hay không"),
                     absl::StrCat("\"", pilot, "\" is neither yes nor no")});
    }
    if (commune == nullptr) return;
    team.set_unit_id(village.empty()
                         ? commune->id
                         : VillageOf(reader, *commune, village, founded));
    if (team.unit_id() == 0 || name.empty()) return;
    team.set_team_id(IdOr(reader, DeriveTeamId(team.unit_id(), name)));
    if (!seen_.AddId(reader, team.team_id())) return;
    if (const v1::TeamRow* const known = teams_.Find(team.team_id())) {
      ReportKnown(reader, "team_name",
                  known->founded_date() == founded && known->units_size() > 0 &&
                      known->units(0).unit_id() == team.unit_id(),
                  plan_);
      return;
    }
    WarnOfNeighbours(reader, team);
    if (reader->report().errors() != errors_before) return;
    founded_.push_back(std::move(team));
  }

  // Villages stand first: a team is founded on a unit that exists.
  void Finish() {
    for (v1::TeamFounded& team : founded_) {
      *plan_->facts.add_facts()->mutable_team_founded() = std::move(team);
      ++plan_->teams;
    }
  }

 private:
  static std::int32_t NeedDay(RowReader* reader, absl::string_view column) {
    return reader->NeedText(column).empty() ? 0 : reader->Day(column);
  }

  static v1::UnitLevel LevelOf(RowReader* reader, const std::string& village) {
    const v1::UnitLevel stands_on =
        village.empty() ? v1::UNIT_LEVEL_COMMUNE : v1::UNIT_LEVEL_VILLAGE;
    const std::string text = reader->Text("level");
    if (text.empty()) return stands_on;
    const v1::UnitLevel level =
        ParseLevel(text).value_or(v1::UNIT_LEVEL_UNSPECIFIED);
    if (level != stands_on) {
      reader->Error(
          "level", "CONFLICT",
          {absl::StrCat("\"", text, "\": tổ ", village.empty() ? "không" : "",
                        village.empty() ? " " : "", "ghi tên thôn là tổ cấp ",
                        LevelWord(stands_on)),
           absl::StrCat(
               "\"", text, "\": a team ", village.empty() ? "without" : "with",
               " village_name stands on a ", LowerLevelName(stands_on))});
    }
    return level;
  }

  static void ReadDocument(RowReader* reader, v1::LegalDocument* document) {
    document->set_number(reader->Text("document"));
    document->set_issue_date(reader->Day("issued"));
    document->set_issuer(reader->Text("issuer"));
  }

  std::uint64_t VillageOf(RowReader* reader, const MapUnit& commune,
                          const std::string& text, std::int32_t founded) {
    const MapUnit* const as_given = map_.FindVillage(commune.id, text);
    if (as_given != nullptr) return as_given->id;
    const VillageName name = NameVillage(reader, text);
    const MapUnit* const known = map_.FindVillage(commune.id, name.full_name);
    if (known != nullptr) return known->id;
    if (!options_.with_villages) {
      const Words similar = DidYouMean(SimilarUnits(
          map_, v1::UNIT_LEVEL_VILLAGE, commune.id, name.full_name));
      reader->Error(
          "village_name", "UNKNOWN_VILLAGE",
          {absl::StrCat(commune.name, " không có thôn \"", name.full_name,
                        "\"; nhập thôn trước, hoặc thêm --with-villages",
                        similar.vi),
           absl::StrCat(commune.name, " has no village \"", name.full_name,
                        "\"; import villages first, or these teams with "
                        "--with-villages",
                        similar.en)});
      return 0;
    }
    const std::uint64_t id = DeriveVillageId(commune.id, name.full_name);
    if (declared_.insert(id).second) {
      WarnOfSpelling(reader, map_, commune, name.full_name);
      const std::int32_t effective =
          options_.effective_date == 0 ? founded : options_.effective_date;
      AddVillage(id, name, commune.id, effective, plan_);
    }
    return id;
  }

  // Two teams in one village are allowed where no policy forbids them, and
  // seldom meant.
  void WarnOfNeighbours(RowReader* reader, const v1::TeamFounded& team) {
    if (!teams_.On(team.unit_id()).empty() ||
        !standing_.insert(team.unit_id()).second) {
      reader->Warning("village_name", "AMBIGUOUS_TEAM",
                      {"nơi này đã có một tổ khác",
                       "another team stands on the same unit"});
    }
  }

  const UnitMap& map_;
  const TeamIndex& teams_;
  const FactsFileOptions& options_;
  FactsPlan* const plan_;
  Seen seen_;
  std::set<std::uint64_t> declared_;
  std::set<std::uint64_t> standing_;
  std::vector<v1::TeamFounded> founded_;
};

}  // namespace

FactsPlan PlanVillages(const CsvTable& table, const UnitMap& map,
                       const FactsFileOptions& options, Report* report) {
  FactsPlan plan;
  if (!CheckColumns(table, {"commune_code", "village_name"},
                    {"commune_name", "kind", "effective", "id"}, report)) {
    return plan;
  }
  Seen seen;
  ForEachRow(table, options.rules, report, [&](RowReader* reader) {
    PlanVillage(reader, map, options, &seen, &plan);
  });
  return plan;
}

FactsPlan PlanTeams(const CsvTable& table, const UnitMap& map,
                    const TeamIndex& teams, const FactsFileOptions& options,
                    Report* report) {
  FactsPlan plan;
  if (!CheckColumns(table,
                    {"commune_code", "village_name", "team_name", "founded"},
                    {"commune_name", "level", "document", "issued", "issuer",
                     "pilot", "kind", "id"},
                    report)) {
    return plan;
  }
  TeamPlanner planner(map, teams, options, &plan);
  ForEachRow(table, options.rules, report,
             [&](RowReader* reader) { planner.Row(reader); });
  planner.Finish();
  return plan;
}

}  // namespace thon::cli
