// Goal: what happens in a log's life is recognised for what it is: state roots
// that it recorded, epochs with their declared loss, successors, forks, types
// that nobody knows.
//
// Method: small logs of real signatures, made for each case, and the same logs
// with the event altered, which is the control.

#include <random>

#include "server/core/batch.h"
#include "tests/support/seed.h"
#include "tests/unit/verify/verify_fixture.h"
#include "tools/verify/report.h"

namespace thon::verify {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class LogEvents : public SmallLogTest {
 protected:
  absl::StatusOr<VerifyReport> Check(const std::string& origin = "thon.test/1",
                                     std::vector<OlderCheckpoint> older = {}) {
    PackParts parts = PartsOf(made_.log);
    parts.origin = origin;
    parts.older = {};
    VerifyOptions options = OptionsFor({Write(MakePack(parts))});
    options.older = std::move(older);
    return Verify(options);
  }

  // A checkpoint of the first `size` entries, as the log signs it.
  std::string Checkpoint(std::uint64_t size) {
    return CheckpointOf(PartsOf(made_.log), size);
  }

  v1::Event OpenEpoch(const char* server) {
    v1::Event event;
    v1::EpochOpened* const epoch = event.mutable_epoch_opened();
    std::vector<Hash> leaves;
    for (const auto& entry : made_.log.entries()) {
      leaves.push_back(merkle::HashLeaf(entry->bytes));
    }
    epoch->set_old_origin("thon.test/1");
    epoch->set_old_size(leaves.size());
    epoch->set_old_root(std::string(merkle::RootOf(leaves).view()));
    epoch->set_first_lost_position(made_.log.last_position().value + 1);
    epoch->set_new_origin("thon.test/2");
    epoch->set_log_key(std::string(log_key_->public_key().view()));
    epoch->set_server_author_key(
        std::string(LogBuilder::KeyOf(server).public_key().view()));
    return event;
  }
};

TEST_F(LogEvents, StateRootsOfTheLogAreComparedWhereItNamesThem) {
  v1::Event close = made_.New();
  close.mutable_period_closed()->set_first_month(202301);
  close.mutable_period_closed()->set_last_month(202301);
  ASSERT_TRUE(made_.log.Submit(close).effective());
  const Position due = made_.log.last_position();
  auto report = Check();
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(Names(*report, Weight::kNoted), Contains("STATE_ROOT_MISSING"));
  v1::Event event;
  v1::StateRootsRecorded* const recorded = event.mutable_state_roots_recorded();
  recorded->set_position(due.value);
  Say(phone_, 3);
  for (const ProjectionTables& projection : AllProjectionTables()) {
    *recorded->add_roots() = *ComputeStateRoot(*made_.log.rows().At(due),
                                               projection, [] { return true; });
  }
  v1::Event wrong = event;
  made_.log.Append(made_.log.server(), {event});
  report = Check();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kHeld)
      << ToTerminal(ReportDocument(*report, 5));
  EXPECT_THAT(Names(*report, Weight::kNoted),
              Not(Contains("STATE_ROOT_MISSING")));
  // The server says something else later: that is named too, with its place.
  wrong.mutable_state_roots_recorded()->mutable_roots(3)->set_root(
      std::string(32, 'x'));
  made_.log.Append(made_.log.server(), {wrong});
  report = Check();
  ASSERT_TRUE(report.ok());
  ASSERT_THAT(Names(*report, Weight::kFailed),
              ElementsAre("STATE_ROOT_DIFFERS"));
  EXPECT_EQ(Find(*report, "STATE_ROOT_DIFFERS")->places[0].position,
            made_.log.last_position().value);
  EXPECT_THAT(Find(*report, "STATE_ROOT_DIFFERS")->places[0].detail.en,
              HasSubstr("activity"));
}

TEST_F(LogEvents, AnEpochsDeclaredLossIsNoTampering) {
  const std::uint64_t kept = made_.log.entries().size();
  const std::string inside = Checkpoint(kept - 2);
  // What the log had before it was restored: one entry more.
  PackParts lost = PartsOf(made_.log);
  lost.entries.push_back(lost.entries.back());
  const std::string beyond = CheckpointOf(lost, kept + 1);
  const AuthorId server = made_.log.Author("server 2");
  made_.log.Append(server, {OpenEpoch("server 2")});
  Say(phone_, 2);
  const auto report =
      Check("thon.test/2", {{"inside", inside}, {"beyond", beyond}});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kHeld)
      << ToTerminal(ReportDocument(*report, 5));
  ASSERT_EQ(report->epochs.size(), 2u);
  const Found* const loss = Find(*report, "DECLARED_LOSS");
  ASSERT_NE(loss, nullptr);
  EXPECT_EQ(loss->count, 1u);
  EXPECT_EQ(loss->places[0].file, "beyond");
  EXPECT_EQ(Find(*report, "EPOCH_OPENED")->places[0].entry, kept);
}

TEST_F(LogEvents, AnEpochThatDeclaresWhatIsNotSoFails) {
  v1::Event event = OpenEpoch("server 2");
  event.mutable_epoch_opened()->set_old_root(std::string(32, 'x'));
  const AuthorId server = made_.log.Author("server 2");
  made_.log.Append(server, {event});
  const auto report = Check("thon.test/2");
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(Names(*report, Weight::kFailed), ElementsAre("EPOCH_DIFFERS"));
}

TEST_F(LogEvents, TheServerOfAnEndedEpochMayNotWrite) {
  const AuthorId server = made_.log.Author("server 2");
  made_.log.Append(server, {OpenEpoch("server 2")});
  v1::Event day;
  day.mutable_day_opened()->set_local_date(Day("2023-01-07"));
  made_.log.Append(made_.log.server(), {day});
  const auto report = Check("thon.test/2");
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(Names(*report, Weight::kFailed),
              Contains("SERVER_AUTHOR_MISPLACED"));
}

