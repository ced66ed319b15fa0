// Updates, late activities, conditions, and what is only said.
#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/policy_words_builder.h"

namespace thon {
namespace {

// "trước 0 giờ ngày 6 tháng sau".
Sentence DeadlineWords(int day) {
  return {absl::StrCat("trước 0 giờ ngày ", day, " tháng sau"),
          absl::StrCat("before 00:00 on day ", day, " of the next month")};
}

const char* GroupVietnamese(Condition::Op op) {
  switch (op) {
    case Condition::Op::kAny:
      return "ít nhất một trong các điều kiện sau";
    case Condition::Op::kNone:
      return "không điều kiện nào sau đây";
    default:
      return "tất cả các điều kiện sau";
  }
}

const char* GroupEnglish(Condition::Op op) {
  switch (op) {
    case Condition::Op::kAny:
      return "at least one of the following";
    case Condition::Op::kNone:
      return "none of the following";
    default:
      return "all of the following";
  }
}

bool Said(const Basis& basis) {
  return !basis.source.empty() || !basis.assumption.empty();
}

}  // namespace

void PolicyWords::SayUpdate() {
  const int submit = policy_.update_submit_before_day;
  const int confirm = policy_.update_confirm_before_day;
  const bool required = policy_.update_required;
  const bool recorded = policy_.update_record_missing;
  if (!required && !recorded && submit == 0 && confirm == 0 &&
      !Said(policy_.update_basis)) {
    return;
  }
  Sentence text = {
      required ? "Cập nhật hằng tháng phải được xác nhận, nếu không thì chờ "
                 "quyết định"
               : "Cập nhật hằng tháng không phải là điều kiện chi",
      required ? "The monthly update must be confirmed, or a person decides"
               : "The monthly update is no condition of payment"};
  absl::StrAppend(&text.vi, recorded ? "; thiếu thì ghi nhận"
                                     : "; thiếu thì không ghi nhận");
  absl::StrAppend(&text.en, recorded ? "; a missing one is noted"
                                     : "; a missing one is not noted");
  if (submit != 0) {
    absl::StrAppend(&text.vi, "; hạn nộp ", DeadlineWords(submit).vi);
    absl::StrAppend(&text.en, "; due ", DeadlineWords(submit).en);
  }
  if (confirm != 0) {
    absl::StrAppend(&text.vi, "; hạn xác nhận ", DeadlineWords(confirm).vi);
    absl::StrAppend(&text.en, "; to be confirmed ", DeadlineWords(confirm).en);
  }
  text = {text.vi + ".", text.en + "."};
  PolicyStatement& update =
      Say("monthly_update", policy_.update_basis, std::move(text));
  AddField(&update, "monthly_update.required", YesNo(required));
  AddField(&update, "monthly_update.record_missing", YesNo(recorded));
  if (submit != 0) {
    AddField(&update, "monthly_update.submit_before_day",
             DeadlineWords(submit));
  }
  if (confirm != 0) {
    AddField(&update, "monthly_update.confirm_before_day",
             DeadlineWords(confirm));
  }
}

void PolicyWords::SayLate() {
  const LateRule& late = policy_.late;
  if (late.effect == LateEffect::kCounts) {
    if (!Said(late.basis)) return;
    AddField(&Say("late_events", late.basis,
                  {"Hoạt động gửi muộn vẫn được tính và tháng được tính lại.",
                   "Activities that come late count; the month is computed "
                   "again."}),
             "late_events.effect", {"vẫn tính", "counts"});
    return;
  }
  const bool by_day = late.before_day != 0;
  const Sentence limit =
      by_day ? DeadlineWords(late.before_day)
             : Sentence{
                   absl::StrCat("trước 0 giờ ngày ",
                                late.accept_before.Vietnamese()),
                   absl::StrCat("before 00:00 on ", late.accept_before.Iso())};
  PolicyStatement& said =
      Say("late_events", late.basis,
          {absl::StrCat("Chỉ tính hoạt động nhận được ", limit.vi,
                        "; nhận sau thì lưu, không tính."),
           absl::StrCat("Only activities received ", limit.en,
                        " count; later ones are kept and left out.")});
  AddField(&said, "late_events.effect", {"không tính", "left out"});
  AddField(&said,
           by_day ? "late_events.before_day" : "late_events.accept_before",
           limit);
}

void PolicyWords::SayConditions() {
  if (!policy_.conditions.has_value()) {
    Say("conditions", {"Không có điều kiện về hoạt động hay kết quả.",
                       "There is no condition on activities or results."});
    return;
  }
  SayCondition(*policy_.conditions, 0);
}

void PolicyWords::SayCondition(const Condition& condition, int depth) {
  if (condition.op == Condition::Op::kThreshold) {
    const MetricSelector& selector = policy_.selectors[condition.selector];
    const Sentence metric = WordsOf(selector);
    const Sentence bound =
        BoundWords(selector, condition.target, condition.at_most);
    PolicyStatement& said = Say(condition.path, condition.basis,
                                {absl::StrCat(depth == 0 ? "Điều kiện: " : "",
                                              metric.vi, ": ", bound.vi, "."),
                                 absl::StrCat(depth == 0 ? "Condition: " : "",
                                              metric.en, ": ", bound.en, ".")});
    said.depth = depth;
    AddField(&said, condition.path + ".metric", metric);
    AddField(&said,
             absl::StrCat(condition.path,
                          condition.at_most ? ".at_most" : ".at_least"),
             bound);
    return;
  }
  const Sentence group = {GroupVietnamese(condition.op),
                          GroupEnglish(condition.op)};
  const Sentence text = {
      absl::StrCat(depth == 0 ? "Điều kiện: " : "", group.vi, ":"),
      absl::StrCat(depth == 0 ? "Conditions: " : "", group.en, ":")};
  // A group needs no source: its thresholds have theirs.
  PolicyStatement& said = Said(condition.basis)
                              ? Say(condition.path, condition.basis, text)
                              : Say(condition.path, text);
  said.depth = depth;
  AddField(&said, condition.path, group);
  for (const Condition& child : condition.children) {
    SayCondition(child, depth + 1);
  }
}

void PolicyWords::SayTargets() {
  for (const Target& target : policy_.targets) {
    const Sentence metric = WordsOf(target.selector);
    const Sentence bound =
        target.has_target ? BoundWords(target.selector, target.at_least, false)
                          : Sentence{"không có chỉ tiêu, chỉ báo cáo",
                                     "no target, only reported"};
    Sentence text = {
        absl::StrCat("Chỉ tiêu thi đua: ", metric.vi, ": ", bound.vi),
        absl::StrCat("Emulation target: ", metric.en, ": ", bound.en)};
    if (target.weight != 0) {
      absl::StrAppend(&text.vi, "; trọng số ", target.weight);
      absl::StrAppend(&text.en, "; weight ", target.weight);
    }
    text = {text.vi + ".", text.en + "."};
    PolicyStatement& said = Say(target.path, target.basis, std::move(text));
    AddField(&said, target.path + ".metric", metric);
    AddField(&said, target.path + ".at_least", bound);
    if (target.weight != 0) {
      AddField(&said, target.path + ".weight",
               Same(absl::StrCat(target.weight)));
    }
  }
}

void PolicyWords::SayAward() {
  if (!policy_.award.has_value()) return;
  const AwardRule& award = *policy_.award;
  std::vector<Sentence> words;
  for (const v1::OrganisationKind kind : award.pool) {
    words.push_back(WordsOf(kind));
  }
  const Sentence pool = Joined(words);
  Sentence ranks;
  for (std::size_t i = 0; i < award.rank_vnd.size(); ++i) {
    const std::string money = FormatDong(award.rank_vnd[i]);
    absl::StrAppend(&ranks.vi, i == 0 ? "" : "; ", "hạng ", i + 1, ": ", money);
    absl::StrAppend(&ranks.en, i == 0 ? "" : "; ", "rank ", i + 1, ": ", money);
  }
  const Sentence tie =
      award.tie_holds
          ? Sentence{"đồng hạng thì chờ quyết định", "a tie is held"}
          : Sentence{"đồng hạng thì cùng nhận", "units that tie are both paid"};
  Sentence text = {absl::StrCat("Khen thưởng, xếp chung ", pool.vi, ": ",
                                ranks.vi, "; ", tie.vi),
                   absl::StrCat("Award, ranking together ", pool.en, ": ",
                                ranks.en, "; ", tie.en)};
  if (!award.precondition.empty()) {
    absl::StrAppend(&text.vi, "; điều kiện trước: ", award.precondition);
    absl::StrAppend(&text.en, "; precondition: ", award.precondition);
  }
  if (!award.cadence.empty()) {
    absl::StrAppend(&text.vi, "; ", RhythmWords(award.cadence).vi);
    absl::StrAppend(&text.en, "; ", RhythmWords(award.cadence).en);
  }
  text = {text.vi + ".", text.en + "."};
  PolicyStatement& said = Say("award", award.basis, std::move(text));
  AddField(&said, "award.pool", pool);
  AddField(&said, "award.ranks", ranks);
  AddField(&said, "award.tie", tie);
  if (!award.precondition.empty()) {
    AddField(&said, "award.precondition", Same(award.precondition));
  }
  if (!award.cadence.empty()) {
    AddField(&said, "award.cadence", RhythmWords(award.cadence));
  }
}

void PolicyWords::SayRest() {
  if (!policy_.pay_rhythm.empty()) {
    const Sentence rhythm = RhythmWords(policy_.pay_rhythm);
    AddField(&Say("pay_rhythm", policy_.pay_rhythm_basis,
                  {absl::StrCat("Chi trả ", rhythm.vi, "."),
                   absl::StrCat("It is paid out ", rhythm.en, ".")}),
             "pay_rhythm.every", rhythm);
  }
  std::vector<Sentence> words;
  for (const std::string& purpose : policy_.purposes) {
    words.push_back(PurposeWords(purpose));
  }
  if (!words.empty()) {
    const Sentence purposes = Joined(words, "; ");
    AddField(&Say("purposes", policy_.purposes_basis,
                  {absl::StrCat("Được dùng cho: ", purposes.vi, "."),
                   absl::StrCat("It may be used for: ", purposes.en, ".")}),
             "purposes.of", purposes);
  }
  words.clear();
  for (const std::string& body : policy_.verify_chain) {
    words.push_back(BodyWords(body));
  }
  if (words.empty()) return;
  const Sentence chain = Joined(words, " → ");
  AddField(&Say("verify_chain", policy_.verify_basis,
                {absl::StrCat("Thẩm định lần lượt: ", chain.vi, "."),
                 absl::StrCat("Verified in this order: ", chain.en, ".")}),
           "verify_chain.steps", chain);
}

}  // namespace thon
