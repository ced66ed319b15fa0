// Goal: a team's page tells every event of its phones once, the newest first,
// with what became of it as of the moment asked for.
// Method: a random log of phones of several teams and of an organisation, with
// decisions, corrections, revocations and successors in between; every moment
// that a page was read at is read again when the log has gone on. What a page
// must say is found the slow way, from the log's entries and by a scan of whole
// tables.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "server/core/bytes.h"
#include "server/core/entry.h"
#include "server/core/limits.h"
#include "server/engine/await.h"
#include "server/projections/row_keys.h"
#include "server/rpc/queries.h"
#include "tests/support/seed.h"
#include "tests/unit/projections/random_activity.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using ::testing::IsEmpty;

constexpr std::uint64_t kOrganisation = 900;
constexpr std::int64_t kHourMs = 3'600'000;

absl::Status Allowed(UnitId) { return absl::OkStatus(); }

v1::Event RegisterOrganisation() {
  v1::Event event;
  v1::OrganisationRegistered* const organisation =
      event.mutable_organisation_registered();
  organisation->set_organisation_id(kOrganisation);
  organisation->set_name("Sở Thông tin");
  organisation->set_kind(v1::ORGANISATION_KIND_DEPARTMENT);
  organisation->set_unit_id(Province::kProvinceUnit);
  organisation->set_registered_date(Day("2023-01-01"));
  return event;
}

ReadView ViewAt(Engine& engine, Position position) {
  ReadView view;
  view.position = position;
  view.rows = engine.RowsAt(position);
  view.events = engine.EventsAt(position);
  const auto calendar =
      GetRow<v1::CalendarRow>(*view.rows, Table::kCalendar, keys::Calendar());
  if (calendar.has_value()) view.local_date = Date(calendar->last_date());
  return view;
}

// All pages of the list, read at one position.
std::vector<v1::TeamEvent> ReadPages(Engine& engine, Position position,
                                     v1::ListTeamEventsRequest request,
                                     int page_size) {
  std::vector<v1::TeamEvent> all;
  request.set_page_size(page_size);
  for (;;) {
    v1::ListTeamEventsResponse page;
    const absl::Status read =
        ListTeamEventsQuery(request, ViewAt(engine, position), Allowed, &page);
    EXPECT_THAT(read, IsOk());
    EXPECT_EQ(page.position(), position.value);
    EXPECT_LE(page.events_size(), page_size);
    for (v1::TeamEvent& event : *page.mutable_events()) {
      all.push_back(std::move(event));
    }
    if (!read.ok() || page.next_page_token().empty()) return all;
    EXPECT_EQ(page.events_size(), page_size) << "a page in the middle is full";
    request.set_page_token(page.next_page_token());
  }
}

// A phone that records what the test makes up.
class RandomPhone {
 public:
  RandomPhone(std::uint64_t seed, std::uint64_t team)
      : phone_(seed, team, 10 * team + 1), team_(team) {}

  const TestPhone& phone() const { return phone_; }
  std::uint64_t next() const { return next_; }

  v1::SealedBatch Next(std::mt19937_64& random, Instant now) {
    v1::Batch batch;
    batch.set_author(std::string(phone_.author().view()));
    batch.set_first_sequence(next_);
    if (next_ > 1) batch.set_previous_hash(std::string(previous_.view()));
    const auto boot = static_cast<std::uint32_t>(1 + random() % 2);
    if (random() % 3 != 0) {
      v1::Anchor* const anchor = batch.mutable_anchor();
      anchor->set_server_time_ms(now.ms);
      anchor->set_monotonic_ms(1000 * kHourMs);
      anchor->set_boot(boot);
    }
    for (std::size_t i = 1 + random() % 9; i > 0; --i) {
      FillEvent(random, now, boot, batch.add_events());
    }
    v1::SealedBatch sealed = SealBatch(batch, phone_.key());
    previous_ = BatchHash(sealed.batch());
    return sealed;
  }

