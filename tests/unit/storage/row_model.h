// A row store made of std::maps, beside which the real one is tested.
#ifndef THON_TESTS_UNIT_STORAGE_ROW_MODEL_H_
#define THON_TESTS_UNIT_STORAGE_ROW_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "server/storage/row_store.h"

namespace thon {

class RowModel {
 public:
  explicit RowModel(std::uint64_t seed) : random_(seed) {
    // Short strings over bytes that the encoding treats specially.
    const std::string alphabet(
        "\0\1\xff"
        "a",
        4);
    keys_ = {""};
    for (std::size_t i = 0; i < keys_.size() && keys_[i].size() < 3; ++i) {
      for (const char c : alphabet) {
        if (random_() % 3 != 0) keys_.push_back(keys_[i] + c);
      }
    }
  }

  const std::vector<std::string>& keys() const { return keys_; }
  RowsEnd end() const { return end_; }

  // Rows of the next entries, as a fold would write them.
  std::vector<RowStore::EntryRows> Next(std::size_t entries,
                                        std::size_t value_bytes = 20) {
    std::vector<RowStore::EntryRows> out;
    for (std::size_t e = 0; e < entries; ++e) {
      end_.position = Position(end_.position.value + 1 + random_() % 300);
      RowStore::EntryRows entry{end_.next_entry, end_.position, {}};
      std::set<std::pair<Table, std::string>> touched;
      for (std::uint64_t n = random_() % 12; n > 0; --n) {
        touched.emplace(random_() % 4 == 0 ? Table::kUnit : Table::kTeam,
                        keys_[random_() % keys_.size()]);
      }
      for (const auto& [table, key] : touched) {
        std::optional<std::string> value;
        if (random_() % 4 != 0) {
          value = absl::StrCat(random_());
          value->resize(random_() % (value_bytes + 1), '.');
        }
        versions_[{table, key}][end_.position.value] = value;
        entry.versions.push_back({table, key, value});
      }
      end_.next_entry = end_.next_entry.Next();
      ends_.push_back(end_);
      out.push_back(std::move(entry));
    }
    return out;
  }

  std::optional<RowVersion> Get(Position position, Table table,
                                const std::string& key) const {
    const auto row = versions_.find({table, key});
    if (row == versions_.end()) return std::nullopt;
    auto version = row->second.upper_bound(position.value);
    if (version == row->second.begin()) return std::nullopt;
    --version;
    if (!version->second.has_value()) return std::nullopt;
    return RowVersion{*version->second, Position(version->first)};
  }

  std::string ScanDifference(const RowStore& store, Position position,
                             Table table, const std::string& prefix,
                             const std::string& start) const {
    return ScanDifference(*store.At(position), position, table, prefix, start);
  }

  std::string ScanDifference(const RowReader& reader, Position position,
                             Table table, const std::string& prefix,
                             const std::string& start) const {
    std::string expected;
    for (const auto& [row, versions] : versions_) {
      if (row.first != table || row.second < start ||
          row.second.compare(0, prefix.size(), prefix) != 0) {
        continue;
      }
      if (const auto version = Get(position, table, row.second)) {
        expected += Show(row.second, *version);
      }
    }
    std::string found;
    reader.Scan(table, prefix, start,
                [&found](absl::string_view key, const RowVersion& version) {
                  found += Show(key, version);
                  return true;
                });
    if (found == expected) return "";
    return absl::StrCat("scan of prefix ", HexEncode(prefix), " from ",
                        HexEncode(start), " as of ", position.value, ":\n",
                        found, "instead of:\n", expected);
  }

  // Rows as of one position, by Get and Scan.
  std::string ReaderDifference(const RowReader& reader,
                               Position position) const {
    for (const Table table : {Table::kUnit, Table::kTeam}) {
      for (const std::string& key : keys_) {
        const auto expected = Get(position, table, key);
        const auto found = reader.Get(table, key);
        if (expected.has_value() != found.has_value() ||
            (found.has_value() && Show(key, *found) != Show(key, *expected))) {
          return absl::StrCat("row ", HexEncode(key), " as of ", position.value,
                              " is another");
        }
      }
      std::string difference = ScanDifference(reader, position, table, "", "");
      if (!difference.empty()) return difference;
    }
    return "";
  }

  // As of every position up to the store's end, which must be the model's or,
  // with `allow_shorter`, that of an earlier entry.
  std::string DifferenceFrom(const RowStore& store,
                             bool allow_shorter = false) const {
    const RowsEnd end = store.end();
    if (!allow_shorter &&
        (end.position != end_.position || end.next_entry != end_.next_entry)) {
      return absl::StrCat("the store ends at ", end.position.value, ", not ",
                          end_.position.value);
    }
    bool known = end.position.value == 0 && end.next_entry.value == 0;
    for (const RowsEnd& each : ends_) {
      if (each.position == end.position && each.next_entry == end.next_entry) {
        known = true;
      }
      if (each.position > end.position) break;
      for (const std::uint64_t back : {0, 1}) {
        const Position position(each.position.value - back);
        std::string difference =
            ReaderDifference(*store.At(position), position);
        if (!difference.empty()) return difference;
      }
    }
    return known ? "" : "the store's end is no entry's";
  }

  // Forgets what was written beyond `end`, as a crash does.
  void CutTo(RowsEnd end) {
    end_ = end;
    while (!ends_.empty() && ends_.back().position > end.position) {
      ends_.pop_back();
    }
    for (auto& [row, versions] : versions_) {
      versions.erase(versions.upper_bound(end.position.value), versions.end());
    }
  }

 private:
  static std::string Show(absl::string_view key, const RowVersion& version) {
    return absl::StrCat(HexEncode(key), "@", version.position.value, "=",
                        version.value, "\n");
  }

  std::mt19937_64 random_;
  std::vector<std::string> keys_;
  std::map<std::pair<Table, std::string>,
           std::map<std::uint64_t, std::optional<std::string>>>
      versions_;
  std::vector<RowsEnd> ends_;
  RowsEnd end_;
};

}  // namespace thon

#endif  // THON_TESTS_UNIT_STORAGE_ROW_MODEL_H_
