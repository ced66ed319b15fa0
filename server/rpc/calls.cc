#include "server/rpc/calls.h"

#include <grpcpp/server_context.h>

#include <utility>

#include "absl/strings/match.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/projections/row_keys.h"
#include "server/rpc/status_mapping.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

constexpr std::int64_t kRetryAfterMs = 1000;

Date LastDayOpened(const RowReader& rows) {
  const auto calendar =
      GetRow<v1::CalendarRow>(rows, Table::kCalendar, keys::Calendar());
  return calendar.has_value() ? Date(calendar->last_date()) : Date();
}

}  // namespace

AsOfMoment MomentOf(const v1::AsOf& as_of) {
  AsOfMoment moment;
  switch (as_of.moment_case()) {
    case v1::AsOf::kPosition:
      moment.position = Position(as_of.position());
      break;
    case v1::AsOf::kTimeMs:
      moment.time = Instant(as_of.time_ms());
      break;
    case v1::AsOf::kDate:
      moment.date = Date(as_of.date());
      break;
    case v1::AsOf::MOMENT_NOT_SET:
      break;
  }
  return moment;
}

absl::Status TooManyCalls() {
  return WithRetryAfter(
      WithReason(absl::ResourceExhaustedError(
                     "too many calls are waiting; try again in a second"),
                 "TOO_MANY_CALLS"),
      kRetryAfterMs);
}

absl::string_view BearerToken(const grpc::CallbackServerContext& context) {
  constexpr absl::string_view kBearer = "bearer ";
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found == metadata.end()) return {};
  const absl::string_view value(found->second.data(), found->second.size());
  if (!absl::StartsWithIgnoreCase(value, kBearer)) return {};
  return value.substr(kBearer.size());
}

Calls::Calls(Engine* engine, WorkerPool* pool)
    : engine_(engine),
      pool_(pool),
      rows_needed_(engine->log().end().next_position.value - 1) {}

void Calls::Identify(absl::string_view token, Identified go_on) const {
  const absl::StatusOr<OfficerId> officer = engine_->Authenticate(token);
  if (!officer.ok() || rows_needed_ <= engine_->rows_position()) {
    return go_on(officer);
  }
  engine_->WaitForRows(
      rows_needed_, limits::kQueryWaitMsMax,
      [this, officer, go_on](const absl::Status& waited) {
        if (!waited.ok()) {
          return go_on(WithRetryAfter(
              WithReason(absl::UnavailableError(
                             "the rows are being folded from the log; try "
                             "again when they have reached its end"),
                         "ROWS_BEHIND"),
              kRetryAfterMs));
        }
        if (!pool_->PostContinuation([officer, go_on] { go_on(officer); })) {
          go_on(absl::UnavailableError("the server is stopping"));
        }
      });
}

void Calls::Start(grpc::CallbackServerContext* /*context*/,
                  grpc::ServerUnaryReactor* reactor,
                  std::function<void()> task) const {
  if (!pool_->TryPost(std::move(task))) reactor->Finish(ToGrpc(TooManyCalls()));
}

grpc::ServerUnaryReactor* Calls::RunAsync(grpc::CallbackServerContext* context,
                                          AsyncWork work) const {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  Start(context, reactor, [this, context, reactor, work = std::move(work)] {
    Identify(BearerToken(*context),
             [reactor, work](const absl::StatusOr<OfficerId>& officer) {
               if (!officer.ok()) {
                 reactor->Finish(ToGrpc(officer.status()));
                 return;
               }
               work(Caller{*officer}, [reactor](absl::Status status) {
                 reactor->Finish(ToGrpc(status));
               });
             });
  });
  return reactor;
}

grpc::ServerUnaryReactor* Calls::Run(grpc::CallbackServerContext* context,
                                     Work work) const {
  return RunAsync(
      context, [work = std::move(work)](const Caller& caller, Finish finish) {
        finish(work(caller));
      });
}

grpc::ServerUnaryReactor* Calls::RunOpen(
    grpc::CallbackServerContext* context,
    std::function<void(Finish)> work) const {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  Start(context, reactor, [reactor, work = std::move(work)] {
    work([reactor](absl::Status status) { reactor->Finish(ToGrpc(status)); });
  });
  return reactor;
}

grpc::ServerUnaryReactor* Calls::RunRead(grpc::CallbackServerContext* context,
                                         const v1::ReadOptions& options,
                                         Read read) const {
  const AsOfMoment moment = MomentOf(options.as_of());
  const bool newest = options.as_of().moment_case() == v1::AsOf::MOMENT_NOT_SET;
  const Position min_position(options.min_position());
  return RunAsync(context, [this, moment, newest, min_position,
                            read = std::move(read)](const Caller& caller,
                                                    Finish finish) {
    Position wanted = min_position;
    Position position;
    if (min_position >= engine_->log().end().next_position) {
      return finish(WithField(
          WithReason(absl::OutOfRangeError(
                         "min_position is beyond the log's end: it is of "
                         "another history, or not recorded yet"),
                     "BEYOND_END"),
          "min_position"));
    }
    if (!newest) {
      const absl::StatusOr<Position> resolved = engine_->ResolveAsOf(moment);
      if (!resolved.ok()) return finish(resolved.status());
      position = *resolved;
      if (wanted < position) wanted = position;
    }
    const auto go_on = [this, caller, newest, position, read,
                        finish](const absl::Status& waited) {
      if (!waited.ok()) return finish(waited);
      const bool posted = pool_->PostContinuation(
          [this, caller, newest, position, read, finish] {
            ReadView view;
            view.position = newest ? engine_->rows_position() : position;
            view.rows = engine_->RowsAt(view.position);
            view.events = engine_->EventsAt(view.position);
            view.local_date = LastDayOpened(*view.rows);
            finish(read(caller, view));
          });
      if (!posted) finish(absl::UnavailableError("the server is stopping"));
    };
    if (wanted <= engine_->rows_position()) return go_on(absl::OkStatus());
    engine_->WaitForRows(wanted, limits::kQueryWaitMsMax, go_on);
  });
}

}  // namespace thon
