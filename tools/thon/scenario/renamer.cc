#include "tools/thon/scenario/renamer.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/text.h"

namespace thon::scenario {
namespace {

struct KindNames {
  NameKind kind;
  absl::string_view letter;
  absl::string_view list;
};

constexpr KindNames kKinds[] = {
    {NameKind::kUnit, "u", "units"},
    {NameKind::kTeam, "t", "teams"},
    {NameKind::kMember, "m", "members"},
    {NameKind::kOrganisation, "c", "organisations"},
    {NameKind::kOfficer, "o", "officers"},
    {NameKind::kGrant, "g", "grants"},
    {NameKind::kTask, "k", "tasks"},
    {NameKind::kModel, "d", "models"},
    {NameKind::kMobilisation, "b", "mobilisations"}};

// Ids that nothing brings into being.
constexpr std::uint64_t kStrangers = 900'000'000;

}  // namespace

void Renamer::Take(NameKind kind, std::uint64_t id) {
  if (id != 0 && names_.count({kind, id}) == 0) taken_[kind].insert(id);
}

void Renamer::TakeAs(NameKind kind, std::uint64_t id, const std::string& name) {
  taken_[kind].erase(id);
  names_[{kind, id}] = name;
}

bool Renamer::Has(NameKind kind, std::uint64_t id) const {
  const auto taken = taken_.find(kind);
  return names_.count({kind, id}) > 0 ||
         (taken != taken_.end() && taken->second.count(id) > 0);
}

void Renamer::Number() {
  numbered_ = true;
  for (const KindNames& one : kKinds) {
    int next = 0;
    for (const std::uint64_t id : taken_[one.kind]) {
      names_[{one.kind, id}] = absl::StrCat(one.letter, ++next);
    }
  }
}

std::string Renamer::Show(NameKind kind, std::uint64_t id) {
  if (!numbered_) Number();
  if (id == 0) return "none";
  const auto found = names_.find({kind, id});
  if (found != names_.end()) return found->second;
  const auto [it, is_new] = strangers_.try_emplace({kind, id});
  if (is_new) it->second = absl::StrCat(kStrangers + strangers_.size());
  return it->second;
}

std::string Renamer::Lists() {
  std::string text;
  for (const KindNames& one : kKinds) {
    std::vector<std::string> names;
    for (const std::uint64_t id : taken_[one.kind]) {
      names.push_back(Show(one.kind, id));
    }
    if (names.empty()) continue;
    absl::StrAppend(&text, "  ", one.list, ": [", absl::StrJoin(names, ", "),
                    "]\n");
  }
  return text;
}

std::string Renamer::Word(absl::string_view prefix, absl::string_view text) {
  // Texts that a search takes for one stay one.
  std::string key = SearchKey(text);
  if (key.empty()) key = std::string(text);
  std::string& word = words_[{std::string(prefix), key}];
  if (word.empty()) {
    word = absl::StrCat(prefix, " ", ++word_counts_[std::string(prefix)]);
  }
  return word;
}

std::string Renamer::Code(std::uint64_t unit, int digits) {
  std::string& code = codes_[unit];
  if (!code.empty()) return code;
  int last = 1;
  for (int i = 0; i < digits; ++i) last *= 10;
  code = absl::StrCat(last - ++next_codes_[digits]);
  while (static_cast<int>(code.size()) < digits) code.insert(0, "0");
  return code;
}

}  // namespace thon::scenario
