#include <atomic>
#include <thread>
#include <vector>

#include "nlohmann/json.hpp"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "tools/bench/benches.h"
#include "tools/bench/load.h"
#include "tools/bench/stream_load.h"

namespace thon::bench {
namespace {

// Batches that are checked over and over.
constexpr int kAuthors = 64;

struct Checked {
  std::uint64_t signatures = 0;
  std::int64_t us = 0;
};

Checked CheckOn(unsigned threads, int seconds,
                const std::vector<Author>& authors,
                const std::vector<std::deque<v1::SealedBatch>>& batches) {
  std::atomic<std::uint64_t> signatures{0};
  std::atomic<bool> all_good{true};
  const std::int64_t begin = NowUs();
  const std::int64_t end = begin + seconds * std::int64_t{1'000'000};
  std::vector<std::thread> workers;
  for (unsigned t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      for (std::size_t i = t; NowUs() < end; i += threads) {
        const std::size_t a = i % authors.size();
        const v1::SealedBatch& batch = batches[a].front();
        Signature signature;
        if (!Signature::FromBytes(batch.signature(), &signature) ||
            !VerifyBatchSignature(authors[a].key().public_key(),
                                  BatchHash(batch.batch()), signature)) {
          all_good = false;
        }
        ++signatures;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  THON_CHECK(all_good);
  return {signatures, NowUs() - begin};
}

std::uint64_t PerSecond(const Checked& checked) {
  return checked.signatures * 1'000'000 /
         static_cast<std::uint64_t>(checked.us);
}

}  // namespace

absl::Status BenchSignatures(const BenchOptions& options) {
  std::vector<Author> authors = MakeAuthors(kAuthors, options.batch, kAuthors);
  const std::vector<std::deque<v1::SealedBatch>> batches =
      SignAhead(&authors, 1);
  const unsigned cores = std::thread::hardware_concurrency();
  const std::uint64_t one =
      PerSecond(CheckOn(1, options.seconds, authors, batches));
  const std::uint64_t all =
      PerSecond(CheckOn(cores, options.seconds, authors, batches));
  Print(options,
        {{"bench", "signatures"},
         {"batch", options.batch},
         {"signatures_per_s_one_core", one},
         {"cores", cores},
         {"signatures_per_s", all},
         {"events_per_s", all * static_cast<unsigned>(options.batch)}});
  return absl::OkStatus();
}

}  // namespace thon::bench
