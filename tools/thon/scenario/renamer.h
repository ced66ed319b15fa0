// Names of a recording in place of what a log holds: ids, words, places.
#ifndef THON_TOOLS_THON_SCENARIO_RENAMER_H_
#define THON_TOOLS_THON_SCENARIO_RENAMER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "tools/thon/scenario/names.h"

namespace thon::scenario {

// Thread-safety: none.
class Renamer {
 public:
  // Makes `id` one that has a name. All are taken before the first is shown.
  void Take(NameKind kind, std::uint64_t id);
  // `id` is called `name`, which the format knows by itself ("operator").
  void TakeAs(NameKind kind, std::uint64_t id, const std::string& name);
  bool Has(NameKind kind, std::uint64_t id) const;

  // "t2": numbered in the order of ids, so that what goes by the order of ids
  // stays so. "none" for 0. A number for an id that was never taken, always the
  // same for the same id and never the id itself.
  std::string Show(NameKind kind, std::uint64_t id);
  // The lists of a scenario's `names:`, "  teams: [t1, t2]\n" each.
  std::string Lists();

  // A neutral word for `text`; equal texts have equal words.
  std::string Word(absl::string_view prefix, absl::string_view text);

  // "99", "999", "99999": a code of as many digits that no other unit has.
  std::string Code(std::uint64_t unit, int digits);

 private:
  void Number();

  std::map<NameKind, std::set<std::uint64_t>> taken_;
  std::map<std::pair<NameKind, std::uint64_t>, std::string> names_;
  std::map<std::pair<NameKind, std::uint64_t>, std::string> strangers_;
  std::map<std::pair<std::string, std::string>, std::string> words_;
  std::map<std::string, int> word_counts_;
  std::map<std::uint64_t, std::string> codes_;
  std::map<int, int> next_codes_;
  bool numbered_ = false;
};

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_RENAMER_H_
