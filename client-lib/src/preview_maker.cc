#include "client-lib/src/preview_maker.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <tuple>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client-lib/src/preview_facts.h"
#include "client-lib/src/preview_words.h"
#include "server/core/limits.h"
#include "server/policy/determine.h"
#include "server/policy/explain.h"
#include "server/policy/facts_proto.h"
#include "server/policy/metrics.h"

namespace thon::client {
namespace {

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the team's view: ", what));
}

// A policy that is to be determined, in the order of LooksAt
// (server/projections/money_book.h) as far as a phone can tell it: those that
// do not forbid double support, then the others from the oldest on.
struct Task {
  const Policy* policy = nullptr;
  const v1::DeterminationView* said = nullptr;  // nullptr: not of this month.
  Position policy_position;
  BeneficiaryFacts facts;
  bool repeat = false;  // The server's word stands; nothing is computed.

  auto order() const {
    return std::make_tuple(
        policy->double_support.forbid,
        policy->double_support.forbid ? policy_position : Position(),
        policy->id);
  }
};

bool Pays(const v1::Determination& row) {
  return row.state() >= v1::DETERMINATION_STATE_PROVISIONAL &&
         row.amount_vnd() > 0;
}

bool Minds(const DoubleSupportRule& rule, const std::string& other) {
  return rule.forbid &&
         (rule.with.empty() || std::find(rule.with.begin(), rule.with.end(),
                                         other) != rule.with.end());
}

// Who pays besides, now that policies before it may say something else.
void AddOtherSupport(const Policy& policy,
                     const std::vector<MadePolicy>& before,
                     BeneficiaryFacts* facts) {
  std::vector<OtherSupportFact>& support = facts->other_support;
  for (const MadePolicy& other : before) {
    const std::string& id = other.preview.policy_id;
    if (!Minds(policy.double_support, id)) continue;
    support.erase(std::remove_if(support.begin(), support.end(),
                                 [&id](const OtherSupportFact& one) {
                                   return one.policy_id == id;
                                 }),
                  support.end());
    const v1::Determination& row = other.preview.determination;
    if (Pays(row)) support.push_back({id, Position(), row.amount_vnd()});
  }
  std::stable_sort(support.begin(), support.end(),
                   [](const OtherSupportFact& a, const OtherSupportFact& b) {
                     return a.policy_id < b.policy_id;
                   });
}

std::int64_t WithoutTopUp(const v1::Determination& row) {
  return row.amount_vnd() - row.top_up_vnd();
}

bool HasOwn(const OwnMonth* own) {
  return own != nullptr && (own->counted_events > 0 || own->held_events > 0 ||
                            own->update_submitted);
}

// What own events add to the earlier months of the year that a cap looks at.
std::int64_t AddedToYear(const PreviewSource& source, const Policy& policy) {
  std::int64_t added = 0;
  bool own = false;
  for (const v1::TeamMonthView& view : source.view->months()) {
    const Month month(view.month());
    if (month >= source.month || month.year() != source.month.year()) continue;
    own |= HasOwn(source.own->Find(month));
    const v1::DeterminationView* const said =
        FindDetermination(view, policy.id);
    if (!own || said == nullptr) continue;
    PreviewSource earlier = source;
    earlier.month = month;
    for (const MadePolicy& made : MakePreview(earlier).policies) {
      if (made.preview.policy_id != policy.id) continue;
      added += WithoutTopUp(made.preview.determination) -
               WithoutTopUp(said->determination());
    }
  }
  return added;
}

// The server's word as it is.
MadePolicy Repeat(const PreviewSource& source, const Task& task) {
  MadePolicy made;
  made.preview.policy_id = task.policy->id;
  made.preview.version = task.policy->version;
  made.preview.title = task.policy->title;
  made.preview.determination = task.said->determination();
  made.preview.server = task.said->determination();
  made.preview.text = SayPreview(made.preview, source.month);
  made.facts = task.said->facts();
  return made;
}

MadePolicy Make(const PreviewSource& source, const Task& task,
                const std::vector<MadePolicy>& before) {
  const Policy& policy = *task.policy;
  MadePolicy made;
  BeneficiaryFacts facts = task.facts;
  AddOwn(source, policy, &facts);
  AddOtherSupport(policy, before, &facts);
  if (policy.cap_year_vnd != 0) {
    facts.year_used_vnd += AddedToYear(source, policy);
  }
  Trace trace;
  const Result result = Determine(policy, facts, source.month, &trace);
  PolicyPreview& preview = made.preview;
  preview.policy_id = policy.id;
  preview.version = policy.version;
  preview.title = policy.title;
  preview.determination = ToRow(policy, result, task.policy_position);
  preview.derivation = ToDerivation(policy, facts, source.month, result, trace);
  preview.rests_on_own_events =
      !(Determine(policy, task.facts, source.month) == result);
  if (task.said != nullptr) preview.server = task.said->determination();
  preview.text = SayPreview(preview, source.month);
  made.facts = ToProto(policy, facts);
  return made;
}

void MakeAll(const PreviewSource& source, std::vector<Task> tasks,
             MadePreview* made) {
  std::sort(tasks.begin(), tasks.end(),
            [](const Task& a, const Task& b) { return a.order() < b.order(); });
  for (const Task& task : tasks) {
    made->policies.push_back(task.repeat ? Repeat(source, task)
                                         : Make(source, task, made->policies));
  }
  std::sort(made->policies.begin(), made->policies.end(),
            [](const MadePolicy& a, const MadePolicy& b) {
              return a.preview.policy_id < b.preview.policy_id;
            });
}

// Whether this phone's engine comes to what the server says. It may not: a
// policy was superseded, which its text does not say, or this app is old.
bool Reproduces(const Policy& policy, const v1::DeterminationView& said,
                const BeneficiaryFacts& facts, Month month) {
  const v1::Determination& row = said.determination();
  const v1::Determination own = ToRow(policy, Determine(policy, facts, month),
                                      Position(row.policy_position()));
  return own.SerializeAsString() == row.SerializeAsString();
}

void MakeHeld(const PreviewSource& source, const v1::TeamMonthView& month,
              MadePreview* made) {
  std::vector<Task> tasks;
  for (const v1::DeterminationView& said : month.determinations()) {
    const auto found = source.policies->find(
        {said.policy().policy_id(), said.policy().version()});
    if (found == source.policies->end()) {
      made->missing.push_back(SayNoText(said.policy()));
      continue;
    }
    absl::StatusOr<BeneficiaryFacts> facts =
        FromProto(found->second, said.facts());
    if (!facts.ok()) {
      made->missing.push_back(SayNoFacts(said.policy()));
      continue;
    }
    Task& task = tasks.emplace_back();
    task.policy = &found->second;
    task.said = &said;
    task.policy_position = Position(said.determination().policy_position());
    if (!Reproduces(found->second, said, *facts, source.month)) {
      made->missing.push_back(SayNotReproduced(said.policy()));
      task.repeat = true;
      continue;
    }
    facts->today = TodayFor(source, facts->today);
    // The server reads the update when its deadline has passed; by the phone's
    // day it may have.
    facts->update_submitted = Date(month.activity().update_submitted_date());
    facts->update_confirmed = month.activity().update_confirmed();
    task.facts = *std::move(facts);
  }
  MakeAll(source, std::move(tasks), made);
}

void MakeCarried(const PreviewSource& source, const v1::TeamMonthView& month,
                 MadePreview* made) {
  const Month from(month.month());
  made->facts_from = from;
  std::vector<Task> tasks;
  for (const v1::DeterminationView& said : month.determinations()) {
    const std::string& id = said.policy().policy_id();
    const auto before = source.policies->find({id, said.policy().version()});
    const Policy* const policy = VersionFor(*source.policies, id, source.month);
    if (before == source.policies->end() || policy == nullptr) {
      made->missing.push_back(SayNoText(said.policy()));
      continue;
    }
    const absl::StatusOr<BeneficiaryFacts> facts =
        FromProto(before->second, said.facts());
    if (!facts.ok() || !SameList(before->second, *policy)) {
      made->missing.push_back(SayNoFacts(said.policy()));
      continue;
    }
    if (!Reproduces(before->second, said, *facts, from)) {
      made->missing.push_back(SayNotReproduced(said.policy()));
      continue;
    }
    Task& task = tasks.emplace_back();
    task.policy = policy;
    if (policy == &before->second) {
      task.policy_position = Position(said.determination().policy_position());
    }
    task.facts = CarryOver(source, *policy, before->second, from, *facts,
                           said.determination());
    task.facts.today = TodayFor(source, facts->today);
  }
  MakeAll(source, std::move(tasks), made);
}

}  // namespace

