// Goal: a log's checkpoints get cosigned by its witnesses as soon as they can
// be, nothing waits for them, and a witness that knows another history is
// heard.
//
// Method: a real engine and, as its witnesses, the project's own witness over
// records in memory, reached without a network; answers that break the
// specification; witnesses that are away, that forget, and that saw more than
// the log has.

#include "server/http/witness_client.h"

#include <gmock/gmock.h>

#include "absl/strings/match.h"
#include "server/core/witness_request.h"
#include "server/engine/checkpoints.h"
#include "server/http/witness.h"
#include "tests/unit/engine/engine_fixture.h"
#include "tests/unit/http/raw_client.h"
#include "tests/unit/http/test_log.h"

namespace thon::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

WitnessAnswer Said(int status, std::string content_type, std::string body) {
  WitnessAnswer answer;
  answer.status = status;
  answer.content_type = std::move(content_type);
  answer.body = std::move(body);
  return answer;
}

// One witness, and the way to it.
class NearWitness {
 public:
  NearWitness(std::string name, const note::VerifierKey& log,
              const Clock* clock)
      : name_(std::move(name)), clock_(clock) {
    policy_.logs = {{log, ""}};
    Restart();
  }

  void Restart() {
    ASSERT_OK_AND_ASSIGN(
        witness_,
        Witness::Make(
            {.name = name_,
             .key = *SigningKey::FromSeed(Sha256Of(name_).view()),
             .policy = policy_,
             .clock = clock_,
             .evidence_directory = directory_.path(),
             .load =
                 [this](const std::string& key) { return records_.Load(key); },
             .store =
                 [this](const std::string& key, const std::string& value) {
                   return records_.Store(key, value);
                 },
             .warn = [](const std::string&) {}}));
  }
  TrustPolicy::Witness Line() const {
    return {.name = name_, .key = witness_->verifier_key(), .url = "https://w"};
  }
  Witness& witness() { return *witness_; }

  absl::StatusOr<WitnessAnswer> Post(const std::string& body) {
    MutexLock lock(&mu_);
    ++posts_;
    if (!away_.ok()) return away_;
    if (answer_.has_value()) return *answer_;
    HttpResponse response = witness_->Add(body);
    WitnessAnswer answer = Said(response.status, "", response.body);
    for (const auto& [name, value] : response.headers) {
      if (name == "content-type") answer.content_type = value;
    }
    return answer;
  }
  void GoAway(absl::Status status) {
    MutexLock lock(&mu_);
    away_ = std::move(status);
  }
  // What it says from now on, whatever it is asked.
  void Say(std::optional<WitnessAnswer> answer) {
    MutexLock lock(&mu_);
    answer_ = std::move(answer);
  }
  int posts() const {
    MutexLock lock(&mu_);
    return posts_;
  }

 private:
  const std::string name_;
  const Clock* const clock_;
  TestDirectory directory_;
  TestRecords records_;
  TrustPolicy policy_;
  std::unique_ptr<Witness> witness_;
  mutable Mutex mu_;
  absl::Status away_ ABSL_GUARDED_BY(mu_);
  std::optional<WitnessAnswer> answer_ ABSL_GUARDED_BY(mu_);
  int posts_ ABSL_GUARDED_BY(mu_) = 0;
};

class NearTransport final : public WitnessTransport {
 public:
  explicit NearTransport(NearWitness* witness) : witness_(witness) {}
  absl::StatusOr<WitnessAnswer> Post(const std::string& body) override {
    return witness_->Post(body);
  }
  void Interrupt() override {}

 private:
  NearWitness* const witness_;
};

class WitnessClientTest : public EngineTest {
 protected:
  WitnessClientTest() {
    options_.checkpoint_ms = 1'000'000'000;
    Open();
    EnrolKey(phone_);
    for (const char* name : {"one.example/w", "two.example/w"}) {
      near_.push_back(std::make_unique<NearWitness>(
          name, engine_->log_verifier_key(), &clock_));
    }
  }
  ~WitnessClientTest() override { client_.reset(); }

