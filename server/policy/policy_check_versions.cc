// What is wrong between texts: versions of one policy, and double support.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/policy/determine.h"
#include "server/policy/policy_check_parts.h"

namespace thon {
namespace {

using Versions = std::vector<const PolicySource*>;  // Of one id, by number.

const Policy& PolicyOf(const PolicySource* source) {
  return source->parsed.policy;
}

// "yb.yaml:12"
std::string PlaceOf(const Finding& finding) {
  return finding.line == 0 ? finding.file
                           : absl::StrCat(finding.file, ":", finding.line);
}

// The version that a month takes: the highest that is in force on its first
// day; before all of them the earliest.
const PolicySource* VersionFor(const Versions& versions, Month month) {
  const PolicySource* newest = nullptr;
  const PolicySource* earliest = nullptr;
  for (const PolicySource* version : versions) {
    const Date from = PolicyOf(version).effective_from;
    if (from <= month.first_day()) newest = version;
    if (earliest == nullptr || from < PolicyOf(earliest).effective_from) {
      earliest = version;
    }
  }
  return newest != nullptr ? newest : earliest;
}

// Whether the policy may owe money for the month once it is in force.
bool WouldPay(const Policy& policy, Month month) {
  return policy.status != PolicyStatus::kRepealed &&
         policy.status != PolicyStatus::kSuperseded &&
         !policy.amounts.empty() && PeriodCovers(policy, month);
}

bool Meet(const Policy& a, const Policy& b) {
  if (a.level != b.level ||
      std::none_of(a.kinds.begin(), a.kinds.end(), [&](v1::UnitKind kind) {
        return std::count(b.kinds.begin(), b.kinds.end(), kind) != 0;
      })) {
    return false;
  }
  // Two lists may name the same commune; one list gives it one target at a
  // time.
  if (!a.list.has_value() || !b.list.has_value() ||
      a.list->list_id != b.list->list_id) {
    return true;
  }
  return std::any_of(a.list->targets.begin(), a.list->targets.end(),
                     [&](v1::RegistrationTarget target) {
                       return std::count(b.list->targets.begin(),
                                         b.list->targets.end(), target) != 0;
                     });
}

bool Forbids(const Policy& policy, const std::string& other) {
  const DoubleSupportRule& rule = policy.double_support;
  return rule.forbid &&
         (rule.with.empty() ||
          std::count(rule.with.begin(), rule.with.end(), other) != 0);
}

class TogetherCheck {
 public:
  explicit TogetherCheck(absl::Span<const PolicySource> sources) {
    for (const PolicySource& source : sources) {
      if (source.parsed.ok())
        by_id_[source.parsed.policy.id].push_back(&source);
    }
    for (auto& [id, versions] : by_id_) {
      std::stable_sort(versions.begin(), versions.end(),
                       [](const PolicySource* a, const PolicySource* b) {
                         return PolicyOf(a).version < PolicyOf(b).version;
                       });
    }
  }

  std::vector<Finding> Take() {
    for (const auto& [id, versions] : by_id_) {
      CheckNumbers(versions);
      CheckGaps(versions);
    }
    for (auto a = by_id_.begin(); a != by_id_.end(); ++a) {
      for (auto b = std::next(a); b != by_id_.end(); ++b) {
        CheckDoubleSupport(a->second, b->second);
      }
    }
    return std::move(findings_);
  }

 private:
  void CheckNumbers(const Versions& versions);
  void CheckGaps(const Versions& versions);
  void SayGap(const Versions& versions, Month first, Month last);
  void CheckDoubleSupport(const Versions& a, const Versions& b);
  void SayDouble(const PolicySource* a, const PolicySource* b, Month first,
                 Month last);

  // The same of two texts; each names the other's place.
  void SayBoth(Severity severity, const PolicySource* a,
               absl::string_view path_a, const PolicySource* b,
               absl::string_view path_b, const Sentence& message);

