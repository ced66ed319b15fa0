// Following the team while an exchange runs. Whatever is wrong with what is
// told costs the phone its news, never its work: only the phone's own file can
// end the exchange here.
#include <algorithm>
#include <utility>

#include "client-lib/src/client_impl.h"

namespace thon::client {
namespace {

// Months besides the newest, when the following starts: a quarter's.
constexpr int kMonthsBackDefault = 2;
// As the server allows. While the month is not older, the token is good.
constexpr int kMonthsBackMax = 6;

Month MonthsBefore(Month month, int count) {
  for (int i = 0; i < count; ++i) month = month.Previous();
  return month;
}

}  // namespace

bool ClientImpl::FollowKnown() {
  const absl::StatusOr<std::optional<FollowingState>> state =
      outbox_->Following();
  return state.ok() && state->has_value() &&
         (*state)->generation == outbox_->key().generation;
}

absl::StatusOr<v1::SyncRequest> ClientImpl::FollowRequest() {
  const absl::StatusOr<std::optional<FollowingState>> state =
      outbox_->Following();
  if (!state.ok()) return state.status();
  const std::optional<HeardTime>& heard = outbox_->last_heard();
  const Month now = Month::Of(TimeZone::VietNam().DateOf(
      Instant(heard.has_value() ? heard->anchor.server_time_ms() : 0)));
  if (!now.valid()) {
    return absl::InternalError("the server's time is in no month");
  }
  v1::SyncRequest request;
  v1::FollowRequest* const follow = request.mutable_follow();
  followed_month_ = MonthsBefore(now, kMonthsBackDefault);
  if (state->has_value() && (*state)->generation == outbox_->key().generation &&
      (*state)->first_month >= MonthsBefore(now, kMonthsBackMax) &&
      (*state)->first_month <= now) {
    followed_month_ = (*state)->first_month;
    follow->set_resume_token((*state)->progress.resume_token());
  }
  follow->set_first_month(followed_month_.yyyymm);
  followed_from_start_ = follow->resume_token().empty();
  following_ = true;
  step_.Begin(followed_from_start_);
  return request;
}

void ClientImpl::Follow() {
  absl::StatusOr<v1::SyncRequest> request;
  {
    const MutexLock lock(&mu_);
    request = FollowRequest();
    if (!request.ok()) {
      session_.Distrust(request.status(), Now(), random_());
      return;
    }
  }
  OnStep("send follow request");
  if (!SendOrEnd(*request)) return;
  const MutexLock lock(&mu_);
  session_.Sent(Now());
}

absl::Status ClientImpl::TakeFollowed(v1::WatchResponse response,
                                      FollowedChange* change) {
  if (!following_) return absl::OkStatus();  // Of a following that is over.
  const absl::StatusOr<FollowOutcome> outcome =
      FollowedOutcome(std::move(response), change);
  if (!outcome.ok()) return outcome.status();
  if (*outcome == FollowOutcome::kAgain || *outcome == FollowOutcome::kOver) {
    following_ = false;
  }
  session_.FollowedHeard(*outcome, Now());
  return absl::OkStatus();
}

absl::StatusOr<FollowOutcome> ClientImpl::FollowedOutcome(
    v1::WatchResponse response, FollowedChange* change) {
  const auto wrong = [this]() -> absl::StatusOr<FollowOutcome> {
    const bool from_start = followed_from_start_;
    absl::Status forgotten = outbox_->ForgetFollowing();
    if (absl::IsResourceExhausted(forgotten)) return FollowOutcome::kOver;
    if (!forgotten.ok()) return forgotten;
    return from_start ? FollowOutcome::kOver : FollowOutcome::kAgain;
  };
  if (response.ByteSizeLong() == 0) return wrong();
  switch (step_.Take(std::move(response))) {
    case FollowStep::Got::kMore:
      return FollowOutcome::kMore;
    case FollowStep::Got::kBad:
      return wrong();
    case FollowStep::Got::kWhole:
      break;
  }
  FollowedChange changed;
  const absl::StatusOr<KeptStep> kept =
      outbox_->KeepFollowed(step_, followed_month_, &changed);
  // A full disk: the token of before is still good.
  if (absl::IsResourceExhausted(kept.status())) return FollowOutcome::kOver;
  if (!kept.ok()) return kept.status();
  if (!kept->applied) return wrong();
  if (kept->confirmed) {
    if (absl::Status done = Confirmed(); !done.ok()) return done;
  }
  step_.Next();
  followed_from_start_ = false;
  *change = std::move(changed);
  const absl::StatusOr<Position> verified = outbox_->VerifiedPosition();
  if (!verified.ok()) return verified.status();
  if (verified->value > change->position.value + 1) return FollowOutcome::kMore;
  return FollowOutcome::kEven;
}

}  // namespace thon::client
