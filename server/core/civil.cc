#include "server/core/civil.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/core/check.h"

namespace thon {
namespace {

constexpr int kYearMin = 1900;
constexpr int kYearMax = 2199;
constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kMinuteMs = 60 * kSecondMs;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;

// 0000-01-01 and 9999-12-31: what prints with four digits of year.
constexpr std::int64_t kDaysMin = -719528;
constexpr std::int64_t kDaysMax = 2932896;

constexpr std::int64_t FloorDiv(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

constexpr bool IsLeap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

constexpr int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

constexpr bool IsCivil(int year, int month, int day) {
  return year >= kYearMin && year <= kYearMax && month >= 1 && month <= 12 &&
         day >= 1 && day <= DaysInMonth(year, month);
}

// Both directions count in years that begin on 1 March, so that the leap day
// is a year's last, in cycles of 400 years = 146097 days. 719468 days lie
// between 0000-03-01 and 1970-01-01.
constexpr std::int64_t DaysFromCivil(std::int64_t year, int month, int day) {
  if (month <= 2) --year;
  const std::int64_t cycle = FloorDiv(year, 400);
  const std::int64_t year_of_cycle = year - cycle * 400;
  const int month_from_march = (month + 9) % 12;
  const int day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
  return cycle * 146097 + year_of_cycle * 365 + year_of_cycle / 4 -
         year_of_cycle / 100 + day_of_year - 719468;
}

static_assert(DaysFromCivil(1970, 1, 1) == 0);
static_assert(DaysFromCivil(0, 1, 1) == kDaysMin);
static_assert(DaysFromCivil(9999, 12, 31) == kDaysMax);

struct Civil {
  int year;
  int month;
  int day;
};

constexpr Civil CivilFromDays(std::int64_t days) {
  days += 719468;
  const std::int64_t cycle = FloorDiv(days, 146097);
  const std::int64_t day_of_cycle = days - cycle * 146097;
  const std::int64_t year_of_cycle =
      (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 -
       day_of_cycle / 146096) /
      365;
  const std::int64_t day_of_year =
      day_of_cycle -
      (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const auto month_from_march = static_cast<int>((5 * day_of_year + 2) / 153);
  const int day =
      static_cast<int>(day_of_year) - (153 * month_from_march + 2) / 5 + 1;
  const int month = (month_from_march + 2) % 12 + 1;
  return Civil{
      static_cast<int>(year_of_cycle + cycle * 400) + (month <= 2 ? 1 : 0),
      month, day};
}

absl::Status BadText(absl::string_view what, absl::string_view text,
                     absl::string_view form) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not ", what, "; write it as ", form));
}

// Reads texts from the left. Every method leaves the reader where it was when
// it does not find what it looks for.
class Reader {
 public:
  explicit Reader(absl::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // From `least` to `most` decimal digits, as many as there are. Requires
  // most <= 9.
  bool TakeNumber(std::size_t least, std::size_t most, int* value) {
    std::size_t length = 0;
    int number = 0;
    while (length < most && length < rest_.size() && rest_[length] >= '0' &&
           rest_[length] <= '9') {
      number = number * 10 + (rest_[length++] - '0');
    }
    if (length < least) return false;
    rest_.remove_prefix(length);
    *value = number;
    return true;
  }

 private:
  absl::string_view rest_;
};

// "2023-10-12", from where `reader` stands.
bool TakeIsoDate(Reader* reader, Civil* civil) {
  return reader->TakeNumber(4, 4, &civil->year) && reader->Take('-') &&
         reader->TakeNumber(2, 2, &civil->month) && reader->Take('-') &&
         reader->TakeNumber(2, 2, &civil->day) &&
         IsCivil(civil->year, civil->month, civil->day);
}

// "08:00:00" and a fraction, which is cut after the milliseconds.
bool TakeTimeOfDay(Reader* reader, std::int64_t* ms) {
  int hour = 0, minute = 0, second = 0;
  if (!reader->TakeNumber(2, 2, &hour) || !reader->Take(':') ||
      !reader->TakeNumber(2, 2, &minute) || !reader->Take(':') ||
      !reader->TakeNumber(2, 2, &second)) {
    return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  *ms = hour * kHourMs + minute * kMinuteMs + second * kSecondMs;
  if (!reader->Take('.')) return true;
  std::int64_t unit = 100;
  int digit = 0;
  if (!reader->TakeNumber(1, 1, &digit)) return false;
  do {
    *ms += digit * unit;
    unit /= 10;
  } while (reader->TakeNumber(1, 1, &digit));
  return true;
}

// "Z" or "+07:00".
bool TakeOffset(Reader* reader, std::int64_t* ms) {
  *ms = 0;
  if (reader->Take('Z')) return true;
  const bool west = reader->Take('-');
  if (!west && !reader->Take('+')) return false;
  int hour = 0, minute = 0;
  if (!reader->TakeNumber(2, 2, &hour) || !reader->Take(':') ||
      !reader->TakeNumber(2, 2, &minute) || hour > 23 || minute > 59) {
    return false;
  }
  *ms = (west ? -1 : 1) * (hour * kHourMs + minute * kMinuteMs);
  return true;
}

}  // namespace

Date Date::Of(int year, int month, int day) {
  THON_CHECK(IsCivil(year, month, day));
  return Date(static_cast<std::int32_t>(DaysFromCivil(year, month, day)));
}

int Date::year() const { return CivilFromDays(days).year; }
int Date::month() const { return CivilFromDays(days).month; }
int Date::day() const { return CivilFromDays(days).day; }

std::string Date::Iso() const {
  const Civil civil = CivilFromDays(days);
  return absl::StrFormat("%04d-%02d-%02d", civil.year, civil.month, civil.day);
}

std::string Date::Vietnamese() const {
  const Civil civil = CivilFromDays(days);
  return absl::StrFormat("%02d/%02d/%04d", civil.day, civil.month, civil.year);
}

Month Month::Of(Date date) {
  const Civil civil = CivilFromDays(date.days);
  return Of(civil.year, civil.month);
}

Month Month::Next() const {
  return month() == 12 ? Of(year() + 1, 1) : Month(yyyymm + 1);
}

Month Month::Previous() const {
  return month() == 1 ? Of(year() - 1, 12) : Month(yyyymm - 1);
}

Date Month::first_day() const {
  THON_CHECK(month() >= 1 && month() <= 12);
  return Date(static_cast<std::int32_t>(DaysFromCivil(year(), month(), 1)));
}

Date Month::last_day() const {
  THON_CHECK(month() >= 1 && month() <= 12);
  return Date(static_cast<std::int32_t>(
      DaysFromCivil(year(), month(), DaysInMonth(year(), month()))));
}

bool Month::valid() const { return IsCivil(year(), month(), 1); }

std::string Month::Iso() const {
  return absl::StrFormat("%04d-%02d", year(), month());
}

int MonthCount(Month first, Month last) {
  const int count =
      (last.year() - first.year()) * 12 + last.month() - first.month() + 1;
  return std::max(count, 0);
}

absl::StatusOr<TimeZone> TimeZone::Find(absl::string_view name) {
  if (name == "Asia/Ho_Chi_Minh") return VietNam();
  return absl::NotFoundError(
      absl::StrCat("no time zone \"", name, "\"; use Asia/Ho_Chi_Minh"));
}

Date TimeZone::DateOf(Instant instant) const {
  // The instant first, so that adding the offset cannot overflow.
  const std::int64_t ms =
      std::clamp(instant.ms, kDaysMin * kDayMs, (kDaysMax + 1) * kDayMs - 1);
  return Date(static_cast<std::int32_t>(
      std::clamp(FloorDiv(ms + offset_ms_, kDayMs), kDaysMin, kDaysMax)));
}

Instant TimeZone::StartOf(Date date) const {
  return Instant(date.days * kDayMs - offset_ms_);
}

std::string TimeZone::Format(Instant instant) const {
  const std::int64_t local_ms = std::clamp(
      std::clamp(instant.ms, kDaysMin * kDayMs, (kDaysMax + 1) * kDayMs - 1) +
          offset_ms_,
      kDaysMin * kDayMs, (kDaysMax + 1) * kDayMs - 1);
  const std::int64_t days = FloorDiv(local_ms, kDayMs);
  const std::int64_t seconds = (local_ms - days * kDayMs) / kSecondMs;
  const std::int64_t offset_minutes = offset_ms_ / kMinuteMs;
  const std::int64_t offset_size = std::max(offset_minutes, -offset_minutes);
  return absl::StrFormat("%sT%02d:%02d:%02d%c%02d:%02d",
                         Date(static_cast<std::int32_t>(days)).Iso(),
                         seconds / 3600, seconds / 60 % 60, seconds % 60,
                         offset_minutes < 0 ? '-' : '+', offset_size / 60,
                         offset_size % 60);
}

absl::StatusOr<Date> ParseIsoDate(absl::string_view text) {
  Reader reader(text);
  Civil civil{};
  if (!TakeIsoDate(&reader, &civil) || !reader.done()) {
    return BadText("a date of 1900 to 2199", text, "2023-10-12");
  }
  return Date::Of(civil.year, civil.month, civil.day);
}

absl::StatusOr<Month> ParseIsoMonth(absl::string_view text) {
  Reader reader(text);
  int year = 0, month = 0;
  if (!reader.TakeNumber(4, 4, &year) || !reader.Take('-') ||
      !reader.TakeNumber(2, 2, &month) || !reader.done() ||
      !IsCivil(year, month, 1)) {
    return BadText("a month of 1900 to 2199", text, "2023-10");
  }
  return Month::Of(year, month);
}

absl::StatusOr<Date> ParseVietnameseDate(absl::string_view text) {
  Reader reader(text);
  int year = 0, month = 0, day = 0;
  if (!reader.TakeNumber(1, 2, &day) || !reader.Take('/') ||
      !reader.TakeNumber(1, 2, &month) || !reader.Take('/') ||
      !reader.TakeNumber(4, 4, &year) || !reader.done() ||
      !IsCivil(year, month, day)) {
    return BadText("a date of 1900 to 2199", text, "12/10/2023, the day first");
  }
  return Date::Of(year, month, day);
}

absl::StatusOr<Instant> ParseInstant(absl::string_view text) {
  Reader reader(text);
  Civil civil{};
  std::int64_t time_ms = 0, offset_ms = 0;
  if (!TakeIsoDate(&reader, &civil) || !reader.Take('T') ||
      !TakeTimeOfDay(&reader, &time_ms) || !TakeOffset(&reader, &offset_ms) ||
      !reader.done()) {
    return BadText("a time with an offset", text, "2023-10-12T08:00:00+07:00");
  }
  return Instant(DaysFromCivil(civil.year, civil.month, civil.day) * kDayMs +
                 time_ms - offset_ms);
}

}  // namespace thon
