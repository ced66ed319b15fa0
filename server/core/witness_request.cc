#include "server/core/witness_request.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/lines.h"

namespace thon {
namespace {

constexpr absl::string_view kOld = "old ";

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a request to a witness: ", what));
}

}  // namespace

std::string FormatAddCheckpoint(const AddCheckpoint& request) {
  THON_CHECK(request.proof.size() <= limits::kProofHashesMax);
  return absl::StrCat(kOld, request.old_size, "\n",
                      FormatHashLines(request.proof), request.checkpoint);
}

absl::StatusOr<AddCheckpoint> ParseAddCheckpoint(absl::string_view body) {
  AddCheckpoint request;
  absl::string_view line;
  if (!TakeLine(&body, &line) || !absl::ConsumePrefix(&line, kOld) ||
      !ParseDecimal(line, &request.old_size)) {
    return Malformed(
        "its first line is not old, a space and a decimal number of 64 bits");
  }
  if (!TakeHashLines(&body, &request.proof)) {
    return Malformed(absl::StrCat(
        "up to ", limits::kProofHashesMax,
        " hashes in standard base64 and an empty line follow the old size"));
  }
  if (body.empty() || body.size() > limits::kNoteBytesMax) {
    return Malformed(absl::StrCat("its checkpoint is not of 1 to ",
                                  limits::kNoteBytesMax, " bytes"));
  }
  request.checkpoint = std::string(body);
  return request;
}

}  // namespace thon
