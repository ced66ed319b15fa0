// thon-bench: how fast this machine is with Thôn.

#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "nlohmann/json.hpp"
#include "server/core/version.h"
#include "tools/bench/benches.h"

namespace thon::bench {

void Print(const BenchOptions& options, const nlohmann::ordered_json& result) {
  std::string line = options.json ? result.dump() : "";
  if (!options.json) {
    for (const auto& [key, value] : result.items()) {
      line += line.empty() ? "" : "  ";
      line +=
          key == "bench" ? value.get<std::string>() : key + " " + value.dump();
    }
  }
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace thon::bench

namespace {

using thon::bench::BenchOptions;

void AddBatch(CLI::App* command, BenchOptions* options) {
  command->add_option("--batch", options->batch, "Events of a batch")
      ->check(CLI::Range(1, 128))
      ->capture_default_str();
}

void AddSeconds(CLI::App* command, BenchOptions* options) {
  command->add_option("--seconds", options->seconds, "How long to measure")
      ->check(CLI::Range(1, 120))
      ->capture_default_str();
}

void AddStreams(CLI::App* command, const char* what, BenchOptions* options) {
  command->add_option("--streams", options->streams, what)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
}

void AddEvents(CLI::App* command, const char* what, BenchOptions* options) {
  command->add_option("--events", options->events, what)
      ->check(CLI::Range(1'000, 20'000'000))
      ->capture_default_str();
}

void AddLog(CLI::App* command, BenchOptions* options) {
  AddBatch(command, options);
  AddEvents(command, "Events of the log that is made for it", options);
  command->add_option("--data", options->data,
                      "Measure this data directory instead; its server must "
                      "be stopped");
}

}  // namespace

int main(int argc, char** argv) {
  BenchOptions options;
  CLI::App app("How fast this machine is with Thôn.", "thon-bench");
  app.set_version_flag("--version", std::string(thon::kVersion));
  app.add_flag("--json", options.json, "One JSON object a line");
  app.require_subcommand(1);
  app.fallthrough();
  absl::Status (*bench)(const BenchOptions&) = nullptr;
  const auto add = [&](const char* name, const char* what,
                       absl::Status (*run)(const BenchOptions&)) {
    CLI::App* command = app.add_subcommand(name, what);
    command->callback([&bench, run] { bench = run; });
    return command;
  };
  CLI::App* ingest = add("ingest", "Durable acknowledgements over gRPC",
                         &thon::bench::BenchIngest);
  AddBatch(ingest, &options);
  AddSeconds(ingest, &options);
  AddStreams(ingest, "Phones at a time", &options);
  ingest
      ->add_option("--window", options.window,
                   "Batches on the way, of each stream")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  ingest->add_flag("--tls", options.tls, "With TLS; else plain text");
  AddLog(add("export", "Reading the log out", &thon::bench::BenchExport),
         &options);
  AddLog(add("rebuild", "All rows from the log", &thon::bench::BenchRebuild),
         &options);
  AddLog(add("disk", "Bytes on disk", &thon::bench::BenchDisk), &options);
  AddEvents(
      add("determine", "Determinations, and a policy published under load",
          &thon::bench::BenchDetermine),
      "Events recorded before it is published", &options);
  CLI::App* watch = add("watch", "What phones send, seen by watchers",
                        &thon::bench::BenchWatch);
  AddSeconds(watch, &options);
  watch->add_option("--watchers", options.watchers, "Watches at a time")
      ->check(CLI::Range(11, 10'000))
      ->capture_default_str();
  watch->add_option("--rate", options.rate, "Events a second")
      ->check(CLI::Range(1'000, 200'000))
      ->capture_default_str();
  watch->add_flag(
      "--tls", options.tls,
      "A TLS connection for each watch; else plain text, 200 on one");
  watch->add_flag("--fair", options.fair,
                  "200 watches, with and without one that never reads; fails "
                  "if it costs the others more than a fifth of their p99");
  CLI::App* signatures = add("signatures", "Signature checks alone",
                             &thon::bench::BenchSignatures);
  AddBatch(signatures, &options);
  AddSeconds(signatures, &options);
  CLI::App* proofs = add("proofs", "Inclusion and consistency proofs",
                         &thon::bench::BenchProofs);
  CLI::App* tiles =
      add("tiles", "Tiles and bundles over HTTP", &thon::bench::BenchTiles);
  for (CLI::App* command : {proofs, tiles}) {
    AddLog(command, &options);
    AddSeconds(command, &options);
    AddStreams(command, "Connections at a time", &options);
  }
  AddLog(add("replay", "The log as auditors are shown it, all and filtered",
             &thon::bench::BenchReplay),
         &options);
  AddLog(add("verify", "thon-verify over an audit pack",
             &thon::bench::BenchVerify),
         &options);
  CLI::App* tree =
      add("tree", "What the Merkle tree costs ingest", &thon::bench::BenchTree);
  AddBatch(tree, &options);
  AddEvents(tree, "Events on each side, for each size of batch", &options);
  CLI11_PARSE(app, argc, argv);

  const absl::Status status = bench(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "thon-bench: %s\n", status.ToString().c_str());
  return 1;
}
