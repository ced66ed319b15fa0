// What commands share that record an officer's act: the decision it rests on,
// a dry run, the idempotency key, and the recording itself.
#ifndef THON_TOOLS_THON_ACT_OPTIONS_H_
#define THON_TOOLS_THON_ACT_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "thon/v1/event.pb.h"
#include "tools/thon/session.h"

namespace thon::cli {

// A decision, as an act may name one.
struct DocumentOptions {
  std::string number;
  std::string issued;
  std::string issuer;
};

// --document, --issued and --issuer.
void AddDocument(CLI::App* command, DocumentOptions* options, bool required);
// Reason USAGE: --issued is no day.
absl::StatusOr<v1::LegalDocument> DocumentOf(const DocumentOptions& options);

struct ActFlags {
  bool dry_run = false;
  std::string key;
};

// --dry-run and --key.
void AddActFlags(CLI::App* command, ActFlags* flags);

// A day that must be given. Reason USAGE: it is empty or no day.
absl::StatusOr<std::int32_t> NeedDay(absl::string_view name,
                                     const std::string& text);

// An act and what there is to say of it.
struct PlannedAct {
  std::vector<v1::Event> events;  // 1 to 256; recorded together.
  // The position that was looked at before; 0 for none.
  std::uint64_t seen_position = 0;
  // A line each for people, before it is recorded: which team is meant.
  std::vector<std::string> lines;
};

// Records the act, under a key of its own unless one is given, and says where.
// With --dry-run the server only says what would fail, and nothing is recorded.
absl::Status RecordAct(Session* session, const ActFlags& flags,
                       absl::string_view key_prefix, PlannedAct act);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_ACT_OPTIONS_H_
