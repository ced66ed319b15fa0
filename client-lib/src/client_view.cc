#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client-lib/src/client_impl.h"
#include "client-lib/src/own_months.h"
#include "client-lib/src/preview_words.h"
#include "server/policy/policy_yaml.h"

namespace thon::client {
namespace {

constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;
// Months of a view besides the newest: a quarter's, unless more is shown.
constexpr int kMonthsBackDefault = 2;
// Batches that are looked through for households visited before: those of a
// month of ten phones' work.
constexpr std::uint64_t kBatchesLookedThrough = 512;

Month MonthsBefore(Month month, int count) {
  for (int i = 0; i < count; ++i) month = month.Previous();
  return month;
}

// Nothing unless the text parses to the policy it is named as.
void ParseInto(const std::string& id, std::int32_t version,
               const std::string& text, Policies* policies) {
  PolicyText parsed = ParsePolicy(text, id);
  if (!parsed.ok() || parsed.policy.id != id ||
      parsed.policy.version != version) {
    return;
  }
  (*policies)[{id, version}] = std::move(parsed.policy);
}

// What comes with a message must be bounded before it is kept.
bool HasGoodTexts(const v1::TeamView& view) {
  std::size_t bytes = 0;
  for (const v1::PolicyText& text : view.policies()) {
    bytes += text.text().size();
    if (text.text().size() > kPolicyTextBytesMax ||
        text.name().policy_id().empty()) {
      return false;
    }
  }
  return bytes <= kPolicyTextsBytesMax;
}

}  // namespace

absl::Status ClientImpl::LoadTeam() {
  if (team_loaded_) return absl::OkStatus();
  const absl::StatusOr<Outbox::PolicyTexts> texts = outbox_->PolicyTextsHeld();
  if (!texts.ok()) return texts.status();
  absl::StatusOr<std::optional<HeardView>> heard = outbox_->View();
  if (!heard.ok()) return heard.status();
  policies_.clear();
  texts_held_.clear();
  for (const auto& [name, text] : *texts) {
    texts_held_.insert(name);
    ParseInto(name.first, name.second, text, &policies_);
  }
  heard_ = *std::move(heard);
  const PhoneKey& key = outbox_->key();
  if (heard_.has_value() && (!key.enrolment.has_value() ||
                             !CheckView(heard_->view, key.enrolment->team_id(),
                                        Sequence(UINT64_MAX), policies_)
                                  .ok())) {
    heard_.reset();
    if (absl::Status gone = outbox_->DropView(); !gone.ok()) return gone;
  }
  team_loaded_ = true;
  return absl::OkStatus();
}

bool ClientImpl::LacksTexts() const {
  if (!heard_.has_value()) return false;
  return std::any_of(heard_->view.policies().begin(),
                     heard_->view.policies().end(),
                     [this](const v1::PolicyText& text) {
                       return texts_held_.count({text.name().policy_id(),
                                                 text.name().version()}) == 0;
                     });
}

bool ClientImpl::ViewWanted() {
  if (view_wish_) return true;
  const PhoneKey& key = outbox_->key();
  if (!options_.team_view || !outbox_->previewed() ||
      !key.enrolment.has_value() || key.enrolment->team_id() == 0) {
    return false;
  }
  // A file that fails says so where something is to be written.
  if (!LoadTeam().ok()) return false;
  if (!heard_.has_value() || LacksTexts()) return true;
  const v1::TeamView& view = heard_->view;
  if (RowId(heard_->generation, Sequence(view.end_sequence())) <
      RowId(key.generation, outbox_->chain().verified_end)) {
    return true;
  }
  const Month first =
      view.months().empty() ? Month() : Month(view.months(0).month());
  if (asked_month_.valid() && asked_month_ < first) return true;
  const std::optional<HeardTime>& last = outbox_->last_heard();
  if (!last.has_value()) return false;
  const std::int64_t now_ms = last->anchor.server_time_ms();
  const Month month = Month::Of(TimeZone::VietNam().DateOf(Instant(now_ms)));
  return now_ms - heard_->heard_ms >= kDayMs || view.months().empty() ||
         month.yyyymm > view.months(view.months_size() - 1).month();
}

absl::StatusOr<v1::SyncRequest> ClientImpl::TeamViewRequest() {
  if (absl::Status loaded = LoadTeam(); !loaded.ok()) return loaded;
  const absl::StatusOr<std::vector<v1::Anchor>> anchors = outbox_->Anchors();
  if (!anchors.ok()) return anchors.status();
  const absl::StatusOr<Month> shown = outbox_->FirstShownMonth();
  if (!shown.ok()) return shown.status();
  const absl::StatusOr<Position> verified = outbox_->VerifiedPosition();
  if (!verified.ok()) return verified.status();
  const Month now = Month::Of(PhoneTime(*anchors, clock()).today());
  if (!now.valid()) {
    return absl::InternalError("the server's time is in no month");
  }
  Month first = MonthsBefore(now, kMonthsBackDefault);
  for (const Month one : {*shown, asked_month_}) {
    if (one.valid()) first = std::min(first, one);
  }
  first = std::max(first, MonthsBefore(now, kViewMonthsMax - 1));
  v1::SyncRequest request;
  v1::TeamViewRequest* const view = request.mutable_team_view();
  view->set_first_month(first.yyyymm);
  if (verified->value > 0) view->set_min_position(verified->value - 1);
  for (const auto& [id, version] : texts_held_) {
    v1::PolicyName* const name = view->add_known_policies();
    name->set_policy_id(id);
    name->set_version(version);
  }
  return request;
}

void ClientImpl::AskTeamView() {
  absl::StatusOr<v1::SyncRequest> request;
  {
    const MutexLock lock(&mu_);
    request = TeamViewRequest();
    if (!request.ok()) {
      session_.Distrust(request.status(), Now(), random_());
      return;
    }
    view_wish_ = false;
  }
  OnStep("send team view request");
  if (!SendOrEnd(*request)) return;
  const MutexLock lock(&mu_);
  session_.Sent(Now());
}

absl::Status ClientImpl::TakeTeamView(v1::TeamView view) {
  session_.TeamViewHeard(Now());
  asked_month_ = Month();
  const PhoneKey& key = outbox_->key();
  // Nothing: an organisation's reporter, or a key that waits for an officer.
  // What was heard before stays.
  if (view.team().team_id() == 0 || !key.enrolment.has_value()) {
    return absl::OkStatus();
  }
  if (absl::Status loaded = LoadTeam(); !loaded.ok()) return loaded;
  if (view.ByteSizeLong() > limits::kReplyBytesMax || !HasGoodTexts(view)) {
    return absl::OkStatus();
  }
  Policies policies = policies_;
  std::set<std::pair<std::string, std::int32_t>> texts;
  for (const v1::PolicyText& text : view.policies()) {
    const std::pair<std::string, std::int32_t> name(text.name().policy_id(),
                                                    text.name().version());
    if (!text.text().empty()) {
      policies.erase(name);
      ParseInto(name.first, name.second, text.text(), &policies);
    }
    if (!text.text().empty() || texts_held_.count(name) != 0) {
      texts.insert(name);
    }
  }
  // A server's mistake costs the phone its news, never its work.
  if (!CheckView(view, key.enrolment->team_id(), outbox_->chain().sealed_end,
                 policies)
           .ok() ||
      (heard_.has_value() && heard_->generation == key.generation &&
       view.position() < heard_->view.position())) {
    return absl::OkStatus();
  }
  const std::optional<HeardTime>& last = outbox_->last_heard();
  const std::int64_t heard_ms =
      last.has_value() ? last->anchor.server_time_ms() : 0;
  if (absl::Status saved = outbox_->SaveView(heard_ms, view); !saved.ok()) {
    return saved;
  }
  for (v1::PolicyText& text : *view.mutable_policies()) text.clear_text();
  for (auto at = policies.begin(); at != policies.end();) {
    at = texts.count(at->first) == 0 ? policies.erase(at) : std::next(at);
  }
  policies_ = std::move(policies);
  texts_held_ = std::move(texts);
  heard_ = HeardView{key.generation, heard_ms, std::move(view)};
  return absl::OkStatus();
}

absl::Status ClientImpl::CompareShown() {
  if (absl::Status loaded = LoadTeam(); !loaded.ok()) return loaded;
  return heard_.has_value() ? outbox_->CompareShown(*heard_) : absl::OkStatus();
}

absl::Status ClientImpl::TakeOwnEvents(Month first, OwnMonths* own) {
  const std::uint64_t from =
      heard_.has_value()
          ? RowId(heard_->generation, Sequence(heard_->view.end_sequence()))
          : 0;
  absl::Status done = outbox_->VisitEvents(from, [own](HeldEvent held) {
    if (held.event.has_correction_issued()) {
      own->NoteCorrection(held.author, held.event);
    }
  });
  if (!done.ok()) return done;
  const PhoneKey& key = outbox_->key();
  const bool confirmed = key.generation == 0 || (key.enrolment.has_value() &&
                                                 key.enrolment->confirmed());
  done = outbox_->VisitEvents(from, [&](HeldEvent held) {
    own->Take(held.author, held.name,
              confirmed || held.generation < key.generation,
              std::move(held.event));
  });
  if (done.ok() && own->visited() && from > 0) {
    done = outbox_->VisitReceived(
        from, TimeZone::VietNam().StartOf(first.first_day()).ms,
        kBatchesLookedThrough, [own](HeldEvent held) {
          if (held.event.has_household_visit()) {
            own->NoteVisited(held.event);
          }
        });
  }
  own->Finish();
  return done;
}

void ClientImpl::SayUncertain(const OwnMonths& own,
                              MonthPreview* preview) const {
  std::vector<Words>& out = preview->uncertain;
  if (!preview->policies.empty()) out.push_back(SayOthersUnknown());
  if (const OwnMonth* const month = own.Find(preview->month)) {
    if (month->counted_events > 0) {
      out.push_back(SayOwnEvents(month->counted_events));
    }
    if (month->held_events > 0) {
      out.push_back(SayHeldEvents(month->held_events));
    }
  }
  if (own.any_doubtful()) out.push_back(SayClockDoubtful());
  if (!preview->clock_anchored) out.push_back(SayClockNotAnchored());
  if (preview->facts_from.valid()) {
    out.push_back(SayCarried(preview->facts_from));
  }
  if (const Date heard = TimeZone::VietNam().DateOf(preview->view_heard);
      preview->has_view && heard < preview->today) {
    out.push_back(SayOldView(heard));
  }
  if (own.corrections_left() > 0) {
    out.push_back(SayCorrectionsLeft(own.corrections_left()));
  }
}

absl::Status ClientImpl::KeepShown(const MonthPreview& preview,
                                   std::vector<MadePolicy> made) {
  const std::uint64_t own_end =
      RowId(outbox_->key().generation, outbox_->chain().next);
  std::vector<ShownPreview> shown;
  for (MadePolicy& one : made) {
    ShownPreview& out = shown.emplace_back();
    out.policy_id = one.preview.policy_id;
    out.month = preview.month;
    out.determination = one.preview.determination;
    out.facts = std::move(one.facts);
    out.view_position = preview.view_position;
    out.own_end = own_end;
    for (const OwnEvent& event : preview.own_events) {
      if (event.effect == OwnEvent::Effect::kCounts) {
        out.events.push_back(event);
      }
    }
  }
  // A screen that is drawn again and again writes nothing.
  std::string print = absl::StrCat(preview.view_position.value, " ", own_end);
  for (const ShownPreview& one : shown) {
    absl::StrAppend(&print, " ", one.policy_id, " ",
                    one.determination.SerializeAsString());
  }
  std::string& last = last_shown_[preview.month];
  if (last == print) return absl::OkStatus();
  absl::Status kept = outbox_->SaveShown(shown);
  if (kept.ok()) last = std::move(print);
  if (last_shown_.size() > kViewMonthsMax) last_shown_.clear();
  return absl::IsResourceExhausted(kept) ? absl::OkStatus() : kept;
}

absl::StatusOr<MonthPreview> ClientImpl::PreviewMonth(Month month) {
  if (!month.valid()) {
    return absl::InvalidArgumentError(
        absl::StrCat("month ", month.yyyymm, ": give a month as YYYYMM"));
  }
  const MutexLock lock(&mu_);
  absl::Status done = outbox_->SavePreviewed();
  if (absl::IsResourceExhausted(done)) done = absl::OkStatus();
  // Before what was shown last is forgotten.
  if (done.ok()) done = CompareShown();
  if (!done.ok()) return done;
  absl::StatusOr<std::vector<v1::Anchor>> anchors = outbox_->Anchors();
  if (!anchors.ok()) return anchors.status();

  MonthPreview preview;
  preview.month = month;
  preview.has_view = heard_.has_value();
  std::map<Month, v1::TeamMonth> rows;
  rows[month];
  OwnMonths::About about;
  about.shown = month;
  const PhoneKey& key = outbox_->key();
  if (key.enrolment.has_value()) about.team_id = key.enrolment->team_id();
  if (heard_.has_value()) {
    preview.view_position = Position(heard_->view.position());
    preview.view_heard = Instant(heard_->heard_ms);
    about.team = &heard_->view.team();
    for (const v1::TeamMonthView& one : heard_->view.months()) {
      rows[Month(one.month())] = one.activity();
    }
  }
  const Month first = rows.begin()->first;
  OwnMonths own(about, PhoneTime(*std::move(anchors), clock()),
                std::move(rows));
  if (done = TakeOwnEvents(first, &own); !done.ok()) return done;
  preview.today = own.time().today();
  preview.clock_anchored = own.time().anchored();
  preview.own_events = own.listed();
  preview.own_events_left_out = own.not_listed();
  if (!heard_.has_value()) {
    preview.missing.push_back(key.enrolment.has_value() && about.team_id == 0
                                  ? SayEmptyView()
                                  : SayNoView());
    SayUncertain(own, &preview);
    return preview;
  }
  asked_month_ = asked_month_.valid() ? std::min(asked_month_, month) : month;
  MadePreview made = MakePreview({.view = &heard_->view,
                                  .policies = &policies_,
                                  .own = &own,
                                  .month = month});
  preview.facts_from = made.facts_from;
  preview.missing = std::move(made.missing);
  for (const MadePolicy& one : made.policies) {
    preview.policies.push_back(one.preview);
  }
  SayUncertain(own, &preview);
  if (done = KeepShown(preview, std::move(made.policies)); !done.ok()) {
    return done;
  }
  return preview;
}

}  // namespace thon::client
