// Goal: facts reach a phone as they are, and numbers that no server says are
// refused. Method: facts at random there and back; one wrong field each.
#include "server/policy/facts_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

#include "tests/support/seed.h"
#include "tests/unit/policy/random_case.h"

namespace thon {
namespace {

using ::testing::HasSubstr;
using testing::MakeRandomCase;
using testing::RandomCase;

TEST(FactsProtoTest, FactsComeBackAsTheyWere) {
  std::mt19937_64 random = SeededRandom();
  for (int i = 0; i < 1000; ++i) {
    const RandomCase one = MakeRandomCase(&random);
    const v1::DeterminationFacts sent = ToProto(one.policy, one.facts);
    const absl::StatusOr<BeneficiaryFacts> back = FromProto(one.policy, sent);
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(ToProto(one.policy, *back).SerializeAsString(),
              sent.SerializeAsString());
    Trace there;
    Trace here;
    ASSERT_EQ(Determine(one.policy, one.facts, one.month, &there),
              Determine(one.policy, *back, one.month, &here));
    ASSERT_EQ(there.steps.size(), here.steps.size());
    EXPECT_EQ(back->exists.to, one.facts.exists.to);
    EXPECT_EQ(back->members.size(), one.facts.members.size());
    EXPECT_EQ(back->decision.position, one.facts.decision.position);
  }
}

TEST(FactsProtoTest, WhatNoServerSaysIsRefused) {
  Policy policy;
  MetricSelector selector;
  selector.metric = Metric::kM10;
  selector.app = "VNeID";
  policy.selectors = {selector};
  BeneficiaryFacts facts;
  facts.counted = facts.with_held = {{3, 1}};
  facts.exists.from = Date::Of(2023, 1, 1);
  const v1::DeterminationFacts good = ToProto(policy, facts);
  ASSERT_TRUE(FromProto(policy, good).ok());
  EXPECT_EQ(good.counted(0).metric(), "M10");
  EXPECT_EQ(good.counted(0).qualifier(), "app=VNeID");

  using Proto = v1::DeterminationFacts*;
  const struct {
    const char* field;
    std::function<void(Proto)> spoil;
  } cases[] = {
      {"kind", [](Proto p) { p->set_kind(v1::BENEFICIARY_KIND_UNSPECIFIED); }},
      {"today", [](Proto p) { p->set_today(2'000'000'000); }},
      {"level", [](Proto p) { p->set_level(static_cast<v1::UnitLevel>(77)); }},
      {"unit_kind",
       [](Proto p) { p->set_unit_kind(static_cast<v1::UnitKind>(77)); }},
      {"territory", [](Proto p) { p->set_territory(3); }},
      {"territory", [](Proto p) { p->set_territory(-1); }},
      {"exists_from", [](Proto p) { p->set_exists_from(-2'000'000); }},
      {"exists_to", [](Proto p) { p->set_exists_to(-2'000'000); }},
      {"suspensions",
       [](Proto p) {
         p->add_suspensions()->set_from(9000);
         p->add_suspensions()->set_from(8000);
       }},
      {"listings.target",
       [](Proto p) {
         p->add_listings()->set_target(static_cast<v1::RegistrationTarget>(9));
       }},
      {"counted", [](Proto p) { p->clear_counted(); }},
      {"counted", [](Proto p) { p->mutable_counted(0)->set_metric("M11"); }},
      {"counted", [](Proto p) { p->mutable_counted(0)->set_qualifier(""); }},
      {"counted", [](Proto p) { p->mutable_counted(0)->set_numerator(-1); }},
      {"with_held",
       [](Proto p) { p->mutable_with_held(0)->set_denominator(-1); }},
      {"with_held", [](Proto p) { p->add_with_held(); }},
      {"late_left_out", [](Proto p) { p->set_late_left_out(-1); }},
      {"members.member_id", [](Proto p) { p->add_members(); }},
      {"members.affiliations",
       [](Proto p) {
         p->add_members()->set_member_id(1);
         p->mutable_members(0)->add_affiliations(
             static_cast<v1::Affiliation>(99));
       }},
      {"fundings.first_month", [](Proto p) { p->add_fundings(); }},
      {"year_used_vnd", [](Proto p) { p->set_year_used_vnd(-1); }},
      {"top_ups.first_month", [](Proto p) { p->add_top_ups(); }},
      {"mobilisations.persons",
       [](Proto p) { p->add_mobilisations()->set_persons(-1); }},
      {"mobilisations.rate_vnd",
       [](Proto p) {
         p->add_mobilisations()->set_rate_vnd(2'000'000'000'000'000);
       }},
      {"other_support.policy_id",
       [](Proto p) {
         p->add_other_support()->set_policy_id(std::string(65, 'A'));
       }},
      {"other_support.amount_vnd",
       [](Proto p) { p->add_other_support()->set_amount_vnd(-1); }},
  };
  for (const auto& c : cases) {
    v1::DeterminationFacts bad = good;
    c.spoil(&bad);
    const absl::StatusOr<BeneficiaryFacts> read = FromProto(policy, bad);
    ASSERT_FALSE(read.ok()) << c.field;
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(c.field));
  }
}

TEST(FactsProtoTest, AnOrganisationNeedsNoValues) {
  Policy policy;
  policy.selectors.resize(1);
  BeneficiaryFacts facts;
  facts.kind = v1::BENEFICIARY_KIND_ORGANISATION;
  EXPECT_TRUE(FromProto(policy, ToProto(policy, facts)).ok());
}

}  // namespace
}  // namespace thon
