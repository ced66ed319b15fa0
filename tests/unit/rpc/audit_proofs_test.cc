// Goal: checkpoints, proofs, chains, rows and roots are what the log and the
// rows are, and each can be checked by whoever has the log's key.
// Method: a real server with TLS over a random history; proofs are verified
// with the core's own functions and by changing one thing each; chains, rows
// and roots are compared with a plain reading.
#include <gmock/gmock.h>

#include <map>

#include "server/core/checkpoint.h"
#include "server/core/merkle.h"
#include "server/core/tlog_proof.h"
#include "server/projections/row_keys.h"
#include "server/projections/state_root.h"
#include "tests/unit/rpc/audit_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;

class AuditProofsTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    MakeHistory(40);
    plain_ = ReadPlainly();
  }

  note::VerifierKey LogKey() { return province_.engine().log_verifier_key(); }
  Hash RootAt(std::uint64_t size) {
    merkle::Frontier tree;
    for (std::uint64_t i = 0; i < size; ++i) {
      tree.Append(merkle::HashLeaf(plain_[i].leaf));
    }
    return tree.Root();
  }
  v1::Checkpoint Checkpoint() {
    v1::Checkpoint checkpoint;
    const grpc::Status status = audit_->GetCheckpoint(
        AsOperator(), v1::GetCheckpointRequest(), &checkpoint);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return checkpoint;
  }

  std::vector<PlainEntry> plain_;
};

TEST_F(AuditProofsTest, EveryEntryIsProvedByIndexAndByPosition) {
  const v1::Checkpoint head = Checkpoint();
  plain_ = ReadPlainly();
  for (std::uint64_t i = 0; i < head.tree_size(); ++i) {
    v1::GetInclusionProofRequest request;
    if (random_() % 2 == 0) {
      request.set_entry_index(i);
    } else {
      const EntryTrailer& trailer = plain_[i].trailer;
      request.set_position(trailer.first_position.value +
                           random_() % trailer.event_count);
    }
    request.set_tree_size(head.tree_size());
    v1::InclusionProof proof;
    ASSERT_TRUE(audit_->GetInclusionProof(AsOperator(), request, &proof).ok());
    EXPECT_EQ(proof.entry_index(), i);
    const Hash leaf = merkle::HashLeaf(plain_[i].leaf);
    EXPECT_EQ(proof.leaf_hash(), leaf.view());
    EXPECT_EQ(proof.root_hash(), head.root_hash());
    EXPECT_EQ(proof.checkpoint().note(), head.note());
    ASSERT_OK_AND_ASSIGN(const TlogProof text,
                         ParseTlogProof(proof.tlog_proof()));
    ASSERT_OK_AND_ASSIGN(const CheckpointBody body,
                         VerifyTlogProof(text, leaf, LogKey()));
    EXPECT_EQ(body.tree_size, head.tree_size());
    // Of no other entry.
    EXPECT_FALSE(
        VerifyTlogProof(text, merkle::HashLeaf(plain_[i == 0 ? 1 : i - 1].leaf),
                        LogKey())
            .ok());
  }
}

TEST_F(AuditProofsTest, AnOlderTreeIsProvedWithoutACheckpointItNeverHad) {
  for (int round = 0; round < 30; ++round) {
    v1::GetInclusionProofRequest request;
    const std::uint64_t size = 1 + random_() % plain_.size();
    request.set_entry_index(random_() % size);
    request.set_tree_size(size);
    v1::InclusionProof proof;
    ASSERT_TRUE(audit_->GetInclusionProof(AsOperator(), request, &proof).ok());
    std::vector<Hash> path(static_cast<std::size_t>(proof.path_size()));
    for (int i = 0; i < proof.path_size(); ++i) {
      ASSERT_TRUE(
          Hash::FromBytes(proof.path(i), &path[static_cast<std::size_t>(i)]));
    }
    ASSERT_OK_AND_ASSIGN(const Hash root,
                         merkle::RootFromInclusionProof(
                             merkle::HashLeaf(plain_[proof.entry_index()].leaf),
                             proof.entry_index(), size, path));
    EXPECT_EQ(root, RootAt(size));
    EXPECT_EQ(proof.has_checkpoint(), !proof.tlog_proof().empty());
  }
}

TEST_F(AuditProofsTest, EveryTreeExtendsEveryOlderOne) {
  for (int round = 0; round < 60; ++round) {
    v1::GetConsistencyProofRequest request;
    std::uint64_t first = random_() % (plain_.size() + 1);
    std::uint64_t second = 1 + random_() % plain_.size();
    if (first > second) std::swap(first, second);
    request.set_first_tree_size(first);
    request.set_second_tree_size(second);
    v1::ConsistencyProof proof;
    ASSERT_TRUE(
        audit_->GetConsistencyProof(AsOperator(), request, &proof).ok());
    std::vector<Hash> path(static_cast<std::size_t>(proof.path_size()));
    for (int i = 0; i < proof.path_size(); ++i) {
      ASSERT_TRUE(
          Hash::FromBytes(proof.path(i), &path[static_cast<std::size_t>(i)]));
    }
    EXPECT_EQ(proof.first_root_hash(), RootAt(first).view());
    EXPECT_EQ(proof.second_root_hash(), RootAt(second).view());
    EXPECT_THAT(merkle::VerifyConsistency(first, RootAt(first), second,
                                          RootAt(second), path),
                IsOk());
    if (path.empty()) continue;
    path[0].bytes[0] ^= 1;
    EXPECT_FALSE(merkle::VerifyConsistency(first, RootAt(first), second,
                                           RootAt(second), path)
                     .ok());
  }
}

