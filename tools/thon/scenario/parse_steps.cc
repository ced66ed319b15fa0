// Steps of a scenario: what phones do and what officers do.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "thon/v1/rows.pb.h"
#include "tools/thon/scenario/parser.h"
#include "tools/thon/scenario/values.h"

namespace thon::scenario {
namespace {

constexpr absl::string_view kPhoneFields[] = {
    "record", "clock", "seal", "clone_to", "successor", "sync", "resend"};

constexpr std::int64_t kBootsMax = 1'000'000;
constexpr std::int64_t kMonotonicMax = 1'000'000'000'000;

constexpr absl::string_view kRefusals[] = {
    "INVALID_ARGUMENT",   "PERMISSION_DENIED", "FAILED_PRECONDITION",
    "ALREADY_EXISTS",     "NOT_FOUND",         "OUT_OF_RANGE",
    "RESOURCE_EXHAUSTED", "UNAVAILABLE"};

Sentence WriteList() {
  return {"viết một danh sách, mỗi dòng bắt đầu bằng -",
          "write a list, a line each beginning with -"};
}

// A word that is none of `known`.
Sentence NotKnown(absl::string_view word, const std::string& known) {
  return {absl::StrCat("không có từ ", Shown(word), "; viết một trong các từ ",
                       known),
          absl::StrCat(Shown(word), " is not known; one of ", known)};
}

}  // namespace

void Parser::ReadActs(const YamlNode* node, const std::string& section,
                      absl::string_view payload) {
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kSequence) {
    reader_.Error(*node, section, WriteList());
    return;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const YamlNode& item = node->items[i];
    const std::string path = thon::scenario::At(section, i);
    // The payload's fields and the step's stand in one block.
    YamlNode own = item;
    own.fields.clear();
    YamlNode around = own;
    for (const auto& field : item.fields) {
      const bool is_step = field.first == "at" || field.first == "officer" ||
                           field.first == "expect" || field.first == "seen" ||
                           field.first == "key" || field.first == "as";
      (is_step ? around : own).fields.push_back(field);
    }
    Fields fields(&reader_, around, path);
    if (!fields.ok()) continue;
    Step step = At(item, path, scenario_.start);
    fields.Moment("at", &step.at);
    if (const YamlNode* const as = fields.Find("as")) {
      reader_.Name(*as, fields.Path("as"), &step.name);
      DeclareNew(NameKind::kStep, *as, step.name, fields.Path("as"));
    }
    Act act;
    ReadActFields(&fields, &act);
    fields.Done();
    Payloads().Read(payload, own, path, &act);
    step.what = std::move(act);
    timed_.push_back(std::move(step));
  }
}

void Parser::ReadSteps(const YamlNode* node) {
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kSequence) {
    reader_.Error(*node, "steps", WriteList());
    return;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    ReadStep(node->items[i], thon::scenario::At("steps", i));
  }
}

void Parser::ReadStep(const YamlNode& node, const std::string& path) {
  Fields fields(&reader_, node, path);
  if (!fields.ok()) return;
  Step step = At(node, path, last_at_.value_or(scenario_.start));
  if (const YamlNode* const at = fields.Find("at")) {
    if (reader_.Moment(*at, fields.Path("at"), &step.at) &&
        last_at_.has_value() && step.at < *last_at_) {
      reader_.Error(
          *at, fields.Path("at"),
          {absl::StrCat("trước bước ở trên, ", ShowMoment(*last_at_),
                        "; các bước đi theo thứ tự thời gian"),
           absl::StrCat("is before the step above, ", ShowMoment(*last_at_),
                        "; steps go in the order of time")});
      step.at = *last_at_;
    }
  }
  last_at_ = step.at;
  fields.Text("as", &step.name);
  std::string about;
  fields.Text("why", &about);
  const bool read = fields.Find("phone") != nullptr
                        ? ReadPhoneStep(&fields, &step)
                        : ReadOfficerStep(&fields, &step);
  fields.Done();
  if (read) steps_.push_back(std::move(step));
}

