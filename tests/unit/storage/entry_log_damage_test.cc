// Goal: a byte that changed on the disk is refused by name or harmless, and
// never costs an acknowledged group in silence; a torn last write is neither.
//
// Method: a log is written and closed, its directory copied, a byte of the copy
// flipped (in the write-ahead log, the MANIFEST, a table file, END) or a value
// changed behind RocksDB's checksums, and the copy opened and checked.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/storage/entry_log.h"
#include "tests/support/crashable_file_system.h"
#include "tests/support/log_surgeon.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/log_builder.h"

namespace thon {
namespace {

using absl::StatusCode;
using testing::FilesEndingIn;
using testing::LogSurgeon;
using testing::ReadWhole;
using testing::WriteWhole;

class EntryLogDamageTest : public ::testing::Test {
 protected:
  // Writes a log and closes it.
  void Build(int groups, std::size_t entries, std::size_t bytes) {
    absl::StatusOr<std::unique_ptr<EntryLog>> log = EntryLog::Open(options_);
    ASSERT_TRUE(log.ok()) << log.status();
    for (int i = 0; i < groups; ++i) {
      before_last_ = model_;
      ASSERT_THAT((*log)->Append(model_.Next(entries, bytes)), IsOk());
    }
    ASSERT_THAT((*log)->PutLocal("token/1", "hash"), IsOk());
  }
  // The only write-ahead log with something in it.
  static std::string WalOf(const std::string& data) {
    std::string largest;
    for (const std::string& path : FilesEndingIn(data + "/log", ".log")) {
      if (largest.empty() || std::filesystem::file_size(path) >
                                 std::filesystem::file_size(largest)) {
        largest = path;
      }
    }
    return largest;
  }
  std::string Copy() {
    testing::CopyTree(data_, copy_);
    return copy_;
  }
  absl::StatusOr<std::unique_ptr<EntryLog>> OpenCopy() {
    StorageOptions options = SmallOptions(copy_);
    options.file_system = fs_;
    return EntryLog::Open(options);
  }
  // Offsets of the fragments' headers in a write-ahead log.
  static std::vector<std::size_t> Headers(const std::string& wal) {
    std::vector<std::size_t> headers;
    std::size_t at = 0;
    while (at + 7 <= wal.size()) {
      if (32768 - at % 32768 < 7) {
        at = (at / 32768 + 1) * 32768;
        continue;
      }
      headers.push_back(at);
      at += 7 + static_cast<std::uint8_t>(wal[at + 4]) +
            256u * static_cast<std::uint8_t>(wal[at + 5]);
    }
    return headers;
  }
  // Flips `mask` at `at` of the copied file and opens the copy. Says what is
  // wrong with the outcome, "" if nothing. With `may_lose_last`, the last
  // group may be missing.
  std::string OutcomeOfFlip(const std::string& name, std::size_t at,
                            std::uint8_t mask, bool keep_end,
                            bool may_lose_last = false) {
    Copy();
    if (!keep_end) std::filesystem::remove(copy_ + "/log/END");
    const std::string path = absl::StrCat(copy_, "/log/", name);
    std::string bytes = ReadWhole(path);
    bytes[at] = static_cast<char>(bytes[at] ^ mask);
    WriteWhole(path, bytes);
    const absl::StatusOr<std::unique_ptr<EntryLog>> log = OpenCopy();
    if (!log.ok()) {
      ++refused_;
      if (!absl::IsDataLoss(log.status()) &&
          !absl::IsFailedPrecondition(log.status())) {
        return log.status().ToString();
      }
      return absl::StrContains(log.status().message(), copy_)
                 ? ""
                 : absl::StrCat("no name in: ", log.status().ToString());
    }
    const std::string difference = model_.DifferenceFrom(**log);
    if (difference.empty()) return "";
    if (may_lose_last && before_last_->DifferenceFrom(**log).empty()) return "";
    return absl::StrCat("opened, but ", difference);
  }

