#include "tools/thon/scenario/runner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/batch.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/engine/await.h"
#include "server/engine/checkpoints.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/registry.h"
#include "tools/thon/scenario/check.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

constexpr char kTakesEffect[] = "có hiệu lực (takes effect)";
constexpr char kRefused[] = "bị từ chối (refused)";
constexpr char kNoEffect[] = "không có hiệu lực (recorded without effect)";
constexpr char kIneffective[] =
    "bị từ chối, hoặc không có hiệu lực (refused, or recorded without effect)";

constexpr std::size_t kGroupMax = 200;

absl::string_view CodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case absl::StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case absl::StatusCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case absl::StatusCode::kAlreadyExists:
      return "ALREADY_EXISTS";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kOutOfRange:
      return "OUT_OF_RANGE";
    case absl::StatusCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case absl::StatusCode::kUnavailable:
      return "UNAVAILABLE";
    default:
      return "INTERNAL";
  }
}

// A command that could as well go with its neighbours: the ground's own.
bool Groups(const Step& step) {
  const Act* const act = std::get_if<Act>(&step.what);
  return step.setup && act != nullptr;
}

class Runner {
 public:
  explicit Runner(const Scenario& scenario) : scenario_(scenario) {
    history_.scenario = &scenario;
  }

  absl::StatusOr<RunResult> Run(const std::string& directory) {
    absl::StatusOr<std::unique_ptr<World>> world =
        World::Open(directory, scenario_.start);
    if (!world.ok()) return world.status();
    world_ = *std::move(world);
    history_.world = world_.get();
    absl::Status done = RunSteps();
    if (done.ok() && result_.broken.empty()) done = Check();
    if (!done.ok()) return done;
    const LogEnd end = world_->engine().log().end();
    result_.events = end.next_position.value - 1;
    result_.entries = end.tree_size.value;
    const absl::StatusOr<v1::Checkpoint> head =
        Await<v1::Checkpoint>([&](Done<v1::Checkpoint> signed_one) {
          world_->engine().checkpoints().Sign(std::move(signed_one));
        });
    if (!head.ok()) return head.status();
    result_.root = HexEncode(head->root_hash());
    return std::move(result_);
  }

 private:
  absl::Status RunSteps() {
    const std::vector<Step>& steps = scenario_.steps;
    for (std::size_t i = 0; i < steps.size() && result_.broken.empty();) {
      absl::Status moved = world_->AdvanceTo(steps[i].at);
      if (!moved.ok()) return moved;
      std::size_t end = i + 1;
      if (Groups(steps[i])) {
        while (end < steps.size() && end - i < kGroupMax &&
               Groups(steps[end]) && steps[end].at == steps[i].at) {
          ++end;
        }
      }
      absl::Status run = end > i + 1 ? RunGround(i, end) : RunStep(i);
      if (run.ok()) run = world_->SettleStateRoots();
      if (!run.ok()) return run;
      i = end;
    }
    const absl::Status moved = world_->AdvanceTo(scenario_.end);
    if (!moved.ok()) return moved;
    const absl::StatusOr<Position> last = world_->Settle();
    if (last.ok()) history_.end = *last;
    return last.status();
  }

  absl::Status Check() {
    // Days that a question looks back from must have passed.
    const TimeZone zone = TimeZone::VietNam();
    Instant last = world_->now();
    for (const Expectation& one : scenario_.expectations) {
      if (one.as_of_time.has_value()) last = std::max(last, *one.as_of_time);
      if (one.as_of_date.has_value()) {
        last = std::max(last,
                        Instant(zone.StartOf(one.as_of_date->Next()).ms - 1));
      }
    }
    absl::Status moved = world_->AdvanceTo(last);
    if (moved.ok()) moved = world_->Settle().status();
    if (!moved.ok()) return moved;
    for (const Expectation& one : scenario_.expectations) {
      absl::StatusOr<std::vector<Difference>> found =
          CheckExpectation(one, history_);
      if (!found.ok()) return found.status();
      ++result_.expectations;
      for (Difference& difference : *found) {
        result_.differences.push_back(std::move(difference));
      }
    }
    std::stable_sort(result_.differences.begin(), result_.differences.end(),
                     [](const Difference& a, const Difference& b) {
                       return std::pair(a.place.line, a.place.column) <
                              std::pair(b.place.line, b.place.column);
                     });
    return absl::OkStatus();
  }

