// Goal: a comparison of two moments names every determination that differs,
// what it was and is, every version between, and the entry and events that made
// it; and nothing else. Method: a random history with decisions about money;
// the answer is compared with reading all rows after each entry between the two
// positions.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <optional>

#include "server/projections/row_keys.h"
#include "server/storage/row_store.h"
#include "tests/unit/rpc/audit_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;

class AuditChangesTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    MakeHistory(12);
    province_.ApproveFunding();
    MakeHistory(12);
    province_.AdvanceTo("2023-07-02T08:00:00+07:00");
    MakeHistory(8);
    Decide();
    province_.AdvanceTo("2023-08-02T08:00:00+07:00");
    MakeHistory(4);
    plain_ = ReadPlainly();
  }

  // An officer changes what teams are owed.
  void Decide() {
    v1::Event event;
    event.set_team_id(1);
    v1::OtherSupportRecorded* const other =
        event.mutable_other_support_recorded();
    other->set_team_id(1);
    other->set_description("hỗ trợ khác");
    other->set_first_month(202307);
    other->set_last_month(202307);
    const auto outcome = province_.Submit(event);
    ASSERT_THAT(outcome, IsOk());
  }

  std::map<std::string, std::string> RowsOf(Position position) {
    std::map<std::string, std::string> rows;
    province_.engine().RowsAt(position)->Scan(
        Table::kDetermination, "", "",
        [&](absl::string_view key, const RowVersion& row) {
          rows.emplace(std::string(key), row.value);
          return true;
        });
    return rows;
  }

  std::vector<v1::DeterminationChange> Changes(
      v1::ListDeterminationChangesRequest request, int page_size) {
    std::vector<v1::DeterminationChange> changes;
    request.set_page_size(page_size);
    do {
      v1::ListDeterminationChangesResponse page;
      const grpc::Status status =
          audit_->ListDeterminationChanges(AsOperator(), request, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      EXPECT_LE(page.changes_size(), page_size);
      EXPECT_EQ(page.first_position(), request.first_position());
      changes.insert(changes.end(), page.changes().begin(),
                     page.changes().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return changes;
  }

  static std::string KeyOf(const v1::DeterminationChange& change) {
    const bool team = change.team_id() != 0;
    return keys::Determination(
        change.policy_id(), Month(change.month()),
        team ? v1::BENEFICIARY_KIND_TEAM : v1::BENEFICIARY_KIND_ORGANISATION,
        team ? change.team_id() : change.organisation_id());
  }

  // The versions of every row in (first, second], entry by entry.
  struct Version {
    std::uint64_t entry = 0;
    std::optional<std::string> value;
  };
  std::map<std::string, std::vector<Version>> AllVersions(Position first,
                                                          Position second) {
    std::map<std::string, std::vector<Version>> versions;
    std::map<std::string, std::string> before = RowsOf(first);
    for (const PlainEntry& entry : plain_) {
      const Position at = entry.trailer.last_position();
      if (at <= first || at > second) continue;
      std::map<std::string, std::string> now = RowsOf(at);
      for (const auto& [key, value] : now) {
        const auto old = before.find(key);
        if (old == before.end() || old->second != value) {
          versions[key].push_back({entry.index, value});
        }
      }
      for (const auto& [key, value] : before) {
        if (now.count(key) == 0) {
          versions[key].push_back({entry.index, std::nullopt});
        }
      }
      before = std::move(now);
    }
    return versions;
  }

  void CheckCauses(const v1::DeterminationChange& change,
                   const v1::DeterminationStep& step) {
    const PlainEntry& entry = plain_[step.entry_index()];
    EXPECT_EQ(step.receive_time_ms(), entry.trailer.receive_time.ms);
    EXPECT_EQ(step.position(), entry.trailer.last_position().value);
    std::vector<std::uint64_t> named;
    std::vector<std::uint64_t> all;
    for (int i = 0; i < entry.batch.events_size(); ++i) {
      all.push_back(entry.trailer.first_position.value +
                    static_cast<std::uint64_t>(i));
      if (change.team_id() != 0 &&
          entry.batch.events(i).team_id() == change.team_id()) {
        named.push_back(all.back());
      }
    }
    std::vector<std::uint64_t> wanted = named.empty() ? all : named;
    if (wanted.size() > 16) wanted.resize(16);
    const std::vector<std::uint64_t> got(step.cause_positions().begin(),
                                         step.cause_positions().end());
    EXPECT_EQ(got, wanted);
    ASSERT_EQ(step.cause_kinds_size(), step.cause_positions_size());
    for (int i = 0; i < step.cause_kinds_size(); ++i) {
      const auto offset = static_cast<int>(got[static_cast<std::size_t>(i)] -
                                           entry.trailer.first_position.value);
      EXPECT_EQ(step.cause_kinds(i), KindOf(entry.batch.events(offset)));
    }
  }

  std::vector<PlainEntry> plain_;
};

TEST_F(AuditChangesTest, AreThoseOfAComparisonOfAllRows) {
  const std::uint64_t last = LastPosition().value;
  int compared = 0;
  for (int round = 0; round < 12; ++round) {
    std::uint64_t first = round == 0 ? 1 : random_() % last;
    std::uint64_t second = round == 0 ? last : 1 + random_() % last;
    if (first > second) std::swap(first, second);
    SCOPED_TRACE(absl::StrCat("from ", first, " to ", second));
    const auto before = RowsOf(Position(first));
    const auto after = RowsOf(Position(second));
    const auto versions = AllVersions(Position(first), Position(second));
    std::set<std::string> wanted;
    for (const auto& [key, value] : before) {
      const auto now = after.find(key);
      if (now == after.end() || now->second != value) wanted.insert(key);
    }
    for (const auto& [key, value] : after) {
      if (before.count(key) == 0) wanted.insert(key);
    }
    v1::ListDeterminationChangesRequest request;
    request.set_first_position(first);
    request.set_second_position(second);
    const auto changes = Changes(request, static_cast<int>(1 + random_() % 5));
    ASSERT_EQ(changes.size(), wanted.size());
    auto key = wanted.begin();
    for (const v1::DeterminationChange& change : changes) {
      ASSERT_EQ(KeyOf(change), *key);
      const auto old = before.find(*key);
      const auto now = after.find(*key);
      EXPECT_EQ(change.has_before(), old != before.end());
      EXPECT_EQ(change.has_after(), now != after.end());
      if (change.has_before()) {
        EXPECT_EQ(change.before().SerializeAsString(), old->second);
      }
      if (change.has_after()) {
        EXPECT_EQ(change.after().SerializeAsString(), now->second);
      }
      const std::vector<Version>& steps = versions.at(*key);
      ASSERT_EQ(static_cast<std::size_t>(change.steps_size()), steps.size());
      for (int i = 0; i < change.steps_size(); ++i) {
        const v1::DeterminationStep& step = change.steps(i);
        const Version& version = steps[static_cast<std::size_t>(i)];
        EXPECT_EQ(step.entry_index(), version.entry);
        ASSERT_EQ(step.has_determination(), version.value.has_value());
        if (version.value.has_value()) {
          EXPECT_EQ(step.determination().SerializeAsString(), *version.value);
        }
        CheckCauses(change, step);
      }
      ++key;
      ++compared;
    }
  }
  EXPECT_GT(compared, 10) << "the history must change something";
}

TEST_F(AuditChangesTest, OfOnePolicyMonthOrTeamAreThoseAmongAll) {
  v1::ListDeterminationChangesRequest request;
  request.set_first_position(1);
  request.set_second_position(LastPosition().value);
  const auto all = Changes(request, 1000);
  const auto expect_only = [&](const auto& keep) {
    std::vector<std::string> wanted;
    for (const v1::DeterminationChange& change : all) {
      if (keep(change)) wanted.push_back(change.SerializeAsString());
    }
    const auto got = Changes(request, 2);
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].SerializeAsString(), wanted[i]);
    }
  };
  request.set_team_id(1);
  expect_only([](const auto& change) { return change.team_id() == 1; });
  request.set_month(202306);
  expect_only([](const auto& change) {
    return change.team_id() == 1 && change.month() == 202306;
  });
  request.set_policy_id(Province::kPolicy);
  expect_only([](const auto& change) {
    return change.team_id() == 1 && change.month() == 202306 &&
           change.policy_id() == Province::kPolicy;
  });
  request.set_policy_id("NO-SUCH");
  expect_only([](const auto&) { return false; });
}

TEST_F(AuditChangesTest, APageOfAnotherRequestIsRefused) {
  v1::ListDeterminationChangesRequest request;
  request.set_first_position(1);
  request.set_page_size(1);
  v1::ListDeterminationChangesResponse page;
  ASSERT_TRUE(
      audit_->ListDeterminationChanges(AsOperator(), request, &page).ok());
  ASSERT_FALSE(page.next_page_token().empty());
  request.set_page_token(page.next_page_token());
  request.set_team_id(2);
  ExpectFault(audit_->ListDeterminationChanges(AsOperator(), request, &page),
              StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  request.set_team_id(0);
  request.set_page_token("zz");
  ExpectFault(audit_->ListDeterminationChanges(AsOperator(), request, &page),
              StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  request.set_page_token("");
  request.set_first_position(9);
  request.set_second_position(8);
  ExpectFault(audit_->ListDeterminationChanges(AsOperator(), request, &page),
              StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
}

}  // namespace
}  // namespace thon::testing
