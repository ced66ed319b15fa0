// `expect:` of a scenario: each expectation becomes a subject and the texts its
// fields should have, in the one form in which the runner shows them.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/text.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/query_service.pb.h"
#include "tools/thon/scenario/parser.h"
#include "tools/thon/scenario/values.h"
#include "tools/thon/scenario/want_reader.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

struct SubjectName {
  absl::string_view word;
  Subject subject;
};
constexpr SubjectName kSubjects[] = {
    {"determination", Subject::kDetermination},
    {"standing", Subject::kStanding},
    {"month", Subject::kMonth},
    {"sum", Subject::kSum},
    {"unit_metrics", Subject::kUnitMetrics},
    {"answers", Subject::kAnswers},
    {"author", Subject::kAuthor},
    {"log", Subject::kLog},
    {"team", Subject::kTeam},
    {"unit", Subject::kUnit},
    {"simulation", Subject::kSimulation},
    {"award", Subject::kAward},
    {"policy_check", Subject::kPolicyCheck},
};

// Collects the wants of one expectation.
class SubjectReader : private WantReader {
 public:
  using WantReader::WantReader;

  bool Read() {
    const int errors = reader_.errors();
    const YamlNode* subject = nullptr;
    std::vector<std::string> words;
    // The first that is there: `month` also says of a standing when it counts.
    for (const SubjectName& name : kSubjects) {
      words.emplace_back(name.word);
      if (subject != nullptr) continue;
      if (!IsField(name.word)) continue;
      subject = fields_.Find(name.word);
      out_.subject = name.subject;
      word_ = std::string(name.word);
    }
    if (subject == nullptr) {
      const std::string all = absl::StrJoin(words, ", ");
      reader_.Error(
          fields_.node(), fields_.path(),
          {absl::StrCat("không nói về cái gì; viết một trong các "
                        "mục ",
                        all),
           absl::StrCat("does not say what it is about; one of ", all)});
      return false;
    }
    ReadAsOf();
    std::string why;
    fields_.Text("why", &why);
    ReadSubject(*subject);
    if (out_.wants.empty() && reader_.errors() == errors) {
      reader_.Error(fields_.node(), fields_.path(),
                    {absl::StrCat("không nêu kết quả mong đợi của ", word_,
                                  "; viết kết quả phải có"),
                     absl::StrCat("expects nothing of ", word_,
                                  "; write what it should be")});
    }
    return reader_.errors() == errors;
  }

 private:
  // ---- Subjects ---------------------------------------------------------

  void ReadSubject(const YamlNode& node) {
    switch (out_.subject) {
      case Subject::kDetermination:
        return Determination(node);
      case Subject::kStanding:
        return Standing(node);
      case Subject::kMonth:
        return TeamMonth(node);
      case Subject::kSum:
        return Sum(node);
      case Subject::kUnitMetrics:
        return UnitMetrics(node);
      case Subject::kAnswers:
        return Answers(node);
      case Subject::kAuthor:
        return Author(node);
      case Subject::kLog:
        return Log(node);
      case Subject::kTeam:
        return Team(node);
      case Subject::kUnit:
        return Unit(node);
      case Subject::kSimulation:
        return Simulation(node);
      case Subject::kAward:
        return Award(node);
      case Subject::kPolicyCheck:
        return PolicyCheck(node);
    }
  }

  void Beneficiary(Fields* fields) {
    const YamlNode* const team = fields->Find("team");
    const YamlNode* const organisation = fields->Find("organisation");
    if ((team == nullptr) == (organisation == nullptr)) {
      reader_.Error(fields->node(), fields->path(),
                    {"cần team: hoặc organisation:, không cả hai",
                     "needs team: or organisation:, and not both"});
      return;
    }
    const bool is_team = team != nullptr;
    const YamlNode& name = is_team ? *team : *organisation;
    payloads_.Id(is_team ? NameKind::kTeam : NameKind::kOrganisation, name,
                 fields->path(), &out_.beneficiary);
    out_.kind =
        is_team ? v1::BENEFICIARY_KIND_TEAM : v1::BENEFICIARY_KIND_ORGANISATION;
    absl::StrAppend(&out_.label, " ", name.text);
  }

