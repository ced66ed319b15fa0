// What the files of policy_words share: one method a block of the format.
// Private to them.
#ifndef THON_POLICY_POLICY_WORDS_BUILDER_H_
#define THON_POLICY_POLICY_WORDS_BUILDER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/policy/policy.h"
#include "server/policy/policy_words.h"

namespace thon {

class PolicyWords {
 public:
  explicit PolicyWords(const Policy& policy) : policy_(policy) {}

  std::vector<PolicyStatement> Take();

 private:
  void SayHead();
  void SayTime();
  void SayMonthRule();
  void SayWho();
  void SayList();
  void SayTeam();
  void SaySeats();
  void SayUpdate();
  void SayLate();
  void SayConditions();
  void SayCondition(const Condition& condition, int depth);
  void SayAmounts();
  void SayAmount(const AmountLine& line);
  void SayCaps();
  void SayTopUp();
  void SayDoubleSupport();
  void SayFunding();
  void SayTargets();
  void SayAward();
  void SayRest();

  // A new statement; one with a basis has it among its fields.
  PolicyStatement& Say(absl::string_view path, Sentence text);
  PolicyStatement& Say(absl::string_view path, const Basis& basis,
                       Sentence text);

  const Policy& policy_;
  std::vector<PolicyStatement> statements_;
};

void AddField(PolicyStatement* statement, absl::string_view path,
              Sentence value);

}  // namespace thon

#endif  // THON_POLICY_POLICY_WORDS_BUILDER_H_
