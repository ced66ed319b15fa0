// What a server would say of a team: policies, a roster and months that a test
// sets, determined by the real engine, as a TeamView. And policy texts.
#ifndef THON_TESTS_UNIT_CLIENT_PREVIEW_SERVER_H_
#define THON_TESTS_UNIT_CLIENT_PREVIEW_SERVER_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/policy/determine.h"
#include "server/policy/explain.h"
#include "server/policy/facts_proto.h"
#include "server/policy/policy_yaml.h"
#include "thon/v1/sync_service.pb.h"

namespace thon::client {

inline constexpr char kThresholdPolicy[] = R"(policy: THR-2023
version: VERSION
title: Hỗ trợ theo hoạt động
issuer: Tỉnh Yên Bái
status: STATUS
basis:
  - {document: 1/2022/NQ-HĐND, issued: 2022-12-09, issuer: HĐND tỉnh}
period: {from: 2023-01-01, to: 2023-12-31, source: S1}
beneficiary: {level: VILLAGE, kinds: [thôn], source: S2}
team_must_exist: {on: last_day_of_month, assumption: A1}
suspended_days: {full_month: no_pay, partial: pay, assumption: A2}
conditions: {all: [{metric: METRIC, at_least: TARGET, source: S3}]}
amount: {per: UNIT, vnd: AMOUNT, source: S4}
funding: {required: false, source: S5}
LATE
)";

struct TextOptions {
  int version = 1;
  std::string status = "IN_FORCE";
  std::string metric = "M02";
  int target = 3;
  std::string unit = "team_month";
  std::int64_t amount = 500'000;
  std::string late = "";
};

inline std::string TextOf(const TextOptions& options) {
  return absl::StrReplaceAll(kThresholdPolicy,
                             {{"VERSION", absl::StrCat(options.version)},
                              {"STATUS", options.status},
                              {"METRIC", options.metric},
                              {"TARGET", absl::StrCat(options.target)},
                              {"UNIT", options.unit},
                              {"AMOUNT", absl::StrCat(options.amount)},
                              {"LATE", options.late}});
}

class PreviewServer {
 public:
  static constexpr std::uint64_t kTeam = 7;

  PreviewServer() {
    team.set_team_id(kTeam);
    team.set_level(v1::UNIT_LEVEL_VILLAGE);
    team.set_founded_date(Date::Of(2023, 1, 1).days);
    for (const std::uint64_t member : {11, 12}) Join(member);
    SetText(TextOf({}));
  }

  void Join(std::uint64_t member) {
    v1::TeamMember* const row = team.add_members();
    row->set_member_id(member);
    row->set_joined_date(Date::Of(2023, 1, 1).days);
  }

  void SetText(const std::string& yaml) {
    text = yaml;
    PolicyText parsed = ParsePolicy(yaml, "test.yaml");
    std::string said;
    for (const Finding& finding : parsed.findings) {
      absl::StrAppend(&said, FormatFinding(finding), "\n");
    }
    ASSERT_TRUE(parsed.ok()) << said;
    policy = std::move(parsed.policy);
  }

  BeneficiaryFacts FactsFor(Month month) {
    BeneficiaryFacts facts;
    facts.today = today;
    facts.level = team.level();
    facts.unit_kind = v1::UNIT_KIND_THON;
    facts.territory = Territory::kInside;
    facts.exists.from = Date(team.founded_date());
    for (const v1::DateRange& range : team.suspensions()) {
      facts.suspensions.push_back(
          {Date(range.from_date()),
           range.to_date() == 0 ? kOpenEnd : Date(range.to_date())});
    }
    if (policy.reads_roster()) {
      for (const v1::TeamMember& row : team.members()) {
        MemberFact member;
        member.id = MemberId(row.member_id());
        member.joined = Date(row.joined_date());
        member.left = Date(row.left_date());
        facts.members.push_back(member);
      }
    }
    const v1::TeamMonth* const rows[] = {&months[month]};
    for (const MetricSelector& selector : policy.selectors) {
      facts.counted.push_back(ReadActivityMetric(selector, rows));
    }
    facts.with_held = facts.counted;
    if (policy.cap_year_vnd != 0) facts.year_used_vnd = year_used;
    facts.listings = listings;
    facts.fundings = fundings;
    return facts;
  }

  v1::TeamView Say(const v1::TeamViewRequest& request) {
    v1::TeamView view;
    view.set_position(++position);
    view.set_end_sequence(end_sequence);
    *view.mutable_team() = team;
    v1::PolicyText* const out = view.add_policies();
    out->mutable_name()->set_policy_id(policy.id);
    out->mutable_name()->set_version(policy.version);
    bool known = false;
    for (const v1::PolicyName& name : request.known_policies()) {
      known |=
          name.policy_id() == policy.id && name.version() == policy.version;
    }
    if (!known) {
      out->set_text(text);
      ++texts_sent;
    }
    for (Month month = Month(request.first_month()); month <= Month::Of(today);
         month = month.Next()) {
      v1::TeamMonthView* const row = view.add_months();
      row->set_month(month.yyyymm);
      *row->mutable_activity() = months[month];
      v1::DeterminationView* const said = row->add_determinations();
      *said->mutable_policy() = out->name();
      const BeneficiaryFacts facts = FactsFor(month);
      *said->mutable_determination() =
          ToRow(policy, Determine(policy, facts, month), Position(5));
      *said->mutable_facts() = ToProto(policy, facts);
      year_used += said->determination().amount_vnd();
    }
    return view;
  }

  v1::TeamRow team;
  std::string text;
  Policy policy;
  Date today = Date::Of(2023, 11, 15);
  std::map<Month, v1::TeamMonth> months;
  std::vector<ListingFact> listings;
  std::vector<FundingFact> fundings;
  std::int64_t year_used = 0;  // Before the month that is said.
  std::uint64_t position = 100;
  std::uint64_t end_sequence = 1;
  int texts_sent = 0;
};

}  // namespace thon::client

#endif  // THON_TESTS_UNIT_CLIENT_PREVIEW_SERVER_H_