 private:
  void FillEvent(std::mt19937_64& random, Instant now, std::uint32_t boot,
                 v1::Event* event) {
    const auto ago_ms = static_cast<std::int64_t>(random() % 200) * kHourMs / 7;
    event->set_sequence(next_++);
    if (team_ == 0) {
      event->set_organisation_id(kOrganisation);
    } else {
      event->set_team_id(random() % 16 == 0 ? 1 + random() % 3 : team_);
      event->set_member_id(10 * team_ + 1 + random() % 2);
    }
    // Now and then a clock that is minutes off, or far off.
    const std::int64_t off_ms = random() % 8 == 0   ? 100 * 24 * kHourMs
                                : random() % 2 == 0 ? 9 * 60'000
                                                    : 0;
    event->set_wall_time_ms(now.ms - ago_ms - off_ms);
    event->set_monotonic_ms(1000 * kHourMs - ago_ms);
    event->set_boot(boot);
    if (random() % 6 == 0) {
      event->set_claimed_date(TimeZone::VietNam().DateOf(now).days -
                              static_cast<std::int32_t>(random() % 20));
    }
    switch (random() % 10) {
      case 0:
        event->mutable_monthly_update_submitted()->set_period_month(202306);
        break;
      case 1:
        if (event->sequence() > 1) {
          event->mutable_correction_issued()->set_kind(
              v1::CORRECTION_KIND_VOID);
          event->mutable_correction_issued()->set_target_sequence(
              1 + random() % (event->sequence() - 1));
        }
        break;
      case 2:
        break;  // Of no known type.
      default:
        FillRandomActivity(random, event);
    }
  }

  TestPhone phone_;
  const std::uint64_t team_;  // 0: the organisation's reporter.
  std::uint64_t next_ = 1;
  Hash previous_;
};

// ---- The slow way ----------------------------------------------------------

// Events by author as the log's entries have them, up to a position.
std::map<AuthorId, std::vector<std::pair<std::uint64_t, v1::Event>>> EventsOf(
    const History& history, std::uint64_t end) {
  std::map<AuthorId, std::vector<std::pair<std::uint64_t, v1::Event>>> all;
  for (const std::string& entry : history.entries) {
    const absl::StatusOr<EntryView> view = ParseEntry(entry);
    EXPECT_THAT(view, IsOk());
    if (view->trailer.last_position().value > end) break;
    v1::Batch batch;
    EXPECT_TRUE(batch.ParseFromString(std::string(view->batch)));
    AuthorId author;
    EXPECT_TRUE(AuthorId::FromBytes(batch.author(), &author));
    std::uint64_t position = view->trailer.first_position.value;
    for (v1::Event& event : *batch.mutable_events()) {
      all[author].emplace_back(position++, std::move(event));
    }
  }
  return all;
}

// What rows say of events, by author and number: whole tables are read.
struct SlowRows {
  explicit SlowRows(const RowReader& rows) {
    ScanRows<v1::EntryStandings>(
        rows, Table::kStandings, "",
        [&](absl::string_view key, const v1::EntryStandings& block, Position) {
          const AuthorId author = keys::KeyView(key).Author();
          for (const v1::EventStanding& one : block.exceptions()) {
            exceptions[{author, one.sequence()}] = one;
          }
          return true;
        });
    ScanRows<v1::AuthorRow>(
        rows, Table::kAuthor, "",
        [&](absl::string_view, const v1::AuthorRow& row, Position) {
          AuthorId author;
          EXPECT_TRUE(AuthorId::FromBytes(row.author(), &author));
          authors[author] = row;
          return true;
        });
    ScanRows<v1::ActivityDay>(
        rows, Table::kActivityDay, "",
        [&](absl::string_view key, const v1::ActivityDay& day, Position) {
          for (const v1::ActivityFact& fact : day.facts()) {
            days[{fact.author_number(), fact.sequence()}] =
                keys::KeyView(key).Skip(8).Day();
          }
          return true;
        });
  }

  std::map<std::pair<AuthorId, std::uint64_t>, v1::EventStanding> exceptions;
  std::map<AuthorId, v1::AuthorRow> authors;
  std::map<std::pair<std::uint32_t, std::uint64_t>, Date> days;
};