  void Determination(const YamlNode& node) {
    Fields of(&reader_, node, Here("determination"));
    out_.label = "determination";
    if (const YamlNode* const policy = of.Need("policy")) {
      reader_.Text(*policy, of.Path("policy"), &out_.policy);
      absl::StrAppend(&out_.label, " ", out_.policy);
    }
    Beneficiary(&of);
    if (const YamlNode* const month = of.Need("month")) {
      reader_.YearMonth(*month, of.Path("month"), &out_.first);
      absl::StrAppend(&out_.label, " ", month->text);
    }
    of.Done();
    Word("state", v1::DeterminationState_descriptor());
    Money("amount");
    Word("reason", v1::ReasonCode_descriptor());
    Words("flags", v1::ReasonCode_descriptor(), true);
    Words("reasons", v1::ReasonCode_descriptor(), false);
    Metrics();
    Money("top_up");
    Parts();
    Text("purpose");
    Count("version");
    Text("other_policy");
    Text("funding");
    Flag("decided");
    Explanation();
  }

  void Parts() {
    const YamlNode* const node = fields_.Find("parts");
    if (node == nullptr) return;
    Add("parts", *node, absl::StrCat(node->items.size()));
    for (std::size_t i = 0; i < node->items.size(); ++i) {
      const std::string field = absl::StrCat("parts[", i, "].");
      Fields part(&reader_, node->items[i],
                  thon::scenario::At(Here("parts"), i));
      for (const char* const key : {"path", "per", "quantity"}) {
        if (const YamlNode* const value = part.Find(key)) {
          Add(field + key, *value, value->text);
        }
      }
      for (const char* const key : {"rate", "amount"}) {
        std::int64_t amount = 0;
        const YamlNode* const value = part.Find(key);
        if (value != nullptr && reader_.Dong(*value, part.Path(key), &amount)) {
          Add(field + key, *value, FormatDong(amount));
        }
      }
      part.Done();
    }
  }

  void Explanation() {
    const YamlNode* const node = fields_.Find("explanation");
    if (node == nullptr) return;
    Fields how(&reader_, *node, Here("explanation"));
    if (const YamlNode* const mentions = how.Find("mentions")) {
      for (const YamlNode* const item :
           reader_.Items(*mentions, how.Path("mentions"))) {
        Add("explanation.mentions", *item, item->text,
            Want::Compare::kContains);
      }
    }
    if (const YamlNode* const deciding = how.Find("deciding")) {
      Add("explanation.deciding", *deciding, deciding->text);
    }
    if (const YamlNode* const source = how.Find("source")) {
      Add("explanation.source", *source, source->text,
          Want::Compare::kContains);
    }
    std::uint64_t id = 0;
    if (const YamlNode* const counts = how.Find("counts")) {
      std::vector<std::string> events;
      for (const YamlNode* const item :
           reader_.Items(*counts, how.Path("counts"))) {
        payloads_.Id(NameKind::kStep, *item, how.Path("counts"), &id);
        events.push_back(item->text);
      }
      Add("explanation.counts", *counts, List(std::move(events), true));
    }
    if (const YamlNode* const events = how.Find("events")) {
      for (const auto& [name, value] : events->fields) {
        YamlNode word = value;
        word.text = name;
        payloads_.Id(NameKind::kStep, word, how.Path("events"), &id);
        Add(absl::StrCat("explanation.events.", name), value,
            absl::AsciiStrToUpper(value.text));
      }
    }
    how.Done();
  }