  absl::Status RunStep(std::size_t index) {
    const Step& step = scenario_.steps[index];
    absl::Status run;
    if (const Act* const act = std::get_if<Act>(&step.what)) {
      run = RunAct(index, step, *act);
    } else if (const PhoneStep* const phone =
                   std::get_if<PhoneStep>(&step.what)) {
      run = RunPhone(step, *phone);
    } else {
      run = Enrol(index, step, std::get<Enrolment>(step.what));
    }
    if (!run.ok() || step.name.empty()) return run;
    const absl::StatusOr<Position> last = world_->Settle();
    if (last.ok()) history_.steps[step.name] = *last;
    return last.status();
  }

  void Broken(const Step& step, absl::string_view label,
              absl::string_view message) {
    result_.broken.push_back({step.place,
                              step.path,
                              std::string(label),
                              "",
                              "",
                              std::string(message),
                              {}});
  }

  void Differs(const Step& step, absl::string_view label,
               absl::string_view expected, absl::string_view actual) {
    result_.differences.push_back({step.place,
                                   step.path,
                                   std::string(label),
                                   "",
                                   std::string(expected),
                                   std::string(actual),
                                   {}});
  }

  // ---- Officers -----------------------------------------------------------

  // The ground's own commands, many in one request: they are one officer's and
  // none looks at what the money projections made of another.
  absl::Status RunGround(std::size_t begin, std::size_t end) {
    CommandRequest request;
    request.officer = OfficerId(1);
    request.idempotency_key = absl::StrCat("ground-", begin);
    for (std::size_t i = begin; i < end; ++i) {
      const Act& act = std::get<Act>(scenario_.steps[i].what);
      for (const std::string& document : act.documents) {
        const absl::Status put = world_->PutDocument(document);
        if (!put.ok()) return put;
      }
      request.events.push_back(act.event);
    }
    const absl::StatusOr<CommandResult> result =
        world_->Submit(std::move(request));
    if (!result.ok()) {
      // "events[3]: ..." says which.
      std::size_t at = 0;
      absl::string_view rest = result.status().message();
      if (absl::ConsumePrefix(&rest, "events[")) {
        absl::SimpleAtoi(rest.substr(0, rest.find(']')), &at);
      }
      const Step& step = scenario_.steps[std::min(begin + at, end - 1)];
      Broken(step, PayloadLabel(step), result.status().message());
      return absl::OkStatus();
    }
    for (std::size_t i = begin; i < end; ++i) {
      const v1::CommandOutcome& outcome = result->outcomes[i - begin];
      if (outcome.effective()) continue;
      const Step& step = scenario_.steps[i];
      Broken(
          step, PayloadLabel(step),
          absl::StrCat(cli::Short(outcome.failure()), ": ", outcome.detail()));
    }
    return absl::OkStatus();
  }

  static std::string PayloadLabel(const Step& step) {
    const Act& act = std::get<Act>(step.what);
    const auto* const field =
        v1::Event::descriptor()->FindFieldByNumber(act.event.payload_case());
    return field == nullptr ? "act" : field->name();
  }

  // Fills in what is known only now. False: told.
  bool Complete(const Step& step, const Act& act, v1::Event* event) {
    if (!act.phone.empty()) {
      const auto phone = history_.phones.find(act.phone);
      if (phone == history_.phones.end()) {
        Broken(step, PayloadLabel(step),
               absl::StrCat("điện thoại (phone) ", act.phone,
                            " chưa đăng ký (is not enrolled yet)"));
        return false;
      }
      const std::string author(phone->second.author().view());
      if (event->has_successor_confirmed()) {
        event->mutable_successor_confirmed()->set_author(author);
      } else if (event->has_author_revoked()) {
        event->mutable_author_revoked()->set_author(author);
      } else if (event->has_held_decided()) {
        event->mutable_held_decided()->set_author(author);
      }
    }
    if (!act.events.empty() &&
        !NameEvents(step, PayloadLabel(step), act.events, act.phone, event)) {
      return false;
    }
    return act.founding.empty() || NameFounding(step, act, event);
  }

