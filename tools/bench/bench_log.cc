#include "tools/bench/bench_log.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/core/check.h"
#include "server/core/mutex.h"
#include "server/engine/system_clock.h"

namespace thon::bench {
namespace {

constexpr std::uint64_t kProvince = 300'001;
constexpr std::uint64_t kDistrict = 300'002;
constexpr std::uint64_t kCommune = 300'003;
constexpr int kCommandsMax = 256;
constexpr std::int64_t kWaitMs = 600'000;

// A result that a callback brings.
template <typename T>
class Awaited {
 public:
  Done<T> Callback() {
    return [this](absl::StatusOr<T> result) {
      MutexLock lock(&mu_);
      result_ = std::move(result);
      came_.NotifyAll();
    };
  }
  absl::StatusOr<T> Wait() {
    MutexLock lock(&mu_);
    while (!result_.has_value()) came_.Wait(&mu_);
    return *std::move(result_);
  }

 private:
  Mutex mu_;
  CondVar came_;
  std::optional<absl::StatusOr<T>> result_ ABSL_GUARDED_BY(mu_);
};

// The rule of the demo's province, for other months.
std::string PolicyText() {
  return absl::StrCat(R"(policy: BENCH
version: 1
title: Hỗ trợ
issuer: Tỉnh Đo
time_zone: Asia/Ho_Chi_Minh
status: {value: IN_FORCE, source: bench}
basis:
  - {document: 1/NQ-HĐND, issued: 2000-12-09, issuer: HĐND}
period: {from: )",
                      FirstFactDay().Iso(), ", to: ", LastFactDay().Iso(),
                      R"(, source: bench}
month_rule: {unit: whole_month, prorata: none, assumption: bench}
beneficiary: {level: VILLAGE, kinds: [thôn], source: bench}
team_must_exist: {on: last_day_of_month, assumption: bench}
suspended_days: {full_month: no_pay, partial: hold, assumption: bench}
monthly_update: {required: false, record_missing: true, submit_before_day: 6, assumption: bench}
amount: {per: team_month, vnd: 500000, purpose: CAPACITY_SUPPORT, source: bench}
funding: {required: true, source: bench}
)");
}

class Founder {
 public:
  // `prefix`: of its commands' keys.
  Founder(Engine* engine, std::string prefix)
      : engine_(engine), prefix_(std::move(prefix)) {}

  absl::StatusOr<Hash> Put(const std::string& document) {
    DocumentRequest request;
    request.content = document;
    request.document_hash = Sha256Of(document);
    request.part_count = 1;
    const Hash hash = request.document_hash;
    Awaited<Position> put;
    engine_->PutDocument(std::move(request), put.Callback());
    const absl::StatusOr<Position> position = put.Wait();
    if (!position.ok()) return position.status();
    return hash;
  }

