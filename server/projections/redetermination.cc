#include "server/projections/redetermination.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/core/check.h"
#include "server/policy/determine.h"
#include "server/policy/explain.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

// Rows are read in pieces of this many, so that memory does not grow with the
// country.
constexpr std::size_t kPieceRowsMax = 1024;

// What other determinations take from a row.
std::pair<std::int64_t, std::int64_t> Yield(const v1::Determination& row) {
  return {row.amount_vnd() - row.top_up_vnd(),
          Pays(row) ? row.amount_vnd() : 0};
}

std::pair<std::int64_t, std::int64_t> Yield(
    const std::optional<RowVersion>& row) {
  v1::Determination determination;
  if (row.has_value()) THON_CHECK(determination.ParseFromString(row->value));
  return Yield(determination);
}

bool MayLookAt(const PolicyFile& looking, const std::string& other) {
  return std::any_of(
      looking.versions.begin(), looking.versions.end(), [&](const auto& one) {
        const DoubleSupportRule& rule = one.second.policy.double_support;
        return rule.forbid && looking.id != other &&
               (rule.with.empty() ||
                std::find(rule.with.begin(), rule.with.end(), other) !=
                    rule.with.end());
      });
}

}  // namespace

// Adds the policies that a change can reach through double support.
void Redetermination::Reach(std::map<std::string, Dirty>* dirty) {
  std::vector<std::string> reached;
  for (const auto& [id, one] : *dirty) reached.push_back(id);
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (const auto& [id, file] : book_.policies()) {
      if (file.forbids_double && dirty->count(id) == 0 &&
          MayLookAt(file, reached[i])) {
        dirty->emplace(id, Dirty());
        reached.push_back(id);
      }
    }
  }
}

// Where a ceiling may bind, all rows are computed.
void Redetermination::MakeWhole(std::map<std::string, Dirty>* dirty) {
  for (auto& [id, one] : *dirty) {
    if (!book_.Find(id)->ceiling_may_bind) continue;
    one.everything = true;
    by_month_ = true;
  }
}

void Redetermination::Lay(const std::map<std::string, Dirty>& dirty) {
  std::vector<const PolicyFile*> files;
  std::optional<Month> first;
  Month last;
  bool caps_year = false;
  const auto widen = [&](Month from, Month to) {
    first = std::min(first.value_or(from), from);
    last = std::max(last, to);
  };
  for (const auto& [id, one] : dirty) {
    const PolicyFile& file = *book_.Find(id);
    if (file.last_month < file.first_month) continue;
    files.push_back(&file);
    caps_year |= file.caps_year;
    if (one.everything || !one.beneficiaries.empty()) {
      widen(file.first_month, file.last_month);
    }
    if (!one.months.empty()) widen(*one.months.begin(), *one.months.rbegin());
    for (const auto& [team, month] : one.team_months) widen(month, month);
  }
  if (!first.has_value()) return;
  if (caps_year) last = std::max(last, Month::Of(last.year(), 12));
  for (Month month = *first; month <= last && month.first_day() <= today_;
       month = month.Next()) {
    std::vector<const PolicyFile*> here;
    for (const PolicyFile* file : files) {
      if (file->HasMonth(month)) here.push_back(file);
    }
    book_.PutInOrder(month, &here);
    for (const PolicyFile* file : here) {
      const Dirty& one = dirty.at(file->id);
      const bool everybody = one.everything || one.months.count(month) != 0;
      any_everybody_ |= everybody;
      cells_.push_back({month, file, everybody});
    }
  }
}

std::vector<std::size_t> Redetermination::Following(std::size_t cell) const {
  const Cell& from = cells_[cell];
  std::vector<std::size_t> following;
  for (std::size_t i = cell + 1; i < cells_.size(); ++i) {
    const Cell& to = cells_[i];
    if (to.month.year() != from.month.year()) break;
    if ((to.file == from.file && to.file->caps_year) ||
        (to.month == from.month &&
         book_.LooksAt(*to.file, *from.file, to.month))) {
      following.push_back(i);
    }
  }
  return following;
}

std::map<BeneficiaryKey, std::vector<std::size_t>> Redetermination::Own(
    const std::map<std::string, Dirty>& dirty) const {
  std::map<BeneficiaryKey, std::vector<std::size_t>> own;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const Cell& cell = cells_[i];
    if (cell.everybody) continue;
    const Dirty& one = dirty.at(cell.file->id);
    for (const BeneficiaryKey& key : one.beneficiaries) own[key].push_back(i);
    for (const auto& [team, month] : one.team_months) {
      const BeneficiaryKey key{v1::BENEFICIARY_KIND_TEAM, team};
      if (month == cell.month && one.beneficiaries.count(key) == 0) {
        own[key].push_back(i);
      }
    }
  }
  return own;
}

