// One step of what is followed, put together from messages: nothing of it holds
// before its PROGRESS. Pure.
//
// Thread-safety: none.
#ifndef THON_CLIENT_FOLLOW_STEP_H_
#define THON_CLIENT_FOLLOW_STEP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "thon/v1/watch_service.pb.h"

namespace thon::client {

// Queries of a FollowRequest (sync_service.proto).
inline constexpr std::uint32_t kFollowedTeam = 1;
inline constexpr std::uint32_t kFollowedMonths = 2;
inline constexpr std::uint32_t kFollowedDeterminations = 3;
inline constexpr std::uint32_t kFollowedStandings = 4;
inline constexpr std::uint32_t kFollowedTasks = 5;

// A step that is larger is not taken: more than the standings of 100,000
// events.
inline constexpr std::size_t kFollowStepBytesMax = 16u << 20;

class FollowStep {
 public:
  // What a query's table becomes.
  struct Part {
    bool clear = false;                                      // Empty it first.
    std::map<std::string, std::optional<std::string>> rows;  // Not set: gone.
  };

  // Begins anew. `fresh`: no token was sent, so the tables begin empty, and
  // what comes before the first query starts is of an earlier request.
  void Begin(bool fresh);

  enum class Got {
    kMore,   // The step goes on.
    kWhole,  // Its PROGRESS has come; call Next() when it is applied.
    kBad,    // It breaks the contract. Nothing more is taken until Begin().
  };
  Got Take(v1::WatchResponse response);
  // Goes on to the next step.
  void Next();

  bool fresh() const { return fresh_; }
  const std::map<std::uint32_t, Part>& parts() const { return parts_; }
  const v1::WatchProgress& progress() const { return progress_; }

 private:
  bool Add(v1::WatchResponse* response);
  bool HasGoodProgress() const;

  bool fresh_ = false;
  bool waiting_ = false;  // For the first query to start.
  bool bad_ = false;
  std::size_t bytes_ = 0;
  std::map<std::uint32_t, Part> parts_;
  v1::WatchProgress progress_;
};

}  // namespace thon::client

#endif  // THON_CLIENT_FOLLOW_STEP_H_
