// Activities of every type that adds to a month, at random and of few kinds, so
// that phones of a team often report the same.
#ifndef THON_TESTS_UNIT_PROJECTIONS_RANDOM_ACTIVITY_H_
#define THON_TESTS_UNIT_PROJECTIONS_RANDOM_ACTIVITY_H_

#include <random>
#include <string>

#include "tests/unit/projections/activity_maker.h"

namespace thon {

// Sets the payload. Some counts are absurd.
inline void FillRandomActivity(std::mt19937_64& random, v1::Event* event) {
  const auto count = static_cast<std::int64_t>(random() % 30) - 1;
  const auto topic = static_cast<v1::Topic>(random() % 3);
  switch (random() % 12) {
    case 0: {
      v1::HouseholdVisit* visit = event->mutable_household_visit();
      visit->set_household(
          std::string(16, static_cast<char>('a' + random() % 5)));
      visit->set_outcome(static_cast<v1::VisitOutcome>(random() % 5));
      for (std::size_t i = random() % 3; i > 0; --i) {
        visit->add_topics(static_cast<v1::Topic>(random() % 4));
      }
      break;
    }
    case 1: {
      v1::AppInstallAssisted* install = event->mutable_app_install_assisted();
      install->set_app(random() % 2 == 0 ? "YenBai-S" : "VNeID");
      install->set_count(count);
      install->set_basis(static_cast<v1::CountBasis>(random() % 3));
      break;
    }
    case 2:
      event->mutable_account_opened_assisted()->set_kind(
          static_cast<v1::AccountKind>(random() % 3));
      event->mutable_account_opened_assisted()->set_count(count);
      break;
    case 3:
      event->mutable_online_dossier_assisted()->set_count(count);
      event->mutable_online_dossier_assisted()->set_stage(
          static_cast<v1::DossierStage>(random() % 3));
      break;
    case 4:
      event->mutable_training_held()->set_audience(
          static_cast<v1::Audience>(random() % 3));
      event->mutable_training_held()->set_topic(topic);
      event->mutable_training_held()->set_hours(2);
      event->mutable_training_held()->set_attendees(count);
      break;
    case 5:
      event->mutable_fraud_warning_issued()->set_reach(count);
      break;
    case 6:
      event->mutable_task_completed()->set_task_id(random() % 4);
      break;
    case 7:
      event->mutable_training_attended()->set_hours(3);
      break;
    default:
      event->mutable_outreach_session()->set_topic(topic);
      event->mutable_outreach_session()->set_attendees(count);
      break;
  }
}

}  // namespace thon

#endif  // THON_TESTS_UNIT_PROJECTIONS_RANDOM_ACTIVITY_H_