  absl::Status Submit(std::vector<v1::Event> events) {
    for (std::size_t begin = 0; begin < events.size(); begin += kCommandsMax) {
      CommandRequest request;
      request.officer = OfficerId(1);
      request.idempotency_key = absl::StrCat(prefix_, "-", ++keys_);
      for (std::size_t i = begin; i < events.size() && i < begin + kCommandsMax;
           ++i) {
        request.events.push_back(std::move(events[i]));
      }
      Awaited<CommandResult> submitted;
      engine_->Submit(std::move(request), submitted.Callback());
      const absl::StatusOr<CommandResult> result = submitted.Wait();
      if (!result.ok()) return result.status();
      for (const v1::CommandOutcome& outcome : result->outcomes) {
        if (outcome.effective()) continue;
        return absl::InternalError(absl::StrCat(
            "a command of the bench has no effect: ", outcome.detail()));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Enrol(const Author& author) {
    EnrolmentRequest request;
    request.code = author.holder().code;
    request.public_key = std::string(author.key().public_key().view());
    const Hash code_hash = Sha256Of(request.code);
    request.possession_signature =
        std::string(author.key().Sign(kEnrolContext, code_hash.view()).view());
    Awaited<Enrolment> enrolled;
    engine_->Enrol(std::move(request), enrolled.Callback());
    return enrolled.Wait().status();
  }

 private:
  Engine* const engine_;
  const std::string prefix_;
  int keys_ = 0;
};

v1::UnitList Units(int communes) {
  v1::UnitList list;
  const auto add = [&](std::uint64_t id, v1::UnitLevel level, v1::UnitKind kind,
                       const std::string& code, const char* name,
                       std::uint64_t parent) {
    v1::UnitRecord* unit = list.add_units();
    unit->set_unit_id(id);
    unit->set_level(level);
    unit->set_kind(kind);
    unit->set_code(code);
    unit->set_name(name);
    unit->set_parent_unit_id(parent);
  };
  add(kProvince, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "15", "Tỉnh Đo",
      0);
  add(kDistrict, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "132",
      "Huyện Đo", kProvince);
  for (int i = 0; i < communes; ++i) {
    add(kCommune + static_cast<std::uint64_t>(i), v1::UNIT_LEVEL_COMMUNE,
        v1::UNIT_KIND_XA, absl::StrCat("0", 4252 + i), "Xã Đo", kDistrict);
  }
  return list;
}

std::vector<v1::Event> TeamFacts(const std::vector<Author>& authors,
                                 int communes) {
  const std::int32_t begin = Date::Of(2000, 1, 1).days;
  std::vector<v1::Event> events;
  std::uint64_t index = 0;
  for (const Author& author : authors) {
    const fleet::Holder& holder = author.holder();
    v1::VillageDeclared* village =
        events.emplace_back().mutable_village_declared();
    village->set_unit_id(holder.village_id);
    village->set_kind(v1::UNIT_KIND_THON);
    village->set_name(absl::StrCat("Thôn ", holder.team_id));
    village->set_commune_unit_id(
        kCommune + index++ % static_cast<std::uint64_t>(communes));
    village->set_effective_date(begin);
    v1::TeamFounded* team = events.emplace_back().mutable_team_founded();
    team->set_team_id(holder.team_id);
    team->set_unit_id(holder.village_id);
    team->set_level(v1::UNIT_LEVEL_VILLAGE);
    team->set_founded_date(begin);
    team->set_name(absl::StrCat("Tổ ", holder.team_id));
    v1::MemberJoined* member = events.emplace_back().mutable_member_joined();
    member->set_member_id(holder.member_id);
    member->set_team_id(holder.team_id);
    member->set_seat(v1::SEAT_LEADER);
    member->set_joined_date(begin);
    v1::EnrolmentCodeIssued* code =
        events.emplace_back().mutable_enrolment_code_issued();
    code->set_code_hash(std::string(Sha256Of(holder.code).view()));
    code->set_team_id(holder.team_id);
    code->set_member_id(holder.member_id);
    code->set_last_date(TimeZone::VietNam().DateOf(ReceiveTime()).days + 30);
  }
  return events;
}

v1::Event Publication(const std::string& id, const Hash& text_hash) {
  v1::Event event;
  event.set_unit_id(kProvince);
  v1::PolicyPublished* policy = event.mutable_policy_published();
  policy->set_policy_id(id);
  policy->set_version(1);
  policy->mutable_document()->set_number("1/NQ-HĐND");
  policy->mutable_document()->set_issue_date(Date::Of(2000, 12, 9).days);
  policy->set_text_hash(std::string(text_hash.view()));
  policy->set_issuer_unit_id(kProvince);
  return event;
}

absl::Status Found(Engine* engine, const std::vector<Author>& authors,
                   int communes) {
  Founder founder(engine, "bench");
  const absl::StatusOr<Hash> units =
      founder.Put(Units(communes).SerializeAsString());
  if (!units.ok()) return units.status();
  const std::string policy_text = PolicyText();
  const absl::StatusOr<Hash> policy_hash = founder.Put(policy_text);
  if (!policy_hash.ok()) return policy_hash.status();

  std::vector<v1::Event> events(1);
  v1::UnitsImported* map = events[0].mutable_units_imported();
  map->set_effective_date(Date::Of(2000, 1, 1).days);
  map->mutable_document()->set_number("1/QĐ-TTg");
  map->mutable_document()->set_issue_date(Date::Of(2000, 1, 1).days);
  map->set_units_hash(std::string(units->view()));
  absl::Status status = founder.Submit(std::move(events));
  if (status.ok()) status = founder.Submit(TeamFacts(authors, communes));
  if (!status.ok()) return status;

  status = founder.Submit({Publication("BENCH", *policy_hash)});
  for (const Author& author : authors) {
    if (status.ok()) status = founder.Enrol(author);
  }
  return status;
}

}  // namespace

Folder::Folder() {
  std::string path =
      std::filesystem::temp_directory_path() / "thon-bench.XXXXXX";
  THON_CHECK(mkdtemp(path.data()) != nullptr);
  path_ = path;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(
    const std::string& directory) {
  static const SystemClock* const clock = new SystemClock();
  EngineOptions options;
  options.storage.directory = directory;
  options.log_name = "thon.example/bench";
  options.simulated = true;
  options.simulated_start = ReceiveTime();
  options.clock = clock;
  return Engine::Open(std::move(options));
}

absl::StatusOr<std::string> FoundProvince(const std::string& directory,
                                          const std::vector<Author>& authors,
                                          int communes) {
  absl::StatusOr<std::unique_ptr<Engine>> engine = OpenEngine(directory);
  if (!engine.ok()) return engine.status();
  std::ofstream(directory + "/operator.token")
      << (*engine)->new_operator_token() << '\n';
  absl::Status founded = Found(engine->get(), authors, communes);
  if (!founded.ok()) return founded;
  return (*engine)->status().origin;
}

std::uint64_t BenchProvince() { return kProvince; }

std::uint64_t BenchCommune(std::uint64_t index) { return kCommune + index; }

absl::StatusOr<std::vector<std::string>> MakeReaders(
    const std::string& directory, int officers) {
  absl::StatusOr<std::unique_ptr<Engine>> engine = OpenEngine(directory);
  if (!engine.ok()) return engine.status();
  std::vector<v1::Event> grants;
  for (int i = 0; i < officers; ++i) {
    v1::GrantIssued* grant = grants.emplace_back().mutable_grant_issued();
    grant->set_grant_id(static_cast<std::uint64_t>(100 + i));
    grant->set_officer_id(static_cast<std::uint64_t>(100 + i));
    grant->set_role(v1::ROLE_READER);
    grant->set_from_date(Date::Of(2000, 1, 1).days);
  }
  Founder founder(engine->get(), "readers");
  const absl::Status granted = founder.Submit(std::move(grants));
  if (!granted.ok()) return granted;
  std::vector<std::string> tokens;
  for (int i = 0; i < officers; ++i) {
    Awaited<std::string> made;
    (*engine)->CreateToken(OfficerId(static_cast<std::uint64_t>(100 + i)),
                           Date(), made.Callback());
    absl::StatusOr<std::string> token = made.Wait();
    if (!token.ok()) return token.status();
    tokens.push_back(*std::move(token));
  }
  return tokens;
}

absl::Status FillLog(Engine* engine, std::vector<Author>* authors,
                     std::uint64_t events, int events_per_batch) {
  Mutex mu;
  CondVar moved;
  std::uint64_t outstanding = 0;
  bool room = true;
  absl::Status failure;
  const std::uint64_t batches =
      (events + static_cast<std::uint64_t>(events_per_batch) - 1) /
      static_cast<std::uint64_t>(events_per_batch);
  const auto answered = [&](const Answered& answer) {
    MutexLock lock(&mu);
    --outstanding;
    if (failure.ok() && !answer.status.ok()) failure = answer.status;
    if (failure.ok() && answer.answer.code() != v1::ANSWER_CODE_RECORDED) {
      failure = absl::InternalError("a batch of the bench was not recorded: " +
                                    answer.answer.detail());
    }
    moved.NotifyAll();
  };
  const auto has_room = [&] {
    MutexLock lock(&mu);
    room = true;
    moved.NotifyAll();
  };
  for (std::uint64_t i = 0; i < batches; ++i) {
    Author& author = (*authors)[i % authors->size()];
    OfferedBatch batch =
        engine->Admit(author.key().public_key().author(), author.NextBatch());
    for (OfferStatus status = OfferStatus::kFull;
         status != OfferStatus::kTaken;) {
      {
        MutexLock lock(&mu);
        while (!room) moved.Wait(&mu);
        if (!failure.ok()) break;
        ++outstanding;
        room = false;
      }
      status = engine->Offer(&batch, answered, has_room);
      MutexLock lock(&mu);
      if (status == OfferStatus::kTaken) room = true;
      if (status != OfferStatus::kTaken) --outstanding;
      if (status == OfferStatus::kClosed) {
        failure = absl::UnavailableError("the engine closed");
        room = true;  // No callback will say so.
        break;
      }
    }
  }
  {
    MutexLock lock(&mu);
    while (outstanding > 0 || !room) moved.Wait(&mu);
    if (!failure.ok()) return failure;
  }
  return engine->AwaitRows(
      Position(engine->status().end.next_position.value - 1), kWaitMs);
}

absl::Status PublishPolicy(Engine* engine, const std::string& id,
                           const std::string& text) {
  Founder founder(engine, absl::StrCat("publish-", id));
  const absl::StatusOr<Hash> hash = founder.Put(text);
  if (!hash.ok()) return hash.status();
  return founder.Submit({Publication(id, *hash)});
}

absl::Status SendBatch(Engine* engine, Author* author) {
  Awaited<Answered> answered;
  const auto done = answered.Callback();
  OfferedBatch batch =
      engine->Admit(author->key().public_key().author(), author->NextBatch());
  while (true) {
    Awaited<bool> room;
    const auto has_room = room.Callback();
    const OfferStatus status = engine->Offer(
        &batch, [done](const Answered& answer) { done(answer); },
        [has_room] { has_room(true); });
    if (status == OfferStatus::kTaken) break;
    if (status == OfferStatus::kClosed) {
      return absl::UnavailableError("the engine closed");
    }
    const absl::StatusOr<bool> waited = room.Wait();
    if (!waited.ok()) return waited.status();
  }
  const absl::StatusOr<Answered> answer = answered.Wait();
  if (!answer.ok()) return answer.status();
  if (!answer->status.ok()) return answer->status;
  if (answer->answer.code() != v1::ANSWER_CODE_RECORDED) {
    return absl::InternalError("a batch of the bench was not recorded: " +
                               answer->answer.detail());
  }
  return absl::OkStatus();
}

}  // namespace thon::bench