  std::map<std::string, Versions> by_id_;
  std::vector<Finding> findings_;
};

void TogetherCheck::SayBoth(Severity severity, const PolicySource* a,
                            absl::string_view path_a, const PolicySource* b,
                            absl::string_view path_b, const Sentence& message) {
  const FindingPlacer at_a(*a);
  const FindingPlacer at_b(*b);
  const std::string place_a = PlaceOf(at_a.Make(severity, path_a, message));
  const std::string place_b = PlaceOf(at_b.Make(severity, path_b, message));
  findings_.push_back(at_a.Make(severity, path_a,
                                {absl::StrCat(message.vi, "; xem ", place_b),
                                 absl::StrCat(message.en, "; see ", place_b)}));
  findings_.push_back(at_b.Make(severity, path_b,
                                {absl::StrCat(message.vi, "; xem ", place_a),
                                 absl::StrCat(message.en, "; see ", place_a)}));
}

void TogetherCheck::CheckNumbers(const Versions& versions) {
  for (std::size_t i = 0; i + 1 < versions.size(); ++i) {
    const PolicySource* const low = versions[i];
    const PolicySource* const high = versions[i + 1];
    const Policy& a = PolicyOf(low);
    const Policy& b = PolicyOf(high);
    if (a.version == b.version) {
      if (low->text == high->text) continue;
      SayBoth(Severity::kError, low, "version", high, "version",
              {absl::StrCat("hai văn bản khác nhau cùng là ", a.id,
                            " phiên bản ", a.version),
               absl::StrCat("two different texts are both ", a.id, " version ",
                            a.version)});
      continue;
    }
    if (b.effective_from > a.effective_from) continue;
    const bool same = b.effective_from == a.effective_from;
    const Sentence day = DayWords(b.effective_from);
    SayBoth(Severity::kWarning, low, "effective_from", high, "effective_from",
            {absl::StrCat("phiên bản ", b.version, " có hiệu lực từ ", day.vi,
                          same ? ", cùng ngày với" : ", trước", " phiên bản ",
                          a.version, ", nên phiên bản ", a.version,
                          " không bao giờ được dùng"),
             absl::StrCat("version ", b.version, " takes effect on ", day.en,
                          same ? ", the same day as" : ", before", " version ",
                          a.version, ", so version ", a.version,
                          " is never used")});
  }
}

void TogetherCheck::SayGap(const Versions& versions, Month first, Month last) {
  const PolicySource* const at = VersionFor(versions, first);
  const Sentence from = MonthWords(first);
  const Sentence to = MonthWords(last);
  const bool one = first == last;
  findings_.push_back(FindingPlacer(*at).Make(
      Severity::kWarning, "period",
      {absl::StrCat(one ? "" : "từ ", from.vi, one ? "" : " đến ",
                    one ? "" : to.vi, " không có phiên bản nào của ",
                    PolicyOf(at).id, " áp dụng"),
       absl::StrCat("no version of ", PolicyOf(at).id, " covers ", from.en,
                    one ? "" : " to ", one ? "" : to.en)}));
}

void TogetherCheck::CheckGaps(const Versions& versions) {
  std::optional<Month> first;
  std::optional<Month> last;
  for (const PolicySource* version : versions) {
    const Policy& policy = PolicyOf(version);
    if (!policy.has_period) continue;
    first =
        std::min(first.value_or(policy.first_month()), policy.first_month());
    last = std::max(last.value_or(policy.last_month()), policy.last_month());
  }
  if (versions.size() < 2 || !first.has_value()) return;
  std::optional<Month> gap;
  for (Month month = *first; month <= *last; month = month.Next()) {
    const bool covered =
        PeriodCovers(PolicyOf(VersionFor(versions, month)), month);
    if (!covered && !gap.has_value()) gap = month;
    if (covered && gap.has_value()) {
      SayGap(versions, *gap, month.Previous());
      gap.reset();
    }
  }
  if (gap.has_value()) SayGap(versions, *gap, *last);
}

void TogetherCheck::SayDouble(const PolicySource* a, const PolicySource* b,
                              Month first, Month last) {
  const Sentence from = MonthWords(first);
  const Sentence to = MonthWords(last);
  const bool a_forbids = Forbids(PolicyOf(a), PolicyOf(b).id);
  const bool b_forbids = Forbids(PolicyOf(b), PolicyOf(a).id);
  SayBoth(
      Severity::kWarning, a, a_forbids ? "double_support" : "period", b,
      b_forbids ? "double_support" : "period",
      {absl::StrCat(PolicyOf(a).id, " và ", PolicyOf(b).id,
                    " cùng chi cho một tổ từ ", from.vi, " đến ", to.vi,
                    ", trong khi double_support cấm; mỗi tháng chỉ một chính "
                    "sách chi"),
       absl::StrCat(PolicyOf(a).id, " and ", PolicyOf(b).id,
                    " would pay the same teams from ", from.en, " to ", to.en,
                    ", which double_support forbids; each month only one of "
                    "them pays")});
}

void TogetherCheck::CheckDoubleSupport(const Versions& a, const Versions& b) {
  std::optional<Month> first;
  Month last;
  const PolicySource* of_a = nullptr;
  const PolicySource* of_b = nullptr;
  for (const PolicySource* version : a) {
    const Policy& policy = PolicyOf(version);
    if (!policy.has_period) continue;
    for (Month month = policy.first_month(); month <= policy.last_month();
         month = month.Next()) {
      if (VersionFor(a, month) != version) continue;
      const PolicySource* const other = VersionFor(b, month);
      const Policy& theirs = PolicyOf(other);
      const bool clash =
          policy.issuer == theirs.issuer && WouldPay(policy, month) &&
          WouldPay(theirs, month) && Meet(policy, theirs) &&
          (Forbids(policy, theirs.id) || Forbids(theirs, policy.id));
      if (!clash) continue;
      if (!first.has_value()) {
        first = month;
        of_a = version;
        of_b = other;
      }
      first = std::min(*first, month);
      last = std::max(last, month);
    }
  }
  if (first.has_value()) SayDouble(of_a, of_b, *first, last);
}

}  // namespace

std::vector<Finding> CheckTogether(absl::Span<const PolicySource> sources) {
  return TogetherCheck(sources).Take();
}

}  // namespace thon