  TemporaryDirectory directory_{"log_damage"};
  const std::string data_ = directory_.Sub("data");
  const std::string copy_ = directory_.Sub("copy");
  StorageOptions options_ = SmallOptions(data_);
  // For its syncs, which cost nothing: these tests open many logs.
  const std::shared_ptr<testing::CrashableFileSystem> fs_ =
      std::make_shared<testing::CrashableFileSystem>();
  std::mt19937_64 random_ = SeededRandom(1);
  LogBuilder model_{TestSeed()};
  std::optional<LogBuilder> before_last_;
  int refused_ = 0;
};

TEST_F(EntryLogDamageTest, FlippedByteInTheWriteAheadLogIsRefusedByName) {
  ASSERT_NO_FATAL_FAILURE(Build(25, 4, 1500));
  const std::string wal = std::filesystem::path(WalOf(data_)).filename();
  const std::string bytes = ReadWhole(WalOf(data_));
  ASSERT_GT(bytes.size(), 4 * 32768u);
  int flips = 0;
  for (std::size_t at = random_() % 2999; at < bytes.size(); at += 2999) {
    const auto mask = static_cast<std::uint8_t>(1u << random_() % 8);
    EXPECT_EQ(OutcomeOfFlip(wal, at, mask, true), "") << wal << " at " << at;
    ++flips;
  }
  EXPECT_EQ(refused_, flips) << "an unnoticed flip of a byte that counts";
}

// The bytes whose damage RocksDB itself takes for the end of the log: a length
// beyond the file, a type that looks recycled.
TEST_F(EntryLogDamageTest, FlippedHeaderInTheWriteAheadLogIsRefusedByName) {
  ASSERT_NO_FATAL_FAILURE(Build(20, 4, 1500));
  const std::string wal = std::filesystem::path(WalOf(data_)).filename();
  const std::vector<std::size_t> headers = Headers(ReadWhole(WalOf(data_)));
  int flips = 0;
  for (const std::size_t header : headers) {
    EXPECT_EQ(OutcomeOfFlip(wal, header + 6, 4, true), "") << header;
    EXPECT_EQ(OutcomeOfFlip(wal, header + 5, 0x40, true), "") << header;
    flips += 2;
  }
  EXPECT_EQ(refused_, flips);
}

// Without END, as within a second of a crash, only what cannot be told from a
// torn write may go: the last one.
TEST_F(EntryLogDamageTest, WithoutEndAFlipCostsAtMostTheLastWrite) {
  ASSERT_NO_FATAL_FAILURE(Build(12, 3, 1500));
  const std::string wal = std::filesystem::path(WalOf(data_)).filename();
  const std::vector<std::size_t> headers = Headers(ReadWhole(WalOf(data_)));
  for (const std::size_t header : headers) {
    for (const std::size_t at : {header + 6, header + 5, header + 9}) {
      EXPECT_EQ(OutcomeOfFlip(wal, at, 4, false, /*may_lose_last=*/true), "")
          << at;
    }
  }
  EXPECT_GT(refused_, 0);
}

TEST_F(EntryLogDamageTest, TornLastWriteIsDroppedAndNothingElse) {
  ASSERT_NO_FATAL_FAILURE(Build(6, 3, 1500));
  // The directory as it was, then one group more, of which only a part of the
  // bytes reached the disk.
  const std::string longer = directory_.Sub("longer");
  testing::CopyTree(data_, longer);
  const std::string wal = std::filesystem::path(WalOf(data_)).filename();
  LogBuilder next = model_;
  // Opening moves everything into a new write-ahead log's neighbours, so the
  // record is taken from there and put behind the old bytes.
  {
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<EntryLog> log,
                         EntryLog::Open(SmallOptions(longer)));
    ASSERT_THAT(log->Append(next.Next(3, 20'000)), IsOk());
  }
  const std::string record = ReadWhole(WalOf(longer));
  const std::string old = ReadWhole(WalOf(data_));
  // A fragment's place in its block matters, so keep the cut inside the first.
  for (const std::size_t part : {1, 6, 7, 8, 100, 1000, 5000}) {
    for (const bool garbled : {false, true}) {
      Copy();
      std::string torn = record.substr(0, part);
      if (garbled) torn += std::string(300, '\0') + "garbage";
      WriteWhole(absl::StrCat(copy_, "/log/", wal), old + torn);
      ASSERT_OK_AND_ASSIGN(std::unique_ptr<EntryLog> log, OpenCopy());
      ASSERT_EQ(model_.DifferenceFrom(*log), "") << part;
      EXPECT_TRUE(FilesEndingIn(copy_ + "/log", ".torn").empty());
      // And it goes on.
      LogBuilder more = model_;
      ASSERT_THAT(log->Append(more.Next(2)), IsOk());
      log.reset();
      ASSERT_OK_AND_ASSIGN(log, OpenCopy());
      ASSERT_EQ(more.DifferenceFrom(*log), "");
    }
  }
}

TEST_F(EntryLogDamageTest, LogThatEndsBeforeItsEndMarkIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Build(5, 3, 1500));
  const std::string wal = std::filesystem::path(WalOf(data_)).filename();
  const std::string bytes = ReadWhole(WalOf(data_));
  Copy();
  WriteWhole(absl::StrCat(copy_, "/log/", wal),
             absl::string_view(bytes).substr(0, bytes.size() - 3000));
  for (int again = 0; again < 2; ++again) {  // Also when tried again.
    EXPECT_THAT(OpenCopy(),
                StatusIs(StatusCode::kDataLoss, "acknowledged data is lost"));
  }
}

TEST_F(EntryLogDamageTest, FlippedByteInManifestEndOrTableIsNeverSilent) {
  ASSERT_NO_FATAL_FAILURE(Build(20, 10, 1500));
  LogSurgeon(data_ + "/log").Flush();
  std::vector<std::string> files = FilesEndingIn(data_ + "/log", ".sst");
  files.push_back(data_ + "/log/END");
  files.push_back(data_ + "/log/CURRENT");
  for (const std::string& path : FilesEndingIn(data_ + "/log", "")) {
    if (absl::StrContains(path, "MANIFEST")) files.push_back(path);
  }
  for (const std::string& path : files) {
    const std::string name = std::filesystem::path(path).filename();
    const std::size_t size = ReadWhole(path).size();
    for (int i = 0; i < 8; ++i) {
      const std::size_t at = random_() % size;
      const std::string outcome = OutcomeOfFlip(
          name, at, static_cast<std::uint8_t>(1u << random_() % 8), true);
      // Damage in a table may be met only by the read; then the read says so.
      EXPECT_TRUE(outcome.empty() || absl::StrContains(outcome, "DATA_LOSS"))
          << name << " at " << at << ": " << outcome;
    }
  }
}

TEST_F(EntryLogDamageTest, ReadingADamagedEntryNamesIt) {
  ASSERT_NO_FATAL_FAILURE(Build(30, 10, 3000));
  LogSurgeon(data_ + "/log").Flush();
  // In the file of the entries, a byte of one of the first.
  for (const std::string& path : FilesEndingIn(data_ + "/log", ".sst")) {
    std::string bytes = ReadWhole(path);
    if (bytes.size() < 100'000) continue;
    bytes[5000] = static_cast<char>(bytes[5000] ^ 1);
    WriteWhole(path, bytes);
  }
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<EntryLog> log,
                       EntryLog::Open(options_));
  EXPECT_THAT(log->ReadEntry(EntryIndex(1)),
              StatusIs(StatusCode::kDataLoss, "entry 1"));
  EXPECT_THAT(log->ReadEntry(EntryIndex(250)), IsOk());
  EXPECT_THAT(log->Check(nullptr), StatusIs(StatusCode::kDataLoss, "entry"));
}

// A bit that changed behind every checksum of RocksDB's, in each family.
TEST_F(EntryLogDamageTest, CheckFindsAPlantedBitInEveryFamily) {
  ASSERT_NO_FATAL_FAILURE(Build(8, 80, 60));
  const LogSurgeon original(data_ + "/log");
  {
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<EntryLog> log,
                         EntryLog::Open(options_));
    ASSERT_THAT(log->Check(nullptr), IsOk());
  }
  for (const std::string& family : original.Families()) {
    const std::vector<std::string> keys = original.Keys(family);
    ASSERT_FALSE(keys.empty()) << family;
    for (int i = 0; i < 4; ++i) {
      const std::string& key = keys[random_() % keys.size()];
      std::string value = original.Get(family, key);
      const std::size_t at = random_() % value.size();
      value[at] = static_cast<char>(value[at] ^ 1u << random_() % 8);
      Copy();
      LogSurgeon(copy_ + "/log").Put(family, key, value);
      const absl::StatusOr<std::unique_ptr<EntryLog>> log = OpenCopy();
      const absl::Status found =
          log.ok() ? (*log)->Check(nullptr) : log.status();
      EXPECT_THAT(found, StatusIs(StatusCode::kDataLoss))
          << family << ", byte " << at << " of " << value.size();
    }
  }
}

TEST_F(EntryLogDamageTest, CheckFindsAMissingAndAStrayRecordInEveryFamily) {
  ASSERT_NO_FATAL_FAILURE(Build(8, 80, 60));
  const LogSurgeon original(data_ + "/log");
  for (const std::string& family : original.Families()) {
    if (family == "local") continue;  // Nothing else says what is there.
    const std::vector<std::string> keys = original.Keys(family);
    for (const bool missing : {true, false}) {
      if (!missing && (family == "default" || family == "authors")) continue;
      const std::string& key = keys[random_() % keys.size()];
      std::string stray = key;
      stray[stray.size() - 8] = '\x7f';
      Copy();
      const LogSurgeon surgeon(copy_ + "/log");
      if (missing) {
        surgeon.Delete(family, key);
      } else {
        surgeon.Put(family, stray, original.Get(family, key));
      }
      const absl::StatusOr<std::unique_ptr<EntryLog>> log = OpenCopy();
      const absl::Status found =
          log.ok() ? (*log)->Check(nullptr) : log.status();
      EXPECT_THAT(found, StatusIs(StatusCode::kDataLoss))
          << family << (missing ? ": missing" : ": stray");
    }
  }
}

TEST_F(EntryLogDamageTest, LogWithoutItsCurrentFileIsNotTakenForANewOne) {
  ASSERT_NO_FATAL_FAILURE(Build(2, 2, 100));
  std::filesystem::remove(data_ + "/log/CURRENT");
  EXPECT_THAT(EntryLog::Open(options_),
              StatusIs(StatusCode::kDataLoss, "CURRENT is missing"));
}

}  // namespace
}  // namespace thon
