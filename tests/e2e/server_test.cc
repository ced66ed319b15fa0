// Goal: the server's flags, its configuration file and its signals do what its
// help says.
// Method: bin/thond in a process of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "tests/e2e/load_phone.h"
#include "tests/e2e/processes.h"
#include "tests/e2e/remote_province.h"

namespace thon::testing {
namespace {

constexpr char kForeignLogKey[] =
    "thon.example/son-la/"
    "1+4c63e3a4+AZJzCPU9Z2VQPStkwQOrWqRyBqs5UCz+j5hEL9tUMQC3";
constexpr char kForeignWitnessKey[] =
    "thon.example/son-la/"
    "witness+9d7821d8+BMhAafoiFsbtwdUsqDqhHCZ91UQK+lJgkMpD69DKhqnP";

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kExitUsage = 2;

TEST(ServerFlagsTest, HelpAndVersionSayWhatTheyAre) {
  const Finished help = RunProgram("thond", {"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("--data"));
  EXPECT_THAT(help.out, HasSubstr("--config"));
  const Finished version = RunProgram("thond", {"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, HasSubstr("0.1.0"));
}

TEST(ServerFlagsTest, AMistakeOnTheCommandLineIsSaidAndEndsWithTwo) {
  const TestFolder folder;
  const std::string data = folder / "data";
  const std::vector<std::vector<std::string>> mistakes = {
      {},
      {"--data", data, "--no-such-flag"},
      {"--data", data, "--log-level", "loud"},
      {"--data", data, "--drain-seconds", "0"},
      {"--data", data, "--sim-start", "2023-05-20T00:00:00+07:00"},
      {"--data", data, "--insecure-loopback", "--listen", "0.0.0.0:0"},
      {"--data", data, "--config", folder / "missing.toml"}};
  for (const std::vector<std::string>& arguments : mistakes) {
    const Finished finished = RunProgram("thond", arguments);
    EXPECT_EQ(finished.exit_code, kExitUsage)
        << ::testing::PrintToString(arguments);
    EXPECT_FALSE(finished.err.empty());
  }
  EXPECT_FALSE(std::filesystem::exists(data)) << "nothing was made";
}

TEST(ServerFlagsTest, ANewLogNeedsAName) {
  const TestFolder folder;
  const Finished finished = RunProgram("thond", {"--data", folder / "data"});
  EXPECT_NE(finished.exit_code, 0);
  EXPECT_THAT(finished.err, HasSubstr("a new log needs a name"));
}

TEST(ServerFlagsTest, TheConfigurationFileHasAKeyForEveryFlag) {
  const Finished help = RunProgram("thond", {"--help"});
  const TestFolder folder;
  const std::string data = folder / "data";
  const std::map<std::string, std::string> keys = {
      {"data", "\"" + data + "\""},
      {"listen", "\"127.0.0.1:0\""},
      {"origin", "\"thon.example/config\""},
      {"tls-name", "[\"thon.yenbai.example\"]"},
      {"insecure-loopback", "false"},
      {"backup-dir", "\"" + (folder / "backups") + "\""},
      {"port-file", "\"" + (folder / "port") + "\""},
      {"simulate", "true"},
      {"sim-start", "\"2023-05-20T00:00:00+07:00\""},
      {"log-level", "\"info\""},
      {"log-format", "\"json\""},
      {"rebuild-rows", "false"},
      {"new-operator-token", "false"},
      {"disk-reserve-bytes", "1048576"},
      {"drain-seconds", "5"},
      {"http", "\"127.0.0.1:0\""},
      {"http-insecure-loopback", "false"},
      {"http-port-file", "\"" + (folder / "http-port") + "\""},
      {"public-url", "\"https://thon.yenbai.example\""},
      {"dashboard", "\"" + (folder / "dashboard") + "\""},
      {"metrics-token-file", "\"" + (folder / "metrics.token") + "\""},
      {"tiles", "\"auth\""},
      {"checkpoint-seconds", "5"},
      {"witness-logs", "\"" + (folder / "logs.policy") + "\""},
      {"witness-name", "\"thon.yenbai.example/w\""},
      {"witness-policy", "\"" + (folder / "witnesses.policy") + "\""},
      {"witness-ca", "\"" + (folder / "ca.pem") + "\""}};
  std::ofstream(folder / "logs.policy")
      << "log " << kForeignLogKey << "\nquorum none\n";
  std::ofstream(folder / "witnesses.policy")
      << "witness w " << kForeignWitnessKey << "\nquorum w\n";
  std::ofstream(folder / "metrics.token") << std::string(64, 'a') << "\n";
  std::filesystem::permissions(folder / "metrics.token",
                               std::filesystem::perms::owner_read);
  std::ofstream file(folder / "thond.toml");
  for (const auto& [key, value] : keys) {
    EXPECT_THAT(help.out, HasSubstr("--" + key));
    file << key << " = " << value << "\n";
  }
  file.close();
  // And no flag that the test does not know.
  for (std::size_t at = help.out.find("\n  --"); at != std::string::npos;
       at = help.out.find("\n  --", at + 1)) {
    const std::size_t begin = at + 5;
    const std::string flag =
        help.out.substr(begin, help.out.find_first_of(" \n", begin) - begin);
    EXPECT_TRUE(keys.count(flag) == 1 || flag == "version" || flag == "config")
        << flag;
  }

  {
    Thond server({"--config", folder / "thond.toml"});
    ASSERT_TRUE(server.AwaitServing()) << server.log();
    EXPECT_THAT(server.log(), HasSubstr(R"("message":"thond 0.1.0 serves)"));
    EXPECT_THAT(server.log(), HasSubstr("thon.example/config/1"));
    EXPECT_EQ(ReadText(folder / "port"), absl::StrCat(server.port(), "\n"));
    EXPECT_EQ(server.Stop(), 0);
  }
  // A flag wins over the file.
  Thond server({"--config", folder / "thond.toml", "--log-format", "text"});
  ASSERT_TRUE(server.AwaitServing()) << server.log();
  EXPECT_THAT(server.log(), Not(HasSubstr(R"("message")")));
  EXPECT_EQ(server.Stop(), 0);
}

TEST(ServerFlagsTest, AKeyThatIsNoFlagIsAMistake) {
  const TestFolder folder;
  std::ofstream(folder / "thond.toml") << "drain-second = 5\n";
  const Finished finished = RunProgram(
      "thond", {"--config", folder / "thond.toml", "--data", folder / "data"});
  EXPECT_EQ(finished.exit_code, kExitUsage);
  EXPECT_THAT(finished.err, HasSubstr("drain-second"));
}

TEST(ServerFlagsTest, TheExampleConfigurationIsOneThatStarts) {
  const TestFolder folder;
  Thond server({"--config", THON_SOURCE_DIR "/deploy/thond.example.toml",
                "--data", folder / "data", "--listen", "127.0.0.1:0",
                "--backup-dir", folder / "backups", "--disk-reserve-bytes",
                "1048576"});
  ASSERT_TRUE(server.AwaitServing()) << server.log();
  EXPECT_EQ(server.Stop(), 0);
}

TEST(ServerFlagsTest, ATakenPortEndsWithOneAndSaysSo) {
  const TestFolder folder;
  Thond first(Arguments(folder / "one"));
  ASSERT_TRUE(first.AwaitServing()) << first.log();
  Thond second(With(Arguments(folder / "two"), {"--listen", first.endpoint()}));
  EXPECT_FALSE(second.AwaitServing());
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_THAT(second.log(), HasSubstr("port is taken"));
  EXPECT_EQ(first.Stop(), 0);
}

TEST(ServerFlagsTest, SigtermDrainsWithAPhoneOnTheLine) {
  const TestFolder folder;
  const std::string data = folder / "data";
  Thond server(With(Arguments(data), {"--drain-seconds", "100"}));
  ASSERT_TRUE(server.AwaitServing()) << server.log();
  Remote remote(data, server.endpoint());
  remote.SetUpProvince();
  TestPhone phone(1);
  remote.Enrol(phone, remote.Code("CODE"));
  const auto stub = remote.NewSync();
  SyncCall call(stub.get());
  call.Greet(phone);
  EXPECT_EQ(call.Answer(phone.Next()).code(), v1::ANSWER_CODE_RECORDED);
  server.Signal(SIGTERM);
  ExpectFault(call.End(), grpc::StatusCode::UNAVAILABLE, "DRAINING");
  EXPECT_EQ(server.Wait(), 0) << server.log();
  EXPECT_THAT(server.log(), HasSubstr("stopped at"));
}

TEST(ServerFlagsTest, SecretsAreTheirOwnersAlone) {
  const TestFolder folder;
  const std::string data = folder / "data";
  Thond server(Arguments(data));
  ASSERT_TRUE(server.AwaitServing()) << server.log();
  using std::filesystem::perms;
  const auto others = perms::group_all | perms::others_all;
  std::vector<std::string> secrets = {
      data + "/operator.token", data + "/tls/ca.key", data + "/tls/server.key"};
  for (const auto& file : std::filesystem::directory_iterator(data + "/keys")) {
    secrets.push_back(file.path());
  }
  for (const std::string& path : secrets) {
    EXPECT_EQ(std::filesystem::status(path).permissions() & others, perms::none)
        << path;
  }
  EXPECT_THAT(server.log(),
              Not(HasSubstr(ReadText(data + "/operator.token").substr(0, 20))));
}

}  // namespace
}  // namespace thon::testing
