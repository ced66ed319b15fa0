// Goal: the scan of a write-ahead log tells a torn tail from damage.
// Method: logs made of fragments by the format's description, cut and flipped.
#include "server/storage/wal_scan.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/seed.h"

namespace thon {
namespace {

constexpr std::size_t kBlock = 32768;

// Appends one record, as a writer does that begins a new file.
void AddRecord(absl::string_view payload, std::string* log) {
  bool first = true;
  do {
    const std::size_t left = kBlock - log->size() % kBlock;
    if (left < 7) log->append(left, '\0');
    const std::size_t room = kBlock - log->size() % kBlock - 7;
    const std::size_t part = std::min(room, payload.size());
    const bool last = part == payload.size();
    const char type =
        static_cast<char>(first ? (last ? 1 : 2) : (last ? 4 : 3));
    const std::string covered =
        std::string(1, type) + std::string(payload.substr(0, part));
    const std::uint32_t crc = Crc32c(covered);
    const std::uint32_t masked = (crc >> 15 | crc << 17) + 0xa282ead8u;
    for (int i = 0; i < 4; ++i) {
      log->push_back(static_cast<char>(masked >> 8 * i & 0xff));
    }
    log->push_back(static_cast<char>(part & 0xff));
    log->push_back(static_cast<char>(part >> 8));
    *log += covered;
    payload.remove_prefix(part);
    first = false;
  } while (!payload.empty());
}

struct Log {
  std::string bytes;
  std::vector<std::size_t> ends;  // Of records.
};

Log RandomLog(std::mt19937_64& random, int records) {
  Log log;
  for (int i = 0; i < records; ++i) {
    std::string payload(1 + random() % 40'000, '\0');
    for (char& c : payload) c = static_cast<char>(random() & 0xff);
    AddRecord(payload, &log.bytes);
    log.ends.push_back(log.bytes.size());
  }
  return log;
}

TEST(WalScanTest, ChecksumIsCastagnolis) {
  // RFC 3720, B.4.
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
}

TEST(WalScanTest, WholeLogIsWhole) {
  std::mt19937_64 random = SeededRandom(1);
  const Log log = RandomLog(random, 12);
  const WalScan scan = ScanWalBytes(log.bytes);
  EXPECT_EQ(scan.good_end, log.bytes.size());
  EXPECT_TRUE(scan.has_records);
  EXPECT_FALSE(scan.damaged);
  EXPECT_FALSE(ScanWalBytes("").damaged);
}

TEST(WalScanTest, CutLogKeepsItsWholeRecords) {
  std::mt19937_64 random = SeededRandom(2);
  const Log log = RandomLog(random, 8);
  for (int i = 0; i < 200; ++i) {
    const std::size_t cut = random() % log.bytes.size();
    std::size_t expected = 0;
    for (const std::size_t end : log.ends) {
      if (end <= cut) expected = end;
    }
    const WalScan scan =
        ScanWalBytes(absl::string_view(log.bytes).substr(0, cut));
    EXPECT_EQ(scan.good_end, expected) << cut;
    EXPECT_FALSE(scan.records_after) << cut;
  }
}

TEST(WalScanTest, FlipInFrontOfARecordIsDamage) {
  std::mt19937_64 random = SeededRandom(3);
  const Log log = RandomLog(random, 6);
  const std::size_t last = log.ends[log.ends.size() - 2];
  for (int i = 0; i < 60; ++i) {
    std::string bytes = log.bytes;
    const std::size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ 1u << random() % 8);
    const WalScan scan = ScanWalBytes(bytes);
    EXPECT_TRUE(scan.damaged) << at;
    EXPECT_EQ(scan.records_after, at < last) << at;
    EXPECT_LE(scan.good_end, at);
  }
}

}  // namespace
}  // namespace thon