  void Standing(const YamlNode& node) {
    std::uint64_t id = 0;
    payloads_.Id(NameKind::kStep, node, Here("standing"), &id);
    out_.event = node.text;
    out_.label = absl::StrCat("standing ", node.text);
    if (const YamlNode* const on = fields_.Find("on")) {
      payloads_.Id(NameKind::kPhone, *on, Here("on"), &id);
      out_.phone = on->text;
      absl::StrAppend(&out_.label, " on ", on->text);
    }
    if (const YamlNode* const is = fields_.Find("is")) {
      std::string text = absl::AsciiStrToUpper(is->text);
      if (text == "NOT_RECORDED" ||
          EnumText(*is, Here("is"), v1::Standing_descriptor(), &text)) {
        Add("is", *is, text);
      }
    }
    Word("reason", v1::StandingReason_descriptor());
    MonthField("month");
    Day("date");
    Word("quality", v1::TimeQuality_descriptor());
    Flag("clock_wrong");
    Moment("earliest");
    Moment("latest");
  }

  void TeamMonth(const YamlNode& node) {
    reader_.YearMonth(node, Here("month"), &out_.first);
    out_.label = absl::StrCat("month ", node.text);
    Beneficiary(&fields_);
    Metrics();
    const auto* const type = v1::TeamMonth::descriptor();
    for (const auto& [name, field] : FieldNames(*type)) {
      if (field->is_repeated()) continue;
      const YamlNode* const value = fields_.Find(name);
      if (value == nullptr) continue;
      if (field->cpp_type() ==
          google::protobuf::FieldDescriptor::CPPTYPE_BOOL) {
        bool yes = false;
        if (reader_.Bool(*value, Here(name), &yes)) {
          Add(field->name(), *value, yes ? "true" : "false");
        }
      } else if (absl::EndsWith(field->name(), "_date")) {
        Date date;
        if (value->text == "none") {
          Add(field->name(), *value, "none");
        } else if (reader_.Day(*value, Here(name), &date)) {
          Add(field->name(), *value, date.Iso());
        }
      } else {
        std::int64_t number = 0;
        if (reader_.Whole(*value, Here(name), INT64_MIN, INT64_MAX, &number)) {
          Add(field->name(), *value, absl::StrCat(number));
        }
      }
    }
  }

  void MonthRange(Fields* fields) {
    if (const YamlNode* const months = fields->Find("months")) {
      reader_.Months(*months, fields->Path("months"), &out_.first, &out_.last);
      absl::StrAppend(&out_.label, " ", months->text);
    }
  }

  void Sum(const YamlNode& node) {
    Fields of(&reader_, node, Here("sum"));
    out_.label = "sum";
    if (const YamlNode* const policy = of.Need("policy")) {
      reader_.Text(*policy, of.Path("policy"), &out_.policy);
      absl::StrAppend(&out_.label, " ", out_.policy);
    }
    MonthRange(&of);
    if (const YamlNode* const under = of.Find("under")) {
      payloads_.Id(NameKind::kUnit, *under, of.Path("under"), &out_.unit);
      absl::StrAppend(&out_.label, " under ", under->text);
    }
    of.Done();
    Sums();
  }

  void UnitMetrics(const YamlNode& node) {
    payloads_.Id(NameKind::kUnit, node, Here("unit_metrics"), &out_.unit);
    out_.label = absl::StrCat("unit_metrics ", node.text);
    if (fields_.Need("months") != nullptr) MonthRange(&fields_);
    fields_.Text("policy", &out_.policy);
    Metrics();
    Each("targets",
         [&](std::string* name, const YamlNode& value, std::string* text) {
           if (!MetricName(name, value)) return false;
           *text = absl::AsciiStrToUpper(value.text);
           return true;
         });
    Each("goals",
         [&](std::string* name, const YamlNode& value, std::string* text) {
           *text = value.text;
           return MetricName(name, value);
         });
    if (out_.policy.empty() && (IsField("targets") || IsField("goals"))) {
      reader_.Error(node, Here("policy"),
                    {"thiếu; chỉ tiêu là của một chính sách, thêm policy:",
                     "missing; targets are a policy's, add policy:"});
    }
  }

