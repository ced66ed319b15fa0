#include "server/projections/eligibility.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/core/check.h"
#include "server/policy/determine.h"
#include "server/policy/explain.h"
#include "server/projections/acts.h"
#include "server/projections/beneficiary_facts.h"
#include "server/projections/money_book.h"
#include "server/projections/row_keys.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

// Rows are read in pieces of this many, so that memory does not grow with the
// country.
constexpr std::size_t kPieceRowsMax = 1024;

struct BeneficiaryKey {
  v1::BeneficiaryKind kind;
  std::uint64_t id;
  auto operator<=>(const BeneficiaryKey&) const = default;
};

// What an entry can have changed in one policy's rows.
struct Dirty {
  bool everything = false;
  std::set<Month> months;                  // Of everybody.
  std::set<BeneficiaryKey> beneficiaries;  // In all months.
  std::set<std::pair<std::uint64_t, Month>> team_months;

  bool empty() const {
    return !everything && months.empty() && beneficiaries.empty() &&
           team_months.empty();
  }
};

// Days that the entry opened.
struct OpenedDays {
  bool any = false;
  Date first;
  Date last;
  bool Has(Date day) const { return any && first <= day && day <= last; }
};

class Eligibility final : public Projection {
 public:
  absl::string_view name() const override { return "eligibility"; }
  int version() const override { return 1; }
  void Apply(const FoldInput& input, const EventSource& events,
             RowWriter& rows) override;

 private:
  // Finds what the entry can have changed, by policy id.
  std::map<std::string, Dirty> FindDirty(const FoldInput& input, Date today,
                                         const RowWriter& rows);
  void FindDirtyMonths(const OpenedDays& opened, const PolicyFile& file,
                       Dirty* dirty) const;

  MoneyBook book_;
  bool loaded_ = false;
  bool book_changed_ = false;
  UnitMemo units_;
};

// Computes rows of one policy again.
class Recomputation {
 public:
  Recomputation(const MoneyBook& book, const PolicyFile& file, UnitMemo& units,
                Date today, RowWriter& rows)
      : file_(file), rows_(rows), reader_(rows, book, units, today) {
    for (Month month = file.first_month;
         month <= file.last_month && month.first_day() <= today;
         month = month.Next()) {
      months_.push_back(month);
    }
  }

  void Run(const Dirty& dirty);

 private:
  void RunAll();
  // By month, then team, with what is left of the ceilings.
  void RunInOrder();
  void RunEverybody(const std::vector<Month>& months);
  void RunTable(Table table, v1::BeneficiaryKind kind,
                const std::vector<Month>& months);
  void RunOne(const Beneficiary& beneficiary, const std::vector<Month>& months);
  void RunOne(const Beneficiary& beneficiary, Month month);
  // From `month` to the end of its year, if a month depends on those before.
  std::vector<Month> Following(Month month) const;

  const PolicyFile& file_;
  RowWriter& rows_;
  const FactsReader reader_;
  std::vector<Month> months_;                  // That have begun, ascending.
  std::map<Position, std::int64_t> used_vnd_;  // By funding decision.
};

void Recomputation::RunOne(const Beneficiary& beneficiary, Month month) {
  if (month < file_.first_month || month > file_.last_month ||
      months_.empty() || month > months_.back()) {
    return;
  }
  const PolicyVersion& version = file_.VersionFor(month);
  const BeneficiaryFacts facts =
      reader_.Read(beneficiary, file_, version, month,
                   [this](const FundingDecision& funding) {
                     const auto used = used_vnd_.find(funding.fact.position);
                     return funding.ceiling_vnd -
                            (used == used_vnd_.end() ? 0 : used->second);
                   });
  const std::string key =
      keys::Determination(file_.id, month, beneficiary.kind, beneficiary.id);
  if (facts.territory == Territory::kOutside) {
    if (rows_.Get(Table::kDetermination, key).has_value()) {
      rows_.Delete(Table::kDetermination, key);
    }
    return;
  }
  const Result result = Determine(version.policy, facts, month);
  PutRow(rows_, Table::kDetermination, key,
         ToRow(version.policy, result, version.position));
  if (result.amount_vnd != 0 && result.funding_position.value != 0) {
    used_vnd_[result.funding_position] += result.amount_vnd;
  }
}

