// What long work says on stderr: how fast it goes and how much is left.
#ifndef THON_TOOLS_VERIFY_PROGRESS_H_
#define THON_TOOLS_VERIFY_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace thon::verify {

// Thread-safety: none.
class Progress {
 public:
  // Writes nothing unless `shown`.
  explicit Progress(bool shown) : shown_(shown) {}
  ~Progress() { End(); }

  // A new piece of work over `all` entries.
  void Begin(absl::string_view what, std::uint64_t all);
  // `done` of them; writes at most once in half a second.
  void At(std::uint64_t done);
  void End();
  // A line by itself: how many events all the work was for, and how fast.
  void Sum(std::uint64_t events, std::int64_t ms, std::uint64_t per_second);

 private:
  const bool shown_;
  std::string what_;
  std::uint64_t all_ = 0;
  std::int64_t begin_ms_ = 0;
  std::int64_t written_ms_ = 0;
  bool line_open_ = false;
};

// Milliseconds of a clock that never goes back.
std::int64_t SteadyMs();

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_PROGRESS_H_
