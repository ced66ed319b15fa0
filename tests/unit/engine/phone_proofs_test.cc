// Goal: what a phone's question for proofs is answered with leads to the
// checkpoint's root, is under a checkpoint that covers what the log has, and is
// nothing at all where the disk is damaged. Method: a real log on disk, of
// which one stored leaf is changed behind its back, and checkpoints by hand.
#include "server/engine/phone_proofs.h"

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/engine/proofs.h"
#include "tests/support/log_surgeon.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/log_builder.h"

namespace thon {
namespace {

using absl::StatusCode;

// Has one checkpoint, and counts how often a newer one is wished.
class HandMadeCheckpoints final : public Checkpoints {
 public:
  void Sign(std::function<void(absl::StatusOr<v1::Checkpoint>)> done) override {
    ++signed_count;
    done(fresh);
  }
  absl::StatusOr<v1::Checkpoint> Newest() const override { return newest; }
  absl::StatusOr<v1::Checkpoint> Witnessed() const override {
    return absl::NotFoundError("none");
  }
  absl::StatusOr<v1::Checkpoint> Covering(std::uint64_t) const override {
    return absl::NotFoundError("none");
  }
  absl::StatusOr<std::vector<v1::Checkpoint>> List(std::uint64_t,
                                                   std::size_t) const override {
    return std::vector<v1::Checkpoint>();
  }
  void AddCosignatures(std::uint64_t, std::vector<note::SignatureLine>,
                       std::function<void(absl::Status)> done) override {
    done(absl::NotFoundError("none"));
  }
  void SetWitnessPolicy(TrustPolicy) override {}
  void OnSigned(std::function<void(const v1::Checkpoint&)>) override {}
  absl::Status health() const override { return absl::OkStatus(); }
  std::uint64_t entries_checked() const override { return 0; }

  absl::StatusOr<v1::Checkpoint> newest = absl::NotFoundError("none yet");
  absl::StatusOr<v1::Checkpoint> fresh = absl::UnavailableError("stopping");
  int signed_count = 0;
};

class PhoneProofsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Open();
    ASSERT_THAT(log_->Append(model_.Next(200, 300)), IsOk());
    ASSERT_THAT(log_->Append(model_.Next(200, 300)), IsOk());
  }
  void Open() {
    log_.reset();
    absl::StatusOr<std::unique_ptr<EntryLog>> log = EntryLog::Open(options_);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }
  v1::Checkpoint Of(std::uint64_t size) {
    v1::Checkpoint checkpoint;
    checkpoint.set_tree_size(size);
    const Hash root = *merkle::RootAt(
        size, [&](merkle::NodeId node) { return log_->Node(node); });
    checkpoint.set_root_hash(std::string(root.view()));
    return checkpoint;
  }
  static v1::ProofsRequest Ask(const std::vector<std::uint64_t>& entries,
                               std::uint64_t known = 0) {
    v1::ProofsRequest request;
    request.set_known_tree_size(known);
    request.mutable_entry_indices()->Assign(entries.begin(), entries.end());
    return request;
  }
  std::uint64_t SizeFor(const v1::ProofsRequest& request) {
    std::uint64_t size = 0;
    CheckpointFor(request, *log_, &checkpoints_,
                  [&](absl::StatusOr<v1::Checkpoint> checkpoint) {
                    size = checkpoint.ok() ? checkpoint->tree_size() : 0;
                  });
    return size;
  }

  TemporaryDirectory directory_{"phone_proofs"};
  StorageOptions options_ = SmallOptions(directory_.Sub("data"));
  LogBuilder model_{TestSeed()};
  std::unique_ptr<EntryLog> log_;
  HandMadeCheckpoints checkpoints_;
};

TEST_F(PhoneProofsTest, ANewCheckpointIsSignedOnlyWhereTheNewestFallsShort) {
  checkpoints_.newest = Of(300);
  checkpoints_.fresh = Of(400);
  EXPECT_EQ(SizeFor(Ask({0, 299})), 300u);
  EXPECT_EQ(SizeFor(Ask({0}, 300)), 300u);
  EXPECT_EQ(SizeFor(Ask({400, UINT64_MAX}, UINT64_MAX)), 300u)
      << "what the log does not have is not waited for";
  EXPECT_EQ(checkpoints_.signed_count, 0);
  EXPECT_EQ(SizeFor(Ask({300})), 400u);
  EXPECT_EQ(SizeFor(Ask({0}, 301)), 400u);
  checkpoints_.newest = absl::NotFoundError("none yet");
  EXPECT_EQ(SizeFor(Ask({})), 400u);
  EXPECT_EQ(checkpoints_.signed_count, 3);
  checkpoints_.newest = absl::DataLossError("entry 7");
  EXPECT_EQ(SizeFor(Ask({0})), 0u);
  EXPECT_EQ(checkpoints_.signed_count, 3) << "a damaged log signs nothing";
}

TEST_F(PhoneProofsTest, AtMostSixtyFourThatAscend) {
  std::vector<std::uint64_t> entries;
  for (std::uint64_t i = 0; i < limits::kProofsPerRequestMax; ++i) {
    entries.push_back(3 * i);
  }
  EXPECT_THAT(CheckProofsRequest(Ask(entries)), IsOk());
  EXPECT_THAT(CheckProofsRequest(Ask({})), IsOk());
  entries.push_back(UINT64_MAX);
  EXPECT_THAT(CheckProofsRequest(Ask(entries)),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckProofsRequest(Ask({1, 1})),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckProofsRequest(Ask({2, 1})),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(PhoneProofsTest, WhatADamagedDiskGivesIsNeverSent) {
  const v1::Checkpoint checkpoint = Of(400);
  ASSERT_OK_AND_ASSIGN(const v1::Proofs good,
                       BuildProofs(Ask({0, 1, 399}, 3), *log_, checkpoint));
  EXPECT_EQ(good.proofs_size(), 3);
  EXPECT_GT(good.consistency_size(), 0);
  // One bit of one leaf, beneath a stored node, where no opening looks.
  log_.reset();
  const testing::LogSurgeon surgeon(directory_.Sub("data") + "/log");
  const std::string key = surgeon.Keys("leaves")[1];
  std::string leaf = surgeon.Get("leaves", key);
  leaf[0] = static_cast<char>(leaf[0] ^ 1);
  surgeon.Put("leaves", key, leaf);
  Open();
  for (const std::uint64_t entry : {0, 1, 7}) {
    EXPECT_THAT(BuildProofs(Ask({entry}), *log_, checkpoint),
                StatusIs(StatusCode::kDataLoss))
        << entry;
  }
  EXPECT_THAT(BuildProofs(Ask({}, 3), *log_, checkpoint),
              StatusIs(StatusCode::kDataLoss));
  // Nor to auditors, whose proofs are made elsewhere.
  EXPECT_THAT(ProveInclusion(*log_, EntryIndex(0), 400),
              StatusIs(StatusCode::kDataLoss));
  const absl::Status extends = ProveConsistency(*log_, 3, 400).status();
  EXPECT_THAT(extends, StatusIs(StatusCode::kDataLoss));
  EXPECT_NE(extends.message().find("from 3 to 400"), std::string::npos);
  EXPECT_THAT(ProveInclusion(*log_, EntryIndex(399), 400), IsOk());
  // What does not touch it is proven as before.
  EXPECT_THAT(BuildProofs(Ask({399}), *log_, checkpoint), IsOk());
}

}  // namespace
}  // namespace thon