class TeamEventsTest : public ::testing::Test {
 protected:
  TeamEventsTest()
      : province_(
            absl::StrCat(::testing::TempDir(), "thon_events_", ::getpid())) {}

  void SetUp() override {
    province_.SetUp();
    must(RegisterOrganisation());
    now_ = *ParseInstant("2023-06-20T08:00:00+07:00");
    province_.AdvanceTo(now_);
    for (const std::uint64_t team : {1u, 1u, 1u, 2u, 3u, 0u}) {
      phones_.emplace_back(phones_.size() + 1, team);
      Enrol(team);
    }
  }

  Engine& engine() { return province_.engine(); }
  void must(v1::Event event) {
    const auto outcome = province_.Submit(std::move(event));
    ASSERT_THAT(outcome, IsOk());
    ASSERT_TRUE(outcome->effective()) << outcome->detail();
  }

  void Enrol(std::uint64_t team) {
    const std::string code = absl::StrCat("EVENTS-", phones_.size());
    v1::Event event;
    v1::EnrolmentCodeIssued* const issued =
        event.mutable_enrolment_code_issued();
    issued->set_code_hash(std::string(Sha256Of(code).view()));
    if (team == 0) {
      issued->set_organisation_id(kOrganisation);
    } else {
      issued->set_team_id(team);
      issued->set_member_id(10 * team + 1);
    }
    issued->set_last_date(Day("2024-12-31"));
    must(event);
    const v1::EnrolRequest wanted = phones_.back().phone().EnrolRequest(code);
    EnrolmentRequest request;
    request.code = wanted.code();
    request.public_key = wanted.public_key();
    request.possession_signature = wanted.possession_signature();
    ASSERT_THAT(Await<Enrolment>([&](Done<Enrolment> done) {
                  engine().Enrol(std::move(request), std::move(done));
                }).status(),
                IsOk());
  }

  void Record(RandomPhone* phone, std::mt19937_64& random) {
    OfferedBatch batch =
        engine().Admit(phone->phone().author(), phone->Next(random, now_));
    const absl::StatusOr<v1::Answer> answer =
        Await<v1::Answer>([&](Done<v1::Answer> done) {
          ASSERT_EQ(engine().Offer(
                        &batch,
                        [done](Answered answered) {
                          done(answered.status.ok()
                                   ? absl::StatusOr<v1::Answer>(answered.answer)
                                   : answered.status);
                        },
                        [] {}),
                    OfferStatus::kTaken);
        });
    ASSERT_THAT(answer, IsOk());
    ASSERT_EQ(answer->code(), v1::ANSWER_CODE_RECORDED);
  }

  // An officer's word about some events, or a phone's end.
  void Decide(std::mt19937_64& random) {
    const RandomPhone& phone = phones_[random() % phones_.size()];
    const std::string author(phone.phone().author().view());
    v1::Event event;
    if (random() % 8 == 0) {
      event.mutable_author_revoked()->set_author(author);
      event.mutable_author_revoked()->set_reason("mất máy");
    } else if (phone.next() > 1) {
      v1::HeldDecided* const held = event.mutable_held_decided();
      held->set_author(author);
      held->set_first_sequence(1);
      held->set_last_sequence(phone.next() - 1);
      held->set_counted(random() % 3 != 0);
      held->set_period_month(random() % 2 == 0 ? 202306 : 202305);
      held->set_reason("đã kiểm tra");
    } else {
      return;
    }
    // Some decide nothing, and some are refused: a repeated revocation.
    (void)province_.Submit(std::move(event)).status();
  }

  Position Newest() {
    (void)province_.Rows();
    return engine().rows_position();
  }

  // Holds the list of one team against what the slow way finds.
  void Check(std::uint64_t team, Position position,
             const std::vector<v1::TeamEvent>& listed);

  Province province_;
  Instant now_;
  std::vector<RandomPhone> phones_;
};