const v1::TeamMonthView* FindMonth(const v1::TeamView& view, Month month) {
  for (const v1::TeamMonthView& one : view.months()) {
    if (one.month() == month.yyyymm) return &one;
  }
  return nullptr;
}

const v1::DeterminationView* FindDetermination(const v1::TeamMonthView& month,
                                               absl::string_view policy_id) {
  for (const v1::DeterminationView& one : month.determinations()) {
    if (one.policy().policy_id() == policy_id) return &one;
  }
  return nullptr;
}

absl::Status CheckView(const v1::TeamView& view, std::uint64_t team,
                       Sequence sealed_end, const Policies& policies) {
  if (view.ByteSizeLong() > limits::kReplyBytesMax) return Bad("is too large");
  if (view.team().team_id() != team) return Bad("is another team's");
  if (view.end_sequence() > sealed_end.value) {
    return Bad("holds numbers that this phone never sent");
  }
  if (view.months_size() > kViewMonthsMax) return Bad("has too many months");
  if (view.policies_size() > kViewPoliciesMax) {
    return Bad("has too many policies");
  }
  if (view.team().members_size() > limits::kTeamMembersMax) {
    return Bad("has too many members");
  }
  Month before;
  for (const v1::TeamMonthView& month : view.months()) {
    const Month name(month.month());
    if (!name.valid() || name <= before) return Bad("its months are mixed up");
    before = name;
    if (month.determinations_size() > kViewPoliciesMax) {
      return Bad("has too many determinations");
    }
    std::string last;
    for (const v1::DeterminationView& one : month.determinations()) {
      if (one.policy().policy_id() <= last) {
        return Bad("its determinations are mixed up");
      }
      last = one.policy().policy_id();
      const auto policy =
          policies.find({one.policy().policy_id(), one.policy().version()});
      if (policy == policies.end()) continue;  // Asked for again.
      const absl::Status good = FromProto(policy->second, one.facts()).status();
      if (!good.ok()) return Bad(good.message());
    }
  }
  return absl::OkStatus();
}

MadePreview MakePreview(const PreviewSource& source) {
  MadePreview made;
  const v1::TeamView& view = *source.view;
  if (source.month.first_day() > source.own->time().today() &&
      FindMonth(view, source.month) == nullptr) {
    made.missing.push_back(SayNotBegun(source.month));
    return made;
  }
  if (view.months().empty()) {
    made.missing.push_back(SayNoMonths());
    return made;
  }
  const v1::TeamMonthView* const month = FindMonth(view, source.month);
  const v1::TeamMonthView& newest = view.months(view.months_size() - 1);
  if (month != nullptr) {
    MakeHeld(source, *month, &made);
  } else if (source.month.yyyymm > newest.month()) {
    MakeCarried(source, newest, &made);
  } else {
    made.missing.push_back(SayTooOld(source.month));
    return made;
  }
  if (made.policies.empty() && made.missing.empty()) {
    made.missing.push_back(SayNoPolicy(source.month));
  }
  return made;
}

}  // namespace thon::client
