#include <grpcpp/server_context.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/policy/policy_yaml.h"
#include "server/rpc/permissions.h"
#include "server/rpc/services.h"
#include "thon/v1/policy_service.grpc.pb.h"

namespace thon {
namespace {

constexpr std::size_t kPolicyBytesMax = 256 * limits::kKiB;

v1::PolicySeverity ToProto(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return v1::POLICY_SEVERITY_ERROR;
    case Severity::kWarning:
      return v1::POLICY_SEVERITY_WARNING;
    case Severity::kAssumption:
      return v1::POLICY_SEVERITY_ASSUMPTION;
  }
  return v1::POLICY_SEVERITY_UNSPECIFIED;
}

template <typename Reply>
void AddFindings(const PolicyText& text, Reply* reply) {
  for (const Finding& finding : text.findings) {
    v1::PolicyFinding* const out = reply->add_findings();
    out->set_severity(ToProto(finding.severity));
    out->set_line(finding.line);
    out->set_column(finding.column);
    out->set_path(finding.path);
    out->set_message(finding.message);
  }
}

absl::Status CheckSize(absl::string_view yaml) {
  if (yaml.size() <= kPolicyBytesMax) return absl::OkStatus();
  return WithField(
      WithReason(absl::InvalidArgumentError("a policy has at most 256 KiB"),
                 "TOO_LARGE"),
      "yaml");
}

class PolicyService final : public v1::PolicyService::CallbackService {
 public:
  explicit PolicyService(const Calls* calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* CheckPolicy(
      grpc::CallbackServerContext* context,
      const v1::CheckPolicyRequest* request,
      v1::CheckPolicyResponse* response) override {
    return calls_->Run(
        context, [this, request, response](const Caller& caller) {
          absl::Status status =
              HoldsAnyGrant(calls_->engine(), caller.officer, v1::ROLE_READER);
          if (status.ok()) status = CheckSize(request->yaml());
          if (!status.ok()) return status;
          const PolicyText text =
              ParsePolicy(request->yaml(), request->file_name());
          AddFindings(text, response);
          response->set_policy_id(text.policy.id);
          response->set_version(text.policy.version);
          return absl::OkStatus();
        });
  }

  grpc::ServerUnaryReactor* PublishPolicy(
      grpc::CallbackServerContext* context,
      const v1::PublishPolicyRequest* request,
      v1::PublishPolicyResponse* response) override {
    return calls_->RunAsync(
        context,
        [this, request, response](const Caller& caller, Calls::Finish finish) {
          absl::Status status =
              calls_->engine().Authorise(caller.officer, v1::ROLE_OFFICER,
                                         UnitId(request->issuer_unit_id()));
          if (status.ok()) status = CheckSize(request->yaml());
          if (!status.ok()) return finish(status);
          const PolicyText text =
              ParsePolicy(request->yaml(), request->file_name());
          for (const Finding& finding : text.findings) {
            if (finding.severity != Severity::kError) continue;
            return finish(WithField(
                WithReason(absl::InvalidArgumentError(FormatFinding(finding)),
                           "INVALID_POLICY"),
                "yaml"));
          }
          AddFindings(text, response);
          response->set_policy_id(text.policy.id);
          response->set_version(text.policy.version);
          Publish(caller, *request, text.policy, response, std::move(finish));
        });
  }

 private:
  // The text as a document, then the event that names it.
  void Publish(const Caller& caller, const v1::PublishPolicyRequest& request,
               const Policy& policy, v1::PublishPolicyResponse* response,
               Calls::Finish finish) const {
    CommandRequest command;
    command.officer = caller.officer;
    command.idempotency_key = request.idempotency_key();
    v1::Event event;
    v1::PolicyPublished* const published = event.mutable_policy_published();
    published->set_policy_id(policy.id);
    published->set_version(policy.version);
    published->set_issuer_unit_id(request.issuer_unit_id());
    if (!policy.documents.empty()) {
      const PolicyDocument& document = policy.documents.front();
      published->mutable_document()->set_number(document.number);
      published->mutable_document()->set_issue_date(document.issued.days);
      published->mutable_document()->set_issuer(document.issuer);
    }
    const Hash hash = Sha256Of(request.yaml());
    published->set_text_hash(std::string(hash.view()));
    command.events.push_back(std::move(event));

    DocumentRequest document;
    document.content = request.yaml();
    document.document_hash = hash;
    document.part_count = static_cast<int>(
        (request.yaml().size() + limits::kDocumentPartBytesMax - 1) /
        limits::kDocumentPartBytesMax);
    Engine* const engine = &calls_->engine();
    engine->PutDocument(
        std::move(document),
        [engine, command = std::move(command), response,
         finish = std::move(finish)](absl::StatusOr<Position> put) mutable {
          if (!put.ok()) return finish(put.status());
          engine->Submit(
              std::move(command), [response, finish = std::move(finish)](
                                      absl::StatusOr<CommandResult> result) {
                if (!result.ok()) return finish(result.status());
                response->set_position(result->position.value);
                const v1::CommandOutcome& outcome = result->outcomes.front();
                finish(outcome.effective()
                           ? absl::OkStatus()
                           : WithReason(
                                 absl::FailedPreconditionError(
                                     absl::StrCat("recorded without effect: ",
                                                  outcome.detail())),
                                 v1::CommandFailure_Name(outcome.failure())));
              });
        });
  }

  const Calls* const calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePolicyService(const Calls* calls) {
  return std::make_unique<PolicyService>(calls);
}

}  // namespace thon
