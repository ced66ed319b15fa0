// Answers, authors, the log, teams and units.
#include <set>

#include "absl/strings/str_cat.h"
#include "server/core/entry.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "tools/thon/scenario/check.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

const Phone* PhoneOf(const Look& look, Actual* actual) {
  const auto found = look.history->phones.find(look.expectation->phone);
  if (found != look.history->phones.end()) return &found->second;
  actual->nothing =
      "điện thoại chưa từng đăng ký (the phone was never enrolled)";
  return nullptr;
}

// The phone that has the key.
std::string PhoneName(const Look& look, const AuthorId& author) {
  for (const auto& [name, phone] : look.history->phones) {
    if (phone.author() == author) return name;
  }
  for (const auto& [name, phone] : look.history->phones) {
    for (const AuthorId& one : phone.authors()) {
      if (one == author) return name;
    }
  }
  return author.Hex();
}

}  // namespace

void LookAtAnswers(const Look& look, Actual* actual) {
  const Phone* const phone = PhoneOf(look, actual);
  if (phone == nullptr) return;
  std::vector<std::string> texts;
  std::set<std::string> receipts;
  for (const v1::Answer& answer : phone->answers) {
    texts.push_back(ShowEnum(answer.code()));
    if (answer.code() == v1::ANSWER_CODE_REFUSED) {
      absl::StrAppend(&texts.back(), " ", ShowEnum(answer.refusal()));
    }
    if (answer.has_receipt()) {
      receipts.insert(answer.receipt().SerializeAsString());
    }
    if (!answer.detail().empty()) actual->notes.push_back(answer.detail());
  }
  actual->fields["are"] = ShowList(std::move(texts), false);
  actual->fields["receipts"] = absl::StrCat(receipts.size());
}

void LookAtAuthor(const Look& look, Actual* actual) {
  const Phone* const phone = PhoneOf(look, actual);
  if (phone == nullptr) return;
  const auto row = GetAuthor(*look.rows, phone->author());
  if (!row.has_value()) {
    actual->nothing = "lúc đó chưa đăng ký (not enrolled at that moment)";
    return;
  }
  auto& fields = actual->fields;
  fields["confirmed"] = ShowFlag(row->confirmed());
  fields["revoked"] = ShowFlag(row->revoked_position() != 0);
  fields["team"] = look.names().Show(NameKind::kTeam, row->team_id());
  fields["member"] = row->member_id() == 0
                         ? "none"
                         : look.names().ShowMember(row->member_id());
  AuthorId predecessor;
  fields["succeeds"] = AuthorId::FromBytes(row->predecessor(), &predecessor)
                           ? PhoneName(look, predecessor)
                           : "none";
  v1::SyncHealthRow health =
      GetRow<v1::SyncHealthRow>(*look.rows, Table::kSyncHealth,
                                keys::SyncHealth(phone->author()))
          .value_or(v1::SyncHealthRow());
  fields["forks"] = absl::StrCat(health.forks());
  fields["events"] = absl::StrCat(health.events());
  fields["batches"] = absl::StrCat(health.batches());
  fields["suspect"] = absl::StrCat(health.suspect());
  fields["estimated"] = absl::StrCat(health.estimated());
  fields["wall_clock_wrong"] = absl::StrCat(health.wall_clock_wrong());
  fields["app_version"] = health.app_version();
}

void LookAtLog(const Look& look, Actual* actual) {
  std::set<std::string> authors;
  if (!look.expectation->phone.empty()) {
    const Phone* const phone = PhoneOf(look, actual);
    if (phone == nullptr) return;
    for (const AuthorId& author : phone->authors()) {
      authors.insert(std::string(author.view()));
    }
  }
  std::map<std::string, std::int64_t> types;
  std::int64_t entries = 0;
  std::int64_t events = 0;
  const EntryLog& log = look.history->world->engine().log();
  const auto* const type = v1::Event::descriptor();
  const absl::Status read = log.ReadEntries(
      EntryIndex(0), log.end().tree_size,
      [&](EntryIndex, absl::string_view bytes) {
        const absl::StatusOr<EntryView> entry = ParseEntry(bytes);
        v1::Batch batch;
        if (!entry.ok() || entry->trailer.first_position > look.position ||
            !batch.ParseFromArray(entry->batch.data(),
                                  static_cast<int>(entry->batch.size()))) {
          return false;
        }
        if (!authors.empty() && authors.count(batch.author()) == 0) {
          return true;
        }
        ++entries;
        events += batch.events_size();
        for (const v1::Event& event : batch.events()) {
          const auto* const field =
              type->FindFieldByNumber(event.payload_case());
          if (field != nullptr) ++types[field->name()];
        }
        return true;
      });
  if (!read.ok()) {
    actual->nothing = std::string(read.message());
    return;
  }
  actual->fields["entries"] = absl::StrCat(entries);
  actual->fields["events"] = absl::StrCat(events);
  for (const auto& [name, count] : types) {
    actual->fields[absl::StrCat("types.", name)] = absl::StrCat(count);
  }
}

void LookAtTeam(const Look& look, Actual* actual) {
  const auto row = GetTeam(*look.rows, TeamId(look.expectation->beneficiary));
  if (!row.has_value()) {
    if (!look.expectation->wants.empty()) actual->fields["exists"] = "false";
    return;
  }
  const Date day =
      look.expectation->on.days == 0 ? look.today : look.expectation->on;
  auto& fields = actual->fields;
  const Names& names = look.names();
  const UnitId unit = UnitOn(*row, day);
  fields["exists"] = ShowFlag(ExistsOn(*row, day));
  fields["unit"] = names.Show(NameKind::kUnit, unit.value);
  fields["commune"] = names.Show(
      NameKind::kUnit,
      AncestorOfLevel(*look.rows, unit, v1::UNIT_LEVEL_COMMUNE, day).value);
  fields["name"] = row->name();
  std::vector<std::string> members;
  for (const v1::TeamMember& member : row->members()) {
    if (member.joined_date() > day.days ||
        (member.left_date() != 0 && member.left_date() <= day.days)) {
      continue;
    }
    const std::string name = names.ShowMember(member.member_id());
    members.push_back(name);
    fields[absl::StrCat("seats.", name)] = ShowEnum(member.seat());
  }
  fields["member_count"] = absl::StrCat(members.size());
  fields["members"] = ShowList(std::move(members), true);
  fields["suspended"] = ShowFlag(SuspendedOn(*row, day));
  fields["founded"] = ShowDay(row->founded_date());
  fields["ended"] = ShowDay(row->ended_date());
  std::vector<std::string> successors;
  for (const std::uint64_t id : row->successor_team_ids()) {
    successors.push_back(names.Show(NameKind::kTeam, id));
  }
  fields["successors"] = ShowList(std::move(successors), true);
}

void LookAtUnit(const Look& look, Actual* actual) {
  const auto row = GetUnit(*look.rows, UnitId(look.expectation->unit));
  if (!row.has_value()) {
    actual->fields["exists"] = "false";
    return;
  }
  const Date day =
      look.expectation->on.days == 0 ? look.today : look.expectation->on;
  auto& fields = actual->fields;
  fields["exists"] = ShowFlag(ExistsOn(*row, day));
  fields["in"] = look.names().Show(NameKind::kUnit, ParentOn(*row, day).value);
  fields["placement_pending"] = ShowFlag(IsPendingOn(*row, day));
  const v1::UnitName* const name = NameOn(*row, day);
  if (name == nullptr) return;
  fields["name"] = name->name();
  fields["code"] = name->code();
  fields["kind"] = ShowEnum(name->kind());
}

}  // namespace thon::scenario
