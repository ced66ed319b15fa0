// Goal: whatever a server alters that holds the log's key, the verifier says
// what and where, by the phones' signatures, by what contradicts itself, or by
// what others kept.
//
// Method: one table. A row alters entries before the tree is built over them
// and signed again, and names the finding and the place that must come of it.
// What is signed again from the first entry on holds by itself and is caught by
// an older checkpoint.

#include "tests/unit/verify/tamper_fixture.h"

namespace thon::verify {
namespace {

// The tree is built over the altered entries and signed by the log's own key.
TEST_F(TamperTest, AnEntryAlteredUnderANewTreeIsNamed) {
  const std::size_t at = EntryOf("first", 300);
  const std::size_t next = EntryOf("first", at + 1);
  const auto attendees = [](v1::Batch* batch) {
    batch->mutable_events(0)->mutable_outreach_session()->set_attendees(99);
  };
  const std::vector<Case> cases = {
      {"bit-flipped-batch",
       [&](Entries* entries) {
         (*entries)[at] = Changed((*entries)[at], attendees, nullptr);
       },
       {},
       "SIGNATURE_BAD",
       at},
      {"bit-flipped-chain",
       [&](Entries* entries) {
         (*entries)[at] = Changed((*entries)[at], attendees, nullptr);
       },
       {},
       "CHAIN_BROKEN",
       next},
      {"bit-flipped-signature",
       [&](Entries* entries) {
         (*entries)[at] = Changed(
             (*entries)[at], nullptr,
             [](EntryTrailer* trailer) { trailer->signature.bytes[5] ^= 1; });
       },
       {},
       "SIGNATURE_BAD",
       at},
      {"re-signed-by-another",
       [&](Entries* entries) {
         (*entries)[at] =
             Changed((*entries)[at], attendees, nullptr, "attacker");
       },
       {},
       "SIGNATURE_BAD",
       at},
      {"written-by-a-stranger",
       [&](Entries* entries) {
         (*entries)[at] = Changed(
             (*entries)[at],
             [](v1::Batch* batch) {
               batch->set_author(std::string(
                   LogBuilder::KeyOf("attacker").public_key().author().view()));
             },
             nullptr, "attacker");
       },
       {},
       "AUTHOR_NOT_ENROLLED",
       at},
      {"dropped",
       [&](Entries* entries) { entries->erase(entries->begin() + at); },
       {},
       "POSITION_GAP",
       at},
      {"dropped-and-renumbered",
       [&](Entries* entries) {
         entries->erase(entries->begin() + at);
         Renumber(entries);
       },
       {},
       "CHAIN_GAP",
       next - 1},
      {"duplicated",
       [&](Entries* entries) {
         entries->insert(entries->begin() + at, (*entries)[at]);
         Renumber(entries);
       },
       {},
       "CHAIN_GAP",
       at + 1},
      {"swapped",
       [&](Entries* entries) {
         std::swap((*entries)[at], (*entries)[next]);
         Renumber(entries);
       },
       {},
       "CHAIN_GAP",
       at},
      {"reordered-time",
       [&](Entries* entries) {
         std::swap((*entries)[at], (*entries)[next]);
         Renumber(entries);
       },
       {},
       "RECEIVE_TIME_FALLS",
       at + 1},
      {"back-dated",
       [&](Entries* entries) {
         (*entries)[at] =
             Changed((*entries)[at], nullptr, [](EntryTrailer* trailer) {
               trailer->receive_time =
                   Instant(trailer->receive_time.ms - 86'400'000);
             });
       },
       {},
       "RECEIVE_TIME_FALLS",
       at},
      {"post-dated",
       [&](Entries* entries) {
         (*entries)[at] =
             Changed((*entries)[at], nullptr, [](EntryTrailer* trailer) {
               trailer->receive_time =
                   Instant(trailer->receive_time.ms + 86'400'000);
             });
       },
       {},
       "DAY_NOT_OPENED",
       at},
      {"truncated-log",
       [&](Entries* entries) { entries->resize(200); },
       {},
       "OLDER_CHECKPOINT_BEYOND"},
      {"garbage",
       [&](Entries* entries) { (*entries)[at] = std::string(90, '\1'); },
       {},
       "ENTRY_MALFORMED",
       at},
      {"trailer-count",
       [&](Entries* entries) {
         (*entries)[at] =
             Changed((*entries)[at], nullptr,
                     [](EntryTrailer* trailer) { ++trailer->event_count; });
       },
       {},
       "ENTRY_MALFORMED",
       at},
  };
  for (Case one : cases) {
    SCOPED_TRACE(one.name);
    if (absl::string_view(one.name) == "truncated-log") {
      // Older checkpoints were kept by somebody else.
      PackParts parts = Parts();
      const OlderCheckpoint kept{"kept.txt", CheckpointOf(parts, 300)};
      one.entries(&parts.entries);
      parts.older = {};
      parts.rows = nullptr;
      VerifyOptions options =
          OptionsFor({Write(MakePack(parts), "truncated-log")});
      options.older = {kept};
      const absl::StatusOr<VerifyReport> report = Verify(options);
      ASSERT_TRUE(report.ok());
      const Found* const found = Find(*report, one.finding);
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(found->places[0].file, "kept.txt");
      continue;
    }
    Expect(one);
  }
}

// The server's own events: policy, enrolment, days, state roots.
TEST_F(TamperTest, WhatTheServerSignsAnewIsFoundByWhatItContradicts) {
  const auto& entries = year_->log().entries();
  const auto find = [&](const auto& is) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (is(entries[i]->batch.events(0))) return i;
    }
    ADD_FAILURE() << "no such entry";
    return std::size_t{0};
  };
  const std::size_t part =
      find([](const v1::Event& e) { return e.has_document_part(); });
  const std::size_t enrol =
      find([](const v1::Event& e) { return e.has_author_enrolled(); });
  const std::size_t day =
      find([](const v1::Event& e) { return e.has_day_opened(); }) + 20;
  const auto resign = [](std::size_t at,
                         const std::function<void(v1::Batch*)>& change) {
    return [at, change](Entries* all) {
      (*all)[at] = Changed((*all)[at], change, nullptr, "server");
    };
  };
  const std::vector<Case> cases = {
      {"policy-part",
       resign(part,
              [](v1::Batch* batch) {
                std::string* const content = batch->mutable_events(0)
                                                 ->mutable_document_part()
                                                 ->mutable_content();
                (*content)[content->size() / 2] ^= 1;
              }),
       {},
       "CHAIN_BROKEN",
       part + 1},
      {"enrolled-key",
       resign(enrol,
              [](v1::Batch* batch) {
                batch->mutable_events(0)
                    ->mutable_author_enrolled()
                    ->set_public_key(std::string(
                        LogBuilder::KeyOf("attacker").public_key().view()));
              }),
       {},
       "AUTHOR_NOT_ENROLLED",
       EntryOf("first")},
      {"enrolled-without-code",
       resign(
           enrol,
           [](v1::Batch* batch) {
             batch->mutable_events(0)->mutable_author_enrolled()->set_code_hash(
                 std::string(32, 'x'));
           }),
       {},
       "ENROLMENT_INVALID",
       enrol},
      {"enrolled-for-another-team",
       resign(
           enrol,
           [](v1::Batch* batch) {
             batch->mutable_events(0)->mutable_author_enrolled()->set_team_id(
                 8);
           }),
       {},
       "ENROLMENT_INVALID",
       enrol},
      {"day-skipped",
       [&](Entries* all) {
         for (std::size_t i = 0; i < all->size(); ++i) {
           if (i < 2 || !entries[i]->batch.events(0).has_day_opened()) continue;
           (*all)[i] =
               Changed((*all)[i],
                       [](v1::Batch* batch) {
                         v1::DayOpened* const opened =
                             batch->mutable_events(0)->mutable_day_opened();
                         opened->set_local_date(opened->local_date() + 1);
                       },
                       nullptr, "server");
           return;
         }
       },
       {},
       "DAY_OUT_OF_ORDER"},
      {"invented-state-root",
       resign(day,
              [](v1::Batch* batch) {
                v1::StateRootsRecorded* const recorded =
                    batch->mutable_events(0)->mutable_state_roots_recorded();
                recorded->set_position(3);
                recorded->add_roots()->set_root(std::string(32, 'x'));
              }),
       {},
       "STATE_ROOT_UNNAMED",
       day},
      {"invented-fork",
       resign(day,
              [](v1::Batch* batch) {
                v1::ForkObserved* const fork =
                    batch->mutable_events(0)->mutable_fork_observed();
                fork->set_author(std::string(
                    LogBuilder::KeyOf("first").public_key().author().view()));
                fork->set_sequence(1);
                fork->set_offered_hash(std::string(32, 'x'));
                fork->set_offered_signature(std::string(64, 'x'));
              }),
       {},
       "FORK_UNPROVEN",
       day},
      {"second-log-opened",
       resign(day,
              [](v1::Batch* batch) {
                batch->mutable_events(0)->mutable_log_opened()->set_origin(
                    "thon.test/1");
              }),
       {},
       "SERVER_AUTHOR_MISPLACED",
       day},
  };
  for (const Case& one : cases) Expect(one);
}

