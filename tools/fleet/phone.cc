#include "tools/fleet/phone.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace thon::fleet {
namespace {

constexpr std::int64_t kDeadlineMs = 60'000;
// A phone that still cannot reach the server after so many tries, some 30 s,
// ends the run.
constexpr int kTriesMax = 60;

// Marks the phone as being in the middle of something.
class Busy {
 public:
  Busy(PhoneState* state, Operation operation) : state_(state) {
    state_->operation = operation;
  }
  ~Busy() { state_->operation = Operation::kNone; }

 private:
  PhoneState* const state_;
};

void WaitBeforeTry(int tries) {
  std::this_thread::sleep_for(
      std::chrono::milliseconds(std::min(5 * tries, 1000)));
}

}  // namespace

Phone::Phone(const PhoneContext* context, std::size_t phone)
    : context_(context),
      phone_(phone),
      state_(&(*context->states)[phone]),
      clock_(context->plan->SeedOf(phone), context->plan->first_day(),
             context->plan->last_day()) {}

std::string Phone::DirectoryOf(std::size_t phone) const {
  return absl::StrCat(context_->directory, "/phones/", phone);
}

absl::Status Phone::Annotate(const absl::Status& status,
                             const char* doing) const {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat("phone ", phone_, ", ", doing,
                                                  ": ", status.message()));
}

absl::Status Phone::Open() {
  if (client_ != nullptr) return absl::OkStatus();
  if (transport_ == nullptr) {
    absl::StatusOr<std::unique_ptr<client::Transport>> transport =
        client::NewGrpcTransport(context_->server);
    if (!transport.ok()) return Annotate(transport.status(), "connecting");
    transport_ = std::make_unique<BreakingTransport>(*std::move(transport));
  }
  const std::string directory = DirectoryOf(phone_);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  client::Options options;
  options.path = directory + "/outbox.db";
  options.clock = &clock_;
  // A key drawn after a crash is another one than before it.
  options.random_seed = Mix(context_->plan->SeedOf(phone_), ++state_->opens);
  options.app_version = "thon-fleet/1";
  Dice dice(Mix(context_->plan->SeedOf(phone_), 7));
  options.batch_events_max = dice.Percent(70) ? 256 : dice.Between(4, 32);
  options.standings = dice.Percent(10);
  options.follow = options.standings;
  absl::StatusOr<std::unique_ptr<client::Client>> client =
      client::Client::Open(std::move(options), transport_.get());
  if (!client.ok()) return Annotate(client.status(), "opening its file");
  client_ = *std::move(client);
  counted_ = {};
  return absl::OkStatus();
}

void Phone::Close() { client_.reset(); }

absl::Status Phone::Live(Date day) {
  if (state_->day != day.days) {
    state_->tasks_done = 0;
    state_->day = day.days;
  }
  const std::vector<Task> tasks = context_->plan->TasksOf(phone_, day);
  for (std::uint32_t i = state_->tasks_done; i < tasks.size(); ++i) {
    clock_.SetTrueTime(tasks[i].at);
    if (absl::Status done = Do(tasks[i], day, i); !done.ok()) return done;
    state_->tasks_done = i + 1;
  }
  return absl::OkStatus();
}

absl::Status Phone::Do(const Task& task, Date day, std::uint32_t index) {
  if (absl::Status opened = Open(); !opened.ok()) return opened;
  switch (task.kind) {
    case Task::Kind::kEnrol:
      return Enrol();
    case Task::Kind::kRecord:
      return Record(task, day, index);
    case Task::Kind::kSync:
      return Sync(task, day);
    case Task::Kind::kClone:
      return CopyTo(task.clone, day);
  }
  return absl::InternalError("no such task");
}

absl::Status Phone::Enrol() {
  const Busy busy(state_, Operation::kEnrolling);
  absl::Status status;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    status = client_->Enrol(context_->plan->HolderOf(phone_).code);
    if (status.ok()) return status;
    WaitBeforeTry(tries);
  }
  return Annotate(status, "enrolling");
}

absl::Status Phone::Resolve() {
  const absl::StatusOr<client::PendingCount> pending = client_->Pending();
  if (!pending.ok()) return Annotate(pending.status(), "counting");
  const std::uint64_t added = pending->events() - state_->pending_before;
  if (added != 0 && added != state_->intent_events) {
    return absl::DataLossError(absl::StrCat(
        "phone ", phone_, " was killed while it recorded ",
        state_->intent_events, " events, and has ", added, " of them"));
  }
  if (added == 0) {
    absl::Status said = context_->journal->Lost(phone_, state_->intent);
    if (said.ok()) state_->intent_state = IntentState::kLost;
    return said;
  }
  absl::Status said = context_->journal->Found(phone_, state_->intent);
  if (!said.ok()) return said;
  state_->events_recorded += state_->intent_events;
  state_->intent_state = IntentState::kRecorded;
  return said;
}

