// How a name in a file and a name of the map compare, and what to suggest when
// they do not. A suggestion is never taken by itself: identity is the code, or
// the exact name after NFC.
#ifndef THON_TOOLS_THON_UNIT_MATCH_H_
#define THON_TOOLS_THON_UNIT_MATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/thon/row_reader.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

// The search key of a name without its kind: "Xã Hoà Bình", "xã Hòa Bình" and
// "Hoa Binh" -> "hoa binh". Old and new places of a tone are one key.
std::string KindlessKey(v1::UnitLevel level, absl::string_view name);

// A printed name against the map's; the printed one may leave the kind out.
// kTone: the same letters with the tone on the other of two vowels (oà, òa).
// kSpelling: the same without tones and case.
enum class NameMatch { kSame, kTone, kSpelling, kOther };
NameMatch CompareNames(const MapUnit& unit, absl::string_view printed);

// What becomes of another name than the map's.
enum class OtherName {
  kError,
  kErrorOrAccept,  // The same; --accept-names would make it a warning.
  kWarning,
};

// Reports a printed name that is not the unit's, if it is not empty. Where only
// the spelling differs it is a warning.
void CheckName(RowReader* reader, absl::string_view column, const MapUnit& unit,
               absl::string_view printed, OtherName other);

// At most three units of a level whose names are nearest: the same key, else at
// most two letters away. Below `parent_id` alone, or everywhere if it is 0.
std::vector<const MapUnit*> SimilarUnits(const UnitMap& map,
                                         v1::UnitLevel level,
                                         std::uint64_t parent_id,
                                         absl::string_view name);
// "; có phải là Xã Vĩnh Kiên (04771)?", "; did you mean ...?"; empty for none.
Words DidYouMean(const std::vector<const MapUnit*>& units);

// "04771 Xã Vĩnh Kiên", as the drop-downs of templates offer it: the number,
// and what stands behind it. Anything else is a code without a rest.
struct Choice {
  std::string code;
  std::string rest;
};
Choice SplitChoice(absl::string_view text);

// The unit of a level whose code a spreadsheet made `text` of by dropping zeros
// ("4771" for 04771) or writing a number ("4.771", "4771.0"); null if there is
// none.
const MapUnit* WithLostZeros(const UnitMap& map, v1::UnitLevel level,
                             absl::string_view text);
// The same for the digits alone: "04771"; "" if they cannot be a code of the
// level.
std::string RestoreZeros(v1::UnitLevel level, absl::string_view text);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_UNIT_MATCH_H_