  // `quorum` of the two.
  void StartClient(int quorum) {
    WitnessClientOptions options;
    options.engine = engine_.get();
    options.clock = &clock_;
    std::string text;
    for (std::size_t i = 0; i < near_.size(); ++i) {
      absl::StrAppend(&text, "witness w", i, " ",
                      note::FormatVerifierKey(near_[i]->Line().key),
                      " https://w", i, ".example\n");
    }
    absl::StrAppend(&text, "group all ", quorum, " w0 w1\nquorum all\n");
    absl::StatusOr<TrustPolicy> policy = ParseTrustPolicy(text);
    ASSERT_THAT(policy.status(), IsOk());
    options.policy = *std::move(policy);
    options.note = [this](bool serious, const std::string& said) {
      MutexLock lock(&mu_);
      (serious ? serious_ : noted_).push_back(said);
    };
    options.connect = [this](const TrustPolicy::Witness& witness)
        -> absl::StatusOr<std::unique_ptr<WitnessTransport>> {
      const std::size_t index = witness.name == "w0" ? 0 : 1;
      return std::make_unique<NearTransport>(near_[index].get());
    };
    options.retry_ms_min = options.retry_ms_max = 1;
    ASSERT_OK_AND_ASSIGN(client_, WitnessClient::Start(std::move(options)));
  }
  std::uint64_t Grow(int batches = 1) {
    for (int i = 0; i < batches; ++i) Answer(phone_, phone_.Next(1));
    Arrived<absl::StatusOr<v1::Checkpoint>> arrived;
    engine_->checkpoints().Sign(arrived.callback());
    const absl::StatusOr<v1::Checkpoint> made = arrived.Get();
    EXPECT_THAT(made.status(), IsOk());
    return made.ok() ? made->tree_size() : 0;
  }
  bool IsWitnessed(std::uint64_t size) {
    return Eventually([&] {
      const absl::StatusOr<v1::Checkpoint> witnessed =
          engine_->checkpoints().Witnessed();
      return witnessed.ok() && witnessed->tree_size() == size &&
             witnessed->witnessed();
    });
  }
  std::vector<std::string> Serious() {
    MutexLock lock(&mu_);
    return serious_;
  }
  bool SaysSerious(const std::string& text) {
    return Eventually([&] {
      for (const std::string& said : Serious()) {
        if (absl::StrContains(said, text)) return true;
      }
      return false;
    });
  }
  bool StateIs(std::size_t index,
               const std::function<bool(const WitnessState&)>& condition) {
    return Eventually([&] { return condition(client_->states()[index]); });
  }

  Phone phone_{5};
  std::vector<std::unique_ptr<NearWitness>> near_;
  std::unique_ptr<WitnessClient> client_;

 private:
  Mutex mu_;
  std::vector<std::string> serious_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> noted_ ABSL_GUARDED_BY(mu_);
};

TEST_F(WitnessClientTest, EveryCheckpointIsWitnessedByBoth) {
  StartClient(2);
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t size = Grow(3);
    EXPECT_TRUE(IsWitnessed(size));
  }
  const absl::StatusOr<v1::Checkpoint> newest = engine_->checkpoints().Newest();
  const absl::StatusOr<note::SignedNote> note = note::Parse(newest->note());
  EXPECT_EQ(note->signatures.size(), 3u);
  for (const auto& witness : near_) {
    EXPECT_EQ(note::Verify(*note, witness->witness().verifier_key()).verdict,
              note::Verdict::kGood);
  }
  EXPECT_TRUE(StateIs(0, [](const WitnessState& state) {
    return state.up && state.cosignatures == 5 && state.failures == 0 &&
           state.cosigned_size > 0 && state.last_success_ms > 0;
  }));
  EXPECT_TRUE(Serious().empty());
}

TEST_F(WitnessClientTest, ARestartedLogHearsFromItsWitnessesHowFarTheyAre) {
  StartClient(2);
  ASSERT_TRUE(IsWitnessed(Grow(4)));
  client_.reset();
  Reopen();
  // What is witnessed stays so, and is not asked for again.
  const int posts = near_[0]->posts();
  StartClient(2);
  EXPECT_TRUE(StateIs(0, [](const auto& state) { return state.up; }));
  EXPECT_EQ(near_[0]->posts(), posts);
  ASSERT_TRUE(IsWitnessed(Grow(2)));
  client_.reset();
  Reopen();
  // Signed while nobody asked.
  const std::uint64_t size = Grow(2);
  StartClient(2);
  EXPECT_TRUE(IsWitnessed(size));
}

