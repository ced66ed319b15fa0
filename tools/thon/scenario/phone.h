// A phone of a scenario: its key, its clocks, its chain of sealed batches and
// what was answered. It seals by the rules that real phones keep, and can be
// made to break them: copied with its key, sent again, sealed with an old
// anchor.
//
// Keys follow from names, so the same scenario gives the same bytes.
#ifndef THON_TOOLS_THON_SCENARIO_PHONE_H_
#define THON_TOOLS_THON_SCENARIO_PHONE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "thon/v1/log.pb.h"
#include "tools/thon/scenario/scenario.h"

namespace thon::scenario {

// Where an event of a phone is, if it was recorded.
struct EventPlace {
  AuthorId author;
  Sequence sequence;
  Hash hash;  // Of the event's bytes.
};

// A sealed batch.
struct SealedAs {
  v1::SealedBatch sealed;
  AuthorId author;
  Sequence first;
  int count = 0;
  bool acknowledged = false;
};

// Copied when the phone is cloned. Thread-safety: none.
class Phone {
 public:
  // Switched on an hour before `now`.
  Phone(std::string name, const Enrolment& whose, Instant now);

  const std::string& name() const { return name_; }
  const Enrolment& whose() const { return whose_; }
  const SigningKey& key() const { return *key_; }
  AuthorId author() const { return key_->public_key().author(); }
  // All keys it ever had, the newest last.
  const std::vector<AuthorId>& authors() const { return authors_; }

  // The same phone under another name.
  Phone CloneAs(const std::string& name) const;

  void SetClock(const ClockChange& change, Instant now);
  v1::Anchor Hear(Instant server_time, Instant now) const;
  // The server's time was heard; `carried`: a sealed batch holds it already.
  void KeepAnchor(const v1::Anchor& anchor, bool carried);

  void Record(const v1::Event& event, const std::string& name, Instant now);

  // Seals what is recorded; false if there is nothing. Not set: without an
  // anchor.
  bool Seal(const std::optional<v1::Anchor>& anchor);
  // Seals what is recorded as one batch with this anchor, or as several if it
  // has no room.
  bool SealWith(const GivenAnchor& anchor);
  // The anchor that the next batch would carry by itself.
  const std::optional<v1::Anchor>& anchor() const { return anchor_; }

  // Every batch ever sealed, in order.
  std::deque<SealedAs>& batches() { return batches_; }

  // A new key; what was not acknowledged is recorded again under it. The old
  // key's signature over the new one.
  Signature Succeed();

  // nullopt: it recorded no event of this name.
  std::optional<EventPlace> Find(const std::string& event) const;

  std::vector<v1::Answer> answers;

 private:
  struct Recorded {
    v1::Event event;
    std::string name;
  };

  void MakeKey();
  void MakeBoot(Instant now);
  std::uint32_t BootOf(std::int64_t number) const;
  void Append(v1::Event event, const std::string& name);
  void SealFirst(std::size_t count, const std::optional<v1::Anchor>& anchor);
  std::int64_t Monotonic(Instant now) const { return now.ms - zero_ms_; }

  std::string name_;
  std::string seed_;  // What keys follow from; a clone keeps it.
  Enrolment whose_;
  int generation_ = 0;
  std::shared_ptr<const SigningKey> key_;
  std::vector<AuthorId> authors_;

  std::int64_t wall_offset_ms_ = 0;
  std::int64_t zero_ms_ = 0;  // Real time of the monotonic clock's 0.
  std::int64_t boots_ = 0;
  std::uint32_t boot_ = 0;
  std::optional<v1::Anchor> anchor_;
  bool anchor_carried_ = false;

  Sequence next_{1};
  Hash previous_;
  std::deque<Recorded> pending_;
  std::deque<SealedAs> batches_;
  std::map<std::uint64_t, std::string> event_names_;  // Of the newest key.
  std::map<std::string, EventPlace> places_;
};

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_PHONE_H_
