// What each phone's holder remembers, in a file that workers and supervisor map
// into memory: it outlives a worker that is killed, as a person does.
#ifndef THON_TOOLS_FLEET_SHARED_STATE_H_
#define THON_TOOLS_FLEET_SHARED_STATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace thon::fleet {

enum class Operation : std::uint8_t {
  kNone,
  kEnrolling,
  kRecording,
  kSyncing,
  kCopying,
};

// What became of the newest intent to record.
enum class IntentState : std::uint8_t { kNone, kOpen, kRecorded, kLost };

// One phone. The worker that has the phone writes; the supervisor reads when
// that worker is idle or dead. Only `killed` is the supervisor's.
struct PhoneState {
  // The day being lived, and how many of its tasks are done.
  std::int32_t day = 0;
  std::uint32_t tasks_done = 0;
  std::uint32_t opens = 0;
  // What the phone is in the middle of.
  std::atomic<Operation> operation{Operation::kNone};
  // The newest intent: its number, the task it is for, how many events it has
  // and how many were pending before.
  std::uint32_t intent = 0;
  IntentState intent_state = IntentState::kNone;
  std::int32_t intent_day = 0;
  std::uint32_t intent_task = 0;
  std::uint32_t intent_events = 0;
  std::uint64_t pending_before = 0;

  std::int32_t last_sync_day = 0;
  std::int32_t longest_offline_days = 0;
  std::uint32_t killed = 0;  // In the middle of an operation.
  std::uint64_t events_recorded = 0;
  std::uint64_t syncs = 0;
  std::uint64_t breaks = 0;
  std::uint64_t batches_sent = 0;
  std::uint64_t batches_sent_again = 0;
  std::uint64_t forks = 0;
  std::uint32_t generation = 0;
  // Of its receipts, after its last exchange.
  std::uint64_t promises = 0;
  std::uint64_t overdue = 0;
  std::uint64_t proofs = 0;
  std::uint64_t evidence = 0;  // Resolved or not.
};

static_assert(std::atomic<Operation>::is_always_lock_free);

// Thread-safety: as PhoneState says.
class SharedState {
 public:
  // Makes the file, all zero. kUnavailable: cannot.
  static absl::StatusOr<std::unique_ptr<SharedState>> Create(
      const std::string& path, std::size_t phones);
  // Maps the file that Create() made for as many phones.
  static absl::StatusOr<std::unique_ptr<SharedState>> Open(
      const std::string& path, std::size_t phones);
  ~SharedState();
  SharedState(const SharedState&) = delete;
  SharedState& operator=(const SharedState&) = delete;

  std::size_t size() const { return size_; }
  PhoneState& operator[](std::size_t phone) { return states_[phone]; }

 private:
  SharedState(PhoneState* states, std::size_t size)
      : states_(states), size_(size) {}

  PhoneState* const states_;
  const std::size_t size_;
};

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_SHARED_STATE_H_