  bool NameEvents(const Step& step, const std::string& label,
                  const std::vector<std::string>& names,
                  const std::string& phone, v1::Event* event) {
    AuthorId author;
    Sequence first;
    Sequence last;
    for (const std::string& name : names) {
      const std::optional<EventPlace> place = history_.Find(name, phone);
      if (!place.has_value()) {
        Broken(step, label,
               absl::StrCat(name,
                            " chưa được điện thoại nào ghi trước bước này (is "
                            "not recorded by a phone before this step)"));
        return false;
      }
      if (first.value != 0 &&
          (!(place->author == author) || place->sequence != last.Next())) {
        Broken(step, label,
               absl::StrCat(name,
                            " không nối tiếp sự kiện trước nó; quyết định ở "
                            "bước riêng (does not follow on the event before "
                            "it; decide them in steps of their own)"));
        return false;
      }
      author = place->author;
      if (first.value == 0) first = place->sequence;
      last = place->sequence;
    }
    if (event->has_correction_issued()) {
      v1::CorrectionIssued* const correction =
          event->mutable_correction_issued();
      correction->set_target_author(std::string(author.view()));
      correction->set_target_sequence(first.value);
    } else {
      v1::HeldDecided* const decided = event->mutable_held_decided();
      decided->set_author(std::string(author.view()));
      decided->set_first_sequence(first.value);
      decided->set_last_sequence(last.value);
    }
    return true;
  }

  bool NameFounding(const Step& step, const Act& act, v1::Event* event) {
    const std::optional<std::uint64_t> team =
        scenario_.names.Find(NameKind::kTeam, act.founding);
    const auto row =
        team.has_value()
            ? GetTeam(
                  *world_->engine().RowsAt(world_->engine().rows_position()),
                  TeamId(*team))
            : std::nullopt;
    if (!row.has_value()) {
      Broken(step, PayloadLabel(step),
             absl::StrCat("tổ (team) ", act.founding,
                          " chưa thành lập (is not founded yet)"));
      return false;
    }
    v1::CorrectionIssued* const correction = event->mutable_correction_issued();
    correction->set_target_author(std::string(world_->server_author().view()));
    correction->set_target_sequence(
        world_->ServerSequence(Position(row->founded_position())));
    return true;
  }

  absl::Status RunAct(std::size_t index, const Step& step, const Act& act) {
    v1::Event event = act.event;
    if (!Complete(step, act, &event)) return absl::OkStatus();
    if (act.policy.has_value()) {
      const absl::Status published = Publish(*act.policy, &event);
      if (!published.ok()) {
        Judge(step, act, published);
        return absl::OkStatus();
      }
    }
    for (const std::string& document : act.documents) {
      const absl::Status put = world_->PutDocument(document);
      if (!put.ok()) return put;
    }
    CommandRequest request;
    request.officer = OfficerId(act.officer);
    request.idempotency_key =
        act.key.empty() ? absl::StrCat("step-", index) : act.key;
    if (!act.seen.empty()) {
      const auto seen = history_.steps.find(act.seen);
      if (seen == history_.steps.end()) {
        Broken(step, PayloadLabel(step),
               absl::StrCat("seen: ", act.seen, " ở bước sau (comes later)"));
        return absl::OkStatus();
      }
      request.seen_position = seen->second;
    }
    request.events.push_back(std::move(event));
    const absl::StatusOr<CommandResult> result =
        world_->Submit(std::move(request));
    if (!result.ok()) {
      Judge(step, act, result.status());
    } else {
      JudgeOutcome(step, act, result->outcomes.front());
    }
    return absl::OkStatus();
  }

  // What PolicyService does before it records a policy.
  absl::Status Publish(const PolicySource& source, v1::Event* event) {
    const PolicyText text = ParsePolicy(source.text, source.file);
    for (const Finding& finding : text.findings) {
      if (finding.severity == Severity::kError) {
        return absl::InvalidArgumentError(FormatFinding(finding));
      }
    }
    v1::PolicyPublished* const published = event->mutable_policy_published();
    if (published->policy_id().empty()) {
      published->set_policy_id(text.policy.id);
    }
    if (published->version() == 0) published->set_version(text.policy.version);
    if (!published->has_document() && !text.policy.documents.empty()) {
      const PolicyDocument& document = text.policy.documents.front();
      published->mutable_document()->set_number(document.number);
      published->mutable_document()->set_issue_date(document.issued.days);
      published->mutable_document()->set_issuer(document.issuer);
    }
    published->set_text_hash(std::string(Sha256Of(source.text).view()));
    return world_->PutDocument(source.text);
  }

