// Goal: a full disk stops the right things in time and lets them go on by
// itself. Method: the guard alone with made-up readings, then a log whose file
// system lies about its free space.
#include "server/storage/disk_guard.h"

#include <gtest/gtest.h>

#include "server/core/limits.h"
#include "server/storage/entry_log.h"
#include "tests/support/crashable_file_system.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/log_builder.h"

namespace thon {
namespace {

TEST(DiskGuardTest, ReserveIsTwoGibibytesOrThreeWriteBuffers) {
  StorageOptions options;
  EXPECT_EQ(DiskReserveBytes(options), limits::kDiskReserveBytesMin);
  options.write_buffer_bytes = std::size_t{1} << 30;
  EXPECT_EQ(DiskReserveBytes(options), std::uint64_t{3} << 30);
}

TEST(DiskGuardTest, IsLowBelowTheReserveAndCriticalBelowHalfOfIt) {
  DiskGuard guard(1000);
  EXPECT_EQ(guard.state(), DiskState::kOk);
  EXPECT_EQ(guard.Update(1000), DiskState::kOk);
  EXPECT_EQ(guard.Update(999), DiskState::kLow);
  EXPECT_EQ(guard.Update(500), DiskState::kLow);
  EXPECT_EQ(guard.Update(499), DiskState::kCritical);
}

TEST(DiskGuardTest, GoesOnOnlyAboveFiveQuartersOfTheReserve) {
  DiskGuard guard(1000);
  EXPECT_EQ(guard.Update(999), DiskState::kLow);
  EXPECT_EQ(guard.Update(1250), DiskState::kLow);
  EXPECT_EQ(guard.Update(1251), DiskState::kOk);
  EXPECT_EQ(guard.Update(0), DiskState::kCritical);
  EXPECT_EQ(guard.Update(1100), DiskState::kCritical);
  EXPECT_EQ(guard.Update(1251), DiskState::kOk);
}

TEST(DiskGuardTest, ReadsTheFreeSpaceThatTheFileSystemTells) {
  const TemporaryDirectory directory("free_space");
  const auto fs = std::make_shared<testing::CrashableFileSystem>();
  StorageOptions options = SmallOptions(directory.Sub("data"));
  options.file_system = fs;
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<EntryLog> log,
                       EntryLog::Open(options));
  ASSERT_OK_AND_ASSIGN(const std::uint64_t truth, log->FreeBytes());
  EXPECT_GT(truth, 0u);
  DiskGuard guard(DiskReserveBytes(options));
  for (const auto& [free, state] :
       {std::pair{std::uint64_t{1} << 40, DiskState::kOk},
        {guard.reserve_bytes() - 1, DiskState::kLow},
        {guard.reserve_bytes() / 2 - 1, DiskState::kCritical},
        {guard.reserve_bytes(), DiskState::kCritical},
        {guard.reserve_bytes() * 2, DiskState::kOk}}) {
    fs->SetFreeSpace(free);
    ASSERT_OK_AND_ASSIGN(const std::uint64_t told, log->FreeBytes());
    EXPECT_EQ(guard.Update(told), state) << told;
  }
}

}  // namespace
}  // namespace thon
