// The server of a scenario: the real engine with simulated time, in a directory
// of its own. Calls that the engine answers later are waited for.
#ifndef THON_TOOLS_THON_SCENARIO_WORLD_H_
#define THON_TOOLS_THON_SCENARIO_WORLD_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/civil.h"
#include "server/engine/engine.h"
#include "server/engine/system_clock.h"
#include "thon/v1/log.pb.h"

namespace thon::scenario {

// Thread-safety: none.
class World {
 public:
  // A new log in `directory`, which is empty. Errors as Engine::Open.
  static absl::StatusOr<std::unique_ptr<World>> Open(
      const std::string& directory, Instant start);
  ~World();

  // Never backwards; the same moment does nothing.
  absl::Status AdvanceTo(Instant moment);
  Instant now() const { return now_; }

  absl::StatusOr<CommandResult> Submit(CommandRequest request);
  absl::Status PutDocument(const std::string& content);
  absl::StatusOr<thon::Enrolment> Enrol(EnrolmentRequest request);
  // What the server says its time is.
  absl::StatusOr<Instant> HearTime(const AuthorId& author);
  absl::StatusOr<v1::Answer> Offer(const AuthorId& author,
                                   const v1::SealedBatch& sealed);

  // The last position of the log; rows hold it when this returns.
  absl::StatusOr<Position> Settle();
  // The state roots that the log asks for so far are in it: so what follows
  // gets the same positions in every run.
  absl::Status SettleStateRoots();
  Engine& engine() { return *engine_; }
  AuthorId server_author() const;
  // The server's author's own number for the event at `position`.
  std::uint64_t ServerSequence(Position position) const;

 private:
  explicit World(Instant start) : now_(start) {}

  SystemClock clock_;
  Instant now_;
  std::uint64_t entries_named_ = 0;  // Whose count asks for state roots.
  std::unique_ptr<Engine> engine_;
};

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_WORLD_H_
