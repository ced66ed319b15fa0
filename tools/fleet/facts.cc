#include "tools/fleet/facts.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace thon::fleet {
namespace {

constexpr int kHouseholdsOfTeam = 120;

v1::Topic AnyTopic(Dice* dice) {
  return static_cast<v1::Topic>(
      dice->Between(v1::TOPIC_ONLINE_SERVICES, v1::TOPIC_SOCIAL_POLICY));
}

v1::Channel AnyChannel(Dice* dice) {
  return static_cast<v1::Channel>(
      dice->Between(v1::CHANNEL_LOUDSPEAKER, v1::CHANNEL_DOOR));
}

// As a phone's HMAC under its team's key would look: 16 bytes that repeat for
// the same household and say nothing about it.
std::string Pseudonym(std::uint64_t team_id, std::uint64_t household) {
  std::string raw;
  Dice dice(Mix(Mix(team_id, 0x686f), household));
  for (int i = 0; i < 16; ++i) raw.push_back(static_cast<char>(dice.Next()));
  return raw;
}

void FillVisit(const Holder& holder, Dice* dice, v1::Event* event) {
  v1::HouseholdVisit* visit = event->mutable_household_visit();
  visit->set_village_id(holder.village_id);
  visit->set_household(
      Pseudonym(holder.team_id, dice->Below(kHouseholdsOfTeam)));
  for (int i = 0; i < dice->Between(1, 2); ++i)
    visit->add_topics(AnyTopic(dice));
  visit->set_outcome(static_cast<v1::VisitOutcome>(
      dice->Between(v1::VISIT_OUTCOME_GUIDED, v1::VISIT_OUTCOME_FOLLOW_UP)));
  event->set_venue(v1::VENUE_HOME);
}

void FillInstall(Dice* dice, v1::Event* event) {
  static constexpr const char* kApps[] = {"VNeID", "YenBai-S", "VssID"};
  v1::AppInstallAssisted* install = event->mutable_app_install_assisted();
  install->set_app(kApps[dice->Below(3)]);
  install->set_count(dice->Between(1, 12));
  install->set_basis(v1::COUNT_BASIS_PERSON);
  event->set_venue(v1::VENUE_VILLAGE_HOUSE);
}

void FillDossier(Dice* dice, v1::Event* event) {
  static constexpr const char* kGroups[] = {"hộ tịch", "cư trú", "đất đai",
                                            "bảo trợ xã hội"};
  v1::OnlineDossierAssisted* dossier = event->mutable_online_dossier_assisted();
  dossier->set_service_group(kGroups[dice->Below(4)]);
  dossier->set_count(dice->Between(1, 5));
  dossier->set_stage(dice->Percent(70) ? v1::DOSSIER_STAGE_PROCESSED
                                       : v1::DOSSIER_STAGE_SUBMITTED);
  event->set_venue(v1::VENUE_ONE_STOP_CENTRE);
}

void FillOutreach(Dice* dice, v1::Event* event) {
  v1::OutreachSession* session = event->mutable_outreach_session();
  session->set_topic(AnyTopic(dice));
  session->set_place("nhà văn hoá thôn");
  session->set_minutes(static_cast<std::int32_t>(dice->Between(20, 120)));
  session->set_attendees(dice->Between(5, 60));
  session->set_channel(AnyChannel(dice));
  event->set_venue(v1::VENUE_VILLAGE_HOUSE);
}

void FillAccount(Dice* dice, v1::Event* event) {
  v1::AccountOpenedAssisted* account = event->mutable_account_opened_assisted();
  account->set_kind(static_cast<v1::AccountKind>(
      dice->Between(v1::ACCOUNT_KIND_PAYMENT, v1::ACCOUNT_KIND_CITIZEN_APP)));
  account->set_count(dice->Between(1, 6));
  event->set_venue(v1::VENUE_MARKET);
}

void FillWarning(Dice* dice, v1::Event* event) {
  v1::FraudWarningIssued* warning = event->mutable_fraud_warning_issued();
  warning->set_channel(AnyChannel(dice));
  warning->set_reach(dice->Between(10, 200));
}

void FillTraining(Dice* dice, v1::Event* event) {
  v1::TrainingHeld* training = event->mutable_training_held();
  training->set_audience(v1::AUDIENCE_RESIDENTS);
  training->set_topic(AnyTopic(dice));
  training->set_hours(static_cast<std::int32_t>(dice->Between(1, 8)));
  training->set_attendees(dice->Between(8, 50));
  event->set_venue(v1::VENUE_VILLAGE_HOUSE);
}

void FillAttended(const Holder& holder, Dice* dice, v1::Event* event) {
  v1::TrainingAttended* attended = event->mutable_training_attended();
  attended->set_course("kỹ năng số cơ bản");
  attended->set_hours(static_cast<std::int32_t>(dice->Between(2, 8)));
  attended->set_member_id(holder.member_id);
}

void FillShop(Dice* dice, v1::Event* event) {
  v1::DigitalShopSupported* shop = event->mutable_digital_shop_supported();
  shop->set_kind("tạp hoá");
  shop->set_count(dice->Between(1, 3));
  event->set_venue(v1::VENUE_MARKET);
}

void FillTask(Dice* dice, v1::Event* event) {
  v1::TaskCompleted* task = event->mutable_task_completed();
  task->set_task_id(static_cast<std::uint64_t>(dice->Between(1, 40)));
  task->set_result(dice->Between(1, 30));
  task->set_topic(AnyTopic(dice));
}

}  // namespace

v1::Event MakeActivity(const Holder& holder, Date day, Dice* dice) {
  v1::Event event;
  event.set_member_id(holder.member_id);
  event.set_organisation_id(holder.organisation_id);
  event.set_team_id(holder.team_id);
  if (holder.team_id == 0) {
    FillTraining(dice, &event);
    return event;
  }
  const std::uint64_t kind = dice->Below(100);
  if (kind < 36) {
    FillVisit(holder, dice, &event);
  } else if (kind < 51) {
    FillInstall(dice, &event);
  } else if (kind < 63) {
    FillDossier(dice, &event);
  } else if (kind < 73) {
    FillOutreach(dice, &event);
  } else if (kind < 81) {
    FillAccount(dice, &event);
  } else if (kind < 88) {
    FillWarning(dice, &event);
  } else if (kind < 92) {
    FillTraining(dice, &event);
  } else if (kind < 95) {
    FillAttended(holder, dice, &event);
  } else if (kind < 98) {
    FillShop(dice, &event);
  } else {
    FillTask(dice, &event);
  }
  // One in ten is written down some days later than it happened.
  if (dice->Percent(10)) {
    event.set_claimed_date(day.days -
                           static_cast<std::int32_t>(dice->Between(1, 4)));
  }
  return event;
}

v1::Event MakeMonthlyUpdate(const Holder& holder, Month month, Dice* dice) {
  v1::Event event;
  event.set_member_id(holder.member_id);
  event.set_organisation_id(holder.organisation_id);
  event.set_team_id(holder.team_id);
  v1::MonthlyUpdateSubmitted* update = event.mutable_monthly_update_submitted();
  update->set_period_month(month.yyyymm);
  for (const char* name :
       {"households_guided", "online_dossiers", "sessions"}) {
    v1::FormField* field = update->add_fields();
    field->set_name(name);
    field->set_value(dice->Between(0, 90));
  }
  return event;
}

}  // namespace thon::fleet
