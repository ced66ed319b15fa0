// Goal: a backup holds the log as of one moment, and a restore proves it.
// Method: logs beside their model, backed up, damaged, restored.
#include "server/storage/backup.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/log_surgeon.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/log_builder.h"

namespace thon {
namespace {

using absl::StatusCode;

class BackupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<EntryLog>> log = EntryLog::Open(options_);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    Append();
    ASSERT_THAT(log_->PutLocal("token/1", "hash"), IsOk());
  }
  void Append() {
    for (int i = 0; i < 10; ++i) {
      ASSERT_THAT(log_->Append(model_.Next(30, 200)), IsOk());
    }
  }

  TemporaryDirectory directory_{"backup"};
  const std::string backup_ = directory_.Sub("backup");
  StorageOptions options_ = SmallOptions(directory_.Sub("data"));
  StorageOptions restored_ = SmallOptions(directory_.Sub("restored"));
  LogBuilder model_{TestSeed()};
  std::unique_ptr<EntryLog> log_;
};

TEST_F(BackupTest, RestoredLogIsTheLogAsItWas) {
  ASSERT_THAT(log_->Backup(backup_), IsOk());
  const LogBuilder then = model_;
  Append();  // Does not change the backup.
  ASSERT_OK_AND_ASSIGN(const BackupInfo info, ReadBackupInfo(backup_));
  EXPECT_EQ(info.root, then.root());
  EXPECT_EQ(info.end.tree_size, then.end().tree_size);
  ASSERT_OK_AND_ASSIGN(const BackupInfo restored,
                       RestoreBackup(backup_, restored_));
  EXPECT_EQ(restored.root, then.root());
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<EntryLog> copy,
                       EntryLog::Open(restored_));
  EXPECT_EQ(then.DifferenceFrom(*copy), "");
  EXPECT_THAT(copy->GetLocal("token/1"), IsOkAndHolds(std::string("hash")));
  EXPECT_EQ(model_.DifferenceFrom(*log_), "");
  // And the copy goes its own way.
  LogBuilder branch = then;
  ASSERT_THAT(copy->Append(branch.Next(3)), IsOk());
  EXPECT_EQ(branch.DifferenceFrom(*copy), "");
}

TEST_F(BackupTest, BackupCanBeRestoredTwiceAndOfAnEmptyLog) {
  ASSERT_THAT(log_->Backup(backup_), IsOk());
  ASSERT_THAT(RestoreBackup(backup_, restored_), IsOk());
  restored_.directory = directory_.Sub("restored_again");
  ASSERT_THAT(RestoreBackup(backup_, restored_), IsOk());

  const StorageOptions empty = SmallOptions(directory_.Sub("empty"));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<EntryLog> log,
                       EntryLog::Open(empty));
  ASSERT_THAT(log->Backup(directory_.Sub("empty_backup")), IsOk());
  restored_.directory = directory_.Sub("restored_empty");
  ASSERT_THAT(RestoreBackup(directory_.Sub("empty_backup"), restored_), IsOk());
}

TEST_F(BackupTest, ExistingPlacesAreNotTouched) {
  std::filesystem::create_directory(backup_);
  EXPECT_THAT(log_->Backup(backup_),
              StatusIs(StatusCode::kFailedPrecondition, "exists"));
  const std::string other = directory_.Sub("other");
  ASSERT_THAT(log_->Backup(other), IsOk());
  EXPECT_THAT(RestoreBackup(other, options_),
              StatusIs(StatusCode::kFailedPrecondition, "is not empty"));
  EXPECT_EQ(model_.DifferenceFrom(*log_), "");
}

TEST_F(BackupTest, WhatIsNoBackupIsNotRestored) {
  EXPECT_THAT(ReadBackupInfo(backup_), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(RestoreBackup(backup_, restored_),
              StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(log_->Backup(backup_), IsOk());
  std::string info = testing::ReadWhole(backup_ + "/INFO");
  info[20] = static_cast<char>(info[20] ^ 1);
  testing::WriteWhole(backup_ + "/INFO", info);
  EXPECT_THAT(RestoreBackup(backup_, restored_),
              StatusIs(StatusCode::kDataLoss, "use another backup"));
}

TEST_F(BackupTest, DamagedBackupIsRefusedAndCannotBeServed) {
  ASSERT_THAT(log_->Backup(backup_), IsOk());
  // Behind all checksums: a byte of the first entry.
  const testing::LogSurgeon surgeon(backup_ + "/log");
  const std::string key(8, '\0');
  std::string entry = surgeon.Get("entries", key);
  entry[10] = static_cast<char>(entry[10] ^ 1);
  surgeon.Put("entries", key, entry);
  EXPECT_THAT(RestoreBackup(backup_, restored_),
              StatusIs(StatusCode::kDataLoss, "entry 0"));
  EXPECT_FALSE(std::filesystem::exists(restored_.directory + "/log"));
  EXPECT_THAT(RestoreBackup(backup_, restored_),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(BackupTest, BackupOfAnotherLogIsNotTakenForThisOne) {
  ASSERT_THAT(log_->Backup(backup_), IsOk());
  Append();
  const std::string later = directory_.Sub("later");
  ASSERT_THAT(log_->Backup(later), IsOk());
  testing::WriteWhole(later + "/INFO", testing::ReadWhole(backup_ + "/INFO"));
  EXPECT_THAT(RestoreBackup(later, restored_),
              StatusIs(StatusCode::kDataLoss, "its INFO says"));
}

}  // namespace
}  // namespace thon
