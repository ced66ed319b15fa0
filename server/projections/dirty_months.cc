#include "server/projections/dirty_months.h"

#include <algorithm>
#include <optional>

#include "server/projections/beneficiary_facts.h"
#include "server/projections/metric_facts.h"
#include "server/projections/row_keys.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

using TeamMonthKey = std::pair<std::uint64_t, Month>;

bool IsActivity(MetricSource source) {
  return source == MetricSource::kActivity;
}
bool IsIndicator(MetricSource source) {
  return source == MetricSource::kIndicator;
}
bool IsModels(MetricSource source) { return source == MetricSource::kModels; }
bool IsUpdate(MetricSource source) { return source == MetricSource::kUpdate; }
bool IsUnit(MetricSource source) { return source == MetricSource::kUnit; }

bool Asks(const Policy& policy, bool (*is_source)(MetricSource)) {
  return std::any_of(policy.selectors.begin(), policy.selectors.end(),
                     [&](const MetricSelector& selector) {
                       return is_source(InfoOf(selector.metric).source);
                     });
}

bool Asks(const PolicyFile& file, bool (*is_source)(MetricSource)) {
  return std::any_of(
      file.versions.begin(), file.versions.end(),
      [&](const auto& one) { return Asks(one.second.policy, is_source); });
}

bool AsksTasks(const PolicyFile& file) {
  return std::any_of(
      file.versions.begin(), file.versions.end(), [](const auto& one) {
        const auto& selectors = one.second.policy.selectors;
        return std::any_of(selectors.begin(), selectors.end(),
                           [](const MetricSelector& selector) {
                             return selector.metric == Metric::kM20;
                           });
      });
}

// Days that the entry opened.
struct OpenedDays {
  bool any = false;
  Date first;
  Date last;
  bool Has(Date day) const { return any && first <= day && day <= last; }
};

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

// What the entry changed, before policies are asked about it.
struct Changes {
  bool map = false;                // A unit above the village.
  bool units = false;              // Any.
  std::set<std::string> policies;  // Ids of which everything changed.
  std::set<std::string> lists;
  std::set<BeneficiaryKey> beneficiaries;
  std::set<TeamMonthKey> months;      // Rows of months.
  std::set<TeamMonthKey> activities;  // Days, by month.
  std::set<std::uint64_t> tasks;      // Teams.
  std::set<std::uint64_t> supported;  // Teams.
  std::set<Month> indicators;
  std::optional<Month> models;  // The first month of the first quarter.
  bool teams = false;
};

void FindUnits(const RowWriter& rows, Changes* changes) {
  for (const std::string& key : rows.Changed(Table::kUnit)) {
    changes->units = true;
    const std::optional<v1::UnitRow> unit =
        GetRow<v1::UnitRow>(rows, Table::kUnit, key);
    if (!unit.has_value() || unit->level() != v1::UNIT_LEVEL_VILLAGE) {
      changes->map = true;
      continue;
    }
    rows.Scan(
        Table::kTeamByUnit, key, "",
        [&](absl::string_view by_unit, const RowVersion&) {
          changes->beneficiaries.insert({v1::BENEFICIARY_KIND_TEAM,
                                         keys::KeyView(by_unit).Skip(8).U64()});
          return true;
        });
  }
}

void FindActivity(const RowWriter& rows, Changes* changes) {
  for (const std::string& key : rows.Changed(Table::kTeamMonth)) {
    keys::KeyView view(key);
    const std::uint64_t team = view.U64();
    changes->months.emplace(team, view.YearMonth());
  }
  for (const std::string& key : rows.Changed(Table::kActivityDay)) {
    keys::KeyView view(key);
    const std::uint64_t holder = view.U64();
    if (holder >> 63 != 0) continue;  // An organisation's.
    changes->activities.emplace(holder, Month::Of(view.Day()));
  }
  for (const std::string& key : rows.Changed(Table::kTask)) {
    changes->tasks.insert(keys::KeyView(key).U64());
  }
  for (const std::string& key : rows.Changed(Table::kIndicator)) {
    keys::KeyView view(key);
    view.Skip(8).Text();
    changes->indicators.insert(view.YearMonth());
  }
  for (const std::string& key : rows.Changed(Table::kModelByUnit)) {
    const auto quarter = static_cast<int>(keys::KeyView(key).Skip(8).U32());
    const Month first = Month::Of(quarter / 10, quarter % 10 * 3 - 2);
    changes->models = std::min(changes->models.value_or(first), first);
  }
}

