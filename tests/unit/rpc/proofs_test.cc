// Goal: over the wire a phone gets the proofs that it asks for, in their turn
// and within bounds, under a checkpoint that covers what was recorded before.
// Method: a real server with TLS in this process; a raw stream that can break
// the rules, judged by the core alone, and libthon with its own transport.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "server/core/checkpoint.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/tlog_proof.h"
#include "tests/unit/rpc/rpc_fixture.h"
#include "thon/client.h"
#include "thon/grpc_transport.h"

namespace thon::testing {
namespace {

class ProofsRpcTest : public RpcTest {
 protected:
  static v1::SyncRequest Ask(const std::vector<std::uint64_t>& entries,
                             std::uint64_t known = 0) {
    v1::SyncRequest request;
    request.mutable_proofs()->set_known_tree_size(known);
    request.mutable_proofs()->mutable_entry_indices()->Assign(entries.begin(),
                                                              entries.end());
    return request;
  }
  CheckpointBody Body(const v1::Proofs& proofs) {
    const note::SignedNote note = *note::Parse(proofs.checkpoint().note());
    const absl::StatusOr<CheckpointBody> body =
        VerifyCheckpointNote(note, province_.engine().log_verifier_key());
    EXPECT_THAT(body, IsOk());
    return body.ok() ? *body : CheckpointBody{};
  }
  static std::vector<Hash> Hashes(
      const google::protobuf::RepeatedPtrField<std::string>& raw) {
    std::vector<Hash> hashes;
    for (const std::string& one : raw) {
      EXPECT_TRUE(Hash::FromBytes(one, &hashes.emplace_back()));
    }
    return hashes;
  }
  // Each proof leads from the entry as the log holds it to the signed root.
  void ExpectProven(const v1::Proofs& proofs,
                    const std::vector<std::uint64_t>& entries) {
    const CheckpointBody body = Body(proofs);
    ASSERT_EQ(proofs.proofs_size(), static_cast<int>(entries.size()));
    for (int i = 0; i < proofs.proofs_size(); ++i) {
      const v1::EntryProof& proof = proofs.proofs(i);
      EXPECT_EQ(proof.entry_index(), entries[static_cast<std::size_t>(i)]);
      ASSERT_OK_AND_ASSIGN(
          const std::string entry,
          province_.engine().log().ReadEntry(EntryIndex(proof.entry_index())));
      ASSERT_OK_AND_ASSIGN(const Hash root,
                           merkle::RootFromInclusionProof(
                               merkle::HashLeaf(entry), proof.entry_index(),
                               body.tree_size, Hashes(proof.path())));
      EXPECT_EQ(root, body.root);
    }
  }
  std::uint64_t Size() const {
    return const_cast<Province&>(province_)
        .engine()
        .log()
        .end()
        .tree_size.value;
  }
};

TEST_F(ProofsRpcTest, WhatWasJustRecordedIsCoveredAndProven) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  const v1::Answer first = call.Answer(phone.Next(3));
  const v1::Answer second = call.Answer(phone.Next(2));
  const std::vector<std::uint64_t> entries = {first.receipt().entry_index(),
                                              second.receipt().entry_index()};
  ASSERT_TRUE(call.Send(Ask(entries)));
  const v1::SyncResponse response = call.Read();
  ASSERT_TRUE(response.has_proofs());
  ExpectProven(response.proofs(), entries);
  EXPECT_TRUE(response.proofs().consistency().empty());
  const CheckpointBody before = Body(response.proofs());
  EXPECT_GT(before.tree_size, entries.back());

