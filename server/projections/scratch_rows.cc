#include "server/projections/scratch_rows.h"

#include <algorithm>

namespace thon {

std::optional<RowVersion> ScratchRows::Get(Table table,
                                           absl::string_view key) const {
  const auto it = changes_.find({table, std::string(key)});
  if (it == changes_.end()) return base_->Get(table, key);
  if (!it->second.has_value()) return std::nullopt;
  return RowVersion{*it->second, position_};
}

void ScratchRows::Scan(Table table, absl::string_view prefix,
                       absl::string_view start, const Visitor& visit) const {
  auto change =
      changes_.lower_bound({table, std::string(std::max(prefix, start))});
  const auto in_range = [&] {
    return change != changes_.end() && change->first.first == table &&
           absl::string_view(change->first.second).substr(0, prefix.size()) ==
               prefix;
  };
  bool stopped = false;
  const auto emit = [&] {
    if (change->second.has_value() &&
        !visit(change->first.second, RowVersion{*change->second, position_})) {
      stopped = true;
    }
    ++change;
  };
  base_->Scan(table, prefix, start,
              [&](absl::string_view key, const RowVersion& row) {
                while (!stopped && in_range() && change->first.second < key) {
                  emit();
                }
                if (stopped) return false;
                if (in_range() && change->first.second == key) {
                  emit();
                } else if (!visit(key, row)) {
                  stopped = true;
                }
                return !stopped;
              });
  while (!stopped && in_range()) emit();
}

void ScratchRows::Put(Table table, absl::string_view key, std::string value) {
  const std::optional<RowVersion> now = Get(table, key);
  if (now.has_value() && now->value == value) return;
  changes_[{table, std::string(key)}] = std::move(value);
}

void ScratchRows::Delete(Table table, absl::string_view key) {
  if (!Get(table, key).has_value()) return;
  changes_[{table, std::string(key)}] = std::nullopt;
}

std::vector<std::string> ScratchRows::Changed(Table table) const {
  std::vector<std::string> keys;
  for (auto it = changes_.lower_bound({table, ""});
       it != changes_.end() && it->first.first == table; ++it) {
    keys.push_back(it->first.second);
  }
  return keys;
}

void ScratchRows::CopyTo(RowWriter& rows) const {
  for (const auto& [key, value] : changes_) {
    if (value.has_value()) {
      rows.Put(key.first, key.second, *value);
    } else {
      rows.Delete(key.first, key.second);
    }
  }
}

void ScratchRows::CopyTo(Table table, RowWriter& rows) const {
  for (auto it = changes_.lower_bound({table, ""});
       it != changes_.end() && it->first.first == table; ++it) {
    if (it->second.has_value()) {
      rows.Put(table, it->first.second, *it->second);
    } else {
      rows.Delete(table, it->first.second);
    }
  }
}

}  // namespace thon
