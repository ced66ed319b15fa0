// What tests of commands share: a settled province, and how a lost command
// reads.
#ifndef THON_TESTS_UNIT_PROJECTIONS_ACTS_FIXTURE_H_
#define THON_TESTS_UNIT_PROJECTIONS_ACTS_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/core/civil.h"
#include "server/projections/registry.h"
#include "tests/unit/projections/map_maker.h"

namespace thon {

inline Date On(absl::string_view iso) { return Date(Day(iso)); }

inline auto LostBy(v1::CommandFailure failure, const std::string& told) {
  return ::testing::AllOf(
      ::testing::Property(&v1::CommandOutcome::effective, false),
      ::testing::Property(&v1::CommandOutcome::failure, failure),
      ::testing::Property(&v1::CommandOutcome::detail,
                          ::testing::HasSubstr(told)));
}

class ActsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(made_.Settle()); }

  v1::Event Rename(absl::string_view name, std::uint64_t officer = kOperator,
                   Position seen = Position(0)) {
    v1::Event event = made_.New(officer, seen);
    event.mutable_team_renamed()->set_team_id(7);
    event.mutable_team_renamed()->set_name(std::string(name));
    event.mutable_team_renamed()->set_effective_date(Day("2023-01-05"));
    return event;
  }
  std::string NameOf(std::uint64_t team) {
    return GetTeam(made_.log.rows(), TeamId(team))->name();
  }
  bool Exists(std::uint64_t team) {
    return GetTeam(made_.log.rows(), TeamId(team)).has_value();
  }

  MadeLog made_;
};

}  // namespace thon

#endif  // THON_TESTS_UNIT_PROJECTIONS_ACTS_FIXTURE_H_
