// The words of a policy in both languages: what its enumerations, metrics and
// codes are called. Explanations, the policy in sentences and the difference of
// two policies say them alike.
#ifndef THON_POLICY_POLICY_WORDS_TERMS_H_
#define THON_POLICY_POLICY_WORDS_TERMS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/policy/metrics.h"
#include "server/policy/policy.h"
#include "server/policy/sentence.h"

namespace thon {

Sentence WordsOf(PolicyStatus status);
// One unit: "một tổ trong một tháng".
Sentence WordsOf(AmountUnit unit);
// Several, behind a number: "thành viên".
Sentence CountedWords(AmountUnit unit);
Sentence WordsOf(LookDay day);
Sentence WordsOf(SuspensionEffect effect);
Sentence WordsOf(RoundMode mode);
Sentence WordsOf(Grain over);
Sentence WordsOf(v1::UnitLevel level);
Sentence WordsOf(v1::UnitKind kind);
Sentence WordsOf(v1::Affiliation affiliation);
Sentence WordsOf(v1::RegistrationTarget target);
Sentence WordsOf(v1::OrganisationKind kind);
Sentence WordsOf(v1::Topic topic);
Sentence WordsOf(v1::CountBasis basis);
Sentence WordsOf(v1::AccountKind account);
Sentence WordsOf(v1::Audience audience);
// "bí thư chi bộ hoặc trưởng thôn".
Sentence WordsOf(const SeatRule& seat);
// "M10 số lượt cài đặt ứng dụng (ứng dụng VNeID) trong tháng".
Sentence WordsOf(const MetricSelector& selector);
// "ít nhất 50%": a bound on the selector's value.
Sentence BoundWords(const MetricSelector& selector, std::int64_t target,
                    bool at_most);
// "412/824"; "3"; "chưa tính được" for an unknown value.
Sentence ValueWords(const MetricSelector& selector, const MetricNumber& value);

// Codes that the format leaves as text; a code without words is said as it is.
Sentence PurposeWords(absl::string_view code);
Sentence BodyWords(absl::string_view code);
Sentence RhythmWords(absl::string_view code);

Sentence YesNo(bool yes);
Sentence MoneyWords(std::int64_t vnd);
Sentence DayWords(Date date);
Sentence MonthWords(Month month);

}  // namespace thon

#endif  // THON_POLICY_POLICY_WORDS_TERMS_H_
