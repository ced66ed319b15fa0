// Goal: what the log promised is there after the power comes back.
//
// Method: a log runs on a file system that forgets what was not synced. Random
// groups are appended; at a random byte the machine dies, and a random part of
// the unsynced bytes is lost. The log is opened again and compared with a model
// that holds exactly the acknowledged groups, and perhaps the one in flight.
// The same checker must see a log lose groups when syncs do nothing.
#include <gtest/gtest.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "server/storage/entry_log.h"
#include "tests/support/crashable_file_system.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/log_builder.h"

namespace thon {
namespace {

class Machine {
 public:
  Machine(const std::string& directory, std::uint64_t salt)
      : random_(SeededRandom(salt)), model_(random_()) {
    options_ = SmallOptions(directory);
    options_.write_buffer_bytes = 256 << 10;
    options_.file_system = fs_;
  }

  std::uint64_t Draw(std::uint64_t end) { return random_() % end; }
  testing::CrashableFileSystem& fs() { return *fs_; }
  EntryLog& log() { return *log_; }

  // The sentence that is broken; "" if none is.
  std::string Open() {
    absl::StatusOr<std::unique_ptr<EntryLog>> log = EntryLog::Open(options_);
    if (!log.ok()) return absl::StrCat("open: ", log.status().ToString());
    log_ = *std::move(log);
    if (in_flight_.has_value() &&
        log_->end().tree_size.value == in_flight_->size()) {
      model_ = *in_flight_;  // Written, not acknowledged: allowed to be there.
    }
    in_flight_.reset();
    return model_.DifferenceFrom(*log_);
  }

  // False when the power went meanwhile.
  bool Append() {
    LogBuilder next = model_;
    const absl::Status status =
        log_->Append(next.Next(1 + Draw(20), 1 + Draw(4000)));
    if (status.ok()) {
      model_ = next;
      return true;
    }
    in_flight_ = next;
    return false;
  }

  // With `again_after`, the power goes again after so many bytes.
  std::string CrashAndOpen(
      std::optional<std::uint64_t> again_after = std::nullopt) {
    fs_->PowerOff();
    log_.reset();
    fs_->LoseUnsynced(random_);
    if (again_after.has_value()) fs_->PowerOffAfter(*again_after);
    return Open();
  }

 private:
  std::mt19937_64 random_;
  LogBuilder model_;
  std::optional<LogBuilder> in_flight_;
  const std::shared_ptr<testing::CrashableFileSystem> fs_ =
      std::make_shared<testing::CrashableFileSystem>();
  StorageOptions options_;
  std::unique_ptr<EntryLog> log_;
};

TEST(EntryLogCrashTest, AcknowledgedGroupsSurviveAnyPowerCut) {
  for (std::uint64_t round = 0; round < 4; ++round) {
    const TemporaryDirectory directory("log_crash");
    Machine machine(directory.Sub("data"), round);
    ASSERT_EQ(machine.Open(), "");
    for (int crash = 0; crash < 8; ++crash) {
      machine.fs().PowerOffAfter(machine.Draw(600'000));
      for (int i = 0; i < 40 && machine.Append(); ++i) {
      }
      ASSERT_EQ(machine.CrashAndOpen(), "")
          << "in round " << round << ", crash " << crash;
    }
    EXPECT_THAT(machine.log().Check(nullptr), IsOk());
  }
}

// A power cut while the log is being opened, whose files change then too.
TEST(EntryLogCrashTest, PowerCutWhileOpeningLosesNothing) {
  const TemporaryDirectory directory("log_open_crash");
  Machine machine(directory.Sub("data"), 100);
  ASSERT_EQ(machine.Open(), "");
  int died = 0;
  for (int crash = 0; crash < 16; ++crash) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(machine.Append());
    if (crash % 2 == 0) {
      machine.fs().PowerOffAfter(machine.Draw(5'000));
      while (machine.Append()) {
      }
    }
    const std::string first = machine.CrashAndOpen(machine.Draw(12'000));
    if (machine.fs().powered_off()) {
      ++died;
    } else {
      ASSERT_EQ(first, "");
    }
    ASSERT_EQ(machine.CrashAndOpen(), "") << "crash " << crash;
  }
  EXPECT_GT(died, 0);
}

TEST(EntryLogCrashTest, CheckerSeesALogThatDoesNotSync) {
  int seen = 0;
  for (std::uint64_t round = 0; round < 5; ++round) {
    const TemporaryDirectory directory("log_lies");
    Machine machine(directory.Sub("data"), 200 + round);
    ASSERT_EQ(machine.Open(), "");
    machine.fs().IgnoreSyncs(true);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(machine.Append());
    if (machine.CrashAndOpen() != "") ++seen;
  }
  EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace thon
