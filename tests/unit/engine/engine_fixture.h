// An engine in a directory of its own, phones that write to it, and clocks that
// move only when the test says so.
#ifndef THON_TESTS_UNIT_ENGINE_ENGINE_FIXTURE_H_
#define THON_TESTS_UNIT_ENGINE_ENGINE_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/civil.h"
#include "server/core/clock.h"
#include "server/core/entry.h"
#include "server/core/merkle.h"
#include "server/core/mutex.h"
#include "server/core/receipt.h"
#include "server/core/signature.h"
#include "server/engine/engine.h"
#include "tests/support/crashable_file_system.h"
#include "tests/support/status_matchers.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/log.pb.h"

namespace thon {

inline constexpr std::int64_t kTestWaitMs = 60'000;

// A directory that goes with the object.
class TestDirectory {
 public:
  TestDirectory() {
    static std::atomic<int> count{0};
    path_ = (std::filesystem::path(::testing::TempDir()) /
             ("thon_engine_" + std::to_string(::getpid()) + "_" +
              std::to_string(count++)))
                .string();
    std::filesystem::remove_all(path_);
  }
  ~TestDirectory() { std::filesystem::remove_all(path_); }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant now) : now_ms_(now.ms) {}
  Instant Now() const override { return Instant(now_ms_.load()); }
  void Set(Instant now) { now_ms_ = now.ms; }

 private:
  std::atomic<std::int64_t> now_ms_;
};

// What a callback brings, for a thread that waits for it.
template <typename T>
class Arrived {
 public:
  std::function<void(T)> callback() {
    return [state = state_](T value) {
      MutexLock lock(&state->mu);
      THON_CHECK(!state->value.has_value());  // Exactly once.
      state->value.emplace(std::move(value));
      state->arrived.NotifyAll();
    };
  }
  T Get() {
    MutexLock lock(&state_->mu);
    while (!state_->value.has_value()) state_->arrived.Wait(&state_->mu);
    return *state_->value;
  }
  bool has_value() {
    MutexLock lock(&state_->mu);
    return state_->value.has_value();
  }

 private:
  struct State {
    Mutex mu;
    CondVar arrived;
    std::optional<T> value ABSL_GUARDED_BY(mu);
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

inline Instant At(const char* text) {
  const absl::StatusOr<Instant> instant = ParseInstant(text);
  THON_CHECK(instant.ok());
  return *instant;
}

// A phone, reduced to its key and its chain.
class Phone {
 public:
  explicit Phone(std::uint8_t seed)
      : key_(*SigningKey::FromSeed(std::string(32, static_cast<char>(seed)))) {}

  const SigningKey& key() const { return key_; }
  AuthorId author() const { return key_.public_key().author(); }

  // Seals the next `count` events; moves the chain.
  v1::SealedBatch Next(int count, const std::string& place = "nhà văn hoá") {
    v1::SealedBatch sealed = Seal(next_, previous_, count, place);
    next_ += static_cast<std::uint64_t>(count);
    previous_ = BatchHash(sealed.batch());
    return sealed;
  }
  // A batch with numbers and predecessor as given.
  v1::SealedBatch Seal(std::uint64_t first, const Hash& previous, int count,
                       const std::string& place) const {
    v1::Batch batch;
    batch.set_author(std::string(author().view()));
    batch.set_first_sequence(first);
    if (first > 1) batch.set_previous_hash(std::string(previous.view()));
    for (int i = 0; i < count; ++i) {
      v1::Event* event = batch.add_events();
      event->set_sequence(first + static_cast<std::uint64_t>(i));
      event->set_team_id(1);
      event->set_member_id(1);
      event->mutable_outreach_session()->set_place(place);
      event->mutable_outreach_session()->set_attendees(7);
    }
    return SealBatch(batch, key_);
  }
  std::uint64_t next() const { return next_; }
  const Hash& previous() const { return previous_; }

 private:
  SigningKey key_;
  std::uint64_t next_ = 1;
  Hash previous_;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : EngineTest(At("2023-06-01T08:00:00+07:00")) {}
  explicit EngineTest(Instant now) : clock_(now) {
    options_.storage.directory = directory_.path();
    options_.storage.file_system = file_system_;
    options_.storage.write_buffer_bytes = 4u << 20;
    options_.storage.block_cache_bytes = 8u << 20;
    options_.log_name = "thon.example/test";
    options_.clock = &clock_;
    options_.log_key_seed = std::string(32, 'L');
    options_.server_key_seed = std::string(32, 'S');
    options_.disk_reserve_bytes = 1u << 20;
  }