  void Phone(absl::string_view subject, const YamlNode& node) {
    std::uint64_t id = 0;
    out_.label = absl::StrCat(subject, " ", node.text);
    if (payloads_.Id(NameKind::kPhone, node, Here(subject), &id)) {
      out_.phone = node.text;
    }
  }

  void Answers(const YamlNode& node) {
    Phone("answers", node);
    if (out_.as_of_date.has_value() || out_.as_of_time.has_value()) {
      reader_.Error(node, Here("as_of"),
                    {"answers là mọi trả lời mà điện thoại đã nhận; bỏ as_of",
                     "answers are all that a phone heard; leave as_of out"});
    }
    if (const YamlNode* const are = fields_.Find("are")) {
      std::vector<std::string> texts;
      for (const YamlNode* const item : reader_.Items(*are, Here("are"))) {
        texts.push_back(absl::AsciiStrToUpper(item->text));
      }
      Add("are", *are, List(std::move(texts), false));
    }
    Count("receipts");
  }

  void Author(const YamlNode& node) {
    Phone("author", node);
    Flag("confirmed");
    Flag("revoked");
    for (const char* const key : {"forks", "events", "batches", "suspect",
                                  "estimated", "wall_clock_wrong"}) {
      Count(key);
    }
    Text("app_version");
    Name(NameKind::kTeam, "team");
    Name(NameKind::kMember, "member");
    Name(NameKind::kPhone, "succeeds");
  }

  void Log(const YamlNode& node) {
    if (node.text == "all") {
      out_.label = "log all";
    } else {
      Phone("log", node);
    }
    Count("entries");
    Count("events");
    Each("types", [&](std::string* name, const YamlNode& value,
                      std::string* text) {
      const auto* const payload = FindPayload(*name);
      if (payload == nullptr) {
        const Sentence perhaps = Perhaps(Nearest(*name, PayloadNames()));
        reader_.Error(
            value, Here("types"),
            {absl::StrCat("không có loại sự kiện ", Shown(*name), perhaps.vi),
             absl::StrCat(Shown(*name), " is no kind of event", perhaps.en)});
        return false;
      }
      *name = payload->name();
      *text = value.text;
      return true;
    });
  }

  void Team(const YamlNode& node) {
    payloads_.Id(NameKind::kTeam, node, Here("team"), &out_.beneficiary);
    payloads_.set_team(node.text);
    out_.label = absl::StrCat("team ", node.text);
    OnDay();
    Flag("exists");
    Name(NameKind::kUnit, "unit");
    Name(NameKind::kUnit, "commune");
    Text("name");
    NameList(NameKind::kMember, "members");
    Count("member_count");
    Each("seats",
         [&](std::string* name, const YamlNode& value, std::string* text) {
           return !name->empty() &&
                  EnumText(value, Here("seats"), v1::Seat_descriptor(), text);
         });
    Flag("suspended");
    Day("founded");
    Day("ended");
    NameList(NameKind::kTeam, "successors");
  }

  void OnDay() {
    if (fields_.Day("on", &out_.on) && out_.on.days != 0) {
      absl::StrAppend(&out_.label, " on ", out_.on.Iso());
    }
  }

  void Unit(const YamlNode& node) {
    payloads_.Id(NameKind::kUnit, node, Here("unit"), &out_.unit);
    out_.label = absl::StrCat("unit ", node.text);
    OnDay();
    Flag("exists");
    Name(NameKind::kUnit, "in");
    Text("name");
    Text("code");
    Word("kind", v1::UnitKind_descriptor());
    Flag("placement_pending");
  }