TEST_F(AuditProofsTest, CheckpointsThatWereSignedAreListedTheLargestFirst) {
  std::vector<v1::Checkpoint> made = {Checkpoint()};
  for (int i = 0; i < 6; ++i) {
    Record(&phones_[0], 1);
    made.push_back(Checkpoint());
    EXPECT_GT(made.back().tree_size(), made[made.size() - 2].tree_size());
    EXPECT_THAT(VerifyCheckpointNote(made.back().note(), LogKey().key), IsOk());
  }
  std::map<std::uint64_t, std::string> listed;
  v1::ListCheckpointsRequest request;
  request.set_page_size(2);
  std::uint64_t last = UINT64_MAX;
  do {
    v1::ListCheckpointsResponse page;
    ASSERT_TRUE(audit_->ListCheckpoints(AsOperator(), request, &page).ok());
    ASSERT_LE(page.checkpoints_size(), 2);
    for (const v1::Checkpoint& checkpoint : page.checkpoints()) {
      EXPECT_LT(checkpoint.tree_size(), last);
      last = checkpoint.tree_size();
      listed[last] = checkpoint.note();
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  for (const v1::Checkpoint& checkpoint : made) {
    EXPECT_EQ(listed[checkpoint.tree_size()], checkpoint.note());
    v1::GetCheckpointRequest by_size;
    by_size.set_min_tree_size(checkpoint.tree_size());
    v1::Checkpoint found;
    ASSERT_TRUE(audit_->GetCheckpoint(AsOperator(), by_size, &found).ok());
    EXPECT_EQ(found.note(), checkpoint.note());
  }
  v1::GetCheckpointRequest witnessed;
  witnessed.set_witnessed(true);
  v1::Checkpoint found;
  EXPECT_EQ(audit_->GetCheckpoint(AsOperator(), witnessed, &found).error_code(),
            StatusCode::NOT_FOUND)
      << "nobody witnesses this log";
}

TEST_F(AuditProofsTest, AnAuthorsChainIsItsBatchesInOrder) {
  std::map<std::string, std::vector<const PlainEntry*>> authors;
  for (const PlainEntry& entry : plain_) {
    authors[entry.batch.author()].push_back(&entry);
  }
  ASSERT_GE(authors.size(), 4u) << "three phones and the server";
  for (const auto& [author, entries] : authors) {
    v1::ListAuthorBatchesRequest request;
    request.set_author(author);
    request.set_page_size(3);
    std::vector<v1::AuthorBatch> batches;
    PublicKey key;
    while (batches.size() < entries.size()) {
      v1::ListAuthorBatchesResponse page;
      ASSERT_TRUE(audit_->ListAuthorBatches(AsOperator(), request, &page).ok());
      ASSERT_TRUE(PublicKey::FromBytes(page.public_key(), &key));
      ASSERT_GT(page.batches_size(), 0);
      batches.insert(batches.end(), page.batches().begin(),
                     page.batches().end());
      request.set_page_token(page.next_page_token());
      if (page.next_page_token().empty()) break;
    }
    EXPECT_EQ(key.author().view(), author);
    // The server's own author goes on writing while we read.
    ASSERT_GE(batches.size(), entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const PlainEntry& entry = *entries[i];
      const v1::AuthorBatch& batch = batches[i];
      EXPECT_EQ(batch.entry_index(), entry.index);
      EXPECT_EQ(batch.first_sequence(), entry.batch.first_sequence());
      EXPECT_EQ(batch.event_count(), entry.trailer.event_count);
      EXPECT_EQ(batch.first_position(), entry.trailer.first_position.value);
      EXPECT_EQ(batch.previous_hash(),
                i == 0 ? "" : batches[i - 1].batch_hash());
      EXPECT_EQ(batch.receive_time_ms(), entry.trailer.receive_time.ms);
      EXPECT_TRUE(VerifyBatchSignature(key,
                                       BatchHash(ParseEntry(entry.leaf)->batch),
                                       entry.trailer.signature));
    }
    // From the batch that holds a number.
    const PlainEntry& middle = *entries[entries.size() / 2];
    v1::ListAuthorBatchesRequest from;
    from.set_author(author);
    from.set_first_sequence(middle.batch.first_sequence() +
                            random_() % middle.trailer.event_count);
    from.set_page_size(1);
    v1::ListAuthorBatchesResponse page;
    ASSERT_TRUE(audit_->ListAuthorBatches(AsOperator(), from, &page).ok());
    ASSERT_EQ(page.batches_size(), 1);
    EXPECT_EQ(page.batches(0).entry_index(), middle.index);
  }
}

TEST_F(AuditProofsTest, RowsAreThoseOfTheRootAsOfAnyPosition) {
  const std::uint64_t last = LastPosition().value;
  for (const ProjectionTables& projection : AllProjectionTables()) {
    for (const std::uint64_t position : {last, 1 + random_() % last}) {
      SCOPED_TRACE(absl::StrCat(projection.name, " at ", position));
      StateRootBuilder plain;
      const auto rows = province_.engine().RowsAt(Position(position));
      std::vector<v1::StateRow> wanted;
      for (const Table table : projection.tables) {
        rows->Scan(table, "", "",
                   [&](absl::string_view key, const RowVersion& row) {
                     plain.Add(table, key, row.value);
                     v1::StateRow& one = wanted.emplace_back();
                     one.set_table(static_cast<std::uint32_t>(table));
                     one.set_key(std::string(key));
                     one.set_value(row.value);
                     return true;
                   });
      }
      v1::StreamRowsRequest request;
      request.set_projection(projection.name);
      request.set_position(position);
      const auto stream = audit_->StreamRows(AsOperator(), request);
      v1::StreamRowsResponse response;
      std::vector<std::string> got;
      bool any = false;
      while (stream->Read(&response)) {
        any = true;
        EXPECT_EQ(response.position(), position);
        for (const v1::StateRow& row : response.rows()) {
          got.push_back(row.SerializeAsString());
        }
      }
      ASSERT_TRUE(stream->Finish().ok());
      EXPECT_TRUE(any) << "it says as of where, also without rows";
      ASSERT_EQ(got.size(), wanted.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i], wanted[i].SerializeAsString());
      }
      v1::ComputeStateRootRequest compute;
      compute.set_projection(projection.name);
      compute.set_position(position);
      v1::StateRoot root;
      ASSERT_TRUE(audit_->ComputeStateRoot(AsOperator(), compute, &root).ok());
      EXPECT_EQ(root.root(), plain.Root().view());
      EXPECT_EQ(root.row_count(), wanted.size());
      EXPECT_EQ(root.version(), projection.version);
    }
  }
}