  // The next one extends it, and the stream goes on.
  const v1::Answer third = call.Answer(phone.Next());
  ASSERT_TRUE(
      call.Send(Ask({third.receipt().entry_index()}, before.tree_size)));
  const v1::SyncResponse later = call.Read();
  ASSERT_TRUE(later.has_proofs());
  ExpectProven(later.proofs(), {third.receipt().entry_index()});
  const CheckpointBody after = Body(later.proofs());
  EXPECT_THAT(merkle::VerifyConsistency(before.tree_size, before.root,
                                        after.tree_size, after.root,
                                        Hashes(later.proofs().consistency())),
              IsOk());
  call.CloseSend();
  EXPECT_TRUE(call.End().ok());
}

TEST_F(ProofsRpcTest, ProofsComeBehindTheAnswersThatWereOwedBefore) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(call.Send(phone.Next()));
  ASSERT_TRUE(call.Send(Ask({0})));
  v1::SyncRequest standings;
  standings.mutable_standings()->set_first_sequence(1);
  standings.mutable_standings()->set_end_sequence(2);
  ASSERT_TRUE(call.Send(standings));
  ASSERT_TRUE(call.Send(Ask({1})));
  call.CloseSend();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(call.Read().has_answer()) << i;
  const v1::SyncResponse first = call.Read();
  ASSERT_TRUE(first.has_proofs());
  ExpectProven(first.proofs(), {0});
  EXPECT_TRUE(call.Read().has_standings());
  const v1::SyncResponse second = call.Read();
  ASSERT_TRUE(second.has_proofs());
  ExpectProven(second.proofs(), {1});
  EXPECT_TRUE(call.End().ok()) << "half-closed, it still hears everything";
}

