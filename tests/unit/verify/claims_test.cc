// Goal: a log cannot talk its way out: what it says of itself (a fork, a code,
// a loss, an officer's signature, roots that it owes) is believed only as far
// as the log proves it.
//
// Method: logs of real signatures in which the server says what is not so,
// each beside the honest one.

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/receipt.h"
#include "server/core/receipt_card.h"
#include "server/projections/row_keys.h"
#include "tests/unit/verify/tamper_fixture.h"
#include "tools/verify/kept.h"
#include "tools/verify/tree_check.h"

namespace thon::verify {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Claims : public SmallLogTest {
 protected:
  VerifyReport Check(const std::string& origin = "thon.test/1") {
    PackParts parts = PartsOf(made_.log);
    parts.origin = origin;
    parts.older = {};
    absl::StatusOr<VerifyReport> report =
        Verify(OptionsFor({Write(MakePack(parts))}));
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *std::move(report) : VerifyReport(1);
  }

  const MadeEntry& PhonesEntry(int number) {
    for (const auto& entry : made_.log.entries()) {
      if (entry->author == phone_ && --number == 0) return *entry;
    }
    ADD_FAILURE() << "no such entry";
    return *made_.log.entries()[0];
  }

  static v1::Event Fork(const AuthorId& author, std::uint64_t sequence,
                        const MadeEntry& kept, const v1::Batch& offered,
                        bool with_bytes) {
    const v1::SealedBatch sealed = SealBatch(offered, LogBuilder::KeyOf("one"));
    v1::Event event;
    v1::ForkObserved* const fork = event.mutable_fork_observed();
    fork->set_author(std::string(author.view()));
    fork->set_sequence(sequence);
    fork->set_kept_hash(
        std::string(BatchHash(ParseEntry(kept.bytes)->batch).view()));
    fork->set_offered_hash(std::string(BatchHash(sealed.batch()).view()));
    if (with_bytes) fork->set_offered_batch(sealed.batch());
    fork->set_offered_signature(sealed.signature());
    return event;
  }

  v1::Event OpenEpoch() {
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
        std::string(LogBuilder::KeyOf("server 2").public_key().view()));
    return event;
  }

  Hash IssueCode(const char* name, int days) {
    const Hash code = Sha256Of(name);
    v1::Event issue = made_.New();
    v1::EnrolmentCodeIssued* const issued =
        issue.mutable_enrolment_code_issued();
    issued->set_code_hash(std::string(code.view()));
    issued->set_team_id(7);
    issued->set_member_id(71);
    issued->set_last_date(TimeZone::VietNam().DateOf(made_.log.now()).days +
                          days);
    EXPECT_TRUE(made_.log.Submit(issue).effective());
    return code;
  }
  static v1::Event Enrolment(const char* name, const Hash& code) {
    v1::Event event;
    v1::AuthorEnrolled* const enrolled = event.mutable_author_enrolled();
    enrolled->set_public_key(
        std::string(LogBuilder::KeyOf(name).public_key().view()));
    enrolled->set_kind(v1::AUTHOR_KIND_PHONE);
    enrolled->set_team_id(7);
    enrolled->set_member_id(71);
    enrolled->set_code_hash(std::string(code.view()));
    return event;
  }
};

TEST_F(Claims, AnAuthorsOwnBatchOfAnotherNumberIsNoFork) {
  const MadeEntry& kept = PhonesEntry(2);
  const MadeEntry& later = PhonesEntry(4);
  for (const bool with_bytes : {true, false}) {
    made_.log.Append(made_.log.server(),
                     {Fork(phone_, kept.batch.first_sequence(), kept,
                           later.batch, with_bytes)});
  }
  const VerifyReport report = Check();
  EXPECT_THAT(Names(report, Weight::kFailed), ElementsAre("FORK_UNPROVEN"));
  EXPECT_EQ(Find(report, "FORK_UNPROVEN")->count, 2u);
  EXPECT_THAT(Names(report, Weight::kNoted), Not(Contains("FORK")));
}

// The server knows the author's next batch before it records it.
TEST_F(Claims, ABatchThatTheLogTakesLaterIsNoFork) {
  const MadeEntry& last = PhonesEntry(5);
  v1::Batch next = last.batch;
  next.set_first_sequence(last.batch.first_sequence() + 1);
  next.mutable_events(0)->set_sequence(next.first_sequence());
  next.set_previous_hash(
      std::string(BatchHash(ParseEntry(last.bytes)->batch).view()));
  made_.log.Append(made_.log.server(), {Fork(phone_, next.first_sequence(),
                                             last, next, /*with_bytes=*/true)});
  EXPECT_THAT(Names(Check(), Weight::kFailed), ElementsAre("FORK_UNPROVEN"));
}

