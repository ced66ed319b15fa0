// Goal: an explanation names exactly the facts that it rests on. Method:
// policies and facts at random from one seed; each input that the trace names
// is altered and at least one alteration must change the result, or, where a
// rule behind it decides the same in any case (an amount that no funding
// covers), what the step itself found; each other input is altered in the same
// ways and none may change the result or any step. Rerun with THON_SEED. The
// checker itself is shown traces with a name left out and with a name too many.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/policy/determine.h"
#include "server/policy/explain.h"
#include "tests/support/seed.h"
#include "tests/unit/policy/random_case.h"

namespace thon {
namespace {

using testing::Altered;
using testing::InputsOf;
using testing::MakeRandomCase;
using testing::RandomCase;

void AddNames(const TraceStep& step, std::set<std::string>* names) {
  names->insert(step.inputs.begin(), step.inputs.end());
  for (const TraceStep& child : step.children) AddNames(child, names);
}

std::set<std::string> NamesOf(const Trace& trace) {
  std::set<std::string> names;
  for (const TraceStep& step : trace.steps) AddNames(step, &names);
  return names;
}

void AddNames(const v1::Derivation& step, std::set<std::string>* names) {
  names->insert(step.inputs().begin(), step.inputs().end());
  for (const v1::Derivation& child : step.steps()) AddNames(child, names);
}

// What a trace says of the steps that name `input`; of all steps if it is
// empty.
void AddSaid(const TraceStep& step, const std::string& input,
             std::string* out) {
  const bool names = std::find(step.inputs.begin(), step.inputs.end(), input) !=
                     step.inputs.end();
  if (input.empty() || names) {
    absl::StrAppend(out, static_cast<int>(step.rule), " ", step.path, " ",
                    step.holds, step.deciding, step.unknown, " ", step.reason,
                    " ", step.number, " ", step.quantity, " ", step.rate_vnd,
                    " ", step.position.value);
    for (const UsedMetric& used : step.metrics) {
      absl::StrAppend(out, " ", used.value.numerator, "/",
                      used.value.denominator);
    }
    absl::StrAppend(out, "\n");
  }
  for (const TraceStep& child : step.children) AddSaid(child, input, out);
}

std::string SaidOf(const Trace& trace, const std::string& input) {
  std::string out;
  for (const TraceStep& step : trace.steps) AddSaid(step, input, &out);
  return out;
}

struct Effect {
  bool on_result = false;
  bool on_own_steps = false;  // Of the steps that name the input.
  bool on_any_step = false;
};

Effect EffectOf(const RandomCase& one, const std::string& input) {
  Trace trace;
  const Result result = Determine(one.policy, one.facts, one.month, &trace);
  const std::string own = SaidOf(trace, input);
  const std::string all = SaidOf(trace, "");
  Effect effect;
  for (const BeneficiaryFacts& facts :
       Altered(one.policy, one.facts, one.month, input)) {
    Trace other;
    effect.on_result |=
        !(Determine(one.policy, facts, one.month, &other) == result);
    effect.on_own_steps |= SaidOf(other, input) != own;
    effect.on_any_step |= SaidOf(other, "") != all;
  }
  return effect;
}

struct Tally {
  int named = 0;
  int decisive = 0;  // Of them, those that change the result.
};

// What is wrong with `names` as the inputs of the case; empty: nothing.
std::string Wrong(const RandomCase& one, const std::set<std::string>& names,
                  Tally* tally = nullptr) {
  std::set<std::string> left = names;
  for (const std::string& input : InputsOf(one.policy)) {
    const bool named = left.erase(input) != 0;
    const Effect effect = EffectOf(one, input);
    if (named && !effect.on_result && !effect.on_own_steps) {
      return absl::StrCat(input, " is named and changes nothing");
    }
    if (!named && effect.on_result) {
      return absl::StrCat(input, " changes the result and is not named");
    }
    if (!named && effect.on_any_step) {
      return absl::StrCat(input, " changes a step and is not named");
    }
    if (named && tally != nullptr) {
      ++tally->named;
      tally->decisive += effect.on_result ? 1 : 0;
    }
  }
  return left.empty() ? "" : absl::StrCat(*left.begin(), " is no input");
}

std::string Describe(const RandomCase& one, const Result& result,
                     const std::set<std::string>& names) {
  std::string out =
      absl::StrCat(StateName(result.state), " ", result.amount_vnd, " in ",
                   one.month.Iso(), "; reasons");
  for (const v1::ReasonCode reason : result.reasons) {
    absl::StrAppend(&out, " ", ReasonName(reason));
  }
  return absl::StrCat(out, "; named: ", absl::StrJoin(names, " "));
}

TEST(RemovalTest, WhatIsNamedDecidesAndWhatIsNotDoesNot) {
  std::mt19937_64 random = SeededRandom();
  constexpr int kCases = 1000;
  std::set<v1::DeterminationState> states;
  Tally tally;
  for (int i = 0; i < kCases; ++i) {
    const RandomCase one = MakeRandomCase(&random);
    Trace trace;
    const Result result = Determine(one.policy, one.facts, one.month, &trace);
    states.insert(result.state);
    const std::set<std::string> names = NamesOf(trace);
    ASSERT_EQ(Wrong(one, names, &tally), "")
        << "case " << i << ": " << Describe(one, result, names);
  }
  EXPECT_GE(states.size(), 5u);  // All of them, and the month not begun.
  EXPECT_GT(tally.decisive * 100, tally.named * 95)
      << tally.decisive << " of " << tally.named;
}

TEST(RemovalTest, ATraceChangesNothingAndTheDerivationNamesTheSame) {
  std::mt19937_64 random = SeededRandom();
  for (int i = 0; i < 500; ++i) {
    const RandomCase one = MakeRandomCase(&random);
    Trace trace;
    const Result result = Determine(one.policy, one.facts, one.month, &trace);
    ASSERT_EQ(result, Determine(one.policy, one.facts, one.month));
    std::set<std::string> names;
    AddNames(ToDerivation(one.policy, one.facts, one.month, result, trace),
             &names);
    ASSERT_EQ(names, NamesOf(trace));
  }
}

TEST(RemovalTest, ANameLeftOutAndANameTooManyAreSeen) {
  std::mt19937_64 random = SeededRandom();
  int left_out = 0;
  int too_many = 0;
  for (int i = 0; i < 100; ++i) {
    const RandomCase one = MakeRandomCase(&random);
    Trace trace;
    Determine(one.policy, one.facts, one.month, &trace);
    const std::set<std::string> names = NamesOf(trace);
    for (const std::string& name : names) {
      std::set<std::string> fewer = names;
      fewer.erase(name);
      ASSERT_NE(Wrong(one, fewer), "") << name;
      ++left_out;
    }
    for (const std::string& input : InputsOf(one.policy)) {
      std::set<std::string> more = names;
      if (!more.insert(input).second) continue;
      ASSERT_NE(Wrong(one, more), "") << input;
      ++too_many;
    }
    std::set<std::string> bogus = names;
    bogus.insert("weather");
    ASSERT_NE(Wrong(one, bogus), "");
  }
  EXPECT_GT(left_out, 100);
  EXPECT_GT(too_many, 100);
}

}  // namespace
}  // namespace thon
