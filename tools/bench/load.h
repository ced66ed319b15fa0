// What the benches feed in: authors with chains of batches, signed before
// anything is measured, in the demo's mix of facts.
//
// Each author is a team's phone that lives day after day, so that rows grow as
// they do in the field: by team, day and month.
#ifndef THON_TOOLS_BENCH_LOAD_H_
#define THON_TOOLS_BENCH_LOAD_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/signature.h"
#include "thon/v1/log.pb.h"
#include "tools/fleet/plan.h"

namespace thon::bench {

// Every fact is of this day or up to 120 months later, and received long after.
Date FirstFactDay();
Date LastFactDay();
Instant ReceiveTime();

// An author who goes on where it stopped.
//
// Thread-safety: one thread at a time.
class Author {
 public:
  Author(std::uint64_t number, int events_per_batch, int facts_of_day);

  const fleet::Holder& holder() const { return holder_; }
  const SigningKey& key() const { return key_; }
  std::uint64_t next_sequence() const { return next_sequence_; }

  // Signs the next batch.
  v1::SealedBatch NextBatch();

 private:
  v1::Event NextEvent();

  fleet::Holder holder_;
  SigningKey key_;
  const int events_per_batch_;
  const int facts_of_day_;
  std::uint64_t next_sequence_ = 1;
  Hash last_hash_;
  std::uint64_t draws_ = 0;
  Date day_;
  int of_day_ = 0;  // Facts recorded on `day_`.
};

// Authors who can sign `events` events together and have days left: each
// records six facts a day, or more if it must.
std::vector<Author> MakeAuthors(int count, int events_per_batch,
                                std::uint64_t events);

// `batches` batches of each author, on all cores.
std::vector<std::deque<v1::SealedBatch>> SignAhead(std::vector<Author>* authors,
                                                   std::size_t batches);

}  // namespace thon::bench

#endif  // THON_TOOLS_BENCH_LOAD_H_
