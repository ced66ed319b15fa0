// What the Merkle tree costs ingest: the committer's way of a batch, once into
// a log with its tree and once into one without, in turn, in one run.
//
// On both sides batches are admitted (form, signature, digest), decided, hashed
// to leaves (receipts are made of them), signed as a group and written with one
// fsync. The side with the tree adds its border, interior hashes, stored nodes
// and root. The leaves' hashes are weighed by themselves and counted as the
// tree's as well. Rows and gRPC are left out on both sides: of a whole server
// the tree's share is smaller.
//
// What a checkpoint costs beside ingest, hashing entries again from disk on a
// thread of its own, is a figure of its own.

#include <time.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/merkle.h"
#include "server/engine/admission.h"
#include "server/engine/author_table.h"
#include "server/engine/commit_group.h"
#include "server/storage/entry_log.h"
#include "server/storage/treeless_log.h"
#include "tools/bench/bench_log.h"
#include "tools/bench/benches.h"
#include "tools/bench/load.h"
#include "tools/bench/stream_load.h"

namespace thon::bench {
namespace {

constexpr int kAuthors = 16;
// A group has one batch of each author.
constexpr std::size_t kRoundGroups = 8;

SigningKey KeyOf(char letter) {
  absl::StatusOr<SigningKey> key =
      SigningKey::FromSeed(std::string(SigningKey::kSeedSize, letter));
  THON_CHECK(key.ok());
  return *std::move(key);
}

std::int64_t ThreadCpuNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

struct Spent {
  std::int64_t admit_ns = 0;   // Processor time.
  std::int64_t commit_ns = 0;  // Likewise.
  std::int64_t commit_us = 0;  // By the clock: with the fsync.
};

struct AuthorsBatch {
  AuthorId author;
  const v1::SealedBatch* sealed;
};

// One log and what its committer knows.
class Side {
 public:
  absl::Status Open(bool tree, const std::vector<Author>& authors) {
    StorageOptions storage;
    storage.directory = folder_.path();
    absl::StatusOr<std::unique_ptr<EntryLog>> log =
        tree ? EntryLog::Open(storage) : OpenTreelessLog(storage);
    if (!log.ok()) return log.status();
    log_ = *std::move(log);
    std::vector<v1::Event> events(1 + authors.size());
    events[0].mutable_log_opened()->set_origin("thon.example/bench/1");
    for (std::size_t i = 0; i < authors.size(); ++i) {
      events[i + 1].mutable_author_enrolled()->set_public_key(
          std::string(authors[i].key().public_key().view()));
    }
    CommitGroup group = NewGroup();
    group.RecordServer(std::move(events), ReceiveTime());
    return Write(&group);
  }

  // Processor time of hashing all entries again from disk, as before a
  // checkpoint is signed.
  absl::StatusOr<std::int64_t> HashAgainNs() const {
    const std::int64_t begin = ThreadCpuNs();
    merkle::Frontier frontier;
    const absl::Status read =
        log_->ReadEntries(EntryIndex(0), log_->end().tree_size,
                          [&frontier](EntryIndex, absl::string_view entry) {
                            frontier.Append(merkle::HashLeaf(entry));
                            return true;
                          });
    if (!read.ok()) return read;
    if (frontier.Root() != log_->root()) {
      return absl::DataLossError("the tree is not that of the entries");
    }
    return ThreadCpuNs() - begin;
  }

  // Makes the batches durable, kAuthors at a time.
  absl::Status Commit(const std::vector<AuthorsBatch>& batches, Spent* spent) {
    for (std::size_t begin = 0; begin < batches.size(); begin += kAuthors) {
      const std::int64_t start = ThreadCpuNs();
      std::vector<OfferedBatch> offered;
      for (std::size_t i = begin; i < begin + kAuthors; ++i) {
        offered.push_back(
            AdmitBatch(authors_, batches[i].author, *batches[i].sealed));
      }
      const std::int64_t cpu = ThreadCpuNs();
      spent->admit_ns += cpu - start;
      const std::int64_t clock = NowUs();
      CommitGroup group = NewGroup();
      std::vector<std::size_t> offsets;
      for (OfferedBatch& batch : offered) {
        const absl::StatusOr<Decision> decision =
            group.Decide(std::move(batch), ReceiveTime());
        if (!decision.ok()) return decision.status();
        if (decision->answer.code() != v1::ANSWER_CODE_RECORDED) {
          return absl::InternalError("a batch of the bench was not recorded: " +
                                     decision->answer.detail());
        }
        offsets.push_back(*decision->offset);
      }
      const absl::Status written = Write(&group);
      if (!written.ok()) return written;
      std::size_t receipts = 0;
      for (const std::size_t offset : offsets) {
        receipts += group.ReceiptOf(offset).ByteSizeLong();
      }
      THON_CHECK(receipts > 0);
      spent->commit_ns += ThreadCpuNs() - cpu;
      spent->commit_us += NowUs() - clock;
    }
    return absl::OkStatus();
  }

