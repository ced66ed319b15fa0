#include "tools/thon/submit.h"

#include <sodium.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/error_info.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

// 64 parts are 2.5 MiB; a call holds at most 3.
constexpr std::size_t kPartsInCall = 64;
constexpr int kCodeBytes = 16;
constexpr int kKeyBytes = 15;

std::string RandomBytes(std::size_t size) {
  THON_CHECK(sodium_init() >= 0);
  std::string bytes(size, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

std::string Base32(absl::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    count += 8;
    for (; count >= 5; count -= 5) {
      text.push_back(kDigits[bits >> (count - 5) & 31]);
    }
  }
  if (count > 0) text.push_back(kDigits[bits << (5 - count) & 31]);
  return text;
}

}  // namespace

std::string StableKey(absl::string_view prefix,
                      const std::vector<v1::Event>& events) {
  Sha256 hash;
  for (const v1::Event& event : events) hash.Update(EventHash(event).view());
  return absl::StrCat(prefix, "-", hash.Final().Hex().substr(0, 40));
}

std::string RandomKey(absl::string_view prefix) {
  return absl::StrCat(prefix, "-", HexEncode(RandomBytes(kKeyBytes)));
}

std::string RandomCode() { return Base32(RandomBytes(kCodeBytes)); }

std::uint64_t RandomId() {
  std::uint64_t id = 0;
  while (!IsSurrogateId(id)) {
    const std::string bytes = RandomBytes(8);
    id = 0;
    for (const char c : bytes) {
      id = (id << 8 | static_cast<unsigned char>(c)) & (kSurrogateIdEnd - 1);
    }
  }
  return id;
}

absl::Status PutDocument(Client* client, absl::string_view content) {
  constexpr std::size_t kPart = limits::kDocumentPartBytesMax;
  if (content.empty() || content.size() > limits::kDocumentBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the document has ", content.size(),
                     " bytes; 1 to 16 MiB can be recorded, so split the file"));
  }
  const Hash hash = Sha256Of(content);
  const std::size_t count = (content.size() + kPart - 1) / kPart;
  for (std::size_t first = 0; first < count; first += kPartsInCall) {
    v1::PutDocumentRequest request;
    request.set_content(
        std::string(content.substr(first * kPart, kPartsInCall * kPart)));
    request.set_document_hash(std::string(hash.view()));
    request.set_first_part(static_cast<std::int32_t>(first));
    request.set_part_count(static_cast<std::int32_t>(count));
    if (const auto response = client->PutDocument(request); !response.ok()) {
      return response.status();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::SubmitResponse> SubmitChange(Client* client,
                                                const Change& change) {
  v1::SubmitRequest request;
  request.set_idempotency_key(change.key);
  request.set_seen_position(change.seen_position);
  for (const v1::Event& event : change.events) {
    // Said here, the message names the field without a way to the server.
    if (absl::Status status = CheckEvent(event); !status.ok()) return status;
    *request.add_events() = event;
  }
  for (const std::string& document : change.documents) {
    if (absl::Status status = PutDocument(client, document); !status.ok()) {
      return status;
    }
  }
  absl::StatusOr<v1::SubmitResponse> response = client->Submit(request);
  if (!response.ok()) return response;
  for (int i = 0; i < response->outcomes_size(); ++i) {
    const v1::CommandOutcome& outcome = response->outcomes(i);
    if (outcome.effective()) continue;
    return WithReason(
        absl::FailedPreconditionError(absl::StrCat(
            "recorded at position ", outcome.position(),
            " without effect: ", Short(outcome.failure()),
            outcome.detail().empty() ? "" : ": ", outcome.detail(),
            "; when the cause is removed, repeat the command with --key and a "
            "name of your own (the key was ",
            change.key, ")")),
        "NO_EFFECT");
  }
  return response;
}

std::string NotesOf(const v1::SubmitResponse& response) {
  std::string notes;
  for (const v1::CommandOutcome& outcome : response.outcomes()) {
    if (outcome.effective() && !outcome.detail().empty()) {
      absl::StrAppend(&notes, "Lưu ý (note): ", outcome.detail(), "\n");
    }
  }
  return notes;
}

absl::Status RecordOne(Session* session, absl::string_view key_prefix,
                       v1::Event event, std::uint64_t seen) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  Change change;
  change.key = RandomKey(key_prefix);
  change.seen_position = seen;
  change.events.push_back(std::move(event));
  const absl::StatusOr<v1::SubmitResponse> response =
      SubmitChange(*client, change);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print({{"position", response->position()},
                    {"outcomes", ToJsonArray(response->outcomes())}});
    return absl::OkStatus();
  }
  session->out() << "Đã ghi tại vị trí (recorded at position) "
                 << response->position() << '\n'
                 << NotesOf(*response);
  return absl::OkStatus();
}

}  // namespace thon::cli