void Recomputation::RunOne(const Beneficiary& beneficiary,
                           const std::vector<Month>& months) {
  for (const Month month : months) RunOne(beneficiary, month);
}

void Recomputation::RunTable(Table table, v1::BeneficiaryKind kind,
                             const std::vector<Month>& months) {
  std::string start;
  while (true) {
    // Nothing may be written while a scan runs.
    std::vector<std::uint64_t> ids;
    rows_.Scan(table, "", start,
               [&ids, &start](absl::string_view key, const RowVersion&) {
                 if (ids.size() == kPieceRowsMax) {
                   start = std::string(key);
                   return false;
                 }
                 ids.push_back(keys::KeyView(key).U64());
                 return true;
               });
    const bool more = ids.size() == kPieceRowsMax;
    for (const std::uint64_t id : ids) {
      const std::optional<Beneficiary> found = reader_.Find(kind, id);
      THON_CHECK(found.has_value());
      RunOne(*found, months);
    }
    if (!more) return;
    // A last piece that is just full has no next key.
    if (keys::Key().U64(ids.back()).Take() >= start) return;
  }
}

void Recomputation::RunEverybody(const std::vector<Month>& months) {
  if (months.empty()) return;
  RunTable(Table::kTeam, v1::BENEFICIARY_KIND_TEAM, months);
  RunTable(Table::kOrganisation, v1::BENEFICIARY_KIND_ORGANISATION, months);
}

void Recomputation::RunInOrder() {
  used_vnd_.clear();
  for (const Month month : months_) RunEverybody({month});
}

void Recomputation::RunAll() {
  if (file_.ceiling_may_bind) {
    RunInOrder();
  } else {
    RunEverybody(months_);
  }
}

std::vector<Month> Recomputation::Following(Month month) const {
  std::vector<Month> months;
  for (const Month other : months_) {
    if (other == month ||
        (file_.caps_year && other > month && other.year() == month.year())) {
      months.push_back(other);
    }
  }
  return months;
}

void Recomputation::Run(const Dirty& dirty) {
  if (dirty.everything || (file_.ceiling_may_bind && !dirty.empty())) {
    RunAll();
    return;
  }
  std::set<Month> all;
  for (const Month month : dirty.months) {
    for (const Month other : Following(month)) all.insert(other);
  }
  RunEverybody({all.begin(), all.end()});
  for (const BeneficiaryKey& key : dirty.beneficiaries) {
    const std::optional<Beneficiary> found = reader_.Find(key.kind, key.id);
    if (found.has_value()) RunOne(*found, months_);
  }
  for (const auto& [team, month] : dirty.team_months) {
    if (dirty.beneficiaries.count({v1::BENEFICIARY_KIND_TEAM, team}) != 0) {
      continue;
    }
    const std::optional<Beneficiary> found =
        reader_.Find(v1::BENEFICIARY_KIND_TEAM, team);
    if (found.has_value()) RunOne(*found, Following(month));
  }
}

void Eligibility::FindDirtyMonths(const OpenedDays& opened,
                                  const PolicyFile& file, Dirty* dirty) const {
  for (Month month = file.first_month;
       month <= file.last_month && month.first_day() <= opened.last;
       month = month.Next()) {
    const Policy& policy = file.VersionFor(month).policy;
    if (opened.Has(month.first_day()) ||
        (policy.update_record_missing &&
         opened.Has(policy.submit_deadline(month))) ||
        (policy.update_required &&
         opened.Has(policy.confirm_deadline(month)))) {
      dirty->months.insert(month);
    }
  }
}

OpenedDays FindOpenedDays(const FoldInput& input) {
  OpenedDays opened;
  for (const Fact& fact : input.facts) {
    if (!fact.from_server || !fact.effective || !fact.event->has_day_opened()) {
      continue;
    }
    const Date day(fact.event->day_opened().local_date());
    if (!opened.any) opened.first = day;
    opened.any = true;
    opened.last = day;
  }
  return opened;
}