bool Redetermination::RunCell(const Beneficiary& beneficiary,
                              const Cell& cell) {
  const PolicyFile& file = *cell.file;
  const PolicyVersion& version = file.VersionFor(cell.month);
  const BeneficiaryFacts facts =
      reader_.Read(beneficiary, file, version, cell.month,
                   [this](const FundingDecision& funding) {
                     const auto used = used_vnd_.find(funding.fact.position);
                     return funding.ceiling_vnd -
                            (used == used_vnd_.end() ? 0 : used->second);
                   });
  const std::string key = keys::Determination(file.id, cell.month,
                                              beneficiary.kind, beneficiary.id);
  const std::optional<RowVersion> before =
      rows_.Get(Table::kDetermination, key);
  const bool is_team = beneficiary.kind == v1::BENEFICIARY_KIND_TEAM;
  if (facts.territory == Territory::kOutside) {
    if (is_team) reader_.Wrote(beneficiary.id, file, cell.month, 0);
    if (!before.has_value()) return false;
    rows_.Delete(Table::kDetermination, key);
    return Yield(before) != Yield(v1::Determination());
  }
  const Result result = Determine(version.policy, facts, cell.month);
  const v1::Determination row = ToRow(version.policy, result, version.position);
  const std::int64_t base = result.amount_vnd - result.top_up_vnd;
  if (is_team) reader_.Wrote(beneficiary.id, file, cell.month, base);
  if (base != 0 && result.funding_position.value != 0) {
    used_vnd_[result.funding_position] += base;
  }
  std::string value;
  THON_CHECK(row.SerializeToString(&value));
  if (before.has_value() && before->value == value) return false;
  rows_.Put(Table::kDetermination, key, std::move(value));
  return Yield(before) != Yield(row);
}

void Redetermination::ForTable(Table table, v1::BeneficiaryKind kind,
                               const Visit& visit) {
  std::string start;
  while (true) {
    // Nothing may be written while a scan runs.
    std::vector<Beneficiary> piece;
    bool more = false;
    rows_.Scan(table, "", start,
               [&](absl::string_view key, const RowVersion& row) {
                 if (piece.size() == kPieceRowsMax) {
                   start = std::string(key);
                   more = true;
                   return false;
                 }
                 Beneficiary& one = piece.emplace_back();
                 one.kind = kind;
                 one.id = keys::KeyView(key).U64();
                 THON_CHECK(kind == v1::BENEFICIARY_KIND_TEAM
                                ? one.team.ParseFromString(row.value)
                                : one.organisation.ParseFromString(row.value));
                 return true;
               });
    for (const Beneficiary& one : piece) visit(one);
    if (!more) return;
  }
}

void Redetermination::ForEverybody(const Visit& visit) {
  ForTable(Table::kTeam, v1::BENEFICIARY_KIND_TEAM, visit);
  ForTable(Table::kOrganisation, v1::BENEFICIARY_KIND_ORGANISATION, visit);
}

void Redetermination::RunMarked(const Beneficiary& beneficiary, Marks* marks) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (!(*marks)[i] || !RunCell(beneficiary, cells_[i])) continue;
    for (const std::size_t next : Following(i)) (*marks)[next] = true;
  }
}

void Redetermination::RunByBeneficiary(
    const std::map<BeneficiaryKey, std::vector<std::size_t>>& own) {
  Marks everybody(cells_.size());
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    everybody[i] = cells_[i].everybody;
  }
  const auto run = [&](const Beneficiary& beneficiary) {
    Marks marks = everybody;
    const auto at = own.find({beneficiary.kind, beneficiary.id});
    if (at != own.end()) {
      for (const std::size_t cell : at->second) marks[cell] = true;
    }
    RunMarked(beneficiary, &marks);
  };
  if (any_everybody_) return ForEverybody(run);
  for (const auto& [key, cells] : own) {
    const std::optional<Beneficiary> found = reader_.Find(key.kind, key.id);
    if (found.has_value()) run(*found);
  }
}

void Redetermination::RunByMonth(
    const std::map<BeneficiaryKey, std::vector<std::size_t>>& own) {
  std::vector<std::set<BeneficiaryKey>> pending(cells_.size());
  for (const auto& [key, cells] : own) {
    for (const std::size_t cell : cells) pending[cell].insert(key);
  }
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const std::vector<std::size_t> following = Following(i);
    const auto run = [&](const Beneficiary& beneficiary) {
      if (!RunCell(beneficiary, cells_[i])) return;
      for (const std::size_t next : following) {
        if (cells_[next].everybody) continue;
        pending[next].insert({beneficiary.kind, beneficiary.id});
      }
    };
    if (cells_[i].everybody) {
      ForEverybody(run);
      continue;
    }
    for (const BeneficiaryKey& key : pending[i]) {
      const std::optional<Beneficiary> found = reader_.Find(key.kind, key.id);
      if (found.has_value()) run(*found);
    }
    pending[i].clear();
  }
}

void Redetermination::Run(std::map<std::string, Dirty> dirty) {
  Reach(&dirty);
  RunOnly(std::move(dirty));
}

void Redetermination::RunOnly(std::map<std::string, Dirty> dirty) {
  MakeWhole(&dirty);
  Lay(dirty);
  if (cells_.empty()) return;
  const auto own = Own(dirty);
  if (by_month_) {
    RunByMonth(own);
  } else {
    RunByBeneficiary(own);
  }
}

}  // namespace thon