  void Open() {
    absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(options_);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }
  void Reopen() {
    engine_.reset();
    Open();
  }

  // Enrols a phone's key without a code.
  void EnrolKey(const Phone& phone) {
    v1::Event event;
    v1::AuthorEnrolled* enrolled = event.mutable_author_enrolled();
    enrolled->set_public_key(std::string(phone.key().public_key().view()));
    enrolled->set_kind(v1::AUTHOR_KIND_PHONE);
    enrolled->set_team_id(1);
    enrolled->set_member_id(1);
    ASSERT_THAT(Record({event}), IsOk());
  }
  absl::StatusOr<RecordedRange> Record(std::vector<v1::Event> events) {
    Arrived<absl::StatusOr<RecordedRange>> recorded;
    engine_->RecordServerEvents(std::move(events), recorded.callback());
    return recorded.Get();
  }

  // Hands a batch over as the phone's stream would.
  Arrived<Answered> Offer(const Phone& phone, v1::SealedBatch sealed) {
    Arrived<Answered> answered;
    OfferedBatch batch = engine_->Admit(phone.author(), std::move(sealed));
    while (true) {
      Arrived<bool> room;
      const OfferStatus status =
          engine_->Offer(&batch, answered.callback(),
                         [call = room.callback()]() { call(true); });
      if (status != OfferStatus::kFull) {
        EXPECT_EQ(status, OfferStatus::kTaken);
        return answered;
      }
      room.Get();
    }
  }
  v1::Answer Answer(const Phone& phone, v1::SealedBatch sealed) {
    const Answered answered = Offer(phone, std::move(sealed)).Get();
    EXPECT_THAT(answered.status, IsOk());
    return answered.answer;
  }

  PublicKey log_key() const {
    return SigningKey::FromSeed(options_.log_key_seed)->public_key();
  }
  // Whether the receipt proves the batch.
  absl::Status Verify(const v1::Receipt& receipt,
                      const v1::SealedBatch& sealed) const {
    Signature signature;
    if (!Signature::FromBytes(sealed.signature(), &signature)) {
      return absl::InvalidArgumentError("signature");
    }
    return VerifyReceipt(
        receipt, log_key(),
        LeafHash(sealed.batch(), TrailerOf(receipt, signature)));
  }

  std::vector<std::string> Entries() const {
    std::vector<std::string> entries;
    EXPECT_THAT(engine_->log().ReadEntries(
                    EntryIndex(0), engine_->log().end().tree_size,
                    [&](EntryIndex, absl::string_view bytes) {
                      entries.emplace_back(bytes.data(), bytes.size());
                      return true;
                    }),
                IsOk());
    return entries;
  }
  // Every event of the log, in order.
  std::vector<v1::Event> Events() const {
    std::vector<v1::Event> events;
    for (const std::string& entry : Entries()) {
      const absl::StatusOr<EntryView> view = ParseEntry(entry);
      THON_CHECK(view.ok());
      v1::Batch batch;
      THON_CHECK(ParseBatch(view->batch, &batch) == BatchFault::kNone);
      for (const v1::Event& event : batch.events()) events.push_back(event);
    }
    return events;
  }
  int CountEvents(v1::Event::PayloadCase payload) const {
    int count = 0;
    for (const v1::Event& event : Events()) {
      count += event.payload_case() == payload ? 1 : 0;
    }
    return count;
  }
  // Rows hold everything durable.
  void AwaitAllRows() {
    ASSERT_THAT(engine_->AwaitRows(
                    Position(engine_->log().end().next_position.value - 1),
                    kTestWaitMs),
                IsOk());
  }
  // The root over the entries as they are read from disk.
  Hash RootFromDisk() const {
    std::vector<Hash> leaves;
    for (const std::string& entry : Entries()) {
      leaves.push_back(merkle::HashLeaf(entry));
    }
    return merkle::RootOf(leaves);
  }

  TestDirectory directory_;
  std::shared_ptr<testing::CrashableFileSystem> file_system_ =
      std::make_shared<testing::CrashableFileSystem>();
  ManualClock clock_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace thon

#endif  // THON_TESTS_UNIT_ENGINE_ENGINE_FIXTURE_H_
