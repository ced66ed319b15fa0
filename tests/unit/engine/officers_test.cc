// What officers and phones ask of the engine beside batches: commands decided
// by the fold, documents, enrolment in its three ways, tokens.

#include <string>
#include <vector>

#include "server/core/limits.h"
#include "server/projections/row_keys.h"
#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

constexpr OfficerId kOperator(1);
constexpr std::uint64_t kProvince = 15;
constexpr std::uint64_t kCommune = 4771;
constexpr std::uint64_t kTeam = 70;
constexpr std::uint64_t kMember = 700;

class OfficersTest : public EngineTest {
 protected:
  OfficersTest() {
    Open();
    AwaitAllRows();
  }

  absl::StatusOr<CommandResult> Submit(std::vector<v1::Event> events,
                                       const std::string& key,
                                       OfficerId officer = kOperator,
                                       bool check_only = false) {
    return Start(std::move(events), key, officer, Position(0), check_only)
        .Get();
  }
  Arrived<absl::StatusOr<CommandResult>> Start(std::vector<v1::Event> events,
                                               const std::string& key,
                                               OfficerId officer = kOperator,
                                               Position seen = Position(0),
                                               bool check_only = false) {
    CommandRequest request;
    request.officer = officer;
    request.events = std::move(events);
    request.idempotency_key = key;
    request.seen_position = seen;
    request.check_only = check_only;
    Arrived<absl::StatusOr<CommandResult>> result;
    engine_->Submit(std::move(request), result.callback());
    return result;
  }
  absl::StatusOr<Position> Put(const std::string& content, const Hash& hash,
                               int first = 0, int count = 1) {
    Arrived<absl::StatusOr<Position>> put;
    engine_->PutDocument({content, hash, first, count}, put.callback());
    return put.Get();
  }

  static void Basis(v1::LegalDocument* document) {
    document->set_number("894/QĐ-UBND");
    document->set_issue_date(Date::Of(2023, 1, 5).days);
    document->set_issuer("UBND tỉnh Yên Bái");
  }
  // A province, a district, a commune.
  void ImportMap() {
    v1::UnitList list;
    const auto add = [&](std::uint64_t id, v1::UnitLevel level,
                         v1::UnitKind kind, const char* code, const char* name,
                         std::uint64_t parent) {
      v1::UnitRecord* unit = list.add_units();
      unit->set_unit_id(id);
      unit->set_level(level);
      unit->set_kind(kind);
      unit->set_code(code);
      unit->set_name(name);
      unit->set_parent_unit_id(parent);
    };
    add(kProvince, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "15",
        "Tỉnh Yên Bái", 0);
    add(141, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "141",
        "Huyện Yên Bình", kProvince);
    add(kCommune, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04771",
        "Xã Vĩnh Kiên", 141);
    const std::string bytes = list.SerializeAsString();
    const Hash hash = Sha256Of(bytes);
    ASSERT_THAT(Put(bytes, hash), IsOk());
    v1::Event event;
    event.mutable_units_imported()->set_effective_date(
        Date::Of(2023, 1, 1).days);
    event.mutable_units_imported()->set_units_hash(std::string(hash.view()));
    Basis(event.mutable_units_imported()->mutable_document());
    ASSERT_OK_AND_ASSIGN(const CommandResult result, Submit({event}, "map"));
    ASSERT_TRUE(result.outcomes[0].effective()) << result.outcomes[0].detail();
  }
  static v1::Event Founding(std::uint64_t team = kTeam) {
    v1::Event event;
    v1::TeamFounded* founded = event.mutable_team_founded();
    founded->set_team_id(team);
    founded->set_unit_id(kCommune);
    founded->set_level(v1::UNIT_LEVEL_COMMUNE);
    founded->set_founded_date(Date::Of(2023, 1, 10).days);
    founded->set_name("Tổ CĐS xã Vĩnh Kiên");
    Basis(founded->mutable_document());
    return event;
  }
  static v1::Event Joining() {
    v1::Event event;
    v1::MemberJoined* joined = event.mutable_member_joined();
    joined->set_member_id(kMember);
    joined->set_team_id(kTeam);
    joined->set_seat(v1::SEAT_LEADER);
    joined->set_joined_date(Date::Of(2023, 1, 10).days);
    return event;
  }
  static v1::Event Code(const std::string& code) {
    v1::Event event;
    v1::EnrolmentCodeIssued* issued = event.mutable_enrolment_code_issued();
    issued->set_code_hash(std::string(Sha256Of(code).view()));
    issued->set_team_id(kTeam);
    issued->set_member_id(kMember);
    issued->set_last_date(Date::Of(2023, 6, 30).days);
    return event;
  }
  void FoundTeamWithCode(const std::string& code) {
    ASSERT_NO_FATAL_FAILURE(ImportMap());
    ASSERT_OK_AND_ASSIGN(const CommandResult result,
                         Submit({Founding(), Joining(), Code(code)}, "team"));
    for (const v1::CommandOutcome& outcome : result.outcomes) {
      ASSERT_TRUE(outcome.effective()) << outcome.detail();
    }
  }

