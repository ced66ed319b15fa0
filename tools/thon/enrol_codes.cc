#include "tools/thon/enrol_codes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "tools/thon/submit.h"

namespace thon::cli {
namespace {

v1::Event CodeEvent(const IssuedCode& issued, std::int32_t last_date) {
  v1::Event event;
  v1::EnrolmentCodeIssued* const code = event.mutable_enrolment_code_issued();
  code->set_code_hash(std::string(Sha256Of(issued.code).view()));
  code->set_team_id(issued.holder.team_id);
  code->set_member_id(issued.holder.member_id);
  code->set_organisation_id(issued.holder.organisation_id);
  code->set_last_date(last_date);
  return event;
}

}  // namespace

absl::StatusOr<std::int32_t> LastCodeDate(Client* client, int days) {
  const absl::StatusOr<v1::ServerStatus> status = client->GetStatus();
  if (!status.ok()) return status.status();
  return status->local_date() + days;
}

absl::StatusOr<std::uint64_t> RecordCodes(Client* client,
                                          const std::vector<IssuedCode>& codes,
                                          std::int32_t last_date) {
  std::uint64_t position = 0;
  for (std::size_t first = 0; first < codes.size();
       first += limits::kBatchEventsMax) {
    const std::size_t end =
        std::min(first + limits::kBatchEventsMax, codes.size());
    Change change;
    change.key = RandomKey("enrol");
    for (std::size_t i = first; i < end; ++i) {
      change.events.push_back(CodeEvent(codes[i], last_date));
    }
    const absl::StatusOr<v1::SubmitResponse> response =
        SubmitChange(client, change);
    if (!response.ok()) {
      return absl::Status(response.status().code(),
                          absl::StrCat("codes of rows ", first + 1, " to ", end,
                                       " are not issued, those before are: ",
                                       response.status().message()));
    }
    position = response->position();
  }
  return position;
}

}  // namespace thon::cli