bool Parser::ReadClock(const YamlNode& node, const std::string& path,
                       ClockChange* change) {
  Fields fields(&reader_, node, path);
  if (!fields.ok()) return false;
  if (const YamlNode* const wall = fields.Find("wall")) {
    Instant moment;
    if (reader_.Moment(*wall, fields.Path("wall"), &moment)) {
      change->wall = moment;
    }
  }
  if (const YamlNode* const offset = fields.Find("offset")) {
    std::int64_t ms = 0;
    if (reader_.Span(*offset, fields.Path("offset"), &ms)) {
      change->offset_ms = ms;
    }
    if (change->wall.has_value()) {
      reader_.Error(*offset, fields.Path("offset"),
                    {"đứng cạnh wall; giữ lại một trong hai",
                     "stands beside wall; keep one of them"});
    }
  }
  std::int64_t monotonic = -1;
  fields.Whole("monotonic", 0, kMonotonicMax, &monotonic);
  if (monotonic >= 0) change->monotonic_ms = monotonic;
  if (const YamlNode* const boot = fields.Find("boot")) {
    if (boot->text == "new") {
      change->boot = true;
    } else {
      reader_.Whole(*boot, fields.Path("boot"), 1, kBootsMax,
                    &change->boot_number);
    }
  }
  fields.Done();
  return true;
}

bool Parser::ReadSync(const YamlNode& node, const std::string& path,
                      Sync* sync) {
  if (node.kind == YamlNode::Kind::kScalar) {
    bool yes = false;
    return reader_.Bool(node, path, &yes) && yes;
  }
  Fields fields(&reader_, node, path);
  if (!fields.ok()) return false;
  const auto choose = [&](absl::string_view key,
                          const std::vector<std::string>& words, int* value) {
    const YamlNode* const word = fields.Find(key);
    if (word == nullptr) return;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (word->text == words[i]) {
        *value = static_cast<int>(i);
        return;
      }
    }
    reader_.Error(*word, fields.Path(key),
                  NotKnown(word->text, absl::StrJoin(words, ", ")));
  };
  int anchor = 0;
  int lose = 0;
  const YamlNode* const given = fields.Find("anchor");
  if (given != nullptr && given->kind == YamlNode::Kind::kMap) {
    Fields own(&reader_, *given, fields.Path("anchor"));
    sync->given.emplace();
    own.Need("time");
    own.Moment("time", &sync->given->time);
    own.Need("monotonic");
    own.Whole("monotonic", 0, kMonotonicMax, &sync->given->monotonic_ms);
    own.Need("boot");
    own.Whole("boot", 1, kBootsMax, &sync->given->boot_number);
    own.Done();
  } else {
    choose("anchor", {"fresh", "old", "none"}, &anchor);
  }
  choose("lose", {"nothing", "answers", "batches"}, &lose);
  sync->anchor = static_cast<Sync::Anchor>(anchor);
  sync->lose = static_cast<Sync::Lose>(lose);
  fields.Done();
  return true;
}

void Parser::ReadOriginal(const YamlNode& node, const std::string& path,
                          Record* record) {
  PayloadReader payloads = Payloads();
  std::uint64_t id = 0;
  if (node.kind != YamlNode::Kind::kMap) {
    if (payloads.Id(NameKind::kStep, node, path, &id)) {
      record->original = node.text;
    }
    return;
  }
  Fields fields(&reader_, node, path);
  const YamlNode* const phone = fields.Need("phone");
  fields.Need("sequence");
  std::int64_t number = 0;
  if (phone != nullptr &&
      payloads.Id(NameKind::kPhone, *phone, fields.Path("phone"), &id)) {
    record->original_phone = phone->text;
  }
  fields.Whole("sequence", 1, 1'000'000'000'000, &number);
  record->original_number = static_cast<std::uint64_t>(number);
  fields.Done();
}