  void Simulation(const YamlNode& node) {
    Fields of(&reader_, node, Here("simulation"));
    out_.label = "simulation";
    payloads_.Policy(&of, &out_.source);
    if (const YamlNode* const issuer = of.Need("issuer")) {
      payloads_.Id(NameKind::kUnit, *issuer, of.Path("issuer"), &out_.unit);
    }
    MonthRange(&of);
    of.Bool("assume_funded", &out_.assume_funded);
    of.Done();
    Sums();
  }

  void Award(const YamlNode& node) {
    Fields of(&reader_, node, Here("award"));
    out_.label = "award";
    if (const YamlNode* const policy = of.Need("policy")) {
      reader_.Text(*policy, of.Path("policy"), &out_.policy);
      absl::StrAppend(&out_.label, " ", out_.policy);
    }
    if (const YamlNode* const ranking = of.Need("ranking")) {
      for (const auto& [name, value] : ranking->fields) {
        YamlNode word = value;
        word.text = name;
        std::uint64_t id = 0;
        std::int64_t rank = 0;
        if (payloads_.Id(NameKind::kOrganisation, word, of.Path("ranking"),
                         &id) &&
            reader_.Whole(value, of.Path("ranking"), 1, 10'000, &rank)) {
          out_.ranking.emplace_back(id, static_cast<int>(rank));
        }
      }
    }
    of.Done();
    Each("amounts", [&](std::string* name, const YamlNode& value,
                        std::string* text) {
      YamlNode word = value;
      word.text = *name;
      std::uint64_t id = 0;
      if (!payloads_.Id(NameKind::kOrganisation, word, Here("amounts"), &id)) {
        return false;
      }
      if (absl::AsciiStrToUpper(value.text) == "HELD" || value.text == "none") {
        *text = value.text == "none" ? "none" : "HELD";
        return true;
      }
      std::int64_t amount = 0;
      if (!reader_.Dong(value, Here("amounts"), &amount)) return false;
      *text = FormatDong(amount);
      return true;
    });
    Money("total");
  }

  void PolicyCheck(const YamlNode& node) {
    Fields of(&reader_, node, Here("policy_check"));
    out_.label = "policy_check";
    payloads_.Policy(&of, &out_.source);
    of.Done();
    for (const char* const key : {"errors", "warnings", "assumptions"}) {
      const YamlNode* const value = fields_.Find(key);
      if (value == nullptr) continue;
      std::vector<std::string> texts;
      for (const YamlNode* const item : reader_.Items(*value, Here(key))) {
        texts.push_back(item->text);
      }
      Add(key, *value, List(std::move(texts), true));
    }
    if (const YamlNode* const mentions = fields_.Find("mentions")) {
      for (const YamlNode* const item :
           reader_.Items(*mentions, Here("mentions"))) {
        Add("mentions", *item, item->text, Want::Compare::kContains);
      }
    }
  }

  std::string word_;
};

}  // namespace

bool ReadSubject(Reader* reader, PayloadReader* payloads, Names* names,
                 Fields* fields, Expectation* expectation) {
  return SubjectReader(reader, payloads, names, fields, expectation).Read();
}

void Parser::ReadExpect(const YamlNode* node) {
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kSequence || node->items.empty()) {
    reader_.Error(*node, "expect",
                  {"không nêu kết quả mong đợi; viết danh sách những gì phải "
                   "đúng, mỗi dòng bắt đầu bằng -",
                   "expects nothing; write a list of what should be so, a line "
                   "each beginning with -"});
    return;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    ReadExpectation(node->items[i], thon::scenario::At("expect", i));
  }
}

void Parser::ReadExpectation(const YamlNode& node, const std::string& path) {
  Fields fields(&reader_, node, path);
  if (!fields.ok()) return;
  PayloadReader payloads = Payloads();
  Expectation expectation;
  expectation.place = {node.line, node.column};
  expectation.path = path;
  const bool good =
      ReadSubject(&reader_, &payloads, &scenario_.names, &fields, &expectation);
  fields.Done();
  if (good) scenario_.expectations.push_back(std::move(expectation));
}

}  // namespace thon::scenario
