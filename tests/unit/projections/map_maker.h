// A small map and the commands that tests of projections start from.
#ifndef THON_TESTS_UNIT_PROJECTIONS_MAP_MAKER_H_
#define THON_TESTS_UNIT_PROJECTIONS_MAP_MAKER_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/support/memory_rows.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

inline constexpr std::uint64_t kOperator = 1;

// Units of the map of 2023: Yên Bái (15) with Yên Bình (141), Vĩnh Kiên (04771)
// and Thác Bà (04717); Lào Cai (10) with Bảo Thắng (086) and Phố Lu (02905).
inline constexpr std::uint64_t kYenBai = 15;
inline constexpr std::uint64_t kYenBinh = 141;
inline constexpr std::uint64_t kVinhKien = 4771;
inline constexpr std::uint64_t kThacBa = 4717;
inline constexpr std::uint64_t kLaoCai = 10;
inline constexpr std::uint64_t kBaoThang = 86;
inline constexpr std::uint64_t kPhoLu = 2905;
inline constexpr std::uint64_t kVillage = 500001;  // In Vĩnh Kiên.

inline void AddUnit(v1::UnitList* list, std::uint64_t id, v1::UnitLevel level,
                    v1::UnitKind kind, absl::string_view code,
                    absl::string_view name, std::uint64_t parent) {
  v1::UnitRecord* unit = list->add_units();
  unit->set_unit_id(id);
  unit->set_level(level);
  unit->set_kind(kind);
  unit->set_code(std::string(code));
  unit->set_name(std::string(name));
  unit->set_parent_unit_id(parent);
}

inline v1::UnitList MapOf2023() {
  v1::UnitList list;
  AddUnit(&list, kYenBai, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "15",
          "Tỉnh Yên Bái", 0);
  AddUnit(&list, kYenBinh, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "141",
          "Huyện Yên Bình", kYenBai);
  AddUnit(&list, kVinhKien, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04771",
          "Xã Vĩnh Kiên", kYenBinh);
  AddUnit(&list, kThacBa, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_THI_TRAN,
          "04717", "Thị trấn Thác Bà", kYenBinh);
  AddUnit(&list, kLaoCai, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "10",
          "Tỉnh Lào Cai", 0);
  AddUnit(&list, kBaoThang, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "086",
          "Huyện Bảo Thắng", kLaoCai);
  AddUnit(&list, kPhoLu, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_THI_TRAN,
          "02905", "Thị trấn Phố Lu", kBaoThang);
  return list;
}

// A log with an operator; commands get keys of their own.
class MadeLog {
 public:
  explicit MadeLog(absl::string_view start = "2023-01-01T08:00:00+07:00")
      : log(At(start)) {
    log.Operator(kOperator);
  }

  v1::Event New(std::uint64_t officer = kOperator,
                Position seen = Position(0)) {
    return Command(officer, absl::StrCat("key-", ++keys_), seen);
  }

  v1::CommandOutcome Import(const v1::UnitList& list, absl::string_view date,
                            std::uint64_t officer = kOperator) {
    const Hash hash = log.AppendDocument(list.SerializeAsString());
    v1::Event event = New(officer);
    event.mutable_units_imported()->set_effective_date(Day(date));
    event.mutable_units_imported()->set_units_hash(std::string(hash.view()));
    return log.Submit(event);
  }

  v1::CommandOutcome Change(const v1::Successions& successions,
                            absl::string_view date) {
    const Hash hash = log.AppendDocument(successions.SerializeAsString());
    v1::Event event = New();
    v1::AdminUnitChanged* change = event.mutable_admin_unit_changed();
    change->set_effective_date(Day(date));
    change->set_successions_hash(std::string(hash.view()));
    return log.Submit(event);
  }

  v1::Event Village(std::uint64_t id, std::uint64_t commune,
                    absl::string_view date = "2023-01-01",
                    std::uint64_t officer = kOperator) {
    v1::Event event = New(officer);
    v1::VillageDeclared* village = event.mutable_village_declared();
    village->set_unit_id(id);
    village->set_kind(v1::UNIT_KIND_THON);
    village->set_name(absl::StrCat("Thôn ", id));
    village->set_commune_unit_id(commune);
    village->set_effective_date(Day(date));
    return event;
  }

  v1::Event Team(std::uint64_t id, std::uint64_t unit = kVillage,
                 absl::string_view date = "2023-01-05",
                 std::uint64_t officer = kOperator,
                 Position seen = Position(0)) {
    v1::Event event = New(officer, seen);
    v1::TeamFounded* team = event.mutable_team_founded();
    team->set_team_id(id);
    team->set_unit_id(unit);
    team->set_level(v1::UNIT_LEVEL_VILLAGE);
    team->set_founded_date(Day(date));
    team->set_name(absl::StrCat("Tổ công nghệ số cộng đồng ", id));
    return event;
  }

  v1::Event Member(std::uint64_t id, std::uint64_t team,
                   absl::string_view date = "2023-01-05",
                   std::uint64_t officer = kOperator) {
    v1::Event event = New(officer);
    v1::MemberJoined* joined = event.mutable_member_joined();
    joined->set_member_id(id);
    joined->set_team_id(team);
    joined->set_seat(v1::SEAT_MEMBER);
    joined->set_joined_date(Day(date));
    return event;
  }

  v1::Event Grant(std::uint64_t grant, std::uint64_t officer, v1::Role role,
                  std::uint64_t unit, absl::string_view from,
                  absl::string_view to = "", std::uint64_t by = kOperator) {
    v1::Event event = New(by);
    v1::GrantIssued* issued = event.mutable_grant_issued();
    issued->set_grant_id(grant);
    issued->set_officer_id(officer);
    issued->set_role(role);
    issued->set_unit_id(unit);
    issued->set_from_date(Day(from));
    if (!to.empty()) issued->set_to_date(Day(to));
    return event;
  }

  v1::CommandOutcome ImportFacts(const v1::FactList& list,
                                 std::uint64_t officer = kOperator) {
    const Hash hash = log.AppendDocument(list.SerializeAsString());
    v1::Event event = New(officer);
    v1::FactsImported* import = event.mutable_facts_imported();
    import->set_facts_hash(std::string(hash.view()));
    import->set_file_kind("teams");
    import->set_count(list.facts_size());
    return log.Submit(event);
  }

  // The map of 2023, a village in Vĩnh Kiên and team 7 on it.
  void Settle() {
    ASSERT_TRUE(Import(MapOf2023(), "2023-01-01").effective());
    ASSERT_TRUE(log.Submit(Village(kVillage, kVinhKien)).effective());
    ASSERT_TRUE(log.Submit(Team(7)).effective());
  }

  FoldedLog log;

 private:
  int keys_ = 0;
};

}  // namespace thon

#endif  // THON_TESTS_UNIT_PROJECTIONS_MAP_MAKER_H_