absl::Status Phone::Record(const Task& task, Date day, std::uint32_t index) {
  if (state_->intent_state == IntentState::kOpen) {
    if (absl::Status resolved = Resolve(); !resolved.ok()) return resolved;
  }
  if (state_->intent_state == IntentState::kRecorded &&
      state_->intent_day == day.days && state_->intent_task == index) {
    return absl::OkStatus();  // Killed before the task was ticked off.
  }
  const absl::StatusOr<client::PendingCount> pending = client_->Pending();
  if (!pending.ok()) return Annotate(pending.status(), "counting");
  std::vector<std::string> contents;
  for (const v1::Event& event : task.events) {
    contents.push_back(ContentHash(event));
  }
  // The line first: an intent whose line was written and that never came to be
  // open recorded nothing.
  absl::Status said =
      context_->journal->Intent(phone_, ++state_->intent, contents);
  if (!said.ok()) return said;
  state_->intent_day = day.days;
  state_->intent_task = index;
  state_->intent_events = static_cast<std::uint32_t>(task.events.size());
  state_->pending_before = pending->events();
  state_->intent_state = IntentState::kOpen;

  const Busy busy(state_, Operation::kRecording);
  absl::StatusOr<std::vector<client::Recorded>> recorded =
      client_->RecordAll(task.events);
  if (!recorded.ok()) return Annotate(recorded.status(), "recording");
  std::vector<Identity> identities;
  for (const client::Recorded& one : *recorded) {
    identities.push_back(
        {one.name.author, one.name.sequence.value, one.event_hash});
  }
  said = context_->journal->Done(phone_, state_->intent, identities);
  if (!said.ok()) return said;
  state_->events_recorded += identities.size();
  state_->intent_state = IntentState::kRecorded;
  return absl::OkStatus();
}

void Phone::CountTotals() {
  const client::Counters now = client_->Totals();
  state_->batches_sent += now.batches_sent - counted_.batches_sent;
  state_->batches_sent_again +=
      now.batches_sent_again - counted_.batches_sent_again;
  state_->forks += now.forks - counted_.forks;
  counted_ = now;
}

absl::Status Phone::Sync(const Task& task, Date day) {
  absl::StatusOr<client::PendingCount> pending = client_->Pending();
  if (!pending.ok()) return Annotate(pending.status(), "counting");
  if (task.if_pending && pending->events() == 0) return absl::OkStatus();
  const Busy busy(state_, Operation::kSyncing);
  absl::Status status;
  int breaks = task.breaks;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const bool breaking = breaks > 0 && pending->events() > 0;
    if (breaking) {
      --breaks;
      transport_->BreakNext(breaks % 2 == 0 ? Break::kBeforeFirstAnswer
                                            : Break::kAfterFirstBatch);
    }
    status = client_->SyncOnce(kDeadlineMs);
    transport_->BreakNext(Break::kNever);
    CountTotals();
    if (status.ok()) break;
    if (breaking) {
      ++state_->breaks;
    } else {
      WaitBeforeTry(tries);
    }
  }
  if (!status.ok()) return Annotate(status, "syncing");
  pending = client_->Pending();
  if (!pending.ok()) return Annotate(pending.status(), "counting");
  if (pending->events() != 0) {
    return absl::InternalError(absl::StrCat("phone ", phone_, " is even, but ",
                                            pending->events(),
                                            " events have no receipt"));
  }
  if (absl::Status counted = CountReceipts(); !counted.ok()) return counted;
  state_->generation = client_->State().generation;
  ++state_->syncs;
  if (state_->last_sync_day != 0) {
    state_->longest_offline_days = std::max(state_->longest_offline_days,
                                            day.days - state_->last_sync_day);
  }
  state_->last_sync_day = day.days;
  return absl::OkStatus();
}

absl::Status Phone::CountReceipts() {
  const absl::StatusOr<client::ReceiptCount> count = client_->CountReceipts();
  if (!count.ok()) return Annotate(count.status(), "counting receipts");
  const absl::StatusOr<std::vector<client::EvidenceItem>> evidence =
      client_->Evidence();
  if (!evidence.ok()) return Annotate(evidence.status(), "reading evidence");
  state_->promises = count->promises;
  state_->overdue = count->overdue;
  state_->proofs = count->proven;
  state_->evidence = evidence->size();
  if (evidence->empty()) return absl::OkStatus();
  // For whoever looks into the run.
  const client::EvidenceItem& first = evidence->front();
  const absl::StatusOr<std::string> file = client_->ExportEvidence(first.id);
  if (file.ok()) std::ofstream(DirectoryOf(phone_) + "/evidence.txt") << *file;
  return Annotate(absl::DataLossError(absl::StrCat(
                      client::EvidenceKindName(first.kind), ": ", first.text_en,
                      " See ", DirectoryOf(phone_), "/evidence.txt")),
                  "holding evidence against the log");
}

absl::Status Phone::CopyTo(std::size_t clone, Date day) {
  const Busy busy(state_, Operation::kCopying);
  Close();
  const std::string to = DirectoryOf(clone);
  const std::string part = to + ".part";
  std::error_code error;
  std::filesystem::remove_all(part, error);
  if (!error) std::filesystem::remove_all(to, error);
  if (!error) {
    std::filesystem::copy(DirectoryOf(phone_), part,
                          std::filesystem::copy_options::recursive, error);
  }
  if (!error) std::filesystem::rename(part, to, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot copy phone ", phone_, ": ", error.message()));
  }
  (*context_->states)[clone].last_sync_day = day.days;
  return absl::OkStatus();
}

}  // namespace thon::fleet
