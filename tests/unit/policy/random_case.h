// Policies and facts at random, made so that most rules are reached and each
// of them sometimes fails.
#ifndef THON_TESTS_UNIT_POLICY_RANDOM_CASE_H_
#define THON_TESTS_UNIT_POLICY_RANDOM_CASE_H_

#include <random>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "server/policy/determine.h"
#include "server/policy/policy.h"

namespace thon::testing {

struct RandomCase {
  Policy policy;  // As the parser would accept it.
  BeneficiaryFacts facts;
  Month month;
};

RandomCase MakeRandomCase(std::mt19937_64* random);

// The facts with the named input (determine.h) in other ways; none equals
// `facts` in that input on purpose, and nothing else is touched.
std::vector<BeneficiaryFacts> Altered(const Policy& policy,
                                      const BeneficiaryFacts& facts,
                                      Month month, const std::string& input);

// Every input that a determination of the policy could name.
std::vector<std::string> InputsOf(const Policy& policy);

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_POLICY_RANDOM_CASE_H_