Changes FindChanges(const RowWriter& rows) {
  Changes changes;
  FindUnits(rows, &changes);
  for (const std::string& key : rows.Changed(Table::kTeam)) {
    changes.teams = true;
    changes.beneficiaries.insert(
        {v1::BENEFICIARY_KIND_TEAM, keys::KeyView(key).U64()});
    const auto team = GetRow<v1::TeamRow>(rows, Table::kTeam, key);
    if (!team.has_value()) continue;
    // They may take its place in a funded set.
    for (const std::uint64_t successor : team->successor_team_ids()) {
      changes.beneficiaries.insert({v1::BENEFICIARY_KIND_TEAM, successor});
    }
  }
  for (const std::string& key : rows.Changed(Table::kOrganisation)) {
    changes.beneficiaries.insert(
        {v1::BENEFICIARY_KIND_ORGANISATION, keys::KeyView(key).U64()});
  }
  FindActivity(rows, &changes);
  for (const Table table :
       {Table::kPolicy, Table::kFunding, Table::kTransition}) {
    for (const std::string& key : rows.Changed(table)) {
      changes.policies.emplace(keys::KeyView(key).Text());
    }
  }
  for (const std::string& key : rows.Changed(Table::kList)) {
    changes.lists.insert(key);
  }
  for (const std::string& key : rows.Changed(Table::kOtherSupport)) {
    changes.supported.insert(keys::KeyView(key).U64());
  }
  return changes;
}

bool NamesList(const PolicyFile& file, const std::set<std::string>& lists) {
  return std::any_of(
      file.versions.begin(), file.versions.end(), [&lists](const auto& one) {
        const auto& list = one.second.policy.list;
        return list.has_value() && lists.count(list->list_id) != 0;
      });
}

// Adds the months that begin, or whose result changes with the day.
void AddOpened(const OpenedDays& opened, const PolicyFile& file, Dirty* dirty) {
  for (Month month = file.first_month;
       month <= file.last_month && month.first_day() <= opened.last;
       month = month.Next()) {
    const Policy& policy = file.VersionFor(month).policy;
    const bool submit = opened.Has(policy.submit_deadline(month));
    const bool confirm = opened.Has(policy.confirm_deadline(month));
    if (opened.Has(month.first_day()) ||
        (policy.update_record_missing && submit) ||
        (policy.update_required && (submit || confirm)) ||
        (Asks(policy, &IsUpdate) && (submit || confirm)) ||
        // What is so on the month's last day is, till then, what is so today.
        (Asks(policy, &IsUnit) && month.last_day() >= opened.first)) {
      dirty->months.insert(month);
    }
  }
}

void AddActivity(const Changes& changes, const PolicyFile& file, Date today,
                 Dirty* dirty) {
  const bool looks_back = std::any_of(
      file.versions.begin(), file.versions.end(), [](const auto& one) {
        return LooksBack(one.second.policy, &IsActivity);
      });
  const auto add = [&](std::uint64_t team, Month happened, bool row) {
    if (file.HasMonth(happened)) {
      const Policy& policy = file.VersionFor(happened).policy;
      if (row ? LooksAtActivity(policy, happened, today)
              : policy.reads_metrics()) {
        dirty->team_months.emplace(team, happened);
      }
    }
    if (!looks_back) return;
    for (Month asked = std::max(happened, file.first_month);
         asked <= file.last_month && asked.first_day() <= today;
         asked = asked.Next()) {
      if (LooksAtMonth(file.VersionFor(asked).policy, asked, happened,
                       &IsActivity)) {
        dirty->team_months.emplace(team, asked);
      }
    }
  };
  for (const auto& [team, month] : changes.months) add(team, month, true);
  for (const auto& [team, month] : changes.activities) add(team, month, false);
  if (!AsksTasks(file)) return;
  // A task of one month may be done in another.
  for (const std::uint64_t team : changes.tasks) {
    dirty->beneficiaries.insert({v1::BENEFICIARY_KIND_TEAM, team});
  }
  for (const auto& [team, month] : changes.activities) {
    dirty->beneficiaries.insert({v1::BENEFICIARY_KIND_TEAM, team});
  }
}

