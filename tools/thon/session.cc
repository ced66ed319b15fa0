#include "tools/thon/session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/error_info.h"
#include "tools/thon/text_table.h"

namespace thon::cli {
namespace {

constexpr char kUsage[] = "USAGE";
constexpr char kChecksFailed[] = "CHECKS_FAILED";

// What a person does next; "" where the message says it.
std::string Advice(const absl::Status& status) {
  if (const auto delay = RetryAfterOf(status); delay.has_value()) {
    return absl::StrCat("try again in ", (*delay + 999) / 1000, " s");
  }
  switch (ExitCodeOf(status)) {
    case kExitCannotConnect:
      return "is thond running, and is this its address? see --help for "
             "--data and --server";
    case kExitNotPermitted:
      return absl::IsUnauthenticated(status)
                 ? "the token is missing, wrong or too old: give yours with "
                   "--token-file, or ask an operator for a new one"
                 : "your grants do not cover it: name a unit they cover with "
                   "--unit-code, or ask an operator for one (thon grant "
                   "issue)";
    case kExitUsage:
      return "see --help";
    default:
      break;
  }
  if (absl::IsDeadlineExceeded(status)) {
    return "the server did not answer in time; thon status says whether it "
           "works, and repeating the command is harmless";
  }
  return "";
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  if (status.ok()) return kExitOk;
  if (reason == kUsage) return kExitUsage;
  if (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status)) {
    return kExitNotPermitted;
  }
  // A server that refuses for the time being says why.
  if (absl::IsUnavailable(status) && reason.empty()) return kExitCannotConnect;
  return kExitRefused;
}

absl::Status UsageError(absl::string_view message) {
  return WithReason(absl::InvalidArgumentError(message), kUsage);
}

absl::Status ChecksFailed(absl::string_view message) {
  return WithReason(absl::FailedPreconditionError(message), kChecksFailed);
}

void Session::Print(const Json& value) {
  THON_CHECK(!printed_);
  printed_ = true;
  // What the log holds need not be UTF-8; JSON must be.
  out_ << value.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

void Session::Note(absl::string_view line) { err_ << line << '\n'; }

absl::StatusOr<Client*> Session::client() {
  if (client_ == nullptr) {
    const absl::StatusOr<Endpoint> endpoint = FindEndpoint(connection);
    if (!endpoint.ok()) return endpoint.status();
    ca_fingerprint_ = CertificateFingerprint(endpoint->ca_certificate);
    client_ = Client::Connect(*endpoint);
  }
  return client_.get();
}

ExitCode Session::Run() {
  THON_CHECK(action_ != nullptr);
  const absl::Status status = action_();
  out_.flush();
  if (!status.ok()) Explain(status);
  return ExitCodeOf(status);
}

void Session::Explain(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  const std::string fields = FieldOf(status);
  const std::string advice = Advice(status);
  err_ << "thon: " << Printable(status.message()) << '\n';
  if (!reason.empty() && reason != kUsage && reason != kChecksFailed) {
    err_ << "  lý do (reason): " << Printable(reason) << '\n';
  }
  if (!fields.empty()) {
    err_ << "  trường (field): " << Printable(fields) << '\n';
  }
  if (!advice.empty()) err_ << "  " << advice << '\n';
  if (!json || printed_) return;
  Print({{"error",
          {{"code", absl::StatusCodeToString(status.code())},
           {"reason", reason},
           {"field", fields},
           {"message", std::string(status.message())}}}});
}

}  // namespace thon::cli
