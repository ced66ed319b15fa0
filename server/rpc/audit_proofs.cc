// Checkpoints, and proofs that lead to them.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/engine/checkpoints.h"
#include "server/engine/proofs.h"
#include "server/rpc/audit_calls.h"
#include "server/rpc/paging.h"

namespace thon {
namespace {

constexpr char kNoSuchTree[] =
    "no tree of this size: it is beyond the log's end, of another history or "
    "not recorded yet";

// The checkpoint of exactly this size, if one was signed and is kept.
std::optional<v1::Checkpoint> CheckpointOfSize(Engine* engine,
                                               std::uint64_t tree_size) {
  absl::StatusOr<v1::Checkpoint> found =
      engine->checkpoints().Covering(tree_size);
  if (!found.ok() || found->tree_size() != tree_size) return std::nullopt;
  return *std::move(found);
}

// A new checkpoint, then `go_on` on a worker.
void WithNewCheckpoint(AuditShared* shared,
                       std::function<void(const v1::Checkpoint&)> go_on,
                       const FinishCall& finish) {
  shared->calls->engine().checkpoints().Sign(
      [shared, go_on = std::move(go_on),
       finish](const absl::StatusOr<v1::Checkpoint>& checkpoint) {
        if (!checkpoint.ok()) return finish(checkpoint.status());
        const bool posted = shared->calls->pool().PostContinuation(
            [go_on, made = *checkpoint] { go_on(made); });
        if (!posted) finish(absl::UnavailableError("the server is stopping"));
      });
}

absl::StatusOr<EntryIndex> EntryOf(
    const EntryLog& log, const v1::GetInclusionProofRequest& request) {
  if (!request.has_position()) return EntryIndex(request.entry_index());
  absl::StatusOr<EntryIndex> found =
      log.FindPosition(Position(request.position()));
  if (absl::IsNotFound(found.status())) {
    return BeyondEnd(absl::StatusCode::kNotFound, "position",
                     "no entry holds this position: positions begin at 1 and "
                     "end where the log does");
  }
  return found;
}

absl::Status Prove(Engine* engine, const v1::GetInclusionProofRequest& request,
                   std::uint64_t tree_size, const v1::Checkpoint* checkpoint,
                   v1::InclusionProof* response) {
  const absl::StatusOr<EntryIndex> entry = EntryOf(engine->log(), request);
  if (!entry.ok()) return entry.status();
  absl::StatusOr<v1::InclusionProof> proof =
      ProveInclusion(engine->log(), *entry, tree_size);
  if (!proof.ok()) return proof.status();
  std::optional<v1::Checkpoint> kept;
  if (checkpoint == nullptr) {
    kept = CheckpointOfSize(engine, tree_size);
    if (kept.has_value()) checkpoint = &*kept;
  }
  if (checkpoint != nullptr) {
    const absl::Status added = AttachCheckpoint(*checkpoint, &*proof);
    if (!added.ok()) return added;
  }
  response->Swap(&*proof);
  return absl::OkStatus();
}

absl::Status ProveExtends(Engine* engine, std::uint64_t first,
                          std::uint64_t second,
                          v1::ConsistencyProof* response) {
  absl::StatusOr<v1::ConsistencyProof> proof =
      ProveConsistency(engine->log(), first, second);
  if (proof.ok()) response->Swap(&*proof);
  return proof.status();
}

}  // namespace

void GetCheckpointCall(AuditShared* shared,
                       const v1::GetCheckpointRequest& request,
                       v1::Checkpoint* response, const FinishCall& finish) {
  Engine& engine = shared->calls->engine();
  const std::uint64_t wanted = request.min_tree_size();
  if (wanted > engine.log().end().tree_size.value) {
    return finish(
        BeyondEnd(absl::StatusCode::kNotFound, "min_tree_size", kNoSuchTree));
  }
  if (request.witnessed()) {
    absl::StatusOr<v1::Checkpoint> found = engine.checkpoints().Witnessed();
    if (found.ok() && found->tree_size() < wanted) {
      return finish(WithField(
          WithReason(absl::NotFoundError(absl::StrCat(
                         "witnesses have cosigned up to ", found->tree_size(),
                         " entries; ask again later")),
                     "NOT_WITNESSED"),
          "min_tree_size"));
    }
    if (found.ok()) response->Swap(&*found);
    return finish(found.status());
  }
  if (wanted > 0) {
    absl::StatusOr<v1::Checkpoint> kept = engine.checkpoints().Covering(wanted);
    if (kept.ok()) response->Swap(&*kept);
    // One that covers it can be signed now.
    if (!absl::IsNotFound(kept.status())) return finish(kept.status());
  }
  engine.checkpoints().Sign(
      [response, finish](absl::StatusOr<v1::Checkpoint> made) {
        if (made.ok()) response->Swap(&*made);
        finish(made.status());
      });
}

absl::Status ListCheckpointsCall(AuditShared* shared,
                                 const v1::ListCheckpointsRequest& request,
                                 v1::ListCheckpointsResponse* response) {
  const absl::StatusOr<int> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  constexpr absl::string_view kBinding = "ListCheckpoints";
  std::uint64_t below = 0;
  if (!request.page_token().empty()) {
    const auto page = ParseBoundPageToken(request.page_token(), kBinding);
    if (!page.ok()) return page.status();
    below = page->position.value;
  }
  const auto found = shared->calls->engine().checkpoints().List(
      below, static_cast<std::size_t>(*size) + 1);
  if (!found.ok()) return found.status();
  std::size_t bytes = 0;
  for (const v1::Checkpoint& checkpoint : *found) {
    bytes += checkpoint.ByteSizeLong();
    const int count = response->checkpoints_size();
    if (count == *size || (count > 0 && bytes > limits::kReplyBytesMax)) {
      response->set_next_page_token(
          BoundPageToken(Position(response->checkpoints(count - 1).tree_size()),
                         kBinding, ""));
      break;
    }
    *response->add_checkpoints() = checkpoint;
  }
  return absl::OkStatus();
}

void GetInclusionProofCall(AuditShared* shared,
                           const v1::GetInclusionProofRequest& request,
                           v1::InclusionProof* response,
                           const FinishCall& finish) {
  Engine* const engine = &shared->calls->engine();
  if (request.tree_size() != 0) {
    return finish(
        Prove(engine, request, request.tree_size(), nullptr, response));
  }
  WithNewCheckpoint(
      shared,
      [engine, &request, response, finish](const v1::Checkpoint& checkpoint) {
        finish(Prove(engine, request, checkpoint.tree_size(), &checkpoint,
                     response));
      },
      finish);
}

void GetConsistencyProofCall(AuditShared* shared,
                             const v1::GetConsistencyProofRequest& request,
                             v1::ConsistencyProof* response,
                             const FinishCall& finish) {
  Engine* const engine = &shared->calls->engine();
  const std::uint64_t first = request.first_tree_size();
  if (request.second_tree_size() != 0) {
    return finish(
        ProveExtends(engine, first, request.second_tree_size(), response));
  }
  WithNewCheckpoint(
      shared,
      [engine, first, response, finish](const v1::Checkpoint& checkpoint) {
        finish(ProveExtends(engine, first, checkpoint.tree_size(), response));
      },
      finish);
}

}  // namespace thon
