#include "tools/thon/unit_match.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/text.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

constexpr std::size_t kSuggestionsMax = 3;
constexpr std::size_t kDistanceMax = 2;

// Letters to insert, drop or change to make one of the other; more than
// kDistanceMax where they are further apart.
std::size_t Distance(absl::string_view a, absl::string_view b) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) >
      kDistanceMax) {
    return kDistanceMax + 1;
  }
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    std::size_t least = row[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
      least = std::min(least, row[j]);
    }
    if (least > kDistanceMax) return kDistanceMax + 1;
  }
  return row.back();
}

// The pairs that are written in two ways: oa, oe, uy with one tone.
std::string NewTonePlaces(absl::string_view text) {
  static constexpr std::pair<absl::string_view, absl::string_view> kPairs[] = {
      {"òa", "oà"}, {"óa", "oá"}, {"ỏa", "oả"}, {"õa", "oã"}, {"ọa", "oạ"},
      {"òe", "oè"}, {"óe", "oé"}, {"ỏe", "oẻ"}, {"õe", "oẽ"}, {"ọe", "oẹ"},
      {"ùy", "uỳ"}, {"úy", "uý"}, {"ủy", "uỷ"}, {"ũy", "uỹ"}, {"ụy", "uỵ"},
      {"Òa", "Oà"}, {"Óa", "Oá"}, {"Ỏa", "Oả"}, {"Õa", "Oã"}, {"Ọa", "Oạ"},
      {"Ùy", "Uỳ"}, {"Úy", "Uý"}, {"Ủy", "Uỷ"}, {"Ũy", "Uỹ"}, {"Ụy", "Uỵ"},
  };
  std::string changed(text);
  for (const auto& [old_way, new_way] : kPairs) {
    for (std::size_t at = changed.find(std::string(old_way));
         at != std::string::npos; at = changed.find(std::string(old_way), at)) {
      changed.replace(at, old_way.size(), std::string(new_way));
    }
  }
  return changed;
}

}  // namespace

std::string KindlessKey(v1::UnitLevel level, absl::string_view name) {
  absl::string_view rest;
  KindOfName(level, name, &rest);
  return SearchKey(rest);
}

NameMatch CompareNames(const MapUnit& unit, absl::string_view printed) {
  absl::string_view map_rest;
  absl::string_view printed_rest;
  KindOfName(unit.level, unit.name, &map_rest);
  const v1::UnitKind kind = KindOfName(unit.level, printed, &printed_rest);
  if (kind != v1::UNIT_KIND_UNSPECIFIED && kind != unit.kind) {
    return NameMatch::kOther;
  }
  if (map_rest == printed_rest) return NameMatch::kSame;
  if (NewTonePlaces(map_rest) == NewTonePlaces(printed_rest)) {
    return NameMatch::kTone;
  }
  return SearchKey(map_rest) == SearchKey(printed_rest) ? NameMatch::kSpelling
                                                        : NameMatch::kOther;
}

void CheckName(RowReader* reader, absl::string_view column, const MapUnit& unit,
               absl::string_view printed, OtherName other) {
  if (printed.empty()) return;
  const NameMatch match = CompareNames(unit, printed);
  if (match == NameMatch::kSame) return;
  Words words = {absl::StrCat("tệp ghi \"", printed, "\", danh mục ghi ",
                              unit.code, " là \"", unit.name, "\""),
                 absl::StrCat("the file says \"", printed, "\", the map calls ",
                              unit.code, " \"", unit.name, "\"")};
  if (match == NameMatch::kTone) {
    words.vi += "; chỉ khác chỗ đặt dấu thanh";
    words.en += "; only the tone stands on another vowel";
  }
  if (match != NameMatch::kOther || other == OtherName::kWarning) {
    reader->Warning(column, "NAME_MISMATCH", std::move(words));
    return;
  }
  words.vi += "; sửa mã hoặc tên";
  words.en += "; correct code or name";
  if (other == OtherName::kErrorOrAccept) {
    words.vi += ", hoặc thêm --accept-names nếu mã đúng";
    words.en += ", or give --accept-names if the code is right";
  }
  reader->Error(column, "NAME_MISMATCH", std::move(words));
}

