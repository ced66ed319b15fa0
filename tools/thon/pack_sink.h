// Where the files of an audit pack go: a folder, or one tar.
#ifndef THON_TOOLS_THON_PACK_SINK_H_
#define THON_TOOLS_THON_PACK_SINK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace thon::cli {

enum class PackForm { kFolder, kTar };

// Everything is written under a temporary name beside the pack's and gets its
// own name at the end, whole and synced, or never.
//
// Thread-safety: none.
class PackSink {
 public:
  // `made_at_s` is the files' time. kAlreadyExists: `path` is there; nothing is
  // overwritten. What an interrupted run left under the temporary name is
  // removed.
  static absl::StatusOr<std::unique_ptr<PackSink>> Create(
      PackForm form, const std::string& path, std::int64_t made_at_s);
  // Removes what was not finished, unless it is kept.
  virtual ~PackSink() = default;

  // Requires: a relative path of at most limits::kPackPathBytesMax bytes, once.
  virtual absl::Status Add(absl::string_view path, absl::string_view bytes) = 0;
  virtual absl::Status Finish() = 0;

  // Leaves what was written under the temporary name, as evidence.
  virtual void Keep() = 0;
  virtual const std::string& temporary_path() const = 0;
};

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_PACK_SINK_H_
