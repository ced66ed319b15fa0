#include "tools/bench/load.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "tools/fleet/facts.h"
#include "tools/fleet/sim_clock.h"

namespace thon::bench {
namespace {

constexpr std::uint64_t kFactsOfDay = 6;
constexpr int kMonths = 120;
constexpr std::uint32_t kBoot = 0x7468;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kWorkdayMs = 12 * kHourMs;

SigningKey KeyOf(std::uint64_t number) {
  std::string seed(SigningKey::kSeedSize, 'b');
  for (int i = 0; i < 8; ++i) {
    seed[static_cast<std::size_t>(i)] = static_cast<char>(number >> (8 * i));
  }
  absl::StatusOr<SigningKey> key = SigningKey::FromSeed(seed);
  THON_CHECK(key.ok());
  return *std::move(key);
}

}  // namespace

// No anchor before 2000 counts, and a log whose times are not settled is no log
// of the field.
Date FirstFactDay() { return Date::Of(2001, 1, 1); }

Date LastFactDay() {
  Month month = Month::Of(FirstFactDay());
  for (int i = 1; i < kMonths; ++i) month = month.Next();
  return month.last_day();
}

Instant ReceiveTime() {
  return TimeZone::VietNam().StartOf(Date::Of(2150, 1, 1));
}

Author::Author(std::uint64_t number, int events_per_batch, int facts_of_day)
    : key_(KeyOf(number)),
      events_per_batch_(events_per_batch),
      facts_of_day_(facts_of_day),
      day_(FirstFactDay()) {
  holder_.team_id = number;
  holder_.village_id = 100'000 + number;
  holder_.member_id = 200'000 + number;
  holder_.code = "BENCH-" + std::to_string(number);
}

v1::Event Author::NextEvent() {
  if (++of_day_ > facts_of_day_) {
    of_day_ = 1;
    day_ = day_.Next();
    THON_CHECK(day_ <= LastFactDay());
  }
  fleet::Dice dice(fleet::Mix(holder_.team_id, ++draws_));
  v1::Event event = fleet::MakeActivity(holder_, day_, &dice);
  const std::int64_t at = TimeZone::VietNam().StartOf(day_).ms + 7 * kHourMs +
                          of_day_ * kWorkdayMs / facts_of_day_;
  event.set_sequence(next_sequence_++);
  event.set_wall_time_ms(at);
  event.set_monotonic_ms(at - TimeZone::VietNam().StartOf(FirstFactDay()).ms);
  event.set_boot(kBoot);
  event.set_source_system("cdscd.yenbai.gov.vn");
  // Three photos, which bring an event to about 200 bytes.
  for (int i = 0; i < 3; ++i) {
    v1::Evidence* photo = event.add_evidence();
    std::string hash;
    for (int byte = 0; byte < 32; ++byte) {
      hash.push_back(static_cast<char>(dice.Next()));
    }
    photo->set_sha256(hash);
    photo->set_kind(v1::EVIDENCE_KIND_PHOTO);
    photo->set_size_bytes(dice.Below(900'000));
  }
  return event;
}

v1::SealedBatch Author::NextBatch() {
  v1::Batch batch;
  batch.set_author(std::string(key_.public_key().author().view()));
  batch.set_first_sequence(next_sequence_);
  if (next_sequence_ > 1) {
    batch.set_previous_hash(std::string(last_hash_.view()));
  }
  batch.set_app_version("thon-bench/1");
  for (int i = 0; i < events_per_batch_; ++i) *batch.add_events() = NextEvent();
  const v1::Event& first = batch.events(0);
  batch.mutable_anchor()->set_server_time_ms(first.wall_time_ms());
  batch.mutable_anchor()->set_monotonic_ms(first.monotonic_ms());
  batch.mutable_anchor()->set_boot(kBoot);
  v1::SealedBatch sealed = SealBatch(batch, key_);
  last_hash_ = BatchHash(sealed.batch());
  return sealed;
}

std::vector<Author> MakeAuthors(int count, int events_per_batch,
                                std::uint64_t events) {
  // A batch more than its share, as shares are whole batches.
  const std::uint64_t share = events / static_cast<unsigned>(count) +
                              2 * static_cast<unsigned>(events_per_batch);
  const auto days =
      static_cast<std::uint64_t>(LastFactDay().days - FirstFactDay().days + 1);
  const std::uint64_t facts = std::max(kFactsOfDay, (share + days - 1) / days);
  std::vector<Author> authors;
  for (int i = 1; i <= count; ++i) {
    authors.emplace_back(static_cast<std::uint64_t>(i), events_per_batch,
                         static_cast<int>(facts));
  }
  return authors;
}

std::vector<std::deque<v1::SealedBatch>> SignAhead(std::vector<Author>* authors,
                                                   std::size_t batches) {
  std::vector<std::deque<v1::SealedBatch>> signed_ahead(authors->size());
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    threads.emplace_back([&] {
      for (std::size_t a; (a = next++) < authors->size();) {
        for (std::size_t b = 0; b < batches; ++b) {
          signed_ahead[a].push_back((*authors)[a].NextBatch());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return signed_ahead;
}

}  // namespace thon::bench