v1::ListTeamEventsRequest EventsRequest(std::uint64_t team) {
  v1::ListTeamEventsRequest request;
  if (team == 0) {
    request.set_organisation_id(kOrganisation);
  } else {
    request.set_team_id(team);
  }
  return request;
}

void TeamEventsTest::Check(std::uint64_t team, Position position,
                           const std::vector<v1::TeamEvent>& listed) {
  const SlowRows slow(*engine().RowsAt(position));
  std::map<std::uint64_t, std::tuple<AuthorId, v1::Event>, std::greater<>> due;
  for (auto& [author, events] :
       EventsOf(province_.ReadHistory(), position.value)) {
    const auto row = slow.authors.find(author);
    if (row == slow.authors.end() ||
        row->second.kind() == v1::AUTHOR_KIND_SERVER) {
      continue;
    }
    if (team == 0 ? row->second.organisation_id() != kOrganisation
                  : row->second.team_id() != team) {
      continue;
    }
    for (auto& [at, event] : events) due[at] = {author, std::move(event)};
  }
  ASSERT_EQ(listed.size(), due.size()) << "of team " << team;
  auto expected = due.begin();
  for (const v1::TeamEvent& event : listed) {
    const auto& [author, recorded] = expected->second;
    SCOPED_TRACE(event.ShortDebugString());
    ASSERT_EQ(event.position(), expected->first);
    ASSERT_EQ(event.author(), author.view());
    ASSERT_EQ(event.event().SerializeAsString(), recorded.SerializeAsString());
    ASSERT_EQ(event.sequence(), recorded.sequence());
    ++expected;
    const auto exception = slow.exceptions.find({author, event.sequence()});
    if (exception == slow.exceptions.end()) {
      const auto day =
          slow.days.find({slow.authors.at(author).number(), event.sequence()});
      ASSERT_EQ(event.standing(), "COUNTED");
      ASSERT_EQ(event.time_quality(), "TRUSTED");
      ASSERT_EQ(event.date(), day == slow.days.end() ? 0 : day->second.days);
      ASSERT_EQ(event.reason() + event.text_vi() + event.text_en(), "");
      continue;
    }
    const v1::EventStanding& said = exception->second;
    ASSERT_EQ(absl::StrCat("STANDING_", event.standing()),
              v1::Standing_Name(said.standing()));
    ASSERT_EQ(absl::StrCat("TIME_QUALITY_", event.time_quality()),
              v1::TimeQuality_Name(said.time_quality()));
    ASSERT_EQ(event.date(), said.local_date());
    const bool counted = said.standing() == v1::STANDING_COUNTED;
    ASSERT_EQ(event.reason().empty(), counted);
    ASSERT_EQ(event.text_vi().empty(), counted);
    ASSERT_EQ(event.text_en().empty(), counted);
  }
}

TEST_F(TeamEventsTest, ThePagesAreAllEventsOfTheTeamsPhonesAsOfTheirMoment) {
  std::mt19937_64 random = SeededRandom();
  struct Seen {
    std::uint64_t team;
    Position position;
    std::vector<v1::TeamEvent> events;
  };
  std::vector<Seen> seen;
  std::set<std::string> standings;
  std::size_t dated = 0;
  for (int step = 0; step < 60; ++step) {
    now_.ms += static_cast<std::int64_t>(random() % 30) * kHourMs;
    province_.AdvanceTo(now_);
    for (std::size_t i = random() % 5; i > 0; --i) {
      ASSERT_NO_FATAL_FAILURE(
          Record(&phones_[random() % phones_.size()], random));
    }
    if (random() % 2 == 0) Decide(random);
    if (step % 6 != 5) continue;
    const Position position = Newest();
    for (const std::uint64_t team : {1u, 2u, 3u, 0u}) {
      const int page_size = static_cast<int>(1 + random() % 12);
      std::vector<v1::TeamEvent> listed =
          ReadPages(engine(), position, EventsRequest(team), page_size);
      ASSERT_NO_FATAL_FAILURE(Check(team, position, listed));
      for (const v1::TeamEvent& event : listed) {
        standings.insert(event.standing() + " " + event.time_quality());
        if (event.standing() == "COUNTED" && event.date() != 0) ++dated;
      }
      seen.push_back({team, position, std::move(listed)});
    }
  }
  // What was read once is read again, whatever was decided since.
  for (const Seen& before : seen) {
    const std::vector<v1::TeamEvent> again =
        ReadPages(engine(), before.position, EventsRequest(before.team), 200);
    ASSERT_EQ(again.size(), before.events.size());
    for (std::size_t i = 0; i < again.size(); ++i) {
      ASSERT_EQ(again[i].SerializeAsString(),
                before.events[i].SerializeAsString());
    }
  }
  // Any position, in the middle of an entry too.
  for (int i = 0; i < 20; ++i) {
    const Position position(1 + random() % Newest().value);
    const SlowRows slow(*engine().RowsAt(position));
    if (slow.authors.size() < phones_.size()) continue;
    ASSERT_NO_FATAL_FAILURE(
        Check(1, position, ReadPages(engine(), position, EventsRequest(1), 7)));
  }
  // The log was no poor one.
  EXPECT_GE(standings.size(), 6u);
  EXPECT_GT(dated, 50u);
}

