// Goal: what an explanation says of events is so. Without a group of events
// that it names as counted the metric's value is another; without any of the
// other activities of the log it is the same.
//
// Method: phones of two teams report random activities of two months, some
// twice, some late, some held, some absurd. A policy asks for many metrics. For
// each threshold the history is folded again with events' payloads replaced by
// one that means nothing, and the row's values are compared. Rerun with
// THON_SEED.
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/core/entry.h"
#include "tests/support/seed.h"
#include "tests/unit/projections/random_activity.h"
#include "tests/unit/projections/support_fixture.h"

namespace thon {
namespace {

constexpr char kPolicyId[] = "A";
constexpr int kMonth = 202306;
constexpr int kGroupsEnough = 4;
constexpr unsigned kRoundsMax = 60;

// The log with some events made meaningless.
class AlteredLog final : public EventSource {
 public:
  AlteredLog(const LogBuilder& log, const std::set<std::uint64_t>& positions) {
    for (const auto& made : log.entries()) {
      Entry& entry = entries_.emplace_back();
      entry.made = made.get();
      entry.batch = made->batch;
      for (int i = 0; i < entry.batch.events_size(); ++i) {
        v1::Event& event = *entry.batch.mutable_events(i);
        const std::uint64_t position =
            made->trailer.first_position.value + static_cast<std::uint64_t>(i);
        if (positions.count(position) != 0) event.mutable_clock_observed();
        places_[{made->author, Sequence(event.sequence())}] = {
            entries_.size() - 1, i};
      }
    }
  }

  std::optional<RecordedEvent> Find(const AuthorId& author,
                                    Sequence sequence) const override {
    const auto at = places_.find({author, sequence});
    if (at == places_.end() || at->second.first >= folded_) return std::nullopt;
    const Entry& entry = entries_[at->second.first];
    const auto index = static_cast<std::uint64_t>(at->second.second);
    return RecordedEvent{
        entry.batch.events(at->second.second), author,
        Position(entry.made->trailer.first_position.value + index),
        entry.made->trailer.receive_time};
  }

  std::unique_ptr<MemoryRows> FoldAll() {
    auto rows = std::make_unique<MemoryRows>();
    Fold fold;
    for (const Entry& entry : entries_) {
      ++folded_;
      rows->Begin(entry.made->trailer.last_position());
      EXPECT_TRUE(fold.Apply(entry.made->index,
                             EncodeEntry(entry.batch.SerializeAsString(),
                                         entry.made->trailer),
                             *this, *rows)
                      .ok());
      rows->Commit();
    }
    return rows;
  }