// A server that writes its whole history again, with less money for a
// team and every signature right, contradicts only what others kept.
TEST_F(TamperTest, AHistoryWrittenAgainIsFoundByAnOlderCheckpoint) {
  YearOfALog other;
  other.Play(3'000'000, 120);
  const std::string pack = Write(MakePack(PartsOf(other.log())));
  absl::StatusOr<VerifyReport> alone = Verify(OptionsFor({pack}));
  ASSERT_TRUE(alone.ok());
  EXPECT_EQ(alone->verdict(), Verdict::kHeld)
      << ToTerminal(ReportDocument(*alone, 5));
  VerifyOptions options = OptionsFor({pack});
  options.older = {{"kept.txt", CheckpointOf(Parts(), 600)}};
  const absl::StatusOr<VerifyReport> report = Verify(options);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(Names(*report, Weight::kFailed),
              ::testing::ElementsAre("OLDER_CHECKPOINT_DIFFERS"));
  EXPECT_EQ(Find(*report, "OLDER_CHECKPOINT_DIFFERS")->places[0].file,
            "kept.txt");
  options.older.clear();
  options.expect_total = kPayroll;
  EXPECT_THAT(Names(*Verify(options), Weight::kFailed),
              ::testing::ElementsAre("TOTAL_DIFFERS"));
}

}  // namespace
}  // namespace thon::verify
