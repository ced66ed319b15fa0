// No person is in the log.
//
// Goal: no event has a field that could carry a person's name, phone number or
// identity number, now or when somebody adds one.
//
// Method: every field of text or bytes that an event can hold, at any depth, is
// in the list below with what it holds. A field that is not there fails the
// test: whoever adds one says here what it is for. Words that name a person's
// data are refused whatever the list says.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "thon/v1/event.pb.h"

namespace thon {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// By "Message.field" and what it holds. Free text is the offices' own words
// about bodies, papers and reasons; their forms say that no person belongs in.
const std::set<std::string>& KnownFields() {
  static const auto* const known = new std::set<std::string>{
      // Keys, hashes, signatures, pseudonyms and ciphertext.
      "Event.sealed_person", "Evidence.sha256", "Original.author",
      "Original.event_hash", "OfficerAct.officer_key",
      "OfficerAct.officer_signature", "AuthorEnrolled.public_key",
      "AuthorEnrolled.code_hash", "AuthorEnrolled.predecessor",
      "AuthorEnrolled.predecessor_signature", "AuthorRevoked.author",
      "ClockObserved.author", "HouseholdVisit.household",
      "MonthlyUpdateSubmitted.range_hash", "InspectionRecorded.photos_hash",
      "CorrectionIssued.target_author", "RegistrationListApproved.rows_hash",
      "RegistrationListAmended.rows_hash", "PolicyPublished.text_hash",
      "FundingApproved.teams_hash", "PeriodClosed.snapshot_hash",
      "AdminUnitChanged.successions_hash", "LogOpened.log_key",
      "LogOpened.server_author_key", "EpochOpened.old_root",
      "EpochOpened.log_key", "EpochOpened.server_author_key",
      "DocumentPart.document_hash", "DocumentPart.content",
      "Withdrawn.event_hash", "ForkObserved.author", "ForkObserved.kept_hash",
      "ForkObserved.offered_hash", "ForkObserved.offered_batch",
      "ForkObserved.offered_signature", "UnitsImported.units_hash",
      "SuccessorConfirmed.author", "HeldDecided.author",
      "ExportRecorded.sha256", "EnrolmentCodeIssued.code_hash",
      "FactsImported.facts_hash", "StateRoot.root",
      // Names of things: logs, policies, lists, units, teams, apps, systems.
      "Event.source_system", "OfficerAct.idempotency_key",
      "LegalDocument.number", "TeamFounded.name", "TeamRenamed.name",
      "OutreachSession.place", "AppInstallAssisted.app",
      "OnlineDossierAssisted.service_group", "TrainingAttended.course",
      "DigitalShopSupported.kind", "IndicatorObserved.metric",
      "IndicatorObserved.source", "FormField.name", "QuarterEvaluated.grade",
      "RegistrationListApproved.list_id", "RegistrationListAmended.list_id",
      "PolicyPublished.policy_id", "PolicySuperseded.policy_id",
      "FundingApproved.policy_id", "VerificationDecided.policy_id",
      "VerificationDecided.reason_codes", "PaymentRecorded.batch_id",
      "PaymentRecorded.policy_id", "PaymentRecorded.voucher",
      "PaymentRecorded.purpose", "PaymentReversed.batch_id",
      "PaymentReversed.policy_id", "PaymentReversed.voucher",
      "AwardGranted.campaign_id", "AwardRevoked.campaign_id", "HandOver.scope",
      "LogOpened.origin", "LogOpened.hash_algorithm", "LogOpened.time_zone",
      "EpochOpened.old_origin", "EpochOpened.new_origin",
      "ProjectionAdopted.projection", "StateRoot.projection",
      // Ids and names of kinds, which the server puts together.
      "AccessRecorded.filter", "OrganisationRegistered.name",
      "VillageDeclared.name", "HeldDecided.policy_id",
      "ApprovalDecided.policy_id", "TransitionRule.policy_id",
      "ExportRecorded.kind", "AppealFiled.policy_id", "ExpenseRecorded.voucher",
      "FactsImported.file_kind", "TopUpApproved.policy_id",
      "MobilisationRecorded.policy_id",
      // Bodies and offices.
      "LegalDocument.issuer", "PlanAssigned.authority",
      "ModelAccepted.accepted_by", "InspectionRecorded.by",
      "CorrectionIssued.authority", "VerificationDecided.verifier",
      "PeriodClosed.authority", "PeriodReopened.authority",
      // Reasons in words.
      "TeamSuspended.reason", "TeamDissolved.reason", "MemberLeft.reason",
      "AuthorRevoked.reason", "MonthlyUpdateReturned.reason",
      "InspectionRecorded.findings", "CorrectionIssued.reason",
      "PaymentReversed.reason", "PeriodReopened.reason", "AwardRevoked.reason",
      "Withdrawn.reason", "GrantRevoked.reason", "SuccessorConfirmed.reason",
      "HeldDecided.reason", "ApprovalDecided.reason", "AppealFiled.ground",
      "MobilisationVoided.reason", "OtherSupportRecorded.description"};
  return *known;
}

bool NamesAPerson(const std::string& field) {
  for (const char* word :
       {"person_name", "full_name", "member_name", "phone", "email", "citizen",
        "identity", "cccd", "cmnd", "birth", "address", "ethnic", "gps",
        "latitude", "longitude"}) {
    if (absl::StrContains(field, word)) return true;
  }
  return false;
}

void Walk(const Descriptor* message, std::set<const Descriptor*>* seen,
          std::vector<std::string>* wrong) {
  if (!seen->insert(message).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    const std::string name = absl::StrCat(message->name(), ".", field->name());
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Walk(field->message_type(), seen, wrong);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
               KnownFields().count(name) == 0) {
      wrong->push_back(name);
    }
    if (NamesAPerson(absl::AsciiStrToLower(field->name()))) {
      wrong->push_back(name);
    }
  }
}

std::vector<std::string> FieldsThatCouldNameAPerson(const Descriptor* event) {
  std::set<const Descriptor*> seen;
  std::vector<std::string> wrong;
  Walk(event, &seen, &wrong);
  return wrong;
}

TEST(NoPersonTest, NoFieldOfAnEventCanNameAPerson) {
  EXPECT_EQ(FieldsThatCouldNameAPerson(v1::Event::descriptor()),
            std::vector<std::string>());
}

TEST(NoPersonTest, APlantedFieldIsSeen) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("planted.proto");
  auto* visit = file.add_message_type();
  visit->set_name("Visit");
  const auto add = [visit](const char* name,
                           google::protobuf::FieldDescriptorProto::Type type) {
    auto* field = visit->add_field();
    field->set_name(name);
    field->set_number(visit->field_size());
    field->set_type(type);
  };
  add("remark", google::protobuf::FieldDescriptorProto::TYPE_STRING);
  add("phone_number", google::protobuf::FieldDescriptorProto::TYPE_INT64);
  add("count", google::protobuf::FieldDescriptorProto::TYPE_INT64);
  google::protobuf::DescriptorPool pool;
  const auto* built = pool.BuildFile(file);
  ASSERT_NE(built, nullptr);
  EXPECT_EQ(FieldsThatCouldNameAPerson(built->message_type(0)),
            (std::vector<std::string>{"Visit.remark", "Visit.phone_number"}));
}

}  // namespace
}  // namespace thon
