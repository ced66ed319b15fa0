#include "tests/e2e/remote_province.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/core/entry.h"
#include "tests/e2e/processes.h"

namespace thon::testing {
namespace {

v1::UnitList Map() {
  v1::UnitList list;
  const auto add = [&](std::uint64_t id, v1::UnitLevel level, v1::UnitKind kind,
                       const char* code, const char* name,
                       std::uint64_t parent) {
    v1::UnitRecord* const unit = list.add_units();
    unit->set_unit_id(id);
    unit->set_level(level);
    unit->set_kind(kind);
    unit->set_code(code);
    unit->set_name(name);
    unit->set_parent_unit_id(parent);
  };
  add(15, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "15", "Tỉnh Yên Bái", 0);
  add(132, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "132",
      "Huyện Yên Bình", 15);
  add(101, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04771", "Xã Vĩnh Kiên",
      132);
  return list;
}

}  // namespace

Remote::Remote(const std::string& data, const std::string& endpoint)
    : Remote(ReadText(data + "/tls/ca.crt"),
             std::string(absl::StripAsciiWhitespace(
                 ReadText(data + "/operator.token"))),
             endpoint) {}

Remote::Remote(const std::string& ca_pem, const std::string& token,
               const std::string& endpoint)
    : token_(token) {
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = ca_pem;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ =
      grpc::CreateCustomChannel(endpoint, grpc::SslCredentials(ssl), arguments);
  sync_ = v1::SyncService::NewStub(channel_);
  query_ = v1::QueryService::NewStub(channel_);
  command_ = v1::CommandService::NewStub(channel_);
  audit_ = v1::AuditService::NewStub(channel_);
}

std::unique_ptr<v1::SyncService::Stub> Remote::NewSync() const {
  return v1::SyncService::NewStub(channel_);
}

std::unique_ptr<grpc::ClientContext> Remote::Context() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_seconds(kCallSecondsMax, GPR_TIMESPAN)));
  context->AddMetadata("authorization", absl::StrCat("Bearer ", token_));
  return context;
}

void Remote::Submit(const v1::Event& event, const std::string& key) {
  v1::SubmitRequest request;
  *request.add_events() = event;
  request.set_idempotency_key(key);
  v1::SubmitResponse response;
  const grpc::Status status =
      command_->Submit(Context().get(), request, &response);
  ASSERT_TRUE(status.ok()) << key << ": " << status.error_message();
  ASSERT_EQ(response.outcomes_size(), 1);
  ASSERT_TRUE(response.outcomes(0).effective())
      << key << ": " << response.outcomes(0).detail();
}

void Remote::SetUpProvince() {
  v1::PutDocumentRequest put;
  put.set_content(Map().SerializeAsString());
  put.set_document_hash(std::string(Sha256Of(put.content()).view()));
  put.set_part_count(1);
  v1::PutDocumentResponse recorded;
  const grpc::Status status =
      command_->PutDocument(Context().get(), put, &recorded);
  ASSERT_TRUE(status.ok()) << status.error_message();

  v1::Event event;
  event.mutable_units_imported()->set_effective_date(Day("2023-01-01"));
  event.mutable_units_imported()->set_units_hash(put.document_hash());
  Submit(event, "units");

  event.Clear();
  v1::VillageDeclared* const village = event.mutable_village_declared();
  village->set_unit_id(1001);
  village->set_kind(v1::UNIT_KIND_THON);
  village->set_name("Thôn Mạ");
  village->set_commune_unit_id(101);
  village->set_effective_date(Day("2023-01-01"));
  Submit(event, "village");

  event.Clear();
  v1::TeamFounded* const founded = event.mutable_team_founded();
  founded->set_team_id(1);
  founded->set_unit_id(1001);
  founded->set_level(v1::UNIT_LEVEL_VILLAGE);
  founded->set_founded_date(Day("2023-01-15"));
  founded->set_name("Tổ công nghệ số cộng đồng thôn Mạ");
  founded->mutable_document()->set_number("12/QĐ-UBND");
  founded->mutable_document()->set_issue_date(Day("2023-01-10"));
  founded->mutable_document()->set_issuer("UBND xã");
  Submit(event, "team");

  for (const std::uint64_t member : {11u, 12u}) {
    event.Clear();
    v1::MemberJoined* const joined = event.mutable_member_joined();
    joined->set_member_id(member);
    joined->set_team_id(1);
    joined->set_seat(member == 11 ? v1::SEAT_LEADER : v1::SEAT_MEMBER);
    joined->set_joined_date(Day("2023-01-15"));
    Submit(event, absl::StrCat("member-", member));
  }
}

std::string Remote::Code(const std::string& code) {
  v1::ServerStatus status;
  query_->GetStatus(Context().get(), v1::GetStatusRequest(), &status);
  v1::Event event;
  v1::EnrolmentCodeIssued* const issued = event.mutable_enrolment_code_issued();
  issued->set_code_hash(std::string(Sha256Of(code).view()));
  issued->set_team_id(1);
  issued->set_member_id(11);
  issued->set_last_date(status.local_date() + 30);
  Submit(event, absl::StrCat("code-", code));
  return code;
}

PublicKey Remote::Enrol(const TestPhone& phone, const std::string& code) {
  v1::EnrolResponse response;
  const grpc::Status status =
      sync_->Enrol(Context().get(), phone.EnrolRequest(code), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  PublicKey key;
  EXPECT_TRUE(PublicKey::FromBytes(response.log_key(), &key));
  return key;
}

History Remote::ReadHistory(const std::vector<AuthorId>& phones) {
  History history;
  v1::Checkpoint checkpoint;
  const grpc::Status signed_head = audit_->GetCheckpoint(
      Context().get(), v1::GetCheckpointRequest(), &checkpoint);
  EXPECT_TRUE(signed_head.ok()) << signed_head.error_message();
  history.checkpoint_note = checkpoint.note();

  const std::unique_ptr<grpc::ClientContext> context = Context();
  const auto stream =
      audit_->StreamEntries(context.get(), v1::StreamEntriesRequest());
  v1::StreamEntriesResponse response;
  while (stream->Read(&response)) {
    for (const v1::Entry& entry : response.entries()) {
      EXPECT_EQ(entry.entry_index(), history.entries.size());
      history.entries.push_back(entry.leaf());
      const absl::StatusOr<EntryView> view = ParseEntry(entry.leaf());
      v1::Batch batch;
      AuthorId author;
      if (view.ok() && ParseBatch(view->batch, &batch) == BatchFault::kNone &&
          AuthorId::FromBytes(batch.author(), &author) &&
          std::find(phones.begin(), phones.end(), author) == phones.end()) {
        history.server_authors.insert(author);
      }
    }
  }
  const grpc::Status ended = stream->Finish();
  EXPECT_TRUE(ended.ok()) << ended.error_message();
  return history;
}

}  // namespace thon::testing