std::map<std::string, Dirty> Eligibility::FindDirty(const FoldInput& input,
                                                    Date today,
                                                    const RowWriter& rows) {
  bool everything = book_changed_;
  std::set<BeneficiaryKey> beneficiaries;
  std::set<std::pair<std::uint64_t, Month>> team_months;
  for (const std::string& key : rows.Changed(Table::kUnit)) {
    const std::optional<v1::UnitRow> unit =
        GetRow<v1::UnitRow>(rows, Table::kUnit, key);
    if (!unit.has_value() || unit->level() != v1::UNIT_LEVEL_VILLAGE) {
      everything = true;
      continue;
    }
    rows.Scan(Table::kTeamByUnit, key, "",
              [&](absl::string_view by_unit, const RowVersion&) {
                beneficiaries.insert({v1::BENEFICIARY_KIND_TEAM,
                                      keys::KeyView(by_unit).Skip(8).U64()});
                return true;
              });
  }
  for (const std::string& key : rows.Changed(Table::kTeam)) {
    beneficiaries.insert({v1::BENEFICIARY_KIND_TEAM, keys::KeyView(key).U64()});
  }
  for (const std::string& key : rows.Changed(Table::kOrganisation)) {
    beneficiaries.insert(
        {v1::BENEFICIARY_KIND_ORGANISATION, keys::KeyView(key).U64()});
  }
  for (const std::string& key : rows.Changed(Table::kTeamMonth)) {
    keys::KeyView view(key);
    const std::uint64_t team = view.U64();
    team_months.emplace(team, view.YearMonth());
  }
  const OpenedDays opened = FindOpenedDays(input);
  std::map<std::string, Dirty> dirty;
  for (const auto& [id, file] : book_.policies()) {
    Dirty one;
    one.everything = everything;
    if (opened.any) FindDirtyMonths(opened, file, &one);
    one.beneficiaries = beneficiaries;
    for (const auto& [team, month] : team_months) {
      if (month >= file.first_month && month <= file.last_month &&
          LooksAtActivity(file.VersionFor(month).policy, month, today)) {
        one.team_months.emplace(team, month);
      }
    }
    if (!one.empty()) dirty.emplace(id, std::move(one));
  }
  return dirty;
}

void Eligibility::Apply(const FoldInput& input, const EventSource& events,
                        RowWriter& rows) {
  for (const Fact& fact : input.facts) {
    ApplyToMoneyBook(fact, input.local_date, events, rows);
  }
  // Nobody else's entry can change these.
  book_changed_ = input.from_server && (!rows.Changed(Table::kPolicy).empty() ||
                                        !rows.Changed(Table::kList).empty() ||
                                        !rows.Changed(Table::kFunding).empty());
  if (!loaded_ || book_changed_) {
    book_.Load(rows);
    loaded_ = true;
  }
  for (const std::string& key : rows.Changed(Table::kUnit)) units_.Forget(key);
  if (book_.policies().empty()) return;
  const std::optional<Date> today = LastDay(rows);
  if (!today.has_value()) return;  // No month has begun.
  for (const auto& [id, dirty] : FindDirty(input, *today, rows)) {
    Recomputation(book_, *book_.Find(id), units_, *today, rows).Run(dirty);
  }
}

// What decisions have left for this team and month: the fold pays by month,
// then team, so the rows before this one say it.
RemainingOf RemainingBefore(const RowReader& rows, const PolicyFile& file,
                            Month month, std::uint64_t team) {
  return [&rows, &file, month, team](const FundingDecision& funding) {
    std::int64_t used = 0;
    const std::string here =
        keys::Determination(file.id, month, v1::BENEFICIARY_KIND_TEAM, team);
    ScanRows<v1::Determination>(
        rows, Table::kDetermination, keys::Key().Text(file.id).Take(),
        [&](absl::string_view key, const v1::Determination& row, Position) {
          if (key >= here) return false;
          if (row.funding_position() == funding.fact.position.value) {
            used += row.amount_vnd();
          }
          return true;
        });
    return funding.ceiling_vnd - used;
  };
}