TEST_F(Claims, AForkWithoutTheOtherBatchIsTheServersWord) {
  const MadeEntry& kept = PhonesEntry(2);
  v1::Batch other = kept.batch;
  other.mutable_events(0)->mutable_outreach_session()->set_attendees(1);
  made_.log.Append(made_.log.server(),
                   {Fork(phone_, kept.batch.first_sequence(), kept, other,
                         /*with_bytes=*/false)});
  const VerifyReport report = Check();
  EXPECT_EQ(report.verdict(), Verdict::kHeld);
  EXPECT_THAT(Names(report, Weight::kNoted), Contains("FORK_SERVERS_WORD"));
  EXPECT_THAT(Names(report, Weight::kNoted), Not(Contains("FORK")));
}

TEST_F(Claims, AnEnrolmentWithAnExpiredCodeIsNamed) {
  const Hash good = IssueCode("good", 2);
  const Hash expired = IssueCode("expired", 1);
  made_.log.SetTime(At("2023-01-08T09:00:00+07:00"));
  made_.log.Append(made_.log.server(), {Enrolment("two", good)});
  EXPECT_THAT(Names(Check(), Weight::kFailed), IsEmpty());
  made_.log.Append(made_.log.server(), {Enrolment("three", expired)});
  const VerifyReport report = Check();
  ASSERT_THAT(Names(report, Weight::kFailed), ElementsAre("ENROLMENT_INVALID"));
  EXPECT_THAT(Find(report, "ENROLMENT_INVALID")->places[0].detail.en,
              HasSubstr("expired"));
}

TEST_F(Claims, AnEpochExcusesNoEnrolmentWithAnothersCode) {
  const Hash code = IssueCode("code", 5);
  made_.log.Append(made_.log.server(), {Enrolment("two", code)});
  const AuthorId server = made_.log.Author("server 2");
  made_.log.Append(server, {OpenEpoch()});
  made_.log.Append(server, {Enrolment("three", Sha256Of("was lost"))});
  VerifyReport report = Check("thon.test/2");
  EXPECT_THAT(Names(report, Weight::kFailed), IsEmpty());
  EXPECT_THAT(Names(report, Weight::kNoted), Contains("ENROLMENT_RESTORED"));
  made_.log.Append(server, {Enrolment("four", code)});
  EXPECT_THAT(Names(Check("thon.test/2"), Weight::kFailed),
              ElementsAre("ENROLMENT_INVALID"));
}

TEST_F(Claims, RootsThatAreOwedAreNamedByHowLongTheServerRanOn) {
  v1::Event close = made_.New();
  close.mutable_period_closed()->set_first_month(202301);
  close.mutable_period_closed()->set_last_month(202301);
  ASSERT_TRUE(made_.log.Submit(close).effective());
  const Position due = made_.log.last_position();
  made_.log.SetTime(At("2023-01-07T08:59:00+07:00"));
  Say(phone_, 1);
  EXPECT_THAT(Names(Check(), Weight::kNoted), Contains("STATE_ROOT_MISSING"));
  // It was off for three days.
  made_.log.SetTime(At("2023-01-10T12:00:00+07:00"));
  Say(phone_, 1);
  EXPECT_THAT(Names(Check(), Weight::kNotChecked),
              ElementsAre("STATE_ROOT_LATE"));
  made_.log.SetTime(At("2023-01-10T13:01:00+07:00"));
  Say(phone_, 1);
  EXPECT_THAT(Names(Check(), Weight::kFailed),
              ElementsAre("STATE_ROOT_NEVER_RECORDED"));
  // Some of them are no record of all of them.
  v1::Event event;
  v1::StateRootsRecorded* const recorded = event.mutable_state_roots_recorded();
  recorded->set_position(due.value);
  for (const ProjectionTables& projection : AllProjectionTables()) {
    *recorded->add_roots() = *ComputeStateRoot(*made_.log.rows().At(due),
                                               projection, [] { return true; });
  }
  v1::Event part = event;
  part.mutable_state_roots_recorded()->mutable_roots()->RemoveLast();
  *part.mutable_state_roots_recorded()->add_roots() = recorded->roots(0);
  made_.log.Append(made_.log.server(), {part});
  VerifyReport report = Check();
  EXPECT_THAT(
      Names(report, Weight::kFailed),
      ElementsAre("STATE_ROOTS_INCOMPLETE", "STATE_ROOT_NEVER_RECORDED"));
  EXPECT_EQ(Find(report, "STATE_ROOTS_INCOMPLETE")->count, 2u);
}

