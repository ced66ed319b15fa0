// Goal: a log that was restored and declares its loss is no tampering,
// whichever of its packs are read, and a version of entries that is newer than
// the program is not called tampering either.
//
// Method: one log is played twice; at the same entry, one of them goes on,
// which is what will be lost, and the other opens the next epoch. Each case has
// a control that fails.

#include "server/core/batch.h"
#include "tests/unit/verify/tamper_fixture.h"
#include "tools/verify/report.h"

namespace thon::verify {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RestoredLog : public VerifyTest {
 protected:
  struct Played {
    MadeLog made{"2023-01-01T08:00:00+07:00"};
    AuthorId phone;

    void Say(int times) {
      for (int i = 0; i < times; ++i) {
        made.log.Append(phone, {YearOfALog::Report(7, 71, made.log.now().ms)});
      }
    }
    std::uint64_t size() const { return made.log.entries().size(); }
  };

  static void Begin(Played* log, int reports) {
    log->made.log.SetTime(At("2023-01-06T09:00:00+07:00"));
    ASSERT_NO_FATAL_FAILURE(log->made.Settle());
    ASSERT_TRUE(log->made.log.Submit(log->made.Member(71, 7)).effective());
    log->phone =
        log->made.log.EnrolPhone("one", kOperator, TeamId(7), MemberId(71));
    log->Say(reports);
  }

  // Both logs up to the entry that is kept; then `lost` entries of the one, and
  // the epoch's opening and `more` entries of the other.
  void Play(int reports, int lost, int more) {
    ASSERT_NO_FATAL_FAILURE(Begin(&old_, reports));
    ASSERT_NO_FATAL_FAILURE(Begin(&new_, reports));
    ASSERT_EQ(PartsOf(old_.made.log).entries, PartsOf(new_.made.log).entries);
    kept_ = old_.size();
    old_.Say(lost);
    OpenEpoch(2);
    new_.Say(more);
  }

  void OpenEpoch(int number) {
    const std::string server = absl::StrCat("server ", number);
    v1::Event event;
    v1::EpochOpened* const epoch = event.mutable_epoch_opened();
    std::vector<Hash> leaves;
    for (const auto& entry : new_.made.log.entries()) {
      leaves.push_back(merkle::HashLeaf(entry->bytes));
    }
    epoch->set_old_origin(Origin(number - 1));
    epoch->set_old_size(leaves.size());
    epoch->set_old_root(std::string(merkle::RootOf(leaves).view()));
    epoch->set_first_lost_position(new_.made.log.last_position().value + 1);
    epoch->set_new_origin(Origin(number));
    epoch->set_log_key(std::string(log_key_->public_key().view()));
    epoch->set_server_author_key(
        std::string(LogBuilder::KeyOf(server).public_key().view()));
    new_.made.log.Append(new_.made.log.Author(server), {event});
  }

  static std::string Origin(int epoch) {
    return absl::StrCat("thon.test/", epoch);
  }

  PackParts PartsOfEpoch(const Played& log, int epoch) {
    PackParts parts = PartsOf(log.made.log);
    parts.origin = Origin(epoch);
    parts.older = {};
    return parts;
  }
  // Of the newest tree, with the entries [0, end).
  PackParts UpTo(std::uint64_t end, int epoch = 2) {
    PackParts parts = PartsOfEpoch(new_, epoch);
    parts.end_entry = end;
    parts.position = new_.made.log.entries()[end - 1]->trailer.last_position();
    parts.rows = nullptr;
    return parts;
  }

  VerifyReport Check(std::vector<std::string> packs,
                     std::vector<OlderCheckpoint> older = {}) {
    VerifyOptions options = OptionsFor(std::move(packs));
    options.older = std::move(older);
    absl::StatusOr<VerifyReport> report = Verify(options);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *std::move(report) : VerifyReport(1);
  }

  // What the first epoch signed of its tree.
  OlderCheckpoint OldCheckpoint(std::uint64_t size) {
    return {absl::StrCat("old ", size),
            CheckpointOf(PartsOfEpoch(old_, 1), size)};
  }
  // The same of a tree whose first entry is another.
  OlderCheckpoint ForgedCheckpoint(std::uint64_t size) {
    PackParts parts = PartsOfEpoch(old_, 1);
    std::swap(parts.entries[0], parts.entries[1]);
    return {"forged", CheckpointOf(parts, size)};
  }

  static std::string Text(const VerifyReport& report) {
    return ToTerminal(ReportDocument(report, 5));
  }