TEST_F(LogEvents, ASuccessorIsBelievedBySignatureAlone) {
  const SigningKey old_key = LogBuilder::KeyOf("one");
  const SigningKey new_key = LogBuilder::KeyOf("two");
  v1::Event event;
  v1::AuthorEnrolled* const enrolled = event.mutable_author_enrolled();
  enrolled->set_public_key(std::string(new_key.public_key().view()));
  enrolled->set_kind(v1::AUTHOR_KIND_PHONE);
  enrolled->set_team_id(7);
  enrolled->set_member_id(71);
  enrolled->set_predecessor(std::string(phone_.view()));
  enrolled->set_predecessor_signature(std::string(
      old_key.Sign(kSuccessorContext, new_key.public_key().view()).view()));
  made_.log.Append(made_.log.server(), {event});
  Say(made_.log.Author("two"), 2);
  auto report = Check();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kHeld)
      << ToTerminal(ReportDocument(*report, 5));
  EXPECT_THAT(Names(*report, Weight::kNoted), Contains("SUCCESSOR"));
  EXPECT_THAT(Names(*report, Weight::kNoted), Contains("HELD_EVENT"));
  enrolled->set_public_key(
      std::string(LogBuilder::KeyOf("three").public_key().view()));
  made_.log.Append(made_.log.server(), {event});
  report = Check();
  EXPECT_THAT(Names(*report, Weight::kFailed),
              ElementsAre("ENROLMENT_INVALID"));
}

TEST_F(LogEvents, AForkIsNotedWhenItIsProvenAndNamedWhenItIsNot) {
  const SigningKey key = LogBuilder::KeyOf("one");
  const MadeEntry* kept = nullptr;
  for (const auto& entry : made_.log.entries()) {
    if (entry->author == phone_) kept = entry.get();
  }
  v1::Batch other = kept->batch;
  other.mutable_events(0)->mutable_outreach_session()->set_attendees(1);
  const v1::SealedBatch sealed = SealBatch(other, key);
  const absl::StatusOr<EntryView> view = ParseEntry(kept->bytes);
  v1::Event event;
  v1::ForkObserved* const fork = event.mutable_fork_observed();
  fork->set_author(std::string(phone_.view()));
  fork->set_sequence(kept->batch.first_sequence());
  fork->set_kept_hash(std::string(BatchHash(view->batch).view()));
  fork->set_offered_hash(std::string(BatchHash(sealed.batch()).view()));
  fork->set_offered_batch(sealed.batch());
  fork->set_offered_signature(sealed.signature());
  made_.log.Append(made_.log.server(), {event});
  auto report = Check();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kHeld)
      << ToTerminal(ReportDocument(*report, 5));
  EXPECT_EQ(Find(*report, "FORK")->places[0].position,
            made_.log.last_position().value);
  fork->set_kept_hash(std::string(32, 'x'));
  made_.log.Append(made_.log.server(), {event});
  report = Check();
  EXPECT_THAT(Names(*report, Weight::kFailed), ElementsAre("FORK_UNPROVEN"));
}

TEST_F(LogEvents, AnUnknownTypeIsNamedAndQuarantined) {
  v1::Event event = YearOfALog::Report(7, 71, made_.log.now().ms);
  event.clear_payload();
  event.GetReflection()->MutableUnknownFields(&event)->AddLengthDelimited(
      1234, "of a later version");
  made_.log.Append(phone_, {event});
  const auto report = Check();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kHeld);
  const Found* const unknown = Find(*report, "UNKNOWN_EVENT_TYPE");
  ASSERT_NE(unknown, nullptr);
  EXPECT_EQ(unknown->places[0].position, made_.log.last_position().value);
  EXPECT_THAT(unknown->places[0].detail.en, HasSubstr("1234"));
  EXPECT_THAT(Names(*report, Weight::kNoted), Contains("QUARANTINED_EVENT"));
}

TEST_F(LogEvents, ARevokedKeyThatWritesOnIsNoted) {
  v1::Event revoke = made_.New();
  revoke.mutable_author_revoked()->set_author(std::string(phone_.view()));
  revoke.mutable_author_revoked()->set_reason("lost");
  ASSERT_TRUE(made_.log.Submit(revoke).effective());
  Say(phone_, 3);
  const auto report = Check();
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(Names(*report, Weight::kFailed), IsEmpty());
  EXPECT_EQ(Find(*report, "AUTHOR_REVOKED")->count, 1u);
  EXPECT_EQ(Find(*report, "REVOKED_AUTHOR_WRITES")->count, 3u);
}

// Any bit of a tar but the words of its manifest: refused or found.
TEST_F(LogEvents, NoBitOfAPackIsTurnedUnseen) {
  PackParts parts = PartsOf(made_.log);
  parts.older = {5};
  const MadePack pack = MakePack(parts);
  const std::string tar = pack.Tar();
  const std::size_t begin =
      ::thon::testing::TarFile("manifest.json", pack.manifest.dump()).size();
  std::mt19937_64 random(TestSeed());
  for (int i = 0; i < 150; ++i) {
    const std::size_t at = begin + random() % (tar.size() - begin);
    std::string turned = tar;
    turned[at] ^= static_cast<char>(1 << random() % 8);
    const auto report = Verify(OptionsFor({WriteFile(turned)}));
    if (!report.ok()) continue;
    EXPECT_EQ(report->verdict(), Verdict::kFailed) << "byte " << at;
  }
  EXPECT_EQ(Verify(OptionsFor({WriteFile(tar)}))->verdict(), Verdict::kHeld);
}

}  // namespace
}  // namespace thon::verify
