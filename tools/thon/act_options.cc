#include "tools/thon/act_options.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "tools/thon/command_options.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/submit.h"

namespace thon::cli {
namespace {

constexpr std::size_t kKeyMax = 60;

absl::Status CheckOnly(Client* client, const Change& change) {
  v1::SubmitRequest request;
  request.set_idempotency_key(change.key);
  request.set_seen_position(change.seen_position);
  request.set_check_only(true);
  for (const v1::Event& event : change.events) {
    // Said here, the message names the field without a way to the server.
    if (absl::Status status = CheckEvent(event); !status.ok()) return status;
    *request.add_events() = event;
  }
  return client->Submit(request).status();
}

}  // namespace

void AddDocument(CLI::App* command, DocumentOptions* options, bool required) {
  CLI::Option* const number = command->add_option("--document", options->number,
                                                  "The decision's number");
  command->add_option("--issued", options->issued, "Its day of issue");
  command->add_option("--issuer", options->issuer, "Who issued it");
  if (required) number->required();
}

absl::StatusOr<v1::LegalDocument> DocumentOf(const DocumentOptions& options) {
  const auto issued = DayOption("--issued", options.issued);
  if (!issued.ok()) return issued.status();
  v1::LegalDocument document;
  document.set_number(options.number);
  document.set_issue_date(*issued);
  document.set_issuer(options.issuer);
  return document;
}

void AddActFlags(CLI::App* command, ActFlags* flags) {
  command->add_flag("--dry-run", flags->dry_run,
                    "Only say what would fail; record nothing");
  command->add_option("--key", flags->key,
                      "Idempotency key, 1 to 60 characters: the second command "
                      "with it has no effect; by default one of its own");
}

absl::StatusOr<std::int32_t> NeedDay(absl::string_view name,
                                     const std::string& text) {
  if (text.empty()) {
    return UsageError(absl::StrCat(name, ": a day, 15/08/2023 or 2023-08-15"));
  }
  return DayOption(name, text);
}

absl::Status RecordAct(Session* session, const ActFlags& flags,
                       absl::string_view key_prefix, PlannedAct act) {
  if (flags.key.size() > kKeyMax) {
    return UsageError(absl::StrCat("--key: at most ", kKeyMax, " characters"));
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  Change change;
  change.key = flags.key.empty() ? RandomKey(key_prefix) : flags.key;
  change.seen_position = act.seen_position;
  change.events = std::move(act.events);
  if (!session->json) {
    for (const std::string& line : act.lines) session->out() << line << '\n';
  }
  Json json = {{"applied", false}, {"events", ToJsonArray(change.events)}};
  if (flags.dry_run) {
    if (absl::Status status = CheckOnly(*client, change); !status.ok()) {
      return status;
    }
    if (session->json) {
      session->Print(json);
    } else {
      session->out()
          << "Chạy thử, chưa ghi gì. (Dry run, nothing is recorded.)\n";
    }
    return absl::OkStatus();
  }
  const absl::StatusOr<v1::SubmitResponse> response =
      SubmitChange(*client, change);
  if (!response.ok()) return response.status();
  if (session->json) {
    json["applied"] = true;
    json["position"] = response->position();
    json["outcomes"] = ToJsonArray(response->outcomes());
    session->Print(json);
    return absl::OkStatus();
  }
  session->out() << "Đã ghi tại vị trí (recorded at position) "
                 << response->position() << '\n'
                 << NotesOf(*response);
  return absl::OkStatus();
}

}  // namespace thon::cli
