#include <grpcpp/server_context.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/engine/keys.h"
#include "server/rpc/login_link_maker.h"
#include "server/rpc/services.h"
#include "thon/v1/admin_service.grpc.pb.h"

namespace thon {
namespace {

constexpr std::size_t kBackupNameMax = 64;

bool IsBackupName(absl::string_view name) {
  if (name.empty() || name.size() > kBackupNameMax) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' &&
        c != '_') {
      return false;
    }
  }
  return true;
}

class AdminService final : public v1::AdminService::CallbackService {
 public:
  AdminService(const Calls* calls, std::string backup_dir, std::string tls_dir,
               LoginLinkMaker* links)
      : calls_(calls),
        backup_dir_(std::move(backup_dir)),
        tls_dir_(std::move(tls_dir)),
        links_(links) {}

  grpc::ServerUnaryReactor* CreateBackup(
      grpc::CallbackServerContext* context,
      const v1::CreateBackupRequest* request,
      v1::CreateBackupResponse* response) override {
    return Run(context, [this, request, response](Calls::Finish finish) {
      Engine& engine = calls_->engine();
      std::string name = request->name();
      if (name.empty()) {
        const EngineStatus status = engine.status();
        name = absl::StrCat("backup-", status.local_date.Iso(), "-",
                            status.end.tree_size.value);
      }
      if (!IsBackupName(name)) {
        return finish(WithField(
            WithReason(absl::InvalidArgumentError(
                           "a name has 1 to 64 letters, digits, - or _"),
                       "INVALID_FIELD"),
            "name"));
      }
      // The directory of all backups; the one of this backup must be new.
      std::error_code error;
      std::filesystem::create_directories(backup_dir_, error);
      if (error) {
        return finish(absl::UnavailableError(
            absl::StrCat("cannot make ", backup_dir_, ": ", error.message())));
      }
      absl::StatusOr<Backup> backup =
          engine.CreateBackup(absl::StrCat(backup_dir_, "/", name));
      if (!backup.ok()) return finish(backup.status());
      if (!tls_dir_.empty()) {
        const absl::Status copied =
            CopyKeys(tls_dir_, absl::StrCat(backup->path, "/tls"));
        if (!copied.ok()) return finish(copied);
      }
      response->set_path(backup->path);
      *response->mutable_checkpoint() = backup->checkpoint;
      finish(absl::OkStatus());
    });
  }

  grpc::ServerUnaryReactor* OpenEpoch(
      grpc::CallbackServerContext* context, const v1::OpenEpochRequest* request,
      v1::OpenEpochResponse* response) override {
    return Run(context, [this, request, response](Calls::Finish finish) {
      calls_->engine().OpenEpoch(
          request->force(), [response, finish = std::move(finish)](
                                absl::StatusOr<OpenedEpoch> opened) {
            if (!opened.ok()) return finish(opened.status());
            response->set_old_origin(opened->old_origin);
            response->set_new_origin(opened->new_origin);
            response->set_first_lost_position(opened->first_lost.value);
            response->set_position(opened->position.value);
            finish(absl::OkStatus());
          });
    });
  }

  grpc::ServerUnaryReactor* AdvanceClock(
      grpc::CallbackServerContext* context,
      const v1::AdvanceClockRequest* request,
      v1::AdvanceClockResponse* response) override {
    return Run(context, [this, request, response](Calls::Finish finish) {
      calls_->engine().AdvanceClock(
          Instant(request->to_time_ms()),
          [this, response,
           finish = std::move(finish)](absl::StatusOr<Position> position) {
            if (!position.ok()) return finish(position.status());
            response->set_position(position->value);
            response->set_server_time_ms(
                calls_->engine().status().server_time.ms);
            finish(absl::OkStatus());
          });
    });
  }

  grpc::ServerUnaryReactor* CreateToken(
      grpc::CallbackServerContext* context,
      const v1::CreateTokenRequest* request,
      v1::CreateTokenResponse* response) override {
    return Run(context, [this, request, response](Calls::Finish finish) {
      if (!IsSurrogateId(request->officer_id())) {
        return finish(WithField(
            WithReason(absl::InvalidArgumentError(
                           "an officer's id is above 0 and below 2^53"),
                       "INVALID_FIELD"),
            "officer_id"));
      }
      calls_->engine().CreateToken(
          OfficerId(request->officer_id()), Date(request->last_date()),
          [response,
           finish = std::move(finish)](absl::StatusOr<std::string> token) {
            if (token.ok()) response->set_token(*token);
            finish(token.status());
          });
    });
  }