TEST_F(ProofsRpcTest, SixtyFourAreAnsweredAndWhatBreaksTheRulesIsRefused) {
  TestPhone phone = EnrolledPhone(1);
  for (int i = 0; i < 70; ++i) Record(&phone, 1);
  std::vector<std::uint64_t> entries;
  for (std::uint64_t i = 0; i < 64; ++i) entries.push_back(i);
  SyncCall good(sync_.get());
  good.Greet(phone);
  ASSERT_TRUE(good.Send(Ask(entries)));
  const v1::SyncResponse response = good.Read();
  ASSERT_TRUE(response.has_proofs());
  ExpectProven(response.proofs(), entries);

  const auto refused = [&](const std::vector<std::uint64_t>& bad) {
    SyncCall call(sync_.get());
    call.Greet(phone);
    call.Send(Ask(bad));
    const grpc::Status status = call.End();
    ExpectFault(status, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
    EXPECT_EQ(FaultOf(status).field, "proofs.entry_indices");
  };
  entries.push_back(64);
  refused(entries);
  refused({3, 2});
  refused({2, 2});
  refused({0, UINT64_MAX, UINT64_MAX});
}

TEST_F(ProofsRpcTest, NobodyIsAnsweredBeforeTheHelloAndNoStranger) {
  SyncCall early(sync_.get());
  early.Send(Ask({0}));
  ExpectFault(early.End(), grpc::StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  TestPhone stranger(7);
  SyncCall unknown(sync_.get());
  unknown.Greet(stranger);
  unknown.Send(Ask({0}));
  ExpectFault(unknown.End(), grpc::StatusCode::UNAUTHENTICATED,
              "UNKNOWN_AUTHOR");
}

TEST_F(ProofsRpcTest, WhatIsBeyondTheTreeIsNotAmongTheProofs) {
  TestPhone phone = EnrolledPhone(1);
  Record(&phone, 1);
  const std::uint64_t size = Size();
  SyncCall call(sync_.get());
  call.Greet(phone);
  ASSERT_TRUE(call.Send(Ask({size - 1, size, size + 5, UINT64_MAX})));
  const v1::SyncResponse response = call.Read();
  ASSERT_TRUE(response.has_proofs());
  ExpectProven(response.proofs(), {size - 1});
  EXPECT_EQ(Body(response.proofs()).tree_size, size);
  // A phone that knows a larger tree hears how large this one is, no more.
  for (const std::uint64_t known : {size + 1, UINT64_MAX}) {
    ASSERT_TRUE(call.Send(Ask({0}, known)));
    const v1::SyncResponse larger = call.Read();
    ASSERT_TRUE(larger.has_proofs());
    EXPECT_EQ(Body(larger.proofs()).tree_size, size);
    EXPECT_EQ(larger.proofs().proofs_size(), 0);
    EXPECT_EQ(larger.proofs().consistency_size(), 0);
  }
  // No entries: where the tree is.
  ASSERT_TRUE(call.Send(Ask({}, size)));
  const v1::SyncResponse head = call.Read();
  EXPECT_EQ(Body(head.proofs()).tree_size, size);
  EXPECT_EQ(head.proofs().consistency_size(), 0);
  call.CloseSend();
  EXPECT_TRUE(call.End().ok());
}

TEST_F(ProofsRpcTest, ACheckpointIsOfTheEpochOfTheStreamsHello) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  const std::uint64_t entry =
      call.Answer(phone.Next(3)).receipt().entry_index();
  ASSERT_TRUE(call.Send(Ask({entry})));
  const std::string first = Body(call.Read().proofs()).origin;
  v1::OpenEpochRequest force;
  force.set_force(true);
  v1::OpenEpochResponse opened;
  const grpc::Status status = admin_->OpenEpoch(AsOperator(), force, &opened);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_TRUE(call.Send(Ask({entry})));
  ExpectFault(call.End(), grpc::StatusCode::UNAVAILABLE, "EPOCH_OPENED");
  // The next hello says it, and its stream has proofs again.
  SyncCall next(sync_.get());
  next.Greet(phone);
  ASSERT_TRUE(next.Send(Ask({entry})));
  const v1::SyncResponse response = next.Read();
  ASSERT_TRUE(response.has_proofs());
  ExpectProven(response.proofs(), {entry});
  EXPECT_NE(Body(response.proofs()).origin, first);
}

TEST_F(ProofsRpcTest, APhoneThatLeavesWhileItWaitsIsForgotten) {
  TestPhone phone = EnrolledPhone(1);
  for (int i = 0; i < 20; ++i) {
    Record(&phone, 1);
    SyncCall call(sync_.get());
    call.Greet(phone);
    call.Send(Ask({0, Size() - 1}));
    call.Cancel();
  }
  Record(&phone, 1);
}

TEST_F(ProofsRpcTest, LibthonKeepsProofsThatAThirdPersonCanCheck) {
  const std::string folder = province_.directory() + "/phone";
  std::filesystem::create_directories(folder);
  client::GrpcOptions server;
  server.target = absl::StrCat("127.0.0.1:", server_->port());
  server.ca_pem = tls_.ca_certificate;
  ASSERT_OK_AND_ASSIGN(const auto transport, client::NewGrpcTransport(server));
  client::Options options;
  options.path = folder + "/phone.db";
  ASSERT_OK_AND_ASSIGN(const auto phone,
                       client::Client::Open(options, transport.get()));
  ASSERT_THAT(phone->Enrol(province_.CodeFor(TeamId(1), MemberId(11))), IsOk());
  v1::Event event;
  event.set_team_id(1);
  event.set_member_id(11);
  event.mutable_outreach_session()->set_minutes(30);
  ASSERT_OK_AND_ASSIGN(const client::Recorded one, phone->Record(event));
  ASSERT_THAT(phone->SyncOnce(30'000), IsOk());
  EXPECT_EQ(phone->ProofOf(one.name)->proven, client::Proven::kPromise);
  // The log's time goes on for more than a minute.
  province_.AdvanceTo("2023-05-30T09:00:00+07:00");
  ASSERT_THAT(phone->SyncOnce(30'000), IsOk());
  EXPECT_EQ(phone->ProofOf(one.name)->proven, client::Proven::kProven);
  ASSERT_OK_AND_ASSIGN(const client::TlogProofText text,
                       phone->TlogProofOf(one.name));
  EXPECT_THAT(
      VerifyTlogProof(*ParseTlogProof(text.text), merkle::HashLeaf(text.entry),
                      province_.engine().log_verifier_key()),
      IsOk());
  EXPECT_EQ(phone->CountReceipts()->evidence, 0u);
}

}  // namespace
}  // namespace thon::testing
