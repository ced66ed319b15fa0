// Words of files and of the screen: levels, kinds, seats, states. What a file
// may say and what a table shows stand in one place.
#ifndef THON_TOOLS_THON_WORDS_H_
#define THON_TOOLS_THON_WORDS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "server/core/civil.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/policy.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon::cli {

// "province", "district", "commune", "village"; "" for none.
std::string LowerLevelName(v1::UnitLevel level);

// Each of these takes English as in the API ("VILLAGE", any case) and
// Vietnamese
// ("thôn"), compared without tones and case; nullopt if it is neither.
std::optional<v1::UnitLevel> ParseLevel(absl::string_view text);
std::optional<v1::UnitKind> ParseVillageKind(absl::string_view text);
std::optional<v1::Seat> ParseSeat(absl::string_view text);
std::optional<v1::Affiliation> ParseAffiliation(absl::string_view text);
std::optional<v1::OrganisationKind> ParseOrganisationKind(
    absl::string_view text);
std::optional<v1::RegistrationTarget> ParseTarget(absl::string_view text);
std::optional<v1::Role> ParseRole(absl::string_view text);
std::optional<v1::DeterminationState> ParseState(absl::string_view text);
std::optional<bool> ParseYesNo(absl::string_view text);

// The kind that a full name begins with ("Thị trấn Cái Tắc"), for that level;
// UNSPECIFIED if it begins with none. `rest`, if not null, gets the name
// behind.
v1::UnitKind KindOfName(v1::UnitLevel level, absl::string_view name,
                        absl::string_view* rest = nullptr);
// "Thị trấn", "Tổ dân phố"; "" for none.
absl::string_view KindWord(v1::UnitKind kind);
// Short Vietnamese, for tables.
std::string LevelWord(v1::UnitLevel level);
std::string SeatWord(v1::Seat seat);
std::string StateWord(v1::DeterminationState state);

// The name of an enum value without the prefix that all of its enum share:
// "COVERED_UNFUNDED". A number this program does not know prints as it is.
std::string ShortEnumName(const google::protobuf::EnumDescriptor* type,
                          int number);
template <typename Enum>
std::string Short(Enum value) {
  return ShortEnumName(google::protobuf::GetEnumDescriptor<Enum>(),
                       static_cast<int>(value));
}

// "12/10/2023" or "2023-10-12", day first always.
absl::StatusOr<Date> ParseDate(absl::string_view text);
// "2023-10", "10/2023" or "202310".
absl::StatusOr<Month> ParseMonth(absl::string_view text);

// Days as the tables of the API hold them; "-" for none.
std::string ShowDate(std::int32_t days);
std::string ShowMonth(std::int32_t yyyymm);
// In the time of Viet Nam.
std::string ShowInstant(std::int64_t ms);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_WORDS_H_
