// Goal: the server refuses by name a data directory that it must not touch,
// mends what a crash may leave, and never pretends.
// Method: bin/thond makes a log, the test damages its files behind its back,
// and bin/thond is started again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "tests/e2e/load_phone.h"
#include "tests/e2e/processes.h"
#include "tests/e2e/remote_province.h"
#include "tests/support/log_surgeon.h"
#include "tests/support/status_matchers.h"

namespace thon::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kExitData = 3;

class ServerDataTest : public ::testing::Test {
 protected:
  // A log with one phone's events, closed by SIGTERM or by SIGKILL. Before it
  // is killed, END has caught up with what was acknowledged.
  void MakeLog(bool kill, int batches = 40) {
    Thond server(Arguments(data_));
    ASSERT_TRUE(server.AwaitServing()) << server.log();
    {
      // An idle connection of this process would hold up the drain.
      Remote remote(data_, server.endpoint());
      remote.SetUpProvince();
      log_key_ = remote.Enrol(phone_.phone, remote.Code("CODE"));
      for (int i = 0; i < batches; ++i) {
        phone_.batches.push_back(phone_.phone.Next(10));
      }
      SyncAll(&remote);
    }
    ASSERT_FALSE(::testing::Test::HasFailure());
    const v1::Receipt& last = phone_.acknowledged.back().receipt;
    while (EndPosition() < last.first_position() + last.event_count()) {
      std::this_thread::yield();
    }
    EXPECT_EQ(kill ? server.Kill() : server.Stop(), kill ? 1000 + SIGKILL : 0);
  }

  // The next position that DATA/log/END promises (FORMAT.md).
  std::uint64_t EndPosition() const {
    const std::string end = ReadText(data_ + "/log/END");
    absl::string_view rest = end;
    std::uint64_t magic, write_number, tree_size, position;
    return ConsumeBigEndian(&rest, &magic) &&
                   ConsumeBigEndian(&rest, &write_number) &&
                   ConsumeBigEndian(&rest, &tree_size) &&
                   ConsumeBigEndian(&rest, &position)
               ? position
               : 0;
  }

  void SyncAll(Remote* remote) {
    std::atomic<int> answers = 0;
    phone_.Run(remote->NewSync().get(), &answers);
    ASSERT_EQ(phone_.acknowledged.size(), phone_.batches.size());
  }

  // Starts it and expects it to end by itself with exit status 3; what it said.
  std::string Refusal(const std::vector<std::string>& arguments) {
    Thond server(arguments);
    const bool serves = server.AwaitServing();
    EXPECT_FALSE(serves);
    EXPECT_EQ(serves ? server.Kill() : server.Wait(), kExitData)
        << server.log();
    return server.log();
  }

  // Everything acknowledged is there, by the server's own word.
  void ExpectWhole() {
    Thond server(Arguments(data_));
    ASSERT_TRUE(server.AwaitServing()) << server.log();
    History history =
        Remote(data_, server.endpoint()).ReadHistory({phone_.phone.author()});
    history.log_key = log_key_;
    history.acknowledged = phone_.acknowledged;
    for (const v1::SealedBatch& sealed : phone_.batches) {
      history.offered.insert(sealed.batch());
    }
    EXPECT_THAT(CheckGuarantees(history), IsOk());
    EXPECT_EQ(server.Stop(), 0);
  }

  // The largest write-ahead log of the entries.
  std::string NewestWal() const {
    std::string newest;
    for (const std::string& path : FilesEndingIn(data_ + "/log", ".log")) {
      if (newest.empty() || std::filesystem::file_size(path) >
                                std::filesystem::file_size(newest)) {
        newest = path;
      }
    }
    return newest;
  }

  const TestFolder folder_;
  const std::string data_ = folder_ / "data";
  LoadPhone phone_{1};
  PublicKey log_key_;
};

TEST_F(ServerDataTest, ADirectoryInUseIsRefused) {
  Thond first(Arguments(data_));
  ASSERT_TRUE(first.AwaitServing()) << first.log();
  EXPECT_THAT(Refusal(Arguments(data_)), HasSubstr("in use"));
  EXPECT_EQ(first.Stop(), 0) << "the first goes on undisturbed";
}

