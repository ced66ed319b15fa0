// Who and when a policy covers, and what stops or holds a month.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/explain_steps.h"
#include "server/policy/seats.h"

namespace thon {
namespace {

// "từ 01/06/2023 đến hết 30/06/2023".
Sentence RangeWords(const DayRange& range) {
  if (range.to == kOpenEnd) {
    return {absl::StrCat("từ ", range.from.Vietnamese()),
            absl::StrCat("from ", range.from.Iso(), " on")};
  }
  return {absl::StrCat("từ ", range.from.Vietnamese(), " đến hết ",
                       range.to.Vietnamese()),
          absl::StrCat("from ", range.from.Iso(), " to ", range.to.Iso())};
}

}  // namespace

Sentence Explainer::SayStatus(const TraceStep& step) const {
  if (!step.holds) return ReasonSentence(step.reason);
  const Sentence status = WordsOf(policy_.status);
  return {absl::StrCat("Chính sách ", policy_.id, ": ", status.vi, "."),
          absl::StrCat("Policy ", policy_.id, " is ", status.en, ".")};
}

Sentence Explainer::SayPeriod(const TraceStep& step) const {
  if (step.reason == v1::REASON_CODE_POLICY_ENDED) {
    const std::string by = policy_.ended_by.empty()
                               ? ""
                               : absl::StrCat(" (", policy_.ended_by, ")");
    return {absl::StrCat("Chính sách hết hiệu lực từ ngày ",
                         policy_.ended_on.Vietnamese(), by, "."),
            absl::StrCat("The policy does not hold from ",
                         policy_.ended_on.Iso(), " on", by, ".")};
  }
  if (!policy_.has_period) {
    return {"Chính sách chưa có thời gian hỗ trợ.",
            "The policy has no period."};
  }
  const Sentence month = MonthWords(month_);
  return Judged(
      step.holds,
      {absl::StrCat(month.vi, " thuộc thời gian hỗ trợ từ ",
                    policy_.from.Vietnamese(), " đến hết ",
                    policy_.to.Vietnamese(), "."),
       absl::StrCat("month ", month.en, " is in the period ",
                    policy_.from.Iso(), " to ", policy_.to.Iso(), ".")});
}

Sentence Explainer::SayMonthOpen(const TraceStep& step) const {
  const Sentence month = MonthWords(month_);
  return {absl::StrCat(step.holds ? "Đã đến " : "Chưa đến ", month.vi, "."),
          absl::StrCat("Month ", month.en,
                       step.holds ? " has begun." : " has not begun.")};
}

Sentence Explainer::SayBeneficiary(const TraceStep& step) const {
  if (step.rule == Rule::kBeneficiaryKind) {
    if (!step.holds) return ReasonSentence(step.reason);
    return {"Đối tượng là tổ.", "The beneficiary is a team."};
  }
  if (step.rule == Rule::kLevel) {
    const Sentence asked = WordsOf(policy_.level);
    const Sentence found = WordsOf(facts_.level);
    return Judged(
        step.holds,
        {absl::StrCat("tổ ở cấp ", found.vi, "; chính sách hỗ trợ tổ ở cấp ",
                      asked.vi, "."),
         absl::StrCat("the team is at the level of a ", found.en,
                      "; the policy covers that of a ", asked.en, ".")});
  }
  std::vector<Sentence> words;
  for (const v1::UnitKind kind : policy_.kinds) words.push_back(WordsOf(kind));
  const Sentence asked = Joined(words);
  const Sentence found = WordsOf(facts_.unit_kind);
  return Judged(step.holds,
                {absl::StrCat("tổ ở ", found.vi, "; chính sách hỗ trợ tổ ở ",
                              asked.vi, "."),
                 absl::StrCat("the team's unit is of kind ", found.en,
                              "; the policy covers ", asked.en, ".")});
}

Sentence Explainer::SayTerritory(const TraceStep& step) const {
  if (step.rule == Rule::kTerritory) {
    if (!step.holds) return ReasonSentence(step.reason);
    if (facts_.territory == Territory::kFormerlyInside) {
      return {absl::StrCat("Tổ từng thuộc địa bàn ", policy_.issuer, "."),
              absl::StrCat("The team belonged to the territory of ",
                           policy_.issuer, ".")};
    }
    return {absl::StrCat("Tổ thuộc địa bàn ", policy_.issuer, "."),
            absl::StrCat("The team belongs to the territory of ",
                         policy_.issuer, ".")};
  }
  if (step.holds) {
    return {absl::StrCat(policy_.issuer, " vẫn là đơn vị của tổ."),
            absl::StrCat(policy_.issuer, " is still the team's unit.")};
  }
  return {absl::StrCat(policy_.issuer,
                       " không còn trong tháng này; cần người quyết định "
                       "chính sách cũ có tiếp tục hay không."),
          absl::StrCat(policy_.issuer,
                       " did not exist any more in this month; a person must "
                       "decide whether the old act goes on.")};
}

Sentence Explainer::SayExistence(const TraceStep& step) const {
  const Sentence day = WordsOf(policy_.exists_on);
  const Sentence there = RangeWords(facts_.exists);
  return Judged(step.holds, {absl::StrCat("tổ tồn tại ", day.vi, " (tổ có ",
                                          there.vi, ")."),
                             absl::StrCat("the team existed ", day.en,
                                          " (it exists ", there.en, ").")});
}

Sentence Explainer::SayList(const TraceStep& step) const {
  const RegistrationListRule& rule = *policy_.list;
  if (step.path == "registration_list.list_month") {
    if (rule.list_month == ListMonth::kFirstFull) {
      return {"Xã được tính từ tháng mà ngày đầu tháng đã có trong danh sách.",
              "A listing counts from the first month whose first day is "
              "listed."};
    }
    return {"Xã được tính từ tháng có ngày được đưa vào danh sách.",
            "A listing counts from the month that contains its first day."};
  }
  if (facts_.placement_pending) {
    return {"Chưa xác định xã của thôn, nên chưa xét được danh sách.",
            "The village's commune is not decided, so the list says nothing "
            "yet."};
  }
  if (facts_.list_position.value == 0) {
    return {absl::StrCat("Chưa có danh sách ", rule.list_id, " năm ", rule.year,
                         "."),
            absl::StrCat("List ", rule.list_id, " for ", rule.year,
                         " is not there.")};
  }
  std::vector<Sentence> words;
  for (const ListingFact& listing : facts_.listings) {
    const Sentence target = WordsOf(listing.target);
    const Sentence days = RangeWords(listing.days);
    words.push_back({absl::StrCat(target.vi, " ", days.vi),
                     absl::StrCat(target.en, " ", days.en)});
  }
  if (words.empty()) words.push_back({"không có tên", "not named"});
  const Sentence found = Joined(words, "; ");
  return Judged(
      step.holds,
      {absl::StrCat("xã có trong danh sách ", rule.list_id, " năm ", rule.year,
                    " cho ", MonthWords(month_).vi, " (", found.vi, ")."),
       absl::StrCat("the commune is on list ", rule.list_id, " for ", rule.year,
                    ", counted in ", month_.Iso(), " (", found.en, ").")});
}

Sentence Explainer::SayPlacement(const TraceStep& step) const {
  if (step.holds) {
    return {"Đã xác định xã của thôn.", "The village's commune is decided."};
  }
  return ReasonSentence(v1::REASON_CODE_PLACEMENT_PENDING);
}

Sentence Explainer::SaySuspension(const TraceStep& step) const {
  const bool fully = step.rule == Rule::kSuspendedFully;
  const Sentence effect =
      WordsOf(fully ? policy_.suspended_full : policy_.suspended_partly);
  if (step.holds) {
    return fully ? Sentence{"Tổ không bị tạm dừng cả tháng.",
                            "The team was not suspended for the whole month."}
                 : Sentence{"Tổ không bị tạm dừng một phần của tháng.",
                            "The team was not suspended for a part of the "
                            "month."};
  }
  const Sentence reason = ReasonSentence(step.reason);
  return {absl::StrCat(reason.vi, " Số ngày tạm dừng: ", step.number,
                       ". Theo chính sách: ", effect.vi, "."),
          absl::StrCat(reason.en, " Days suspended: ", step.number,
                       ". As the policy has it: ", effect.en, ".")};
}

Sentence Explainer::SaySeats(const TraceStep& step) const {
  const SeatTemplate& seats = *policy_.seats;
  const Sentence day = WordsOf(seats.on);
  if (step.holds) {
    return {absl::StrCat("Tổ đủ ", seats.seats.size(), " vị trí ", day.vi, "."),
            absl::StrCat("All ", seats.seats.size(), " seats are filled ",
                         day.en, ".")};
  }
  std::vector<Sentence> empty;
  const Date look =
      seats.on == LookDay::kFirstDay ? month_.first_day() : month_.last_day();
  for (const std::size_t seat : EmptySeats(seats, facts_.members, look)) {
    empty.push_back(WordsOf(seats.seats[seat]));
  }
  Sentence missing = Joined(empty, "; ");
  if (!missing.vi.empty()) {
    missing = {absl::StrCat(" Thiếu: ", missing.vi, "."),
               absl::StrCat(" Missing: ", missing.en, ".")};
  }
  const Sentence effect =
      seats.blocks_payment
          ? Sentence{"không chi", "it is not paid"}
          : Sentence{"chỉ ghi nhận, không ảnh hưởng số tiền",
                     "it is noted and does not change the amount"};
  return {absl::StrCat("Tổ chưa đủ thành phần ", day.vi, ".", missing.vi,
                       " Theo chính sách: ", effect.vi, "."),
          absl::StrCat("The seats are not all filled ", day.en, ".", missing.en,
                       " As the policy has it: ", effect.en, ".")};
}

Sentence Explainer::SayDecision(const TraceStep& step) const {
  return ReasonSentence(step.holds ? v1::REASON_CODE_DECIDED_FOR
                                   : v1::REASON_CODE_DECIDED_AGAINST);
}

}  // namespace thon