TEST_F(WitnessClientTest, NothingWaitsForAWitnessThatIsAway) {
  near_[1]->GoAway(absl::UnavailableError("nobody is there"));
  StartClient(1);
  EXPECT_TRUE(IsWitnessed(Grow()));
  EXPECT_TRUE(IsWitnessed(Grow()));
  EXPECT_TRUE(StateIs(
      1, [](const auto& state) { return !state.up && state.failures > 0; }));
  near_[1]->GoAway(absl::OkStatus());
  EXPECT_TRUE(StateIs(1, [](const auto& state) { return state.up; }));
  EXPECT_TRUE(Serious().empty());
}

TEST_F(WitnessClientTest, AQuorumThatIsNotThereLeavesCheckpointsUnwitnessed) {
  near_[1]->GoAway(absl::UnavailableError("nobody is there"));
  StartClient(2);
  const std::uint64_t size = Grow();
  EXPECT_TRUE(StateIs(0, [](const auto& state) { return state.up; }));
  EXPECT_EQ(engine_->checkpoints().Witnessed().status().code(),
            absl::StatusCode::kNotFound);
  near_[1]->GoAway(absl::OkStatus());
  EXPECT_TRUE(IsWitnessed(size));
}

TEST_F(WitnessClientTest, AWitnessThatSawMoreThanTheLogHasIsHeard) {
  StartClient(1);
  near_[1]->GoAway(absl::UnavailableError("later"));
  Grow();
  near_[1]->Say(WitnessAnswer{
      .status = 409, .content_type = "text/x.tlog.size", .body = "1000\n"});
  near_[1]->GoAway(absl::OkStatus());
  EXPECT_TRUE(SaysSerious("it cosigned 1000 entries of this log"));
  EXPECT_TRUE(StateIs(1, [](const auto& state) { return state.ahead; }));
  // It goes on asking, and the rest goes on.
  EXPECT_TRUE(IsWitnessed(Grow()));
  near_[1]->Say(std::nullopt);
  EXPECT_TRUE(
      StateIs(1, [](const auto& state) { return state.up && !state.ahead; }));
}

TEST_F(WitnessClientTest, AWitnessThatKnowsAnotherHistoryIsHeard) {
  // Somebody else has signed in the log's name.
  TestLog liar(engine_->log_verifier_key().name, "liar");
  const std::uint64_t size = Grow(3);
  const std::string text = CheckpointText(
      {.origin = liar.origin(), .tree_size = size - 1, .root = Sha256Of("x")});
  const SigningKey key = *SigningKey::FromSeed(options_.log_key_seed);
  ASSERT_EQ(
      near_[0]
          ->Post(absl::StrCat(
              "old 0\n\n",
              note::Format({text, {note::Sign(key, liar.origin(), text)}})))
          ->status,
      200);
  StartClient(1);
  EXPECT_TRUE(SaysSerious("it cosigned another history of this log"));
  EXPECT_TRUE(StateIs(0, [](const auto& state) { return state.refuses; }));
  EXPECT_TRUE(IsWitnessed(size));  // By the other one.
}

TEST_F(WitnessClientTest, AWitnessThatForgetsIsHeard) {
  StartClient(1);
  ASSERT_TRUE(IsWitnessed(Grow(3)));
  ASSERT_TRUE(StateIs(0, [](const auto& state) { return state.up; }));
  near_[0]->Say(WitnessAnswer{
      .status = 409, .content_type = "text/x.tlog.size", .body = "2\n"});
  Grow();
  EXPECT_TRUE(SaysSerious("it has forgotten"));
}

