#include "tools/thon/audit_moments.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tools/thon/command_options.h"

namespace thon::cli {
namespace {

absl::StatusOr<v1::ReadOptions> ParseMoment(absl::string_view option,
                                            const std::string& text) {
  absl::StatusOr<v1::ReadOptions> options = AsOfOption(text);
  if (options.ok() || option == "--as-of") return options;
  return UsageError(
      absl::StrReplaceAll(options.status().message(), {{"--as-of", option}}));
}

// Any query answers as of where it read; that of the policies reads little.
absl::StatusOr<std::uint64_t> Resolve(Client* client,
                                      const v1::ReadOptions& options) {
  v1::ListPoliciesRequest request;
  *request.mutable_options() = options;
  const auto response = client->ListPolicies(request);
  if (!response.ok()) return response.status();
  return response->position();
}

// One past the entry that ends at the position; 0 for position 0.
absl::StatusOr<std::uint64_t> EndAt(Client* client, std::uint64_t position) {
  if (position == 0) return 0;
  const auto entry = EntryOfPosition(client, position);
  if (!entry.ok()) return entry.status();
  return *entry + 1;
}

}  // namespace

absl::StatusOr<std::uint64_t> PositionOfMoment(Client* client,
                                               absl::string_view option,
                                               const std::string& text) {
  const auto options = ParseMoment(option, text);
  if (!options.ok()) return options.status();
  return Resolve(client, *options);
}

// Under the tree as it is, not a checkpoint's: a log that signs nothing any
// more can be read. And not by reading, which the log would note.
absl::StatusOr<std::uint64_t> EntryOfPosition(Client* client,
                                              std::uint64_t position) {
  const auto status = client->GetStatus();
  if (!status.ok()) return status.status();
  if (position == status->next_position()) {
    return absl::NotFoundError(
        absl::StrCat("position ", position,
                     " is the log's end: nothing is recorded there "
                     "yet"));
  }
  v1::GetInclusionProofRequest request;
  request.set_position(position);
  request.set_tree_size(status->tree_size());
  const auto proof = client->audit()->GetInclusionProof(request);
  if (!proof.ok()) return proof.status();
  return proof->entry_index();
}

absl::StatusOr<std::uint64_t> FirstEntryFrom(Client* client,
                                             const std::string& text) {
  if (text.empty()) return 0;
  auto options = ParseMoment("--from", text);
  if (!options.ok()) return options.status();
  v1::AsOf* const as_of = options->mutable_as_of();
  switch (as_of->moment_case()) {
    case v1::AsOf::kPosition:
      return EntryOfPosition(client,
                             std::max<std::uint64_t>(as_of->position(), 1));
    case v1::AsOf::kDate:
      as_of->set_date(as_of->date() - 1);
      break;
    default:
      as_of->set_time_ms(as_of->time_ms() - 1);
      break;
  }
  // What follows the state before the moment.
  const auto before = Resolve(client, *options);
  if (!before.ok()) return before.status();
  return EndAt(client, *before);
}

absl::StatusOr<std::uint64_t> EndEntryTo(Client* client,
                                         const std::string& text) {
  const auto position = PositionOfMoment(client, "--to", text);
  if (!position.ok()) return position.status();
  return EndAt(client, *position);
}

}  // namespace thon::cli
