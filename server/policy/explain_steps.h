// Sentences of the steps of one determination. Private to explain*.cc.
#ifndef THON_POLICY_EXPLAIN_STEPS_H_
#define THON_POLICY_EXPLAIN_STEPS_H_

#include <string>

#include "server/core/civil.h"
#include "server/policy/determine.h"
#include "server/policy/policy.h"
#include "server/policy/policy_words_terms.h"
#include "thon/v1/policy.pb.h"

namespace thon {

class Explainer {
 public:
  // All must outlive the explainer.
  Explainer(const Policy& policy, const BeneficiaryFacts& facts, Month month)
      : policy_(policy), facts_(facts), month_(month) {}

  v1::Derivation Step(const TraceStep& step) const;
  // The result in words: state, amount, how it came about, why.
  Sentence Root(const Result& result) const;

 private:
  Sentence Say(const TraceStep& step) const;

  // explain_rules.cc
  Sentence SayStatus(const TraceStep& step) const;
  Sentence SayPeriod(const TraceStep& step) const;
  Sentence SayMonthOpen(const TraceStep& step) const;
  Sentence SayBeneficiary(const TraceStep& step) const;
  Sentence SayTerritory(const TraceStep& step) const;
  Sentence SayExistence(const TraceStep& step) const;
  Sentence SayList(const TraceStep& step) const;
  Sentence SayPlacement(const TraceStep& step) const;
  Sentence SaySuspension(const TraceStep& step) const;
  Sentence SaySeats(const TraceStep& step) const;
  Sentence SayDecision(const TraceStep& step) const;
  // explain_conditions.cc
  Sentence SayGroup(const TraceStep& step) const;
  Sentence SayThreshold(const TraceStep& step) const;
  Sentence SayHeldEvents(const TraceStep& step) const;
  Sentence SayUpdateMissing(const TraceStep& step) const;
  Sentence SayUpdateConfirmed(const TraceStep& step) const;
  Sentence SayLate(const TraceStep& step) const;
  // explain_money.cc
  Sentence SayAmount(const TraceStep& step) const;
  Sentence SayProrata(const TraceStep& step) const;
  Sentence SayRounding(const TraceStep& step) const;
  Sentence SayCap(const TraceStep& step) const;
  Sentence FundingName(Position position) const;
  Sentence SayFunding(const TraceStep& step) const;
  Sentence SayTopUp(const TraceStep& step) const;
  Sentence SayDoubleSupport(const TraceStep& step) const;
  Sentence Parts(const Result& result) const;
  void AddPositions(const TraceStep& step, v1::Derivation* out) const;

  const AmountLine* LineAt(absl::string_view path) const;

  const Policy& policy_;
  const BeneficiaryFacts& facts_;
  const Month month_;
};

Sentence ReasonSentence(v1::ReasonCode reason);

// Says whether: "Đạt: " or "Không đạt: " before a rule's sentence.
Sentence Judged(bool holds, const Sentence& sentence);

}  // namespace thon

#endif  // THON_POLICY_EXPLAIN_STEPS_H_