void AddObserved(const Changes& changes, const PolicyFile& file, Date today,
                 Dirty* dirty) {
  // A unit's value is summed over what lies below it.
  if ((changes.teams && Asks(file, &IsUnit)) ||
      (changes.units && (Asks(file, &IsUnit) || Asks(file, &IsIndicator) ||
                         Asks(file, &IsModels)))) {
    dirty->everything = true;
  }
  if (changes.indicators.empty() && !changes.models.has_value()) return;
  for (Month asked = file.first_month;
       asked <= file.last_month && asked.first_day() <= today;
       asked = asked.Next()) {
    const Policy& policy = file.VersionFor(asked).policy;
    const bool indicators = std::any_of(
        changes.indicators.begin(), changes.indicators.end(), [&](Month month) {
          return LooksAtMonth(policy, asked, month, &IsIndicator);
        });
    if (indicators || (changes.models.has_value() && asked >= *changes.models &&
                       Asks(policy, &IsModels))) {
      dirty->months.insert(asked);
    }
  }
}

// Acts about a part of a policy's rows, by the policy's id.
void AddActs(const RowWriter& rows, std::map<std::string, Dirty>* dirty) {
  for (const std::string& key : rows.Changed(Table::kTopUp)) {
    const std::optional<v1::TopUpRow> row =
        GetRow<v1::TopUpRow>(rows, Table::kTopUp, key);
    if (!row.has_value()) continue;
    Dirty& one = (*dirty)[row->policy_id()];
    for (Month month(row->first_month()); month <= Month(row->last_month());
         month = month.Next()) {
      one.months.insert(month);
    }
  }
  for (const std::string& key : rows.Changed(Table::kMobilisation)) {
    keys::KeyView view(key);
    const std::uint64_t team = view.U64();
    const std::string policy(view.Text());
    (*dirty)[policy].team_months.emplace(team, Month::Of(view.Day()));
  }
  for (const std::string& key : rows.Changed(Table::kHeldMonth)) {
    keys::KeyView view(key);
    const std::string policy(view.Text());
    const Month month = view.YearMonth();
    (*dirty)[policy].team_months.emplace(view.U64(), month);
  }
}

}  // namespace

bool ChangesMoneyBook(const RowWriter& rows) {
  for (const Table table : {Table::kPolicy, Table::kList, Table::kFunding,
                            Table::kTopUp, Table::kTransition}) {
    if (!rows.Changed(table).empty()) return true;
  }
  return false;
}

std::map<std::string, Dirty> FindDirty(const FoldInput& input,
                                       const MoneyBook& book, bool reordered,
                                       Date today, const RowWriter& rows) {
  const Changes changes = FindChanges(rows);
  const OpenedDays opened = FindOpenedDays(input);
  std::map<std::string, Dirty> acts;
  if (input.from_server) AddActs(rows, &acts);
  std::map<std::string, Dirty> dirty;
  for (const auto& [id, file] : book.policies()) {
    Dirty one;
    const auto act = acts.find(id);
    if (act != acts.end()) one = std::move(act->second);
    one.everything = changes.map || changes.policies.count(id) != 0 ||
                     (reordered && file.forbids_double) ||
                     NamesList(file, changes.lists);
    one.beneficiaries = changes.beneficiaries;
    if (opened.any) AddOpened(opened, file, &one);
    AddActivity(changes, file, today, &one);
    AddObserved(changes, file, today, &one);
    if (file.forbids_double) {
      for (const std::uint64_t team : changes.supported) {
        one.beneficiaries.insert({v1::BENEFICIARY_KIND_TEAM, team});
      }
    }
    if (!one.empty()) dirty.emplace(id, std::move(one));
  }
  return dirty;
}

}  // namespace thon
