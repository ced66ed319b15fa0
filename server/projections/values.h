// What a value in an event must be before a projection rests anything on it.
#ifndef THON_PROJECTIONS_VALUES_H_
#define THON_PROJECTIONS_VALUES_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "thon/v1/event.pb.h"

namespace thon {

// A day that is said, of the years 1900 to 2199. 0 is "none".
inline bool IsDate(std::int32_t days) {
  constexpr std::int32_t kFirst = -25567;  // 1900-01-01
  constexpr std::int32_t kLast = 84005;    // 2199-12-31
  return days != 0 && days >= kFirst && days <= kLast;
}

// An open end, or a day not before `from`.
inline bool IsEnd(std::int32_t to, std::int32_t from) {
  return to == 0 || (IsDate(to) && to >= from);
}

inline bool IsMonth(std::int32_t yyyymm) { return Month(yyyymm).valid(); }

inline bool IsMoney(std::int64_t vnd) {
  return vnd >= 0 && vnd <= limits::kMoneyMax;
}

// At most 1,024 bytes, NFC, no blanks at the ends, no 0x00. Empty is fine.
inline bool IsText(absl::string_view text) {
  return text.size() <= limits::kTextBytesMax && IsTrimmed(text) &&
         text.find('\0') == absl::string_view::npos && IsNfc(text);
}

inline bool IsName(absl::string_view text) {
  return !text.empty() && IsText(text);
}

// Of a form's field.
inline constexpr std::size_t kFieldNameBytesMax = 64;
inline bool IsFieldName(absl::string_view text) {
  return text.size() <= kFieldNameBytesMax && IsName(text);
}

inline bool IsOptionalHash(absl::string_view hash) {
  return hash.empty() || hash.size() == Hash::kSize;
}

// A draft may have no number; what is there must be right.
inline bool IsDocument(const v1::LegalDocument& document) {
  return IsText(document.number()) && IsText(document.issuer()) &&
         (document.issue_date() == 0 || IsDate(document.issue_date()));
}

}  // namespace thon

#endif  // THON_PROJECTIONS_VALUES_H_