  static EnrolmentRequest ByCode(const Phone& phone, const std::string& code) {
    EnrolmentRequest request;
    request.code = code;
    request.public_key = std::string(phone.key().public_key().view());
    request.possession_signature = std::string(
        phone.key().Sign(kEnrolContext, Sha256Of(code).view()).view());
    return request;
  }
  static EnrolmentRequest AsSuccessor(const Phone& phone, const Phone& old) {
    EnrolmentRequest request;
    request.public_key = std::string(phone.key().public_key().view());
    request.predecessor = std::string(old.author().view());
    std::string message(Sha256Of("").view());
    message += request.predecessor;
    request.possession_signature =
        std::string(phone.key().Sign(kEnrolContext, message).view());
    request.predecessor_signature = std::string(
        old.key()
            .Sign(kSuccessorContext, phone.key().public_key().view())
            .view());
    return request;
  }
  Arrived<absl::StatusOr<Enrolment>> StartEnrol(EnrolmentRequest request) {
    Arrived<absl::StatusOr<Enrolment>> enrolled;
    engine_->Enrol(std::move(request), enrolled.callback());
    return enrolled;
  }
  absl::StatusOr<Enrolment> Enrol(EnrolmentRequest request) {
    return StartEnrol(std::move(request)).Get();
  }
};

// ---- Commands ----

TEST_F(OfficersTest, ACommandIsRecordedAndItsOutcomeToldWhenRowsHoldIt) {
  ASSERT_NO_FATAL_FAILURE(ImportMap());
  ASSERT_OK_AND_ASSIGN(const CommandResult result,
                       Submit({Founding(), Joining()}, "k1"));
  ASSERT_EQ(result.outcomes.size(), 2u);
  EXPECT_TRUE(result.outcomes[0].effective());
  EXPECT_TRUE(result.outcomes[1].effective());
  EXPECT_GE(engine_->rows_position(), result.position);
  const std::vector<v1::Event> events = Events();
  const v1::OfficerAct& act = events[result.position.value - 1].act();
  EXPECT_EQ(act.officer_id(), kOperator.value);
  EXPECT_EQ(act.idempotency_key(), "k1/1");
}

