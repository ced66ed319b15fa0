// Local days, months and quarters of the Gregorian calendar, and the one time
// zone the project maps by itself: Asia/Ho_Chi_Minh, UTC+7 without daylight
// saving since 13 June 1975 (decision 134/2002/QĐ-TTg).
//
// A Date counts days since 1970-01-01; a Month prints and is stored as YYYYMM.
// Valid years are 1900 to 2199.
#ifndef THON_CORE_CIVIL_H_
#define THON_CORE_CIVIL_H_

#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thon {

struct Date {
  std::int32_t days = 0;  // Since 1970-01-01.

  constexpr Date() = default;
  constexpr explicit Date(std::int32_t d) : days(d) {}
  // Requires a valid date.
  static Date Of(int year, int month, int day);

  int year() const;
  int month() const;  // 1 to 12.
  int day() const;    // 1 to 31.
  constexpr Date Next() const { return Date(days + 1); }
  constexpr Date Previous() const { return Date(days - 1); }
  bool operator==(const Date&) const = default;
  auto operator<=>(const Date&) const = default;

  std::string Iso() const;         // 2023-10-12
  std::string Vietnamese() const;  // 12/10/2023
};

struct Month {
  std::int32_t yyyymm = 0;  // 202310; 0 is "none".

  constexpr Month() = default;
  constexpr explicit Month(std::int32_t v) : yyyymm(v) {}
  static Month Of(Date date);
  static Month Of(int year, int month) { return Month(year * 100 + month); }

  int year() const { return yyyymm / 100; }
  int month() const { return yyyymm % 100; }
  int quarter() const { return (month() + 2) / 3; }
  Month Next() const;
  Month Previous() const;
  Date first_day() const;  // Requires a month of 1 to 12.
  Date last_day() const;   // The same.
  bool valid() const;
  bool operator==(const Month&) const = default;
  auto operator<=>(const Month&) const = default;

  std::string Iso() const;  // 2023-10
};

// Months from `first` to `last`, both included; 0 if last < first.
int MonthCount(Month first, Month last);

// Milliseconds since 1970-01-01T00:00:00Z.
struct Instant {
  std::int64_t ms = 0;
  constexpr Instant() = default;
  constexpr explicit Instant(std::int64_t v) : ms(v) {}
  bool operator==(const Instant&) const = default;
  auto operator<=>(const Instant&) const = default;
};

// A zone that `core` knows. kNotFound for any other name.
class TimeZone {
 public:
  static absl::StatusOr<TimeZone> Find(absl::string_view name);
  static TimeZone VietNam() { return TimeZone(7 * 3600 * 1000); }

  // Takes any instant: one outside the years 0 to 9999 counts as the nearest
  // inside, so a broken clock gives a day whose month is not valid().
  Date DateOf(Instant instant) const;
  Instant StartOf(Date date) const;  // Local midnight.
  // 2023-10-12T08:00:00+07:00
  std::string Format(Instant instant) const;

 private:
  constexpr explicit TimeZone(std::int64_t offset_ms) : offset_ms_(offset_ms) {}
  std::int64_t offset_ms_;
};

// "2023-10-12", nothing else.
absl::StatusOr<Date> ParseIsoDate(absl::string_view text);
// "2023-10", nothing else.
absl::StatusOr<Month> ParseIsoMonth(absl::string_view text);
// "12/10/2023", "1/6/2023": day first, always.
absl::StatusOr<Date> ParseVietnameseDate(absl::string_view text);
// RFC 3339 with an offset or Z: "2023-10-12T08:00:00+07:00", fraction allowed
// and cut to milliseconds; capital T and Z only; no leap second.
absl::StatusOr<Instant> ParseInstant(absl::string_view text);

}  // namespace thon

#endif  // THON_CORE_CIVIL_H_
