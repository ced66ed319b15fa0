// The benches. Each prints one JSON line a figure, or a line for a person.
//
//   ingest   durable acknowledgements a second over gRPC, and their latency, at
//            full load and at half of it; how far rows fall behind
//   export   events a second read out of the log, over gRPC and from disk
//   rebuild  events a second folded into rows, from the first entry, one core
//   disk     bytes on disk, compacted, of log and rows, by signed byte
//   determine  determinations a second of one core; what a policy published
//            over a year of 1,356 teams takes, and does to ingest
//   watch    how soon watchers see what phones send, and what one of them costs
//   signatures  signatures a second that these cores can check, nothing else
//   proofs   inclusion and consistency proofs a second, here and over gRPC
//   tiles    tiles and bundles a second over HTTP, beside a plain file
//   replay   events a second that auditors are shown, all of them and filtered
//   verify   thon-verify over an audit pack
//   tree     what the Merkle tree costs ingest, with and without in turn
#ifndef THON_TOOLS_BENCH_BENCHES_H_
#define THON_TOOLS_BENCH_BENCHES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "nlohmann/json_fwd.hpp"

namespace thon::bench {

struct BenchOptions {
  int batch = 64;
  int streams = 16;
  int window = 16;  // Batches on the way, of each stream.
  int seconds = 6;
  int watchers = 2000;
  int rate = 20'000;  // Events a second in, while they watch.
  bool fair = false;  // With and without a watcher that never reads.
  bool tls = false;
  std::uint64_t events = 500'000;  // In a log made for the bench.
  // A directory that is there, its server stopped; empty: one is made.
  std::string data;
  bool json = false;
};

absl::Status BenchIngest(const BenchOptions& options);
absl::Status BenchExport(const BenchOptions& options);
absl::Status BenchRebuild(const BenchOptions& options);
absl::Status BenchDisk(const BenchOptions& options);
absl::Status BenchDetermine(const BenchOptions& options);
absl::Status BenchWatch(const BenchOptions& options);
absl::Status BenchSignatures(const BenchOptions& options);
absl::Status BenchProofs(const BenchOptions& options);
absl::Status BenchTiles(const BenchOptions& options);
absl::Status BenchReplay(const BenchOptions& options);
absl::Status BenchVerify(const BenchOptions& options);
absl::Status BenchTree(const BenchOptions& options);

// Prints a result: one line of JSON, or "key value" pairs.
void Print(const BenchOptions& options, const nlohmann::ordered_json& result);

}  // namespace thon::bench

#endif  // THON_TOOLS_BENCH_BENCHES_H_