// A garbage byte in a reserved field is no officer's signature.
TEST_F(Claims, AnOfficersSignatureThatNobodyCanCheckHidesNothing) {
  PackParts parts = Parts();
  parts.older = {};
  parts.rows = nullptr;
  Hash last;
  for (std::size_t i = 0; i < parts.entries.size(); ++i) {
    if (year_->log().entries()[i]->author != year_->log().server()) continue;
    parts.entries[i] = Changed(
        parts.entries[i],
        [&](v1::Batch* batch) {
          if (batch->first_sequence() > 1) {
            batch->set_previous_hash(std::string(last.view()));
          }
          for (v1::Event& event : *batch->mutable_events()) {
            if (event.has_act())
              event.mutable_act()->set_officer_signature("x");
          }
        },
        nullptr, "server");
    last = BatchHash(ParseEntry(parts.entries[i])->batch);
  }
  const auto report = Verify(OptionsFor({Write(MakePack(parts))}));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(Names(*report, Weight::kFailed), IsEmpty())
      << ToTerminal(ReportDocument(*report, 5));
  EXPECT_THAT(Names(*report, Weight::kNotChecked),
              Contains("OFFICER_SIGNATURE_NOT_CHECKED"));
  EXPECT_EQ(report->money->on_server_signed.vnd, kPayroll);
  for (const char* const act : {"policy", "list", "funding", "team"}) {
    EXPECT_TRUE(
        report->money->policies.at(kYenBaiId).server_signed.contains(act))
        << act;
  }
}

TEST_F(Claims, SumsBeyond64BitsAreNotComputed) {
  const std::string path = Write(MakePack(Parts()));
  const auto packs = PackSet::Open({path});
  const auto store = TempRows::Open(folder_, 1 << 20);
  ASSERT_TRUE(packs.ok() && store.ok());
  Findings findings;
  PackEvents events(packs->get(), store->get());
  TileNodes nodes(&(*packs)->main());
  SignaturePool signatures(1);
  const ChainCheck chains(**packs, &events, &nodes, &findings, &signatures);
  MemoryRows rows;
  for (const std::uint64_t team : {7, 8}) {
    rows.Begin(Position(team));
    v1::Determination row;
    row.set_state(v1::DETERMINATION_STATE_PROVISIONAL);
    row.set_amount_vnd(INT64_MAX / 2 + 1);
    rows.Put(Table::kDetermination,
             keys::Determination("YB", Month(202301), v1::BENEFICIARY_KIND_TEAM,
                                 team),
             row.SerializeAsString());
    rows.Commit();
    const auto money = ComputeMoney(rows, events, chains, &findings);
    EXPECT_EQ(money.has_value(), team == 7);
  }
  bool named = false;
  for (const auto& [kind, found] : findings.All()) {
    named = named || kind->name == "TOTAL_NOT_COMPUTED";
  }
  EXPECT_TRUE(named);
}