// Positions of the activities of a team's month, ascending.
std::vector<std::uint64_t> ActivityPositions(const RowReader& rows,
                                             const EventSource& events,
                                             std::uint64_t team, Month month) {
  constexpr std::size_t kPositionsMax = 1000;
  std::vector<std::uint64_t> positions;
  std::map<std::uint32_t, std::optional<AuthorId>> authors;
  const std::string prefix = keys::Key().U64(team).Take();
  rows.Scan(
      Table::kActivityDay, prefix,
      keys::ActivityDay(TeamId(team), month.first_day()),
      [&](absl::string_view key, const RowVersion& version) {
        if (keys::KeyView(key).Skip(8).Day() > month.last_day()) return false;
        v1::ActivityDay day;
        THON_CHECK(day.ParseFromString(version.value));
        for (const v1::ActivityFact& fact : day.facts()) {
          auto [at, fresh] = authors.try_emplace(fact.author_number());
          if (fresh) {
            const std::optional<RowVersion> row =
                rows.Get(Table::kAuthorByNumber,
                         keys::AuthorByNumber(fact.author_number()));
            AuthorId author;
            if (row.has_value() && AuthorId::FromBytes(row->value, &author)) {
              at->second = author;
            }
          }
          if (!at->second.has_value()) continue;
          const std::optional<RecordedEvent> event =
              events.Find(*at->second, Sequence(fact.sequence()));
          if (event.has_value()) positions.push_back(event->position.value);
        }
        return positions.size() < kPositionsMax;
      });
  std::sort(positions.begin(), positions.end());
  if (positions.size() > kPositionsMax) positions.resize(kPositionsMax);
  return positions;
}

// Adds the events behind each threshold that counts activities.
void AddPositions(const std::vector<std::uint64_t>& positions,
                  v1::Derivation* step) {
  for (const v1::MetricValue& value : step->metrics()) {
    Metric metric = Metric::kM04;
    if (!FindMetric(value.metric(), &metric) || metric == Metric::kM04 ||
        metric == Metric::kM06 || metric == Metric::kM07) {
      continue;
    }
    step->mutable_positions()->Assign(positions.begin(), positions.end());
  }
  for (v1::Derivation& below : *step->mutable_steps()) {
    AddPositions(positions, &below);
  }
}

ExplainedDetermination NoPolicy(absl::string_view policy_id) {
  ExplainedDetermination out;
  out.row.set_state(v1::DETERMINATION_STATE_NOT_COVERED);
  out.row.add_reasons(v1::REASON_CODE_NO_POLICY);
  out.derivation.set_rule("policy");
  out.derivation.set_deciding(true);
  out.derivation.set_reason(v1::REASON_CODE_NO_POLICY);
  out.derivation.set_source(std::string(policy_id));
  out.derivation.set_text_vi(ReasonVietnamese(v1::REASON_CODE_NO_POLICY));
  out.derivation.set_text_en(ReasonEnglish(v1::REASON_CODE_NO_POLICY));
  return out;
}

}  // namespace

std::unique_ptr<Projection> NewEligibility() {
  return std::make_unique<Eligibility>();
}

absl::StatusOr<ExplainedDetermination> ExplainDetermination(
    absl::string_view policy_id, v1::BeneficiaryKind kind,
    std::uint64_t beneficiary, Month month, const RowReader& rows,
    const EventSource* events) {
  if (!month.valid()) {
    return absl::InvalidArgumentError("no such month: write it as 202306");
  }
  MoneyBook book;
  if (keys::IsRowKeyText(policy_id)) book.Load(rows, policy_id);
  UnitMemo units;
  const FactsReader reader(rows, book, units,
                           LastDay(rows).value_or(Date(-kOpenEnd.days)));
  const std::optional<Beneficiary> found = reader.Find(kind, beneficiary);
  if (!found.has_value()) {
    return absl::NotFoundError("no such team or organisation: check the id");
  }
  const PolicyFile* file = book.Find(policy_id);
  if (file == nullptr) return NoPolicy(policy_id);
  const PolicyVersion& version = file->VersionFor(month);
  const BeneficiaryFacts facts =
      reader.Read(*found, *file, version, month,
                  RemainingBefore(rows, *file, month, beneficiary));
  Trace trace;
  const Result result = Determine(version.policy, facts, month, &trace);
  ExplainedDetermination out;
  out.row = ToRow(version.policy, result, version.position);
  out.derivation = ToDerivation(version.policy, facts, month, result, trace);
  if (events != nullptr && kind == v1::BENEFICIARY_KIND_TEAM &&
      !version.policy.metrics.empty()) {
    const std::vector<std::uint64_t> positions =
        ActivityPositions(rows, *events, beneficiary, month);
    // The root only repeats the values of its steps.
    for (v1::Derivation& step : *out.derivation.mutable_steps()) {
      AddPositions(positions, &step);
    }
  }
  return out;
}

}  // namespace thon