  static std::string Describe(const ActOutcome& outcome) {
    using Kind = ActOutcome::Kind;
    if (outcome.kind == Kind::kEffective) return kTakesEffect;
    std::string text = outcome.kind == Kind::kRefused    ? kRefused
                       : outcome.kind == Kind::kNoEffect ? kNoEffect
                                                         : kIneffective;
    if (!outcome.code.empty()) absl::StrAppend(&text, " ", outcome.code);
    if (!outcome.says.empty()) {
      absl::StrAppend(&text, ", nói (saying) \"", outcome.says, "\"");
    }
    return text;
  }

  void JudgeAs(const Step& step, const Act& act, ActOutcome::Kind kind,
               absl::string_view code, absl::string_view message,
               absl::string_view actual) {
    const ActOutcome& wanted = act.outcome;
    const bool same_kind =
        wanted.kind == kind || (wanted.kind == ActOutcome::Kind::kIneffective &&
                                kind != ActOutcome::Kind::kEffective);
    if (same_kind && (wanted.code.empty() || wanted.code == code) &&
        (wanted.says.empty() || absl::StrContains(message, wanted.says))) {
      return;
    }
    if (step.setup) {
      Broken(step, PayloadLabel(step), actual);
    } else {
      Differs(step, PayloadLabel(step), Describe(wanted), actual);
    }
  }

  void Judge(const Step& step, const Act& act, const absl::Status& refused) {
    const absl::string_view code = CodeName(refused.code());
    JudgeAs(step, act, ActOutcome::Kind::kRefused, code, refused.message(),
            absl::StrCat(kRefused, " ", code, ": ", refused.message()));
  }

  void JudgeOutcome(const Step& step, const Act& act,
                    const v1::CommandOutcome& outcome) {
    if (outcome.effective()) {
      return JudgeAs(step, act, ActOutcome::Kind::kEffective, "",
                     outcome.detail(), kTakesEffect);
    }
    const std::string code = cli::Short(outcome.failure());
    JudgeAs(step, act, ActOutcome::Kind::kNoEffect, code, outcome.detail(),
            absl::StrCat(kNoEffect, " ", code, ": ", outcome.detail()));
  }

  // ---- Phones ---------------------------------------------------------------

  absl::Status Enrol(std::size_t index, const Step& step,
                     const Enrolment& whose) {
    const std::string code = absl::StrCat("scenario-", index);
    v1::Event event;
    v1::EnrolmentCodeIssued* const issued =
        event.mutable_enrolment_code_issued();
    issued->set_code_hash(std::string(Sha256Of(code).view()));
    issued->set_team_id(whose.team);
    issued->set_member_id(whose.member);
    issued->set_organisation_id(whose.organisation);
    issued->set_last_date(TimeZone::VietNam().DateOf(step.at).Next().days);
    CommandRequest command;
    command.officer = OfficerId(1);
    command.idempotency_key = absl::StrCat("code-", index);
    command.events.push_back(std::move(event));
    const absl::StatusOr<CommandResult> made =
        world_->Submit(std::move(command));
    if (!made.ok() || !made->outcomes.front().effective()) {
      Broken(step, absl::StrCat("phone ", whose.phone),
             made.ok() ? made->outcomes.front().detail()
                       : std::string(made.status().message()));
      return absl::OkStatus();
    }
    Phone phone(whose.phone, whose, step.at);
    EnrolmentRequest request;
    request.code = code;
    const absl::Status enrolled = Send(&phone, std::move(request));
    if (!enrolled.ok()) {
      Broken(step, absl::StrCat("phone ", whose.phone), enrolled.message());
      return absl::OkStatus();
    }
    const absl::StatusOr<Instant> heard = world_->HearTime(phone.author());
    if (!heard.ok()) return heard.status();
    phone.KeepAnchor(phone.Hear(*heard, step.at), false);
    history_.phones.emplace(whose.phone, std::move(phone));
    return absl::OkStatus();
  }

  absl::Status Send(Phone* phone, EnrolmentRequest request) {
    request.public_key = std::string(phone->key().public_key().view());
    const Signature possession = phone->key().Sign(
        kEnrolContext,
        absl::StrCat(Sha256Of(request.code).view(), request.predecessor));
    request.possession_signature = std::string(possession.view());
    return world_->Enrol(std::move(request)).status();
  }

