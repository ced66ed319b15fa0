// Goal: a moment falls on the right local day and month, and text dates are
// read day first.
// Method: every day of every valid year against the standard library's
// calendar; the boundary instants of the domain's conventions, to the second.
#include "server/core/civil.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"

namespace thon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

Instant At(absl::string_view text) {
  const absl::StatusOr<Instant> instant = ParseInstant(text);
  EXPECT_THAT(instant, IsOk()) << text;
  return instant.value_or(Instant());
}

TEST(DateTest, EveryDayIsTheStandardCalendarsDay) {
  using std::chrono::days;
  using std::chrono::sys_days;
  using std::chrono::year_month_day;
  const Date last = Date::Of(2199, 12, 31);
  for (Date date = Date::Of(1900, 1, 1); date <= last; date = date.Next()) {
    const year_month_day want{sys_days(days(date.days))};
    ASSERT_EQ(date.year(), int{want.year()});
    ASSERT_EQ(date.month(), static_cast<int>(unsigned{want.month()}));
    ASSERT_EQ(date.day(), static_cast<int>(unsigned{want.day()}));
    ASSERT_EQ(Date::Of(date.year(), date.month(), date.day()), date);
    ASSERT_EQ(date.Next().Previous(), date);
  }
}

TEST(DateTest, CountsFrom1970) {
  EXPECT_EQ(Date::Of(1970, 1, 1).days, 0);
  EXPECT_EQ(Date::Of(1969, 12, 31).days, -1);
  EXPECT_EQ(Date::Of(2023, 6, 1).days, 19509);
}

TEST(DateTest, PrintsBothWays) {
  EXPECT_EQ(Date::Of(2023, 10, 12).Iso(), "2023-10-12");
  EXPECT_EQ(Date::Of(2023, 10, 12).Vietnamese(), "12/10/2023");
  EXPECT_EQ(Date::Of(2023, 6, 1).Iso(), "2023-06-01");
  EXPECT_EQ(Date::Of(2023, 6, 1).Vietnamese(), "01/06/2023");
}

TEST(DateTest, AnyNumberOfDaysIsADate) {
  EXPECT_EQ(Date(std::numeric_limits<std::int32_t>::max()).year(), 5881580);
  EXPECT_EQ(Date(std::numeric_limits<std::int32_t>::min()).year(), -5877641);
}

TEST(DateDeathTest, ADateThatIsNoneIsOurOwnBug) {
  EXPECT_DEATH((void)Date::Of(2023, 2, 29), "IsCivil");
  EXPECT_DEATH((void)Date::Of(1899, 12, 31), "IsCivil");
  EXPECT_DEATH((void)Date::Of(2200, 1, 1), "IsCivil");
  EXPECT_DEATH((void)Date::Of(2023, 0, 1), "IsCivil");
  EXPECT_DEATH((void)Month().first_day(), "month");
}

TEST(MonthTest, FollowsMonthsOverTheYearsEnd) {
  for (Month month(190001); month < Month(219912); month = month.Next()) {
    ASSERT_TRUE(month.valid());
    ASSERT_EQ(month.Next().Previous(), month);
    ASSERT_EQ(month.last_day().Next(), month.Next().first_day());
    ASSERT_EQ(Month::Of(month.first_day()), month);
    ASSERT_EQ(Month::Of(month.last_day()), month);
    ASSERT_EQ(MonthCount(month, month.Next()), 2);
  }
  EXPECT_EQ(Month(202312).Next(), Month(202401));
  EXPECT_EQ(Month(202401).Previous(), Month(202312));
}

TEST(MonthTest, KnowsItsLastDay) {
  EXPECT_EQ(Month(202402).last_day(), Date::Of(2024, 2, 29));
  EXPECT_EQ(Month(202302).last_day(), Date::Of(2023, 2, 28));
  EXPECT_EQ(Month(200002).last_day(), Date::Of(2000, 2, 29));
  EXPECT_EQ(Month(210002).last_day(), Date::Of(2100, 2, 28));
  EXPECT_EQ(Month(202312).last_day(), Date::Of(2023, 12, 31));
}