TEST_F(OfficersTest, TheSameKeyGivesTheFirstOutcomesAndRecordsNothing) {
  ASSERT_NO_FATAL_FAILURE(ImportMap());
  ASSERT_OK_AND_ASSIGN(const CommandResult first, Submit({Founding()}, "k1"));
  const LogEnd end = engine_->log().end();
  ASSERT_OK_AND_ASSIGN(const CommandResult again, Submit({Founding()}, "k1"));
  EXPECT_EQ(again.position, first.position);
  EXPECT_EQ(again.outcomes[0].SerializeAsString(),
            first.outcomes[0].SerializeAsString());
  EXPECT_EQ(engine_->log().end().next_position, end.next_position);
  Reopen();
  AwaitAllRows();
  ASSERT_OK_AND_ASSIGN(const CommandResult later, Submit({Founding()}, "k1"));
  EXPECT_EQ(later.position, first.position);
  EXPECT_THAT(Submit({Founding(71), Founding(72)}, "k1"),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(OfficersTest, WhatPlainlyFailsIsRefusedWithoutTrace) {
  ASSERT_NO_FATAL_FAILURE(ImportMap());
  const LogEnd end = engine_->log().end();
  EXPECT_THAT(Submit({Founding()}, "k1", OfficerId(9)),
              StatusIs(absl::StatusCode::kPermissionDenied, "events[0]: "));
  v1::Event nameless = Founding();
  nameless.mutable_team_founded()->clear_name();
  EXPECT_THAT(Submit({Founding(), nameless}, "k1"),
              StatusIs(absl::StatusCode::kInvalidArgument, "events[1]: "));
  EXPECT_THAT(Submit({Joining()}, "k1"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Submit({}, "k1"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Submit({Founding()}, "two words"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Submit({Founding()}, "k1", kOperator, /*check_only=*/true),
              IsOk());
  EXPECT_EQ(engine_->log().end().next_position, end.next_position);
}

TEST_F(OfficersTest, NoOfficerRecordsWhatOnlyTheServerMay) {
  v1::Event enrolled;
  enrolled.mutable_author_enrolled()->set_public_key(
      std::string(Phone(5).key().public_key().view()));
  v1::Event day;
  day.mutable_day_opened()->set_local_date(20000);
  for (const v1::Event& event : {enrolled, day, v1::Event()}) {
    EXPECT_THAT(Submit({event}, "k1"),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_FALSE(engine_->FindAuthor(Phone(5).author()).has_value());
}

TEST_F(OfficersTest, OfTwoWhoRaceOneSucceedsAndTheOtherIsTold) {
  ASSERT_NO_FATAL_FAILURE(ImportMap());
  const Position seen = engine_->rows_position();
  for (std::uint64_t team = 100; team < 110; ++team) {
    Arrived<absl::StatusOr<CommandResult>> a =
        Start({Founding(team)}, "a" + std::to_string(team), kOperator, seen);
    Arrived<absl::StatusOr<CommandResult>> b =
        Start({Founding(team)}, "b" + std::to_string(team), kOperator, seen);
    int effective = 0;
    for (const auto& result : {a.Get(), b.Get()}) {
      // The later is refused beforehand, or recorded without effect.
      if (result.ok()) {
        effective += result->outcomes[0].effective() ? 1 : 0;
      } else {
        EXPECT_THAT(result, StatusIs(absl::StatusCode::kFailedPrecondition));
      }
    }
    EXPECT_LE(effective, 1);
    AwaitAllRows();
  }
  EXPECT_TRUE(engine_->RowsAt(engine_->rows_position())
                  ->Get(Table::kTeam, keys::Team(TeamId(100)))
                  .has_value());
}

TEST_F(OfficersTest, TheSameKeyTwiceAtOnceTakesEffectOnce) {
  ASSERT_NO_FATAL_FAILURE(ImportMap());
  Arrived<absl::StatusOr<CommandResult>> a = Start({Founding()}, "k");
  Arrived<absl::StatusOr<CommandResult>> b = Start({Founding()}, "k");
  ASSERT_OK_AND_ASSIGN(const CommandResult first, a.Get());
  ASSERT_OK_AND_ASSIGN(const CommandResult second, b.Get());
  EXPECT_TRUE(first.outcomes[0].effective());
  EXPECT_EQ(first.outcomes[0].SerializeAsString(),
            second.outcomes[0].SerializeAsString());
}

// ---- Documents ----

TEST_F(OfficersTest, PartsThatTheLogHasAreNotRecordedAgain) {
  const std::size_t part = limits::kDocumentPartBytesMax;
  const std::string document(2 * part + 10, 'd');
  const Hash hash = Sha256Of(document);
  ASSERT_THAT(Put(document.substr(0, part), hash, 0, 3), IsOk());
  EXPECT_EQ(CountEvents(v1::Event::kDocumentPart), 1);
  ASSERT_THAT(Put(document, hash, 0, 3), IsOk());
  EXPECT_EQ(CountEvents(v1::Event::kDocumentPart), 3);
  ASSERT_THAT(Put(document.substr(part), hash, 1, 3), IsOk());
  EXPECT_EQ(CountEvents(v1::Event::kDocumentPart), 3);
  EXPECT_THAT(Put(document.substr(0, 100), hash, 0, 3),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Put(document, hash, 1, 3),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Put("", hash), StatusIs(absl::StatusCode::kInvalidArgument));
}

// ---- Enrolment ----

TEST_F(OfficersTest, ACodeMakesAKeyAnAuthorOnceAndForOneKey) {
  ASSERT_NO_FATAL_FAILURE(FoundTeamWithCode("mã-1"));
  Phone phone(20);
  ASSERT_OK_AND_ASSIGN(const Enrolment first, Enrol(ByCode(phone, "mã-1")));
  EXPECT_EQ(first.author.team_id(), kTeam);
  EXPECT_EQ(first.author.member_id(), kMember);
  EXPECT_TRUE(first.author.confirmed());
  EXPECT_THAT(
      VerifyReceipt(first.receipt, first.log_key, merkle::HashLeaf(first.leaf)),
      IsOk());
  // A phone whose Enrol was answered is never unknown.
  EXPECT_EQ(Answer(phone, phone.Next(1)).code(), v1::ANSWER_CODE_RECORDED);
  ASSERT_OK_AND_ASSIGN(const Enrolment again, Enrol(ByCode(phone, "mã-1")));
  EXPECT_EQ(again.author.enrolled_position(), first.author.enrolled_position());
  EXPECT_EQ(again.receipt.SerializeAsString(),
            first.receipt.SerializeAsString());
  EXPECT_EQ(CountEvents(v1::Event::kAuthorEnrolled), 1);
  EXPECT_THAT(Enrol(ByCode(Phone(21), "mã-1")),
              StatusIs(absl::StatusCode::kFailedPrecondition, "used"));
  EXPECT_THAT(Enrol(ByCode(Phone(21), "mã-2")),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(OfficersTest, KeysThatRaceForOneCodeLeaveOneAuthor) {
  ASSERT_NO_FATAL_FAILURE(FoundTeamWithCode("mã-1"));
  std::vector<Arrived<absl::StatusOr<Enrolment>>> race;
  for (std::uint8_t i = 0; i < 12; ++i) {
    race.push_back(
        StartEnrol(ByCode(Phone(static_cast<std::uint8_t>(30 + i)), "mã-1")));
  }
  int enrolled = 0;
  for (auto& result : race) enrolled += result.Get().ok() ? 1 : 0;
  EXPECT_EQ(enrolled, 1);
  EXPECT_EQ(CountEvents(v1::Event::kAuthorEnrolled), 1);
}

TEST_F(OfficersTest, EnrolmentWithoutPossessionOrAfterExpiryFails) {
  ASSERT_NO_FATAL_FAILURE(FoundTeamWithCode("mã-1"));
  Phone phone(20);
  EnrolmentRequest stolen = ByCode(Phone(21), "mã-1");
  stolen.public_key = std::string(phone.key().public_key().view());
  EXPECT_THAT(Enrol(stolen), StatusIs(absl::StatusCode::kInvalidArgument));
  stolen.public_key = "short";
  EXPECT_THAT(Enrol(stolen), StatusIs(absl::StatusCode::kInvalidArgument));
  clock_.Set(At("2023-07-01T08:00:00+07:00"));
  EnrolKey(Phone(99));  // Opens the days.
  EXPECT_THAT(Enrol(ByCode(phone, "mã-1")),
              StatusIs(absl::StatusCode::kFailedPrecondition, "expired"));
}

TEST_F(OfficersTest, ASuccessorIsEnrolledByItsPredecessorAndWaits) {
  ASSERT_NO_FATAL_FAILURE(FoundTeamWithCode("mã-1"));
  Phone old(20);
  ASSERT_THAT(Enrol(ByCode(old, "mã-1")), IsOk());
  Phone next(21);
  ASSERT_OK_AND_ASSIGN(const Enrolment successor,
                       Enrol(AsSuccessor(next, old)));
  EXPECT_EQ(successor.author.team_id(), kTeam);
  EXPECT_EQ(successor.author.predecessor(), std::string(old.author().view()));
  EXPECT_FALSE(successor.author.confirmed());
  ASSERT_OK_AND_ASSIGN(const Enrolment again, Enrol(AsSuccessor(next, old)));
  EXPECT_EQ(again.author.enrolled_position(),
            successor.author.enrolled_position());
  EnrolmentRequest forged = AsSuccessor(Phone(22), old);
  forged.predecessor_signature[3] ^= 1;
  EXPECT_THAT(Enrol(forged), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Enrol(AsSuccessor(Phone(22), Phone(23))),
              StatusIs(absl::StatusCode::kPermissionDenied));
  for (std::uint8_t i = 0; i < 7; ++i) {
    EXPECT_THAT(
        Enrol(AsSuccessor(Phone(static_cast<std::uint8_t>(40 + i)), old)),
        IsOk());
  }
  EXPECT_THAT(Enrol(AsSuccessor(Phone(50), old)),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(OfficersTest, AReceiptForAPhonesOwnWordsEnrolsNobody) {
  ASSERT_NO_FATAL_FAILURE(FoundTeamWithCode("mã-1"));
  Phone phone(20);
  ASSERT_THAT(Enrol(ByCode(phone, "mã-1")), IsOk());
  // A phone writes an AuthorEnrolled for a friend and gets a receipt for it.
  Phone other(21);
  v1::Batch batch;
  batch.set_author(std::string(phone.author().view()));
  batch.set_first_sequence(1);
  v1::Event* event = batch.add_events();
  event->set_sequence(1);
  event->mutable_author_enrolled()->set_public_key(
      std::string(other.key().public_key().view()));
  const v1::Answer answer = Answer(phone, SealBatch(batch, phone.key()));
  EnrolmentRequest request = ByCode(other, "");
  request.enrolment_leaf = Entries()[answer.receipt().entry_index()];
  request.enrolment_receipt = answer.receipt();
  EXPECT_THAT(Enrol(request), StatusIs(absl::StatusCode::kPermissionDenied));
}

// ---- Tokens ----

TEST_F(OfficersTest, TokensOpenTheDoorUntilTheyEnd) {
  const std::string first = engine_->new_operator_token();
  EXPECT_EQ(first.size(), 43u);
  EXPECT_THAT(engine_->Authenticate(first), IsOkAndHolds(kOperator));
  Arrived<absl::StatusOr<std::string>> made;
  engine_->CreateToken(OfficerId(5), Date::Of(2023, 6, 10), made.callback());
  const absl::StatusOr<std::string> token = made.Get();
  ASSERT_THAT(token, IsOk());
  EXPECT_THAT(engine_->Authenticate(*token), IsOkAndHolds(OfficerId(5)));
  EXPECT_THAT(engine_->Authenticate(*token + "x"),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(engine_->Authenticate(""),
              StatusIs(absl::StatusCode::kUnauthenticated));
  Reopen();
  EXPECT_EQ(engine_->new_operator_token(), "");
  EXPECT_THAT(engine_->Authenticate(*token), IsOkAndHolds(OfficerId(5)));
  clock_.Set(At("2023-06-11T00:00:00+07:00"));
  EXPECT_THAT(engine_->Authenticate(*token),
              StatusIs(absl::StatusCode::kUnauthenticated));
  Arrived<absl::StatusOr<int>> revoked;
  engine_->RevokeTokens(kOperator, revoked.callback());
  EXPECT_THAT(revoked.Get(), IsOkAndHolds(1));
  EXPECT_THAT(engine_->Authenticate(first),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

}  // namespace
}  // namespace thon