void Parser::ReadRecords(Fields* fields, Step* step, PhoneStep* phone) {
  const YamlNode* const record = fields->Find("record");
  const YamlNode* const member = fields->Find("member");
  const YamlNode* const claimed = fields->Find("claimed_date");
  const YamlNode* const venue = fields->Find("venue");
  const YamlNode* const about_team = fields->Find("about_team");
  const YamlNode* const source = fields->Find("source_system");
  const YamlNode* const originally = fields->Find("originally");
  if (record == nullptr) {
    for (const YamlNode* const beside :
         {member, claimed, venue, about_team, source, originally}) {
      if (beside == nullptr) continue;
      reader_.Error(*beside, fields->path(),
                    {"nói về một sự kiện mà bước này không ghi sự kiện nào; "
                     "thêm record: {...}",
                     "says something of an event, and the step records none; "
                     "add record: {...}"});
    }
    return;
  }
  std::int64_t times = 1;
  fields->Whole("times", 1, 10'000, &times);
  const Enrolment& whose = phones_[phone->phone];
  PayloadReader payloads = Payloads();
  payloads.set_team(scenario_.names.Show(NameKind::kTeam, whose.team));
  v1::Event like;
  like.set_team_id(whose.team);
  like.set_member_id(whose.member);
  like.set_organisation_id(whose.organisation);
  std::uint64_t id = 0;
  if (about_team != nullptr && payloads.Id(NameKind::kTeam, *about_team,
                                           fields->Path("about_team"), &id)) {
    like.set_team_id(id);
  }
  if (member != nullptr &&
      payloads.Id(NameKind::kMember, *member, fields->Path("member"), &id)) {
    like.set_member_id(id);
  }
  Date day;
  if (fields->Day("claimed_date", &day)) like.set_claimed_date(day.days);
  int place = 0;
  if (venue != nullptr) {
    reader_.EnumWord(*venue, fields->Path("venue"), v1::Venue_descriptor(),
                     &place);
    like.set_venue(static_cast<v1::Venue>(place));
  }
  std::string system;
  fields->Text("source_system", &system);
  like.set_source_system(system);
  Record original;
  if (originally != nullptr) {
    ReadOriginal(*originally, fields->Path("originally"), &original);
  }
  const std::vector<YamlNode> one = {*record};
  const bool several = record->kind == YamlNode::Kind::kSequence;
  int number = 0;
  for (const YamlNode& item : several ? record->items : one) {
    const std::string path = fields->Path("record");
    const bool single =
        item.kind == YamlNode::Kind::kMap && item.fields.size() == 1;
    const std::string name = single ? item.fields.front().first : "";
    Act act;
    act.event = like;
    if (name != "unknown" && (!single || FindPayload(name) == nullptr)) {
      const Sentence perhaps = Perhaps(Nearest(name, PayloadNames()));
      reader_.Error(item, path,
                    {absl::StrCat("viết một sự kiện, {outreach_session: {...}}",
                                  perhaps.vi),
                     absl::StrCat("write one event, {outreach_session: {...}}",
                                  perhaps.en)});
      continue;
    }
    if (name != "unknown") {
      payloads.Read(name, item.fields.front().second,
                    thon::scenario::At(path, name), &act);
    }
    ++number;
    Record made = original;
    made.event = std::move(act.event);
    made.targets = std::move(act.events);
    made.target_phone = std::move(act.phone);
    made.times = static_cast<int>(times);
    made.name = step->name;
    if (several && !made.name.empty() && record->items.size() > 1) {
      made.name = absl::StrCat(made.name, "-", number);
    }
    phone->records.push_back(std::move(made));
  }
  if (several && times > 1) {
    reader_.Error(*record, fields->Path("times"),
                  {"lặp lại một sự kiện; viết mỗi sự kiện một bước",
                   "repeats one event; write a step each"});
  }
}

bool Parser::ReadPhoneStep(Fields* fields, Step* step) {
  const int errors = reader_.errors();
  const YamlNode* const name = fields->Find("phone");
  PayloadReader payloads = Payloads();
  std::uint64_t id = 0;
  if (!payloads.Id(NameKind::kPhone, *name, fields->Path("phone"), &id)) {
    for (const absl::string_view key : kPhoneFields) fields->Know(key);
    for (const char* const key :
         {"member", "claimed_date", "venue", "about_team", "times", "enrol",
          "originally"}) {
      fields->Know(key);
    }
    return false;
  }
  PhoneStep phone;
  phone.phone = name->text;
  if (const YamlNode* const enrol = fields->Find("enrol")) {
    Enrolment enrolment;
    if (ReadEnrolment(*enrol, fields->Path("enrol"), phone.phone, &enrolment)) {
      step->what = std::move(enrolment);
    }
    return reader_.errors() == errors;
  }
  if (phones_.count(phone.phone) == 0) {
    reader_.Error(*name, fields->Path("phone"),
                  {"do một bước ở sau tạo ra; chuyển bước này ra sau bước đó",
                   "is made by a later step; move this one behind it"});
  }
  if (const YamlNode* const clock = fields->Find("clock")) {
    phone.clock.emplace();
    ReadClock(*clock, fields->Path("clock"), &*phone.clock);
  }
  ReadRecords(fields, step, &phone);
  fields->Bool("seal", &phone.seal);
  if (const YamlNode* const clone = fields->Find("clone_to")) {
    if (reader_.Name(*clone, fields->Path("clone_to"), &phone.clone_to)) {
      phones_[phone.clone_to] = phones_[phone.phone];
    }
  }
  fields->Bool("successor", &phone.successor);
  if (const YamlNode* const sync = fields->Find("sync")) {
    Sync how;
    if (ReadSync(*sync, fields->Path("sync"), &how)) phone.sync = how;
  }
  if (const YamlNode* const resend = fields->Find("resend")) {
    Resend how;
    how.all = resend->text == "all";
    if (!how.all && resend->text != "last") {
      reader_.Error(*resend, fields->Path("resend"),
                    {"viết resend: last, hoặc resend: all",
                     "write resend: last, or resend: all"});
    }
    std::int64_t times = 1;
    fields->Whole("times", 1, 1000, &times);
    how.times = static_cast<int>(times);
    if (!phone.records.empty() && times > 1) {
      reader_.Error(*resend, fields->Path("times"),
                    {"không rõ là lặp sự kiện hay lặp lô gửi; viết thành hai "
                     "bước",
                     "could mean the event or the batch; write two steps"});
    }
    phone.resend = how;
  }
  if (phone.records.empty() && !phone.clock.has_value() && !phone.seal &&
      phone.clone_to.empty() && !phone.successor && !phone.sync.has_value() &&
      !phone.resend.has_value() && reader_.errors() == errors) {
    const std::string all = absl::StrJoin(kPhoneFields, ", ");
    reader_.Error(fields->node(), fields->path(),
                  {absl::StrCat("không làm gì; viết một trong các mục ", all),
                   absl::StrCat("does nothing; write one of ", all)});
  }
  step->what = std::move(phone);
  return reader_.errors() == errors;
}

void Parser::ReadActFields(Fields* fields, Act* act) {
  PayloadReader payloads = Payloads();
  if (const YamlNode* const officer = fields->Find("officer")) {
    payloads.Id(NameKind::kOfficer, *officer, fields->Path("officer"),
                &act->officer);
  }
  if (const YamlNode* const seen = fields->Find("seen")) {
    std::uint64_t id = 0;
    payloads.Id(NameKind::kStep, *seen, fields->Path("seen"), &id);
    act->seen = seen->text;
  }
  fields->Text("key", &act->key);
  if (const YamlNode* const expect = fields->Find("expect")) {
    ReadOutcome(*expect, fields->Path("expect"), &act->outcome);
  }
}

bool Parser::ReadOutcome(const YamlNode& node, const std::string& path,
                         ActOutcome* outcome) {
  using Kind = ActOutcome::Kind;
  if (node.kind == YamlNode::Kind::kScalar) {
    if (node.text == "refused") {
      outcome->kind = Kind::kRefused;
    } else if (node.text == "no_effect") {
      outcome->kind = Kind::kNoEffect;
    } else if (node.text == "ineffective") {
      outcome->kind = Kind::kIneffective;
    } else if (node.text != "effective") {
      reader_.Error(node, path,
                    {"viết refused, no_effect, ineffective, {refused: CODE} "
                     "hoặc {no_effect: FAILURE}",
                     "write refused, no_effect, ineffective, {refused: CODE} "
                     "or {no_effect: FAILURE}"});
      return false;
    }
    return true;
  }
  Fields fields(&reader_, node, path);
  const YamlNode* const refused = fields.Find("refused");
  const YamlNode* const no_effect = fields.Find("no_effect");
  fields.Text("says", &outcome->says);
  fields.Done();
  if ((refused == nullptr) == (no_effect == nullptr)) {
    reader_.Error(node, path,
                  {"cần refused: hoặc no_effect:, không cả hai",
                   "needs refused: or no_effect:, and not both"});
    return false;
  }
  if (no_effect != nullptr) {
    outcome->kind = Kind::kNoEffect;
    int failure = 0;
    if (!reader_.EnumWord(*no_effect, fields.Path("no_effect"),
                          v1::CommandFailure_descriptor(), &failure)) {
      return false;
    }
    outcome->code = absl::AsciiStrToUpper(no_effect->text);
    return true;
  }
  outcome->kind = Kind::kRefused;
  outcome->code = absl::AsciiStrToUpper(refused->text);
  for (const absl::string_view known : kRefusals) {
    if (outcome->code == known) return true;
  }
  reader_.Error(*refused, fields.Path("refused"),
                NotKnown(refused->text, absl::StrJoin(kRefusals, ", ")));
  return false;
}

bool Parser::ReadOfficerStep(Fields* fields, Step* step) {
  const int errors = reader_.errors();
  const YamlNode& node = fields->node();
  Act act;
  ReadActFields(fields, &act);
  const YamlNode* payload = nullptr;
  std::string name;
  std::string path;
  if (const YamlNode* const command = fields->Find("command")) {
    if (command->kind == YamlNode::Kind::kMap && command->fields.size() == 1) {
      name = command->fields.front().first;
      payload = &command->fields.front().second;
      path = thon::scenario::At(fields->Path("command"), name);
    }
  }
  for (const auto& [key, value] : node.fields) {
    if (payload != nullptr || FindPayload(key) == nullptr) continue;
    name = key;
    payload = &value;
    path = fields->Path(key);
    fields->Know(key);
  }
  if (payload == nullptr || FindPayload(name) == nullptr) {
    std::string nearest = name.empty() ? "" : Nearest(name, PayloadNames());
    for (const auto& [key, value] : node.fields) {
      if (!nearest.empty()) break;
      if (key == "at" || key == "officer" || key == "expect") continue;
      nearest = Nearest(key, PayloadNames());
      if (!nearest.empty()) fields->Know(key);
    }
    const Sentence perhaps = Perhaps(nearest);
    reader_.Error(node, fields->path(),
                  {absl::StrCat("không phải việc của điện thoại (phone: p1), "
                                "cũng không phải việc của cán bộ "
                                "(team_suspended: {...})",
                                perhaps.vi),
                   absl::StrCat("is neither a phone's (phone: p1) nor an "
                                "officer's act (team_suspended: {...})",
                                perhaps.en)});
    return false;
  }
  Payloads().Read(name, *payload, path, &act);
  step->what = std::move(act);
  return reader_.errors() == errors;
}

}  // namespace thon::scenario
