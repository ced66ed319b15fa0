// The calendar in the log: days are opened before the first entry of a new day,
// at idle midnights and for days the server was down; the simulated clock; and
// moments turned into positions.

#include <vector>

#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

class CalendarTest : public EngineTest {
 protected:
  std::vector<Date> DaysOpened() const {
    std::vector<Date> days;
    for (const v1::Event& event : Events()) {
      if (event.has_day_opened()) {
        days.emplace_back(event.day_opened().local_date());
      }
    }
    return days;
  }
  Position Resolve(Date date) const {
    AsOfMoment moment;
    moment.date = date;
    return engine_->ResolveAsOf(moment).value_or(Position(UINT64_MAX));
  }
  Position Resolve(Instant time) const {
    AsOfMoment moment;
    moment.time = time;
    return engine_->ResolveAsOf(moment).value_or(Position(UINT64_MAX));
  }
  Position Last() const {
    return Position(engine_->log().end().next_position.value - 1);
  }
};

TEST_F(CalendarTest, ANewLogSaysWhatItIsInItsFirstEntry) {
  Open();
  const std::vector<v1::Event> events = Events();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].log_opened().origin(), "thon.example/test/1");
  EXPECT_EQ(events[0].log_opened().log_key(), std::string(log_key().view()));
  EXPECT_FALSE(events[0].log_opened().simulated_time());
  EXPECT_EQ(Date(events[1].day_opened().local_date()), Date::Of(2023, 6, 1));
  EXPECT_EQ(events[2].grant_issued().role(), v1::ROLE_OPERATOR);
  AwaitAllRows();
  EXPECT_THAT(engine_->Authorise(OfficerId(1), v1::ROLE_OPERATOR, UnitId(0)),
              IsOk());
  EXPECT_THAT(engine_->Authorise(OfficerId(2), v1::ROLE_READER, UnitId(0)),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(CalendarTest, EachDaySinceTheLastIsOpenedBeforeTheFirstEntryOfADay) {
  Open();
  Phone phone(7);
  EnrolKey(phone);
  Answer(phone, phone.Next(1));
  const Position first_day = Last();
  clock_.Set(At("2023-06-04T00:00:00+07:00"));
  Answer(phone, phone.Next(1));
  EXPECT_EQ(DaysOpened(),
            (std::vector<Date>{Date::Of(2023, 6, 1), Date::Of(2023, 6, 2),
                               Date::Of(2023, 6, 3), Date::Of(2023, 6, 4)}));
  EXPECT_EQ(engine_->status().local_date, Date::Of(2023, 6, 4));
  // As of each day: what lies before the next one's opening.
  EXPECT_EQ(Resolve(Date::Of(2023, 5, 31)), Position(0));
  EXPECT_EQ(Resolve(Date::Of(2023, 6, 1)), first_day);
  EXPECT_EQ(Resolve(Date::Of(2023, 6, 2)), Position(first_day.value + 1));
  EXPECT_EQ(Resolve(Date::Of(2023, 6, 3)), Position(first_day.value + 2));
  EXPECT_EQ(Resolve(Date::Of(2023, 6, 4)), Last());
  EXPECT_EQ(Resolve(Date::Of(2030, 1, 1)), Last());
  EXPECT_EQ(Resolve(At("2023-06-03T23:59:59+07:00")), first_day);
  EXPECT_EQ(Resolve(At("2023-06-04T00:00:00+07:00")), Last());
  EXPECT_EQ(Resolve(At("2023-05-01T00:00:00+07:00")), Position(0));
}

TEST_F(CalendarTest, DaysOfDowntimeAreOpenedAtTheNextStart) {
  Open();
  engine_.reset();
  clock_.Set(At("2023-06-03T08:00:00+07:00"));
  Open();
  // Nothing is offered: the idle committer does it by itself.
  ASSERT_THAT(engine_->AwaitRows(Position(5), kTestWaitMs), IsOk());
  EXPECT_EQ(DaysOpened().back(), Date::Of(2023, 6, 3));
  EXPECT_EQ(DaysOpened().size(), 3u);
}

TEST_F(CalendarTest, ReceiveTimesNeverFallWhenTheClockDoes) {
  Open();
  Phone phone(7);
  EnrolKey(phone);
  const std::int64_t before =
      Answer(phone, phone.Next(1)).receipt().receive_time_ms();
  clock_.Set(At("2020-01-01T08:00:00+07:00"));
  EXPECT_EQ(Answer(phone, phone.Next(1)).receipt().receive_time_ms(), before);
  Reopen();
  EXPECT_EQ(Answer(phone, phone.Next(1)).receipt().receive_time_ms(), before);
}

TEST_F(CalendarTest, APositionFromAnotherHistoryIsOutOfRange) {
  Open();
  AsOfMoment moment;
  moment.position = Position(4);
  EXPECT_THAT(engine_->ResolveAsOf(moment),
              StatusIs(absl::StatusCode::kOutOfRange));
  moment.position = Position(3);
  EXPECT_THAT(engine_->ResolveAsOf(moment), IsOkAndHolds(Position(3)));
}

TEST_F(CalendarTest, ABatchThatClaimsToOpenADayFoolsNobody) {
  Open();
  Phone phone(7);
  EnrolKey(phone);
  v1::Batch batch;
  batch.set_author(std::string(phone.author().view()));
  batch.set_first_sequence(1);
  v1::Event* event = batch.add_events();
  event->set_sequence(1);
  event->mutable_day_opened()->set_local_date(Date::Of(2023, 7, 1).days);
  Answer(phone, SealBatch(batch, phone.key()));
  const Position first_day = Last();
  EXPECT_EQ(engine_->status().local_date, Date::Of(2023, 6, 1));
  clock_.Set(At("2023-06-02T08:00:00+07:00"));
  EnrolKey(Phone(8));
  EXPECT_EQ(Resolve(Date::Of(2023, 6, 1)), first_day);
}

class SimulationTest : public CalendarTest {
 protected:
  SimulationTest() {
    options_.simulated = true;
    options_.simulated_start = At("2023-06-01T00:00:00+07:00");
    clock_.Set(At("2025-01-01T00:00:00+07:00"));
  }
  absl::StatusOr<Position> Advance(Instant to) {
    Arrived<absl::StatusOr<Position>> reached;
    engine_->AdvanceClock(to, reached.callback());
    return reached.Get();
  }
};

TEST_F(SimulationTest, TimeStandsStillUntilItIsMoved) {
  Open();
  EXPECT_EQ(engine_->status().server_time, options_.simulated_start);
  EXPECT_TRUE(Events()[0].log_opened().simulated_time());
  EXPECT_EQ(DaysOpened(), std::vector<Date>{Date::Of(2023, 6, 1)});
}

TEST_F(SimulationTest, EveryDayBetweenIsOpenedAtItsMidnight) {
  Open();
  ASSERT_OK_AND_ASSIGN(const Position reached,
                       Advance(At("2024-03-01T12:00:00+07:00")));
  EXPECT_EQ(DaysOpened().size(), 275u);
  EXPECT_EQ(DaysOpened().back(), Date::Of(2024, 3, 1));
  EXPECT_EQ(reached, Last());
  EXPECT_GE(engine_->rows_position(), reached);
  for (const std::string& bytes : Entries()) {
    const absl::StatusOr<EntryView> entry = ParseEntry(bytes);
    ASSERT_THAT(entry, IsOk());
    const Instant time = entry->trailer.receive_time;
    EXPECT_EQ(time,
              TimeZone::VietNam().StartOf(TimeZone::VietNam().DateOf(time)));
  }
  EXPECT_EQ(Resolve(Date::Of(2023, 6, 1)), Position(3));
  EXPECT_EQ(Resolve(Date::Of(2023, 6, 30)), Position(32));
}

TEST_F(SimulationTest, TheClockIsKeptOverARestart) {
  Open();
  ASSERT_THAT(Advance(At("2023-06-02T15:30:00+07:00")), IsOk());
  Reopen();
  EXPECT_EQ(engine_->status().server_time, At("2023-06-02T15:30:00+07:00"));
  EXPECT_THAT(Advance(At("2023-06-02T15:29:00+07:00")),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Advance(Instant(At("2199-12-31T23:00:00+07:00").ms + 86'400'000)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SimulationTest, ADirectoryMadeForOneKindOfTimeRefusesTheOther) {
  Open();
  engine_.reset();
  options_.simulated = false;
  EXPECT_THAT(Engine::Open(options_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "simulated"));
}

TEST_F(CalendarTest, ARealLogRefusesASimulatedClock) {
  Open();
  Arrived<absl::StatusOr<Position>> reached;
  engine_->AdvanceClock(At("2024-01-01T00:00:00+07:00"), reached.callback());
  EXPECT_THAT(reached.Get(), StatusIs(absl::StatusCode::kFailedPrecondition));
  engine_.reset();
  options_.simulated = true;
  EXPECT_THAT(Engine::Open(options_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "real time"));
}

}  // namespace
}  // namespace thon
