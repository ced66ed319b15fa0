#include "tools/thon/scenario/world.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/engine/await.h"

namespace thon::scenario {
namespace {

constexpr std::int64_t kWaitMs = 120'000;
constexpr char kServerSeed[] = "thon scenario: the server's author";
constexpr char kLogSeed[] = "thon scenario: the log's key";

std::string Seed(absl::string_view text) {
  return std::string(Sha256Of(text).view());
}

}  // namespace

absl::StatusOr<std::unique_ptr<World>> World::Open(const std::string& directory,
                                                   Instant start) {
  auto world = std::unique_ptr<World>(new World(start));
  EngineOptions options;
  options.storage.directory = directory;
  // A scenario is small, and many run beside each other.
  options.storage.write_buffer_bytes = 2u << 20;
  options.storage.block_cache_bytes = 4u << 20;
  options.row_cache_bytes = 4u << 20;
  options.disk_reserve_bytes = 1u << 20;
  options.log_name = "thon.example/scenario";
  options.simulated = true;
  options.simulated_start = start;
  options.clock = &world->clock_;
  options.log_key_seed = Seed(kLogSeed);
  options.server_key_seed = Seed(kServerSeed);
  absl::StatusOr<std::unique_ptr<Engine>> engine =
      Engine::Open(std::move(options));
  if (!engine.ok()) return engine.status();
  world->engine_ = *std::move(engine);
  return world;
}

World::~World() = default;

AuthorId World::server_author() const {
  return SigningKey::FromSeed(Seed(kServerSeed))->public_key().author();
}

absl::Status World::AdvanceTo(Instant moment) {
  if (moment.ms <= now_.ms) return absl::OkStatus();
  const absl::StatusOr<Position> moved =
      Await<Position>([&](Done<Position> done) {
        engine_->AdvanceClock(moment, std::move(done));
      });
  if (moved.ok()) now_ = moment;
  return moved.status();
}

absl::StatusOr<CommandResult> World::Submit(CommandRequest request) {
  return Await<CommandResult>([&](Done<CommandResult> done) {
    engine_->Submit(std::move(request), std::move(done));
  });
}

absl::Status World::PutDocument(const std::string& content) {
  DocumentRequest request;
  request.content = content;
  request.document_hash = Sha256Of(content);
  request.part_count =
      static_cast<int>((content.size() + limits::kDocumentPartBytesMax - 1) /
                       limits::kDocumentPartBytesMax);
  return Await<Position>([&](Done<Position> done) {
           engine_->PutDocument(std::move(request), std::move(done));
         })
      .status();
}

absl::StatusOr<thon::Enrolment> World::Enrol(EnrolmentRequest request) {
  return Await<thon::Enrolment>([&](Done<thon::Enrolment> done) {
    engine_->Enrol(std::move(request), std::move(done));
  });
}

absl::StatusOr<Instant> World::HearTime(const AuthorId& author) {
  const absl::StatusOr<Hello> hello =
      engine_->MakeHello(std::string(16, 's'), author, "");
  if (!hello.ok()) return hello.status();
  return hello->server_time;
}

absl::StatusOr<v1::Answer> World::Offer(const AuthorId& author,
                                        const v1::SealedBatch& sealed) {
  OfferedBatch batch = engine_->Admit(author, sealed);
  return Await<v1::Answer>([&](Done<v1::Answer> done) {
    // One batch at a time never fills the queue.
    const OfferStatus taken = engine_->Offer(
        &batch,
        [done](Answered answered) {
          if (answered.status.ok()) {
            done(std::move(answered.answer));
          } else {
            done(answered.status);
          }
        },
        [] {});
    if (taken != OfferStatus::kTaken) {
      done(absl::UnavailableError("the engine takes nothing"));
    }
  });
}

absl::StatusOr<Position> World::Settle() {
  const Position last(engine_->log().end().next_position.value - 1);
  const absl::Status waited = engine_->AwaitRows(last, kWaitMs);
  if (!waited.ok()) return waited;
  return last;
}

absl::Status World::SettleStateRoots() {
  const std::uint64_t named =
      engine_->log().end().tree_size.value / limits::kStateRootEntries;
  if (named != entries_named_) {
    entries_named_ = named;
    const absl::Status settled = Settle().status();
    if (!settled.ok()) return settled;
  }
  while (true) {
    const Position rows = engine_->rows_position();
    bool due = false;
    engine_->RowsAt(rows)->Scan(
        Table::kStateRoot, "", "",
        [&due](absl::string_view, const RowVersion& version) {
          v1::StateRootRow row;
          due = due || !row.ParseFromString(version.value) ||
                row.recorded_position() == 0;
          return !due;
        });
    if (!due) return absl::OkStatus();
    const absl::Status more = engine_->AwaitRows(rows.Next(), kWaitMs);
    if (!more.ok()) return more;
  }
}

std::uint64_t World::ServerSequence(Position position) const {
  const EntryLog& log = engine_->log();
  const absl::StatusOr<EntryIndex> index = log.FindPosition(position);
  if (!index.ok()) return 0;
  const absl::StatusOr<std::string> bytes = log.ReadEntry(*index);
  if (!bytes.ok()) return 0;
  const absl::StatusOr<EntryView> entry = ParseEntry(*bytes);
  v1::Batch batch;
  if (!entry.ok() ||
      !batch.ParseFromArray(entry->batch.data(),
                            static_cast<int>(entry->batch.size()))) {
    return 0;
  }
  return batch.first_sequence() + position.value -
         entry->trailer.first_position.value;
}

}  // namespace thon::scenario