TEST_F(AuditProofsTest, OneTableAloneIsStreamed) {
  v1::StreamRowsRequest request;
  request.set_projection("registry");
  request.set_table(static_cast<std::uint32_t>(Table::kTeam));
  const auto stream = audit_->StreamRows(AsOperator(), request);
  v1::StreamRowsResponse response;
  std::uint64_t teams = 0;
  while (stream->Read(&response)) {
    for (const v1::StateRow& row : response.rows()) {
      EXPECT_EQ(row.table(), static_cast<std::uint32_t>(Table::kTeam));
      ++teams;
    }
  }
  ASSERT_TRUE(stream->Finish().ok());
  EXPECT_EQ(teams, Province::kTeams);
}

TEST_F(AuditProofsTest, AClosedPeriodLeavesItsRootsInTheLog) {
  v1::Event event;
  v1::PeriodClosed* const closed = event.mutable_period_closed();
  closed->set_first_month(202306);
  closed->set_last_month(202306);
  closed->set_scope_unit_id(Province::kProvinceUnit);
  closed->set_authority("UBND tỉnh");
  const auto outcome = province_.Submit(event);
  ASSERT_THAT(outcome, IsOk());
  ASSERT_TRUE(outcome->effective()) << outcome->detail();
  v1::ListStateRootsRequest request;
  v1::ListStateRootsResponse list;
  do {
    ASSERT_THAT(province_.engine().AwaitRows(LastPosition(), 60'000), IsOk());
    list.Clear();
    ASSERT_TRUE(audit_->ListStateRoots(AsOperator(), request, &list).ok());
    ASSERT_EQ(list.state_roots_size(), 1);
  } while (list.state_roots(0).recorded_position() == 0);
  const v1::RecordedStateRoots& recorded = list.state_roots(0);
  EXPECT_EQ(recorded.reason(), v1::STATE_ROOT_REASON_PERIOD_CLOSED);
  ASSERT_EQ(static_cast<std::size_t>(recorded.roots_size()),
            AllProjectionTables().size());
  for (const v1::StateRoot& root : recorded.roots()) {
    v1::ComputeStateRootRequest compute;
    compute.set_projection(root.projection());
    compute.set_position(recorded.position());
    v1::StateRoot now;
    ASSERT_TRUE(audit_->ComputeStateRoot(AsOperator(), compute, &now).ok());
    EXPECT_EQ(now.SerializeAsString(), root.SerializeAsString());
  }
  request.set_projection("units");
  ASSERT_TRUE(audit_->ListStateRoots(AsOperator(), request, &list).ok());
  ASSERT_EQ(list.state_roots(0).roots_size(), 1);
  EXPECT_EQ(list.state_roots(0).roots(0).projection(), "units");
  request.set_first_position(recorded.position() + 1);
  list.Clear();
  ASSERT_TRUE(audit_->ListStateRoots(AsOperator(), request, &list).ok());
  EXPECT_EQ(list.state_roots_size(), 0);
}

}  // namespace
}  // namespace thon::testing