// A phone's card of an entry, and a log restored without it.
class LossClaims : public Claims {
 protected:
  KeptReport Judge(const std::function<void(v1::EpochOpened*)>& change,
                   const char* signer = "server 2") {
    const std::size_t size = made_.log.entries().size();
    const MadeEntry& lost = *made_.log.entries()[size - 2];
    SignedGroup group;
    group.origin = "thon.test/1";
    group.first_entry = EntryIndex(size - 2);
    group.leaves = {merkle::HashLeaf(lost.bytes)};
    group.signature =
        SignGroup(*log_key_, group.origin, group.first_entry, group.leaves);
    v1::ReceiptCard card;
    *card.mutable_receipt() = MakeReceipt(group, 0, lost.trailer);
    card.set_leaf_hash(std::string(group.leaves[0].view()));
    card.set_author(std::string(lost.author.view()));
    card.set_sequence(lost.batch.first_sequence());

    PackParts parts = PartsOf(made_.log);
    parts.entries.resize(size - 2);
    std::vector<Hash> leaves;
    for (const std::string& entry : parts.entries) {
      leaves.push_back(merkle::HashLeaf(entry));
    }
    EntryTrailer trailer = lost.trailer;
    v1::Event event = OpenEpoch();
    v1::EpochOpened* const epoch = event.mutable_epoch_opened();
    epoch->set_old_size(size - 2);
    epoch->set_old_root(std::string(merkle::RootOf(leaves).view()));
    epoch->set_first_lost_position(trailer.first_position.value);
    change(epoch);
    event.set_sequence(1);
    v1::Batch batch;
    batch.set_author(std::string(
        LogBuilder::KeyOf("server 2").public_key().author().view()));
    batch.set_first_sequence(1);
    *batch.add_events() = event;
    const v1::SealedBatch sealed = SealBatch(batch, LogBuilder::KeyOf(signer));
    Signature::FromBytes(sealed.signature(), &trailer.signature);
    trailer.event_count = 1;
    parts.entries.push_back(EncodeEntry(sealed.batch(), trailer));
    parts.origin = "thon.test/2";
    parts.rows = nullptr;
    parts.older = {};
    parts.position = trailer.first_position;

    KeptOptions options;
    options.kind = KeptKind::kReceipt;
    options.text = FormatReceiptCard(card);
    options.name = "kept";
    options.trust.log_key =
        LogVerifierKey("thon.test/1", log_key_->public_key());
    options.pack = Write(MakePack(parts));
    absl::StatusOr<KeptReport> report = CheckKept(options);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *std::move(report) : KeptReport();
  }

  static std::set<std::string> NamesOf(const KeptReport& report) {
    std::set<std::string> names;
    for (const auto& [kind, found] : report.findings.All()) {
      names.insert(std::string(kind->name));
    }
    return names;
  }
};

TEST_F(LossClaims, OnlyAnEpochThatHoldsExcusesABrokenPromise) {
  const KeptReport honest = Judge([](v1::EpochOpened*) {});
  EXPECT_EQ(honest.verdict(), Verdict::kHeld)
      << ToTerminal(KeptDocument(honest));
  EXPECT_THAT(NamesOf(honest), Contains("RECEIPT_DECLARED_LOST"));
  for (const auto& change : std::vector<std::function<void(v1::EpochOpened*)>>{
           [](v1::EpochOpened* epoch) { epoch->set_old_size(3); },
           [](v1::EpochOpened* epoch) {
             epoch->set_old_root(std::string(32, 'x'));
           },
           [](v1::EpochOpened* epoch) {
             epoch->set_old_origin("thon.test/0");
           }}) {
    const KeptReport report = Judge(change);
    EXPECT_EQ(report.verdict(), Verdict::kFailed);
    EXPECT_THAT(NamesOf(report), Contains("EPOCH_DIFFERS"));
    EXPECT_THAT(NamesOf(report), Not(Contains("RECEIPT_DECLARED_LOST")));
  }
  const KeptReport forged = Judge([](v1::EpochOpened*) {}, "somebody");
  EXPECT_EQ(forged.verdict(), Verdict::kFailed);
  EXPECT_THAT(NamesOf(forged), Contains("SIGNATURE_BAD"));
  EXPECT_THAT(NamesOf(forged), Not(Contains("RECEIPT_DECLARED_LOST")));
}

TEST_F(Claims, AnEmptyLogIsNotSaidToHold) {
  PackParts parts;
  parts.log_key = log_key_;
  MadePack pack = MakePack(parts);
  auto report = Verify(OptionsFor({Write(pack)}));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict(), Verdict::kIncomplete);
  EXPECT_THAT(Names(*report, Weight::kNotChecked), Contains("TREE_EMPTY"));
  const auto fails = [&](const MadePack& changed) {
    report = Verify(OptionsFor({Write(changed)}));
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(Names(*report, Weight::kFailed), Contains("MANIFEST_DIFFERS"));
  };
  MadePack changed = pack;
  changed.manifest["position"] = 777;
  fails(changed);
  changed = pack;
  changed.manifest["state_roots"] = {{{"projection", "eligibility"},
                                      {"version", 99},
                                      {"root", std::string(64, '0')},
                                      {"row_count", 5}}};
  fails(changed);
  changed = pack;
  changed.files["rows/43/0"] = std::string("\0\0\0\0", 4);
  changed.ListFiles();
  fails(changed);
}

}  // namespace
}  // namespace thon::verify
