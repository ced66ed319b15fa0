// The head, time, and who is covered.
#include "server/policy/policy_words.h"

#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/policy_words_builder.h"

namespace thon {

void AddField(PolicyStatement* statement, absl::string_view path,
              Sentence value) {
  statement->fields.push_back({std::string(path), std::move(value)});
}

PolicyStatement& PolicyWords::Say(absl::string_view path, Sentence text) {
  PolicyStatement statement;
  statement.path = std::string(path);
  statement.text = std::move(text);
  statements_.push_back(std::move(statement));
  return statements_.back();
}

PolicyStatement& PolicyWords::Say(absl::string_view path, const Basis& basis,
                                  Sentence text) {
  PolicyStatement& statement = Say(path, std::move(text));
  statement.needs_basis = true;
  statement.basis = basis;
  if (!basis.source.empty()) {
    AddField(&statement, absl::StrCat(path, ".source"), Same(basis.source));
  }
  if (!basis.assumption.empty()) {
    AddField(&statement, absl::StrCat(path, ".assumption"),
             Same(basis.assumption));
  }
  return statement;
}

void PolicyWords::SayHead() {
  PolicyStatement& head = Say(
      "policy",
      {absl::StrCat("Chính sách ", policy_.id, ", phiên bản ", policy_.version,
                    ": ", policy_.title, ". Nơi ban hành: ", policy_.issuer,
                    "."),
       absl::StrCat("Policy ", policy_.id, ", version ", policy_.version, ": ",
                    policy_.title, ". Issued by: ", policy_.issuer, ".")});
  AddField(&head, "policy", Same(policy_.id));
  AddField(&head, "version", Same(absl::StrCat(policy_.version)));
  AddField(&head, "title", Same(policy_.title));
  AddField(&head, "issuer", Same(policy_.issuer));
  for (std::size_t i = 0; i < policy_.documents.size(); ++i) {
    const PolicyDocument& document = policy_.documents[i];
    const std::string path = absl::StrCat("basis[", i, "]");
    Sentence text = {
        absl::StrCat(
            "Căn cứ ",
            document.number.empty() ? "văn bản chưa có số" : document.number,
            " của ", document.issuer),
        absl::StrCat("It implements ",
                     document.number.empty() ? "a document without a number"
                                             : document.number,
                     " of ", document.issuer)};
    if (document.issued != Date()) {
      absl::StrAppend(&text.vi, ", ngày ", document.issued.Vietnamese());
      absl::StrAppend(&text.en, ", issued on ", document.issued.Iso());
    }
    text = {text.vi + ".", text.en + "."};
    PolicyStatement& said = Say(path, std::move(text));
    AddField(&said, path + ".document", Same(document.number));
    AddField(&said, path + ".issuer", Same(document.issuer));
    if (document.issued != Date()) {
      AddField(&said, path + ".issued", DayWords(document.issued));
    }
  }
  const Sentence status = WordsOf(policy_.status);
  const bool pays = policy_.status == PolicyStatus::kInForce ||
                    policy_.status == PolicyStatus::kPilot ||
                    policy_.status == PolicyStatus::kClosed;
  AddField(&Say("status", policy_.status_basis,
                {absl::StrCat("Tình trạng: ", status.vi,
                              pays ? "." : "; chưa hoặc không còn chi trả."),
                 absl::StrCat("Status: ", status.en,
                              pays ? "." : "; it pays nothing.")}),
           "status", status);
}

void PolicyWords::SayTime() {
  if (policy_.has_period) {
    const int months = MonthCount(policy_.first_month(), policy_.last_month());
    PolicyStatement& period =
        Say("period", policy_.period_basis,
            {absl::StrCat("Thời gian: từ ", policy_.from.Vietnamese(),
                          " đến hết ngày ", policy_.to.Vietnamese(), " (",
                          months, " tháng)."),
             absl::StrCat("Period: from ", policy_.from.Iso(), " to ",
                          policy_.to.Iso(), ", both days included (", months,
                          months == 1 ? " month)." : " months).")});
    AddField(&period, "period.from", DayWords(policy_.from));
    AddField(&period, "period.to", DayWords(policy_.to));
  } else {
    Say("period", {"Chính sách chưa có thời gian thực hiện; không tháng nào "
                   "được tính.",
                   "The policy has no period yet; no month is covered."});
  }
  if (policy_.effective_from != Date() &&
      policy_.effective_from != policy_.from) {
    AddField(&Say("effective_from",
                  {absl::StrCat("Phiên bản này thay phiên bản trước từ ngày ",
                                policy_.effective_from.Vietnamese(), "."),
                   absl::StrCat("This version replaces earlier ones from ",
                                policy_.effective_from.Iso(), " on.")}),
             "effective_from", DayWords(policy_.effective_from));
  }
  if (policy_.review_on == Date() && policy_.review_note.empty()) return;
  Sentence text = {"Cần xem xét lại", "To be reviewed"};
  if (policy_.review_on != Date()) {
    absl::StrAppend(&text.vi, " vào ngày ", policy_.review_on.Vietnamese());
    absl::StrAppend(&text.en, " on ", policy_.review_on.Iso());
  }
  if (!policy_.review_note.empty()) {
    absl::StrAppend(&text.vi, ": ", policy_.review_note);
    absl::StrAppend(&text.en, ": ", policy_.review_note);
  }
  text = {text.vi + ".", text.en + "."};
  PolicyStatement& review = Say("review", std::move(text));
  if (policy_.review_on != Date()) {
    AddField(&review, "review.on", DayWords(policy_.review_on));
  }
  if (!policy_.review_note.empty()) {
    AddField(&review, "review.note", Same(policy_.review_note));
  }
}

void PolicyWords::SayMonthRule() {
  const bool counts = policy_.partial_month_counts;
  const bool by_day = policy_.prorate_by_day;
  PolicyStatement& rule = Say(
      "month_rule", policy_.month_basis,
      {absl::StrCat("Tháng chỉ nằm một phần trong thời gian thực hiện thì ",
                    counts ? "vẫn được tính" : "không được tính", "; ",
                    by_day ? "số tiền chia theo số ngày thực tế trong tháng."
                           : "số tiền tính tròn tháng, không chia theo ngày."),
       absl::StrCat("A month that lies in the period only in part ",
                    counts ? "counts" : "does not count", "; ",
                    by_day ? "the amount goes by the days of the month."
                           : "the amount is for whole months, never by the "
                             "day.")});
  AddField(&rule, "month_rule.partial_month",
           counts ? Sentence{"được tính", "counts"}
                  : Sentence{"không được tính", "does not count"});
  AddField(&rule, "month_rule.prorata",
           by_day ? Sentence{"theo ngày", "by day"}
                  : Sentence{"không chia", "none"});
  const Rounding& rounding = policy_.rounding;
  if (rounding.to_vnd == 1 && rounding.mode == RoundMode::kDown &&
      rounding.basis.source.empty() && rounding.basis.assumption.empty()) {
    return;
  }
  const Sentence mode = WordsOf(rounding.mode);
  const std::string unit = FormatDong(rounding.to_vnd);
  PolicyStatement& said =
      Say("rounding", rounding.basis,
          {absl::StrCat("Số tiền chia lẻ được ", mode.vi, " đến ", unit, "."),
           absl::StrCat("Amounts that were divided are ", mode.en, " to ", unit,
                        ".")});
  AddField(&said, "rounding.to_vnd", MoneyWords(rounding.to_vnd));
  AddField(&said, "rounding.mode", mode);
}

void PolicyWords::SayWho() {
  std::vector<Sentence> words;
  for (const v1::UnitKind kind : policy_.kinds) words.push_back(WordsOf(kind));
  const Sentence kinds = Joined(words);
  const Sentence level = WordsOf(policy_.level);
  PolicyStatement& who =
      Say("beneficiary", policy_.beneficiary_basis,
          {absl::StrCat("Đối tượng: tổ cấp ", level.vi, " ở ", kinds.vi, "."),
           absl::StrCat("Beneficiaries: ", level.en, " teams of kind ",
                        kinds.en, ".")});
  AddField(&who, "beneficiary.level", level);
  AddField(&who, "beneficiary.kinds", kinds);
  if (policy_.one_team_per_unit) {
    AddField(&Say("beneficiary.one_team_per_unit", policy_.one_team_basis,
                  {"Mỗi đơn vị chỉ có một tổ trong cùng một thời gian.",
                   "A unit has one team at a time."}),
             "beneficiary.one_team_per_unit", YesNo(true));
  }
}

void PolicyWords::SayList() {
  if (!policy_.list.has_value()) return;
  const RegistrationListRule& rule = *policy_.list;
  std::vector<Sentence> words;
  for (const v1::RegistrationTarget target : rule.targets) {
    words.push_back(WordsOf(target));
  }
  const Sentence targets = Joined(words);
  PolicyStatement& list = Say(
      "registration_list", rule.basis,
      {absl::StrCat("Xã của tổ phải có trong danh sách ", rule.list_id, " năm ",
                    rule.year, ", đăng ký ", targets.vi, "."),
       absl::StrCat("The team's commune must be on list ", rule.list_id, " of ",
                    rule.year, ", registered as ", targets.en, ".")});
  AddField(&list, "registration_list.list", Same(rule.list_id));
  AddField(&list, "registration_list.year", Same(absl::StrCat(rule.year)));
  AddField(&list, "registration_list.targets", targets);
  const bool first_full = rule.list_month == ListMonth::kFirstFull;
  const Sentence from =
      first_full
          ? Sentence{"tháng đầu tiên mà ngày đầu tháng đã có trong danh sách",
                     "the first month whose first day is listed"}
          : Sentence{"tháng có ngày được đưa vào danh sách",
                     "the month that contains its first day"};
  AddField(&Say("registration_list.list_month", rule.list_month_basis,
                {absl::StrCat("Xã được tính từ ", from.vi, "."),
                 absl::StrCat("A listing counts from ", from.en, ".")}),
           "registration_list.list_month", from);
}

void PolicyWords::SayTeam() {
  const Sentence day = WordsOf(policy_.exists_on);
  AddField(&Say("team_must_exist", policy_.exists_basis,
                {absl::StrCat("Tổ phải tồn tại ", day.vi, "."),
                 absl::StrCat("The team must exist ", day.en, ".")}),
           "team_must_exist.on", day);
  const Sentence full = WordsOf(policy_.suspended_full);
  const Sentence partly = WordsOf(policy_.suspended_partly);
  PolicyStatement& suspended = Say(
      "suspended_days", policy_.suspended_basis,
      {absl::StrCat("Tổ bị tạm dừng cả tháng: ", full.vi,
                    "; tạm dừng một phần của tháng: ", partly.vi, "."),
       absl::StrCat("If the team is suspended for the whole month: ", full.en,
                    "; for a part of it: ", partly.en, ".")});
  AddField(&suspended, "suspended_days.full_month", full);
  AddField(&suspended, "suspended_days.partial", partly);
}

void PolicyWords::SaySeats() {
  if (!policy_.seats.has_value()) return;
  const SeatTemplate& seats = *policy_.seats;
  std::vector<Sentence> words;
  for (const SeatRule& seat : seats.seats) words.push_back(WordsOf(seat));
  const Sentence all = Joined(words, "; ");
  const Sentence day = WordsOf(seats.on);
  const bool blocks = seats.blocks_payment;
  PolicyStatement& said =
      Say("team_template", seats.basis,
          {absl::StrCat("Thành phần tổ, xét ", day.vi, ": ", all.vi,
                        " (mỗi người một vị trí). Thiếu thì ",
                        blocks ? "không chi." : "ghi nhận, vẫn chi."),
           absl::StrCat("Seats of the team, looked at ", day.en, ": ", all.en,
                        " (one person fills one seat). If one is empty it is ",
                        blocks ? "not paid." : "noted and still paid.")});
  AddField(&said, "team_template.seats", all);
  AddField(&said, "team_template.on", day);
  AddField(&said, "team_template.blocks_payment", YesNo(blocks));
}

std::vector<PolicyStatement> PolicyWords::Take() {
  SayHead();
  SayTime();
  SayMonthRule();
  SayWho();
  SayList();
  SayTeam();
  SaySeats();
  SayUpdate();
  SayLate();
  SayConditions();
  SayAmounts();
  SayCaps();
  SayTopUp();
  SayDoubleSupport();
  SayFunding();
  SayTargets();
  SayAward();
  SayRest();
  return std::move(statements_);
}

std::vector<PolicyStatement> DescribePolicy(const Policy& policy) {
  return PolicyWords(policy).Take();
}

}  // namespace thon
