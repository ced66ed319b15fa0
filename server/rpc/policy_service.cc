#include <grpcpp/server_context.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/policy/policy_check.h"
#include "server/policy/policy_yaml.h"
#include "server/projections/row_keys.h"
#include "server/projections/simulate.h"
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
void AddFindings(const std::vector<Finding>& findings, Reply* reply) {
  for (const Finding& finding : findings) {
    v1::PolicyFinding* const out = reply->add_findings();
    out->set_severity(ToProto(finding.severity));
    out->set_line(finding.line);
    out->set_column(finding.column);
    out->set_path(finding.path);
    out->set_message(Both(finding.message));
  }
}

absl::Status CheckSize(absl::string_view yaml) {
  if (yaml.size() <= kPolicyBytesMax) return absl::OkStatus();
  return WithField(
      WithReason(
          absl::InvalidArgumentError(
              "chính sách dài nhất 256 KiB (a policy has at most 256 KiB)"),
          "TOO_LARGE"),
      "yaml");
}

// The newest published text of every other policy of the issuer, and of the
// policy itself the versions before.
std::vector<PolicySource> PublishedBeside(const RowReader& rows,
                                          std::uint64_t issuer,
                                          const Policy& policy) {
  std::vector<PolicySource> sources;
  ScanRows<v1::PolicyRow>(
      rows, Table::kPolicy, "",
      [&](absl::string_view, const v1::PolicyRow& row, Position) {
        if (row.issuer_unit_id() != issuer ||
            (row.policy_id() == policy.id && row.version() == policy.version)) {
          return true;
        }
        const std::string name =
            absl::StrCat(row.policy_id(), " v", row.version());
        if (row.policy_id() != policy.id && !sources.empty() &&
            sources.back().parsed.policy.id == row.policy_id()) {
          sources.pop_back();
        }
        sources.push_back(ReadPolicySource(row.text(), name));
        return true;
      });
  return sources;
}

// Everything that is to be said of the text: by itself, and beside what is
// published of the issuer (0: nothing is). `source` is that text.
std::vector<Finding> FindingsOf(const PolicySource& source,
                                const RowReader* rows, std::uint64_t issuer) {
  std::vector<PolicySource> sources = {source};
  if (rows != nullptr && source.parsed.ok()) {
    for (PolicySource& other :
         PublishedBeside(*rows, issuer, source.parsed.policy)) {
      sources.push_back(std::move(other));
    }
  }
  std::vector<Finding> findings;
  for (Finding& finding : CheckPolicies(sources)) {
    if (finding.file == source.file) findings.push_back(std::move(finding));
  }
  return findings;
}

absl::Status FirstError(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::kError) continue;
    return WithField(
        WithReason(absl::InvalidArgumentError(FormatFinding(finding)),
                   "INVALID_POLICY"),
        "yaml");
  }
  return absl::OkStatus();
}

// Names no published policy's source has.
std::string FileName(const std::string& given) {
  return given.empty() ? "policy.yaml" : given;
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
          const PolicySource source =
              ReadPolicySource(request->yaml(), FileName(request->file_name()));
          AddFindings(FindingsOf(source, nullptr, 0), response);
          response->set_policy_id(source.parsed.policy.id);
          response->set_version(source.parsed.policy.version);
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
          const PolicySource source =
              ReadPolicySource(request->yaml(), FileName(request->file_name()));
          const Engine& engine = calls_->engine();
          const std::unique_ptr<RowReader> rows =
              engine.RowsAt(engine.rows_position());
          const std::vector<Finding> findings =
              FindingsOf(source, rows.get(), request->issuer_unit_id());
          status = FirstError(findings);
          if (!status.ok()) return finish(status);
          AddFindings(findings, response);
          const Policy& policy = source.parsed.policy;
          response->set_policy_id(policy.id);
          response->set_version(policy.version);
          Publish(caller, *request, policy, response, std::move(finish));
        });
  }

  grpc::ServerUnaryReactor* SimulatePolicy(
      grpc::CallbackServerContext* context,
      const v1::SimulatePolicyRequest* request,
      v1::SimulatePolicyResponse* response) override {
    return calls_->RunRead(
        context, request->options(),
        [this, request, response](const Caller& caller, const ReadView& view) {
          return Simulate(caller, *request, view, response);
        });
  }

 private:
  absl::Status Simulate(const Caller& caller,
                        const v1::SimulatePolicyRequest& request,
                        const ReadView& view,
                        v1::SimulatePolicyResponse* response) const {
    absl::Status status = calls_->engine().Authorise(
        caller.officer, v1::ROLE_READER, UnitId(request.issuer_unit_id()));
    if (status.ok()) status = CheckSize(request.yaml());
    if (!status.ok()) return status;
    const PolicySource source =
        ReadPolicySource(request.yaml(), FileName(request.file_name()));
    const std::vector<Finding> findings =
        FindingsOf(source, view.rows.get(), request.issuer_unit_id());
    status = FirstError(findings);
    if (!status.ok()) return status;
    SimulationRequest simulation;
    simulation.policy = source.parsed.policy;
    simulation.issuer = UnitId(request.issuer_unit_id());
    simulation.first = Month(request.first_month());
    simulation.last = Month(request.last_month());
    simulation.assume_funded = request.assume_funded();
    absl::StatusOr<Simulation> result =
        thon::Simulate(std::move(simulation), *view.rows);
    if (!result.ok()) return WithReason(result.status(), "INVALID_FIELD");
    response->set_position(view.position.value);
    for (v1::DeterminationSum& sum : result->sums) {
      *response->add_sums() = std::move(sum);
    }
    response->set_total_vnd(result->total_vnd);
    AddFindings(findings, response);
    v1::PolicyFinding* const said = response->add_findings();
    said->set_severity(v1::POLICY_SEVERITY_WARNING);
    said->set_path("status");
    said->set_message(
        "SIMULATION: tính thử trên số liệu đã ghi, không ai được hưởng theo "
        "kết "
        "quả này (tried over what is recorded; nobody is owed any of it)");
    return absl::OkStatus();
  }

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