  absl::Status RunPhone(const Step& step, const PhoneStep& what) {
    const auto found = history_.phones.find(what.phone);
    if (found == history_.phones.end()) {
      Broken(step, absl::StrCat("phone ", what.phone),
             "lúc này chưa đăng ký (is not enrolled yet at this moment)");
      return absl::OkStatus();
    }
    Phone& phone = found->second;
    if (what.clock.has_value()) phone.SetClock(*what.clock, step.at);
    for (const scenario::Record& record : what.records) {
      for (int i = 1; i <= record.times; ++i) {
        std::string name = record.name;
        if (!name.empty() && record.times > 1) absl::StrAppend(&name, "-", i);
        v1::Event event = record.event;
        const std::string problem = history_.NameOriginal(record, &event);
        if (!problem.empty()) {
          Broken(step, "originally", problem);
          return absl::OkStatus();
        }
        if (!record.targets.empty() &&
            !NameEvents(step, "correction_issued", record.targets,
                        record.target_phone, &event)) {
          return absl::OkStatus();
        }
        phone.Record(event, name, step.at);
        if (!name.empty()) history_.recorders[name] = what.phone;
      }
    }
    if (what.seal) phone.Seal(phone.anchor());
    if (!what.clone_to.empty()) {
      history_.phones.emplace(what.clone_to, phone.CloneAs(what.clone_to));
    }
    if (what.successor) {
      EnrolmentRequest request;
      request.predecessor = std::string(phone.author().view());
      request.predecessor_signature = std::string(phone.Succeed().view());
      const absl::Status enrolled = Send(&phone, std::move(request));
      if (!enrolled.ok()) {
        Differs(step, absl::StrCat("phone ", what.phone),
                "khóa kế tiếp được đăng ký (the successor is enrolled)",
                enrolled.message());
      }
    }
    absl::Status done;
    if (what.sync.has_value()) done = DoSync(*what.sync, step.at, &phone);
    if (done.ok() && what.resend.has_value()) {
      done = DoResend(*what.resend, &phone);
    }
    return done;
  }

  absl::Status DoSync(const scenario::Sync& how, Instant now, Phone* phone) {
    using Anchor = scenario::Sync::Anchor;
    const absl::StatusOr<Instant> heard = world_->HearTime(phone->author());
    if (!heard.ok()) return heard.status();
    const v1::Anchor fresh = phone->Hear(*heard, now);
    bool carried = false;
    if (how.given.has_value()) {
      phone->SealWith(*how.given);
      return SendAll(how, phone);
    }
    switch (how.anchor) {
      case Anchor::kFresh:
        carried = phone->Seal(fresh);
        break;
      case Anchor::kOld:
        phone->Seal(phone->anchor());
        break;
      case Anchor::kNone:
        phone->Seal(std::nullopt);
        break;
    }
    // Who seals with an old anchor, or none, has not heard the server.
    if (how.anchor == Anchor::kFresh) phone->KeepAnchor(fresh, carried);
    return SendAll(how, phone);
  }

  absl::Status SendAll(const scenario::Sync& how, Phone* phone) {
    using Lose = scenario::Sync::Lose;
    if (how.lose == Lose::kBatches) return absl::OkStatus();
    for (SealedAs& sealed : phone->batches()) {
      if (sealed.acknowledged) continue;
      const absl::StatusOr<v1::Answer> answer =
          world_->Offer(sealed.author, sealed.sealed);
      if (!answer.ok()) return answer.status();
      if (how.lose == Lose::kAnswers) continue;
      phone->answers.push_back(*answer);
      sealed.acknowledged = answer->code() == v1::ANSWER_CODE_RECORDED ||
                            answer->code() == v1::ANSWER_CODE_DUPLICATE;
      if (!sealed.acknowledged) break;
    }
    return absl::OkStatus();
  }

  absl::Status DoResend(const Resend& how, Phone* phone) {
    for (int i = 0; i < how.times; ++i) {
      for (SealedAs& sealed : phone->batches()) {
        if (!how.all && &sealed != &phone->batches().back()) continue;
        const absl::StatusOr<v1::Answer> answer =
            world_->Offer(sealed.author, sealed.sealed);
        if (!answer.ok()) return answer.status();
        phone->answers.push_back(*answer);
      }
    }
    return absl::OkStatus();
  }

  const Scenario& scenario_;
  std::unique_ptr<World> world_;
  History history_;
  RunResult result_;
};

}  // namespace

absl::StatusOr<RunResult> RunScenario(const Scenario& scenario,
                                      const std::string& directory) {
  return Runner(scenario).Run(directory);
}

}  // namespace thon::scenario
