// What officers do: checked against the newest rows, recorded by the server's
// author, decided by the fold.
#ifndef THON_ENGINE_COMMANDS_H_
#define THON_ENGINE_COMMANDS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/engine.h"

namespace thon {

// Thread-safety: any thread.
class Commands {
 public:
  // Not owned; outlives it.
  explicit Commands(Engine* engine) : engine_(engine) {}

  // As Engine::Submit and Engine::PutDocument.
  void Submit(CommandRequest request, Done<CommandResult> done);
  void PutDocument(DocumentRequest request, Done<Position> done);

 private:
  // The events as they will be recorded. kInvalidArgument.
  static absl::StatusOr<std::vector<v1::Event>> Prepare(
      CommandRequest& request);
  // The first outcomes of the key, if the rows hold all of them.
  std::optional<CommandResult> FirstOutcomes(const RowReader& rows,
                                             OfficerId officer,
                                             const std::string& key,
                                             std::size_t count) const;

  Engine* const engine_;
};

}  // namespace thon

#endif  // THON_ENGINE_COMMANDS_H_