TEST_F(WitnessClientTest, AnswersThatBreakTheSpecificationAreFailures) {
  near_[1]->GoAway(absl::UnavailableError("away"));
  StartClient(1);
  const std::uint64_t size = Grow(3);
  ASSERT_TRUE(IsWitnessed(size));
  const std::string foreign = note::FormatSignatureLine(
      note::Cosign(*SigningKey::FromSeed(Sha256Of("foreign").view()),
                   "foreign.example/w", "text\n", 5));
  const absl::StatusOr<note::SignedNote> asked =
      note::Parse(engine_->checkpoints().Newest()->note());
  // By the right key, over something else; and beside it a good one.
  const SigningKey key =
      *SigningKey::FromSeed(Sha256Of("two.example/w").view());
  const std::string wrong = note::FormatSignatureLine(
      note::Cosign(key, "two.example/w", "another text\n", 5));
  const std::string good = note::FormatSignatureLine(
      note::Cosign(key, "two.example/w", asked->text, 5));
  const std::vector<WitnessAnswer> answers = {
      Said(200, "", ""),
      Said(200, "", "— \n"),
      Said(200, "", "OK\n"),
      Said(200, "", foreign),
      Said(200, "", wrong),
      Said(200, "", good + wrong),
      Said(409, "", "1\n"),
      Said(409, "text/x.tlog.size", "1"),
      Said(409, "text/x.tlog.size", "01\n"),
      Said(409, "text/x.tlog.size", "-1\n"),
      Said(409, "text/x.tlog.size", "1\n\n"),
      Said(409, "text/x.tlog.size", "18446744073709551616\n"),
      Said(409, "text/x.tlog.size", "0\n"),
      Said(403, "", ""),
      Said(404, "", ""),
      Said(400, "", ""),
      Said(500, "", ""),
      Said(503, "", ""),
      Said(301, "", "")};
  for (const WitnessAnswer& answer : answers) {
    const std::uint64_t failures = client_->states()[1].failures;
    near_[1]->Say(answer);
    near_[1]->GoAway(absl::OkStatus());
    EXPECT_TRUE(StateIs(1,
                        [&](const WitnessState& state) {
                          return state.failures > failures + 1;
                        }))
        << answer.status << answer.body;
    EXPECT_FALSE(client_->states()[1].up);
  }
  EXPECT_EQ(client_->states()[1].cosignatures, 0u);
  // Foreign lines and older ones beside a good one are left out.
  const std::string older = note::FormatSignatureLine(
      note::Cosign(key, "two.example/w", asked->text, 4));
  std::string many;
  for (int i = 0; i < 20; ++i) many += foreign + older + good;
  near_[1]->Say(Said(200, "", many));
  EXPECT_TRUE(StateIs(1, [](const auto& state) { return state.up; }));
  EXPECT_THAT(engine_->checkpoints().Newest()->note(),
              ::testing::Not(HasSubstr("foreign.example")));
  EXPECT_THAT(engine_->checkpoints().Newest()->note(), HasSubstr(good));
  EXPECT_THAT(engine_->checkpoints().Newest()->note(),
              ::testing::Not(HasSubstr(older)));
}

// A witness would keep it as evidence against the log.
TEST_F(WitnessClientTest, AProofThatDoesNotHoldIsSentToNoWitness) {
  Grow(12);
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint newest,
                       engine_->checkpoints().Newest());
  const auto parsed = [](const absl::StatusOr<std::string>& request) {
    return request.ok() ? ParseAddCheckpoint(*request) : request.status();
  };
  ASSERT_OK_AND_ASSIGN(const auto good,
                       parsed(MakeWitnessRequest(engine_->log(), newest, 3)));
  EXPECT_EQ(good.old_size, 3u);
  EXPECT_EQ(good.checkpoint, newest.note());
  v1::Checkpoint other = newest;
  other.set_root_hash(std::string(Sha256Of("another").view()));
  EXPECT_TRUE(
      absl::IsDataLoss(MakeWitnessRequest(engine_->log(), other, 3).status()));
}

TEST_F(WitnessClientTest, TheEngineMayGoOnSigningWithoutTheClient) {
  StartClient(1);
  ASSERT_TRUE(IsWitnessed(Grow()));
  client_.reset();
  EXPECT_GT(Grow(), 0u);
}

}  // namespace
}  // namespace thon::testing