TEST_F(TeamEventsTest, BeforeAPositionIsTheRestOfTheList) {
  std::mt19937_64 random = SeededRandom(1);
  for (int i = 0; i < 12; ++i) {
    ASSERT_NO_FATAL_FAILURE(Record(&phones_[random() % 3], random));
  }
  const Position position = Newest();
  const std::vector<v1::TeamEvent> all =
      ReadPages(engine(), position, EventsRequest(1), 500);
  ASSERT_FALSE(all.empty());
  for (std::uint64_t before = 1; before <= position.value + 1; ++before) {
    v1::ListTeamEventsRequest request = EventsRequest(1);
    request.set_before_position(before);
    const std::vector<v1::TeamEvent> rest =
        ReadPages(engine(), position, request, 3);
    std::size_t due = 0;
    for (const v1::TeamEvent& event : all) due += event.position() < before;
    ASSERT_EQ(rest.size(), due) << "before " << before;
    if (due > 0) {
      ASSERT_EQ(rest.front().SerializeAsString(),
                all[all.size() - due].SerializeAsString());
    }
  }
}

TEST_F(TeamEventsTest, APageEndsBeforeItIsTooLargeForAReply) {
  TestPhone large(77);
  phones_.emplace_back(77, 1);
  Enrol(1);
  Hash previous;
  for (std::uint64_t i = 1; i <= 90; ++i) {
    v1::SealedBatch sealed =
        large.Seal(i, previous, 1, std::string(40'000, 'x'));
    previous = BatchHash(sealed.batch());
    OfferedBatch batch = engine().Admit(large.author(), std::move(sealed));
    ASSERT_THAT(Await<int>([&](Done<int> done) {
                  ASSERT_EQ(engine().Offer(
                                &batch, [done](Answered) { done(1); }, [] {}),
                            OfferStatus::kTaken);
                }).status(),
                IsOk());
  }
  v1::ListTeamEventsRequest request = EventsRequest(1);
  request.set_page_size(500);
  v1::ListTeamEventsResponse page;
  ASSERT_THAT(
      ListTeamEventsQuery(request, ViewAt(engine(), Newest()), Allowed, &page),
      IsOk());
  EXPECT_LT(page.ByteSizeLong(), limits::kRequestBytesMax);
  EXPECT_LT(page.events_size(), 90);
  ASSERT_FALSE(page.next_page_token().empty());
  request.set_page_token(page.next_page_token());
  v1::ListTeamEventsResponse rest;
  ASSERT_THAT(
      ListTeamEventsQuery(request, ViewAt(engine(), Position(page.position())),
                          Allowed, &rest),
      IsOk());
  EXPECT_EQ(page.events_size() + rest.events_size(), 90);
  EXPECT_THAT(rest.next_page_token(), IsEmpty());
}

}  // namespace
}  // namespace thon::testing