TEST(MonthTest, KnowsItsQuarter) {
  const int want[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
  for (int month = 1; month <= 12; ++month) {
    EXPECT_EQ(Month::Of(2023, month).quarter(), want[month - 1]) << month;
  }
}

TEST(MonthTest, IsValidFrom1900To2199) {
  for (const int bad : {0, 202300, 202313, 189912, 220001, -202301, 12}) {
    EXPECT_FALSE(Month(bad).valid()) << bad;
  }
  EXPECT_TRUE(Month(190001).valid());
  EXPECT_TRUE(Month(219912).valid());
  EXPECT_EQ(Month(202310).Iso(), "2023-10");
}

// YB-06.
TEST(MonthTest, CountsBothEnds) {
  EXPECT_EQ(MonthCount(Month(202306), Month(202312)), 7);
  EXPECT_EQ(MonthCount(Month(202306), Month(202306)), 1);
  EXPECT_EQ(MonthCount(Month(202306), Month(202305)), 0);
  EXPECT_EQ(MonthCount(Month(202306), Month(202201)), 0);
  EXPECT_EQ(MonthCount(Month(202211), Month(202402)), 16);
}

// YB-03: support from 01/06/2023 to 31/12/2023, approved on 12/10/2023.
TEST(MonthTest, TellsElapsedCurrentAndFutureMonthsOfAFunding) {
  const Month first = Month::Of(Date::Of(2023, 6, 1));
  const Month last = Month::Of(Date::Of(2023, 12, 31));
  const Date issued = Date::Of(2023, 10, 12);
  EXPECT_LT(first.first_day(), issued);
  int elapsed = 0, current = 0, future = 0;
  for (Month month = first; month <= last; month = month.Next()) {
    if (month.last_day() < issued) {
      ++elapsed;
    } else if (month.first_day() <= issued) {
      ++current;
      EXPECT_EQ(month, Month(202310));
    } else {
      ++future;
    }
  }
  EXPECT_EQ(elapsed, 4);
  EXPECT_EQ(current, 1);
  EXPECT_EQ(future, 2);
}

// Conventions, 4.1: each is a local midnight or the second before.
TEST(TimeZoneTest, BoundariesOfTheConventionsAreExact) {
  struct Boundary {
    const char* utc;
    std::int64_t epoch_seconds;
    const char* local;
    const char* date;
    int month;
  };
  const Boundary kBoundaries[] = {
      {"2023-05-31T17:00:00Z", 1685552400, "2023-06-01T00:00:00+07:00",
       "01/06/2023", 202306},
      {"2023-12-31T16:59:59Z", 1704041999, "2023-12-31T23:59:59+07:00",
       "31/12/2023", 202312},
      {"2023-12-31T17:00:00Z", 1704042000, "2024-01-01T00:00:00+07:00",
       "01/01/2024", 202401},
      {"2024-02-29T17:00:00Z", 1709226000, "2024-03-01T00:00:00+07:00",
       "01/03/2024", 202403},
      {"2025-06-30T17:00:00Z", 1751302800, "2025-07-01T00:00:00+07:00",
       "01/07/2025", 202507},
  };
  const TimeZone zone = TimeZone::VietNam();
  for (const Boundary& boundary : kBoundaries) {
    SCOPED_TRACE(boundary.utc);
    const Instant instant(boundary.epoch_seconds * 1000);
    EXPECT_THAT(ParseInstant(boundary.utc), IsOkAndHolds(instant));
    EXPECT_THAT(ParseInstant(boundary.local), IsOkAndHolds(instant));
    EXPECT_EQ(zone.Format(instant), boundary.local);
    EXPECT_EQ(zone.DateOf(instant).Vietnamese(), boundary.date);
    EXPECT_EQ(Month::Of(zone.DateOf(instant)), Month(boundary.month));
  }
}

TEST(TimeZoneTest, TheLastMillisecondOfAMonthIsStillInIt) {
  const TimeZone zone = TimeZone::VietNam();
  const Instant midnight = zone.StartOf(Date::Of(2023, 6, 1));
  EXPECT_EQ(midnight, Instant(1685552400000));
  EXPECT_EQ(zone.DateOf(midnight), Date::Of(2023, 6, 1));
  EXPECT_EQ(zone.DateOf(Instant(midnight.ms - 1)), Date::Of(2023, 5, 31));
}

TEST(TimeZoneTest, SevenHoursOfTheUtcDayBelongToTheNextLocalDay) {
  const TimeZone zone = TimeZone::VietNam();
  EXPECT_EQ(zone.DateOf(At("2023-06-30T16:59:59.999Z")), Date::Of(2023, 6, 30));
  for (int hour = 17; hour <= 23; ++hour) {
    EXPECT_EQ(zone.DateOf(At(absl::StrCat("2023-06-30T", hour, ":00:00Z"))),
              Date::Of(2023, 7, 1));
  }
}

TEST(TimeZoneTest, EveryDayStartsAtItsOwnMidnight) {
  const TimeZone zone = TimeZone::VietNam();
  const Date last = Date::Of(2199, 12, 31);
  for (Date date = Date::Of(1900, 1, 1); date <= last; date = date.Next()) {
    const Instant start = zone.StartOf(date);
    ASSERT_EQ(zone.DateOf(start), date);
    ASSERT_EQ(zone.DateOf(Instant(start.ms - 1)), date.Previous());
  }
}

TEST(TimeZoneTest, BeforeTheEpochDaysAreFloored) {
  const TimeZone zone = TimeZone::VietNam();
  EXPECT_EQ(zone.Format(Instant(-1)), "1970-01-01T06:59:59+07:00");
  EXPECT_EQ(zone.Format(Instant(-7 * 3600 * 1000 - 1)),
            "1969-12-31T23:59:59+07:00");
}

TEST(TimeZoneTest, ABrokenClockGivesADayThatIsNotValid) {
  const TimeZone zone = TimeZone::VietNam();
  const Instant latest(std::numeric_limits<std::int64_t>::max());
  const Instant earliest(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(zone.DateOf(latest).Iso(), "9999-12-31");
  EXPECT_EQ(zone.DateOf(earliest).Iso(), "0000-01-01");
  EXPECT_FALSE(Month::Of(zone.DateOf(latest)).valid());
  EXPECT_FALSE(Month::Of(zone.DateOf(earliest)).valid());
  EXPECT_EQ(zone.Format(latest), "9999-12-31T23:59:59+07:00");
}

TEST(TimeZoneTest, OnlyKnownZonesAreFound) {
  ASSERT_OK_AND_ASSIGN(const TimeZone zone, TimeZone::Find("Asia/Ho_Chi_Minh"));
  EXPECT_EQ(zone.StartOf(Date(0)), TimeZone::VietNam().StartOf(Date(0)));
  for (const char* name : {"", "UTC", "Asia/Bangkok", "asia/ho_chi_minh"}) {
    EXPECT_THAT(TimeZone::Find(name),
                StatusIs(absl::StatusCode::kNotFound, "Asia/Ho_Chi_Minh"));
  }
}

TEST(ParseIsoDateTest, ReadsOneFormOnly) {
  EXPECT_THAT(ParseIsoDate("2023-10-12"), IsOkAndHolds(Date::Of(2023, 10, 12)));
  EXPECT_THAT(ParseIsoDate("2024-02-29"), IsOkAndHolds(Date::Of(2024, 2, 29)));
  for (const char* bad :
       {"", "2023-10-1", "2023-1-12", "23-10-12", "2023-02-29", "2023-13-01",
        "2023-00-10", "2023-10-00", "2023-10-32", "1899-12-31", "2200-01-01",
        "2023-10-12 ", " 2023-10-12", "2023/10/12", "12/10/2023", "+023-10-12",
        "2023-10-12T00:00:00Z", "20231012"}) {
    EXPECT_THAT(ParseIsoDate(bad), StatusIs(kInvalid, "2023-10-12")) << bad;
  }
}

TEST(ParseIsoMonthTest, ReadsOneFormOnly) {
  EXPECT_THAT(ParseIsoMonth("2023-10"), IsOkAndHolds(Month(202310)));
  for (const char* bad : {"", "2023", "2023-1", "2023-00", "2023-13",
                          "2023-10-12", "202310", "10/2023", "1899-12"}) {
    EXPECT_THAT(ParseIsoMonth(bad), StatusIs(kInvalid, "2023-10")) << bad;
  }
}

//
TEST(ParseVietnameseDateTest, TheDayComesFirstAlways) {
  EXPECT_THAT(ParseVietnameseDate("1/6/2023"),
              IsOkAndHolds(Date::Of(2023, 6, 1)));
  EXPECT_THAT(ParseVietnameseDate("12/10/2023"),
              IsOkAndHolds(Date::Of(2023, 10, 12)));
  EXPECT_THAT(ParseVietnameseDate("09/12/2022"),
              IsOkAndHolds(Date::Of(2022, 12, 9)));
  EXPECT_THAT(ParseVietnameseDate("23/6/2022"),
              IsOkAndHolds(Date::Of(2022, 6, 23)));
  EXPECT_THAT(ParseVietnameseDate("01/6/2023"),
              IsOkAndHolds(Date::Of(2023, 6, 1)));
}

TEST(ParseVietnameseDateTest, RefusesEverythingElse) {
  for (const char* bad :
       {"", "6/23/2022", "29/2/2023", "0/6/2023", "1/0/2023", "1/6/23",
        "001/6/2023", "1/6/2023 ", "1-6-2023", "2023-06-01", "1/6", "31/4/2023",
        "1/6/20233", "1/6/1899"}) {
    EXPECT_THAT(ParseVietnameseDate(bad), StatusIs(kInvalid, "day first"))
        << bad;
  }
}

TEST(ParseInstantTest, TakesTheOffsetAway) {
  const Instant want(1697072400000);
  EXPECT_THAT(ParseInstant("2023-10-12T08:00:00+07:00"), IsOkAndHolds(want));
  EXPECT_THAT(ParseInstant("2023-10-12T01:00:00Z"), IsOkAndHolds(want));
  EXPECT_THAT(ParseInstant("2023-10-12T01:00:00+00:00"), IsOkAndHolds(want));
  EXPECT_THAT(ParseInstant("2023-10-11T19:30:00-05:30"), IsOkAndHolds(want));
}

TEST(ParseInstantTest, CutsTheFractionAfterMilliseconds) {
  EXPECT_THAT(ParseInstant("1970-01-01T00:00:00.5Z"),
              IsOkAndHolds(Instant(500)));
  EXPECT_THAT(ParseInstant("1970-01-01T00:00:00.001Z"),
              IsOkAndHolds(Instant(1)));
  EXPECT_THAT(ParseInstant("1970-01-01T00:00:00.123999999999Z"),
              IsOkAndHolds(Instant(123)));
  EXPECT_THAT(ParseInstant("1969-12-31T23:59:59.999Z"),
              IsOkAndHolds(Instant(-1)));
}

TEST(ParseInstantTest, RefusesWhatHasNoOffsetOrIsNoTime) {
  for (const char* bad :
       {"", "2023-10-12", "2023-10-12T08:00:00", "2023-10-12 08:00:00Z",
        "2023-10-12T08:00Z", "2023-10-12T24:00:00Z", "2023-10-12T08:60:00Z",
        "2023-10-12T08:00:60Z", "2023-10-12T08:00:00.Z",
        "2023-10-12T08:00:00+7:00", "2023-10-12T08:00:00+0700",
        "2023-10-12T08:00:00+24:00", "2023-10-12T08:00:00+07:60",
        "2023-10-12T08:00:00ZZ", "2023-02-29T08:00:00Z",
        "2023-10-12T08:00:00,5Z"}) {
    EXPECT_THAT(ParseInstant(bad), StatusIs(kInvalid)) << bad;
  }
}

TEST(ParseInstantTest, ReadsWhatFormatWrites) {
  std::mt19937_64 random = SeededRandom();
  const TimeZone zone = TimeZone::VietNam();
  const std::int64_t begin = zone.StartOf(Date::Of(1900, 1, 1)).ms / 1000;
  const std::int64_t end = zone.StartOf(Date::Of(2199, 12, 31)).ms / 1000;
  for (int i = 0; i < 10'000; ++i) {
    const auto span = static_cast<std::uint64_t>(end - begin);
    const Instant instant((begin + static_cast<std::int64_t>(random() % span)) *
                          1000);
    ASSERT_THAT(ParseInstant(zone.Format(instant)), IsOkAndHolds(instant));
  }
}

}  // namespace
}  // namespace thon
