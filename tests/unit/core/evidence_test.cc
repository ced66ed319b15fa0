// When something happened (domain cases T04, T05, T21 to T23), and that the
// answer does not depend on how a phone cut its chain into batches.
//
// Method: small lives of a phone written out by hand, and random lives in which
// the true instants are known: a phone boots, records, and hears the server now
// and then; each time it hears it, it seals what is pending, cut at random.

#include "server/core/evidence.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <vector>

#include "tests/support/seed.h"

namespace thon {
namespace {

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kMinuteMs = 60 * kSecondMs;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;

Instant At(absl::string_view text) { return *ParseInstant(text); }

v1::Anchor AnchorAt(Instant server_time, std::int64_t monotonic_ms,
                    std::uint32_t boot) {
  v1::Anchor anchor;
  anchor.set_server_time_ms(server_time.ms);
  anchor.set_monotonic_ms(monotonic_ms);
  anchor.set_boot(boot);
  return anchor;
}

ClockReading Reading(std::uint64_t sequence, std::int64_t wall_ms,
                     std::int64_t monotonic_ms, std::uint32_t boot) {
  return {.sequence = Sequence(sequence),
          .wall_time_ms = wall_ms,
          .monotonic_ms = monotonic_ms,
          .boot = boot};
}

TEST(EvidenceTest, SameBootAsAnAnchorIsTrustedOnBothSidesOfIt) {
  const Instant now = At("2023-08-03T08:00:00+07:00");
  v1::AuthorTimelineRow timeline;
  const auto judged = FoldReadings(
      AnchorAt(now, 10 * kHourMs, 7),
      {Reading(1, now.ms - kHourMs, 9 * kHourMs, 7),
       Reading(2, now.ms + kMinuteMs, 10 * kHourMs + kMinuteMs, 7)},
      Instant(now.ms + kHourMs), &timeline);
  ASSERT_EQ(judged.size(), 2u);
  EXPECT_EQ(judged[0].quality, v1::TIME_QUALITY_TRUSTED);
  EXPECT_EQ(judged[0].latest.ms, now.ms - kHourMs);
  EXPECT_EQ(judged[1].earliest.ms, now.ms + kMinuteMs);
  EXPECT_FALSE(judged[1].wall_clock_wrong);
  EXPECT_EQ(timeline.open_size(), 0);
}

TEST(EvidenceTest, AClockOneYearAheadIsTrustedAndFlagged) {  // T04
  const Instant now = At("2023-08-03T08:00:00+07:00");
  v1::AuthorTimelineRow timeline;
  const auto judged =
      FoldReadings(AnchorAt(now, 1000, 7),
                   {Reading(1, At("2024-08-03T08:00:05+07:00").ms, 6000, 7)},
                   Instant(now.ms + kHourMs), &timeline);
  EXPECT_EQ(judged[0].quality, v1::TIME_QUALITY_TRUSTED);
  EXPECT_EQ(judged[0].latest.ms, now.ms + 5000);
  EXPECT_TRUE(judged[0].wall_clock_wrong);
}

TEST(EvidenceTest, ABootWithoutAnchorIsEstimatedByAWallClockThatFits) {
  const Instant start = At("2023-08-03T08:00:00+07:00");
  v1::AuthorTimelineRow timeline;
  FoldReadings(AnchorAt(start, 0, 1), {Reading(1, start.ms, 0, 1)}, start,
               &timeline);
  const auto judged =
      FoldReadings(AnchorAt(Instant(start.ms + 3 * kDayMs), 500, 3),
                   {Reading(2, start.ms + kDayMs, 10, 2),
                    Reading(3, start.ms + kDayMs + 5, 15, 2),
                    Reading(4, start.ms + 3 * kDayMs, 500, 3)},
                   Instant(start.ms + 3 * kDayMs), &timeline);
  ASSERT_EQ(judged.size(), 3u);
  EXPECT_EQ(judged[0].quality, v1::TIME_QUALITY_ESTIMATED);
  EXPECT_EQ(judged[0].earliest.ms, start.ms + kDayMs);
  EXPECT_EQ(judged[1].quality, v1::TIME_QUALITY_ESTIMATED);
  EXPECT_EQ(judged[2].quality, v1::TIME_QUALITY_TRUSTED);
  EXPECT_EQ(timeline.open_size(), 0) << "a boot that is over stays as judged";
}

TEST(EvidenceTest, AChainBeginsAtItsEnrolment) {
  const Instant enrolled = At("2023-06-01T08:00:00+07:00");
  const Instant heard = At("2023-06-20T08:00:00+07:00");
  const auto judge = [&](Instant wall, std::int64_t enrolled_ms) {
    v1::AuthorTimelineRow timeline;
    timeline.set_enrolled_ms(enrolled_ms);
    return FoldReadings(AnchorAt(heard, 0, 9), {Reading(1, wall.ms, 50, 2)},
                        heard, &timeline)[0];
  };
  // Reset to years before: as if nothing were known but the enrolment.
  const JudgedTime reset = judge(At("2020-01-01T00:00:00+07:00"), enrolled.ms);
  EXPECT_EQ(reset.quality, v1::TIME_QUALITY_SUSPECT);
  EXPECT_EQ(reset.earliest, enrolled);
  EXPECT_EQ(reset.latest, heard);
  // Recorded before the phone was enrolled, which it may.
  const Instant before = At("2023-05-20T18:00:00+07:00");
  const JudgedTime early = judge(before, enrolled.ms);
  EXPECT_EQ(early.quality, v1::TIME_QUALITY_ESTIMATED);
  EXPECT_EQ(early.earliest, before);
  // A successor offers again what is older than its key.
  EXPECT_EQ(judge(At("2023-01-05T18:00:00+07:00"), 0).quality,
            v1::TIME_QUALITY_ESTIMATED);
}

TEST(EvidenceTest, AWallClockThatFallsIsSuspect) {
  const Instant start = At("2023-08-03T08:00:00+07:00");
  v1::AuthorTimelineRow timeline;
  const auto judged = FoldReadings(
      AnchorAt(start, 0, 1),
      {Reading(1, start.ms, 0, 1), Reading(2, start.ms + 2 * kHourMs, 10, 2),
       Reading(3, start.ms + kHourMs, 20, 2)},
      Instant(start.ms + kDayMs), &timeline);
  EXPECT_EQ(judged[1].quality, v1::TIME_QUALITY_SUSPECT);
  EXPECT_EQ(judged[2].quality, v1::TIME_QUALITY_SUSPECT);
  EXPECT_EQ(judged[1].earliest, start);
  EXPECT_EQ(judged[1].latest.ms, start.ms + kDayMs);
}

// T05: a flat battery set the clock to 2020; no contact for ten days.
class ResetClockTest : public ::testing::Test {
 protected:
  ResetClockTest() {
    FoldReadings(AnchorAt(start_, 0, 1), {Reading(1, start_.ms, 0, 1)}, start_,
                 &timeline_);
    first_ = FoldReadings(std::nullopt, {Reading(2, reset_ms_, 50, 2)},
                          Instant(start_.ms + 10 * kDayMs), &timeline_);
  }
  const Instant start_ = At("2023-06-10T08:00:00+07:00");
  const std::int64_t reset_ms_ = At("2020-01-01T00:00:00+07:00").ms;
  v1::AuthorTimelineRow timeline_;
  std::vector<JudgedTime> first_;
};

TEST_F(ResetClockTest, IsSuspectBetweenItsNeighbours) {
  ASSERT_EQ(first_.size(), 1u);
  EXPECT_EQ(first_[0].quality, v1::TIME_QUALITY_SUSPECT);
  EXPECT_EQ(first_[0].earliest, start_);
  EXPECT_EQ(first_[0].latest.ms, start_.ms + 10 * kDayMs);
}

TEST_F(ResetClockTest, ShrinksWhenTheNextInstantIsKnown) {
  const std::int64_t next_ms = start_.ms + 2 * kDayMs;
  const auto judged =
      FoldReadings(AnchorAt(Instant(next_ms), 0, 3), {Reading(3, 0, 0, 3)},
                   Instant(start_.ms + 11 * kDayMs), &timeline_);
  ASSERT_EQ(judged.size(), 2u);
  EXPECT_EQ(judged[0].sequence.value, 2u);
  EXPECT_EQ(judged[0].quality, v1::TIME_QUALITY_SUSPECT);
  EXPECT_EQ(judged[0].latest.ms, next_ms);
}

TEST_F(ResetClockTest, IsTrustedWhenALaterBatchBringsAnAnchorOfItsBoot) {
  const Instant heard(start_.ms + 11 * kDayMs);
  const auto judged =
      FoldReadings(AnchorAt(heard, 50 + kDayMs, 2),
                   {Reading(3, reset_ms_ + 2 * kDayMs, 50 + 2 * kDayMs, 2)},
                   Instant(heard.ms + 2 * kDayMs), &timeline_);
  ASSERT_EQ(judged.size(), 2u);
  EXPECT_EQ(judged[0].quality, v1::TIME_QUALITY_TRUSTED);
  EXPECT_EQ(judged[0].latest.ms, heard.ms - kDayMs);
  EXPECT_TRUE(judged[0].wall_clock_wrong);
  EXPECT_EQ(judged[1].latest.ms, heard.ms + kDayMs);
}

TEST(EvidenceTest, AnImpossibleAnchorIsIgnored) {
  const Instant now = At("2023-08-03T08:00:00+07:00");
  v1::AuthorTimelineRow timeline;
  const auto judged =
      FoldReadings(AnchorAt(Instant(now.ms + 1), 0, 1),
                   {Reading(1, now.ms - 5, 0, 1)}, now, &timeline);
  EXPECT_EQ(judged[0].quality, v1::TIME_QUALITY_ESTIMATED);
  EXPECT_EQ(timeline.anchors_size(), 0);
}

TEST(EvidenceTest, AnAnchorOfBefore2000IsIgnored) {
  const Instant now = At("2023-08-03T08:00:00+07:00");
  v1::AuthorTimelineRow timeline;
  const auto judged =
      FoldReadings(AnchorAt(Instant(At("2000-01-01T00:00:00Z").ms - 1), 0, 1),
                   {Reading(1, now.ms - 5, 0, 1)}, now, &timeline);
  EXPECT_EQ(judged[0].quality, v1::TIME_QUALITY_ESTIMATED);
  EXPECT_EQ(timeline.anchors_size(), 0);
}

TEST(EvidenceTest, NoTrustedInstantIsBefore2000) {
  const Instant now = At("2023-08-03T08:00:00+07:00");
  v1::AuthorTimelineRow timeline;
  const auto judged = FoldReadings(
      AnchorAt(now, std::numeric_limits<std::int64_t>::max(), 1),
      {Reading(1, now.ms, std::numeric_limits<std::int64_t>::min(), 1)}, now,
      &timeline);
  EXPECT_EQ(judged[0].quality, v1::TIME_QUALITY_TRUSTED);
  EXPECT_EQ(judged[0].latest, At("2000-01-01T00:00:00Z"));
}

TEST(EvidenceTest, NoInstantIsLaterThanItsReceipt) {
  const Instant now = At("2023-08-03T08:00:00+07:00");
  v1::AuthorTimelineRow timeline;
  const auto judged =
      FoldReadings(AnchorAt(now, 0, 1), {Reading(1, now.ms, kDayMs, 1)},
                   Instant(now.ms + 5), &timeline);
  EXPECT_EQ(judged[0].latest.ms, now.ms + 5);
}

TEST(EvidenceTest, ReadingsAtTheEndsOfTheRangeDoNotOverflow) {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const Instant now(1'700'000'000'000);
  const Instant possible(1'600'000'000'000);
  for (const Instant server : {Instant(kMin), possible, Instant(kMax)}) {
    for (const std::int64_t anchor_ms : {kMin, kMax}) {
      for (const std::int64_t reading_ms : {kMin, std::int64_t{0}, kMax}) {
        v1::AuthorTimelineRow timeline;
        const auto judged =
            FoldReadings(AnchorAt(server, anchor_ms, 1),
                         {Reading(1, reading_ms, reading_ms, 1),
                          Reading(2, reading_ms, reading_ms, 2)},
                         now, &timeline);
        ASSERT_EQ(judged.size(), 2u);
        EXPECT_EQ(timeline.anchors_size(), server == possible ? 1 : 0);
        for (const JudgedTime& time : judged) {
          EXPECT_GE(time.earliest.ms, 0);
          EXPECT_LE(time.earliest, time.latest);
          EXPECT_LE(time.latest, now);
          DayOf(time, Date(), TimeZone::VietNam(), 7);
        }
      }
    }
  }
}

TEST(EvidenceTest, StateIsBounded) {
  v1::AuthorTimelineRow timeline;
  std::uint64_t sequence = 0;
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<ClockReading> readings;
    for (int i = 0; i < 256; ++i) {
      ++sequence;
      readings.push_back(Reading(sequence, 0, 0, 5));
    }
    // Every batch hears the server in a boot that no event is of.
    FoldReadings(
        AnchorAt(Instant(1'600'000'000'000 + batch), batch, 100 + batch),
        readings, Instant(1'700'000'000'000), &timeline);
  }
  EXPECT_EQ(timeline.open_size(), kOpenReadingsMax);
  EXPECT_EQ(timeline.open(kOpenReadingsMax - 1).sequence(), sequence);
  EXPECT_LE(timeline.anchors_size(), 8);
}

// A random life: true instants, readings, and the moments of contact.
struct Life {
  struct Contact {
    v1::Anchor anchor;
    Instant received;
    std::size_t end;  // Readings recorded before it.
  };
  std::vector<ClockReading> readings;
  std::vector<Contact> contacts;
};

Life RandomLife(std::mt19937_64& random) {
  Life life;
  std::int64_t now_ms = 1'688'000'000'000;
  std::int64_t booted_ms = now_ms - 5000;
  std::uint32_t boot = 1;
  const auto contact = [&] {
    // What is heard is a little old: the anchors of a boot disagree.
    v1::Anchor anchor =
        AnchorAt(Instant(now_ms - static_cast<std::int64_t>(random() % 900)),
                 now_ms - booted_ms, boot);
    life.contacts.push_back(
        {anchor, Instant(now_ms + 1000), life.readings.size()});
  };
  for (int step = 0; step < 200; ++step) {
    now_ms += static_cast<std::int64_t>(random() % (6 * kHourMs));
    switch (random() % 8) {
      case 0:
        contact();
        contact();  // Whatever boot it is in, the phone hears before it seals.
        ++boot;
        booted_ms = now_ms;
        break;
      case 1:
        contact();
        break;
      default:
        life.readings.push_back(Reading(life.readings.size() + 1,
                                        static_cast<std::int64_t>(random() % 9),
                                        now_ms - booted_ms, boot));
    }
  }
  contact();
  return life;
}

std::map<std::uint64_t, JudgedTime> FoldCut(const Life& life,
                                            std::size_t batch_max,
                                            std::mt19937_64& random) {
  std::map<std::uint64_t, JudgedTime> result;
  v1::AuthorTimelineRow timeline;
  std::size_t begin = 0;
  for (const Life::Contact& contact : life.contacts) {
    while (begin < contact.end) {
      const std::size_t count =
          std::min(contact.end - begin, 1 + random() % batch_max);
      for (const JudgedTime& time :
           FoldReadings(contact.anchor,
                        absl::MakeSpan(life.readings).subspan(begin, count),
                        contact.received, &timeline)) {
        result[time.sequence.value] = time;
      }
      begin += count;
    }
  }
  return result;
}

TEST(EvidencePropertyTest, TrustedTimesDoNotDependOnHowTheChainWasCut) {
  std::mt19937_64 random = SeededRandom();
  for (int round = 0; round < 200; ++round) {
    const Life life = RandomLife(random);
    const auto whole = FoldCut(life, 1, random);
    ASSERT_EQ(whole.size(), life.readings.size());
    for (const auto& [sequence, time] : whole) {
      ASSERT_EQ(time.quality, v1::TIME_QUALITY_TRUSTED) << sequence;
    }
    for (const std::size_t batch_max : {2, 7, 1000}) {
      ASSERT_EQ(FoldCut(life, batch_max, random), whole) << "round " << round;
    }
  }
}

TEST(EvidencePropertyTest, AnyReadingsGiveIntervalsThatEndBeforeTheirReceipt) {
  std::mt19937_64 random = SeededRandom(1);
  for (int round = 0; round < 300; ++round) {
    v1::AuthorTimelineRow timeline;
    std::int64_t received_ms = 1000;
    std::uint64_t sequence = 0;
    std::map<std::uint64_t, std::int64_t> received_of;
    for (int batch = 0; batch < 8; ++batch) {
      received_ms += static_cast<std::int64_t>(random() % 50);
      std::vector<ClockReading> readings;
      for (std::uint64_t i = random() % 6; i > 0; --i) {
        ++sequence;
        received_of[sequence] = received_ms;
        readings.push_back(Reading(sequence,
                                   static_cast<std::int64_t>(random() % 1500),
                                   static_cast<std::int64_t>(random() % 100),
                                   static_cast<std::uint32_t>(random() % 3)));
      }
      std::optional<v1::Anchor> anchor;
      if (random() % 2 == 0) {
        anchor = AnchorAt(Instant(static_cast<std::int64_t>(random() % 1500)),
                          static_cast<std::int64_t>(random() % 100),
                          static_cast<std::uint32_t>(random() % 3));
      }
      std::uint64_t last = 0;
      std::size_t of_batch = 0;
      for (const JudgedTime& time :
           FoldReadings(anchor, readings, Instant(received_ms), &timeline)) {
        ASSERT_GT(time.sequence.value, last);
        last = time.sequence.value;
        if (last > sequence - readings.size()) ++of_batch;
        ASSERT_LE(time.earliest, time.latest);
        ASSERT_LE(time.latest.ms, received_of[last]);
        ASSERT_TRUE(time.quality == v1::TIME_QUALITY_SUSPECT ||
                    time.earliest == time.latest);
      }
      ASSERT_EQ(of_batch, readings.size());
    }
  }
}

JudgedTime Exact(absl::string_view text) {
  return {.sequence = Sequence(1),
          .quality = v1::TIME_QUALITY_TRUSTED,
          .earliest = At(text),
          .latest = At(text)};
}

Date Day(absl::string_view text) { return *ParseIsoDate(text); }

TEST(DayOfTest, MonthsAndYearsEndAtLocalMidnight) {  // T21 to T23
  const TimeZone zone = TimeZone::VietNam();
  EXPECT_EQ(DayOf(Exact("2023-12-31T16:59:30Z"), Date(), zone, 7).date,
            Day("2023-12-31"));
  EXPECT_EQ(DayOf(Exact("2023-12-31T17:00:00Z"), Date(), zone, 7).date,
            Day("2024-01-01"));
  EXPECT_EQ(DayOf(Exact("2024-02-29T16:59:59Z"), Date(), zone, 7).date,
            Day("2024-02-29"));
  EXPECT_EQ(DayOf(Exact("2024-02-29T17:00:00Z"), Date(), zone, 7).date,
            Day("2024-03-01"));
}

TEST(DayOfTest, AClaimedDayCountsUpToSevenDaysBack) {
  const TimeZone zone = TimeZone::VietNam();
  const JudgedTime time = Exact("2023-07-03T10:00:00+07:00");
  const auto claimed = [&](absl::string_view day) {
    return DayOf(time, Day(day), zone, 7);
  };
  EXPECT_FALSE(claimed("2023-06-26").backdated);
  EXPECT_EQ(claimed("2023-06-26").date, Day("2023-06-26"));
  EXPECT_TRUE(claimed("2023-06-25").backdated);
  EXPECT_FALSE(claimed("2023-07-03").backdated);
  EXPECT_TRUE(claimed("2023-07-04").backdated);
}

TEST(DayOfTest, AnIntervalCountsIfItLiesInOneMonth) {
  const TimeZone zone = TimeZone::VietNam();
  JudgedTime time = Exact("2023-06-30T10:00:00+07:00");
  time.quality = v1::TIME_QUALITY_SUSPECT;
  time.earliest = At("2023-06-02T10:00:00+07:00");
  EXPECT_TRUE(DayOf(time, Date(), zone, 7).known);
  EXPECT_EQ(DayOf(time, Date(), zone, 7).date, Day("2023-06-30"));
  EXPECT_FALSE(DayOf(time, Day("2023-06-10"), zone, 7).backdated);
  EXPECT_TRUE(DayOf(time, Day("2023-05-31"), zone, 7).backdated);
  time.latest = At("2023-07-01T00:00:00+07:00");
  EXPECT_FALSE(DayOf(time, Date(), zone, 7).known);
  EXPECT_FALSE(DayOf(time, Day("2023-06-10"), zone, 7).known);
}

TEST(DayOfTest, AClaimThatHoldsForTheWholeIntervalDecidesItsMonth) {
  JudgedTime time = Exact("2023-07-01T10:00:00+07:00");
  time.quality = v1::TIME_QUALITY_SUSPECT;
  time.earliest = At("2023-06-30T10:00:00+07:00");
  const JudgedDay day = DayOf(time, Day("2023-06-29"), TimeZone::VietNam(), 7);
  EXPECT_TRUE(day.known);
  EXPECT_FALSE(day.backdated);
  EXPECT_EQ(day.date, Day("2023-06-29"));
}

}  // namespace
}  // namespace thon