  Played old_;
  Played new_;
  std::uint64_t kept_ = 0;
};

TEST_F(RestoredLog, TheNewestEpochsTreeCountsThoughTheDeadOneWasLonger) {
  ASSERT_NO_FATAL_FAILURE(Play(5, 9, 2));
  ASSERT_GT(old_.size(), new_.size());
  const std::string before = Write(MakePack(PartsOfEpoch(old_, 1)), "before");
  const std::string after = Write(MakePack(PartsOfEpoch(new_, 2)), "after");
  for (const auto& packs : {std::vector<std::string>{before, after},
                            std::vector<std::string>{after, before}}) {
    const VerifyReport report = Check(packs);
    EXPECT_EQ(report.verdict(), Verdict::kHeld) << Text(report);
    EXPECT_EQ(report.manifest.origin, "thon.test/2");
    EXPECT_EQ(report.entries, new_.size());
    EXPECT_THAT(Names(report, Weight::kNoted), Contains("DECLARED_LOSS"));
  }
}

TEST_F(RestoredLog, WhatAPackSaysOfLostEntriesIsNotComparedWithOthers) {
  ASSERT_NO_FATAL_FAILURE(Play(5, 3, 12));
  const std::string after = Write(MakePack(PartsOfEpoch(new_, 2)), "after");
  PackParts parts = PartsOfEpoch(old_, 1);
  VerifyReport report = Check({Write(MakePack(parts), "before"), after});
  EXPECT_EQ(report.verdict(), Verdict::kHeld) << Text(report);
  const Found* const found = Find(report, "PACK_OF_LOST_ENTRIES");
  ASSERT_NE(found, nullptr);
  EXPECT_THAT(found->places[0].detail.en,
              HasSubstr(absl::StrCat("from ", kept_, " on")));
  // One that ends in what was kept is compared.
  parts.entries.resize(kept_);
  parts.rows = nullptr;
  report = Check({Write(MakePack(parts), "before"), after});
  EXPECT_THAT(Names(report, Weight::kFailed), ElementsAre("MANIFEST_DIFFERS"));
}

TEST_F(RestoredLog, LostEntriesOfAnOldPackAreAbsentAndNotTampered) {
  ASSERT_NO_FATAL_FAILURE(Play(300, 250, 400));
  ASSERT_LT(kept_, 512u);
  ASSERT_GT(old_.size(), 512u);
  const std::string after = Write(MakePack(UpTo(256)), "after");
  PackParts parts = PartsOfEpoch(old_, 1);
  VerifyReport report = Check({Write(MakePack(parts), "before"), after});
  EXPECT_THAT(Names(report, Weight::kFailed), IsEmpty()) << Text(report);
  const Found* const absent = Find(report, "ENTRIES_ABSENT");
  ASSERT_NE(absent, nullptr);
  EXPECT_THAT(absent->places,
              Contains(::testing::Field(&Place::entry, std::optional(kept_))));
  EXPECT_EQ(report.verdict(), Verdict::kIncomplete);
  // An entry that its own tree does not hold is another matter.
  MadePack altered = MakePack(parts);
  std::string& bundle = altered.files["tile/entries/001"];
  const std::size_t at = bundle.find(old_.made.log.entries()[kept_]->bytes);
  ASSERT_NE(at, std::string::npos);
  bundle[at + old_.made.log.entries()[kept_]->bytes.size() - 50] ^= 1;
  report = Check({Write(altered, "before"), after});
  EXPECT_THAT(Names(report, Weight::kFailed), Contains("LEAF_DIFFERS"));
}

TEST_F(RestoredLog, APackThatEndsBeforeTheEpochsOpeningIsNotForged) {
  ASSERT_NO_FATAL_FAILURE(Play(5, 3, 12));
  const std::string path = Write(MakePack(UpTo(kept_)));
  VerifyReport report =
      Check({path}, {OldCheckpoint(kept_ - 2), OldCheckpoint(old_.size())});
  EXPECT_THAT(Names(report, Weight::kFailed), IsEmpty()) << Text(report);
  EXPECT_THAT(Names(report, Weight::kNotChecked),
              Contains("LOG_KEY_NOT_CHECKED"));
  const Found* const older = Find(report, "OLDER_CHECKPOINT_NOT_CHECKED");
  ASSERT_NE(older, nullptr);
  EXPECT_EQ(older->count, 1u);
  EXPECT_EQ(older->places[0].file, absl::StrCat("old ", old_.size()));
  // What any epoch keeps is compared, and the key's bytes too.
  report = Check({path}, {ForgedCheckpoint(kept_)});
  EXPECT_THAT(Names(report, Weight::kFailed),
              ElementsAre("OLDER_CHECKPOINT_DIFFERS"));
  const SigningKey other = LogBuilder::KeyOf("another log");
  PackParts parts = UpTo(kept_);
  parts.log_key = &other;
  VerifyOptions options = OptionsFor({Write(MakePack(parts))});
  options.trust.log_key = LogVerifierKey("thon.test/2", other.public_key());
  EXPECT_THAT(Names(*Verify(options), Weight::kFailed),
              ElementsAre("LOG_KEY_DIFFERS"));
}

TEST_F(RestoredLog, AnOriginThatNoEntryDeclaresFailsWhenAllWereRead) {
  ASSERT_NO_FATAL_FAILURE(Play(5, 3, 12));
  PackParts parts = PartsOfEpoch(new_, 3);
  EXPECT_THAT(Names(Check({Write(MakePack(parts))}), Weight::kFailed),
              ElementsAre("LOG_KEY_DIFFERS"));
}

TEST_F(RestoredLog, CheckpointsOfEpochsBeforeTheFirstEntryAreNotForeign) {
  ASSERT_NO_FATAL_FAILURE(Play(5, 3, 6));
  const std::uint64_t second = kept_ + 2;
  OpenEpoch(3);
  new_.Say(3);
  PackParts parts = UpTo(new_.size(), 3);
  parts.first_entry = 2;
  VerifyReport report =
      Check({Write(MakePack(parts))},
            {OldCheckpoint(kept_ - 2), OldCheckpoint(old_.size())});
  EXPECT_THAT(Names(report, Weight::kFailed), IsEmpty()) << Text(report);
  EXPECT_EQ(Find(report, "OLDER_CHECKPOINT_NOT_CHECKED"), nullptr);
  ASSERT_NE(Find(report, "DECLARED_LOSS"), nullptr);
  EXPECT_EQ(Find(report, "DECLARED_LOSS")->count, 1u);
  report = Check({Write(MakePack(parts))}, {ForgedCheckpoint(kept_ - 2)});
  EXPECT_THAT(Names(report, Weight::kFailed),
              ElementsAre("OLDER_CHECKPOINT_DIFFERS"));
  // Behind the second epoch's opening, nothing tells of the first.
  parts.first_entry = second;
  report = Check({Write(MakePack(parts))}, {OldCheckpoint(kept_ - 2)});
  EXPECT_THAT(Names(report, Weight::kFailed), IsEmpty()) << Text(report);
  EXPECT_THAT(Names(report, Weight::kNotChecked),
              Contains("OLDER_CHECKPOINT_NOT_CHECKED"));
  // An epoch that none of the entries can declare is foreign.
  PackParts foreign = PartsOfEpoch(old_, 4);
  report = Check({Write(MakePack(parts))},
                 {{"foreign", CheckpointOf(foreign, kept_)}});
  EXPECT_THAT(Names(report, Weight::kFailed),
              ElementsAre("OLDER_CHECKPOINT_FOREIGN"));
}

TEST_F(RestoredLog, AnEntryOfALaterVersionIsNotCalledTampering) {
  ASSERT_NO_FATAL_FAILURE(Play(5, 3, 12));
  PackParts parts = PartsOfEpoch(new_, 2);
  // Before the epoch: what was not understood may have declared it.
  parts.entries[kept_ - 1].back() = 2;
  VerifyReport report =
      Check({Write(MakePack(parts))}, {OldCheckpoint(old_.size())});
  EXPECT_EQ(report.verdict(), Verdict::kIncomplete) << Text(report);
  EXPECT_THAT(Names(report, Weight::kNotChecked),
              ::testing::IsSupersetOf({"ENTRY_VERSION_UNKNOWN", "FOLD_STOPPED",
                                       "LOG_KEY_NOT_CHECKED",
                                       "OLDER_CHECKPOINT_NOT_CHECKED"}));
  EXPECT_THAT(Names(report, Weight::kFailed), IsEmpty()) << Text(report);
  parts.entries[kept_ - 1].back() = 0;
  report = Check({Write(MakePack(parts))});
  EXPECT_THAT(Names(report, Weight::kFailed), Contains("ENTRY_MALFORMED"));
  EXPECT_THAT(Names(report, Weight::kNotChecked),
              Not(Contains("ENTRY_VERSION_UNKNOWN")));
}

}  // namespace
}  // namespace thon::verify
