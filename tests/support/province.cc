#include "tests/support/province.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/checkpoint.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/engine/await.h"
#include "server/engine/checkpoints.h"
#include "server/engine/system_clock.h"
#include "server/projections/row_keys.h"

namespace thon::testing {
namespace {

constexpr char kStart[] = "2023-05-30T08:00:00+07:00";
constexpr std::uint64_t kDistrict = 132;
constexpr std::int64_t kWaitMs = 60'000;

const SystemClock& RealClock() {
  static const SystemClock clock;
  return clock;
}

std::int32_t Day(absl::string_view iso) { return ParseIsoDate(iso)->days; }

void AddUnit(v1::UnitList* list, std::uint64_t id, v1::UnitLevel level,
             v1::UnitKind kind, absl::string_view code, absl::string_view name,
             std::uint64_t parent) {
  v1::UnitRecord* const unit = list->add_units();
  unit->set_unit_id(id);
  unit->set_level(level);
  unit->set_kind(kind);
  unit->set_code(std::string(code));
  unit->set_name(std::string(name));
  unit->set_parent_unit_id(parent);
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  THON_CHECK(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

v1::UnitList Map() {
  v1::UnitList list;
  AddUnit(&list, Province::kProvinceUnit, v1::UNIT_LEVEL_PROVINCE,
          v1::UNIT_KIND_TINH, "15", "Tỉnh Yên Bái", 0);
  AddUnit(&list, kDistrict, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "132",
          "Huyện Yên Bình", Province::kProvinceUnit);
  AddUnit(&list, 101, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04771",
          "Xã Vĩnh Kiên", kDistrict);
  AddUnit(&list, 102, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04717",
          "Xã Thác Bà", kDistrict);
  return list;
}

template <typename Message>
Message Parsed(const std::string& value) {
  Message message;
  THON_CHECK(message.ParseFromString(value));
  return message;
}

// The row without how late its activities came.
std::string WithoutArrival(Table table, const std::string& value) {
  if (table == Table::kActivityDay) {
    v1::ActivityDay day = Parsed<v1::ActivityDay>(value);
    for (auto* facts : {day.mutable_facts(), day.mutable_held()}) {
      for (v1::ActivityFact& fact : *facts) {
        fact.clear_days_late();
        fact.clear_delay_hours();
      }
    }
    return day.SerializeAsString();
  }
  if (table == Table::kTeamMonth || table == Table::kOrganisationMonth) {
    v1::TeamMonth month = Parsed<v1::TeamMonth>(value);
    month.clear_delays();
    return month.SerializeAsString();
  }
  return value;
}

}  // namespace

Province::Province(std::string directory) : directory_(std::move(directory)) {
  std::filesystem::remove_all(directory_);
  std::filesystem::create_directories(directory_);
}

Province::~Province() {
  Close();
  std::filesystem::remove_all(directory_);
}

absl::Status Province::Open() {
  EngineOptions options;
  options.storage.directory = directory_;
  options.storage.write_buffer_bytes = 4 << 20;
  options.storage.block_cache_bytes = 8 << 20;
  options.log_name = "thon.example/test";
  options.simulated = true;
  options.simulated_start = *ParseInstant(kStart);
  options.clock = &RealClock();
  options.log_key_seed = std::string(32, 'l');
  options.server_key_seed = std::string(32, 's');
  // Small machines run tests too.
  options.disk_reserve_bytes = 1 << 20;
  options.row_cache_bytes = 8 << 20;
  absl::StatusOr<std::unique_ptr<Engine>> engine =
      Engine::Open(std::move(options));
  if (!engine.ok()) return engine.status();
  engine_ = *std::move(engine);
  return absl::OkStatus();
}

void Province::Close() { engine_.reset(); }

void Province::Restart() {
  Close();
  const absl::Status opened = Open();
  if (!opened.ok()) std::fprintf(stderr, "%s\n", opened.ToString().c_str());
  THON_CHECK(opened.ok());
}

void Province::SetUp() {
  THON_CHECK(Open().ok());
  const auto must = [this](v1::Event event) {
    const absl::StatusOr<v1::CommandOutcome> outcome = Submit(std::move(event));
    if (!outcome.ok() || !outcome->effective()) {
      std::fprintf(stderr, "%s %s\n", outcome.status().ToString().c_str(),
                   outcome.ok() ? outcome->detail().c_str() : "");
    }
    THON_CHECK(outcome.ok() && outcome->effective());
  };

  v1::Event event;
  v1::UnitsImported* const units = event.mutable_units_imported();
  units->set_effective_date(Day("2023-01-01"));
  units->set_units_hash(
      std::string(PutDocument(Map().SerializeAsString()).view()));
  must(event);

  for (std::uint64_t team = 1; team <= kTeams; ++team) {
    event.Clear();
    v1::VillageDeclared* const village = event.mutable_village_declared();
    village->set_unit_id(1000 + team);
    village->set_kind(v1::UNIT_KIND_THON);
    village->set_name(absl::StrCat("Thôn ", team));
    village->set_commune_unit_id(team < kTeams ? 101 : 102);
    village->set_effective_date(Day("2023-01-01"));
    must(event);

    event.Clear();
    v1::TeamFounded* const founded = event.mutable_team_founded();
    founded->set_team_id(team);
    founded->set_unit_id(1000 + team);
    founded->set_level(v1::UNIT_LEVEL_VILLAGE);
    founded->set_founded_date(Day("2023-01-15"));
    founded->set_name(absl::StrCat("Tổ công nghệ số cộng đồng thôn ", team));
    founded->mutable_document()->set_number("12/QĐ-UBND");
    founded->mutable_document()->set_issue_date(Day("2023-01-10"));
    founded->mutable_document()->set_issuer("UBND xã");
    must(event);

    for (std::uint64_t seat = 1; seat <= 2; ++seat) {
      event.Clear();
      v1::MemberJoined* const joined = event.mutable_member_joined();
      joined->set_member_id(10 * team + seat);
      joined->set_team_id(team);
      joined->set_seat(seat == 1 ? v1::SEAT_LEADER : v1::SEAT_MEMBER);
      joined->set_joined_date(Day("2023-01-15"));
      must(event);
    }
  }

  const std::string yaml =
      ReadText(THON_SOURCE_DIR "/deploy/policies/yen-bai-2023.yaml");
  event.Clear();
  v1::PolicyPublished* const policy = event.mutable_policy_published();
  policy->set_policy_id(kPolicy);
  policy->set_version(1);
  policy->set_issuer_unit_id(kProvinceUnit);
  policy->set_text_hash(std::string(PutDocument(yaml).view()));
  policy->mutable_document()->set_number("60/2022/NQ-HĐND");
  policy->mutable_document()->set_issue_date(Day("2022-12-09"));
  policy->mutable_document()->set_issuer("HĐND tỉnh Yên Bái");
  must(event);

  v1::RegistrationList rows;
  v1::RegistrationRow* const row = rows.add_rows();
  row->set_unit_id(101);
  row->set_target(v1::REGISTRATION_TARGET_STANDARD);
  row->set_printed_code("04771");
  row->set_printed_name("Xã Vĩnh Kiên");
  event.Clear();
  v1::RegistrationListApproved* const list =
      event.mutable_registration_list_approved();
  list->set_list_id("894/QĐ-UBND");
  list->set_year(2023);
  list->set_effective_date(Day("2023-06-01"));
  list->set_retroactive(true);
  list->mutable_document()->set_number("894/QĐ-UBND");
  list->mutable_document()->set_issue_date(Day("2023-05-30"));
  list->mutable_document()->set_issuer("UBND tỉnh Yên Bái");
  list->set_rows_hash(
      std::string(PutDocument(rows.SerializeAsString()).view()));
  must(event);
}

void Province::ApproveFunding() {
  v1::FundedTeams teams;
  teams.add_team_ids(1);
  v1::Event event;
  v1::FundingApproved* const funding = event.mutable_funding_approved();
  funding->set_policy_id(kPolicy);
  funding->set_first_month(202306);
  funding->set_last_month(202312);
  funding->set_ceiling_vnd(7 * kMonthVnd);
  funding->set_team_count(1);
  funding->set_retroactive(true);
  funding->mutable_document()->set_number("1845/QĐ-UBND");
  funding->mutable_document()->set_issue_date(Day("2023-10-12"));
  funding->mutable_document()->set_issuer("UBND tỉnh Yên Bái");
  funding->set_teams_hash(
      std::string(PutDocument(teams.SerializeAsString()).view()));
  const absl::StatusOr<v1::CommandOutcome> outcome = Submit(event);
  THON_CHECK(outcome.ok() && outcome->effective());
}

void Province::AdvanceTo(absl::string_view rfc3339) {
  AdvanceTo(*ParseInstant(rfc3339));
}

void Province::AdvanceTo(Instant instant) {
  THON_CHECK(Await<Position>([&](Done<Position> done) {
               engine_->AdvanceClock(instant, std::move(done));
             }).ok());
}

absl::StatusOr<v1::CommandOutcome> Province::Submit(v1::Event event) {
  CommandRequest request;
  request.officer = OfficerId(1);
  request.events.push_back(std::move(event));
  request.idempotency_key = absl::StrCat("command-", ++commands_);
  absl::StatusOr<CommandResult> result =
      Await<CommandResult>([&](Done<CommandResult> done) {
        engine_->Submit(std::move(request), std::move(done));
      });
  if (!result.ok()) return result.status();
  return result->outcomes.front();
}

Hash Province::PutDocument(const std::string& content) {
  DocumentRequest request;
  request.content = content;
  request.document_hash = Sha256Of(content);
  request.part_count =
      static_cast<int>((content.size() + limits::kDocumentPartBytesMax - 1) /
                       limits::kDocumentPartBytesMax);
  const Hash hash = request.document_hash;
  const absl::StatusOr<Position> put =
      Await<Position>([&](Done<Position> done) {
        engine_->PutDocument(std::move(request), std::move(done));
      });
  THON_CHECK(put.ok());
  return hash;
}

std::string Province::CodeFor(TeamId team, MemberId member) {
  const std::string code = absl::StrCat("CODE-", ++codes_);
  v1::Event event;
  v1::EnrolmentCodeIssued* const issued = event.mutable_enrolment_code_issued();
  issued->set_code_hash(std::string(Sha256Of(code).view()));
  issued->set_team_id(team.value);
  issued->set_member_id(member.value);
  issued->set_last_date(Day("2024-12-31"));
  const absl::StatusOr<v1::CommandOutcome> outcome = Submit(event);
  THON_CHECK(outcome.ok() && outcome->effective());
  return code;
}

std::unique_ptr<RowReader> Province::Rows() {
  const Position last(engine_->log().end().next_position.value - 1);
  THON_CHECK(engine_->AwaitRows(last, kWaitMs).ok());
  return engine_->RowsAt(engine_->rows_position());
}

std::vector<std::string> Province::JudgementDump() {
  const std::unique_ptr<RowReader> rows = Rows();
  std::vector<std::string> dump;
  // Which batch an event came in, and at which position, is the way it came,
  // not what is thought of it.
  rows->Scan(Table::kStandings, "", "",
             [&](absl::string_view key, const RowVersion& row) {
               v1::EntryStandings standings;
               THON_CHECK(standings.ParseFromString(row.value));
               const AuthorId author = keys::KeyView(key).Author();
               for (v1::EventStanding& one : *standings.mutable_exceptions()) {
                 one.clear_position();
                 dump.push_back(absl::StrCat("standing ", author.Hex(), " ",
                                             one.ShortDebugString()));
               }
               return true;
             });
  for (const Table table :
       {Table::kActivityDay, Table::kTeamMonth, Table::kHousehold,
        Table::kOrganisationMonth, Table::kDetermination}) {
    rows->Scan(
        table, "", "", [&](absl::string_view key, const RowVersion& row) {
          dump.push_back(
              absl::StrCat(static_cast<int>(table), " ", HexEncode(key), " ",
                           HexEncode(WithoutArrival(table, row.value))));
          return true;
        });
  }
  std::sort(dump.begin(), dump.end());
  return dump;
}

History Province::ReadHistory() {
  History history;
  const EntryLog& log = engine_->log();
  const absl::Status read =
      log.ReadEntries(EntryIndex(0), log.end().tree_size,
                      [&](EntryIndex, absl::string_view entry) {
                        history.entries.emplace_back(entry);
                        return true;
                      });
  THON_CHECK(read.ok());
  const absl::Status authors =
      log.ReadAuthors([&](const AuthorId& author, const AuthorState& state) {
        if (state.server) history.server_authors.insert(author);
      });
  THON_CHECK(authors.ok());
  history.log_key = SigningKey::FromSeed(std::string(32, 'l'))->public_key();
  const absl::StatusOr<v1::Checkpoint> head =
      Await<v1::Checkpoint>([&](Done<v1::Checkpoint> done) {
        engine_->checkpoints().Sign(std::move(done));
      });
  if (absl::IsUnavailable(head.status())) {
    // Drained, it signs nothing any more; its key is known here.
    history.checkpoint_note = MakeCheckpointNote(
        *SigningKey::FromSeed(std::string(32, 'l')), engine_->status().origin,
        log.end().tree_size.value, log.root());
    return history;
  }
  THON_CHECK(head.ok());
  history.checkpoint_note = head->note();
  return history;
}

}  // namespace thon::testing