std::vector<const MapUnit*> SimilarUnits(const UnitMap& map,
                                         v1::UnitLevel level,
                                         std::uint64_t parent_id,
                                         absl::string_view name) {
  std::vector<std::pair<std::size_t, const MapUnit*>> near;
  const std::string key = KindlessKey(level, name);
  if (key.empty()) return {};
  const auto take = [&](std::size_t distance, std::uint64_t id) {
    const MapUnit* const unit = map.Find(id);
    if (unit == nullptr || (parent_id != 0 && unit->parent_id != parent_id)) {
      return;
    }
    near.emplace_back(distance, unit);
  };
  const auto [first, last] =
      map.by_key().equal_range({static_cast<int>(level), key});
  for (auto it = first; it != last; ++it) take(0, it->second);
  if (near.empty()) {
    // A short name is near to half the map.
    const std::size_t allowed = key.size() < 5 ? 1 : kDistanceMax;
    for (auto it = map.by_key().lower_bound({static_cast<int>(level), ""});
         it != map.by_key().end() && it->first.first == static_cast<int>(level);
         ++it) {
      const std::size_t distance = Distance(key, it->first.second);
      if (distance <= allowed) take(distance, it->second);
    }
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  if (near.size() > kSuggestionsMax) near.resize(kSuggestionsMax);
  std::vector<const MapUnit*> units;
  for (const auto& [distance, unit] : near) units.push_back(unit);
  return units;
}

Words DidYouMean(const std::vector<const MapUnit*>& units) {
  if (units.empty()) return {};
  std::string vi;
  std::string en;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::string shown =
        units[i]->code.empty()
            ? units[i]->name
            : absl::StrCat(units[i]->name, " (", units[i]->code, ")");
    absl::StrAppend(&vi, i == 0 ? "" : " hay ", shown);
    absl::StrAppend(&en, i == 0 ? "" : " or ", shown);
  }
  return {absl::StrCat("; có phải là ", vi, "?"),
          absl::StrCat("; did you mean ", en, "?")};
}

Choice SplitChoice(absl::string_view text) {
  const std::size_t blank = text.find(' ');
  const absl::string_view code = text.substr(0, blank);
  if (blank == absl::string_view::npos || code.empty() ||
      code.find_first_not_of("0123456789") != absl::string_view::npos) {
    return {std::string(text), ""};
  }
  absl::string_view rest = text.substr(blank + 1);
  for (const absl::string_view dash : {"-", "–", "—"}) {
    absl::ConsumePrefix(&rest, dash);
  }
  return {std::string(code), Trim(rest)};
}

std::string RestoreZeros(v1::UnitLevel level, absl::string_view text) {
  const std::size_t digits = level == v1::UNIT_LEVEL_PROVINCE   ? 2
                             : level == v1::UNIT_LEVEL_DISTRICT ? 3
                             : level == v1::UNIT_LEVEL_COMMUNE  ? 5
                                                                : 0;
  // "4771.0" and "4771,00" first, then "4.771" and "4,771".
  std::string number(text);
  const std::size_t mark = number.find_last_of(".,");
  if (mark != std::string::npos && number.size() - mark <= 3 &&
      number.find_first_not_of('0', mark + 1) == std::string::npos) {
    number.resize(mark);
  }
  number.erase(std::remove_if(number.begin(), number.end(),
                              [](char c) { return c == '.' || c == ','; }),
               number.end());
  if (digits == 0 || number.empty() || number.size() > digits ||
      number.find_first_not_of("0123456789") != std::string::npos) {
    return "";
  }
  return std::string(digits - number.size(), '0') + number;
}

const MapUnit* WithLostZeros(const UnitMap& map, v1::UnitLevel level,
                             absl::string_view text) {
  const std::string code = RestoreZeros(level, text);
  if (code.empty() || code == text) return nullptr;
  return map.FindCode(level, code);
}

}  // namespace thon::cli