TEST_F(ServerDataTest, ADirectoryOfANewerVersionIsRefused) {
  MakeLog(false);
  std::string number("\0\0\0\x63", 4);
  const Hash seal = Sha256Of(absl::StrCat("format", number));
  LogSurgeon(data_ + "/log")
      .Put("default", "format", absl::StrCat(number, seal.view().substr(0, 4)));
  EXPECT_THAT(Refusal(Arguments(data_)), HasSubstr("has format 99"));
}

TEST_F(ServerDataTest, RealAndSimulatedTimeDoNotMix) {
  MakeLog(false, 1);
  EXPECT_THAT(Refusal(With(Arguments(data_), {"--simulate"})),
              HasSubstr("real time"));
  const std::string simulated = folder_ / "simulated";
  {
    Thond server(With(Arguments(simulated), {"--simulate", "--sim-start",
                                             "2023-05-20T00:00:00+07:00"}));
    ASSERT_TRUE(server.AwaitServing()) << server.log();
    EXPECT_EQ(server.Stop(), 0);
  }
  EXPECT_THAT(Refusal(Arguments(simulated)), HasSubstr("simulate"));
}

TEST_F(ServerDataTest, AFlippedByteInTheMiddleOfTheWriteAheadLogIsRefused) {
  MakeLog(true);
  const std::string wal = NewestWal();
  std::string bytes = ReadWhole(wal);
  ASSERT_GT(bytes.size(), 10'000u);
  bytes[bytes.size() / 2] ^= 0x10;
  WriteWhole(wal, bytes);
  EXPECT_THAT(Refusal(Arguments(data_)), HasSubstr("backup"));
  const Finished check =
      RunProgram("thon", {"admin", "check", "--data", data_});
  EXPECT_NE(check.exit_code, 0);

  bytes[bytes.size() / 2] ^= 0x10;
  WriteWhole(wal, bytes);
  ExpectWhole();
}

TEST_F(ServerDataTest, AFlippedByteInATableIsFound) {
  MakeLog(false);
  LogSurgeon(data_ + "/log").Flush();
  std::string largest;
  for (const std::string& path : FilesEndingIn(data_ + "/log", ".sst")) {
    if (largest.empty() || std::filesystem::file_size(path) >
                               std::filesystem::file_size(largest)) {
      largest = path;
    }
  }
  ASSERT_FALSE(largest.empty());
  std::string bytes = ReadWhole(largest);
  bytes[bytes.size() / 3] ^= 0x10;
  WriteWhole(largest, bytes);
  // Not every byte is read at the start, but every byte is read by the check.
  const Finished check =
      RunProgram("thon", {"admin", "check", "--data", data_});
  EXPECT_NE(check.exit_code, 0) << check.out << check.err;
  Thond server(Arguments(data_));
  if (!server.AwaitServing()) {
    EXPECT_EQ(server.Wait(), kExitData) << server.log();
  }
}

TEST_F(ServerDataTest, ATornLastWriteIsRecoveredWithEverythingAcknowledged) {
  MakeLog(true);
  // A record's header that claims more bytes than follow.
  const std::string header("\x12\x34\x56\x78\xe8\x03\x01", 7);
  std::ofstream(NewestWal(), std::ios::binary | std::ios::app)
      << header << std::string(100, 'x');
  ExpectWhole();
}

TEST_F(ServerDataTest, AnAcknowledgedTailThatIsGoneIsMissed) {
  MakeLog(true);
  const std::string wal = NewestWal();
  std::filesystem::resize_file(wal, std::filesystem::file_size(wal) * 3 / 4);
  EXPECT_THAT(Refusal(Arguments(data_)), HasSubstr("backup"));
}

TEST_F(ServerDataTest, RowsThatAreGoneAreFoldedAgain) {
  MakeLog(false);
  std::filesystem::remove_all(data_ + "/rows");
  ExpectWhole();
  Thond server(With(Arguments(data_), {"--rebuild-rows"}));
  ASSERT_TRUE(server.AwaitServing()) << server.log();
  EXPECT_EQ(server.Stop(), 0);
}

}  // namespace
}  // namespace thon::testing