 private:
  CommitGroup NewGroup() const {
    return CommitGroup(*log_, authors_, server_key_,
                       {.end = log_->end(),
                        .open_date = std::nullopt,
                        .origin = "thon.example/bench/1"});
  }

  absl::Status Write(CommitGroup* group) {
    const absl::Status appended = log_->Append(group->Seal(log_key_));
    if (appended.ok()) authors_.Publish(group->ChangedAuthors());
    return appended;
  }

  const Folder folder_;
  const SigningKey server_key_ = KeyOf('s');
  const SigningKey log_key_ = KeyOf('l');
  std::unique_ptr<EntryLog> log_;
  AuthorTable authors_;
};

double Percent(std::int64_t with, std::int64_t without) {
  if (without <= 0) return 0;
  return static_cast<double>((with - without) * 1000 / without) / 10;
}

// Processor time of the leaves' hashes over batches whose digests are known.
std::int64_t LeavesNs(const std::vector<std::deque<v1::SealedBatch>>& batches) {
  std::int64_t ns = 0;
  Hash last;
  for (const auto& of_author : batches) {
    for (const v1::SealedBatch& sealed : of_author) {
      const BatchDigest digest = DigestBatch(sealed.batch());
      const EntryTrailer trailer = {.signature = {},
                                    .first_position = Position(1),
                                    .event_count = 1,
                                    .receive_time = ReceiveTime()};
      const std::int64_t begin = ThreadCpuNs();
      last = LeafHash(digest, trailer);
      ns += ThreadCpuNs() - begin;
    }
  }
  THON_CHECK(!last.is_zero());
  return ns;
}

absl::Status Weigh(const BenchOptions& options, int batch) {
  const std::size_t rounds =
      std::max<std::size_t>(2, options.events / static_cast<unsigned>(batch) /
                                   (kAuthors * kRoundGroups));
  std::vector<Author> authors = MakeAuthors(
      kAuthors, batch,
      rounds * kRoundGroups * kAuthors * static_cast<unsigned>(batch));
  const std::vector<std::deque<v1::SealedBatch>> batches =
      SignAhead(&authors, rounds * kRoundGroups);
  std::array<Side, 2> sides;  // Without, with.
  for (const bool tree : {false, true}) {
    const absl::Status opened = sides[tree].Open(tree, authors);
    if (!opened.ok()) return opened;
  }
  std::array<Spent, 2> spent;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<AuthorsBatch> some;
    for (std::size_t i = 0; i < kRoundGroups; ++i) {
      for (std::size_t a = 0; a < authors.size(); ++a) {
        some.push_back({authors[a].key().public_key().author(),
                        &batches[a][round * kRoundGroups + i]});
      }
    }
    // Who goes second finds warm caches.
    for (const bool second : {false, true}) {
      const bool tree = second != (round % 2 == 1);
      const absl::Status done = sides[tree].Commit(some, &spent[tree]);
      if (!done.ok()) return done;
    }
  }
  const auto events = static_cast<std::int64_t>(
      rounds * kRoundGroups * kAuthors * static_cast<unsigned>(batch));
  const absl::StatusOr<std::int64_t> again_ns = sides[1].HashAgainNs();
  if (!again_ns.ok()) return again_ns.status();
  const std::int64_t leaves_ns = LeavesNs(batches);
  // Admission is the same work on both sides; its mean keeps noise out.
  const std::int64_t admit_ns = (spent[0].admit_ns + spent[1].admit_ns) / 2;
  const std::int64_t with_ns = spent[1].commit_ns;
  const std::int64_t without_ns = spent[0].commit_ns - leaves_ns;
  const auto rate = [events](std::int64_t us) {
    return events * 1'000'000 / std::max<std::int64_t>(1, us);
  };
  Print(options, {{"bench", "tree"},
                  {"batch", batch},
                  {"group_batches", kAuthors},
                  {"events", events},
                  {"admit_cpu_ns_per_event", admit_ns / events},
                  {"commit_cpu_ns_per_event", with_ns / events},
                  {"commit_cpu_ns_per_event_without", without_ns / events},
                  {"leaves_cpu_ns_per_event", leaves_ns / events},
                  {"commit_events_per_s", rate(spent[1].commit_us)},
                  {"commit_events_per_s_without", rate(spent[0].commit_us)},
                  {"tree_percent_of_commit_cpu", Percent(with_ns, without_ns)},
                  {"tree_percent_of_ingest_cpu",
                   Percent(admit_ns + with_ns, admit_ns + without_ns)},
                  {"checkpoint_cpu_ns_per_event", *again_ns / events}});
  return absl::OkStatus();
}

}  // namespace

absl::Status BenchTree(const BenchOptions& options) {
  for (const int batch : {options.batch, 4}) {
    const absl::Status weighed = Weigh(options, batch);
    if (!weighed.ok()) return weighed;
  }
  return absl::OkStatus();
}

}  // namespace thon::bench