 private:
  struct Entry {
    const MadeEntry* made = nullptr;
    v1::Batch batch;
  };
  std::vector<Entry> entries_;
  std::map<std::pair<AuthorId, Sequence>, std::pair<std::size_t, int>> places_;
  std::size_t folded_ = 0;
};

using Values = std::map<std::pair<std::string, std::string>,
                        std::pair<std::int64_t, std::int64_t>>;

class ExplanationRemovalTest : public ::testing::Test {
 protected:
  static std::string PolicyText(bool late) {
    std::string conditions = "conditions:\n  all:\n";
    for (const char* leaf :
         {"metric: M01", "metric: M02", "metric: M02, over: quarter",
          "metric: M03", "metric: M08", "metric: M08, over: quarter",
          "metric: M09", "metric: M09, topic: FRAUD_PREVENTION",
          "metric: M10, app: VNeID", "metric: M11", "metric: M19",
          "metric: M22"}) {
      // Every leaf holds, so that all are asked.
      absl::StrAppend(&conditions, "    - {", leaf, ", at_most: 100000",
                      ", source: S}\n");
    }
    conditions += "    - {metric: M23, at_most: 100, source: S}\n";
    conditions += "    - {metric: M06, at_most: 1, source: S}\n";
    conditions +=
        "monthly_update: {required: false, submit_before_day: 6, source: S}\n";
    return SmallPolicy(
        kPolicyId,
        absl::StrCat(PerMonth(500'000), conditions,
                     late ? "late_events: {effect: left_out, before_day: 6, "
                            "source: S}\n"
                          : ""));
  }

  void Record(std::mt19937_64& random, bool late) {
    made_ = std::make_unique<ActivityLog>();
    ActivityLog& made = *made_;
    const Hash hash = made.log.AppendDocument(PolicyText(late));
    v1::Event event = made.New();
    v1::PolicyPublished* policy = event.mutable_policy_published();
    policy->set_policy_id(kPolicyId);
    policy->set_version(1);
    policy->set_text_hash(std::string(hash.view()));
    policy->set_issuer_unit_id(kYenBai);
    const v1::CommandOutcome outcome = made.log.Submit(event);
    ASSERT_TRUE(outcome.effective()) << outcome.detail();
    made.log.Submit(made.Village(kThacBaVillage, kThacBa));
    made.log.Submit(made.Team(8, kThacBaVillage));
    made.log.Submit(made.Member(81, 8));
    const AuthorId phones[] = {
        made.phone,
        made.log.EnrolPhone("two", kOperator, TeamId(7), MemberId(72)),
        made.log.EnrolPhone("other", kOperator, TeamId(8), MemberId(81))};
    for (int i = 0; i < 26; ++i) {
      if (i == 13) made.log.SetTime(At("2023-07-02T08:00:00+07:00"));
      if (i == 20) made.log.SetTime(At("2023-07-09T08:00:00+07:00"));
      const std::size_t phone = random() % 3;
      const Instant when(At("2023-05-27T08:00:00+07:00").ms +
                         static_cast<std::int64_t>(random() % 10) * 86'400'000 +
                         static_cast<std::int64_t>(random() % 12) * 240'000);
      v1::Event done = Reported(when, phone == 2 ? 8 : 7,
                                phone == 2 ? 81 : 71 + random() % 2);
      FillRandomActivity(random, &done);
      if (random() % 8 == 0) {
        done.set_claimed_date(TimeZone::VietNam().DateOf(when).days - 20);
      }
      reports_.insert(made.log.last_position().value + 1);
      made.Send(phones[phone], {done});
      // Of the updates two come in time and one after the deadline.
      if (i % 9 != 4) continue;
      v1::Event update = Reported(when, 7, 71);
      update.mutable_monthly_update_submitted()->set_period_month(kMonth);
      reports_.insert(made.log.last_position().value + 1);
      made.Send(phones[i % 2], {update});
    }
    made.log.SetTime(At("2023-07-12T08:00:00+07:00"));
  }

  static Values ValuesIn(const RowReader& rows) {
    const auto row = GetRow<v1::Determination>(
        rows, Table::kDetermination,
        keys::Determination(kPolicyId, Month(kMonth), v1::BENEFICIARY_KIND_TEAM,
                            7));
    Values values;
    if (!row.has_value()) return values;
    for (const v1::MetricValue& value : row->metrics()) {
      values[{value.metric(), value.qualifier()}] = {value.numerator(),
                                                     value.denominator()};
    }
    return values;
  }

  Values Without(const std::set<std::uint64_t>& positions) {
    return ValuesIn(*AlteredLog(made_->log, positions).FoldAll());
  }

  void CheckStep(const v1::Derivation& step, const Values& values,
                 std::mt19937_64& random) {
    for (const v1::Derivation& below : step.steps()) {
      CheckStep(below, values, random);
    }
    if (!step.steps().empty() || step.metrics().empty()) return;
    const v1::MetricValue& value = step.metrics(0);
    const std::pair<std::string, std::string> name(value.metric(),
                                                   value.qualifier());
    if (values.count(name) == 0) return;
    const std::set<std::uint64_t> rests(step.positions().begin(),
                                        step.positions().end());
    std::map<std::uint64_t, std::set<std::uint64_t>> groups;
    for (const v1::ExplainedEvent& event : step.events()) {
      if (event.standing() == "COUNTED" || event.grouped_with() != 0) {
        EXPECT_TRUE(rests.count(event.position()) != 0);
      } else {
        EXPECT_NE(event.text_vi(), "") << event.ShortDebugString();
        continue;
      }
      groups[event.grouped_with() == 0 ? event.position()
                                       : event.grouped_with()]
          .insert(event.position());
    }
    for (const auto& [first, group] : groups) {
      ++(name.first == "M06" ? updates_checked_ : groups_checked_);
      EXPECT_NE(Without(group).at(name), values.at(name))
          << name.first << " " << name.second << ": the group of " << first
          << " is named as counted and is not missed";
    }
    std::set<std::uint64_t> others;
    std::set<std::uint64_t> some;
    for (const std::uint64_t position : reports_) {
      if (rests.count(position) != 0) continue;
      others.insert(position);
      if (random() % 2 == 0) some.insert(position);
    }
    for (const auto& unnamed : {others, some}) {
      EXPECT_EQ(Without(unnamed).at(name), values.at(name))
          << name.first << " " << name.second
          << ": events that are not named as counted are missed";
    }
  }

  std::unique_ptr<ActivityLog> made_;
  std::set<std::uint64_t> reports_;
  int groups_checked_ = 0;   // Of activities.
  int updates_checked_ = 0;  // Of monthly updates.
};

class ExplanationRemovals : public ExplanationRemovalTest,
                            public ::testing::WithParamInterface<bool> {};

TEST_P(ExplanationRemovals, WhatCountsIsMissedAndNothingElseIs) {
  // Where clocks ran backwards early, nothing of a round counts.
  for (unsigned round = 0;
       round < 2 || (groups_checked_ <= kGroupsEnough && round < kRoundsMax);
       ++round) {
    SCOPED_TRACE(round);
    std::mt19937_64 random = SeededRandom(round);
    reports_.clear();
    ASSERT_NO_FATAL_FAILURE(Record(random, GetParam()));
    const auto explained =
        ExplainDetermination(kPolicyId, v1::BENEFICIARY_KIND_TEAM, 7,
                             Month(kMonth), made_->log.rows(), &made_->log);
    ASSERT_TRUE(explained.ok());
    const Values values = ValuesIn(made_->log.rows());
    ASSERT_GE(values.size(), 14u) << explained->row.ShortDebugString();
    for (const v1::Derivation& step : explained->derivation.steps()) {
      CheckStep(step, values, random);
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(groups_checked_, kGroupsEnough);
  EXPECT_GT(updates_checked_, 0);
}

INSTANTIATE_TEST_SUITE_P(LateCountsOrNot, ExplanationRemovals,
                         ::testing::Bool());

}  // namespace
}  // namespace thon