  grpc::ServerUnaryReactor* RevokeTokens(
      grpc::CallbackServerContext* context,
      const v1::RevokeTokensRequest* request,
      v1::RevokeTokensResponse* response) override {
    return Run(context, [this, request, response](Calls::Finish finish) {
      // Before and behind the tokens' end: until then a token still makes
      // links.
      const OfficerId officer(request->officer_id());
      if (links_ != nullptr) links_->Forget(officer);
      calls_->engine().RevokeTokens(
          officer, [this, officer, response,
                    finish = std::move(finish)](absl::StatusOr<int> count) {
            if (links_ != nullptr) links_->Forget(officer);
            if (count.ok()) response->set_count(*count);
            finish(count.status());
          });
    });
  }

  grpc::ServerUnaryReactor* CreateLoginLink(
      grpc::CallbackServerContext* context,
      const v1::CreateLoginLinkRequest* request,
      v1::CreateLoginLinkResponse* response) override {
    return calls_->Run(context, [this, request, response,
                                 token = std::string(BearerToken(*context))](
                                    const Caller& caller) {
      return MakeLink(caller, token, *request, response);
    });
  }

 private:
  // Oneself needs no grant: the session may do what the token may, and ends no
  // later.
  absl::Status MakeLink(const Caller& caller, absl::string_view token,
                        const v1::CreateLoginLinkRequest& request,
                        v1::CreateLoginLinkResponse* response) const {
    Date last_date;
    OfficerId officer = caller.officer;
    if (request.officer_id() == 0 ||
        request.officer_id() == caller.officer.value) {
      const absl::StatusOr<Date> until = calls_->engine().TokenLastDate(token);
      if (!until.ok()) return until.status();
      last_date = *until;
    } else {
      const absl::Status permitted = calls_->engine().Authorise(
          caller.officer, v1::ROLE_OPERATOR, UnitId(0));
      if (!permitted.ok()) return permitted;
      if (!IsSurrogateId(request.officer_id())) {
        return WithField(WithReason(absl::InvalidArgumentError(
                                        "an officer's id is below 2^53"),
                                    "INVALID_FIELD"),
                         "officer_id");
      }
      officer = OfficerId(request.officer_id());
    }
    if (links_ == nullptr) {
      return WithReason(
          absl::FailedPreconditionError(
              "this server serves no dashboard: start thond with --http "
              "HOST:PORT"),
          "NO_DASHBOARD");
    }
    const absl::StatusOr<LoginLink> link = links_->Make(officer, last_date);
    if (!link.ok()) return link.status();
    if (officer == caller.officer) {
      // The token may have ended meanwhile, and with it what it may make.
      const absl::StatusOr<Date> still = calls_->engine().TokenLastDate(token);
      if (!still.ok()) {
        links_->Forget(officer);
        return still.status();
      }
    }
    response->set_url(link->url);
    response->set_expires_time_ms(link->expires.ms);
    return absl::OkStatus();
  }

  // Every other call of the service needs OPERATOR on the whole log.
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context,
                                std::function<void(Calls::Finish)> work) const {
    return calls_->RunAsync(
        context, [this, work = std::move(work)](const Caller& caller,
                                                Calls::Finish finish) {
          const absl::Status permitted = calls_->engine().Authorise(
              caller.officer, v1::ROLE_OPERATOR, UnitId(0));
          if (!permitted.ok()) return finish(permitted);
          work(std::move(finish));
        });
  }

  const Calls* const calls_;
  const std::string backup_dir_;
  const std::string tls_dir_;
  LoginLinkMaker* const links_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAdminService(const Calls* calls,
                                                std::string backup_dir,
                                                std::string tls_dir,
                                                LoginLinkMaker* links) {
  return std::make_unique<AdminService>(calls, std::move(backup_dir),
                                        std::move(tls_dir), links);
}

}  // namespace thon
